/* SPDX-License-Identifier: 0BSD OR MIT */
/* Rules on the running kernel: which file a path means, and odd paths */
#include "live.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_ONLY (LLK_FS_READ_FILE | LLK_FS_READ_DIR)

static struct llk_ruleset *reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, READ_ONLY, flags);
}

static void make_tree(void)
{
	live_tree();
	live_dir("a");
	live_dir("b");
	live_file("a/file", "a");
	live_file("b/file", "b");
}

static int can_read(const char *path)
{
	return live_open(path, O_RDONLY);
}

/*
 * Which file a path means, and when
 */

static void relative_path(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, "file");
	IS(chdir("a"), 0);
	live_restrict(rs);
	IS(can_read("file"), 0);
	IS(can_read("../b/file"), EACCES);
}

static void relative_path_and_load(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, "file");
	IS(chdir("a"), 0);
	IS(llk_ruleset_load(rs), 0);
	IS(chdir("../b"), 0);
	live_restrict(rs);
	IS(can_read("../a/file"), 0);
	IS(can_read("file"), EACCES);
}

START_TEST(relative_paths_are_resolved_at_load)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(relative_path, NULL);
	RUN(relative_path_and_load, NULL);
}
END_TEST

static void link_to_file(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, "link");
	live_restrict(rs);
	IS(can_read("a/file"), 0);
	IS(can_read("link"), 0);
	IS(can_read("b/file"), EACCES);
}

static void link_in_allowed_directory(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, "b");
	live_restrict(rs);
	IS(can_read("b/file"), 0);
	IS(can_read("b/out"), EACCES);
}

START_TEST(symbolic_links_are_followed_and_grant_nothing_themselves)
{
	NEEDS_ABI(1);
	make_tree();
	ck_assert_int_eq(symlink("a/file", "link"), 0);
	ck_assert_int_eq(symlink("../a/file", "b/out"), 0);
	RUN(link_to_file, NULL);
	RUN(link_in_allowed_directory, NULL);
}
END_TEST

static void dangling_link(const void *arg)
{
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_READ, "dangling");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -ENOENT, "\"dangling\"");
	llk_ruleset_free(rs);
	IS(can_read("a/file"), 0);
}

static void dangling_link_if_present(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "dangling");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "a");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED,
	     "\"dangling\"");
	llk_ruleset_free(rs);
	IS(can_read("a/file"), 0);
	IS(can_read("b/file"), EACCES);
}

/* bug class H: one missing path is told, and drops nothing else */
START_TEST(a_dangling_link_is_missing)
{
	NEEDS_ABI(1);
	make_tree();
	ck_assert_int_eq(symlink("absent", "dangling"), 0);
	RUN(dangling_link, NULL);
	RUN(dangling_link_if_present, NULL);
}
END_TEST

static void replaced_file(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, arg);
	IS(llk_ruleset_load(rs), 0);
	IS(rename("b/file", "a/file"), 0);
	live_restrict(rs);
	IS(can_read("a/file"), strcmp(arg, "a") ? EACCES : 0);
}

START_TEST(a_file_replaced_after_load_is_another_file)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(replaced_file, "a/file");
	make_tree();
	RUN(replaced_file, "a");
}
END_TEST

/*
 * Files that must not be opened for real
 */

static void fifo(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	alarm(20);
	llk_ruleset_allow_path(rs, LLK_READ, "fifo");
	live_restrict(rs);
	IS(live_open("fifo", O_RDONLY | O_NONBLOCK), 0);
	IS(live_open("other", O_RDONLY | O_NONBLOCK), EACCES);
}

/* bug class Q: an open for reading would wait for a writer */
START_TEST(a_fifo_does_not_block)
{
	NEEDS_ABI(1);
	live_tree();
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	ck_assert_int_eq(mkfifo("other", 0666), 0);
	RUN(fifo, NULL);
}
END_TEST

static void unreadable_file(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, READ_ONLY | LLK_FS_WRITE_FILE, 0);

	live_drop();
	IS(can_read("file"), EACCES);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_FS_WRITE_FILE, "file");
	live_restrict(rs);
	IS(can_read("file"), EACCES);
	IS(live_open("file", O_WRONLY), 0);
	IS(live_open("other", O_WRONLY), EACCES);
}

/* bug class Q: a rule needs no permission to read */
START_TEST(a_file_without_read_permission_can_be_named)
{
	NEEDS_ABI(1);
	live_tree();
	live_file("file", "");
	live_file("other", "");
	ck_assert_int_eq(chmod("file", 0222), 0);
	ck_assert_int_eq(chmod("other", 0222), 0);
	RUN(unreadable_file, NULL);
}
END_TEST

/*
 * Descriptors
 */

static void fd_rule(const void *arg)
{
	struct llk_ruleset *rs = reading(0);
	int fd = open("a", O_PATH | O_DIRECTORY | O_CLOEXEC);

	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	close(fd);
	IS(open("b", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd);
	live_restrict(rs);
	IS(can_read("a/file"), 0);
	IS(can_read("b/file"), EACCES);
}

/* bug class X: the number now means another directory */
START_TEST(a_descriptor_is_duplicated_when_the_rule_is_added)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(fd_rule, NULL);
}
END_TEST

/*
 * No descriptor is left, whatever comes out: bug classes J and AF
 */

static int outcome_enforced(struct llk_ruleset *rs)
{
	return llk_ruleset_restrict_self(rs, 0);
}

static int outcome_loaded(struct llk_ruleset *rs)
{
	return llk_ruleset_load(rs);
}

static int outcome_loaded_and_enforced(struct llk_ruleset *rs)
{
	int r = llk_ruleset_load(rs);

	return r ? r : llk_ruleset_restrict_self(rs, 0);
}

static int outcome_missing_path(struct llk_ruleset *rs)
{
	llk_ruleset_allow_path(rs, LLK_READ, "absent");
	return llk_ruleset_restrict_self(rs, 0);
}

static int outcome_wrong_file(struct llk_ruleset *rs)
{
	llk_ruleset_allow_path(rs, LLK_FS_READ_DIR, "a/file");
	return llk_ruleset_restrict_self(rs, 0);
}

static int outcome_mistake(struct llk_ruleset *rs)
{
	llk_ruleset_allow_path(rs, LLK_NET_BIND_TCP, "a");
	return llk_ruleset_restrict_self(rs, 0);
}

static int outcome_bad_flag(struct llk_ruleset *rs)
{
	return llk_ruleset_restrict_self(rs, 1U << 30);
}

static int outcome_never(struct llk_ruleset *rs)
{
	return llk_ruleset_error(rs);
}

/* @n_kept: of allow_fd's duplicate and load's descriptor, before the free */
static const struct outcome {
	const char *name;
	int (*run)(struct llk_ruleset *rs);
	int wanted, n_kept;
} outcomes[] = {
	{ "enforced", outcome_enforced, 0, 0 },
	{ "loaded", outcome_loaded, 0, 1 },
	{ "loaded and enforced", outcome_loaded_and_enforced, 0, 0 },
	{ "missing path", outcome_missing_path, -ENOENT, 1 },
	{ "wrong file", outcome_wrong_file, -EINVAL, 1 },
	{ "mistake", outcome_mistake, -EINVAL, 1 },
	{ "unknown flag", outcome_bad_flag, -EINVAL, 1 },
	{ "never enforced", outcome_never, 0, 1 },
};
#define N_OUTCOMES (int)(sizeof(outcomes) / sizeof(outcomes[0]))

static void count_descriptors(const void *arg)
{
	const struct outcome *outcome = arg;
	struct llk_ruleset *rs = reading(0);
	int n = live_count_fds(), fd = open("a", O_PATH | O_CLOEXEC);

	live_about("%s", outcome->name);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	close(fd);
	llk_ruleset_allow_path(rs, LLK_READ, "/proc");
	IS(live_count_fds(), n + 1);
	IS(outcome->run(rs), outcome->wanted);
	IS(live_count_fds(), n + outcome->n_kept);
	llk_ruleset_free(rs);
	IS(live_count_fds(), n);
}

START_TEST(no_descriptor_is_left_open)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(count_descriptors, &outcomes[_i]);
}
END_TEST

static void count_inherited(const void *arg)
{
	struct llk_ruleset *rs = reading(0);
	int fd = open("a", O_PATH | O_CLOEXEC);

	for (int i = 3; i < 64; i++)
		if (i != fd && fcntl(i, F_GETFD) >= 0)
			fcntl(i, F_SETFD, FD_CLOEXEC);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	for (int i = 3; i < 64; i++)
		OK(fcntl(i, F_GETFD) == -1 || fcntl(i, F_GETFD) & FD_CLOEXEC);
	IS(llk_ruleset_load(rs), 0);
	OK(fcntl(llk_ruleset_fd(rs), F_GETFD) & FD_CLOEXEC);
	llk_ruleset_free(rs);
}

START_TEST(all_descriptors_are_closed_on_exec)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(count_inherited, NULL);
}
END_TEST

/*
 * Many rules, long paths, odd paths
 */

#define N_MANY 10000

static void many_rules(const void *arg)
{
	struct llk_ruleset *rs = reading(0);
	char name[32];

	for (int i = 0; i < N_MANY; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		llk_ruleset_allow_path(rs, LLK_READ, name);
	}
	live_restrict(rs);
	IS(can_read("many/0"), 0);
	snprintf(name, sizeof(name), "many/%d", N_MANY - 1);
	IS(can_read(name), 0);
	IS(can_read("many/other"), EACCES);
}

START_TEST(ten_thousand_rules_are_enforced)
{
	char name[32];

	NEEDS_ABI(1);
	live_tree();
	live_dir("many");
	for (int i = 0; i < N_MANY; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		live_file(name, "");
	}
	live_file("many/other", "");
	RUN(many_rules, NULL);
}
END_TEST

/* "ddd.../ddd.../.../f" of @len bytes, made on the way down */
static void make_deep(char *path, size_t len)
{
	char part[101];
	int home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t at = 0;

	memset(part, 'd', 100);
	part[100] = '\0';
	while (len - at > 200) {
		live_dir(part);
		ck_assert_int_eq(chdir(part), 0);
		at += (size_t)sprintf(path + at, "%s/", part);
	}
	memset(path + at, 'f', len - at);
	path[len] = '\0';
	live_file(path + at, "deep");
	ck_assert_int_eq(fchdir(home), 0);
	close(home);
}

static void deep_path(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	IS(can_read(arg), 0);
	llk_ruleset_allow_path(rs, LLK_READ, arg);
	live_restrict(rs);
	IS(can_read(arg), 0);
	IS(can_read("a/file"), EACCES);
}

static void too_deep_path(const void *arg)
{
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);

	IS(can_read(arg), ENAMETOOLONG);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, arg);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -ENAMETOOLONG, "failed: ");
	llk_ruleset_free(rs);
	IS(can_read("a/file"), 0);
}

START_TEST(a_path_may_be_as_long_as_the_kernel_takes)
{
	char path[PATH_MAX + 1];

	NEEDS_ABI(1);
	make_tree();
	make_deep(path, PATH_MAX - 1);
	RUN(deep_path, path);
	make_tree();
	make_deep(path, PATH_MAX);
	RUN(too_deep_path, path);
}
END_TEST

static const char *const no_paths[] = { NULL, "" };

static void no_path(const void *arg)
{
	int i = *(const int *)arg;
	uint64_t modifier = i / 2 ? LLK_IF_PRESENT : 0;
	struct llk_ruleset *rs = reading(LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_READ | modifier, no_paths[i % 2]);
	IS(llk_ruleset_error(rs), -EINVAL);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EINVAL,
	     "bug in the program: ");
	llk_ruleset_free(rs);
	IS(can_read("a/file"), 0);
}

START_TEST(no_path_is_a_mistake_and_nothing_is_restricted)
{
	make_tree();
	RUN(no_path, &_i);
}
END_TEST

#define EVIL "x\n\033[2J\"\\\177\302\233"

static void evil_path(const void *arg)
{
	struct llk_ruleset *rs = reading(0);
	char why[512];

	llk_ruleset_allow_path(rs, LLK_READ, arg);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -ENOENT,
	     "\\x0a\\x1b[2J\\\"\\\\\\x7f\\xc2\\x9b");
	llk_ruleset_explain(rs, why, sizeof(why));
	for (const char *c = why; *c; c++)
		OK(*c >= 0x20 && *c < 0x7f);
	llk_ruleset_free(rs);
}

static void evil_file(const void *arg)
{
	struct llk_ruleset *rs = reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, EVIL);
	live_restrict(rs);
	IS(can_read(EVIL), 0);
	IS(can_read("a/file"), EACCES);
}

/* bug class AB: no line of a log can be forged, no terminal driven */
START_TEST(control_characters_in_a_path_are_escaped)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(evil_path, "absent" EVIL);
	live_file(EVIL, "");
	RUN(evil_file, NULL);
}
END_TEST

/*
 * What any right of files takes with it
 */

static int result_of(int r)
{
	return r ? errno : 0;
}

static void mounting(const void *arg)
{
	const uint64_t *handled = arg;
	bool is_fs = *handled & LLK_FS;

	live_unshare_mounts();
	if (mount("none", "a", "tmpfs", 0, NULL))
		live_cannot("no tmpfs: %s", strerror(errno));
	OK(!mkdir("a/old", 0777) && !mkdir("b/tree", 0777));
	live_restrict(llk_ruleset_new(live_version(), *handled, 0));

	IS(result_of(mount("none", "b", "tmpfs", 0, NULL)), is_fs ? EPERM : 0);
	if (!is_fs)
		IS(umount("b"), 0);
	IS(result_of(mount(NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, NULL)),
	   is_fs ? EPERM : 0);
	IS(result_of(mount("a", "b", NULL, MS_MOVE, NULL)), is_fs ? EPERM : 0);
	IS(result_of(umount(is_fs ? "a" : "b")), is_fs ? EPERM : 0);
}

static const uint64_t layers[] = { LLK_FS_EXECUTE, LLK_FS_READ_FILE, LLK_FS,
				   LLK_NET, LLK_SCOPE };

START_TEST(a_layer_of_files_denies_mount_and_others_do_not)
{
	SKIP_IF(!live_rights(layers[_i]), "ABI %d has no such rights",
		live_abi());
	make_tree();
	RUN(mounting, &layers[_i]);
}
END_TEST

/* The kernel refuses pivot_root on its first file system without asking
   Landlock: the twin has to work for the denial to mean something */
static int pivot(const void *arg)
{
	const uint64_t *handled = arg;

	live_unshare_mounts();
	if (mount("none", "a", "tmpfs", 0, NULL) || mkdir("a/old", 0777) ||
	    chdir("a"))
		live_cannot("no tmpfs: %s", strerror(errno));
	if (*handled)
		live_restrict(llk_ruleset_new(live_version(), *handled, 0));

	return result_of((int)syscall(SYS_pivot_root, ".", "old"));
}

static void pivoting(const void *arg)
{
	static const uint64_t none;
	const uint64_t *handled = arg;

	if (live_fork(pivot, &none))
		live_cannot("pivot_root does not work here");
	IS(live_fork(pivot, handled), *handled & LLK_FS ? EPERM : 0);
}

START_TEST(a_layer_of_files_denies_pivot_root_and_others_do_not)
{
	SKIP_IF(!live_rights(layers[_i]), "ABI %d has no such rights",
		live_abi());
	make_tree();
	RUN(pivoting, &layers[_i]);
}
END_TEST

/* A mount that comes later has other files than the rule's */
static void later_mount(const void *arg)
{
	struct llk_ruleset *rs = reading(0);
	bool is_before = arg;

	live_unshare_mounts();
	if (!is_before) {
		llk_ruleset_allow_path(rs, LLK_READ, "a");
		IS(llk_ruleset_load(rs), 0);
	}
	if (mount("none", "a", "tmpfs", 0, NULL))
		live_cannot("no tmpfs: %s", strerror(errno));
	IS(live_open("a/new", O_WRONLY | O_CREAT), 0);
	if (is_before)
		llk_ruleset_allow_path(rs, LLK_READ, "a");
	live_restrict(rs);
	IS(can_read("a/new"), is_before ? 0 : EACCES);
}

START_TEST(a_rule_does_not_reach_a_mount_that_comes_later)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(later_mount, NULL);
	make_tree();
	RUN(later_mount, "before");
}
END_TEST

/* bug class AC: a path in a ruleset of ports would be no sandbox */
static void path_among_ports(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V4, LLK_NET, LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_READ, "a");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EINVAL, "\"a\"");
	llk_ruleset_free(rs);
	IS(can_read("b/file"), 0);
}

START_TEST(a_path_in_a_ruleset_of_ports_is_a_mistake)
{
	make_tree();
	RUN(path_among_ports, NULL);
}
END_TEST

/* bug class X, by the way of a daemon: 0, 1 and 2 closed and opened later */
static void standard_descriptors(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	int a = open("a", O_PATH | O_CLOEXEC),
	    b = open("b", O_PATH | O_CLOEXEC);

	OK(a > 2 && b > 2);
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	llk_ruleset_allow_fd(rs, LLK_READ, a);
	OK(dup2(b, 0) == 0);
	OK(dup2(b, 1) == 1);
	close(0);
	close(1);
	if (arg)
		IS(llk_ruleset_load(rs), LLK_ENFORCED);
	for (int fd = 0; fd <= 2; fd++)
		OK(dup2(b, fd) == fd);

	live_restrict(rs);
	IS(live_open("a/file", O_RDONLY), 0);
	IS(live_open("b/file", O_RDONLY), EACCES);
	for (int fd = 0; fd <= 2; fd++)
		OK(fcntl(fd, F_GETFD) >= 0);
}

START_TEST(closed_standard_descriptors_may_be_opened_later)
{
	NEEDS_ABI(1);
	live_tree();
	live_dir("a");
	live_dir("b");
	live_file("a/file", "a");
	live_file("b/file", "b");
	RUN(standard_descriptors, _i ? "load" : NULL);
}
END_TEST

static int loaded_fd(struct llk_ruleset *rs)
{
	IS(llk_ruleset_load(rs), LLK_ENFORCED);

	return llk_ruleset_fd(rs);
}

static void lowest_descriptor(const void *arg)
{
	struct llk_ruleset *rs;
	int lowest;

	for (int fd = 0; fd <= 2; fd++) {
		close(fd);
		rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
		OK(loaded_fd(rs) > 2);
		llk_ruleset_free(rs);
		IS(open("/", O_PATH | O_CLOEXEC), fd);
	}

	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	lowest = open("/", O_PATH | O_CLOEXEC);
	close(lowest);
	IS(loaded_fd(rs), lowest);
}

START_TEST(a_ruleset_gets_the_lowest_descriptor_above_standard_error)
{
	NEEDS_ABI(1);
	RUN(lowest_descriptor, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live-rules");

	live_add(s, relative_paths_are_resolved_at_load, 1);
	live_add(s, symbolic_links_are_followed_and_grant_nothing_themselves,
		 1);
	live_add(s, a_dangling_link_is_missing, 1);
	live_add(s, a_file_replaced_after_load_is_another_file, 1);
	live_add(s, a_fifo_does_not_block, 1);
	live_add(s, a_file_without_read_permission_can_be_named, 1);
	live_add(s, a_descriptor_is_duplicated_when_the_rule_is_added, 1);
	live_add(s, no_descriptor_is_left_open, N_OUTCOMES);
	live_add(s, all_descriptors_are_closed_on_exec, 1);
	live_add(s, ten_thousand_rules_are_enforced, 1);
	live_add(s, a_path_may_be_as_long_as_the_kernel_takes, 1);
	live_add(s, no_path_is_a_mistake_and_nothing_is_restricted, 4);
	live_add(s, control_characters_in_a_path_are_escaped, 1);
	live_add(s, a_layer_of_files_denies_mount_and_others_do_not, 5);
	live_add(s, a_layer_of_files_denies_pivot_root_and_others_do_not, 5);
	live_add(s, a_rule_does_not_reach_a_mount_that_comes_later, 1);
	live_add(s, a_path_in_a_ruleset_of_ports_is_a_mistake, 1);
	live_add(s, closed_standard_descriptors_may_be_opened_later, 2);
	live_add(s, a_ruleset_gets_the_lowest_descriptor_above_standard_error,
		 1);
	return live_main(s);
}
