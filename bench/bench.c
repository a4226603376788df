/* SPDX-License-Identifier: 0BSD OR MIT */
/* Children in turn, clocks, medians, and files to make rules for */
#include "bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_IN_DIR 1000
#define MOST_WARM 10	/* rules */
#define WARM_HEAP 60000 /* no more, or free gives it back */

void bench_must(bool is_good, const char *what)
{
	if (is_good)
		return;

	perror(what);
	_exit(1);
}

void bench_progress(const char *what, int done, int of)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", done < of ? "" : "\r");
	if (isatty(STDERR_FILENO) && done < of)
		fprintf(stderr, "%s: %d of %d", what, done, of);
}

bool bench_is_brief(void)
{
	return getenv("BENCH_BRIEF") != NULL;
}

int bench_rounds(int rounds)
{
	if (bench_is_brief())
		rounds /= 10;

	return rounds < 3 ? 3 : rounds | 1;
}

static double us_of(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);

	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double bench_clock(void)
{
	return us_of(CLOCK_MONOTONIC);
}

double bench_cpu(void)
{
	return us_of(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *samples, int n)
{
	qsort(samples, (size_t)n, sizeof(*samples), compare);

	return samples[n / 2];
}

/* What it costs to read the clock itself */
static double cost_of_clock(void)
{
	double costs[5];

	for (int i = 0; i < 5; i++) {
		double since = bench_cpu();

		costs[i] = bench_cpu() - since;
	}

	return bench_median(costs, 5);
}

/* As in a program that has worked for a while */
static void warm_heap(void)
{
	char *p = malloc(WARM_HEAP);

	bench_must(p, "malloc");
	explicit_bzero(p, WARM_HEAP);
	free(p);
}

static void run_work(const struct bench_way *way, int n, double *ret_us)
{
	double cost, since;

	warm_heap();
	if (way->warm_up)
		way->warm_up(n);
	for (int i = 0; !way->warm_up && i < BENCH_WARM_UPS; i++)
		way->work(n < MOST_WARM ? n : MOST_WARM);
	cost = cost_of_clock();
	since = bench_cpu();
	way->work(n);
	*ret_us = bench_cpu() - since - cost;
	_exit(0);
}

/* Where a child leaves what it found */
static double *shared_us(void)
{
	static double *us;

	if (!us)
		us = mmap(NULL, sizeof(*us), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bench_must(us != MAP_FAILED, "mmap");

	return us;
}

static void end_of(pid_t pid, const struct bench_way *way)
{
	int status;

	bench_must(pid > 0 && waitpid(pid, &status, 0) == pid, way->name);
	if (status) {
		fprintf(stderr, "%s: wait status %#x\n", way->name,
			(unsigned int)status);
		exit(1);
	}
}

static double one_work(const struct bench_way *way, int n)
{
	double *us = shared_us();
	pid_t pid = fork();

	if (pid == 0)
		run_work(way, n, us);
	end_of(pid, way);

	return *us;
}

static double one_life(const struct bench_way *way, int n)
{
	double since = bench_clock();
	pid_t pid = fork();

	if (pid == 0) {
		way->work(n);
		_exit(0);
	}
	end_of(pid, way);

	return bench_clock() - since;
}

/* In turn, and each way begins as often as the others */
static void in_turn(const struct bench_way *ways, int n_ways, int n, int rounds,
		    double (*one)(const struct bench_way *way, int n),
		    double *ret_us)
{
	size_t size = (size_t)rounds * sizeof(double);
	double *us = malloc((size_t)n_ways * size);

	bench_must(us, "malloc");
	for (int round = 0; round < rounds; round++) {
		bench_progress(ways[0].name, round, rounds);
		for (int i = 0; i < n_ways; i++) {
			int way = (round + i) % n_ways;

			us[way * rounds + round] = one(&ways[way], n);
		}
	}
	bench_progress(ways[0].name, rounds, rounds);
	for (int i = 0; i < n_ways; i++)
		ret_us[i] = bench_median(us + i * rounds, rounds);
	free(us);
}

void bench_work(const struct bench_way *ways, int n_ways, int n, int rounds,
		double *ret_us)
{
	in_turn(ways, n_ways, n, rounds, one_work, ret_us);
}

void bench_lives(const struct bench_way *ways, int n_ways, int n, int rounds,
		 double *ret_us)
{
	in_turn(ways, n_ways, n, rounds, one_life, ret_us);
}

static char root[4096];
static pid_t owner;

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;

	return remove(path);
}

static void remove_files(void)
{
	if (getpid() == owner)
		nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *make_file(int i)
{
	char path[sizeof(root) + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%d", root, i / FILES_IN_DIR);
	if (i % FILES_IN_DIR == 0)
		bench_must(mkdir(path, 0700) == 0, path);
	snprintf(path, sizeof(path), "%s/%d/%d", root, i / FILES_IN_DIR, i);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bench_must(fd >= 0 && close(fd) == 0, path);

	return strdup(path);
}

char **bench_files(int n)
{
	const char *tmp = getenv("TMPDIR");
	char **names = calloc((size_t)n + 1, sizeof(*names));

	snprintf(root, sizeof(root), "%s/bench-XXXXXX", tmp ? tmp : "/tmp");
	bench_must(names && mkdtemp(root), root);
	owner = getpid();
	atexit(remove_files);
	for (int i = 0; i < n; i++) {
		if (i % FILES_IN_DIR == 0)
			bench_progress("making files", i, n);
		names[i] = make_file(i);
	}
	bench_progress("making files", n, n);

	return names;
}
