/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What the live tests share: a scenario that restricts itself runs in a child
 * of its own and reports over a pipe that was opened before; its wait status is
 * looked at. What the kernel or the machine can't show is skipped and counted.
 */
#ifndef LIVE_H
#define LIVE_H

#include <liblandlock/sys.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

/* The exit status by which meson knows a test that was skipped as a whole */
#define LIVE_SKIPPED 77

/* Built with a sanitizer: its allocator and system calls are its own */
#ifdef __has_feature
#define LIVE_HAS_FEATURE(feature) __has_feature(feature)
#else
#define LIVE_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	LIVE_HAS_FEATURE(address_sanitizer) ||                       \
	LIVE_HAS_FEATURE(thread_sanitizer)
#define LIVE_IS_SANITIZED 1
#else
#define LIVE_IS_SANITIZED 0
#endif

#if defined(__SANITIZE_THREAD__) || LIVE_HAS_FEATURE(thread_sanitizer)
#define LIVE_HAS_TSAN 1
#else
#define LIVE_HAS_TSAN 0
#endif

/* User and group of nobody, for tests that need to be without privilege */
#define LIVE_NOBODY 65534

/*
 * Run all cases of @suite, print "SKIP name: reason" for each that was skipped
 * and in the end "N passed, N failed, N skipped". Returns main's exit status.
 */
int live_main(Suite *suite);

/* Add a test case of a name, a function and @n rows; 1 for a plain test */
void live_add(Suite *suite, const TTest *test, int n);

/* The kernel's ABI, 0 where there is none; the newest version that both know */
int live_abi(void);
int live_version(void);

/* Whether LLK_LIVE_BRIEF is set (emulation), and how often to try: @n, or a
   thirtieth there */
bool live_is_brief(void);
int live_tries(int n);

/* The rights of @zones that kernel and library know */
uint64_t live_rights(uint64_t zones);

/* Make an empty directory and go there; all are removed in the end */
void live_tree(void);

/* Make a file, a directory, a copy; a failure fails the test */
void live_file(const char *name, const char *content);
void live_dir(const char *name);
void live_copy(const char *from, const char *to);

/* The absolute path of this program, for an exec of itself */
const char *live_self(void);

/* Skip the test: prints and counts. Return from the test after it. */
void live_skip(const char *test, int row, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* In a test: skip it if @condition holds */
#define SKIP_IF(condition, ...)                               \
	do {                                                  \
		if (condition) {                              \
			live_skip(__func__, _i, __VA_ARGS__); \
			return;                               \
		}                                             \
	} while (0)

/* In a test: skip it if the kernel's ABI is too old */
#define NEEDS_ABI(n)                                                           \
	SKIP_IF(live_abi() < (n), "needs Landlock ABI %d, this kernel has %d", \
		(n), live_abi())

/*
 * Run @scenario in a child and wait. A child that was killed, that ended
 * early or that met a failed check fails the test. A scenario that ends by
 * live_cannot skips the test.
 */
typedef void live_scenario(const void *arg);

#define RUN(scenario, arg) live_run(__func__, _i, scenario, arg)
void live_run(const char *test, int row, live_scenario *scenario,
	      const void *arg);

/* In a scenario, and in what it forks: checks; a failed one ends the child */
#define IS(got, wanted) \
	live_is(__FILE__, __LINE__, #got, (long)(got), (long)(wanted))
#define OK(condition) \
	live_is(__FILE__, __LINE__, #condition, (condition) ? 1 : 0, 1)
void live_is(const char *file, int line, const char *what, long got,
	     long wanted);
void live_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* In a scenario: end well before the function returns, from any thread */
void live_end(void) __attribute__((noreturn));

/* In a scenario: this machine can't show it; ends the child, skips the test */
void live_cannot(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Put this in front of the messages of later checks: which row it is */
void live_about(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In a scenario: fork; the child's exit status is what @fn returns */
int live_fork(int (*fn)(const void *arg), const void *arg);

/* In a scenario: start this program with two words; what it exits with */
int live_exec(const char *word, const char *more);

/* Wait for a child and return its exit status; a killed one is a failure */
int live_wait(pid_t pid);

/* In a scenario: restrict, expect LLK_ENFORCED, free */
void live_restrict(struct llk_ruleset *rs);

/* In a scenario: check a result of @rs, and that explain says @words */
#define SAYS(rs, got, wanted, words) \
	live_says(__FILE__, __LINE__, rs, got, wanted, words)
void live_says(const char *file, int line, const struct llk_ruleset *rs,
	       int got, int wanted, const char *words);

/* Open @path and close it: 0 or errno */
int live_open(const char *path, int flags);

/* The number of open descriptors */
int live_count_fds(void);

/* Root becomes nobody, for good, without capabilities; others stay as they are
 */
void live_drop(void);

/* In a scenario: get mounts of its own and the right to mount, or skip */
void live_unshare_mounts(void);

#endif
