/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What it takes to restrict all threads: by LLK_RESTRICT_BY_SIGNAL, and by
 * libpsx, which sends each system call to all threads. In turn, each in a child
 * of its own; the medians, in microseconds for one thread.
 */
#include <liblandlock/sys.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/psx_syscall.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESTRICT_SELF 446
#define N_ROUNDS 201 /* of few threads, which vary most */
#define N_ROUNDS_OF_MANY 21
#define ALLOWED 1.3

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int n_waiting;

static void *wait_on(void *arg)
{
	pthread_mutex_lock(&mutex);
	n_waiting++;
	for (;;)
		pthread_cond_wait(&changed, &mutex);

	return arg;
}

static void start_threads(int n)
{
	pthread_attr_t attr;
	pthread_t thread;
	int waiting = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (int i = 0; i < n; i++)
		if (pthread_create(&thread, &attr, wait_on, NULL))
			_exit(2);
	while (waiting < n) {
		usleep(1000);
		pthread_mutex_lock(&mutex);
		waiting = n_waiting;
		pthread_mutex_unlock(&mutex);
	}
}

static int by_psx(struct llk_ruleset *rs)
{
	int fd = llk_ruleset_fd(rs);

	if (psx_syscall6(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0))
		return 1;

	return psx_syscall3(RESTRICT_SELF, fd, 0, 0) ? 1 : 0;
}

static int by_signal(struct llk_ruleset *rs)
{
	return llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* In a child: @us gets what it took */
static void measure_here(int n, int (*fn)(struct llk_ruleset *), double *us)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, 0);
	double since;

	if (llk_ruleset_load(rs))
		_exit(2);
	start_threads(n);
	since = now_us();
	if (fn(rs))
		_exit(1);
	*us = now_us() - since;
	_exit(0);
}

static double measure(int n, int (*fn)(struct llk_ruleset *))
{
	static double *us;
	int status;
	pid_t pid;

	if (!us)
		us = mmap(NULL, sizeof(*us), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0)
		measure_here(n, fn, us);
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "%d threads: status %#x\n", n,
			(unsigned int)status);
		exit(2);
	}

	return *us;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *us, int n)
{
	qsort(us, (size_t)n, sizeof(*us), compare);

	return us[n / 2];
}

int main(void)
{
	static const int numbers[] = { 2, 50, 500, 2000 };
	int status = 0;

	printf("threads  by signal   libpsx  ratio (us a thread)\n");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		double ours[N_ROUNDS], theirs[N_ROUNDS], a, b;
		int n = numbers[i];
		int n_rounds = n > 50 ? N_ROUNDS_OF_MANY : N_ROUNDS;

		for (int j = 0; j < n_rounds; j++) {
			ours[j] = measure(n, by_signal) / n;
			theirs[j] = measure(n, by_psx) / n;
		}
		a = median(ours, n_rounds);
		b = median(theirs, n_rounds);
		printf("%7d %10.1f %8.1f %6.2f\n", n, a, b, a / b);
		status |= a > b * ALLOWED;
	}

	return status;
}
