/* SPDX-License-Identifier: 0BSD OR MIT */
/* Threads are counted right in a /proc that hides others, or that is foreign */
#include "live.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static void *rest(void *arg)
{
	pause();

	return arg;
}

static void start_thread(void)
{
	pthread_t thread;

	OK(pthread_create(&thread, NULL, rest, NULL) == 0);
}

/* glibc says "several" for good after the first thread: now only /proc tells */
static void *end_at_once(void *arg)
{
	return arg;
}

static void forget_libc(void)
{
	pthread_t thread;

	OK(pthread_create(&thread, NULL, end_at_once, NULL) == 0);
	OK(pthread_join(thread, NULL) == 0);
}

static int restrict_files(void)
{
	return llk_ruleset_restrict_self(llk_ruleset_new(LLK_V1, LLK_FS, 0), 0);
}

static int several(const void *arg)
{
	start_thread();
	IS(restrict_files(), -EOPNOTSUPP);

	return 0;
}

static void one_and_several(void)
{
	forget_libc();
	IS(live_fork(several, NULL), 0);
	IS(restrict_files(), LLK_ENFORCED);
}

static void hidden(const void *arg)
{
	live_unshare_mounts();
	if (mount("proc", "/proc", "proc", 0, "hidepid=2"))
		live_cannot("no proc of its own: %m");

	one_and_several();
}

START_TEST(a_proc_that_hides_other_processes_is_enough)
{
	SKIP_IF(live_abi() < 1 || live_abi() >= 8, "threads aren't counted");
	RUN(hidden, NULL);
}
END_TEST

static int in_new_namespace(const void *arg)
{
	OK(getpid() == 1);
	one_and_several();

	return 0;
}

/* /proc shows this process by the number that it has outside */
static void foreign(const void *arg)
{
	live_unshare_mounts();
	if (unshare(CLONE_NEWPID))
		live_cannot("no pid namespace: %m");

	IS(live_fork(in_new_namespace, NULL), 0);
}

START_TEST(a_proc_of_an_outer_pid_namespace_is_enough)
{
	SKIP_IF(live_abi() < 1 || live_abi() >= 8, "threads aren't counted");
	RUN(foreign, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proc");

	live_add(suite, a_proc_that_hides_other_processes_is_enough, 1);
	live_add(suite, a_proc_of_an_outer_pid_namespace_is_enough, 1);

	return live_main(suite);
}
