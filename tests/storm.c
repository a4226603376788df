/* SPDX-License-Identifier: 0BSD OR MIT */
#include "storm.h"

#include <liblandlock.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_CREATORS 3
#define N_CHAINS 4
#define N_SOURCES (N_CREATORS + N_CHAINS + 2)
#define ENOUGH 5 /* tries of each source */
#define MAX_LIVING 200
#define MAX_SECONDS 30

/* Where a thread comes from: it tries on its source's account */
static struct source {
	atomic_long n_before, n_after;
} sources[N_SOURCES];
static int n_sources;

static atomic_bool is_restricted, is_over;
static atomic_long n_failed_before, n_escaped;
static atomic_int n_living; /* threads that creators have started */
static pthread_attr_t detached;

static bool can_open(void)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);

	return fd >= 0;
}

static void try_file(struct source *source)
{
	bool is_after = is_restricted; /* before the try */
	bool is_open = can_open();

	/* The try last: who counts them misses no escape of one */
	if (is_after && is_open)
		n_escaped++;
	if (!is_after && !is_open && errno != EACCES)
		n_failed_before++;
	if (is_after)
		source->n_after++;
	else
		source->n_before++;
}

static void *try_once(void *arg)
{
	try_file(arg);
	n_living--;

	return NULL;
}

static void *create(void *arg)
{
	pthread_t thread;

	while (!is_over) {
		n_living++;
		if (n_living > MAX_LIVING ||
		    pthread_create(&thread, &detached, try_once, arg)) {
			n_living--;
			usleep(50);
		}
		try_file(arg);
#ifndef __GLIBC__ /* musl's fork starves beside threads that never pause */
		usleep(200);
#endif
	}

	return NULL;
}

static void *link_of_chain(void *arg)
{
	pthread_t next;

	while (!is_over && pthread_create(&next, &detached, link_of_chain, arg))
		usleep(50);
	try_file(arg);

	return NULL;
}

static void *change_user(void *arg)
{
	while (!is_over) {
		if (setuid(getuid()))
			n_failed_before++;
		try_file(arg);
		usleep(20);
	}

	return NULL;
}

/* A child counts from its fork on: one begun after the call is restricted */
static void *fork_on(void *arg)
{
	struct source *source = arg;
	int status = 0;

	while (!is_over) {
		bool is_after = is_restricted;
		pid_t pid = fork();

		if (pid == 0)
			_exit(can_open());
		if (pid > 0 && waitpid(pid, &status, 0) == pid && is_after &&
		    status)
			n_escaped++;
		try_file(source);
	}

	return NULL;
}

static void start(void *(*source)(void *), int n)
{
	pthread_t thread;

	for (int i = 0; i < n; i++)
		if (pthread_create(&thread, &detached, source,
				   &sources[n_sources++]))
			n_failed_before++;
}

static void start_all(unsigned int kinds)
{
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 128 * 1024);
	if (kinds & STORM_CREATORS)
		start(create, N_CREATORS);
	if (kinds & STORM_CHAINS)
		start(link_of_chain, N_CHAINS);
	if (kinds & STORM_SETUID)
		start(change_user, 1);
	if (kinds & STORM_FORK)
		start(fork_on, 1);
}

/* A source that hasn't tried enough, or -1 */
static int find_idle(bool is_after)
{
	for (int i = 0; i < n_sources; i++)
		if ((is_after ? sources[i].n_after : sources[i].n_before) <
		    ENOUGH)
			return i;

	return -1;
}

static bool wait_for_tries(bool is_after, struct storm *storm)
{
	time_t end = time(NULL) + MAX_SECONDS;
	int i;

	while ((i = find_idle(is_after)) >= 0) {
		if (time(NULL) > end) {
			snprintf(storm->still, sizeof(storm->still),
				 "source %d stood still %s the call", i,
				 is_after ? "after" : "before");
			return false;
		}
		usleep(100);
	}

	return true;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void restrict_all(struct storm *storm)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, 0);
	long since = now_us();

	storm->result = llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);
	storm->us = now_us() - since;
	llk_ruleset_explain(rs, storm->why, sizeof(storm->why));
	llk_ruleset_free(rs);
}

bool storm_rage(unsigned int kinds, bool restricts, struct storm *ret_storm)
{
	bool is_alive;

	memset(ret_storm, 0, sizeof(*ret_storm));
	start_all(kinds);
	is_alive = wait_for_tries(false, ret_storm);
	if (restricts)
		restrict_all(ret_storm);
	is_restricted = true;
	is_alive = is_alive && wait_for_tries(true, ret_storm);
	is_over = true;

	for (int i = 0; i < n_sources; i++) {
		ret_storm->n_before += sources[i].n_before;
		ret_storm->n_after += sources[i].n_after;
	}
	ret_storm->n_escaped = n_escaped;

	return is_alive && !n_failed_before;
}
