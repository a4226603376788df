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
	while (!is_over) {
		try_once(arg);
		usleep(100); /* one processor has to serve them all */
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
	live_add(suite, a_thread_started_later_is_restricted, 1);

	return live_main(suite);
}
