/* SPDX-License-Identifier: 0BSD OR MIT */
/* Threads: all are restricted, or the result says that none is */
#include "live.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* From here on the kernel covers all threads */
#define ABI_TSYNC 8

#define NEEDS_NO_TSYNC                                                \
	SKIP_IF(live_abi() >= ABI_TSYNC, "ABI %d covers all threads", \
		live_abi());                                          \
	NEEDS_ABI(1)

static struct llk_ruleset *no_reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, flags);
}

static int read_file(void)
{
	return live_open("file", O_RDONLY);
}

static int has_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

/* A thread that reads when it is told to, and ends when it is told to: before
   the function that has it on its stack does */
struct sibling {
	pthread_t thread;
	sem_t go, done;
	atomic_bool is_over;
	int answer;
};

static void *serve(void *arg)
{
	struct sibling *s = arg;

	for (;;) {
		sem_wait(&s->go);
		if (s->is_over)
			return NULL;
		s->answer = read_file();
		sem_post(&s->done);
	}
}

static void start_sibling(struct sibling *s)
{
	memset(s, 0, sizeof(*s));
	IS(sem_init(&s->go, 0, 0), 0);
	IS(sem_init(&s->done, 0, 0), 0);
	IS(pthread_create(&s->thread, NULL, serve, s), 0);
}

static int ask_sibling(struct sibling *s)
{
	sem_post(&s->go);
	while (sem_wait(&s->done) && errno == EINTR)
		;
	return s->answer;
}

static void end_sibling(struct sibling *s)
{
	s->is_over = true;
	sem_post(&s->go);
	IS(pthread_join(s->thread, NULL), 0);
}

static void make_tree(void)
{
	live_tree();
	live_file("file", "content");
}

static void one_thread(const void *arg)
{
	IS(read_file(), 0);
	live_restrict(no_reading(0));
	IS(read_file(), EACCES);
}

START_TEST(a_process_of_one_thread_is_restricted)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(one_thread, NULL);
}
END_TEST

/* bug classes I and AD: below TSYNC nothing is done, and it is told */
static void two_threads(const void *arg)
{
	unsigned int flags = arg ? LLK_BEST_EFFORT : 0;
	int wanted = arg ? LLK_NOT_ENFORCED : -EOPNOTSUPP;
	int no_new_privs = has_no_new_privs();
	struct llk_ruleset *rs = no_reading(flags);
	struct sibling s;

	start_sibling(&s);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), wanted, "1 other thread");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), wanted,
	     arg ? "not enforced: " : "failed: ");
	IS(read_file(), 0);
	IS(ask_sibling(&s), 0);
	IS(has_no_new_privs(), no_new_privs);
	IS(llk_ruleset_handled(rs), 0);

	end_sibling(&s);
	live_restrict(rs);
	IS(read_file(), EACCES);
}

START_TEST(where_threads_cannot_be_covered_nothing_is_done)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(two_threads, NULL);
	RUN(two_threads, "best effort");
}
END_TEST

/* bug class Z: a floor makes it an error in best effort too */
static void required(const void *arg)
{
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);
	struct sibling s;

	start_sibling(&s);
	llk_ruleset_require(rs, LLK_FS_READ_FILE);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP,
	     "LLK_RESTRICT_THIS_THREAD");
	IS(read_file(), 0);
	IS(ask_sibling(&s), 0);
	end_sibling(&s);
}

START_TEST(a_required_right_and_other_threads_are_an_error)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(required, NULL);
}
END_TEST

static void loaded_before(const void *arg)
{
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);
	struct sibling s;

	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	start_sibling(&s);
	IS(llk_ruleset_restrict_self(rs, 0), LLK_NOT_ENFORCED);
	OK(llk_ruleset_fd(rs) >= 0);
	IS(llk_ruleset_handled(rs), LLK_FS_READ_FILE | LLK_FS_REFER);
	IS(ask_sibling(&s), 0);
	end_sibling(&s);
	IS(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	IS(read_file(), EACCES);
}

START_TEST(a_loaded_ruleset_stays_loaded_when_threads_are_in_the_way)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(loaded_before, NULL);
}
END_TEST

static void *read_once(void *arg)
{
	*(int *)arg = read_file();
	return NULL;
}

static int read_in_new_thread(void)
{
	pthread_t thread;
	int answer = -1;

	IS(pthread_create(&thread, NULL, read_once, &answer), 0);
	IS(pthread_join(thread, NULL), 0);
	return answer;
}

static void this_thread(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct sibling s;

	start_sibling(&s);
	SAYS(rs, llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD),
	     LLK_ENFORCED, "enforced: ");
	llk_ruleset_free(rs);
	IS(read_file(), EACCES);
	IS(read_in_new_thread(), EACCES);
	IS(ask_sibling(&s), 0);
	end_sibling(&s);
}

START_TEST(this_thread_alone_is_restricted_where_that_is_asked)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(this_thread, NULL);
}
END_TEST

static void all_threads(const void *arg)
{
	struct sibling s[8];

	for (int i = 0; i < 8; i++)
		start_sibling(&s[i]);
	IS(ask_sibling(&s[7]), 0);
	live_restrict(no_reading(0));
	IS(read_file(), EACCES);
	for (int i = 0; i < 8; i++)
		IS(ask_sibling(&s[i]), EACCES);
	IS(read_in_new_thread(), EACCES);
	for (int i = 0; i < 8; i++)
		end_sibling(&s[i]);
}

START_TEST(all_threads_are_restricted_from_abi_8_on)
{
	NEEDS_ABI(ABI_TSYNC);
	make_tree();
	RUN(all_threads, NULL);
}
END_TEST

/*
 * Counting
 */

#define N_JOINS 3000
#define N_LAYERS 15 /* in one process */

/* Of the lowest priority: on one processor it ends when the others sleep */
static void *end_slowly(void *arg)
{
	const struct sched_param param = { 0 };

	sched_setscheduler(0, SCHED_IDLE, &param);
	return arg;
}

/*
 * @handled: the second row denies the listing of /proc/self/task from its layer
 *	on, so that the links are counted
 * @one_cpu: the joined thread is counted for longest there
 */
static const struct joins {
	uint64_t handled;
	bool one_cpu;
} join_rows[] = {
	{ LLK_FS_MAKE_FIFO, false },
	{ LLK_FS_READ_DIR, false },
	{ LLK_FS_MAKE_FIFO, true },
	{ LLK_FS_READ_DIR, true },
};

static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	IS(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* Each layer is put in place right after a join */
static void joins(const void *arg)
{
	const struct joins *row = arg;
	pthread_t thread;

	if (row->one_cpu)
		stay_on_one_cpu();
	for (int i = 0; i < N_LAYERS; i++) {
		struct llk_ruleset *rs =
			llk_ruleset_new(LLK_V1, row->handled, 0);

		IS(pthread_create(&thread, NULL, end_slowly, NULL), 0);
		IS(pthread_join(thread, NULL), 0);
		live_restrict(rs);
	}
}

START_TEST(after_a_join_there_is_one_thread)
{
	NEEDS_ABI(1);
	for (int i = 0; i < live_tries(N_JOINS) / N_LAYERS; i++)
		RUN(joins, &join_rows[_i]);
}
END_TEST

#define N_CHAINS 1000

static atomic_int n_links;
static atomic_bool is_chain_over;

/* Each starts its successor and ends */
static void *link_of_chain(void *arg)
{
	pthread_attr_t attr;
	pthread_t next;

	n_links++;
	if (is_chain_over)
		return NULL;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (pthread_create(&next, &attr, link_of_chain, NULL))
		usleep(100);
	pthread_attr_destroy(&attr);
	return NULL;
}

static void wait_for_links(int n)
{
	int until = n_links + n;

	while (n_links < until)
		usleep(10);
}

static void chain(const void *arg)
{
	bool is_strict = arg;
	struct llk_ruleset *rs = no_reading(is_strict ? 0 : LLK_BEST_EFFORT);

	alarm(60);
	link_of_chain(NULL);
	wait_for_links(20);
	IS(llk_ruleset_restrict_self(rs, 0),
	   is_strict ? -EOPNOTSUPP : LLK_NOT_ENFORCED);
	wait_for_links(2);
	IS(read_file(), 0);
	is_chain_over = true;
}

/* bug class AJ: the one that a listing shows is ending, the next isn't shown */
START_TEST(a_chain_of_threads_is_never_one_thread)
{
	NEEDS_NO_TSYNC;
	make_tree();
	for (int i = 0; i < live_tries(N_CHAINS); i++)
		RUN(chain, i % 2 ? "strict" : NULL);
}
END_TEST

static bool is_zombie(int tid)
{
	char path[64], stat[256] = "", *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	end = n > 0 ? strrchr(stat, ')') : NULL;
	return end && end[2] == 'Z';
}

static void *restrict_without_leader(void *arg)
{
	alarm(60);
	while (!is_zombie(getpid()))
		usleep(1000);
	live_restrict(no_reading(0));
	IS(read_file(), EACCES);
	live_end();
}

static void zombie_leader(const void *arg)
{
	pthread_t thread;

	IS(pthread_create(&thread, NULL, restrict_without_leader, NULL), 0);
	pthread_exit(NULL);
}

START_TEST(a_dead_leader_is_no_other_thread)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(zombie_leader, NULL);
}
END_TEST

/* The child of a process with threads has one */
static int restrict_in_child(const void *arg)
{
	live_restrict(no_reading(0));
	return read_file();
}

static void fork_beside_threads(const void *arg)
{
	struct sibling s;

	start_sibling(&s);
	IS(live_fork(restrict_in_child, NULL), EACCES);
	IS(ask_sibling(&s), 0);
	end_sibling(&s);
}

START_TEST(a_child_of_a_process_with_threads_has_one)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(fork_beside_threads, NULL);
}
END_TEST

/*
 * bug class AG: no /proc, or a directory that looks like one
 */

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 32)
#define LIBC_KNOWS true
#endif
#endif
#ifndef LIBC_KNOWS
#define LIBC_KNOWS false
#endif

/* @kind: what stands at /proc: nothing, or a directory for each character */
static void enter_jail(const char *kind)
{
	char name[64];

	live_unshare_mounts();
	if (chroot("."))
		live_cannot("no chroot: %s", strerror(errno));
	IS(chdir("/"), 0);
	if (!kind)
		return;
	IS(mkdir("/proc", 0777), 0);
	IS(mkdir("/proc/self", 0777), 0);
	IS(mkdir("/proc/self/task", 0777), 0);
	for (size_t i = 0; i < strlen(kind); i++) {
		snprintf(name, sizeof(name), "/proc/self/task/%zu", i);
		IS(mkdir(name, 0777), 0);
	}
}

static void jailed(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	bool is_sure = LIBC_KNOWS || live_abi() >= ABI_TSYNC;

	enter_jail(arg);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0),
	     is_sure ? LLK_ENFORCED : -EOPNOTSUPP,
	     is_sure ? "enforced: all that was asked." : "/proc");
	IS(read_file(), is_sure ? EACCES : 0);
}

static void jailed_with_threads(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct sibling s;

	enter_jail(arg);
	start_sibling(&s);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP, "/proc");
	IS(read_file(), 0);
	IS(ask_sibling(&s), 0);
	end_sibling(&s);
	SAYS(rs, llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD),
	     LLK_ENFORCED, "enforced: ");
	IS(read_file(), EACCES);
}

static const char *const procs[] = { NULL, "1", "12" };

START_TEST(without_proc_libc_knows_of_one_thread)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(jailed, procs[_i]);
}
END_TEST

START_TEST(without_proc_a_process_that_had_threads_is_refused)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(jailed_with_threads, procs[_i]);
}
END_TEST

/* bug class W: a cancellation in the middle must not leave the ruleset open */
/* A name may look like the rest of a line of /proc/PID/stat */
static void *rest_with_name(void *arg)
{
	prctl(PR_SET_NAME, arg, 0, 0, 0);
	sleep(60);

	return NULL;
}

static void named(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	char why[512] = "", name[16];
	pthread_t thread;

	snprintf(name, sizeof(name), "%s", (const char *)arg);
	OK(pthread_create(&thread, NULL, rest_with_name, name) == 0);
	for (int i = 0; i < 1000 && !strstr(why, name); i++) {
		usleep(1000);
		IS(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
		llk_ruleset_explain(rs, why, sizeof(why));
	}
	OK(strstr(why, name) != NULL);
}

static const char *const names[] = { "gmain", ") Z 1 (", "x) S 1 1 4 5 6 4" };

START_TEST(explain_names_the_thread_in_the_way)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(named, names[_i]);
}
END_TEST

static bool has_returned;

static void *restrict_cancelled(void *arg)
{
	struct llk_ruleset *rs = arg;
	int fd = llk_ruleset_fd(rs);

	pthread_cancel(pthread_self());
	IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD),
	   LLK_ENFORCED);
	IS(llk_ruleset_fd(rs), -EBADF);
	IS(fcntl(fd, F_GETFD), -1);
	has_returned = true;
	pthread_testcancel();

	return NULL;
}

static void cancelled(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	pthread_t thread;
	void *result;

	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	OK(pthread_create(&thread, NULL, restrict_cancelled, rs) == 0);
	OK(pthread_join(thread, &result) == 0);
	OK(result == PTHREAD_CANCELED);
	OK(has_returned);
}

START_TEST(a_cancelled_thread_leaves_no_ruleset_open)
{
	NEEDS_ABI(1);
	RUN(cancelled, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live-threads");

	live_add(s, a_process_of_one_thread_is_restricted, 1);
	live_add(s, where_threads_cannot_be_covered_nothing_is_done, 1);
	live_add(s, a_required_right_and_other_threads_are_an_error, 1);
	live_add(s, a_loaded_ruleset_stays_loaded_when_threads_are_in_the_way,
		 1);
	live_add(s, this_thread_alone_is_restricted_where_that_is_asked, 1);
	live_add(s, all_threads_are_restricted_from_abi_8_on, 1);
	live_add(s, after_a_join_there_is_one_thread, 4);
	live_add(s, a_chain_of_threads_is_never_one_thread, 1);
	live_add(s, a_dead_leader_is_no_other_thread, 1);
	live_add(s, a_child_of_a_process_with_threads_has_one, 1);
	live_add(s, without_proc_libc_knows_of_one_thread, 3);
	live_add(s, without_proc_a_process_that_had_threads_is_refused, 3);
	live_add(s, explain_names_the_thread_in_the_way, 3);
	live_add(s, a_cancelled_thread_leaves_no_ruleset_open, 1);
	return live_main(s);
}
