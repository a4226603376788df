/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Loading: which calls, which errors, the life of the object, what is skipped,
 * kernels that lie; and explain's words for it.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void explains(const struct llk_ruleset *rs, const char *text)
{
	char buf[1024];

	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_str_eq(buf, text);
}

/* Free and look for what was left */
static void end(struct llk_ruleset *rs)
{
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
	ck_assert_int_eq(fake.n_bad_closes, 0);
}

static struct llk_ruleset *files(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS, flags);
}

/* --- calls ---------------------------------------------------------------- */

START_TEST(a_path_rule_costs_three_calls)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	for (int i = 0; i < 1000; i++)
		llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake.n_calls, 2 + 3 * 1000);
	ck_assert_int_eq(fake.rulesets[0].n_rules, 1000);
	end(rs);
}
END_TEST

START_TEST(a_directory_preset_on_a_file_costs_five_calls)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ, "/file");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_str_eq(fake.log, "query\n"
				   "create fs=1fff net=0 scope=0 quiet=0,0,0\n"
				   "open /file\n"
				   "add path /file fs=c flags=0 = -22\n"
				   "is_dir /file\n"
				   "add path /file fs=4 flags=0\n"
				   "close /file\n");
	end(rs);
}
END_TEST

START_TEST(a_preset_of_directories_alone_adds_nothing_to_a_file)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_PRESET | LLK_FS_READ_DIR, "/file");
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake.rulesets[0].n_rules, 1);
	end(rs);
}
END_TEST

/* read_file write_file execute truncate ioctl_dev resolve_unix, no more */
START_TEST(a_whole_zone_on_a_file_is_the_six_rights_of_files)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V11, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_FS, "/file");
	llk_ruleset_allow_path(rs, LLK_FS, "/dir");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_uint_eq(fake.rulesets[0].rules[0].allowed, 0x1c007);
	ck_assert_uint_eq(fake.rulesets[0].rules[1].allowed, 0x1ffff);
	end(rs);
}
END_TEST

START_TEST(rules_are_added_in_their_order)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/usr");
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, 443);
	llk_ruleset_allow_path(rs, LLK_FS_READ_FILE, "/file");
	llk_ruleset_allow_port(rs, LLK_NET, 0);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 65535);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_str_eq(fake_log_main(),
			 "query\n"
			 "create fs=7fff net=3 scope=0 quiet=0,0,0\n"
			 "open /usr\n"
			 "add path /usr fs=c flags=0\n"
			 "add port 443 net=2 flags=0\n"
			 "open /file\n"
			 "add path /file fs=4 flags=0\n"
			 "add port 0 net=3 flags=0\n"
			 "add port 65535 net=1 flags=0\n");
	end(rs);
}
END_TEST

START_TEST(quiet_words_and_rules_reach_the_kernel)
{
	struct llk_ruleset *rs;

	fake_reset(10);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	llk_ruleset_quiet(rs, LLK_FS_EXECUTE | LLK_NET_BIND_TCP);
	llk_ruleset_quiet(rs, LLK_SCOPE);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_QUIET, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_QUIET, "/file");
	llk_ruleset_allow_port(rs, LLK_QUIET, 22);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_str_eq(fake_log_main(),
			 "query\n"
			 "create fs=ffff net=3 scope=3 quiet=1,1,3\n"
			 "open /dir\n"
			 "add path /dir fs=c flags=1\n"
			 "open /dir\n"
			 "add path /dir fs=c flags=0\n"
			 "open /file\n"
			 "add path /file fs=0 flags=1\n"
			 "add port 22 net=0 flags=1\n");
	end(rs);
}
END_TEST

START_TEST(load_restricts_nothing)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		ck_assert_int_eq(fake.n_enforced, 0);
		ck_assert(!fake.has_no_new_privs);
		ck_assert_int_eq(fake.n_of[FAKE_COUNT], 0);
		ck_assert_int_eq(fake.n_of[FAKE_LIBC], 0);
		ck_assert_int_eq(fake_n_open(), 1);
		explains(rs, "loaded, nothing is restricted yet: "
			     "all that was asked.");
		end(rs);
	}
}
END_TEST

START_TEST(a_port_without_tcp_in_the_kernel_is_dropped)
{
	for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT; flags++) {
		struct llk_ruleset *rs;

		fake_reset(11);
		fake.has_no_tcp = true;
		rs = llk_ruleset_new(LLK_V4, LLK_ALL, flags);
		llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
		llk_ruleset_allow_path(rs, LLK_READ, "/dir");
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		ck_assert_int_eq(fake.enforced.n_rules, 1);
		explains(rs, "enforced: all that was asked.");
		end(rs);
	}
}
END_TEST

/* --- paths that aren't there -----------------------------------------------
 */

struct open_error {
	const char *path;
	int error;
	const char *text;
};

static char long_path[PATH_MAX + 10];

/* clang-format off */
static const struct open_error open_errors[] = {
	{ "/missing", ENOENT, "failed: \"/missing\": no such file or directory (LLK_IF_PRESENT skips a path that is not there)." },
	{ "/denied", EACCES, "failed: \"/denied\": permission denied." },
	{ "/loop", ELOOP, "failed: \"/loop\": too many symbolic links." },
	{ "/file/below", ENOTDIR, "failed: \"/file/below\": a part of it is not a directory." },
	{ "/a\nb\033", ENOENT, "failed: \"/a\\x0ab\\x1b\": no such file or directory (LLK_IF_PRESENT skips a path that is not there)." },
	{ long_path, ENAMETOOLONG, NULL },
};
/* clang-format on */

START_TEST(a_path_that_cant_be_opened_is_an_error)
{
	const struct open_error *row = &open_errors[_i];

	memset(long_path, 'x', PATH_MAX);
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT;
		     flags++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = files(flags);
			llk_ruleset_allow_path(rs, LLK_READ, "/dir");
			llk_ruleset_allow_path(rs, LLK_READ, row->path);
			ck_assert_int_eq(llk_ruleset_load(rs), -row->error);
			ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
					 -row->error);
			if (row->text)
				explains(rs, row->text);
			ck_assert_int_eq(llk_ruleset_error(rs), 0);
			ck_assert_int_eq(fake_n_open(), 0);
			ck_assert_int_eq(fake.n_enforced, 0);
			ck_assert(!fake.has_no_new_privs);
			end(rs);
		}
	}
}
END_TEST

/* An error of load doesn't stick */
START_TEST(missing_path_is_an_error_that_may_be_repaired)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ, "/later");
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOENT);
	fake_add_file("/later", FAKE_DIR, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	explains(rs, "loaded, nothing is restricted yet: all that was asked.");
	end(rs);
}
END_TEST

START_TEST(if_present_forgives_a_missing_path_and_nothing_else)
{
	const struct open_error *row = &open_errors[_i];
	bool is_forgiven = row->error == ENOENT;
	struct llk_ruleset *rs;

	memset(long_path, 'x', PATH_MAX);
	for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT; flags++) {
		fake_reset(11);
		rs = files(flags);
		llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT,
				       row->path);
		ck_assert_int_eq(llk_ruleset_load(rs),
				 is_forgiven ? LLK_ENFORCED : -row->error);
		end(rs);
	}
}
END_TEST

START_TEST(if_present_forgives_no_lack_of_descriptors)
{
	static const int errors[] = { EMFILE, ENFILE, ENOMEM, EINTR,
				      EIO,    EPERM,  EACCES };

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct llk_ruleset *rs;

		fake_reset(11);
		rs = files(LLK_BEST_EFFORT);
		llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/dir");
		fake_fail(FAKE_OPEN, 1, errors[i]);
		ck_assert_int_eq(llk_ruleset_load(rs), -errors[i]);
		end(rs);
	}
}
END_TEST

START_TEST(skipped_paths_are_told_and_change_no_outcome)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/gone");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/a\"b");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked. Skipped, not there: "
		     "\"/gone\", \"/a\\\"b\".");
	end(rs);
}
END_TEST

START_TEST(a_path_that_is_there_the_second_time_is_not_told_as_skipped)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/late");
	llk_ruleset_allow_path(rs, LLK_READ, "/later");
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOENT);
	fake_add_file("/late", FAKE_DIR, 0);
	fake_add_file("/later", FAKE_DIR, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	explains(rs, "loaded, nothing is restricted yet: all that was asked.");
	end(rs);
}
END_TEST

/* --- groups ----------------------------------------------------------------
 */

static const char *const group_names[] = { "loader", "resolver", "tls",
					   "locale" };

START_TEST(a_group_of_which_nothing_is_there_is_fine)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	fake.n_files = 0;
	rs = files(0);
	llk_ruleset_allow_group(rs, LLK_READ, 1U << _i);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	ck_assert_msg(fake.n_of[FAKE_OPEN] > 2, "%s is empty", group_names[_i]);
	ck_assert_int_eq(fake.n_of[FAKE_ADD], 0);
	explains(rs, "enforced: all that was asked.");
	end(rs);
}
END_TEST

/* The library's own names: what can't be reached can't be granted */
START_TEST(a_groups_path_may_be_out_of_reach)
{
	static const int forgiven[] = { ENOENT, ENOTDIR, EACCES, ELOOP };
	static const int others[] = { EMFILE, ENFILE, ENOMEM,
				      EINTR,  EPERM,  ENAMETOOLONG };
	struct llk_ruleset *rs;

	for (size_t i = 0; i < COUNT(forgiven) + COUNT(others); i++) {
		bool is_forgiven = i < COUNT(forgiven);
		int error =
			is_forgiven ? forgiven[i] : others[i - COUNT(forgiven)];

		fake_reset(11);
		rs = files(LLK_BEST_EFFORT);
		llk_ruleset_allow_group(rs, LLK_READ, 1U << _i);
		fake_fail(FAKE_OPEN, 2, error);
		ck_assert_int_eq(llk_ruleset_load(rs),
				 is_forgiven ? LLK_ENFORCED : -error);
		if (is_forgiven)
			explains(rs, "loaded, nothing is restricted yet: "
				     "all that was asked.");
		end(rs);
	}
}
END_TEST

START_TEST(private_keys_are_in_no_group)
{
	static const char *const paths[] = { "/etc",
					     "/etc/ssl",
					     "/etc/pki",
					     "/etc/ssl/private",
					     "/etc/pki/tls",
					     "/etc/pki/tls/private",
					     "/",
					     "/run",
					     "/var",
					     "/etc/shadow" };
	struct llk_ruleset *rs;
	char line[64];

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_group(rs, LLK_READ, 15);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	for (size_t i = 0; i < COUNT(paths); i++) {
		snprintf(line, sizeof(line), "open %s = ", paths[i]);
		ck_assert_msg(!strstr(fake.log, line), "%s", paths[i]);
		snprintf(line, sizeof(line), "open %s\n", paths[i]);
		ck_assert_msg(!strstr(fake.log, line), "%s", paths[i]);
	}
	ck_assert_ptr_nonnull(strstr(fake.log, "open /etc/hosts\n"));
	end(rs);
}
END_TEST

/* --- the wrong kind of file ------------------------------------------------
 */

START_TEST(rights_of_directories_on_a_file_are_an_error_that_names_them)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT;
		     flags++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = files(flags);
			llk_ruleset_allow_path(rs,
					       LLK_FS_READ_FILE |
						       LLK_FS_REMOVE_DIR |
						       LLK_FS_MAKE_DIR,
					       "/etc/passwd");
			ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
			ck_assert_int_eq(llk_ruleset_error(rs), 0);
			explains(rs, "failed: \"/etc/passwd\" is not a "
				     "directory: remove_dir, make_dir do not "
				     "apply.");
			ck_assert_int_eq(fake_n_open(), 0);
			end(rs);
		}
	}
}
END_TEST

START_TEST(a_single_wrong_right_is_told_in_good_grammar)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/file");
	rs = files(0);
	llk_ruleset_allow_fd(rs, LLK_FS_READ_DIR, fd);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EINVAL);
	explains(rs, "failed: descriptor 100 is not a directory: "
		     "read_dir does not apply.");
	end(rs);
}
END_TEST

START_TEST(a_pipe_is_told_apart)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/pipe");
	rs = files(LLK_BEST_EFFORT);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	ck_assert_int_eq(llk_ruleset_load(rs), -EBADFD);
	explains(rs, "failed: descriptor 100 is a pipe, a socket or a file of "
		     "the kernel's own: no rule can name it.");
	end(rs);
}
END_TEST

/* EINVAL has other causes: a filter's answer is not told as the wrong file */
START_TEST(einval_for_a_file_that_fits_is_told_as_the_kernels)
{
	static const uint64_t rights[] = { LLK_FS_READ_FILE, LLK_RO_FILES };

	for (size_t i = 0; i < COUNT(rights); i++) {
		struct llk_ruleset *rs;

		fake_reset(11);
		rs = files(0);
		llk_ruleset_allow_path(rs, rights[i], "/file");
		fake_fail(FAKE_ADD, 1, EINVAL);
		ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
		explains(rs,
			 "failed: \"/file\": the kernel or a seccomp filter "
			 "refused the rule: invalid argument (errno 22).");
		end(rs);
	}
}
END_TEST

/* The result belongs to the call that failed, and so do the words */
START_TEST(the_second_add_of_a_rule_is_explained_by_its_own_error)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ, "/file");
	fake_fail(FAKE_ADD, 3, ENOMEM);
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOMEM);
	explains(rs, "failed: \"/file\": the kernel or a seccomp filter "
		     "refused the rule: out of memory (errno 12).");
	end(rs);
}
END_TEST

START_TEST(the_rule_that_failed_is_the_one_that_is_named)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 8080);
	llk_ruleset_allow_path(rs, LLK_READ, "/usr");
	fake_fail(FAKE_ADD, 2, EPERM);
	ck_assert_int_eq(llk_ruleset_load(rs), -EPERM);
	explains(rs, "failed: port 8080: the kernel or a seccomp filter "
		     "refused the rule: not permitted (errno 1).");
	fake_fail(FAKE_CREATE, 1, EPERM);
	ck_assert_int_eq(llk_ruleset_load(rs), -EPERM);
	explains(rs, "failed: the kernel or a seccomp filter refused the "
		     "ruleset: not permitted (errno 1).");
	end(rs);
}
END_TEST

/* --- life of the object -----------------------------------------------------
 */

START_TEST(loading_twice_is_no_error_and_no_call)
{
	static const int outcomes[] = { LLK_PARTLY_ENFORCED, LLK_ENFORCED };

	for (int i = 0; i < 2; i++) {
		struct llk_ruleset *rs;
		int fd;

		fake_reset(i ? 11 : 2);
		rs = llk_ruleset_new(LLK_V3, LLK_FS, LLK_BEST_EFFORT);
		llk_ruleset_allow_path(rs, LLK_READ, "/dir");
		ck_assert_int_eq(llk_ruleset_load(rs), outcomes[i]);
		fd = llk_ruleset_fd(rs);
		ck_assert_int_ge(fd, FAKE_FIRST_FD);
		fake_forget();
		ck_assert_int_eq(llk_ruleset_load(rs), outcomes[i]);
		ck_assert_int_eq(llk_ruleset_fd(rs), fd);
		ck_assert_int_eq(fake.n_calls, 0);
		end(rs);
	}
}
END_TEST

/* A flag that restrict_self was refused for is none of load's */
START_TEST(loading_again_returns_the_first_outcome_after_a_failed_restrict)
{
	struct llk_ruleset *rs;

	fake_reset(6);
	rs = files(0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(
		llk_ruleset_restrict_self(rs, LLK_RESTRICT_LOG_SAME_EXEC_OFF),
		-EOPNOTSUPP);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	end(rs);
}
END_TEST

static void call_builder(struct llk_ruleset *rs, int i)
{
	const char *const paths[] = { "/dir", NULL };

	switch (i) {
	case 0:
		llk_ruleset_allow_path(rs, LLK_READ, "/dir");
		break;
	case 1:
		llk_ruleset_allow_paths(rs, LLK_READ, paths);
		break;
	case 2:
		llk_ruleset_allow_fd(rs, LLK_READ, FAKE_FIRST_FD);
		break;
	case 3:
		llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
		break;
	case 4:
		llk_ruleset_allow_group(rs, LLK_READ, LLK_GROUP_TLS);
		break;
	case 5:
		llk_ruleset_require(rs, LLK_FS);
		break;
	case 6:
		llk_ruleset_quiet(rs, LLK_FS);
		break;
	}
}

#define N_BUILDERS 7
#define BUSY                                                             \
	"bug in the program: nothing can be added to a ruleset that is " \
	"loaded or enforced."

START_TEST(a_loaded_ruleset_takes_no_more)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	fake_open("/dir");
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	call_builder(rs, _i);
	ck_assert_int_eq(llk_ruleset_error(rs), -EBUSY);
	explains(rs, BUSY);
	ck_assert_int_eq(llk_ruleset_load(rs), -EBUSY);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EBUSY);
	ck_assert_int_eq(fake.n_enforced, 0);
	ck_assert_int_ge(llk_ruleset_fd(rs), FAKE_FIRST_FD);
	end(rs);
}
END_TEST

START_TEST(a_spent_ruleset_does_nothing_more)
{
	struct llk_ruleset *rs;
	char buf[256];

	fake_reset(11);
	fake_open("/dir");
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, 0);
	if (_i & 1)
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked.");
	fake_forget();
	ck_assert_int_eq(llk_ruleset_load(rs), -EBADF);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EBADF);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 1U << 31), -EBADF);
	ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
	ck_assert_uint_eq(llk_ruleset_handled(rs),
			  fake_abi_rights(4) | LLK_FS_REFER);
	ck_assert_int_gt(llk_ruleset_explain(rs, buf, sizeof(buf)), 0);
	call_builder(rs, _i);
	ck_assert_int_eq(llk_ruleset_error(rs), -EBUSY);
	ck_assert_int_eq(llk_ruleset_load(rs), -EBADF);
	ck_assert_int_eq(fake.n_calls, 0);
	ck_assert_int_eq(fake.n_enforced, 1);
	end(rs);
}
END_TEST

/* A mistake that came too late must not hide that there is a layer */
START_TEST(a_layer_that_is_in_place_is_told_before_a_late_mistake)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	explains(rs, "enforced: all that was asked. " BUSY);
	end(rs);
}
END_TEST

START_TEST(not_enforced_leaves_the_ruleset_building)
{
	struct llk_ruleset *rs;

	fake_reset(0);
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_READ, "/missing");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_NOT_ENFORCED);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	ck_assert_str_eq(fake.log, FAKE_NO_LANDLOCK FAKE_NO_LANDLOCK);
	ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
	ck_assert_uint_eq(llk_ruleset_handled(rs), 0);

	fake_reset(4);
	fake_add_file("/missing", FAKE_DIR, 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake.rulesets[0].n_rules, 2);
	end(rs);
}
END_TEST

START_TEST(duplicates_are_closed_by_a_load_that_succeeds)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/dir");
	rs = files(0);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_allow_path(rs, LLK_READ, "/later");
	ck_assert_int_eq(fake_n_open(), 2);
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOENT);
	ck_assert_int_eq(fake_n_open(), 2);
	fake_add_file("/later", FAKE_DIR, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake_n_open(), 1);
	ck_assert_int_eq(fake.rulesets[1].n_rules, 3);
	end(rs);
}
END_TEST

START_TEST(free_closes_what_load_made)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = files(0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake_n_open(), 1);
	end(rs);
}
END_TEST

/* --- what the kernel says of itself -----------------------------------------
 */

struct no_landlock {
	int answer;
	int error;
	const char *text;
};

/* clang-format off */
static const struct no_landlock no_landlocks[] = {
	{ -ENOSYS, ENOSYS, "this kernel has no Landlock (it came with Linux 5.13), or a seccomp filter hides it." },
	{ 0, ENOSYS, "this kernel has no Landlock (it came with Linux 5.13), or a seccomp filter hides it." },
	{ LLKI_SYS_CREATE_RULESET, ENOSYS, "this kernel has no Landlock (it came with Linux 5.13), or a seccomp filter hides it." },
	{ -EOPNOTSUPP, EOPNOTSUPP, "Landlock is built in but off: add landlock to the list in the lsm= boot parameter, and keep the others." },
	{ -EPERM, EPERM, "a seccomp filter answered errno 1 to Landlock's version query." },
	{ -EACCES, EACCES, "a seccomp filter answered errno 13 to Landlock's version query." },
	{ -ENOMEM, ENOMEM, "a seccomp filter answered errno 12 to Landlock's version query." },
	{ -1234, 1234, "a seccomp filter answered errno 1234 to Landlock's version query." },
};
/* clang-format on */

static void told_as(const struct llk_ruleset *rs, const char *outcome,
		    const char *cause)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", outcome, cause);
	explains(rs, text);
}

START_TEST(why_there_is_no_landlock_is_told)
{
	const struct no_landlock *row = &no_landlocks[_i];
	struct llk_ruleset *rs;

	fake_reset(7);
	fake.query_answer = row->answer;
	rs = files(LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_NOT_ENFORCED);
	told_as(rs, "not enforced", row->text);
	llk_ruleset_require(rs, LLK_FS_EXECUTE);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	told_as(rs, "failed", row->text);
	end(rs);

	rs = files(0);
	ck_assert_int_eq(llk_ruleset_load(rs), -row->error);
	told_as(rs, "failed", row->text);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -row->error);
	told_as(rs, "failed", row->text);
	ck_assert_int_eq(fake.n_of[FAKE_CREATE], 0);
	end(rs);
}
END_TEST

/* V11 and everything, on each ABI; what is missing is told once per Linux */
/* clang-format off */
static const char *const needed[] = {
	[1] = "Linux 6.2 is needed for truncate; Linux 6.7 for bind_tcp, connect_tcp; Linux 6.10 for ioctl_dev; Linux 6.12 for abstract_unix_socket, signal; Linux 7.1 for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[2] = "Linux 6.2 is needed for truncate; Linux 6.7 for bind_tcp, connect_tcp; Linux 6.10 for ioctl_dev; Linux 6.12 for abstract_unix_socket, signal; Linux 7.1 for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[3] = "Linux 6.7 is needed for bind_tcp, connect_tcp; Linux 6.10 for ioctl_dev; Linux 6.12 for abstract_unix_socket, signal; Linux 7.1 for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[4] = "Linux 6.10 is needed for ioctl_dev; Linux 6.12 for abstract_unix_socket, signal; Linux 7.1 for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[5] = "Linux 6.12 is needed for abstract_unix_socket, signal; Linux 7.1 for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[6] = "Linux 7.1 is needed for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[7] = "Linux 7.1 is needed for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[8] = "Linux 7.1 is needed for resolve_unix; Linux 7.2 for bind_udp, connect_send_udp.",
	[9] = "Linux 7.2 is needed for bind_udp, connect_send_udp.",
};
/* clang-format on */

START_TEST(what_is_missing_is_told_for_each_linux)
{
	struct llk_ruleset *rs;

	fake_reset(_i);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
	told_as(rs, "loaded, nothing is restricted yet", needed[_i]);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_PARTLY_ENFORCED);
	told_as(rs, "partly enforced", needed[_i]);
	end(rs);

	rs = llk_ruleset_new(LLK_V11, LLK_ALL, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), -EOPNOTSUPP);
	told_as(rs, "failed", needed[_i]);
	end(rs);

	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_require(rs, LLK_NET_BIND_UDP);
	ck_assert_int_eq(llk_ruleset_load(rs), -EOPNOTSUPP);
	told_as(rs, "failed", needed[_i]);
	end(rs);
}
END_TEST

START_TEST(one_example_is_told_literally)
{
	struct llk_ruleset *rs;

	fake_reset(2);
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_PARTLY_ENFORCED);
	explains(rs, "partly enforced: Linux 6.2 is needed for truncate; "
		     "Linux 6.7 for bind_tcp, connect_tcp.");
	end(rs);
}
END_TEST

START_TEST(refer_that_cant_be_granted_is_told)
{
	struct llk_ruleset *rs;

	fake_reset(1);
	rs = llk_ruleset_new(LLK_V2, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_FS_REFER, "/missing");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_NOT_ENFORCED);
	explains(rs, "not enforced: Linux 5.19 is needed for refer.");
	end(rs);

	rs = llk_ruleset_new(LLK_V2, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_FS_REFER, "/missing");
	ck_assert_int_eq(llk_ruleset_load(rs), -EOPNOTSUPP);
	explains(rs, "failed: Linux 5.19 is needed for refer.");
	end(rs);
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 0);
}
END_TEST

START_TEST(missing_quiet_is_an_error_in_strict_and_told_in_best_effort)
{
	struct llk_ruleset *rs;

	fake_reset(9);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_quiet(rs, LLK_FS_EXECUTE);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_QUIET, "/dir");
	ck_assert_int_eq(llk_ruleset_load(rs), -EOPNOTSUPP);
	explains(rs, "failed: Linux 7.2 is needed for quiet.");
	end(rs);

	/* Strict on rights and easy on logs */
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_require(rs, LLK_ALL);
	llk_ruleset_quiet(rs, LLK_FS_EXECUTE);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_QUIET, "/dir");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked. Done without: Linux 7.2 is "
		     "needed for quiet.");
	end(rs);
}
END_TEST

START_TEST(quiet_rights_without_a_quiet_rule_are_told)
{
	struct llk_ruleset *rs;

	fake_reset(10);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	llk_ruleset_quiet(rs, LLK_FS_EXECUTE | LLK_NET_BIND_TCP | LLK_SCOPE);
	llk_ruleset_allow_port(rs, LLK_QUIET, 80);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked. Not quiet, as no such rule "
		     "carries LLK_QUIET: execute.");
	end(rs);

	fake_reset(10);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	llk_ruleset_quiet(rs, LLK_NET_BIND_TCP);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked. Not quiet, as no such rule "
		     "carries LLK_QUIET: bind_tcp.");
	end(rs);
}
END_TEST

/* 0, 1 and 2 are the program's own, even where they are closed */
START_TEST(a_low_descriptor_is_moved_or_closed)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	fake.first_fd = 2;
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_gt(llk_ruleset_fd(rs), 2);
	ck_assert_int_eq(fake_n_open(), 1);
	end(rs);

	fake_reset(11);
	fake.first_fd = 2;
	fake_fail(FAKE_DUP, 1, EMFILE);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), -EMFILE);
	ck_assert_int_eq(fake_n_open(), 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	end(rs);
}
END_TEST

/* --- kernels that lie --------------------------------------------------------
 */

START_TEST(a_suspect_that_is_refused_counts_as_missing)
{
	struct llk_ruleset *rs;

	fake_reset(6);
	fake.refuses = LLK_SCOPE_SIGNAL;
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
	ck_assert_str_eq(fake.log,
			 "query\n"
			 "create fs=ffff net=3 scope=3 quiet=0,0,0 = -22\n"
			 "create fs=ffff net=3 scope=1 quiet=0,0,0\n");
	ck_assert_uint_eq(llk_ruleset_handled(rs),
			  fake_abi_rights(6) & ~LLK_SCOPE_SIGNAL);
	explains(rs, "loaded, nothing is restricted yet: this kernel reports "
		     "ABI 6 and refuses signal.");
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_PARTLY_ENFORCED);
	explains(rs, "partly enforced: this kernel reports ABI 6 and refuses "
		     "signal.");
	end(rs);
}
END_TEST

START_TEST(a_refused_suspect_is_no_more_than_missing)
{
	struct llk_ruleset *rs;

	fake_reset(6);
	fake.refuses = LLK_SCOPE_SIGNAL;
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	end(rs);

	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_require(rs, LLK_SCOPE_SIGNAL);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	end(rs);

	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_require(rs, LLK_ALL & ~LLK_SCOPE_SIGNAL);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_PARTLY_ENFORCED);
	end(rs);
}
END_TEST

/* Also after the cut: nothing, or refer alone, is no sandbox */
/* bug classes P and AE */
START_TEST(nothing_left_after_the_cut_is_not_enforced)
{
	static const uint64_t sets[] = { LLK_SCOPE_SIGNAL,
					 LLK_SCOPE_SIGNAL | LLK_FS_REFER };

	for (size_t i = 0; i < COUNT(sets); i++) {
		struct llk_ruleset *rs;

		fake_reset(6);
		fake.refuses = LLK_SCOPE_SIGNAL;
		rs = llk_ruleset_new(LLK_V6, sets[i], LLK_BEST_EFFORT);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_NOT_ENFORCED);
		explains(rs, "not enforced: this kernel reports ABI 6 and "
			     "refuses signal.");
		ck_assert_int_eq(fake.n_of[FAKE_CREATE], 1);
		ck_assert_int_eq(fake.n_enforced, 0);
		end(rs);
	}
}
END_TEST

START_TEST(only_what_is_in_the_table_is_suspected)
{
	static const struct {
		int abi;
		uint64_t refuses, handled;
	} rows[] = {
		{ 7, LLK_SCOPE_SIGNAL, LLK_ALL },
		{ 8, LLK_SCOPE_SIGNAL, LLK_ALL },
		{ 11, LLK_SCOPE_SIGNAL, LLK_ALL },
		{ 6, LLK_FS_TRUNCATE, LLK_ALL },
		{ 6, LLK_FS_TRUNCATE, LLK_FS },
		{ 3, LLK_FS_TRUNCATE, LLK_ALL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct llk_ruleset *rs;

		fake_reset(rows[i].abi);
		fake.refuses = rows[i].refuses;
		rs = llk_ruleset_new(LLK_V6, rows[i].handled, LLK_BEST_EFFORT);
		ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
		end(rs);
	}
}
END_TEST

/* An error that isn't EINVAL says nothing about the suspects */
START_TEST(only_einval_makes_a_suspect)
{
	struct llk_ruleset *rs;

	fake_reset(6);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	fake_fail(FAKE_CREATE, 1, EPERM);
	ck_assert_int_eq(llk_ruleset_load(rs), -EPERM);
	ck_assert_int_eq(fake.n_of[FAKE_CREATE], 1);
	end(rs);
}
END_TEST

/* --- cut-safe ----------------------------------------------------------------
 */

/* At every size: the same length, an exact prefix, a NUL, and no byte past it
 */
static void is_cut_safe(const struct llk_ruleset *rs)
{
	char whole[2048], cut[2048];
	int len = llk_ruleset_explain(rs, whole, sizeof(whole));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(len, (int)strlen(whole));
	ck_assert_ptr_null(strchr(whole, '\n'));
	ck_assert_int_eq(whole[len - 1], '.');
	ck_assert_int_eq(llk_ruleset_explain(rs, NULL, 0), len);
	for (size_t size = 0; size <= (size_t)len + 2; size++) {
		size_t kept = size > (size_t)len ? (size_t)len : size - 1;

		memset(cut, '#', sizeof(cut));
		if (llk_ruleset_explain(rs, cut, size) != len ||
		    cut[size] != '#' || cut[sizeof(cut) - 1] != '#')
			ck_abort_msg("size %zu of \"%s\"", size, whole);
		if (size && (memcmp(cut, whole, kept) || cut[kept]))
			ck_abort_msg("cut at %zu of \"%s\"", size, whole);
	}
}

START_TEST(explain_is_cut_safe_at_every_size)
{
	struct llk_ruleset *rs;

	fake_reset(2);
	is_cut_safe(NULL);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	is_cut_safe(rs);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT,
			       "/\001\"\\\x7f\xc2\x80\xc2\x9f\xc2\n");
	llk_ruleset_quiet(rs, LLK_ALL);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
	is_cut_safe(rs);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 7), LLK_PARTLY_ENFORCED);
	is_cut_safe(rs);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	is_cut_safe(rs);
	end(rs);

	rs = files(0);
	llk_ruleset_allow_path(rs, LLK_READ, "/\r\n\t\x1b[0m/\xc2");
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOENT);
	is_cut_safe(rs);
	llk_ruleset_allow_path(rs, 1ULL << 40, "/dir\n");
	is_cut_safe(rs);
	end(rs);
}
END_TEST

/* What is escaped reads back as it was, and nothing else is touched */
START_TEST(every_byte_of_a_path_is_told_safely)
{
	for (int c = 1; c < 256; c++) {
		char path[4] = { '/', (char)c, '\0' }, text[128], buf[256];
		bool is_escaped = c < 0x20 || c == 0x7f;
		struct llk_ruleset *rs;

		fake_reset(11);
		rs = files(0);
		llk_ruleset_allow_path(rs, 0, path);
		llk_ruleset_explain(rs, buf, sizeof(buf));
		snprintf(text, sizeof(text),
			 is_escaped ? "bug in the program: \"/\\x%02x\": no "
				      "rights were given."
			 : c == '"' || c == '\\'
				 ? "bug in the program: \"/\\%c\": no rights "
				   "were given."
				 : "bug in the program: \"/%c\": no rights "
				   "were given.",
			 c);
		ck_assert_str_eq(buf, text);
		end(rs);
	}
}
END_TEST

/* U+0080 to U+009F drive terminals; what comes after them is text */
START_TEST(control_characters_of_utf8_are_told_safely)
{
	for (int c = 0x7e; c < 0xc0; c++) {
		char path[8], text[128], buf[256];
		struct llk_ruleset *rs;

		fake_reset(11);
		rs = files(0);
		snprintf(path, sizeof(path), "/\xc2%c.", c);
		llk_ruleset_allow_path(rs, 0, path);
		llk_ruleset_explain(rs, buf, sizeof(buf));
		snprintf(text, sizeof(text),
			 c == 0x7f
				 ? "bug in the program: \"/\xc2\\x%02x.\": no "
				   "rights were given."
			 : c > 0x7f && c <= 0x9f
				 ? "bug in the program: \"/\\xc2\\x%02x.\": no "
				   "rights were given."
				 : "bug in the program: \"/\xc2%c.\": no "
				   "rights were given.",
			 c);
		ck_assert_str_eq(buf, text);
		end(rs);
	}
}
END_TEST

static void add_calls(TCase *tc)
{
	tcase_add_test(tc, a_path_rule_costs_three_calls);
	tcase_add_test(tc, a_directory_preset_on_a_file_costs_five_calls);
	tcase_add_test(tc,
		       a_preset_of_directories_alone_adds_nothing_to_a_file);
	tcase_add_test(tc, a_whole_zone_on_a_file_is_the_six_rights_of_files);
	tcase_add_test(tc, rules_are_added_in_their_order);
	tcase_add_test(tc, quiet_words_and_rules_reach_the_kernel);
	tcase_add_test(tc, load_restricts_nothing);
	tcase_add_test(tc, a_port_without_tcp_in_the_kernel_is_dropped);
}

static void add_paths(TCase *tc)
{
	tcase_add_loop_test(tc, a_path_that_cant_be_opened_is_an_error, 0,
			    COUNT(open_errors));
	tcase_add_test(tc, missing_path_is_an_error_that_may_be_repaired);
	tcase_add_loop_test(tc,
			    if_present_forgives_a_missing_path_and_nothing_else,
			    0, COUNT(open_errors));
	tcase_add_test(tc, if_present_forgives_no_lack_of_descriptors);
	tcase_add_test(tc, skipped_paths_are_told_and_change_no_outcome);
	tcase_add_test(
		tc,
		a_path_that_is_there_the_second_time_is_not_told_as_skipped);
	tcase_add_loop_test(tc, a_group_of_which_nothing_is_there_is_fine, 0,
			    4);
	tcase_add_loop_test(tc, a_groups_path_may_be_out_of_reach, 0, 4);
	tcase_add_test(tc, private_keys_are_in_no_group);
	tcase_add_test(
		tc,
		rights_of_directories_on_a_file_are_an_error_that_names_them);
	tcase_add_test(tc, a_single_wrong_right_is_told_in_good_grammar);
	tcase_add_test(tc, a_pipe_is_told_apart);
	tcase_add_test(tc, einval_for_a_file_that_fits_is_told_as_the_kernels);
	tcase_add_test(tc,
		       the_second_add_of_a_rule_is_explained_by_its_own_error);
	tcase_add_test(tc, the_rule_that_failed_is_the_one_that_is_named);
}

static void add_life(TCase *tc)
{
	tcase_add_test(tc, loading_twice_is_no_error_and_no_call);
	tcase_add_test(
		tc,
		loading_again_returns_the_first_outcome_after_a_failed_restrict);
	tcase_add_loop_test(tc, a_loaded_ruleset_takes_no_more, 0, N_BUILDERS);
	tcase_add_loop_test(tc, a_spent_ruleset_does_nothing_more, 0,
			    N_BUILDERS);
	tcase_add_test(tc,
		       a_layer_that_is_in_place_is_told_before_a_late_mistake);
	tcase_add_test(tc, not_enforced_leaves_the_ruleset_building);
	tcase_add_test(tc, duplicates_are_closed_by_a_load_that_succeeds);
	tcase_add_test(tc, free_closes_what_load_made);
}

static void add_kernels(TCase *tc)
{
	tcase_add_loop_test(tc, why_there_is_no_landlock_is_told, 0,
			    COUNT(no_landlocks));
	tcase_add_loop_test(tc, what_is_missing_is_told_for_each_linux, 1, 10);
	tcase_add_test(tc, one_example_is_told_literally);
	tcase_add_test(tc, refer_that_cant_be_granted_is_told);
	tcase_add_test(
		tc,
		missing_quiet_is_an_error_in_strict_and_told_in_best_effort);
	tcase_add_test(tc, quiet_rights_without_a_quiet_rule_are_told);
	tcase_add_test(tc, a_low_descriptor_is_moved_or_closed);
	tcase_add_test(tc, a_suspect_that_is_refused_counts_as_missing);
	tcase_add_test(tc, a_refused_suspect_is_no_more_than_missing);
	tcase_add_test(tc, nothing_left_after_the_cut_is_not_enforced);
	tcase_add_test(tc, only_what_is_in_the_table_is_suspected);
	tcase_add_test(tc, only_einval_makes_a_suspect);
	tcase_add_test(tc, explain_is_cut_safe_at_every_size);
	tcase_add_test(tc, every_byte_of_a_path_is_told_safely);
	tcase_add_test(tc, control_characters_of_utf8_are_told_safely);
}

int main(void)
{
	Suite *s = suite_create("load");
	TCase *tc = tcase_create("load");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	add_calls(tc);
	add_paths(tc);
	add_life(tc);
	add_kernels(tc);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
