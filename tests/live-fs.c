/* SPDX-License-Identifier: 0BSD OR MIT */
/* Each right of files on the running kernel: denied, granted, not handled */
#include "live.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

/* The exit status of a child whose exec of this program itself failed */
#define NO_EXEC 255

/*
 * What each right guards, done in the tree of the test: 0 or errno
 */

static int open_for_reading(void)
{
	return live_open("file", O_RDONLY);
}

static int open_for_writing(void)
{
	return live_open("file", O_WRONLY);
}

static int list_directory(void)
{
	return live_open("dir", O_RDONLY | O_DIRECTORY);
}

static int create_file(void)
{
	return live_open("new", O_WRONLY | O_CREAT | O_EXCL);
}

static int truncate_by_path(void)
{
	return truncate("file", 3) ? errno : 0;
}

static int truncate_by_descriptor(void)
{
	int fd = open("file", O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || ftruncate(fd, 3) ? errno : 0;

	close(fd);
	return r;
}

static int truncate_by_open(void)
{
	return live_open("file", O_WRONLY | O_TRUNC);
}

static int truncate_by_open_for_reading(void)
{
	return live_open("file", O_RDONLY | O_TRUNC);
}

static int make_directory(void)
{
	return mkdir("new", 0777) ? errno : 0;
}

static int remove_directory(void)
{
	return rmdir("dir") ? errno : 0;
}

static int remove_file(void)
{
	return unlink("file") ? errno : 0;
}

static int make_fifo(void)
{
	return mkfifo("new", 0666) ? errno : 0;
}

static int make_link(void)
{
	return symlink("file", "new") ? errno : 0;
}

static int make_char_device(void)
{
	return mknod("new", S_IFCHR | 0600, makedev(1, 3)) ? errno : 0;
}

static int make_block_device(void)
{
	return mknod("new", S_IFBLK | 0600, makedev(7, 0)) ? errno : 0;
}

typedef int socket_call(int fd, const struct sockaddr *addr, socklen_t len);

static int with_socket(socket_call *call, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	strcpy(addr.sun_path, name);
	r = fd < 0 || call(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno
								       : 0;
	close(fd);
	return r;
}

static int bind_socket_file(void)
{
	return with_socket(bind, "new");
}

static int make_socket_file(void)
{
	return mknod("new", S_IFSOCK | 0600, 0) ? errno : 0;
}

static int connect_by_path(void)
{
	return with_socket(connect, "sock");
}

static int start_program(const void *arg)
{
	execl("./prog", "prog", "true", (char *)NULL);
	return errno;
}

static int execute(void)
{
	return live_fork(start_program, NULL);
}

/* musl's type of it is the standard's */
#ifdef __GLIBC__
typedef unsigned long ioctl_request;
#else
typedef int ioctl_request;
#endif

static int ioctl_of(const char *device, ioctl_request request)
{
	char answer[128];
	int fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 || ioctl(fd, request, answer) ? errno : 0;

	close(fd);
	return r;
}

static int ioctl_pty(void)
{
	return ioctl_of("/dev/ptmx", (ioctl_request)TIOCGPTN);
}

/* No such ioctl there: that is an answer of the device, so it was reached */
static int ioctl_null(void)
{
	int r = ioctl_of("/dev/null", TIOCGWINSZ);

	return r == ENOTTY ? 0 : r;
}

/*
 * @where: what a rule names to grant it; NULL is the tree of the test
 * @may_lack: the machine or the user may be unable to do it at all
 */
struct op {
	const char *name;
	uint64_t right;
	int (*run)(void);
	const char *where;
	bool may_lack;
};

/* bug classes B and F: every right of the table is denied for real */
/* clang-format off */
static const struct op ops[] = {
	{ "open for reading", LLK_FS_READ_FILE, open_for_reading, NULL, false },
	{ "open for writing", LLK_FS_WRITE_FILE, open_for_writing, NULL, false },
	{ "readdir", LLK_FS_READ_DIR, list_directory, NULL, false },
	{ "create", LLK_FS_MAKE_REG, create_file, NULL, false },
	{ "truncate", LLK_FS_TRUNCATE, truncate_by_path, NULL, false },
	{ "ftruncate", LLK_FS_TRUNCATE, truncate_by_descriptor, NULL, false },
	{ "O_TRUNC", LLK_FS_TRUNCATE, truncate_by_open, NULL, false },
	{ "O_RDONLY|O_TRUNC", LLK_FS_TRUNCATE, truncate_by_open_for_reading, NULL, false },
	{ "mkdir", LLK_FS_MAKE_DIR, make_directory, NULL, false },
	{ "rmdir", LLK_FS_REMOVE_DIR, remove_directory, NULL, false },
	{ "unlink", LLK_FS_REMOVE_FILE, remove_file, NULL, false },
	{ "mkfifo", LLK_FS_MAKE_FIFO, make_fifo, NULL, false },
	{ "symlink", LLK_FS_MAKE_SYM, make_link, NULL, false },
	{ "mknod char", LLK_FS_MAKE_CHAR, make_char_device, NULL, true },
	{ "mknod block", LLK_FS_MAKE_BLOCK, make_block_device, NULL, true },
	{ "bind a socket file", LLK_FS_MAKE_SOCK, bind_socket_file, NULL, false },
	{ "mknod socket", LLK_FS_MAKE_SOCK, make_socket_file, NULL, false },
	{ "exec", LLK_FS_EXECUTE, execute, NULL, false },
	{ "ioctl of a pty", LLK_FS_IOCTL_DEV, ioctl_pty, "/dev", true },
	{ "ioctl of /dev/null", LLK_FS_IOCTL_DEV, ioctl_null, "/dev/null", true },
	{ "connect by path", LLK_FS_RESOLVE_UNIX, connect_by_path, NULL, false },
};
/* clang-format on */
#define N_OPS (int)(sizeof(ops) / sizeof(ops[0]))

/* What the sandbox says about the one right */
static const struct state {
	const char *name;
	int wanted;
} states[] = {
#define ALL_BUT 0
	{ "all is granted but this", EACCES },
#define ALONE 1
	{ "this alone is handled", EACCES },
#define GRANTED 2
	{ "granted", 0 },
#define UNHANDLED 3
	{ "all is handled but this", 0 },
};
#define N_STATES 4

/* Who does it: the process that restricted itself, or what it started */
static const char *const ways[] = { "itself", "after fork", "after exec" };
#define N_WAYS 3

struct row {
	const struct op *op;
	int state, way;
};

static void make_tree(void)
{
	struct sockaddr_un addr = { AF_UNIX, "sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	live_tree();
	live_file("file", "content");
	live_dir("dir");
	live_copy("/proc/self/exe", "prog");
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
}

/* What this program itself needs to be started again, and nothing else */
static void allow_self(struct llk_ruleset *rs)
{
	llk_ruleset_allow_group(rs, LLK_RO_DIRS, LLK_GROUP_LOADER);
	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/usr");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/proc");
	llk_ruleset_allow_path(rs, LLK_RO_FILES, live_self());
}

static struct llk_ruleset *ruleset_of(const struct row *row)
{
	uint64_t right = row->op->right, handled = live_rights(LLK_FS);
	struct llk_ruleset *rs;

	if (row->state == ALONE)
		handled = right;
	if (row->state == UNHANDLED)
		handled &= ~right;
	rs = llk_ruleset_new(live_version(), handled, 0);
	if (handled & ~right)
		llk_ruleset_allow_path(rs, handled & ~right, "/");
	if (row->state == GRANTED)
		llk_ruleset_allow_path(rs, right,
				       row->op->where ? row->op->where : ".");
	allow_self(rs);
	return rs;
}

static int run_op(const void *arg)
{
	const struct op *op = arg;

	return op->run();
}

static int exec_op(const void *arg)
{
	const struct op *op = arg;
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)(op - ops));
	execl(live_self(), live_self(), "op", number, (char *)NULL);
	return NO_EXEC;
}

static int run_it(const struct row *row)
{
	if (row->way == 0)
		return row->op->run();
	return live_fork(row->way == 1 ? run_op : exec_op, row->op);
}

/* Without a sandbox it works, or this machine or user can't do it at all */
static void try_free(const struct row *row)
{
	int r = run_it(row);

	if (r && r != NO_EXEC && row->op->may_lack)
		live_cannot("not possible here: %s", strerror(r));
	IS(r, 0);
}

static void run_free(const void *arg)
{
	const struct row *row = arg;

	live_about("%s, no sandbox, %s", row->op->name, ways[row->way]);
	try_free(row);
}

static void restrict_and_run(const void *arg)
{
	const struct row *row = arg;

	live_about("%s, %s, %s", row->op->name, states[row->state].name,
		   ways[row->way]);
	if (row->op->may_lack) {
		try_free(row);
		unlink("new");
	}
	live_restrict(ruleset_of(row));
	IS(run_it(row), states[row->state].wanted);
}

START_TEST(a_right_is_denied_unless_granted)
{
	struct row row = { .op = &ops[_i / N_WAYS / N_STATES],
			   .state = _i / N_WAYS % N_STATES,
			   .way = _i % N_WAYS };
	char name[64];

	llk_rights_format(row.op->right, name, sizeof(name));
	SKIP_IF(!live_rights(row.op->right), "ABI %d has no %s", live_abi(),
		name);
	make_tree();
	RUN(restrict_and_run, &row);
}
END_TEST

START_TEST(without_a_sandbox_it_works)
{
	struct row row = { .op = &ops[_i / N_WAYS], .way = _i % N_WAYS };

	make_tree();
	RUN(run_free, &row);
}
END_TEST

static void open_before_and_after(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	int fd = open("file", O_RDWR | O_CLOEXEC);
	char c;

	live_restrict(rs);
	IS(live_open("file", O_RDONLY), EACCES);
	IS(read(fd, &c, 1), 1);
	IS(write(fd, &c, 1), 1);
	IS(ftruncate(fd, 1), 0);
}

START_TEST(files_open_before_keep_their_rights)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(open_before_and_after, NULL);
}
END_TEST

static void truncate_under_v2(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V2, LLK_FS, 0);

	live_restrict(rs);
	IS(open_for_writing(), EACCES);
	IS(truncate_by_path(), 0);
}

static void truncate_under_v3(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V3, LLK_FS, 0);

	live_restrict(rs);
	IS(open_for_writing(), EACCES);
	IS(truncate_by_path(), EACCES);
}

/* bug class B: a version handles all that it knows, and nothing newer */
START_TEST(a_version_decides_what_is_denied)
{
	NEEDS_ABI(3);
	make_tree();
	RUN(truncate_under_v2, NULL);
	RUN(truncate_under_v3, NULL);
}
END_TEST

/* bug class A: the newest version in best effort, whatever this kernel has */
static void newest_in_best_effort(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	uint64_t missing = llk_abi_rights(LLK_V11) & ~live_rights(LLK_ALL);
	int wanted = missing ? LLK_PARTLY_ENFORCED : LLK_ENFORCED;

	llk_ruleset_require(rs, live_rights(LLK_ALL));
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), wanted,
	     missing ? "partly enforced: " : "enforced: ");
	OK(llk_ruleset_handled(rs) == (live_rights(LLK_ALL) | LLK_FS_REFER));
	llk_ruleset_free(rs);
	IS(open_for_reading(), EACCES);
	IS(make_directory(), EACCES);
}

START_TEST(the_newest_version_in_best_effort_denies_what_the_kernel_has)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(newest_in_best_effort, NULL);
}
END_TEST

/* What each preset leaves possible with a file that is no directory */
static const struct preset {
	uint64_t rights;
	bool reads, writes;
} presets[] = {
	{ LLK_READ, true, false },     { LLK_WRITE, false, true },
	{ LLK_RO_FILES, true, false }, { LLK_RO_DIRS, true, false },
	{ LLK_RW_FILES, true, true },  { LLK_RW_DIRS, true, true },
	{ LLK_FS, true, true },
};
#define N_PRESETS (int)(sizeof(presets) / sizeof(presets[0]))

/* bug classes D and E: masked by the kind of file, and no further */
static void preset_on_a_file(const void *arg)
{
	const struct preset *preset = arg;
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);

	llk_ruleset_allow_path(rs, preset->rights, "file");
	llk_ruleset_allow_path(rs, preset->rights | LLK_FS_IOCTL_DEV,
			       "/dev/null");
	live_restrict(rs);
	IS(open_for_reading(), preset->reads ? 0 : EACCES);
	IS(open_for_writing(), preset->writes ? 0 : EACCES);
	IS(truncate_by_open(), preset->writes ? 0 : EACCES);
	IS(ioctl_null(), preset->reads && preset->writes ? 0 : EACCES);
	IS(list_directory(), EACCES);
	IS(remove_file(), EACCES);
}

/* bug class D: a plain set is refused, the surplus is named, all stays free */
static void plain_set_on_a_file(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_FS_READ_FILE | LLK_FS_READ_DIR, "file");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EINVAL, "read_dir");
	SAYS(rs, llk_ruleset_load(rs), -EINVAL, "\"file\"");
	llk_ruleset_free(rs);
	IS(open_for_writing(), 0);
	IS(list_directory(), 0);
}

START_TEST(presets_are_masked_by_the_kind_of_file)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(preset_on_a_file, &presets[_i]);
}
END_TEST

START_TEST(a_plain_set_is_checked_by_the_kind_of_file)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(plain_set_on_a_file, NULL);
}
END_TEST

/* bug class AH: read and write together start nothing */
static void workspace(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);

	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE, ".");
	allow_self(rs);
	live_restrict(rs);
	IS(create_file(), 0);
	IS(truncate_by_open(), 0);
	IS(execute(), EACCES);
	IS(remove_file(), 0);
	IS(unlink("new"), 0);
	IS(make_link(), EACCES);
	IS(remove_directory(), 0);
}

static void writable_place_to_execute_from(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);

	llk_ruleset_allow_path(rs, LLK_RW_DIRS, ".");
	allow_self(rs);
	live_restrict(rs);
	IS(execute(), 0);
	IS(make_link(), 0);
}

START_TEST(read_and_write_start_no_program)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(workspace, NULL);
	RUN(writable_place_to_execute_from, NULL);
}
END_TEST

/* bug class L: a rule below an allowed directory takes nothing away */
static void narrower_rule_below(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	llk_ruleset_allow_path(rs, LLK_READ, ".");
	llk_ruleset_allow_path(rs, LLK_FS_READ_DIR, "dir");
	live_restrict(rs);
	IS(live_open("dir/file", O_RDONLY), 0);
	IS(live_open("dir/file", O_WRONLY), EACCES);
}

START_TEST(rules_add_up)
{
	NEEDS_ABI(1);
	make_tree();
	live_file("dir/file", "");
	RUN(narrower_rule_below, NULL);
}
END_TEST

/* Started by exec_op, and as ./prog by execute */
static int start(int argc, char **argv)
{
	int i;

	if (argc < 3)
		return 0;
	i = atoi(argv[2]);
	return i < 0 || i >= N_OPS ? NO_EXEC : ops[i].run();
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-fs");

	if (argc > 1)
		_exit(start(argc, argv));
	live_add(s, without_a_sandbox_it_works, N_OPS * N_WAYS);
	live_add(s, a_right_is_denied_unless_granted,
		 N_OPS * N_STATES * N_WAYS);
	live_add(s, files_open_before_keep_their_rights, 1);
	live_add(s, a_version_decides_what_is_denied, 1);
	live_add(s,
		 the_newest_version_in_best_effort_denies_what_the_kernel_has,
		 1);
	live_add(s, presets_are_masked_by_the_kind_of_file, N_PRESETS);
	live_add(s, a_plain_set_is_checked_by_the_kind_of_file, 1);
	live_add(s, read_and_write_start_no_program, 1);
	live_add(s, rules_add_up, 1);
	return live_main(s);
}
