/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * LLK_RESTRICT_BY_SIGNAL above the seam: when it is used, what each end of it
 * becomes in strict and best effort, what is left of the object, and the words.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define BY_SIGNAL LLK_RESTRICT_BY_SIGNAL
#define FIRST_TSYNC 8
#define FIRST_LOG 7

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

/* A kernel of @abi, and a process with two threads */
static void reset(int abi)
{
	fake_reset(abi);
	fake_add_task("worker", 'S', 0);
	fake.libc_knows = 0;
}

static struct llk_ruleset *files(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS, flags);
}

/* --- when it is used ---------------------------------------------------- */

START_TEST(below_abi_8_all_threads_are_restricted)
{
	for (int abi = 1; abi < FIRST_TSYNC; abi++) {
		for (unsigned int i = 0; i < 4; i++) {
			struct llk_ruleset *rs;

			reset(abi);
			rs = files(i & LLK_BEST_EFFORT);
			if (i & 2)
				ck_assert_int_eq(llk_ruleset_load(rs), 0);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(rs, BY_SIGNAL),
				LLK_ENFORCED);
			ck_assert_int_eq(fake.n_of[FAKE_ALL], 1);
			ck_assert_int_eq(fake.n_of[FAKE_RESTRICT], 0);
			ck_assert_int_eq(fake.n_of[FAKE_NO_NEW_PRIVS], 0);
			ck_assert_int_eq(fake.n_enforced, 1);
			ck_assert(fake.has_no_new_privs);
			ck_assert_int_eq(fake_n_open(), 0);
			ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
			explains(rs, "enforced: all that was asked.");
			end(rs);
		}
	}
}
END_TEST

/* The same calls as without it */
static void compare_logs(int abi, bool has_others)
{
	static char without[FAKE_LOG_SIZE];

	for (unsigned int flags = 0; flags <= BY_SIGNAL; flags += BY_SIGNAL) {
		struct llk_ruleset *rs;

		fake_reset(abi);
		if (has_others)
			fake_add_task("worker", 'S', 0);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, flags),
				 LLK_ENFORCED);
		ck_assert_int_eq(fake.n_of[FAKE_ALL], 0);
		if (flags)
			ck_assert_str_eq(fake.log, without);
		else
			snprintf(without, sizeof(without), "%s", fake.log);
		end(rs);
	}
}

START_TEST(from_abi_8_on_the_flag_changes_nothing)
{
	for (int abi = FIRST_TSYNC; abi <= FAKE_NEWEST_ABI; abi++)
		compare_logs(abi, true);
}
END_TEST

START_TEST(with_one_thread_the_flag_changes_nothing)
{
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++)
		compare_logs(abi, false);
}
END_TEST

/* By signal one other is enough to know; who is told their number needs all */
START_TEST(the_others_are_listed_where_they_are_told)
{
	const unsigned int flags[] = { 0, LLK_RESTRICT_SKIP_NO_NEW_PRIVS,
				       BY_SIGNAL };

	for (int i = 0; i < 3; i++) {
		struct llk_ruleset *rs;

		fake_reset(7);
		for (int n = 0; n < 5; n++)
			fake_add_task("worker", 'S', 0);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, flags[i]),
				 i == 2 ? LLK_ENFORCED : -EOPNOTSUPP);
		/* the caller, and the others; without BY_SIGNAL the end, too */
		ck_assert_int_eq(fake.n_of[FAKE_NEXT], i == 2 ? 2 : 7);
		end(rs);
	}
}
END_TEST

START_TEST(one_thread_and_all_threads_exclude_each_other)
{
	for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int i = 0; i < 2; i++) {
			unsigned int both =
				BY_SIGNAL | LLK_RESTRICT_THIS_THREAD;
			struct llk_ruleset *rs;

			reset(abi);
			rs = files(i);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(
					rs,
					both | LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
				-EINVAL);
			ck_assert_int_eq(llk_ruleset_restrict_self(rs, both),
					 -EINVAL);
			ck_assert_int_eq(fake.n_calls, 0);
			explains(rs, "bug in the program: LLK_RESTRICT_BY_"
				     "SIGNAL is for all threads and LLK_"
				     "RESTRICT_THIS_THREAD for one.");
			end(rs);
		}
	}
}
END_TEST

START_TEST(without_landlock_no_thread_is_stopped)
{
	struct llk_ruleset *rs;

	reset(0);
	rs = files(LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL),
			 LLK_NOT_ENFORCED);
	ck_assert_int_eq(fake.n_of[FAKE_ALL], 0);
	end(rs);
}
END_TEST

START_TEST(log_flags_reach_each_thread)
{
	for (int abi = 1; abi < FIRST_TSYNC; abi++) {
		struct llk_ruleset *rs;

		reset(abi);
		rs = files(LLK_BEST_EFFORT);
		ck_assert_int_eq(
			llk_ruleset_restrict_self(
				rs, BY_SIGNAL | LLK_RESTRICT_LOG_SAME_EXEC_OFF |
					    LLK_RESTRICT_LOG_SUBDOMAINS_OFF),
			LLK_ENFORCED);
		ck_assert_uint_eq(fake.enforced_flags,
				  abi < FIRST_LOG ? 0 : 0x5);
		end(rs);
	}
}
END_TEST

START_TEST(no_new_privs_can_be_left_alone)
{
	for (int abi = 1; abi < FIRST_TSYNC; abi++) {
		for (int is_admin = 0; is_admin <= 1; is_admin++) {
			struct llk_ruleset *rs;

			reset(abi);
			fake.is_admin = is_admin;
			rs = files(LLK_BEST_EFFORT);
			ck_assert_int_eq(
				llk_ruleset_restrict_self(
					rs,
					BY_SIGNAL |
						LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
				is_admin ? LLK_ENFORCED : -EPERM);
			ck_assert(!fake.has_no_new_privs);
			end(rs);
		}
	}
}
END_TEST

/* --- erratum 2 ----------------------------------------------------------- */

static const char *const scope_words =
	"threads could no longer signal each other under the signal scope: "
	"leave it out of this ruleset.";

static int enforce_scopes(uint64_t scopes, int errata, bool is_best_effort)
{
	struct llk_ruleset *rs;
	char why[256], wanted[256];
	int r;

	reset(7);
	fake.errata = errata;
	rs = llk_ruleset_new(LLK_V6, LLK_FS | scopes, is_best_effort);
	r = llk_ruleset_restrict_self(rs, BY_SIGNAL);
	ck_assert_int_eq(fake.n_of[FAKE_ALL], r == LLK_ENFORCED);
	if (r) {
		llk_ruleset_explain(rs, why, sizeof(why));
		snprintf(wanted, sizeof(wanted), "%s%s",
			 r < 0 ? "failed: " : "not enforced: ", scope_words);
		ck_assert_str_eq(why, wanted);
	}
	end(rs);

	return r;
}

START_TEST(the_signal_scope_needs_erratum_2)
{
	ck_assert_int_eq(enforce_scopes(LLK_SCOPE, 0x7, false), LLK_ENFORCED);
	ck_assert_int_eq(enforce_scopes(LLK_SCOPE, 0x2, true), LLK_ENFORCED);
	ck_assert_int_eq(enforce_scopes(LLK_SCOPE, 0x5, false), -EOPNOTSUPP);
	ck_assert_int_eq(enforce_scopes(LLK_SCOPE, 0, true), LLK_NOT_ENFORCED);
	ck_assert_int_eq(
		enforce_scopes(LLK_SCOPE_ABSTRACT_UNIX_SOCKET, 0, false),
		LLK_ENFORCED);
	ck_assert_int_eq(enforce_scopes(0, 0, false), LLK_ENFORCED);
}
END_TEST

START_TEST(a_kernel_that_does_not_tell_its_errata_lacks_it)
{
	struct llk_ruleset *rs;

	reset(6);
	rs = llk_ruleset_new(LLK_V6, LLK_FS | LLK_SCOPE_SIGNAL, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL), -EOPNOTSUPP);
	ck_assert_int_eq(fake.n_of[FAKE_ALL], 0);
	ck_assert_int_eq(fake.n_of[FAKE_ERRATA], 1);
	end(rs);
}
END_TEST

/* --- ends ----------------------------------------------------------------- */

struct ending {
	enum llki_sys_all_end end;
	int error;  /* of the call that failed */
	int answer; /* of the whole */
	bool is_forgiven;
	const char *words;
};

/* It is another one on mips */
#define NUMBER(name) NUMBER_(name)
#define NUMBER_(number) #number

/* clang-format off */
static const struct ending endings[] = {
	{ LLKI_SYS_ALL_UNPORTED, 0, -EOPNOTSUPP, true,
	  "LLK_RESTRICT_BY_SIGNAL does not know this processor or libc: call before the first thread." },
	{ LLKI_SYS_ALL_NO_PROC, -ENOSYS, -EOPNOTSUPP, true,
	  "/proc is missing or not this process's own: LLK_RESTRICT_BY_SIGNAL lists the threads there." },
	{ LLKI_SYS_ALL_NO_PROC, -EACCES, -EOPNOTSUPP, true,
	  "/proc/self/task can't be read, where LLK_RESTRICT_BY_SIGNAL lists the threads: "
	  "permission denied." },
	{ LLKI_SYS_ALL_POLL_THREAD, 0, -EOPNOTSUPP, true,
	  "thread 77 (\"gmain\") polls an io_uring ring and would stay free: make SQPOLL rings later." },
	{ LLKI_SYS_ALL_UNREACHED, 0, -ETIMEDOUT, true,
	  "thread 77 (\"gmain\") did not stop: it blocks all signals, waits in vfork or for a "
	  "debugger, or no signal can be queued." },
	{ LLKI_SYS_ALL_UNSTEADY, 0, -ETIMEDOUT, true,
	  "other threads came and went, and could not be stopped all at once: try again." },
	{ LLKI_SYS_ALL_NO_SIGNAL, -EPERM, -EPERM, false,
	  "thread 77 (\"gmain\") can't be stopped by a signal, a filter refuses: not permitted (errno 1)." },
	{ LLKI_SYS_ALL_NO_MEMORY, -ENOMEM, -ENOMEM, false, "out of memory." },
	{ LLKI_SYS_ALL_NO_LIST, -EMFILE, -EMFILE, false,
	  "/proc/self/task can't be opened, where LLK_RESTRICT_BY_SIGNAL lists the threads: too many "
	  "open files in this process." },
	{ LLKI_SYS_ALL_NO_NEW_PRIVS, -EPERM, -EPERM, false,
	  "thread 77 (\"gmain\"): no_new_privs can't be set: not permitted (errno 1)." },
	{ LLKI_SYS_ALL_REFUSED, -EPERM, -EPERM, false,
	  "thread 77 (\"gmain\"): no_new_privs is not set and CAP_SYS_ADMIN missing, or a seccomp "
	  "filter refuses." },
	{ LLKI_SYS_ALL_REFUSED, -EBADF, -EBADF, false,
	  "thread 77 (\"gmain\") has descriptors of its own, and not the ruleset: it was made without "
	  "CLONE_FILES." },
	{ LLKI_SYS_ALL_REFUSED, -ENOSYS, -ENOSYS, false,
	  "thread 77 (\"gmain\"): the kernel or a seccomp filter would refuse the layer: no such system "
	  "call (errno " NUMBER(ENOSYS) ")." },
	/* what a filter answers is no outcome, whatever it is */
	{ LLKI_SYS_ALL_REFUSED, -EOPNOTSUPP, -EOPNOTSUPP, false,
	  "thread 77 (\"gmain\"): the kernel or a seccomp filter would refuse the layer: not supported "
	  "(errno " NUMBER(EOPNOTSUPP) ")." },
	{ LLKI_SYS_ALL_REFUSED, -ETIMEDOUT, -ETIMEDOUT, false,
	  "thread 77 (\"gmain\") did not answer: a seccomp filter has ended it." },
	{ LLKI_SYS_ALL_SELF_PRIVS, -EPERM, -EPERM, false,
	  "no_new_privs can't be set: not permitted (errno 1)." },
	{ LLKI_SYS_ALL_SELF, -E2BIG, -E2BIG, false,
	  "16 layers are in place, and there can't be more." },
};
/* clang-format on */

static void set_end(const struct ending *e)
{
	fake.all.end = e->end;
	fake.all.error = e->error;
	fake.all.id = 77;
	strcpy(fake.all.name, "gmain");
	if (e->end == LLKI_SYS_ALL_SELF)
		fake.all.id = 0;
	fake.all_answer = e->answer;
}

/* @mode: strict, best effort, best effort with a floor */
static void end_so(const struct ending *e, int mode, bool is_loaded)
{
	struct llk_ruleset *rs;
	char text[512];
	int wanted = mode == 1 && e->is_forgiven ? LLK_NOT_ENFORCED : e->answer;

	reset(7);
	rs = files(mode ? LLK_BEST_EFFORT : 0);
	if (mode == 2)
		llk_ruleset_require(rs, LLK_FS_EXECUTE);
	if (is_loaded)
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	set_end(e);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL), wanted);
	snprintf(text, sizeof(text), "%s%s",
		 wanted < 0 ? "failed: " : "not enforced: ", e->words);
	explains(rs, text);
	ck_assert_int_eq(fake.n_enforced, 0);
	ck_assert_int_eq(fake_n_open(), is_loaded);
	ck_assert_uint_eq(llk_ruleset_handled(rs), is_loaded ? 0x3fff : 0);

	/* it may be repeated */
	memset(&fake.all, 0, sizeof(fake.all));
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL),
			 LLK_ENFORCED);
	explains(rs, "enforced: all that was asked.");
	end(rs);
}

START_TEST(each_end_has_its_outcome_and_words)
{
	for (int mode = 0; mode < 3; mode++) {
		end_so(&endings[_i], mode, false);
		end_so(&endings[_i], mode, true);
	}
}
END_TEST

START_TEST(the_half_state_is_spent_and_told_first)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {
		{ -E2BIG, "thread 77 (\"gmain\") has 16 layers already." },
		{ -ETIMEDOUT, "thread 77 (\"gmain\") did not answer: a "
			      "seccomp filter has ended it." },
		{ -ENOMEM, "thread 77 (\"gmain\"): the kernel or a seccomp "
			   "filter refused the layer: out of memory (errno "
			   "12)." },
	};

	for (unsigned int i = 0; i < 2 * 2 * COUNT(rows); i++) {
		struct ending half = { LLKI_SYS_ALL_HALF, rows[i / 4].error,
				       -ENOTRECOVERABLE, false, NULL };
		struct llk_ruleset *rs;
		char text[512];

		reset(7);
		rs = files(i & LLK_BEST_EFFORT);
		llk_ruleset_allow_fd(rs, LLK_READ, fake_open("/dir"));
		if (i & 2)
			ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		set_end(&half);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL),
				 -ENOTRECOVERABLE);
		snprintf(text, sizeof(text),
			 "failed half way, this process must exit: some "
			 "threads are restricted and some are not. %s",
			 rows[i / 4].words);
		explains(rs, text);
		ck_assert_int_eq(fake_n_open(), 0);
		ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL),
				 -EBADF);
		end(rs);
	}
}
END_TEST

START_TEST(names_of_threads_forge_no_log_line)
{
	struct llk_ruleset *rs;

	reset(7);
	set_end(&endings[4]);
	strcpy(fake.all.name, "a\n\"\033[1m");
	rs = files(0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL), -ETIMEDOUT);
	explains(rs, "failed: thread 77 (\"a\\x0a\\\"\\x1b[1m\") did not stop: "
		     "it blocks all signals, waits in vfork or for a debugger, "
		     "or no signal can be queued.");
	end(rs);
}
END_TEST

START_TEST(a_thread_is_named_as_far_as_it_is_known)
{
	static const struct {
		unsigned int id;
		const char *name, *words;
	} rows[] = {
		{ 0, "", "a thread" },
		{ 77, "", "thread 77" },
		{ 77, "gmain", "thread 77 (\"gmain\")" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct llk_ruleset *rs;
		char text[128];

		reset(7);
		set_end(&endings[6]);
		fake.all.id = rows[i].id;
		strcpy(fake.all.name, rows[i].name);
		rs = files(0);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, BY_SIGNAL),
				 -EPERM);
		snprintf(text, sizeof(text),
			 "failed: %s can't be stopped by a signal, a filter "
			 "refuses: not permitted (errno 1).",
			 rows[i].words);
		explains(rs, text);
		end(rs);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("by-signal");
	TCase *tc = tcase_create("by-signal");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, below_abi_8_all_threads_are_restricted);
	tcase_add_test(tc, from_abi_8_on_the_flag_changes_nothing);
	tcase_add_test(tc, with_one_thread_the_flag_changes_nothing);
	tcase_add_test(tc, the_others_are_listed_where_they_are_told);
	tcase_add_test(tc, one_thread_and_all_threads_exclude_each_other);
	tcase_add_test(tc, without_landlock_no_thread_is_stopped);
	tcase_add_test(tc, log_flags_reach_each_thread);
	tcase_add_test(tc, no_new_privs_can_be_left_alone);
	tcase_add_test(tc, the_signal_scope_needs_erratum_2);
	tcase_add_test(tc, a_kernel_that_does_not_tell_its_errata_lacks_it);
	tcase_add_loop_test(tc, each_end_has_its_outcome_and_words, 0,
			    COUNT(endings));
	tcase_add_test(tc, the_half_state_is_spent_and_told_first);
	tcase_add_test(tc, names_of_threads_forge_no_log_line);
	tcase_add_test(tc, a_thread_is_named_as_far_as_it_is_known);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
