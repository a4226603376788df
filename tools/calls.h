/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Between the table of system calls (calls.c) and what each kind of them needs:
 * on files (calls-files.c), on all else (calls-others.c).
 */
#ifndef LANDLOCK_RUN_CALLS_H
#define LANDLOCK_RUN_CALLS_H

#include "tracee.h"

/* Find what the call needs and what is missing of it. -EPERM: the process can't
   be read; other errors: what it means can't be told. */
typedef int look_function(const struct tracee *t, struct event *event);

struct call_row {
	const char *name;
	int native, compat; /* the number, -1 for none; on 32 bits */
	look_function *look;
	/* Where its arguments are, -1 for one that it hasn't. Names: directory,
	   path, and flags or mode, then device; of two names both, then flags. Sockets:
	   descriptor, address or message, length, flags. */
	int at[5];
	uint64_t rights;
	void (*note)(struct tracee *t, int64_t result);
};

/* The call's argument that the row has at @i; 0 if it has none */
uint64_t call_arg(const struct tracee *t, int i);

look_function look_open, look_open_how, look_fd, look_ioctl, look_exec,
	look_name, look_node, look_unlinkat, look_move, look_link;

look_function look_bind, look_send, look_message, look_signal, look_signal_fd,
	look_ptrace, look_mount, look_socketcall;

/* The row of that name, which is there */
const struct call_row *calls_named(const char *name);

/* A path as the call has it, and the descriptor where it begins */
struct name {
	int dir;
	char path[PATH_MAX];
};

/* calls-files.c: a need on what the name leads to; of rights of directories on
   the directory that holds the name */
int need_on(const struct tracee *t, struct event *event, uint64_t rights,
	    const struct name *name);

/* Once the call has answered: what it made, and why it failed */
void files_settle(const struct tracee *t, struct event *event);
void others_settle(const struct tracee *t, struct event *event);

/* A datagram from a socket that isn't bound needs a port of its own, too:
   whether @event was made to tell that */
bool others_also_bind(const struct tracee *t, struct event *event);

#endif
