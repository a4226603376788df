/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What the benchmarks share: ways to do the same are measured in turn, each
 * time in a child of its own, and compared by their medians.
 */
#ifndef BENCH_H
#define BENCH_H

#include <liblandlock/sys.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * One way to do something with @n rules; a failure ends the child by
 * bench_must. Without a warm-up of its own it is the same work, four times,
 * with ten at most: caches and branches take three to be as they stay.
 */
#define BENCH_WARM_UPS 4

struct bench_way {
	const char *name;
	void (*warm_up)(int n);
	void (*work)(int n);
};

/* End the process, and with it the measurement, unless @is_good */
void bench_must(bool is_good, const char *what);

/* Tell how far it is, on standard error; begin a table's line */
void bench_progress(const char *what, int done, int of);

/* Of @rounds, or a tenth of them if BENCH_BRIEF is set: odd and three at least */
int bench_rounds(int rounds);
bool bench_is_brief(void);

/* Microseconds: on the clock, and of this thread's processor time */
double bench_clock(void);
double bench_cpu(void);

/* Sort @samples; the one in the middle */
double bench_median(double *samples, int n);

/*
 * Run each way @rounds times, in turn, and give the median of each. In @work
 * alone what counts is the child's processor time after a warm-up; else the
 * time on the clock from fork until it has ended, without one.
 */
void bench_work(const struct bench_way *ways, int n_ways, int n, int rounds,
		double *ret_us);
void bench_lives(const struct bench_way *ways, int n_ways, int n, int rounds,
		 double *ret_us);

/* Make @n empty files in a directory that is removed in the end; their names */
char **bench_files(int n);

/*
 * By hand: the bare system calls, as a program makes them that knows its kernel
 * and tells whether it holds. @handled is a word of <liblandlock.h>.
 */
int bare_create(uint64_t handled);
void bare_add_path(int ruleset, uint64_t rights, const char *path);
void bare_add_fd(int ruleset, uint64_t rights, int fd);
void bare_add_port(int ruleset, uint64_t rights, int port);
void bare_restrict(int ruleset);

#endif
