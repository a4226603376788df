/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Between the parts of the observer: its loop (observe.c), a thread that is
 * looked at (tracee.c), what its calls need (calls.c), and the layers that it
 * is in (layers.c).
 */
#ifndef LANDLOCK_RUN_TRACEE_H
#define LANDLOCK_RUN_TRACEE_H

#include "observe.h"

struct domain;
struct call_row;

/* A call under way */
struct call {
	const struct call_row *row; /* NULL: none that is looked at */
	uint64_t args[6];
	bool is_32_bit;
};

/* A thread that is observed */
struct tracee {
	struct tracee *next;
	pid_t id, process;
	bool waits;   /* new: for the word of the thread that made it */
	bool listens; /* and stopped meanwhile */
	struct domain *domain; /* NULL: no layer */
	struct call call;
	struct event *event; /* of the call under way, where all are seen */
};

/* What the parts of the observer share */
struct observation {
	const struct observer *observer;
	int query, errata; /* of the kernel; the newest where it has none */
	bool is_begun;	   /* the command is being executed */
	pid_t command;
	struct llk_ruleset *given; /* the policy, where it is only looked at */
	struct tracee *tracees;
};

extern struct observation observation;

/*
 * tracee.c: what a stopped thread has in memory, and what its paths mean.
 * -errno on failure, -EPERM where the process isn't dumpable.
 */

/* Read @size bytes at @address of the thread's memory */
int tracee_read(const struct tracee *t, uint64_t address, void *buf,
		size_t size);

/* Read a string; -ENAMETOOLONG where it doesn't end */
int tracee_read_string(const struct tracee *t, uint64_t address, char *buf,
		       size_t size);

/* A word of the program's size, and how large it is */
int tracee_read_word(const struct tracee *t, uint64_t address,
		     uint64_t *ret_word);
size_t tracee_word_size(const struct tracee *t);

/* What a path means, and its text as we see it */
struct spot {
	struct llki_trail_place place;
	struct llki_trail_end end;
	char *dir_path, *path; /* the same where it has no name */
};

#define TRACEE_CWD (-100)

/* Find @path from the descriptor @dir on. Ended by spot_end. */
int tracee_find(const struct tracee *t, int dir, const char *path, bool follows,
		struct spot *ret_spot);

/* Find what the descriptor @number of the thread is */
int tracee_find_fd(const struct tracee *t, int number, struct spot *ret_spot);
void spot_end(struct spot *spot);

/* Open it by O_PATH: for its identity alone */
int tracee_open_fd(const struct tracee *t, int number);

/* A duplicate, or -errno */
int tracee_duplicate_fd(const struct tracee *t, int number);

void tracee_name(const struct tracee *t, char *buf, size_t size);

/* The number behind @title in a file of /proc, 0 without */
uint64_t proc_number(const char *path, const char *title, int base);

/*
 * layers.c: which layers a thread is in
 */

struct domain *domain_ref(struct domain *domain);
struct domain *domain_unref(struct domain *domain);

/* The layer that a run would have under @rs */
void layers_begin(struct tracee *t, struct llk_ruleset *rs);

/* Take note of Landlock's own calls, which have answered @result */
void layers_see_create(struct tracee *t, int64_t result);
void layers_see_add(struct tracee *t, int64_t result);
void layers_see_restrict(struct tracee *t, int64_t result);

/* What is missing, and by which layer */
void layers_check_need(const struct tracee *t, struct event *event,
		       struct need *need, const struct llki_trail_place *place);
void layers_check_move(const struct tracee *t, struct event *event,
		       const struct llki_trail_place *from,
		       const struct llki_trail_place *to);
void layers_check_port(const struct tracee *t, struct event *event);

/* @rights: of a scope, LLK_FS for any right of files, or 0 for any layer at
   all. Denied where a layer handles them and @target (NULL: none) is not in
   it. */
void layers_check_scope(const struct tracee *t, struct event *event,
			uint64_t rights, const struct tracee *target);

/*
 * calls.c: which calls, and what each needs
 */

/* The numbers to be woken for: native ones and 32-bit ones, ended by -1 */
size_t calls_list(bool is_32_bit, uint32_t *numbers, size_t max);

/* Which one it is, or NULL */
const struct call_row *calls_find(uint64_t number, bool is_32_bit);

/* Before the call, and once it has answered */
void calls_enter(struct tracee *t);
void calls_leave(const struct request *req, struct tracee *t, int64_t result);
void event_free(struct event *event);

/* observe.c */
struct tracee *observe_find(pid_t process);

/* Whether the command got it as an open descriptor: no rule is needed for that.
   False where only denials are looked for. */
bool observe_is_inherited(const struct tracee *t, int number,
			  const struct llki_sys_identity *file);

#endif
