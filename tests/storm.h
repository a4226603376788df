/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A storm: threads that start threads, end, change their user and fork, while
 * the process is restricted by signal. All of them try a denied file on and on.
 */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>

#define STORM_CREATORS 0x1U /* each starts threads that end, and stays */
#define STORM_CHAINS 0x2U   /* each starts its successor, and ends */
#define STORM_SETUID 0x4U   /* libc stops all threads by the same signal */
#define STORM_FORK 0x8U
#define STORM_ALL 0xfU

struct storm {
	int result;	/* of restrict_self */
	char why[256];	/* explain's line */
	long n_before;	/* tries before the call, all have to succeed */
	long n_after;	/* tries begun after it, */
	long n_escaped; /* and those of them that opened the file */
	long us;	/* that the call took */
	char still[64]; /* which source did not try, and when */
};

/*
 * In a process of its own, in a folder with "file": let a storm of @kinds rage,
 * restrict the process (or do not: the twin), and tell what came of it. False
 * if a part of the storm stood still, or failed before.
 */
bool storm_rage(unsigned int kinds, bool restricts, struct storm *ret_storm);

#endif
