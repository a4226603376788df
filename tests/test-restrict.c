/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Enforcing: the exact calls on each ABI, flags, no_new_privs, layers, and
 * what is left of the object.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define LOG_FLAGS                                                        \
	(LLK_RESTRICT_LOG_SAME_EXEC_OFF | LLK_RESTRICT_LOG_NEW_EXEC_ON | \
	 LLK_RESTRICT_LOG_SUBDOMAINS_OFF)

static void explains(const struct llk_ruleset *rs, const char *text)
{
	char buf[1024];

	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_str_eq(buf, text);
}

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

static struct llk_ruleset *loaded_files(unsigned int flags)
{
	struct llk_ruleset *rs = files(flags);

	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);

	return rs;
}

static uint32_t means(int abi)
{
	return abi >= 11 ? 0x18 : abi >= 8 ? 0x8 : 0;
}

/* --- calls -----------------------------------------------------------------
 */

#define CREATE "create fs=1fff net=0 scope=0 quiet=0,0,0\n"

static const char *calls_of_abi(int abi)
{
	if (abi >= 11)
		return "query\n" CREATE "restrict flags=18\nclose ruleset\n";
	if (abi >= 8)
		return "query\n" CREATE
		       "no_new_privs\nrestrict flags=8\nclose ruleset\n";

	return "query\n" CREATE
	       "count\nno_new_privs\nrestrict flags=0\nclose ruleset\n";
}

START_TEST(enforcing_costs_six_five_or_four_calls)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		ck_assert_int_eq(fake.n_calls, abi >= 11  ? 4
					       : abi >= 8 ? 5
							  : 6);
		ck_assert_str_eq(fake.log, calls_of_abi(abi));
		explains(rs, "enforced: all that was asked.");
		end(rs);
	}
}
END_TEST

START_TEST(enforcing_a_loaded_ruleset_costs_four_three_or_two_calls)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		rs = files(0);
		for (int i = 0; i < 20; i++)
			llk_ruleset_allow_path(rs, LLK_READ, "/dir");
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		fake_forget();
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		ck_assert_int_eq(fake.n_calls, abi >= 11  ? 2
					       : abi >= 8 ? 3
							  : 4);
		ck_assert_str_eq(fake.log,
				 calls_of_abi(abi) + strlen("query\n" CREATE));
		end(rs);
	}
}
END_TEST

/* A way to widen the ruleset, and ways around it, in the sandboxed process */
START_TEST(no_descriptor_is_left_once_the_layer_is_in_place)
{
	for (int is_loaded = 0; is_loaded <= 1; is_loaded++) {
		struct llk_ruleset *rs;
		int fd;

		fake_reset(11);
		fd = fake_open("/dir");
		rs = files(0);
		llk_ruleset_allow_fd(rs, LLK_READ, fd);
		llk_ruleset_allow_fd(rs, LLK_READ, fd);
		if (is_loaded)
			ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		ck_assert_int_eq(fake_n_open(), 0);
		ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
		end(rs);
	}
}
END_TEST

START_TEST(an_abi_newer_than_the_library_is_used_at_the_newest_row)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	fake.query_answer = 1000;
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, LOG_FLAGS),
			 LLK_ENFORCED);
	ck_assert_uint_eq(fake.enforced_flags, 0x1f);
	ck_assert_uint_eq(llk_ruleset_handled(rs), fake_abi_rights(11));
	end(rs);
}
END_TEST

/* Strict compares rights and flags, never numbers */
START_TEST(strict_takes_a_version_whose_rights_are_there)
{
	static const struct {
		int version, abi;
		uint64_t handled;
	} rows[] = {
		{ LLK_V11, 9, LLK_FS },	  { LLK_V11, 6, LLK_SCOPE },
		{ LLK_V9, 4, LLK_NET },	  { LLK_V8, 5, LLK_FS },
		{ LLK_V11, 10, LLK_ALL }, { LLK_V3, 12, LLK_ALL },
		{ LLK_V11, 1, 0x1fff },	  { LLK_V2, 1, LLK_FS },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct llk_ruleset *rs;

		fake_reset(rows[i].abi);
		rs = llk_ruleset_new(rows[i].version, rows[i].handled, 0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		end(rs);
	}
}
END_TEST

/* --- flags -----------------------------------------------------------------
 */

START_TEST(unknown_flags_are_a_mistake_before_any_effect)
{
	/* tsync and no_new_privs of the kernel too */
	static const unsigned int flags[] = {
		0x8,	   0x10,	   0x20,
		0x8000,	   0x80000,	   1U << 31,
		0x1 | 0x8, 0x10000 | 0x10, 0x20000 | 0x80000,
		~0U
	};

	for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++) {
		for (size_t i = 0; i < COUNT(flags); i++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = files(LLK_BEST_EFFORT * (i & 1));
			ck_assert_int_eq(
				llk_ruleset_restrict_self(rs, flags[i]),
				-EINVAL);
			explains(rs, "bug in the program: llk_ruleset_restrict_"
				     "self was given an unknown flag.");
			ck_assert_int_eq(fake.n_calls, 0);
			ck_assert_int_eq(llk_ruleset_error(rs), 0);
			end(rs);
		}
	}
}
END_TEST

START_TEST(an_unknown_flag_leaves_a_loaded_ruleset_loaded)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = loaded_files(0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0x8), -EINVAL);
	ck_assert_int_ge(llk_ruleset_fd(rs), FAKE_FIRST_FD);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked.");
	end(rs);
}
END_TEST

START_TEST(log_flags_reach_the_kernels_that_have_them)
{
	for (int abi = 7; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags < 8; flags++) {
			for (unsigned int i = 0; i < 4; i++) {
				struct llk_ruleset *rs;

				fake_reset(abi);
				rs = i & 1 ? files(i >> 1)
					   : loaded_files(i >> 1);
				ck_assert_int_eq(
					llk_ruleset_restrict_self(rs, flags),
					LLK_ENFORCED);
				ck_assert_uint_eq(fake.enforced_flags,
						  flags | means(abi));
				explains(rs, "enforced: all that was asked.");
				end(rs);
			}
		}
	}
}
END_TEST

START_TEST(missing_log_flags_are_an_error_in_strict)
{
	for (int abi = 1; abi < 7; abi++) {
		for (int is_loaded = 0; is_loaded <= 1; is_loaded++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = is_loaded ? loaded_files(0) : files(0);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(
					rs, LLK_RESTRICT_LOG_SUBDOMAINS_OFF),
				-EOPNOTSUPP);
			explains(rs, "failed: Linux 6.15 is needed for "
				     "log_subdomains_off.");
			ck_assert_int_eq(fake.n_enforced, 0);
			ck_assert(!fake.has_no_new_privs);
			ck_assert_int_eq(fake_n_open(), is_loaded);
			ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
					 LLK_ENFORCED);
			end(rs);
		}
	}
}
END_TEST

START_TEST(missing_log_flags_are_dropped_in_best_effort_and_told)
{
	for (int abi = 1; abi < 7; abi++) {
		for (int is_loaded = 0; is_loaded <= 1; is_loaded++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = is_loaded ? loaded_files(LLK_BEST_EFFORT)
				       : files(LLK_BEST_EFFORT);
			if (!is_loaded)
				llk_ruleset_require(rs, LLK_ALL);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(rs, LOG_FLAGS),
				LLK_ENFORCED);
			ck_assert_uint_eq(fake.enforced_flags, 0);
			explains(rs, "enforced: all that was asked. Done "
				     "without: Linux 6.15 is needed for "
				     "log_same_exec_off, log_new_exec_on, "
				     "log_subdomains_off.");
			end(rs);
		}
	}
}
END_TEST

START_TEST(this_thread_alone_is_asked_for_without_tsync)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		for (int is_loaded = 0; is_loaded <= 1; is_loaded++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			fake_add_task("other", 'S', 0);
			fake.libc_knows = 0;
			rs = is_loaded ? loaded_files(0) : files(0);
			ck_assert_int_eq(llk_ruleset_restrict_self(
						 rs, LLK_RESTRICT_THIS_THREAD),
					 LLK_ENFORCED);
			ck_assert_uint_eq(fake.enforced_flags,
					  means(abi) & ~0x8U);
			ck_assert_int_eq(fake.n_of[FAKE_COUNT], 0);
			explains(rs, "enforced: all that was asked.");
			end(rs);
		}
	}
}
END_TEST

/* --- no_new_privs -----------------------------------------------------------
 */

START_TEST(no_new_privs_is_set_after_success)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		ck_assert(fake.has_no_new_privs);
		ck_assert_int_eq(fake.n_of[FAKE_NO_NEW_PRIVS], abi < 11);
		end(rs);
	}
}
END_TEST

START_TEST(no_new_privs_can_be_left_alone)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		fake.is_admin = true;
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(
					 rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
				 LLK_ENFORCED);
		ck_assert(!fake.has_no_new_privs);
		ck_assert_int_eq(fake.n_of[FAKE_NO_NEW_PRIVS], 0);
		ck_assert_uint_eq(fake.enforced_flags, means(abi) & ~0x10U);
		end(rs);
	}
}
END_TEST

START_TEST(without_no_new_privs_and_the_capability_it_is_eperm)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT;
		     flags++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = files(flags);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(
					rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
				-EPERM);
			explains(rs,
				 "failed: not permitted: no_new_privs is not "
				 "set and CAP_SYS_ADMIN missing, or a "
				 "seccomp filter refuses.");
			ck_assert_int_eq(fake_n_open(), 0);
			ck_assert(!fake.has_no_new_privs);

			/* set by the caller meanwhile */
			fake.has_no_new_privs = true;
			ck_assert_int_eq(
				llk_ruleset_restrict_self(
					rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
				LLK_ENFORCED);
			end(rs);
		}
	}
}
END_TEST

/* --- layers ------------------------------------------------------------------
 */

START_TEST(sixteen_layers_work_and_the_next_is_an_error)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		fake.n_layers = 15;
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_ENFORCED);
		end(rs);

		fake.has_no_new_privs = false;
		rs = files(LLK_BEST_EFFORT);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -E2BIG);
		explains(rs, "failed: 16 layers are in place, and there can't "
			     "be more.");
		ck_assert_int_eq(fake.n_layers, 16);
		ck_assert_int_eq(fake_n_open(), 0);
		/* The one thing that stays, where the kernel can't do both */
		ck_assert_int_eq(fake.has_no_new_privs, abi < 11);
		end(rs);
	}
}
END_TEST

START_TEST(a_failed_layer_leaves_a_loaded_ruleset_loaded)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(7);
	fake.n_layers = 16;
	rs = loaded_files(0);
	fd = llk_ruleset_fd(rs);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -E2BIG);
	ck_assert_int_eq(llk_ruleset_fd(rs), fd);
	ck_assert_int_eq(fake_n_open(), 1);
	fake.n_layers = 0;
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	end(rs);
}
END_TEST

/* --- floor and ceiling
 * --------------------------------------------------------- */

START_TEST(floor_and_ceiling)
{
	for (int floor = 1; floor <= 11; floor++) {
		for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++) {
			struct llk_ruleset *rs;
			/* On ABI 1 refer can't be granted, and is denied */
			bool is_met = !(fake_abi_rights(floor) &
					~fake_abi_rights(abi) &
					~(abi ? LLK_FS_REFER : 0));

			fake_reset(abi);
			rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
			llk_ruleset_require(rs, llk_abi_rights(floor));
			ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
					 !is_met     ? -EOPNOTSUPP
					 : abi >= 10 ? LLK_ENFORCED
						     : LLK_PARTLY_ENFORCED);
			ck_assert_int_eq(fake.n_enforced, is_met);
			end(rs);
		}
	}
}
END_TEST

/* Calls of require add up */
START_TEST(each_required_right_counts)
{
	struct llk_ruleset *rs;

	fake_reset(3);
	rs = llk_ruleset_new(LLK_V4, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_require(rs, LLK_NET_BIND_TCP);
	llk_ruleset_require(rs, LLK_FS);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	end(rs);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("restrict");
	TCase *tc = tcase_create("restrict");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, enforcing_costs_six_five_or_four_calls);
	tcase_add_test(
		tc, enforcing_a_loaded_ruleset_costs_four_three_or_two_calls);
	tcase_add_test(tc, no_descriptor_is_left_once_the_layer_is_in_place);
	tcase_add_test(tc,
		       an_abi_newer_than_the_library_is_used_at_the_newest_row);
	tcase_add_test(tc, strict_takes_a_version_whose_rights_are_there);
	tcase_add_test(tc, unknown_flags_are_a_mistake_before_any_effect);
	tcase_add_test(tc, an_unknown_flag_leaves_a_loaded_ruleset_loaded);
	tcase_add_test(tc, log_flags_reach_the_kernels_that_have_them);
	tcase_add_test(tc, missing_log_flags_are_an_error_in_strict);
	tcase_add_test(tc,
		       missing_log_flags_are_dropped_in_best_effort_and_told);
	tcase_add_test(tc, this_thread_alone_is_asked_for_without_tsync);
	tcase_add_test(tc, no_new_privs_is_set_after_success);
	tcase_add_test(tc, no_new_privs_can_be_left_alone);
	tcase_add_test(tc, without_no_new_privs_and_the_capability_it_is_eperm);
	tcase_add_test(tc, sixteen_layers_work_and_the_next_is_an_error);
	tcase_add_test(tc, a_failed_layer_leaves_a_loaded_ruleset_loaded);
	tcase_add_test(tc, floor_and_ceiling);
	tcase_add_test(tc, each_required_right_counts);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
