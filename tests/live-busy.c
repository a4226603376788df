/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Threads that keep opening a file while the process is restricted: all of
 * them are covered, or nothing happened
 */
#include "live.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_THREADS 200

struct canary {
	pthread_t thread;
	atomic_long n_before, n_after; /* tries */
	atomic_long n_opened_after, n_denied_after;
};

static struct canary canaries[MAX_THREADS];
static atomic_bool is_restricted, is_over;

static void try_once(struct canary *c)
{
	bool is_after = is_restricted;
	bool is_open = live_open("file", O_RDONLY) == 0;

	if (!is_after) {
		c->n_before++;
		return;
	}

	c->n_after++;
	if (is_open)
		c->n_opened_after++;
	else
		c->n_denied_after++;
}

static void *sing(void *arg)
{
	/* One processor has to serve them all, an emulated one at times */
	useconds_t pause = live_is_brief() ? 20000 : 1000;

	while (!is_over) {
		try_once(arg);
		usleep(pause);
	}

	return NULL;
}

/* Wait until each of @n canaries tried, before or after */
static void wait_for_tries(int n, bool is_after)
{
	for (int i = 0; i < n; i++)
		while ((is_after ? canaries[i].n_after : canaries[i].n_before) <
		       3)
			usleep(1000);
}

static void start_canaries(int n)
{
	for (int i = 0; i < n; i++)
		OK(pthread_create(&canaries[i].thread, NULL, sing,
				  &canaries[i]) == 0);
	wait_for_tries(n, false);
}

/* After the call, each canary was let through always, or never */
static void judge_canaries(int n, bool is_denied)
{
	is_restricted = true;
	wait_for_tries(n, true);
	is_over = true;

	for (int i = 0; i < n; i++) {
		OK(pthread_join(canaries[i].thread, NULL) == 0);
		OK(canaries[i].n_after > 0);
		IS(canaries[i].n_opened_after,
		   is_denied ? 0 : canaries[i].n_after);
	}
}

static struct llk_ruleset *deny_reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, flags);
}

/* What is asked of @n threads beside this one, and what has to come of it */
struct row {
	int n;
	unsigned int flags;
	int without_tsync;
};
static const struct row rows[] = {
	{ 1, 0, -EOPNOTSUPP },
	{ 2, 0, -EOPNOTSUPP },
	{ 199, 0, -EOPNOTSUPP },
	{ 1, LLK_BEST_EFFORT, LLK_NOT_ENFORCED },
	{ 199, LLK_BEST_EFFORT, LLK_NOT_ENFORCED },
};
#define N_ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static void restrict_busy(const void *arg)
{
	const struct row *row = arg;
	struct llk_ruleset *rs = deny_reading(row->flags);
	bool is_covered = live_abi() >= 8;

	start_canaries(row->n);
	IS(llk_ruleset_restrict_self(rs, 0),
	   is_covered ? LLK_ENFORCED : row->without_tsync);
	judge_canaries(row->n, is_covered);
	IS(live_open("file", O_RDONLY), is_covered ? EACCES : 0);
}

START_TEST(below_abi_8_nothing_happens_to_busy_threads)
{
	SKIP_IF(live_abi() < 1 || live_abi() >= 8, "only ABI 1 to 7");
	live_tree();
	live_file("file", "content");
	RUN(restrict_busy, &rows[_i]);
}
END_TEST

START_TEST(from_abi_8_on_all_busy_threads_are_covered)
{
	NEEDS_ABI(8);
	live_tree();
	live_file("file", "content");
	RUN(restrict_busy, &rows[_i]);
}
END_TEST

/*
 * TSYNC gives all threads the caller's domain: what a sibling had denied itself
 * before is open to it again. Pinned, since the header warns of it.
 */

static pthread_barrier_t barrier;
static int sibling_saw[2];

static void *deny_itself(void *arg)
{
	IS(llk_ruleset_restrict_self(deny_reading(0), LLK_RESTRICT_THIS_THREAD),
	   LLK_ENFORCED);
	sibling_saw[0] = live_open("file", O_RDONLY);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	sibling_saw[1] = live_open("file", O_RDONLY);

	return arg;
}

static void replace_sibling(const void *arg)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	OK(pthread_create(&thread, NULL, deny_itself, NULL) == 0);
	pthread_barrier_wait(&barrier);
	live_restrict(llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0));
	pthread_barrier_wait(&barrier);
	OK(pthread_join(thread, NULL) == 0);

	IS(sibling_saw[0], EACCES);
	IS(sibling_saw[1], 0);
}

START_TEST(tsync_replaces_what_a_sibling_had_of_its_own)
{
	NEEDS_ABI(8);
	live_tree();
	live_file("file", "content");
	RUN(replace_sibling, NULL);
}
END_TEST

static void *open_file(void *arg)
{
	*(int *)arg = live_open("file", O_RDONLY);

	return NULL;
}

static void start_later(const void *arg)
{
	pthread_t thread;
	int result = -1;

	OK(pthread_create(&thread, NULL, open_file, &result) == 0);
	pthread_join(thread, NULL);
	IS(result, 0);

	live_restrict(deny_reading(0));
	OK(pthread_create(&thread, NULL, open_file, &result) == 0);
	pthread_join(thread, NULL);
	IS(result, EACCES);
}

START_TEST(a_thread_started_later_is_restricted)
{
	NEEDS_ABI(1);
	live_tree();
	live_file("file", "content");
	RUN(start_later, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("busy");

	live_add(suite, below_abi_8_nothing_happens_to_busy_threads, N_ROWS);
	live_add(suite, from_abi_8_on_all_busy_threads_are_covered, N_ROWS);
	live_add(suite, tsync_replaces_what_a_sibling_had_of_its_own, 1);
	live_add(suite, a_thread_started_later_is_restricted, 1);

	return live_main(suite);
}
