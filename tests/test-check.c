/* SPDX-License-Identifier: 0BSD OR MIT */
/* The model over a fake kernel with a small tree of files, links and mounts */
#include "fake-kernel.h"
#include "trail.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define UNTOUCHED 0x5a5a5a5a5a5a5a5aULL
#define READ_FILE LLK_FS_READ_FILE
#define WRITE_FILE LLK_FS_WRITE_FILE
#define EXECUTE LLK_FS_EXECUTE
#define REFER LLK_FS_REFER
#define MAKE_REG LLK_FS_MAKE_REG
#define REMOVE_FILE LLK_FS_REMOVE_FILE

static struct llk_ruleset *rs;

/* Allocation fails when this counts down to 0; the linker puts these in the
 * place of libc's: see meson.build */
static int mallocs_left = -1;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool is_out_of_memory(void)
{
	return mallocs_left >= 0 && mallocs_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_out_of_memory() ? NULL : __real_malloc(size);
}

/* Not by libc's calloc: musl's calls malloc, which would count it twice */
void *__wrap_calloc(size_t n, size_t size)
{
	void *p = __wrap_malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

static void set_up(void)
{
	fake_reset(11);
	fake_add_file("/a/b/c/file", FAKE_FILE, 0);
	fake_add_file("/a/b/other", FAKE_FILE, 0);
	fake_add_file("/a/src/f", FAKE_FILE, 0);
	fake_add_file("/a/src/d/x", FAKE_FILE, 0);
	fake_add_file("/a/dst/g", FAKE_FILE, 0);
	fake_add_file("/m/src/f", FAKE_FILE, 0);
	fake_add_file("/m/dst/g", FAKE_FILE, 0);
	fake_add_file("/dir/inside", FAKE_FILE, 0);
	fake_add_link("/l/file", "/a/b/c/file");
	fake_add_link("/l/dir", "/a/b");
	fake_add_link("/l/dangling", "/a/b/missing");
	fake_add_link("/l/up", "../a/b/other");
	fake_add_link("/l/self", "self");
	fake_add_link("/l/pipe", "pipe:[1]");
	fake_add_link("/l/deleted", "/gone (deleted)");
	fake_add_link("/l/deleted-pipe", "/gone-pipe (deleted)");
	fake_add_link("/l/net", "net:[1]");
	fake_add_link("/l/empty", "");
	fake_add_name("/a/hard", "/a/b/c/file");
	fake_mount("/m", 2, 2);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, 0);
}

static void tear_down(void)
{
	rs = llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
	ck_assert_int_eq(fake.n_bad_closes, 0);
}

static uint64_t missing(uint64_t rights, const char *path)
{
	uint64_t m = UNTOUCHED;
	int r = llk_ruleset_check_path(rs, rights, path, &m);

	ck_assert_msg(r == 0, "%s: %d", path, r);
	ck_assert_int_eq(fake.n_of[FAKE_CREATE], 0);

	return m;
}

static void fails(int error, uint64_t rights, const char *path)
{
	uint64_t m = UNTOUCHED;
	int r = llk_ruleset_check_path(rs, rights, path, &m);

	ck_assert_msg(r == error, "%s: %d, wanted %d", path ? path : "NULL", r,
		      error);
	ck_assert_uint_eq(m, UNTOUCHED);
}

START_TEST(without_a_rule_all_is_missing)
{
	uint64_t all = llk_abi_rights(11) & LLK_FS;

	ck_assert_uint_eq(missing(all, "/a"), all);
	ck_assert_uint_eq(missing(LLK_FS, "/"), all);
	ck_assert_uint_eq(missing(READ_FILE, "/a/b/other"), READ_FILE);
}
END_TEST

START_TEST(rules_on_the_file_and_above_add_up)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/a");
	llk_ruleset_allow_path(rs, WRITE_FILE, "/a/b");
	llk_ruleset_allow_path(rs, EXECUTE, "/a/b/c/file");
	ck_assert_uint_eq(
		missing(READ_FILE | WRITE_FILE | EXECUTE, "/a/b/c/file"), 0);
	ck_assert_uint_eq(
		missing(READ_FILE | WRITE_FILE | EXECUTE, "/a/b/other"),
		EXECUTE);
	ck_assert_uint_eq(missing(READ_FILE | WRITE_FILE, "/a/src/f"),
			  WRITE_FILE);
	ck_assert_uint_eq(missing(READ_FILE, "/file"), READ_FILE);
}
END_TEST

START_TEST(a_rule_on_the_root_holds_across_mounts)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/");
	ck_assert_uint_eq(missing(READ_FILE | WRITE_FILE, "/m/src/f"),
			  WRITE_FILE);
}
END_TEST

/* A directory mounted on one of its own: the walk must not take it for "/" */
START_TEST(a_directory_mounted_below_itself_does_not_end_the_walk)
{
	fake_add_name("/a/b/self", "/a/b");
	fake_mount("/a/b/self", 4, 1);
	llk_ruleset_allow_path(rs, READ_FILE, "/a");
	ck_assert_uint_eq(missing(READ_FILE, "/a/b/self/new"), 0);
}
END_TEST

START_TEST(what_is_not_handled_is_not_missing_but_refer_is)
{
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V11, READ_FILE, 0);
	ck_assert_uint_eq(missing(READ_FILE | WRITE_FILE | REFER, "/a"),
			  READ_FILE | REFER);
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V11, LLK_NET, 0);
	ck_assert_uint_eq(missing(READ_FILE | REFER, "/a"), 0);
}
END_TEST

START_TEST(links_are_followed_to_where_they_lead)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/a/b/c");
	llk_ruleset_allow_path(rs, WRITE_FILE, "/l");
	ck_assert_uint_eq(missing(READ_FILE | WRITE_FILE, "/l/file"),
			  WRITE_FILE);
	ck_assert_uint_eq(missing(READ_FILE, "/l/dir/c/file"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/l/dir/c/../other"), READ_FILE);
	ck_assert_uint_eq(missing(READ_FILE, "/l/up"), READ_FILE);
	llk_ruleset_allow_path(rs, READ_FILE, "/a/b/other");
	ck_assert_uint_eq(missing(READ_FILE, "/l/up"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/l/./../l//up"), 0);
}
END_TEST

START_TEST(another_name_of_a_ruled_file_is_allowed)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/a/hard");
	ck_assert_uint_eq(missing(READ_FILE, "/a/b/c/file"), 0);
}
END_TEST

START_TEST(a_missing_name_is_answered_for_its_directory)
{
	llk_ruleset_allow_path(rs, MAKE_REG | WRITE_FILE, "/a/b");
	ck_assert_uint_eq(missing(MAKE_REG | WRITE_FILE, "/a/b/new"), 0);
	ck_assert_uint_eq(missing(MAKE_REG, "/a/new"), MAKE_REG);
	ck_assert_uint_eq(missing(MAKE_REG | READ_FILE, "/l/dangling"),
			  READ_FILE);
	fails(-ENOENT, MAKE_REG, "/a/missing/new");
	fails(-ENOENT, MAKE_REG, "/l/dangling/new");
}
END_TEST

START_TEST(a_path_that_ends_without_a_name_is_a_directory)
{
	llk_ruleset_allow_path(rs, LLK_FS_READ_DIR, "/a/b");
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR, "/a/b/"), 0);
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR, "/a/b/."), 0);
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR, "/a/b/c/.."), 0);
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR, "/a/b/.."), LLK_FS_READ_DIR);
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR, "/l/dir/"), 0);
	fails(-ENOTDIR, READ_FILE, "/a/b/other/");
	fails(-ENOTDIR, READ_FILE, "/a/b/other/x");
	fails(-ENOTDIR, READ_FILE, "/a/b/other/.");
}
END_TEST

START_TEST(a_relative_path_begins_at_the_working_directory)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/dir");
	ck_assert_uint_eq(missing(READ_FILE, "inside"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "../file"), READ_FILE);
}
END_TEST

START_TEST(a_pipe_behind_a_link_of_proc_is_never_denied)
{
	ck_assert_uint_eq(missing(READ_FILE, "/l/pipe"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/pipe"), READ_FILE);
}
END_TEST

START_TEST(a_socket_or_eventfd_behind_a_link_of_proc_is_never_denied)
{
	fake_add_file("/socket", FAKE_SOCKET, 0);
	fake_add_file("/eventfd", FAKE_RULESET, 0);
	fake_add_link("/l/socket", "socket:[1]");
	fake_add_link("/l/eventfd", "anon_inode:[eventfd]");
	ck_assert_uint_eq(missing(READ_FILE, "/l/socket"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/l/eventfd"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/socket"), READ_FILE);
}
END_TEST

/* Their places can't be told; a FIFO that had a name is denied by the kernel */
START_TEST(a_deleted_file_behind_a_link_of_proc_is_no_answer)
{
	fails(-ENOENT, READ_FILE, "/l/deleted");
	fails(-ENOENT, READ_FILE, "/l/deleted-pipe");
	fails(-ENOENT, READ_FILE, "/l/net");
}
END_TEST

/* Another file is where the link says that its file was */
START_TEST(a_link_of_proc_is_not_believed)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/");
	fake_add_file("/gone (deleted)", FAKE_FILE, 0);
	fails(-ENOENT, READ_FILE, "/l/deleted");
	ck_assert_uint_eq(missing(READ_FILE, "/gone (deleted)"), 0);
}
END_TEST

START_TEST(a_file_that_goes_meanwhile_is_no_answer)
{
	ck_assert_uint_eq(missing(READ_FILE, "/l/file"), READ_FILE);
	fake_fail(FAKE_OPEN, 1, ENOENT);
	fails(-ENOENT, READ_FILE, "/l/file");
	ck_assert(fake.failed);
}
END_TEST

START_TEST(an_empty_link_leads_nowhere)
{
	fails(-ENOENT, READ_FILE, "/l/empty");
}
END_TEST

START_TEST(a_loop_of_links_is_an_error)
{
	fails(-ELOOP, READ_FILE, "/l/self");
}
END_TEST

START_TEST(a_name_too_long_is_an_error)
{
	char path[300];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	fails(-ENAMETOOLONG, READ_FILE, path);
}
END_TEST

START_TEST(a_path_longer_than_the_kernel_takes_is_an_error)
{
	char path[PATH_MAX + 1];

	memset(path, '/', sizeof(path));
	path[PATH_MAX - 1] = '\0';
	ck_assert_uint_eq(missing(READ_FILE, path), READ_FILE);
	path[PATH_MAX - 1] = '/';
	path[PATH_MAX] = '\0';
	fails(-ENAMETOOLONG, READ_FILE, path);
}
END_TEST

START_TEST(a_directory_that_cannot_be_searched_is_no_answer)
{
	fails(-EACCES, READ_FILE, "/denied");
}
END_TEST

START_TEST(a_preset_is_asked_for_what_fits_the_file)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/a");
	ck_assert_uint_eq(missing(LLK_READ, "/a/b/other"), 0);
	ck_assert_uint_eq(missing(LLK_READ, "/a/b"), LLK_FS_READ_DIR);
	ck_assert_uint_eq(missing(LLK_READ, "/a/b/new"), LLK_FS_READ_DIR);
	ck_assert_uint_eq(missing(LLK_FS, "/a/b/other"),
			  EXECUTE | WRITE_FILE | LLK_FS_TRUNCATE |
				  LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX);
	ck_assert_uint_eq(missing(LLK_FS_READ_DIR | READ_FILE, "/a/b/other"),
			  LLK_FS_READ_DIR);
}
END_TEST

START_TEST(rules_are_found_as_load_would)
{
	llk_ruleset_allow_path(rs, READ_FILE | LLK_IF_PRESENT, "/nowhere");
	llk_ruleset_allow_path(rs, LLK_READ, "/a/b/other");
	ck_assert_uint_eq(missing(READ_FILE, "/a/b/other"), 0);
	llk_ruleset_allow_path(rs, READ_FILE, "/nowhere");
	fails(-ENOENT, READ_FILE, "/a/b/other");
}
END_TEST

/* As in load, which opens no path of a rule that the ABI leaves empty */
START_TEST(a_rule_of_which_this_kernel_has_nothing_is_not_looked_up)
{
	fake.abi = 2;
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V3, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_FS_TRUNCATE, "/nowhere");
	ck_assert_uint_eq(missing(READ_FILE, "/a"), READ_FILE);
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
}
END_TEST

/* For each ABI: an error of load is an error here */
START_TEST(a_quiet_rule_is_looked_up_as_load_would)
{
	uint64_t m = UNTOUCHED;
	int r;

	fake.abi = _i;
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_QUIET, "/nowhere");
	fails(-EINVAL, READ_FILE, "/a");
	ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
	llk_ruleset_quiet(rs, READ_FILE);
	r = llk_ruleset_check_path(rs, READ_FILE, "/a", &m);
	ck_assert_int_eq(r, _i >= 10 ? -ENOENT : 0);
	ck_assert_uint_eq(m, _i >= 10 ? UNTOUCHED : _i ? READ_FILE : 0);
	fake_forget();
	r = llk_ruleset_load(rs);
	ck_assert_int_eq(r < 0 ? r : 0, _i >= 10 ? -ENOENT : 0);
}
END_TEST

START_TEST(plain_rights_of_directories_in_a_rule_on_a_file_are_an_error)
{
	llk_ruleset_allow_path(rs, LLK_FS_READ_DIR, "/a/b/other");
	fails(-EINVAL, READ_FILE, "/a");
	fails(-EINVAL, READ_FILE, "/a");
}
END_TEST

START_TEST(a_rule_by_descriptor_counts)
{
	int fd = fake_open("/a/b");

	llk_ruleset_allow_fd(rs, READ_FILE, fd);
	fake_close(fd);
	ck_assert_uint_eq(missing(READ_FILE, "/a/b/other"), 0);
	ck_assert_uint_eq(missing(READ_FILE, "/a/src/f"), READ_FILE);
}
END_TEST

START_TEST(rules_are_looked_up_once_until_the_next_builder)
{
	llk_ruleset_allow_path(rs, READ_FILE, "/a");
	missing(READ_FILE, "/a/b/other");
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 1);
	missing(READ_FILE, "/a/b/other");
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 1);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
	missing(READ_FILE, "/a/b/other");
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 2);
}
END_TEST

START_TEST(wrong_questions_are_errors)
{
	static const uint64_t wrong[] = {
		0,
		LLK_PRESET,
		LLK_NET_BIND_TCP,
		LLK_NET,
		LLK_ALL,
		READ_FILE | LLK_SCOPE_SIGNAL,
		READ_FILE | LLK_IF_PRESENT,
		READ_FILE | LLK_QUIET,
		READ_FILE | 1ULL << 30,
		READ_FILE | 1ULL << 52,
		READ_FILE | 1ULL << 63,
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		fails(-EINVAL, wrong[i], "/a");
	fails(-EINVAL, READ_FILE, NULL);
	fails(-EINVAL, READ_FILE, "");
	ck_assert_int_eq(llk_ruleset_check_path(rs, READ_FILE, "/a", NULL),
			 -EINVAL);
}
END_TEST

START_TEST(a_mistake_or_no_ruleset_is_told)
{
	struct llk_ruleset *none = NULL;
	uint64_t m = UNTOUCHED;

	ck_assert_int_eq(llk_ruleset_check_path(none, READ_FILE, "/a", &m),
			 -ENOMEM);
	ck_assert_int_eq(llk_ruleset_check_port(none, LLK_NET_BIND_TCP, 1, &m),
			 -ENOMEM);
	ck_assert_uint_eq(m, UNTOUCHED);
	llk_ruleset_allow_path(rs, 0, "/a");
	fails(-EINVAL, READ_FILE, "/a");
}
END_TEST

START_TEST(a_ruleset_that_is_loaded_or_spent_is_busy)
{
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	fails(-EBUSY, READ_FILE, "/a");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	fails(-EBUSY, READ_FILE, "/a");
}
END_TEST

START_TEST(explain_and_load_are_as_without_a_check)
{
	char before[256], after[256];

	llk_ruleset_explain(rs, before, sizeof(before));
	missing(READ_FILE, "/a");
	fails(-ENOENT, READ_FILE, "/a/missing/new");
	llk_ruleset_explain(rs, after, sizeof(after));
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
}
END_TEST

START_TEST(ports_are_answered_by_number)
{
	uint64_t m;

	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, 80);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 81);
	ck_assert_int_eq(llk_ruleset_check_port(rs, LLK_NET_BIND_TCP, 80, &m),
			 0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(llk_ruleset_check_port(rs, LLK_NET, 81, &m), 0);
	ck_assert_uint_eq(m, LLK_NET_CONNECT_TCP | LLK_NET_BIND_UDP |
				     LLK_NET_CONNECT_SEND_UDP);
	m = UNTOUCHED;
	ck_assert_int_eq(
		llk_ruleset_check_port(rs, LLK_NET_BIND_TCP, 65536, &m),
		-EINVAL);
	ck_assert_int_eq(llk_ruleset_check_port(rs, READ_FILE, 80, &m),
			 -EINVAL);
	ck_assert_int_eq(
		llk_ruleset_check_port(rs, LLK_NET | LLK_PRESET, 80, &m),
		-EINVAL);
	ck_assert_int_eq(llk_ruleset_check_port(rs, LLK_NET, 80, NULL),
			 -EINVAL);
	ck_assert_uint_eq(m, UNTOUCHED);
}
END_TEST

/* For each ABI: what it doesn't know is not missing in best effort, and an
 * error in strict, as for load */
START_TEST(the_answer_is_fitted_to_the_kernel)
{
	uint64_t all = llk_abi_rights(11) & LLK_FS, m = UNTOUCHED;
	uint64_t known = fake_abi_rights(_i) & LLK_FS;
	int r;

	fake.abi = _i;
	r = llk_ruleset_check_path(rs, all, "/a", &m);
	ck_assert_int_eq(
		r, llk_ruleset_load(rs) < 0 ? (_i ? -EOPNOTSUPP : -ENOSYS) : 0);
	ck_assert_uint_eq(m, r ? UNTOUCHED : all);
	fake_forget();
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	ck_assert_uint_eq(missing(all, "/a"), known | (_i ? REFER : 0));
}
END_TEST

START_TEST(a_failing_call_is_the_answer_and_leaves_nothing_open)
{
	static const char *const paths[] = { "/l/dir/c/file", "/l/pipe" };
	uint64_t m = UNTOUCHED;
	int fd = fake_open("/a");
	int n;

	llk_ruleset_allow_fd(rs, WRITE_FILE, fd);
	llk_ruleset_allow_path(rs, READ_FILE, "/a/b");
	fake_forget();
	missing(READ_FILE, paths[_i]);
	n = fake.n_calls;
	ck_assert_int_gt(n, 10);
	for (int at = 1; at <= n; at++) {
		int open = fake_n_open(), r;

		llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 1);
		fake_fail(FAKE_ANY, at, EMFILE);
		r = llk_ruleset_check_path(rs, READ_FILE, paths[_i], &m);
		ck_assert(fake.failed);
		ck_assert_msg(r == -EMFILE || fake.failed_call == FAKE_CLOSE,
			      "call %d: %d", at, r);
		ck_assert_int_eq(fake_n_open(), open);
		ck_assert_uint_eq(m, r ? UNTOUCHED : 0);
		m = UNTOUCHED;
	}
	ck_assert_uint_eq(missing(READ_FILE, paths[_i]), 0);
	fake_close(fd);
}
END_TEST

START_TEST(lack_of_memory_is_the_answer_and_leaves_nothing_open)
{
	uint64_t m = UNTOUCHED;
	int n = 0, r;

	llk_ruleset_allow_path(rs, READ_FILE, "/a/b");
	for (;; n++) {
		mallocs_left = n;
		r = llk_ruleset_check_path(rs, READ_FILE, "/l/file", &m);
		if (mallocs_left >= 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_uint_eq(m, UNTOUCHED);
		ck_assert_int_eq(fake_n_open(), 0);
	}
	mallocs_left = -1;
	/* one for the link, one for each directory: c, b, a, /, and / again,
	   which ends the walk */
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(m, 0);
}
END_TEST

/* Another process's root and directory */
START_TEST(paths_begin_where_the_view_says)
{
	int root = fake_open("/a"), dir = fake_open("/a/b");
	struct llki_check_view view = { 11, { .root = root, .dir = dir }, 0 };
	uint64_t m;

	llk_ruleset_allow_path(rs, READ_FILE, "/a/b/c");
	ck_assert_int_eq(llki_check_path(rs, &view, READ_FILE, "/b/c/file", &m),
			 0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(llki_check_path(rs, &view, READ_FILE, "c/file", &m),
			 0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(
		llki_check_path(rs, &view, READ_FILE, "/../../b/c/file", &m),
		0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(
		llki_check_path(rs, &view, READ_FILE, "../b/other", &m), 0);
	ck_assert_uint_eq(m, READ_FILE);
	ck_assert_int_eq(llki_check_path(rs, &view, READ_FILE, "/file/x", &m),
			 -ENOENT);
	fake_close(root);
	fake_close(dir);
}
END_TEST

/* What is missing behind a link is missing in the directory that it names */
START_TEST(a_dangling_link_is_followed_in_a_view_too)
{
	int root = fake_open("/a"), dir = fake_open("/l");
	struct llki_check_view here = { 11, { .root = -1, .dir = dir }, 0 };
	struct llki_check_view there = { 11, { .root = root, .dir = -1 }, 0 };
	uint64_t m;

	fake_add_link("/a/dangling", "/b/missing");
	llk_ruleset_allow_path(rs, MAKE_REG, "/a/b");
	ck_assert_int_eq(llki_check_path(rs, &here, MAKE_REG | READ_FILE,
					 "dangling", &m),
			 0);
	ck_assert_uint_eq(m, READ_FILE);
	ck_assert_int_eq(llki_check_path(rs, &there, MAKE_REG | READ_FILE,
					 "/dangling", &m),
			 0);
	ck_assert_uint_eq(m, READ_FILE);
	fake_close(root);
	fake_close(dir);
}
END_TEST

START_TEST(a_failing_call_in_a_view_leaves_nothing_open)
{
	int root = fake_open("/a"), open = fake_n_open(), n;
	struct llki_check_view view = { 11, { .root = root, .dir = -1 }, 0 };
	uint64_t m = UNTOUCHED;

	fake_forget();
	ck_assert_int_eq(
		llki_check_path(rs, &view, READ_FILE, "/b/../../b/other", &m),
		0);
	n = fake.n_calls;
	m = UNTOUCHED;
	for (int at = 1; at <= n; at++) {
		int r;

		fake_fail(FAKE_ANY, at, EMFILE);
		r = llki_check_path(rs, &view, READ_FILE, "/b/../../b/other",
				    &m);
		ck_assert(fake.failed);
		ck_assert_msg(r == -EMFILE || fake.failed_call == FAKE_CLOSE,
			      "call %d: %d", at, r);
		ck_assert_int_eq(fake_n_open(), open);
		ck_assert_uint_eq(m, r ? UNTOUCHED : READ_FILE);
		m = UNTOUCHED;
	}
	fake_close(root);
}
END_TEST

/* Its number is another one than ours, which the kernel gives us */
START_TEST(a_process_has_its_own_self_in_a_view)
{
	int dir = fake_open("/a");
	struct llki_check_view view = { 11, { .root = -1, .dir = dir }, 0 };
	uint64_t m;

	fake_add_file("/a/12", FAKE_DIR, 0);
	fake_add_link("/a/self", "11");
	fake_add_link("/a/thread-self", "11/task/11");
	llk_ruleset_allow_path(rs, MAKE_REG, "/a/12");
	ck_assert_int_eq(llki_check_path(rs, &view, MAKE_REG, "self/x", &m),
			 -ENOENT);
	view.from.self = "12";
	view.from.thread_self = "12";
	ck_assert_int_eq(llki_check_path(rs, &view, MAKE_REG, "self/x", &m), 0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(
		llki_check_path(rs, &view, MAKE_REG, "thread-self/x", &m), 0);
	ck_assert_uint_eq(m, 0);
	fake_close(dir);
}
END_TEST

/* What is called self and is no process is followed as it is */
START_TEST(a_link_called_self_may_be_any)
{
	int dir = fake_open("/a");
	struct llki_check_view view = {
		11,
		{ .root = -1, .dir = dir, .self = "12", .thread_self = "12" },
		0
	};
	uint64_t m;

	fake_add_link("/a/self", "b");
	fake_add_link("/a/thread-self", "./b");
	llk_ruleset_allow_path(rs, MAKE_REG, "/a/b");
	ck_assert_int_eq(llki_check_path(rs, &view, MAKE_REG, "self/x", &m), 0);
	ck_assert_uint_eq(m, 0);
	ck_assert_int_eq(
		llki_check_path(rs, &view, MAKE_REG, "thread-self/x", &m), 0);
	ck_assert_uint_eq(m, 0);
	fake_close(dir);
}
END_TEST

START_TEST(where_a_path_ends_is_kept)
{
	struct llki_trail_end end = { .dir = -1 };
	struct llki_trail_from from = { .root = -1, .dir = -1, .end = &end };
	struct llki_trail_place place;
	struct llki_sys_identity dir;
	int open = fake_n_open();

	ck_assert_int_eq(llki_trail_find(&from, "/l/file", true, &place), 0);
	ck_assert_str_eq(end.name, "file");
	ck_assert_int_eq(llki_sys_identify(end.dir, &dir), 0);
	ck_assert_uint_eq(dir.inode, place.dir->file.inode);
	ck_assert_int_eq(fake_n_open(), open + 1);
	llki_sys_close(end.dir);
	llki_trail_free(place.dir);

	ck_assert_int_eq(llki_trail_find(&from, "/a/b/..", true, &place), 0);
	ck_assert_str_eq(end.name, "");
	llki_sys_close(end.dir);
	llki_trail_free(place.dir);
	ck_assert_int_eq(fake_n_open(), open);

	fake_fail(FAKE_DUP, 1, EMFILE);
	ck_assert_int_eq(llki_trail_find(&from, "/l/file", true, &place),
			 -EMFILE);
	ck_assert(fake.failed);
	ck_assert_int_eq(fake_n_open(), open);
}
END_TEST

/*
 * Renames and links
 */

#define MOVE                                                             \
	(LLK_PRESET | REFER | MAKE_REG | LLK_FS_MAKE_DIR | REMOVE_FILE | \
	 LLK_FS_REMOVE_DIR | READ_FILE)

static struct llki_check_verdict ask(int abi, enum llki_check_kind kind,
				     const char *from, const char *to)
{
	struct llk_ruleset *const layers[] = { rs, NULL };
	struct llki_check_view view = { abi, { .root = -1, .dir = -1 }, 0 };
	struct llki_check_move move = { kind, from, to };
	struct llki_check_verdict v;
	int r = llki_check_move(layers, &view, &move, &v);

	ck_assert_msg(r == 0, "%s to %s: %d", from, to, r);

	return v;
}

static int refuses(int abi, enum llki_check_kind kind, const char *from,
		   const char *to)
{
	struct llk_ruleset *const layers[] = { rs, NULL };
	struct llki_check_view view = { abi, { .root = -1, .dir = -1 }, 0 };
	struct llki_check_move move = { kind, from, to };
	struct llki_check_verdict v;

	return llki_check_move(layers, &view, &move, &v);
}

START_TEST(a_move_with_refer_on_both_sides_is_allowed)
{
	llk_ruleset_allow_path(rs, MOVE, "/a/src");
	llk_ruleset_allow_path(rs, MOVE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error, 0);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/g").error, 0);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_EXCHANGE, "/a/src/f", "/a/dst/g").error, 0);
	ck_assert_int_eq(ask(11, LLKI_CHECK_LINK, "/a/src/f", "/a/dst/f").error,
			 0);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/d", "/a/dst/d").error, 0);
}
END_TEST

START_TEST(a_file_must_not_gain_rights_by_moving)
{
	struct llki_check_verdict v;

	llk_ruleset_allow_path(rs, MOVE, "/a/src");
	llk_ruleset_allow_path(rs, MOVE | EXECUTE | LLK_FS_MAKE_SYM, "/a/dst");
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f");
	ck_assert_int_eq(v.error, -EXDEV);
	ck_assert_uint_eq(v.gained, EXECUTE);
	ck_assert_uint_eq(v.missing_from | v.missing_to, 0);
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/d", "/a/dst/d");
	ck_assert_uint_eq(v.gained, EXECUTE | LLK_FS_MAKE_SYM);
	v = ask(11, LLKI_CHECK_EXCHANGE, "/a/dst/g", "/a/src/f");
	ck_assert_int_eq(v.error, -EXDEV);
	v = ask(11, LLKI_CHECK_RENAME, "/a/dst/g", "/a/src/g");
	ck_assert_int_eq(v.error, 0);
	/* its own rule already grants what it would gain */
	llk_ruleset_allow_path(rs, EXECUTE, "/a/src/f");
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f");
	ck_assert_int_eq(v.error, 0);
}
END_TEST

START_TEST(missing_rights_are_told_for_each_side)
{
	struct llki_check_verdict v;

	llk_ruleset_allow_path(rs, READ_FILE, "/a/src");
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/g");
	ck_assert_int_eq(v.error, -EACCES);
	ck_assert_uint_eq(v.missing_from, REFER | REMOVE_FILE);
	ck_assert_uint_eq(v.missing_to, REFER | MAKE_REG | REMOVE_FILE);
	v = ask(11, LLKI_CHECK_LINK, "/a/src/f", "/a/dst/f");
	ck_assert_uint_eq(v.missing_from, REFER);
	ck_assert_uint_eq(v.missing_to, REFER | MAKE_REG);
	llk_ruleset_allow_path(rs, MAKE_REG | REMOVE_FILE, "/a");
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f");
	ck_assert_int_eq(v.error, -EXDEV);
	ck_assert_uint_eq(v.missing_to, REFER);
}
END_TEST

static const struct kind {
	enum fake_kind kind;
	uint64_t making;
} kinds[] = {
	{ FAKE_FILE, MAKE_REG },	   { FAKE_PIPE, LLK_FS_MAKE_FIFO },
	{ FAKE_LINK, LLK_FS_MAKE_SYM },	   { FAKE_CHAR, LLK_FS_MAKE_CHAR },
	{ FAKE_BLOCK, LLK_FS_MAKE_BLOCK }, { FAKE_SOCKET, LLK_FS_MAKE_SOCK },
};
#define N_KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

START_TEST(each_kind_of_file_has_its_right_to_be_made)
{
	struct llki_check_verdict v;

	fake_add_file("/a/src/one", kinds[_i].kind, 0);
	v = ask(11, LLKI_CHECK_LINK, "/a/src/one", "/a/dst/new");
	ck_assert_uint_eq(v.missing_to, REFER | kinds[_i].making);
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/one", "/a/dst/g");
	ck_assert_uint_eq(v.missing_from, REFER | REMOVE_FILE);
	ck_assert_uint_eq(v.missing_to, REFER | REMOVE_FILE | kinds[_i].making);
	v = ask(11, LLKI_CHECK_RENAME, "/a/src/d", "/a/dst/g");
	ck_assert_uint_eq(v.missing_from, REFER | LLK_FS_REMOVE_DIR);
	ck_assert_uint_eq(v.missing_to, REFER | REMOVE_FILE | LLK_FS_MAKE_DIR);
}
END_TEST

/* Erratum 4 */
START_TEST(a_whiteout_is_no_device_where_the_kernel_is_fixed)
{
	struct llk_ruleset *const layers[] = { rs, NULL };
	struct llki_check_view view = { 11,
					{ .root = -1, .dir = -1 },
					-EINVAL };
	struct llki_check_move move = { LLKI_CHECK_LINK, "/a/src/white",
					"/a/dst/new" };
	struct llki_check_verdict v;

	fake_add_file("/a/src/white", FAKE_WHITEOUT, 0);
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	ck_assert_uint_eq(v.missing_to, REFER | LLK_FS_MAKE_CHAR);
	view.errata = 0x7;
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	ck_assert_uint_eq(v.missing_to, REFER | LLK_FS_MAKE_CHAR);
	view.errata = 0xf;
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	ck_assert_uint_eq(v.missing_to, REFER | MAKE_REG);
}
END_TEST

START_TEST(within_a_directory_nothing_is_referred)
{
	llk_ruleset_allow_path(rs, MAKE_REG | REMOVE_FILE, "/a/src");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/src/new").error, 0);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/l/../a/src/n").error,
		0);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/dst/g", "/a/dst/h").error,
		-EACCES);
}
END_TEST

/* The quirk: "/" grants all, and a redundant rule on the target denies */
START_TEST(a_rule_on_the_root_is_not_counted_behind_a_mount)
{
	llk_ruleset_allow_path(rs, MOVE | EXECUTE, "/");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/m/src/f", "/m/dst/f").error, 0);
	llk_ruleset_allow_path(rs, EXECUTE, "/m/dst");
	llk_ruleset_allow_path(rs, EXECUTE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/m/src/f", "/m/dst/f").error,
		-EXDEV);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error, 0);
	llk_ruleset_allow_path(rs, LLK_FS, "/");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/m/src/f", "/m/dst/f").error, 0);
}
END_TEST

/* The same device, seen through another mount */
START_TEST(a_bind_mount_is_a_mount)
{
	fake_mount("/a", 3, 1);
	llk_ruleset_allow_path(rs, MOVE | EXECUTE, "/");
	llk_ruleset_allow_path(rs, EXECUTE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error,
		-EXDEV);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_RENAME, "/a/src/f", "/file3"),
			 -EXDEV);
}
END_TEST

/* A subvolume has a device of its own and is no mount */
START_TEST(a_subvolume_is_no_mount)
{
	fake_mount("/a", 1, 2);
	llk_ruleset_allow_path(rs, MOVE | EXECUTE, "/");
	llk_ruleset_allow_path(rs, EXECUTE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error, 0);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_RENAME, "/a/src/f", "/file3"),
			 -EXDEV);
}
END_TEST

START_TEST(mounts_without_a_number_are_told_by_their_devices)
{
	fake.has_no_mounts = true;
	llk_ruleset_allow_path(rs, MOVE | EXECUTE, "/");
	llk_ruleset_allow_path(rs, EXECUTE, "/m/dst");
	llk_ruleset_allow_path(rs, EXECUTE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/m/src/f", "/m/dst/f").error,
		-EXDEV);
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error, 0);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_RENAME, "/a/src/f", "/m/dst/f"),
			 -EXDEV);
}
END_TEST

START_TEST(in_an_exchange_both_files_bring_rules_of_their_own)
{
	llk_ruleset_allow_path(rs, MOVE | EXECUTE, "/a/src");
	llk_ruleset_allow_path(rs, MOVE, "/a/dst");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_EXCHANGE, "/a/src/f", "/a/dst/g").error,
		-EXDEV);
	llk_ruleset_allow_path(rs, EXECUTE, "/a/dst/g");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_EXCHANGE, "/a/src/f", "/a/dst/g").error, 0);
}
END_TEST

START_TEST(a_layer_of_ports_beside_one_of_files_denies_refer)
{
	struct llk_ruleset *ports = llk_ruleset_new(LLK_V11, LLK_NET, 0);
	struct llk_ruleset *const both[] = { rs, ports, NULL };
	struct llk_ruleset *const one[] = { ports, NULL };
	struct llki_check_view view = { 11, { .root = -1, .dir = -1 }, 0 };
	struct llki_check_move move = { LLKI_CHECK_RENAME, "/a/src/f",
					"/a/dst/f" };
	struct llki_check_verdict v;

	llk_ruleset_allow_path(rs, LLK_FS, "/");
	ck_assert_int_eq(
		ask(11, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error, 0);
	ck_assert_int_eq(llki_check_move(one, &view, &move, &v), 0);
	ck_assert_int_eq(v.error, 0);
	ck_assert_int_eq(llki_check_move(both, &view, &move, &v), 0);
	ck_assert_int_eq(v.error, -EXDEV);
	llk_ruleset_free(ports);
}
END_TEST

/* Best effort with nothing to enforce makes no layer */
START_TEST(a_layer_of_which_nothing_is_left_denies_nothing)
{
	struct llk_ruleset *ports =
		llk_ruleset_new(LLK_V4, LLK_NET, LLK_BEST_EFFORT);
	struct llk_ruleset *files = llk_ruleset_new(LLK_V2, LLK_FS, 0);
	struct llk_ruleset *const layers[] = { files, ports, NULL };
	struct llki_check_view view = { 2, { .root = -1, .dir = -1 }, 0 };
	struct llki_check_move move = { LLKI_CHECK_RENAME, "/a/src/f",
					"/a/dst/f" };
	struct llki_check_verdict v;

	llk_ruleset_allow_path(files, LLK_FS, "/");
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	ck_assert_int_eq(v.error, 0);
	/* from ABI 4 on it is one */
	view.query = 4;
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	ck_assert_int_eq(v.error, -EXDEV);
	llk_ruleset_free(ports);
	llk_ruleset_free(files);
}
END_TEST

START_TEST(on_the_first_abi_nothing_moves_between_directories)
{
	llk_ruleset_free(rs);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_FS, "/");
	ck_assert_int_eq(
		ask(1, LLKI_CHECK_RENAME, "/a/src/f", "/a/dst/f").error,
		-EXDEV);
	ck_assert_int_eq(
		ask(1, LLKI_CHECK_RENAME, "/a/src/f", "/a/src/g").error, 0);
}
END_TEST

START_TEST(what_is_not_landlocks_to_decide_is_an_error)
{
	struct llk_ruleset *layers[18] = { NULL };
	struct llki_check_view view = { 11, { .root = -1, .dir = -1 }, 0 };
	struct llki_check_move move = { LLKI_CHECK_RENAME, "/a/src/f",
					"/a/dst/f" };
	struct llki_check_verdict v;

	ck_assert_int_eq(
		refuses(11, LLKI_CHECK_RENAME, "/a/src/none", "/a/dst/f"),
		-ENOENT);
	ck_assert_int_eq(
		refuses(11, LLKI_CHECK_EXCHANGE, "/a/src/f", "/a/dst/none"),
		-ENOENT);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_RENAME, "/a/src/f", "/m/dst/f"),
			 -EXDEV);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_LINK, "/a/src/f", "/a/dst/g"),
			 -EEXIST);
	/* a link looks its names up before it compares mounts */
	ck_assert_int_eq(refuses(11, LLKI_CHECK_LINK, "/a/src/f", "/m/dst/g"),
			 -EEXIST);
	ck_assert_int_eq(
		refuses(11, LLKI_CHECK_LINK, "/a/src/none", "/m/dst/f"),
		-ENOENT);
	ck_assert_int_eq(
		refuses(11, LLKI_CHECK_RENAME, "/a/src/none", "/m/dst/f"),
		-EXDEV);
	ck_assert_int_eq(refuses(11, LLKI_CHECK_RENAME, "", "/a/dst/f"),
			 -ENOENT);
	for (int i = 0; i < 17; i++)
		layers[i] = rs;
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), -E2BIG);
	layers[16] = NULL;
	llk_ruleset_allow_path(rs, READ_FILE | LLK_IF_PRESENT, "/nowhere");
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), 0);
	llk_ruleset_allow_path(rs, READ_FILE, "/nowhere");
	ck_assert_int_eq(llki_check_move(layers, &view, &move, &v), -ENOENT);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		without_a_rule_all_is_missing,
		rules_on_the_file_and_above_add_up,
		a_rule_on_the_root_holds_across_mounts,
		a_directory_mounted_below_itself_does_not_end_the_walk,
		what_is_not_handled_is_not_missing_but_refer_is,
		links_are_followed_to_where_they_lead,
		another_name_of_a_ruled_file_is_allowed,
		a_missing_name_is_answered_for_its_directory,
		a_path_that_ends_without_a_name_is_a_directory,
		a_relative_path_begins_at_the_working_directory,
		a_pipe_behind_a_link_of_proc_is_never_denied,
		a_socket_or_eventfd_behind_a_link_of_proc_is_never_denied,
		a_deleted_file_behind_a_link_of_proc_is_no_answer,
		a_link_of_proc_is_not_believed,
		a_file_that_goes_meanwhile_is_no_answer,
		an_empty_link_leads_nowhere,
		a_loop_of_links_is_an_error,
		a_name_too_long_is_an_error,
		a_path_longer_than_the_kernel_takes_is_an_error,
		a_directory_that_cannot_be_searched_is_no_answer,
		a_preset_is_asked_for_what_fits_the_file,
		rules_are_found_as_load_would,
		a_rule_of_which_this_kernel_has_nothing_is_not_looked_up,
		plain_rights_of_directories_in_a_rule_on_a_file_are_an_error,
		a_rule_by_descriptor_counts,
		rules_are_looked_up_once_until_the_next_builder,
		wrong_questions_are_errors,
		a_mistake_or_no_ruleset_is_told,
		a_ruleset_that_is_loaded_or_spent_is_busy,
		explain_and_load_are_as_without_a_check,
		ports_are_answered_by_number,
		lack_of_memory_is_the_answer_and_leaves_nothing_open,
		paths_begin_where_the_view_says,
		a_dangling_link_is_followed_in_a_view_too,
		a_failing_call_in_a_view_leaves_nothing_open,
		a_process_has_its_own_self_in_a_view,
		a_link_called_self_may_be_any,
		where_a_path_ends_is_kept,
		a_move_with_refer_on_both_sides_is_allowed,
		a_file_must_not_gain_rights_by_moving,
		missing_rights_are_told_for_each_side,
		a_whiteout_is_no_device_where_the_kernel_is_fixed,
		within_a_directory_nothing_is_referred,
		a_rule_on_the_root_is_not_counted_behind_a_mount,
		a_bind_mount_is_a_mount,
		a_subvolume_is_no_mount,
		mounts_without_a_number_are_told_by_their_devices,
		in_an_exchange_both_files_bring_rules_of_their_own,
		a_layer_of_ports_beside_one_of_files_denies_refer,
		a_layer_of_which_nothing_is_left_denies_nothing,
		on_the_first_abi_nothing_moves_between_directories,
		what_is_not_landlocks_to_decide_is_an_error,
	};
	Suite *s = suite_create("check");
	TCase *tc = tcase_create("check");
	SRunner *runner;
	int n_failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, the_answer_is_fitted_to_the_kernel, 0,
			    FAKE_NEWEST_ABI + 1);
	tcase_add_loop_test(tc, a_quiet_rule_is_looked_up_as_load_would, 0,
			    FAKE_NEWEST_ABI + 1);
	tcase_add_loop_test(
		tc, a_failing_call_is_the_answer_and_leaves_nothing_open, 0, 2);
	tcase_add_loop_test(tc, each_kind_of_file_has_its_right_to_be_made, 0,
			    N_KINDS);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
