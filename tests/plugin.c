/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A library that a program loads while it runs, with a copy of liblandlock of
 * its own, and a thread.
 */
#include "plugin.h"

#include <liblandlock.h>

#include <stddef.h>

struct start {
	void *(*fn)(void *);
	void *arg;
};

static struct start start_of_thread;

static void *run(void *arg)
{
	const struct start *start = arg;

	return start->fn(start->arg);
}

int plugin_start(pthread_t *ret_thread, void *(*fn)(void *), void *arg)
{
	start_of_thread = (struct start){ fn, arg };

	return pthread_create(ret_thread, NULL, run, &start_of_thread);
}

int plugin_restrict(uint64_t rights)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, rights, 0);
	int r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);

	llk_ruleset_free(rs);

	return r;
}
