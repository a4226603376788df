/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Rare cases, and the sentences for them: what the other tests of builders,
 * load and restrict_self do not come across.
 */
#include "fake-kernel.h"
#include "tables.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void explains(const struct llk_ruleset *rs, const char *text)
{
	char buf[1024];

	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_str_eq(buf, text);
}

START_TEST(a_refused_right_is_told_beside_those_that_are_too_new)
{
	struct llk_ruleset *rs;

	fake_reset(6);
	fake.refuses = LLK_SCOPE_SIGNAL;
	rs = llk_ruleset_new(LLK_V9, LLK_ALL, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_PARTLY_ENFORCED);
	explains(rs, "partly enforced: Linux 7.1 is needed for resolve_unix; "
		     "this kernel reports ABI 6 and refuses signal.");
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(threads_without_a_name_are_counted_all_the_same)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	explains(rs, "failed: 1 other thread would stay free: call before the "
		     "first is started, or restrict all by "
		     "LLK_RESTRICT_BY_SIGNAL, or restrict this one alone by "
		     "LLK_RESTRICT_THIS_THREAD; Linux 7.0 covers all.");
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_worker_of_io_uring_that_has_no_name_yet_is_unclear)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("main", 'S', LLKI_SYS_TASK_IO_WORKER);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	explains(rs, "failed: other threads come and go: call before the first "
		     "is started, or restrict all by "
		     "LLK_RESTRICT_BY_SIGNAL, or restrict this one alone by "
		     "LLK_RESTRICT_THIS_THREAD; Linux 7.0 covers all.");
	llk_ruleset_free(rs);
}
END_TEST

/* The mistake is told of the rule that makes it, not of the first one */
START_TEST(the_quiet_rule_that_has_no_meaning_is_named)
{
	struct llk_ruleset *rs;

	fake_reset(10);
	rs = llk_ruleset_new(LLK_V10, LLK_ALL, 0);
	llk_ruleset_quiet(rs, LLK_FS);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_QUIET, "/dir2");
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 81);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP | LLK_QUIET, 80);
	ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
	explains(rs, "bug in the program: port 80: LLK_QUIET has no meaning: "
		     "llk_ruleset_quiet names no right of ports.");
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(an_error_without_words_is_told_by_its_number)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_fail(FAKE_CREATE, 1, EXDEV);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), -EXDEV);
	explains(rs, "failed: the kernel or a seccomp filter refused the "
		     "ruleset: error 18 (errno 18).");
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_missing_path_with_another_mistake_is_an_empty_one)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	llk_ruleset_allow_path(rs, 0, NULL);
	explains(rs, "bug in the program: \"\": no rights were given.");
	llk_ruleset_free(rs);
}
END_TEST

static const struct zone_row {
	uint64_t rights;
	const char *text;
} zone_rows[] = {
	{ LLK_FS, "fs does not" },
	{ LLK_FS_EXECUTE, "execute does not" },
	{ LLK_FS_EXECUTE | LLK_FS_WRITE_FILE, "execute, write_file do not" },
	{ LLK_SCOPE, "scope does not" },
	{ LLK_SCOPE | LLK_FS, "fs, scope do not" },
};

START_TEST(a_whole_zone_is_one_thing)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	char text[128];

	llk_ruleset_allow_port(rs, zone_rows[_i].rights, 80);
	snprintf(text, sizeof(text),
		 "bug in the program: port 80: %s belong in a rule of ports.",
		 zone_rows[_i].text);
	explains(rs, text);
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_network_zone_is_one_thing)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);

	llk_ruleset_allow_path(rs, LLK_NET, "/dir");
	explains(rs, "bug in the program: \"/dir\": net does not belong in a "
		     "rule of files.");
	llk_ruleset_free(rs);
}
END_TEST

/* Paths are as long as the caller likes */
START_TEST(a_length_that_int_cannot_hold_is_the_largest)
{
	char buf[4] = "abc";
	struct llki_text t = { .buf = buf, .size = sizeof(buf) };

	t.len = (size_t)INT_MAX - 1;
	ck_assert_int_eq(llki_text_end(&t), INT_MAX - 1);
	t.len = INT_MAX;
	ck_assert_int_eq(llki_text_end(&t), INT_MAX);
	t.len = (size_t)INT_MAX + 1;
	ck_assert_int_eq(llki_text_end(&t), INT_MAX);
	ck_assert_str_eq(buf, "abc");
}
END_TEST

START_TEST(a_spent_ruleset_is_told)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EBADF);
	explains(rs, "failed: the ruleset was enforced already: make a new "
		     "one.");
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(loading_twice_tells_the_same)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		explains(rs, "loaded, nothing is restricted yet: all that was "
			     "asked.");
	}
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_file_whose_type_is_not_told_is_named)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	fake_fail(FAKE_IS_DIR, 1, EIO);
	llk_ruleset_allow_path(rs, LLK_READ, "/file");
	ck_assert_int_eq(llk_ruleset_load(rs), -EIO);
	explains(rs, "failed: \"/file\": its type can't be told: input or "
		     "output failed.");
	llk_ruleset_free(rs);
}
END_TEST

/* The first failure is told, and not what came of cleaning up */
START_TEST(a_failed_close_does_not_hide_a_failed_rule)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	fake_fail(FAKE_CLOSE, 1, EIO);
	llk_ruleset_allow_path(rs, LLK_READ, "/pipe");
	ck_assert_int_eq(llk_ruleset_load(rs), -EBADFD);
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_duplicate_that_stays_open_is_told)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	llk_ruleset_allow_fd(rs, LLK_READ, fake_open("/dir"));
	fake_fail(FAKE_CLOSE, 2, EIO);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked. A descriptor that is a way "
		     "around it could not be closed: input or output failed.");
	llk_ruleset_free(rs);
}
END_TEST

/* No flag but LLK_RESTRICT_THIS_THREAD lets other threads stay free */
START_TEST(log_flags_do_not_forgive_other_threads)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	fake_reset(7);
	fake_add_task("other", 'S', 0);
	ck_assert_int_eq(
		llk_ruleset_restrict_self(rs, LLK_RESTRICT_LOG_NEW_EXEC_ON),
		-EOPNOTSUPP);
	ck_assert_int_eq(fake.n_enforced, 0);
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(one_right_alone_is_missing_without_landlock)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t right = 1ULL << bit & llk_abi_rights(LLK_V11);
		struct llk_ruleset *rs;

		if (!right)
			continue;
		fake_reset(0);
		rs = llk_ruleset_new(LLK_V11, right, LLK_BEST_EFFORT);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0),
				 LLK_NOT_ENFORCED);
		llk_ruleset_free(rs);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *tc = tcase_create("explain");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_add_test(tc,
		       a_refused_right_is_told_beside_those_that_are_too_new);
	tcase_add_test(tc, threads_without_a_name_are_counted_all_the_same);
	tcase_add_test(tc,
		       a_worker_of_io_uring_that_has_no_name_yet_is_unclear);
	tcase_add_test(tc, the_quiet_rule_that_has_no_meaning_is_named);
	tcase_add_test(tc, an_error_without_words_is_told_by_its_number);
	tcase_add_test(tc, a_missing_path_with_another_mistake_is_an_empty_one);
	tcase_add_loop_test(tc, a_whole_zone_is_one_thing, 0, COUNT(zone_rows));
	tcase_add_test(tc, a_network_zone_is_one_thing);
	tcase_add_test(tc, a_length_that_int_cannot_hold_is_the_largest);
	tcase_add_test(tc, a_spent_ruleset_is_told);
	tcase_add_test(tc, loading_twice_tells_the_same);
	tcase_add_test(tc, a_file_whose_type_is_not_told_is_named);
	tcase_add_test(tc, a_failed_close_does_not_hide_a_failed_rule);
	tcase_add_test(tc, a_duplicate_that_stays_open_is_told);
	tcase_add_test(tc, log_flags_do_not_forgive_other_threads);
	tcase_add_test(tc, one_right_alone_is_missing_without_landlock);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
