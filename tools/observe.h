/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What a command does, as events: the calls that Landlock has a say in, what
 * each needs, and what was denied. The source is observe.c (ptrace); who takes
 * the events (why.c, learn.c) knows nothing of it, so that another source can
 * take its place. The observer decides nothing: it only looks.
 */
#ifndef LANDLOCK_RUN_OBSERVE_H
#define LANDLOCK_RUN_OBSERVE_H

#include "../src/trail.h"
#include "run.h"

#include <sys/types.h>

/* Rights that a call needs on a file or directory, or beneath it */
struct need {
	uint64_t rights;
	/* What a rule would name, as landlock-run itself sees it: behind all
	   links and chroots. NULL: it can't be told (no rights then). */
	char *path;
	struct llki_sys_identity file; /* what it is */
	/* So many last names of the path were made by the run itself */
	unsigned int n_made;
	uint64_t missing;	 /* rights that a layer denies */
	bool is_denied_by_files; /* the caller's file permissions don't fit */
};

enum event_kind {
	EVENT_FILES,  /* needs[], one for each file */
	EVENT_MOVE,   /* a rename or link: needs[0] is from, needs[1] to */
	EVENT_PORT,   /* rights of ports on @port */
	EVENT_SIGNAL, /* to process @target */
	EVENT_SOCKET, /* an abstract one */
	EVENT_PTRACE, /* of process @target */
	EVENT_MOUNT,
	EVENT_UNREADABLE, /* the process can't be looked into */
};

#define MAX_NEEDS 6 /* the program, four interpreters, the loader */

struct event {
	enum event_kind kind;
	pid_t pid;	     /* the process, not the thread */
	const char *program; /* its name, as ps shows it */
	const char *call;
	int error; /* errno; 0: it worked */
	bool is_32_bit;
	const char *paths[2]; /* as the call has them, or NULL */

	struct need needs[MAX_NEEDS];
	size_t n_needs;

	/* EVENT_MOVE: the directories are in needs[], the moved files here */
	enum llki_check_kind move;
	struct need moved[2];
	uint64_t gained; /* what the one, or the other, would gain */

	/* EVENT_PORT, EVENT_SOCKET, EVENT_SIGNAL */
	uint64_t rights, missing;
	unsigned int port;
	pid_t target;
	bool is_unbound;  /* a datagram's socket: needs bind_udp on 0, too */
	bool is_observed; /* EVENT_PTRACE: two can't trace one process */

	/* A layer denied something of it: which, counted from the outermost, 1
	   on; of how many the thread is in. Layer 1 is the sandbox of this run,
	   where it has one, others the program's own. */
	bool is_denied;
	unsigned int layer, n_layers;
	bool is_own; /* by a sandbox that the program has made itself */
	bool is_denied_by_files; /* file permissions or the like don't fit */
};

/* Who is told */
struct observer {
	/* All calls that worked, too; else only what failed by EACCES, EPERM or
	   EXDEV */
	bool sees_all;
	void (*tell)(const struct request *req, const struct event *event);
	/* The command has ended, but its parent doesn't know yet; and once
	   more, if processes were left, when the last has ended */
	void (*end)(const struct request *req);
};

/*
 * Go on in the same process, observed from its next execve on with all that
 * come of it; a process of its own, in the background, tells the observer.
 * What can't be observed ends here.
 */
void observe_begin(const struct request *req, const struct observer *observer);

/* The option that grants @rights, without dashes; NULL: --allow alone does */
const char *option_for(uint64_t rights);

/* The process that a path of /proc is about, with what follows it; or 0 */
pid_t proc_process(const char *path, const char **ret_rest);

/* All that this option grants, and --ioctl and --unix beside it; @rights
   themselves where there is none */
uint64_t option_rights(uint64_t rights);

/* What a rule should name: a process of /proc is another one in the next run */
const char *lasting_path(const char *path);

/* That option with its value, for the shell: --ro PATH say, or on a port */
void put_option_for_path(FILE *out, uint64_t rights, const char *path);
void put_option_for_port(FILE *out, uint64_t rights, unsigned int port);

/* why.c, why-json.c */
void why_json(FILE *out, const struct event *event);
extern const struct observer why_observer;

/* learn.c: end here where the policy can't be written */
void learn_begin(const struct request *req);
extern const struct observer learn_observer;

#endif
