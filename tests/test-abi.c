/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What each ABI has, against the fake kernel's own table, and llk_abi.
 */
#include "fake-kernel.h"
#include "tables.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

START_TEST(rights_of_each_abi_are_the_kernels)
{
	for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++)
		ck_assert_uint_eq(llk_abi_rights(abi), fake_abi_rights(abi));
}
END_TEST

START_TEST(flags_and_quiet_of_each_abi_are_the_kernels)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		const struct fake_abi *row = fake_abi_row(abi);

		ck_assert_uint_eq(llki_abi_row(abi)->flags,
				  row->restrict_flags);
		ck_assert_int_eq(
			(llki_abi_row(abi)->quiet & fake_abi_rights(abi)) != 0,
			row->has_quiet);
	}
}
END_TEST

/* The fake kernel knows one more than the library */
#define NEWEST (FAKE_NEWEST_ABI - 1)

START_TEST(an_abi_newer_than_the_library_has_the_newest_rights)
{
	ck_assert_uint_eq(llk_abi_rights(FAKE_NEWEST_ABI),
			  llk_abi_rights(NEWEST));
	ck_assert_uint_eq(llk_abi_rights(1000), llk_abi_rights(NEWEST));
	ck_assert_uint_eq(llk_abi_rights(INT_MAX), llk_abi_rights(NEWEST));
}
END_TEST

START_TEST(no_abi_has_no_rights)
{
	ck_assert_uint_eq(llk_abi_rights(0), 0);
	ck_assert_uint_eq(llk_abi_rights(-ENOSYS), 0);
	ck_assert_uint_eq(llk_abi_rights(INT_MIN), 0);
}
END_TEST

START_TEST(each_abi_holds_the_ones_before)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		uint64_t before = llk_abi_rights(abi - 1);

		ck_assert_uint_eq(before & ~llk_abi_rights(abi), 0);
		ck_assert_uint_eq(llk_abi_rights(abi) & ~LLK_ALL, 0);
	}
}
END_TEST

START_TEST(llk_abi_is_the_kernels_raw_number)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		fake_reset(abi);
		ck_assert_int_eq(llk_abi(), abi);
		ck_assert_str_eq(fake.log, "query\n");
	}
}
END_TEST

START_TEST(llk_abi_tells_why_there_is_none)
{
	static const int errors[] = { ENOSYS, EOPNOTSUPP, EPERM, EACCES, EIO };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake_reset(0);
		fake.no_landlock = errors[i];
		ck_assert_int_eq(llk_abi(), -errors[i]);
	}
}
END_TEST

/* SECCOMP_RET_ERRNO with 0, and a SIGSYS handler that returned */
START_TEST(a_version_query_answered_by_a_filter_is_no_abi)
{
	fake_reset(7);
	fake.query_answer = 0;
	ck_assert_int_eq(llk_abi(), -ENOSYS);
	fake.query_answer = LLKI_SYS_CREATE_RULESET;
	ck_assert_int_eq(llk_abi(), -ENOSYS);
}
END_TEST

/* The errata query is no version query; nothing here depends on it */
START_TEST(nothing_asks_for_errata)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V11, LLK_ALL, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake.n_of[FAKE_ERRATA], 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("abi");
	TCase *tc = tcase_create("abi");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_add_test(tc, rights_of_each_abi_are_the_kernels);
	tcase_add_test(tc, flags_and_quiet_of_each_abi_are_the_kernels);
	tcase_add_test(tc, an_abi_newer_than_the_library_has_the_newest_rights);
	tcase_add_test(tc, no_abi_has_no_rights);
	tcase_add_test(tc, each_abi_holds_the_ones_before);
	tcase_add_test(tc, llk_abi_is_the_kernels_raw_number);
	tcase_add_test(tc, llk_abi_tells_why_there_is_none);
	tcase_add_test(tc, a_version_query_answered_by_a_filter_is_no_abi);
	tcase_add_test(tc, nothing_asks_for_errata);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
