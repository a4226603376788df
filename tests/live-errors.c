/* SPDX-License-Identifier: 0BSD OR MIT */
/* What the running kernel answers to mistakes, and the library makes of it */
#include "live.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The error table, through the low level. Each function answers what the call
 * in question does; whatever it needs before must work.
 */

#define PATH_RIGHTS (LLK_FS_READ_FILE | LLK_FS_READ_DIR)

static int create_of(uint64_t fs, uint64_t net, uint64_t scope)
{
	struct llk_sys_ruleset_attr attr = { .handled_access_fs = fs,
					     .handled_access_net = net,
					     .scoped = scope };

	return llk_sys_create_ruleset(&attr, sizeof(attr), 0);
}

static int ruleset(void)
{
	int fd = create_of(LLK_SYS_FS(PATH_RIGHTS), 0, 0);

	OK(fd >= 0);
	return fd;
}

static int create_empty(void)
{
	return create_of(0, 0, 0);
}

static int create_unknown_fs(void)
{
	return create_of(1ULL << 63, 0, 0);
}

static int create_unknown_net(void)
{
	return create_of(0, 1ULL << 63, 0);
}

static int create_unknown_scope(void)
{
	return create_of(0, 0, 1ULL << 63);
}

static int create_unknown_flag(void)
{
	struct llk_sys_ruleset_attr attr = { .handled_access_fs = 1 };

	return llk_sys_create_ruleset(&attr, sizeof(attr), 1U << 31);
}

static int create_version_and_errata(void)
{
	return llk_sys_create_ruleset(NULL, 0,
				      LLK_SYS_CREATE_RULESET_VERSION |
					      LLK_SYS_CREATE_RULESET_ERRATA);
}

static int create_version_with_attr(void)
{
	struct llk_sys_ruleset_attr attr = { .handled_access_fs = 1 };

	return llk_sys_create_ruleset(&attr, sizeof(attr),
				      LLK_SYS_CREATE_RULESET_VERSION);
}

static int create_sized(size_t size, unsigned char last)
{
	static union {
		struct llk_sys_ruleset_attr attr;
		unsigned char bytes[8192];
	} u;

	u.attr.handled_access_fs = 1;
	u.bytes[size - 1] |= last;
	return llk_sys_create_ruleset(&u.attr, size, 0);
}

static int create_too_small(void)
{
	return create_sized(7, 0);
}

static int create_too_big(void)
{
	return create_sized(4097, 0);
}

static int create_tail(void)
{
	return create_sized(4096, 1);
}

static int create_zero_tail(void)
{
	return create_sized(4096, 0) >= 0 ? 0 : -1;
}

static int create_first_word_alone(void)
{
	return create_sized(8, 0) >= 0 ? 0 : -1;
}

static int create_quiet_surplus(void)
{
	struct llk_sys_ruleset_attr attr = { .handled_access_fs = 1,
					     .quiet_access_fs = 2 };

	return llk_sys_create_ruleset(&attr, sizeof(attr), 0);
}

static int create_version_answers(void)
{
	int r = llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_VERSION);

	return r == live_abi() ? 0 : r;
}

static int create_errata_answers(void)
{
	int r = llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);

	return r >= 0 ? 0 : r;
}

static int add_path(int fd, int parent, uint64_t rights, uint32_t flags)
{
	struct llk_sys_path_beneath_attr attr = { .allowed_access =
							  LLK_SYS_FS(rights),
						  .parent_fd = parent };

	return llk_sys_add_rule(fd, LLK_SYS_RULE_PATH_BENEATH, &attr, flags);
}

static int some_file(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	OK(fd >= 0);
	return fd;
}

static int add_works(void)
{
	return add_path(ruleset(), some_file("dir"), PATH_RIGHTS, 0);
}

static int add_file_right_works(void)
{
	return add_path(ruleset(), some_file("file"), LLK_FS_READ_FILE, 0);
}

static int add_deleted_works(void)
{
	int fd = some_file("file");

	IS(unlink("file"), 0);
	return add_path(ruleset(), fd, LLK_FS_READ_FILE, 0);
}

static int add_nothing(void)
{
	return add_path(ruleset(), some_file("dir"), 0, 0);
}

static int add_unhandled(void)
{
	return add_path(ruleset(), some_file("dir"), LLK_FS_EXECUTE, 0);
}

static int add_dir_right_on_file(void)
{
	return add_path(ruleset(), some_file("file"), LLK_FS_READ_DIR, 0);
}

static int add_unknown_flag(void)
{
	return add_path(ruleset(), some_file("dir"), PATH_RIGHTS, 1U << 31);
}

static int add_quiet_without_mask(void)
{
	return add_path(ruleset(), some_file("dir"), PATH_RIGHTS,
			LLK_SYS_ADD_RULE_QUIET);
}

static int add_unknown_type(void)
{
	struct llk_sys_path_beneath_attr attr = { PATH_RIGHTS,
						  some_file("dir") };

	return llk_sys_add_rule(ruleset(), 99, &attr, 0);
}

/* A parent that has no place below any directory */
static int add_parent(int parent)
{
	OK(parent >= 0);
	return add_path(ruleset(), parent, LLK_FS_READ_FILE, 0);
}

static int add_pipe(void)
{
	int ends[2];

	IS(pipe(ends), 0);
	return add_parent(ends[0]);
}

static int add_socket(void)
{
	return add_parent(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int add_memfd(void)
{
	return add_parent((int)syscall(SYS_memfd_create, "m", 0));
}

static int add_namespace(void)
{
	return add_parent(open("/proc/self/ns/mnt", O_RDONLY));
}

static int add_epoll(void)
{
	return add_parent(epoll_create1(0));
}

static int add_eventfd(void)
{
	return add_parent(eventfd(0, 0));
}

static int add_pidfd(void)
{
	return add_parent((int)syscall(SYS_pidfd_open, getpid(), 0));
}

static int add_ruleset_as_parent(void)
{
	return add_parent(ruleset());
}

static int add_to_a_file(void)
{
	return add_path(open("file", O_RDWR), some_file("dir"), PATH_RIGHTS, 0);
}

static int closed_fd(void)
{
	int fd = dup(0);

	OK(fd >= 0);
	close(fd);
	return fd;
}

static int add_to_closed(void)
{
	return add_path(closed_fd(), some_file("dir"), PATH_RIGHTS, 0);
}

static int add_to_negative(void)
{
	return add_path(-1, some_file("dir"), PATH_RIGHTS, 0);
}

static int add_closed_parent(void)
{
	int fd = ruleset();

	return add_path(fd, closed_fd(), PATH_RIGHTS, 0);
}

static int add_negative_parent(void)
{
	return add_path(ruleset(), -1, PATH_RIGHTS, 0);
}

static int add_to_ruleset_by_path(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", ruleset());
	return add_path(some_file(path), some_file("dir"), PATH_RIGHTS, 0);
}

/* After an error the ruleset is as before, and usable */
static int add_after_error(void)
{
	int fd = ruleset();

	IS(add_path(fd, some_file("dir"), LLK_FS_EXECUTE, 0), -EINVAL);
	return add_path(fd, some_file("dir"), PATH_RIGHTS, 0);
}

static int add_port(uint64_t rights, uint64_t port)
{
	struct llk_sys_net_port_attr attr = { .allowed_access =
						      LLK_SYS_NET(rights),
					      .port = port };
	int fd = create_of(0, LLK_SYS_NET(LLK_NET_BIND_TCP), 0);

	OK(fd >= 0);
	return llk_sys_add_rule(fd, LLK_SYS_RULE_NET_PORT, &attr, 0);
}

static int add_port_works(void)
{
	return add_port(LLK_NET_BIND_TCP, 65535);
}

static int add_port_nothing(void)
{
	return add_port(0, 80);
}

static int add_port_too_high(void)
{
	return add_port(LLK_NET_BIND_TCP, 65536);
}

static int add_port_unhandled(void)
{
	return add_port(LLK_NET_CONNECT_TCP, 80);
}

static int restrict_flag(void)
{
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(ruleset(), 1U << 31);
}

static int restrict_without_privilege(void)
{
	live_drop();
	return llk_sys_restrict_self(ruleset(), 0);
}

static int restrict_works(void)
{
	live_drop();
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(ruleset(), 0);
}

static int restrict_layers(void)
{
	int fd = ruleset();

	IS(llk_sys_no_new_privs(), 0);
	for (int i = 0; i < 16; i++)
		IS(llk_sys_restrict_self(fd, 0), 0);
	return llk_sys_restrict_self(fd, 0);
}

static int restrict_minus_one(void)
{
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(-1, 0);
}

static int restrict_log_alone(void)
{
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(-1,
				     LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF);
}

static int restrict_log_alone_without_privilege(void)
{
	live_drop();
	return llk_sys_restrict_self(-1,
				     LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF);
}

static int restrict_closed(void)
{
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(closed_fd(), 0);
}

static int restrict_a_file(void)
{
	IS(llk_sys_no_new_privs(), 0);
	return llk_sys_restrict_self(open("file", O_RDWR), 0);
}

/* Measured on Linux 6.18, but those marked with a star: they await ABI 10 */
/* clang-format off */
static const struct answer {
	const char *name;
	int abi;
	int (*call)(void);
	int wanted;
} answers[] = {
	{ "create: the version", 1, create_version_answers, 0 },
	{ "create: errata", 7, create_errata_answers, 0 },
	{ "create: all words 0", 1, create_empty, -ENOMSG },
	{ "create: unknown right of files", 1, create_unknown_fs, -EINVAL },
	{ "create: unknown right of ports", 4, create_unknown_net, -EINVAL },
	{ "create: unknown scope", 6, create_unknown_scope, -EINVAL },
	{ "create: unknown flag", 1, create_unknown_flag, -EINVAL },
	{ "create: version and errata", 1, create_version_and_errata, -EINVAL },
	{ "create: version and attr", 1, create_version_with_attr, -EINVAL },
	{ "create: fewer than 8 bytes", 1, create_too_small, -EINVAL },
	{ "create: more than 4096 bytes", 1, create_too_big, -E2BIG },
	{ "create: a tail that isn't zero", 1, create_tail, -E2BIG },
	{ "create: a zero tail", 1, create_zero_tail, 0 }, /* bug class M */
	{ "create: 8 bytes", 1, create_first_word_alone, 0 },
	{ "create: quiet what isn't handled", 10, create_quiet_surplus, -EINVAL }, /* * */
	{ "add: works", 1, add_works, 0 },
	{ "add: a right of files on a file", 1, add_file_right_works, 0 },
	{ "add: a deleted file", 1, add_deleted_works, 0 },
	{ "add: no rights", 1, add_nothing, -ENOMSG },
	{ "add: a right that isn't handled", 1, add_unhandled, -EINVAL },
	{ "add: a right of directories on a file", 1, add_dir_right_on_file, -EINVAL },
	{ "add: unknown flag", 1, add_unknown_flag, -EINVAL },
	{ "add: quiet without a mask", 1, add_quiet_without_mask, -EINVAL }, /* * */
	{ "add: unknown type", 1, add_unknown_type, -EINVAL },
	{ "add: a pipe", 1, add_pipe, -EBADFD },
	{ "add: a socket", 1, add_socket, -EBADFD },
	{ "add: a memfd", 1, add_memfd, -EBADFD },
	{ "add: a namespace", 1, add_namespace, -EBADFD },
	{ "add: epoll", 1, add_epoll, -EBADFD },
	{ "add: an eventfd", 1, add_eventfd, -EBADFD },
	{ "add: a pidfd", 1, add_pidfd, -EBADFD },
	{ "add: a ruleset as parent", 1, add_ruleset_as_parent, -EBADFD },
	{ "add: to a file", 1, add_to_a_file, -EBADFD },
	{ "add: to a closed descriptor", 1, add_to_closed, -EBADF },
	{ "add: to a negative descriptor", 1, add_to_negative, -EBADF },
	{ "add: a closed parent", 1, add_closed_parent, -EBADF },
	{ "add: a negative parent", 1, add_negative_parent, -EBADF },
	{ "add: to a ruleset opened by O_PATH", 1, add_to_ruleset_by_path, -EBADF },
	{ "add: after an error", 1, add_after_error, 0 },
	{ "port: works", 4, add_port_works, 0 },
	{ "port: no rights", 4, add_port_nothing, -ENOMSG },
	{ "port: above 65535", 4, add_port_too_high, -EINVAL },
	{ "port: a right that isn't handled", 4, add_port_unhandled, -EINVAL },
	{ "restrict: works", 1, restrict_works, 0 },
	{ "restrict: unknown flag", 1, restrict_flag, -EINVAL },
	{ "restrict: no privilege", 1, restrict_without_privilege, -EPERM },
	{ "restrict: the 17th layer", 1, restrict_layers, -E2BIG },
	{ "restrict: -1", 1, restrict_minus_one, -EBADF },
	{ "restrict: -1, log_subdomains_off", 7, restrict_log_alone, 0 },
	{ "restrict: the same, no privilege", 7, restrict_log_alone_without_privilege, -EPERM },
	{ "restrict: a closed descriptor", 1, restrict_closed, -EBADF },
	{ "restrict: a file", 1, restrict_a_file, -EBADFD },
};
/* clang-format on */
#define N_ANSWERS (int)(sizeof(answers) / sizeof(answers[0]))

static void make_tree(void)
{
	live_tree();
	live_file("file", "content");
	live_dir("dir");
	live_dir("closed");
	live_file("closed/file", "content");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
}

static void ask(const void *arg)
{
	const struct answer *answer = arg;

	live_about("%s", answer->name);
	IS(answer->call(), answer->wanted);
}

START_TEST(the_kernel_answers_as_the_table_says)
{
	SKIP_IF(live_abi() < answers[_i].abi, "%s: needs ABI %d, has %d",
		answers[_i].name, answers[_i].abi, live_abi());
	make_tree();
	RUN(ask, &answers[_i]);
}
END_TEST

/*
 * The same through the high level
 */

static struct llk_ruleset *reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, flags);
}

static void seventeen_layers(const void *arg)
{
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);
	int n_fds;

	for (int i = 0; i < 16; i++) {
		struct llk_ruleset *layer = reading(0);

		llk_ruleset_allow_path(layer, LLK_READ, "/");
		live_restrict(layer);
	}
	n_fds = live_count_fds();
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -E2BIG, "16 layers");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -E2BIG, "failed: ");
	IS(live_count_fds(), n_fds);
	IS(live_open("file", O_RDONLY), 0);
	IS(llk_ruleset_handled(rs), 0);
	llk_ruleset_free(rs);
}

static void sixteenth_layer(const void *arg)
{
	for (int i = 0; i < 15; i++) {
		struct llk_ruleset *layer = reading(0);

		llk_ruleset_allow_path(layer, LLK_READ, "/");
		live_restrict(layer);
	}
	IS(live_open("file", O_RDONLY), 0);
	live_restrict(reading(0));
	IS(live_open("file", O_RDONLY), EACCES);
}

/* bug class R: told as what it is, and the process is as before */
START_TEST(the_seventeenth_layer_is_refused_and_nothing_changes)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(seventeen_layers, NULL);
	RUN(sixteenth_layer, NULL);
}
END_TEST

static int a_pipe(void)
{
	int ends[2];

	IS(pipe(ends), 0);
	return ends[0];
}

static int a_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int a_ruleset(void)
{
	return ruleset();
}

static int (*const unnamed[])(void) = { a_pipe, a_socket, a_ruleset };
#define N_UNNAMED 3

static void unnamed_by_fd(const void *arg)
{
	int fd = unnamed[*(const int *)arg]();
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);
	char number[32];

	OK(fd >= 0);
	snprintf(number, sizeof(number), "descriptor %d", fd);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	IS(llk_ruleset_error(rs), 0);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EBADFD, number);
	llk_ruleset_free(rs);
	IS(live_open("file", O_RDONLY), 0);
}

static void unnamed_by_path(const void *arg)
{
	int fd = unnamed[*(const int *)arg]();
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);
	char path[64];

	OK(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	llk_ruleset_allow_path(rs, LLK_READ, path);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EBADFD, path);
	llk_ruleset_free(rs);
	IS(live_open("file", O_RDONLY), 0);
}

static void file_by_proc_link(const void *arg)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);
	struct llk_ruleset *rs = reading(0);
	char path[64];

	OK(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	llk_ruleset_allow_path(rs, LLK_READ, path);
	live_restrict(rs);
	IS(live_open("file", O_RDONLY), 0);
	IS(live_open("closed/file", O_RDONLY), EACCES);
}

START_TEST(what_has_no_place_in_a_tree_is_ebadfd)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(unnamed_by_fd, &_i);
	RUN(unnamed_by_path, &_i);
	RUN(file_by_proc_link, NULL);
}
END_TEST

/* Paths that can't be opened: bug classes H and K */
static const struct unopened {
	const char *path;
	int error;
	const char *words;
} unopened[] = {
	{ "absent", ENOENT, "\"absent\"" },
	{ "dir/absent/file", ENOENT, "LLK_IF_PRESENT" },
	{ "file/below", ENOTDIR, "\"file/below\"" },
	{ "loop", ELOOP, "symbolic links" },
	{ "closed/file", EACCES, "permission denied" },
};
#define N_UNOPENED (int)(sizeof(unopened) / sizeof(unopened[0]))

static void refuse_path(const struct unopened *row, uint64_t modifier,
			unsigned int flags, bool is_forgiven)
{
	struct llk_ruleset *rs = reading(flags);
	int n_fds = live_count_fds();

	live_about("%s, modifier %d, flags %u", row->path, modifier != 0,
		   flags);
	llk_ruleset_allow_path(rs, LLK_READ | modifier, row->path);
	if (is_forgiven) {
		live_restrict(rs);
		IS(live_open("file", O_RDONLY), EACCES);
		return;
	}
	SAYS(rs, llk_ruleset_load(rs), -row->error, row->words);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -row->error, row->path);
	IS(live_count_fds(), n_fds); /* bug class J */
	llk_ruleset_free(rs);
	IS(live_open("file", O_RDONLY), 0);
}

static void path_is_refused(const void *arg)
{
	const struct unopened *row = arg;

	live_drop();
	IS(live_open("closed/file", O_RDONLY), EACCES);
	refuse_path(row, 0, 0, false);
	refuse_path(row, 0, LLK_BEST_EFFORT, false);
	refuse_path(row, LLK_IF_PRESENT, LLK_BEST_EFFORT, row->error == ENOENT);
}

START_TEST(a_path_that_cannot_be_opened_is_its_own_error)
{
	NEEDS_ABI(1);
	make_tree();
	chmod("closed", 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown("closed", 1, 1), 0);
	RUN(path_is_refused, &unopened[_i]);
}
END_TEST

/* No descriptor left for the ruleset, or for the path */
static void no_descriptors(const void *arg)
{
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);
	int n_free = *(const int *)arg, fd = dup(0);
	struct rlimit limit = { .rlim_cur = (rlim_t)(fd + n_free),
				.rlim_max = (rlim_t)(fd + 64) };

	close(fd);
	llk_ruleset_allow_path(rs, LLK_READ, "/");
	IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EMFILE,
	     n_free ? "\"/\": too many open files" : "too many open files");
	limit.rlim_cur = limit.rlim_max;
	IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
	IS(dup(0), fd); /* bug class J */
	IS(llk_ruleset_restrict_self(rs, 0), 0);
	IS(live_open("file", O_RDONLY), 0);
	llk_ruleset_free(rs);
}

START_TEST(no_descriptor_left_is_an_error_and_the_call_may_be_repeated)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(no_descriptors, &_i);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live-errors");

	live_add(s, the_kernel_answers_as_the_table_says, N_ANSWERS);
	live_add(s, the_seventeenth_layer_is_refused_and_nothing_changes, 1);
	live_add(s, what_has_no_place_in_a_tree_is_ebadfd, N_UNNAMED);
	live_add(s, a_path_that_cannot_be_opened_is_its_own_error, N_UNOPENED);
	live_add(s, no_descriptor_left_is_an_error_and_the_call_may_be_repeated,
		 2);
	return live_main(s);
}
