/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * io_uring's own threads: a worker runs with the rights of the restricted
 * process and is no thread, the poll thread of a ring keeps the old rights
 */
#include "live.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int setup_ring(struct io_uring_params *params)
{
	int fd = (int)syscall(SYS_io_uring_setup, 4, params);

	if (fd < 0)
		live_cannot("io_uring_setup: %s", strerror(errno));

	return fd;
}

static void *map_ring(int fd, off_t what, size_t size)
{
	void *p =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, what);

	OK(p != MAP_FAILED);

	return p;
}

/* A read that never ends, in a worker thread */
static void start_worker(int pipe_fd)
{
	static char byte;
	struct io_uring_params params = { 0 };
	int fd = setup_ring(&params);
	char *ring = map_ring(fd, IORING_OFF_SQ_RING, 4096);
	struct io_uring_sqe *sqe =
		map_ring(fd, IORING_OFF_SQES, 4 * sizeof(*sqe));

	sqe[0] = (struct io_uring_sqe){ .opcode = IORING_OP_READ,
					.flags = IOSQE_ASYNC,
					.fd = pipe_fd,
					.addr = (uint64_t)(uintptr_t)&byte,
					.len = 1 };
	((unsigned int *)(void *)(ring + params.sq_off.array))[0] = 0;
	*(unsigned int *)(void *)(ring + params.sq_off.tail) = 1;
	IS(syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0), 1);
}

static struct llk_ruleset *files(void)
{
	return llk_ruleset_new(LLK_V1, LLK_FS, 0);
}

/* Wait until a task has a name of @prefix; a new one has it a little later */
static bool has_task(const char *prefix)
{
	char command[128], n[32] = "";
	FILE *tasks;

	snprintf(command, sizeof(command),
		 "cat /proc/%ld/task/*/comm | grep -c ^%s", (long)getpid(),
		 prefix);
	for (int i = 0; i < 500 && *n != '1'; i++) {
		usleep(20000);
		tasks = popen(command, "r");
		OK(tasks && fgets(n, sizeof(n), tasks));
		pclose(tasks);
	}

	return *n == '1';
}

static void worker(const void *arg)
{
	struct llk_ruleset *rs = files();
	int ends[2];

	IS(pipe(ends), 0);
	start_worker(ends[0]);
	OK(has_task("iou-wrk"));
	IS(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
}

START_TEST(a_worker_of_io_uring_is_no_other_thread)
{
	NEEDS_ABI(1);
	RUN(worker, NULL);
}
END_TEST

static void poll_thread(const void *arg)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL,
					  .sq_thread_idle = 60000 };
	struct llk_ruleset *rs = files();

	setup_ring(&params);
	/* Too new to have its name, it is a reason to list again, and no worker */
	OK(llk_ruleset_restrict_self(rs, 0) == -EOPNOTSUPP);
	OK(has_task("iou-sqp"));
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP, "iou-sqp-");
}

START_TEST(the_poll_thread_of_a_ring_is_one)
{
	NEEDS_ABI(1);
	SKIP_IF(live_abi() >= 8, "TSYNC covers what it can from ABI 8 on");
	RUN(poll_thread, NULL);
}
END_TEST

/* By signal: a worker can't be stopped, and starts no thread of the program */

static void *open_when_told(void *arg)
{
	char byte;

	while (read(((int *)arg)[0], &byte, 1) != 1)
		;
	((int *)arg)[1] = live_open("file", O_RDONLY);

	return NULL;
}

static int open_in_thread(pthread_t thread, int end, const int *saw)
{
	IS(write(end, "x", 1), 1);
	IS(pthread_join(thread, NULL), 0);

	return *saw;
}

static void by_signal(const void *arg)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL,
					  .sq_thread_idle = 60000 };
	struct llk_ruleset *rs = files();
	int ends[2], idle[2], told[2] = { 0, -1 };
	pthread_t thread;

	IS(pipe(ends), 0);
	IS(pipe(idle), 0);
	told[0] = ends[0];
	IS(pthread_create(&thread, NULL, open_when_told, told), 0);
	if (arg)
		setup_ring(&params);
	else
		start_worker(idle[0]);
	OK(has_task(arg ? "iou-sqp" : "iou-wrk"));
	SAYS(rs, llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL),
	     arg ? -EOPNOTSUPP : LLK_ENFORCED,
	     arg ? "polls an io_uring ring" : "all that was asked");
	if (arg)
		SAYS(rs, -EOPNOTSUPP, -EOPNOTSUPP, "(\"iou-sqp-");
	IS(open_in_thread(thread, ends[1], &told[1]), arg ? 0 : EACCES);
	IS(live_open("file", O_RDONLY), arg ? 0 : EACCES);
}

START_TEST(by_signal_a_worker_is_no_hindrance)
{
	NEEDS_ABI(1);
	live_tree();
	live_file("file", "content");
	RUN(by_signal, NULL);
}
END_TEST

START_TEST(by_signal_a_poll_thread_means_that_nothing_happens)
{
	NEEDS_ABI(1);
	SKIP_IF(live_abi() >= 8, "TSYNC covers what it can from ABI 8 on");
	live_tree();
	live_file("file", "content");
	RUN(by_signal, "poll thread");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("uring");

	live_add(suite, a_worker_of_io_uring_is_no_other_thread, 1);
	live_add(suite, the_poll_thread_of_a_ring_is_one, 1);
	live_add(suite, by_signal_a_worker_is_no_hindrance, 1);
	live_add(suite, by_signal_a_poll_thread_means_that_nothing_happens, 1);

	return live_main(suite);
}
