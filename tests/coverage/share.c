/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * In a build that measures coverage: children count into the same memory as
 * their parent. Most tests run in children that end by _exit, are killed, or
 * may write no file, as they are sandboxed: gcov's own way would lose what they
 * ran. counters.ld puts the counters on pages of their own.
 */
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern char llk_counters_begin[], llk_counters_end[];

void __real___gcov_exit(void);
void __wrap___gcov_exit(void);

static pid_t owner;

__attribute__((constructor)) static void share_counters(void)
{
	size_t size = (size_t)(llk_counters_end - llk_counters_begin);

	if (size && mmap(llk_counters_begin, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) != llk_counters_begin)
		abort();
	owner = getpid();
}

/* Files are written once: writing adds what is in them to the counters */
void __wrap___gcov_exit(void)
{
	if (getpid() == owner)
		__real___gcov_exit();
}
