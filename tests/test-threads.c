/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Threads where the kernel can't cover them: who is counted, when the answer
 * is final, and what happens to a process that has others.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define LAST_WAY_OUT                                                 \
	", or restrict this one alone by LLK_RESTRICT_THIS_THREAD; " \
	"Linux 7.0 covers all."
#define LAST_WAYS_OUT ", or restrict all by LLK_RESTRICT_BY_SIGNAL" LAST_WAY_OUT
#define NO_PROC \
	"there is no /proc to count the threads in: mount it" LAST_WAY_OUT
#define WAYS_OUT \
	" would stay free: call before the first is started" LAST_WAYS_OUT

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

/* What restrict_self does with the threads that are set up in the fake */
static int enforce(unsigned int flags)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, flags);
	int r;

	fake_forget();
	r = llk_ruleset_restrict_self(rs, 0);
	ck_assert_int_eq(fake.n_enforced, r == LLK_ENFORCED);
	end(rs);
	fake.n_enforced = 0;
	fake.has_no_new_privs = false;

	return r;
}

static void is_one(void)
{
	ck_assert_int_eq(enforce(0), LLK_ENFORCED);
	ck_assert_int_eq(enforce(LLK_BEST_EFFORT), LLK_ENFORCED);
}

static void is_several(void)
{
	ck_assert_int_eq(enforce(0), -EOPNOTSUPP);
	ck_assert_int_eq(enforce(LLK_BEST_EFFORT), LLK_NOT_ENFORCED);
}

/* --- the link count ---------------------------------------------------------
 */

START_TEST(one_that_libc_knows_of_is_final)
{
	fake_reset(7);
	is_one();
	ck_assert_int_eq(fake.n_of[FAKE_COUNT], 1);
	ck_assert_int_eq(fake.n_of[FAKE_ARE_PROC], 0);
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 0);
	ck_assert_int_eq(fake.n_of[FAKE_NAP], 0);
}
END_TEST

START_TEST(one_that_libc_does_not_know_of_is_final_on_a_proc_file_system)
{
	static const int knows[] = { 0, -ENOSYS };

	for (size_t i = 0; i < COUNT(knows); i++) {
		fake_reset(7);
		fake.libc_knows = knows[i];
		is_one();
		ck_assert_int_eq(fake.n_of[FAKE_ARE_PROC], 1);
		ck_assert_int_eq(fake.n_of[FAKE_LIST], 0);
	}
}
END_TEST

/* A child of a threaded process in a chroot, or a tmpfs mounted on /proc */
START_TEST(without_proc_libc_decides)
{
	static const enum fake_proc procs[] = { FAKE_PROC_MISSING,
						FAKE_PROC_OTHER };
	static const int counts[] = { -1, 0, 1, 2, 7 };

	for (size_t i = 0; i < COUNT(procs); i++) {
		for (size_t j = 0; j < COUNT(counts); j++) {
			fake_reset(7);
			fake.proc = procs[i];
			fake.count = counts[j];
			is_one();
			fake.libc_knows = 0;
			is_several();
			fake.libc_knows = -ENOSYS;
			is_several();
			ck_assert_int_eq(fake.n_of[FAKE_NAP], 0);
		}
	}
}
END_TEST

START_TEST(no_proc_is_told)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake.proc = FAKE_PROC_MISSING;
	fake.libc_knows = -ENOSYS;
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	explains(rs, "not enforced: " NO_PROC);
	end(rs);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	explains(rs, "failed: " NO_PROC);
	end(rs);
}
END_TEST

/* A thread made by raw clone is one that libc doesn't know of */
START_TEST(proc_is_believed_more_than_libc)
{
	fake_reset(7);
	fake_add_task("clone", 'S', 0);
	is_several();
}
END_TEST

/* --- several
 * ------------------------------------------------------------------ */

START_TEST(several_threads_are_an_error_or_nothing_is_done)
{
	for (int abi = 1; abi < 8; abi++) {
		fake_reset(abi);
		fake_add_task("gmain", 'S', 0);
		fake_add_task("gdbus", 'R', 0);
		is_several();
		ck_assert_int_eq(fake.n_of[FAKE_NO_NEW_PRIVS], 0);
		ck_assert_int_eq(fake.n_of[FAKE_RESTRICT], 0);
	}
}
END_TEST

START_TEST(several_threads_are_covered_by_newer_kernels)
{
	for (int abi = 8; abi <= FAKE_NEWEST_ABI; abi++) {
		fake_reset(abi);
		fake_add_task("gmain", 'S', 0);
		fake.libc_knows = 0;
		is_one();
		ck_assert_int_eq(fake.n_of[FAKE_COUNT], 0);
		ck_assert_uint_eq(fake.enforced_flags & 0x8, 0x8);
	}
}
END_TEST

START_TEST(the_threads_in_the_way_are_named)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("gmain", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	explains(rs, "not enforced: 1 other thread (\"gmain\")" WAYS_OUT);
	fake_add_task("ended", 'Z', 0);
	fake_add_task("gdbus", 'S', 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	explains(rs,
		 "not enforced: 2 other threads (\"gmain, gdbus\")" WAYS_OUT);
	llk_ruleset_require(rs, LLK_FS_EXECUTE);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	explains(rs, "failed: 2 other threads (\"gmain, gdbus\")" WAYS_OUT);
	end(rs);
}
END_TEST

START_TEST(names_of_threads_forge_no_log_line)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("a\n\"\033[1m", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	explains(rs, "not enforced: 1 other thread "
		     "(\"a\\x0a\\\"\\x1b[1m\")" WAYS_OUT);
	end(rs);
}
END_TEST

START_TEST(many_threads_fit_a_line)
{
	const char *begin = "not enforced: 200 other threads (\"fifteen "
			    "bytes.., fifteen bytes..";
	struct llk_ruleset *rs;
	char buf[512];

	fake_reset(7);
	for (int i = 0; i < 200; i++)
		fake_add_task("fifteen bytes..", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	ck_assert_int_lt(llk_ruleset_explain(rs, buf, sizeof(buf)),
			 (int)sizeof(buf));
	ck_assert_msg(!strncmp(buf, begin, strlen(begin)), "%s", buf);
	end(rs);
}
END_TEST

START_TEST(threads_in_the_way_leave_the_ruleset_unspent)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("other", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	ck_assert_uint_eq(llk_ruleset_handled(rs), 0);
	ck_assert_int_eq(fake_n_open(), 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	fake.n_tasks = 1;
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	explains(rs, "enforced: all that was asked.");
	end(rs);
}
END_TEST

START_TEST(threads_in_the_way_leave_a_loaded_ruleset_loaded)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(7);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	fd = llk_ruleset_fd(rs);
	fake_add_task("other", 'S', 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	ck_assert_int_eq(llk_ruleset_fd(rs), fd);
	ck_assert_uint_eq(llk_ruleset_handled(rs), 0x3fff);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	fake.n_tasks = 1;
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	end(rs);
}
END_TEST

START_TEST(errors_of_load_come_before_threads)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("other", 'S', 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_READ, "/missing");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -ENOENT);
	end(rs);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/loop");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -ELOOP);
	end(rs);
}
END_TEST

/* --- who is a thread
 * ------------------------------------------------------------ */

struct candidate {
	const char *name;
	char state;
	unsigned int flags;
	bool is_thread;
};

/* clang-format off */
static const struct candidate candidates[] = {
	{ "running", 'R', 0, true },
	{ "sleeping", 'S', 0, true },
	{ "stopped", 'T', 0, true },
	{ "traced", 't', 0, true },
	{ "waiting", 'D', 0, true },
	{ "idle", 'I', 0, true },
	{ "other flags", 'S', 0xffffffebU, true },
	{ "iou-sqp-77", 'S', 0x10, true },
	{ "zombie", 'Z', 0, false },
	{ "dead", 'X', 0, false },
	{ "exiting", 'R', 0x4, false },
	{ "exiting", 'S', 0x4 | 0x400040, false },
	{ "iou-wrk-77", 'S', 0x10, false },
	{ "iou-sqp", 'S', 0x10, false },
};
/* clang-format on */

START_TEST(only_what_can_still_act_is_a_thread)
{
	const struct candidate *c = &candidates[_i];

	fake_reset(7);
	fake.libc_knows = 0;
	fake_add_task(c->name, c->state, c->flags);
	if (c->is_thread)
		is_several();
	else
		is_one();
	ck_assert_int_eq(fake.n_of[FAKE_LIST], c->is_thread ? 1 : 2);
	ck_assert_int_eq(fake.n_of[FAKE_NAP], 0);
}
END_TEST

/* The leader has ended, and is counted until the process does */
START_TEST(a_zombie_leader_is_no_thread)
{
	fake_reset(7);
	fake.n_tasks = 0;
	fake_add_task("leader", 'Z', 0);
	fake_add_task("self", 'R', 0);
	fake.tasks[0].is_self = 0;
	fake.tasks[1].is_self = 1;
	is_one();
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 2);
}
END_TEST

/* The kernel counts a joined thread for some milliseconds more, and lists it */
START_TEST(a_thread_that_is_joined_and_not_gone_yet_is_no_thread)
{
	fake_reset(7);
	fake_add_task("joined", 'X', 0x4);
	fake.libc_knows = 0;
	is_one();
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 2);
}
END_TEST

/* --- two listings that agree
 * ------------------------------------------------------ */

static int n_lists;

/* Each listing sees another thread, which is ending already */
static void chain(enum fake_call call)
{
	if (call != FAKE_LIST)
		return;

	n_lists++;
	fake.tasks[1].id++;
}

START_TEST(a_chain_of_threads_is_never_one)
{
	fake_reset(7);
	fake_add_task("link", 'R', 0x4);
	fake.before = chain;
	is_several();
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 100);
}
END_TEST

START_TEST(a_chain_that_never_ends_is_told)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake_add_task("link", 'R', 0x4);
	fake.before = chain;
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	explains(rs, "failed: other threads come and go: call before the first "
		     "is started" LAST_WAYS_OUT);
	end(rs);
}
END_TEST

/* The dying thread of the first listing had started another behind it */
static void successor(enum fake_call call)
{
	if (call == FAKE_LIST && ++n_lists == 2)
		fake_add_task("successor", 'R', 0);
}

START_TEST(a_thread_that_shows_up_later_is_found)
{
	static const char states[] = { 'Z', 'X', 'R' };

	for (size_t i = 0; i < COUNT(states); i++) {
		fake_reset(7);
		n_lists = 0;
		fake_add_task("dying", states[i], 0x4);
		fake.before = successor;
		ck_assert_int_eq(enforce(0), -EOPNOTSUPP);
		ck_assert_int_eq(fake.n_of[FAKE_LIST], 2);
	}
}
END_TEST

/* Entries vanish while they are read, in the first @n_vanishing listings */
static int n_vanishing;

static void vanish(enum fake_call call)
{
	if (call == FAKE_LIST)
		fake.tasks[1].state = ++n_lists <= n_vanishing ? 0 : 'Z';
}

START_TEST(a_listing_in_which_an_entry_vanished_is_not_the_last)
{
	/* Of one that vanished it isn't known what it was: it is no first */
	static const int lists[] = { 2, 3, 4, 5, 6 };

	for (n_vanishing = 0; n_vanishing < (int)COUNT(lists); n_vanishing++) {
		fake_reset(7);
		n_lists = 0;
		fake_add_task("going", 'Z', 0);
		fake.before = vanish;
		ck_assert_int_eq(enforce(0), LLK_ENFORCED);
		ck_assert_int_eq(fake.n_of[FAKE_LIST], lists[n_vanishing]);
	}
}
END_TEST

START_TEST(entries_that_always_vanish_are_several)
{
	fake_reset(7);
	fake_add_task("gone", 0, 0);
	is_several();
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 100);
}
END_TEST

/* Changes for a while, then the link count says that they have all gone */
static void settle(enum fake_call call)
{
	chain(call);
	if (call == FAKE_COUNT && n_lists >= 5)
		fake.count = 1;
}

START_TEST(a_link_count_that_became_one_is_final)
{
	fake_reset(7);
	n_lists = 0;
	fake_add_task("link", 'R', 0x4);
	fake.before = settle;
	ck_assert_int_eq(enforce(0), LLK_ENFORCED);
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 5);
}
END_TEST

static void chain_of_thirty(enum fake_call call)
{
	if (n_lists < 30)
		chain(call);
}

START_TEST(listings_that_agree_at_last_are_final)
{
	fake_reset(7);
	n_lists = 0;
	fake_add_task("link", 'R', 0x4);
	fake.before = chain_of_thirty;
	ck_assert_int_eq(enforce(0), LLK_ENFORCED);
	ck_assert_int_eq(fake.n_of[FAKE_LIST], 31);
}
END_TEST

/* --- no listing
 * --------------------------------------------------------------------- */

static int naps_until_one;

static void wake(enum fake_call call)
{
	if (call == FAKE_NAP && !--naps_until_one)
		fake.count = 1;
}

START_TEST(a_denied_listing_asks_the_count_again)
{
	static const int naps[] = { 1, 2, 10, 19 };

	for (size_t i = 0; i < COUNT(naps); i++) {
		fake_reset(7);
		fake.proc = FAKE_PROC_DENIES_LISTING;
		fake.count = 2;
		fake.libc_knows = 0;
		naps_until_one = naps[i];
		fake.before = wake;
		ck_assert_int_eq(enforce(0), LLK_ENFORCED);
		ck_assert_int_eq(fake.n_of[FAKE_NAP], naps[i]);
		ck_assert_int_eq(fake.n_of[FAKE_LIST], 1);
	}
}
END_TEST

/* 10 ms at half a millisecond each */
START_TEST(a_denied_listing_is_several_after_ten_milliseconds)
{
	struct llk_ruleset *rs;

	fake_reset(7);
	fake.proc = FAKE_PROC_DENIES_LISTING;
	fake.count = 3;
	is_several();
	ck_assert_int_eq(fake.n_of[FAKE_NAP], 20);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	explains(rs, "not enforced: other threads are counted and can't be "
		     "listed (permission denied): call before the first is "
		     "started" LAST_WAY_OUT);
	end(rs);
}
END_TEST

/* bug class AJ: both listings show the same, and hide one behind it */
START_TEST(listings_that_show_less_than_is_counted_are_several)
{
	fake_reset(7);
	fake.libc_knows = 0;
	fake_add_task("ended", 'Z', 0);
	fake.count = 3;
	is_several();

	fake_reset(7);
	fake.libc_knows = 0;
	fake_add_task("ended", 'Z', 0);
	fake.count = 2;
	ck_assert_int_eq(enforce(0), LLK_ENFORCED);
}
END_TEST

START_TEST(a_listing_that_breaks_off_is_never_one)
{
	for (int at = 1; at <= 2; at++) {
		fake_reset(7);
		fake_add_task("ended", 'Z', 0);
		fake_add_task("living", 'S', 0);
		fake_fail(FAKE_NEXT, at, EIO);
		ck_assert_int_eq(enforce(0), -EOPNOTSUPP);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("threads");
	TCase *tc = tcase_create("threads");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_that_libc_knows_of_is_final);
	tcase_add_test(
		tc,
		one_that_libc_does_not_know_of_is_final_on_a_proc_file_system);
	tcase_add_test(tc, without_proc_libc_decides);
	tcase_add_test(tc, no_proc_is_told);
	tcase_add_test(tc, proc_is_believed_more_than_libc);
	tcase_add_test(tc, several_threads_are_an_error_or_nothing_is_done);
	tcase_add_test(tc, several_threads_are_covered_by_newer_kernels);
	tcase_add_test(tc, the_threads_in_the_way_are_named);
	tcase_add_test(tc, names_of_threads_forge_no_log_line);
	tcase_add_test(tc, many_threads_fit_a_line);
	tcase_add_test(tc, threads_in_the_way_leave_the_ruleset_unspent);
	tcase_add_test(tc, threads_in_the_way_leave_a_loaded_ruleset_loaded);
	tcase_add_test(tc, errors_of_load_come_before_threads);
	tcase_add_loop_test(tc, only_what_can_still_act_is_a_thread, 0,
			    COUNT(candidates));
	tcase_add_test(tc, a_zombie_leader_is_no_thread);
	tcase_add_test(tc,
		       a_thread_that_is_joined_and_not_gone_yet_is_no_thread);
	tcase_add_test(tc, a_chain_of_threads_is_never_one);
	tcase_add_test(tc, a_chain_that_never_ends_is_told);
	tcase_add_test(tc, a_thread_that_shows_up_later_is_found);
	tcase_add_test(tc,
		       a_listing_in_which_an_entry_vanished_is_not_the_last);
	tcase_add_test(tc, entries_that_always_vanish_are_several);
	tcase_add_test(tc, a_link_count_that_became_one_is_final);
	tcase_add_test(tc, listings_that_agree_at_last_are_final);
	tcase_add_test(tc, a_denied_listing_asks_the_count_again);
	tcase_add_test(tc, a_denied_listing_is_several_after_ten_milliseconds);
	tcase_add_test(tc, listings_that_show_less_than_is_counted_are_several);
	tcase_add_test(tc, a_listing_that_breaks_off_is_never_one);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
