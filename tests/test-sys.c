/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The seam itself, where the running kernel can't be made to answer so: stat
 * files of any shape, and errors in the middle of a listing. The raw system
 * calls and readlink come through here (--wrap).
 */
#include "../src/sys/seam.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What is answered instead of the kernel's own answer */
static struct {
	long nr;	   /* the call that fails, */
	int at, error;	   /* the @at-th of them, so */
	const char *stat;  /* what is read from a stat file, or NULL */
	const char *self;  /* where /proc/thread-self leads, or NULL */
	bool has_no_mount; /* statx knows of none, as before Linux 5.8 */
} answers;

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);
ssize_t __real_readlink(const char *path, char *buf, size_t size);
ssize_t __wrap_readlink(const char *path, char *buf, size_t size);

long __wrap_syscall(long nr, ...)
{
	long args[5], r;
	va_list ap;

	va_start(ap, nr);
	for (size_t i = 0; i < COUNT(args); i++)
		args[i] = va_arg(ap, long);
	va_end(ap);

	if (nr == answers.nr && --answers.at == 0) {
		errno = answers.error;
		return -1;
	}
	if (nr == SYS_read && answers.stat) {
		strcpy((char *)args[1], answers.stat);
		return (long)strlen(answers.stat);
	}

	r = __real_syscall(nr, args[0], args[1], args[2], args[3], args[4]);
	if (nr == SYS_statx && answers.has_no_mount)
		memset((void *)args[4], 0, sizeof(uint32_t)); /* its mask */

	return r;
}

ssize_t __wrap_readlink(const char *path, char *buf, size_t size)
{
	if (!answers.self)
		return __real_readlink(path, buf, size);
	if (!*answers.self) {
		errno = EACCES;
		return -1;
	}

	return snprintf(buf, size, "%s", answers.self);
}

static void reset(void)
{
	memset(&answers, 0, sizeof(answers));
	answers.nr = -1;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;

	return n;
}

/* The first task of a listing, as llki_sys_tasks_next tells it */
static int first_task(struct llki_sys_task *ret_task)
{
	struct llki_sys_tasks it;
	int r, n_fds = count_fds();

	if (!answers.self)
		answers.self = "1/task/1"; /* of itself nothing is read */
	ck_assert_int_eq(llki_sys_tasks_open(&it), 0);
	r = llki_sys_tasks_next(&it, ret_task);
	llki_sys_close(it.fd);
	ck_assert_int_eq(count_fds(), n_fds);

	return r;
}

START_TEST(a_task_is_read_from_its_stat_file)
{
	struct llki_sys_task task;

	reset();
	answers.stat = "7 (name) S 1 2 3 4 5 4194308 6 7";
	ck_assert_int_eq(first_task(&task), 1);
	ck_assert(task.id == (unsigned long long)getpid());
	ck_assert_str_eq(task.name, "name");
	ck_assert_int_eq(task.state, 'S');
	ck_assert_uint_eq(task.flags, 4194308);
	ck_assert(!task.is_self);
}
END_TEST

static const struct name_row {
	const char *stat, *name;
} name_rows[] = {
	{ "7 () S 1 2 3 4 5 64 6", "" },
	{ "7 (a) b) S 1 2 3 4 5 64 6", "a) b" },
	{ "7 (()) S 1 2 3 4 5 64 6", "()" },
	{ "7 (123456789012345) S 1 2 3 4 5 64 6", "123456789012345" },
	{ "7 (1234567890123456) S 1 2 3 4 5 64 6", "123456789012345" },
	{ "7 (kworker/u16:3-events_unbound) S 1 2 3 4 5 64 6",
	  "kworker/u16:3-e" },
};

START_TEST(a_name_may_hold_brackets_and_is_cut)
{
	const struct name_row *row = &name_rows[_i];
	struct llki_sys_task task;

	reset();
	answers.stat = row->stat;
	ck_assert_int_eq(first_task(&task), 1);
	ck_assert_str_eq(task.name, row->name);
	ck_assert_int_eq(task.state, 'S');
	ck_assert_uint_eq(task.flags, 64);
}
END_TEST

static const char *const wrong_stats[] = {
	"",
	"7",
	"7 name) S 1 2 3 4 5 64 6",
	"7 (name S 1 2 3 4 5 64 6",
	"7 )name( S 1 2 3 4 5 64 6",
	"7 (name)",
	"7 (name)S 1 2 3 4 5 64 6",
	"7 (name) ",
	"7 (name) S",
	"7 (name) S 1 2 3 4 5",
};

/* Never taken for a thread that has ended, or for one that is no worker */
START_TEST(a_stat_file_of_another_shape_is_an_error)
{
	struct llki_sys_task task;

	reset();
	answers.stat = wrong_stats[_i];
	ck_assert_int_eq(first_task(&task), -EIO);
}
END_TEST

static const struct failing_row {
	long nr;
	int at, error, result;
} failing_rows[] = {
	{ SYS_getdents64, 1, EIO, -EIO },
	{ SYS_getdents64, 1, ENOENT, -ENOENT },
	/* the first opens the listing, the second a stat file */
	{ SYS_openat, 2, EMFILE, -EMFILE },
	{ SYS_openat, 2, EACCES, -EACCES },
	{ SYS_openat, 2, ENOENT, 1 },
	{ SYS_read, 1, EIO, -EIO },
	{ SYS_read, 1, ESRCH, 1 },
};

/* A task that vanished meanwhile is told by state 0, all else is an error */
START_TEST(a_failure_in_a_listing_is_told)
{
	const struct failing_row *row = &failing_rows[_i];
	struct llki_sys_task task;

	reset();
	answers.nr = row->nr;
	answers.at = row->at;
	answers.error = row->error;
	ck_assert_int_eq(first_task(&task), row->result);
	if (row->result == 1)
		ck_assert_int_eq(task.state, 0);
}
END_TEST

START_TEST(a_listing_that_cannot_be_opened_is_told)
{
	struct llki_sys_tasks it;
	int n_fds = count_fds();

	reset();
	answers.nr = SYS_openat;
	answers.at = 1;
	answers.error = EMFILE;
	ck_assert_int_eq(llki_sys_tasks_open(&it), -EMFILE);

	reset();
	answers.self = "";
	ck_assert_int_eq(llki_sys_tasks_open(&it), -EACCES);
	ck_assert_int_eq(count_fds(), n_fds);
}
END_TEST

static const struct self_row {
	const char *self;
	unsigned long long id;
} self_rows[] = {
	{ "10/task/123", 123 }, { "123", 123 },
	{ "10/task/12x", 12 },	{ "x", 0 },
	{ "10/task/", 0 },
};

/* What has no number is no task, so the caller is never seen and never alone */
START_TEST(the_caller_is_known_by_its_number_in_proc)
{
	const struct self_row *row = &self_rows[_i];
	struct llki_sys_tasks it;

	reset();
	answers.self = row->self;
	ck_assert_int_eq(llki_sys_tasks_open(&it), 0);
	ck_assert(it.self == row->id);
	llki_sys_close(it.fd);
}
END_TEST

START_TEST(calls_on_a_closed_descriptor_are_ebadf)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	reset();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(llki_sys_is_dir(fd), 1);
	ck_assert_int_eq(llki_sys_close(fd), 0);
	ck_assert_int_eq(llki_sys_close(fd), -EBADF);
	ck_assert_int_eq(llki_sys_is_dir(fd), -EBADF);
	ck_assert_int_eq(llki_sys_dup(fd), -EBADF);
}
END_TEST

static struct llki_sys_identity identity_of(int fd)
{
	struct llki_sys_identity identity;

	ck_assert_int_eq(llki_sys_identify(fd, &identity), 0);

	return identity;
}

START_TEST(a_file_is_identified_by_device_and_inode)
{
	int root = llki_sys_open_dir(LLKI_SYS_CWD, "/");
	struct llki_sys_identity a, b;
	struct stat st;

	reset();
	/* Not by stat: an emulator has another "/" for some calls */
	ck_assert_int_eq(fstat(root, &st), 0);
	a = identity_of(root);
	b = identity_of(root);
	ck_assert_uint_eq(a.device, st.st_dev);
	ck_assert_uint_eq(a.inode, st.st_ino);
	ck_assert_uint_eq(a.kind, S_IFDIR);
	ck_assert_uint_eq(a.mount, b.mount);
	ck_assert_uint_eq(a.is_whiteout, 0);
	ck_assert_int_eq(llki_sys_close(root), 0);
	ck_assert_int_eq(llki_sys_identify(root, &a), -EBADF);
}
END_TEST

/* It is used for more than the mount: that it isn't known is no error */
START_TEST(a_mount_that_is_not_told_is_0)
{
	int root = llki_sys_open_dir(LLKI_SYS_CWD, "/");

	reset();
	answers.has_no_mount = true;
	ck_assert_uint_eq(identity_of(root).mount, 0);
	reset();
	answers.nr = SYS_statx;
	answers.at = 1;
	answers.error = ENOSYS;
	ck_assert_uint_eq(identity_of(root).mount, 0);
	ck_assert_uint_ne(identity_of(root).inode, 0);
	llki_sys_close(root);
}
END_TEST

START_TEST(an_eventfd_has_a_kind_of_its_own_and_a_device_is_no_whiteout)
{
	int event = eventfd(0, EFD_CLOEXEC);
	int null = llki_sys_open_path("/dev/null");

	reset();
	ck_assert_uint_eq(identity_of(event).kind, 1);
	ck_assert_uint_eq(identity_of(null).kind, S_IFCHR);
	ck_assert_uint_eq(identity_of(null).is_whiteout, 0);
	llki_sys_close(event);
	llki_sys_close(null);
}
END_TEST

START_TEST(a_link_is_read_without_a_nul_and_cut)
{
	int proc = llki_sys_open_dir(LLKI_SYS_CWD, "/proc/self");
	int link = llki_sys_open_at(proc, "root");
	char buf[2] = "xx";

	reset();
	ck_assert_int_eq(llki_sys_read_link(link, buf, sizeof(buf)), 1);
	ck_assert_int_eq(memcmp(buf, "/x", 2), 0);
	ck_assert_int_eq(llki_sys_read_link(proc, buf, sizeof(buf)), -ENOENT);
	llki_sys_close(link);
	llki_sys_close(proc);
	ck_assert_int_eq(llki_sys_read_link(link, buf, sizeof(buf)), -EBADF);
}
END_TEST

START_TEST(a_duplicate_is_above_standard_error_and_closed_on_exec)
{
	int copy;

	reset();
	copy = llki_sys_dup(1);
	ck_assert_int_gt(copy, 2);
	ck_assert_int_eq(fcntl(copy, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(llki_sys_close(copy), 0);
}
END_TEST

/* A task can't be there, or nobody can tell: then it isn't gone */
static int look_without_proc(void)
{
	struct llki_sys_tasks it;

	return llki_sys_count_tasks() != -ENOENT ||
	       llki_sys_tasks_are_proc() != -ENOENT ||
	       llki_sys_tasks_open(&it) != -ENOENT ||
	       !llki_sys_task_is_gone(1) || close(creat("/proc", 0600)) != 0 ||
	       llki_sys_task_is_gone(1) || unlink("/proc") != 0;
}

START_TEST(without_proc_nothing_is_counted)
{
	char dir[] = "/tmp/llk-sys-XXXXXX";
	int status;
	pid_t pid;

	reset();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	pid = fork();
	if (!pid)
		_exit(chroot(dir) ? 77 : look_without_proc());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	rmdir(dir);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		printf("SKIP without_proc_nothing_is_counted: no chroot\n");
		fflush(stdout);
		return;
	}
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* An emulator may have a thread of its own in this process */
static int count_own_tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += *entry->d_name != '.';
	closedir(dir);

	return n;
}

START_TEST(this_process_counts_its_tasks_and_lists_the_first)
{
	struct llki_sys_task task;
	char self[64];

	reset();
	snprintf(self, sizeof(self), "%d/task/%d", getpid(), getpid());
	answers.self = self;
	answers.nr = SYS_read; /* which isn't needed */
	answers.at = 1;
	answers.error = EIO;
	ck_assert_int_ge(llki_sys_count_tasks(), 1);
	ck_assert_int_eq(llki_sys_count_tasks(), count_own_tasks());
	ck_assert_int_eq(llki_sys_tasks_are_proc(), 1);
	ck_assert_int_eq(first_task(&task), 1);
	ck_assert(task.is_self);
	ck_assert_int_eq(task.state, 'R');
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys");
	TCase *tc = tcase_create("sys");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_add_test(tc, a_task_is_read_from_its_stat_file);
	tcase_add_loop_test(tc, a_name_may_hold_brackets_and_is_cut, 0,
			    COUNT(name_rows));
	tcase_add_loop_test(tc, a_stat_file_of_another_shape_is_an_error, 0,
			    COUNT(wrong_stats));
	tcase_add_loop_test(tc, a_failure_in_a_listing_is_told, 0,
			    COUNT(failing_rows));
	tcase_add_test(tc, a_listing_that_cannot_be_opened_is_told);
	tcase_add_loop_test(tc, the_caller_is_known_by_its_number_in_proc, 0,
			    COUNT(self_rows));
	tcase_add_test(tc, calls_on_a_closed_descriptor_are_ebadf);
	tcase_add_test(tc,
		       a_duplicate_is_above_standard_error_and_closed_on_exec);
	tcase_add_test(tc, a_file_is_identified_by_device_and_inode);
	tcase_add_test(tc, a_mount_that_is_not_told_is_0);
	tcase_add_test(
		tc,
		an_eventfd_has_a_kind_of_its_own_and_a_device_is_no_whiteout);
	tcase_add_test(tc, a_link_is_read_without_a_nul_and_cut);
	tcase_add_test(tc, without_proc_nothing_is_counted);
	tcase_add_test(tc, this_process_counts_its_tasks_and_lists_the_first);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
