/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The ruleset and its life: built (ruleset.c), fitted to the kernel (fit.c),
 * loaded (load.c), enforced (restrict.c, threads.c), explained (explain.c).
 */
#ifndef LLKI_RULESET_H
#define LLKI_RULESET_H

#include "sys/seam.h"
#include "tables.h"

/* What a rule is about */
enum llki_kind {
	LLKI_NO_RULE,
	LLKI_PATH,
	LLKI_GROUP_PATH,
	LLKI_FD,
	LLKI_PORT,
};

/* Rules live as long as their ruleset and are cut from its blocks */
struct llki_block {
	struct llki_block *next;
	char room[];
};

struct llki_rule {
	struct llki_rule *next;
	uint64_t rights;  /* as the caller gave them, modifiers too */
	uint64_t number;  /* the port, or the caller's own descriptor */
	const char *path; /* @copy, or NULL */
	int fd;		  /* our duplicate, or -1 */
	enum llki_kind kind;
	bool is_skipped;	  /* by the last load: the path wasn't there */
	unsigned long file_epoch; /* when check looked; see llk_ruleset */
	struct llki_sys_identity file; /* as it found it; kind 0: missing */
	char copy[];
};

/* Where a call ended; one row of explain's table for each */
enum llki_step {
	LLKI_NOTHING_YET,

	/* mistakes of the program: found by builders ... */
	LLKI_BAD_VERSION,
	LLKI_BAD_NEW_FLAGS,
	LLKI_UNKNOWN_RIGHT, /* no version has it */
	LLKI_NEWER_RIGHT,   /* a later version has it */
	LLKI_NO_RIGHTS,
	LLKI_NO_RULE_MODIFIER, /* a modifier where no rule is */
	LLKI_RESERVED_BIT,
	LLKI_NOT_ASKED_FOR, /* in require and quiet */
	LLKI_WRONG_ZONE,
	LLKI_NO_ZONE, /* the ruleset handles nothing of the rule's zone */
	LLKI_NOT_HANDLED,
	LLKI_BAD_PORT,
	LLKI_PORT_PRESET,
	LLKI_NOT_A_PATH, /* LLK_IF_PRESENT on a port or descriptor */
	LLKI_NO_PATH,
	LLKI_NO_LIST,
	LLKI_BAD_GROUP,
	LLKI_BAD_FD,
	LLKI_BUSY,
	/* ... and by load and restrict_self */
	LLKI_BAD_FLAGS,
	LLKI_FLAGS_CLASH,
	LLKI_QUIET_RULE,

	/* failures */
	LLKI_SPENT,
	LLKI_NO_MEMORY,
	LLKI_DUPLICATE,
	LLKI_UNFIT, /* the kernel lacks what was asked; also of outcomes */
	LLKI_CREATE,
	LLKI_OPEN,
	LLKI_IDENTIFY,
	LLKI_WRONG_FILE, /* plain rights of directories on a file */
	LLKI_ADD,
	LLKI_CLOSE,
	LLKI_THREADS, /* there are others; also of outcomes */
	LLKI_NO_NEW_PRIVS,
	LLKI_RESTRICT,

	/* of other threads, by signal; the first ones also of outcomes */
	LLKI_ALL_UNPORTED,
	LLKI_ALL_NO_PROC,
	LLKI_ALL_POLL_THREAD,
	LLKI_ALL_SCOPE,
	LLKI_ALL_UNREACHED,
	LLKI_ALL_UNSTEADY,
	LLKI_ALL_NO_LIST,
	LLKI_ALL_NO_SIGNAL,
	LLKI_ALL_NO_NEW_PRIVS,
	LLKI_ALL_REFUSED,
	LLKI_ALL_HALF,

	/* no failure */
	LLKI_LOADED,
	LLKI_DONE,
};

/* A mistake of a builder, the first one */
struct llki_mistake {
	int error; /* -errno, 0 if none */
	enum llki_step step;
	uint64_t surplus; /* the rights, flags or groups that are wrong */
	struct llki_rule *rule;
};

/* What was asked, cut down to one kernel */
struct llki_fit {
	int query;	  /* the kernel's answer: its ABI or -errno */
	uint64_t refused; /* known to that ABI, and refused all the same */
	uint64_t handled;
	uint64_t quiet;
	uint32_t flags; /* of llk_sys_restrict_self */
	uint64_t missing;
	uint64_t missing_quiet;
	uint32_t missing_flags;
	bool is_stuck; /* a rule grants refer, and ABI 1 denies it always */
	int outcome;   /* as far as rights and flags go: LLK_ or -errno */
};

/* Why it can't be said that there is one thread only */
struct llki_threads {
	int n_others; /* living ones that were listed, or counted */
	int error;    /* -ENOSYS: no usable /proc; other -errno: not listed */
	char names[64];
};

enum llki_state {
	LLKI_IS_BUILDING,
	LLKI_IS_LOADED,
	LLKI_IS_SPENT,
};

struct llk_ruleset {
	/* what was asked */
	int version;
	bool is_best_effort;
	uint64_t asked;
	uint64_t required;
	uint64_t quiet;
	uint64_t quiet_rules; /* the zones of rules that carry LLK_QUIET */
	bool refer_is_named;  /* by a rule: what ABI 1 can't do */
	bool has_fds;	      /* duplicates to be closed: the rules are many */
	struct llki_rule *rules, **last;
	struct llki_block *blocks;
	char *room; /* that is left in the first block */
	size_t n_left;
	struct llki_mistake mistake;
	unsigned long epoch; /* of what check knows: ended by each builder */

	/* what became of it */
	enum llki_state state;
	int fd;
	struct llki_fit fit;

	/* what the last load or restrict_self met */
	int result;
	enum llki_step step;
	int close_error;	    /* after the layer was in place */
	const struct llki_rule *at; /* the rule that failed */
	uint64_t surplus;
	struct llki_threads threads;
	struct llki_sys_all all; /* of the threads, by signal */
};

/* ruleset.c */
bool llki_ruleset_may_build(struct llk_ruleset *rs);
void llki_ruleset_stick(struct llk_ruleset *rs, int error, enum llki_step step,
			uint64_t surplus, struct llki_rule *rule);
int llki_ruleset_close_fds(struct llk_ruleset *rs);

/* rules.c */
void *llki_rules_room(struct llk_ruleset *rs, size_t size);

/* fit.c: pure */
void llki_fit(const struct llk_ruleset *rs, int query, uint64_t refused,
	      unsigned int flags, struct llki_fit *ret_fit);

/* The rights of @rule that the kernel is told; the mask drops the rest */
static inline uint64_t llki_fit_rights(const struct llki_fit *fit,
				       const struct llki_rule *rule)
{
	return rule->rights & fit->handled;
}

static inline uint64_t llki_fit_zone(const struct llki_rule *rule)
{
	return rule->kind == LLKI_PORT ? LLK_NET : LLK_FS;
}

static inline bool llki_fit_is_quiet(const struct llki_fit *fit,
				     const struct llki_rule *rule)
{
	return rule->rights & LLK_QUIET && fit->quiet & llki_fit_zone(rule);
}

/* load.c */
bool llki_load_is_forgiven(const struct llki_rule *rule, int error);
int llki_load_end(struct llk_ruleset *rs, int result, enum llki_step step);
const struct llki_rule *llki_load_idle_quiet(const struct llk_ruleset *rs);
int llki_load_check(struct llk_ruleset *rs);
int llki_load_build(struct llk_ruleset *rs, unsigned int flags);
int llki_load_again(struct llk_ruleset *rs, unsigned int flags);

/* threads.c */
bool llki_threads_is_one(struct llki_threads *ret_threads, bool is_brief);

#endif
