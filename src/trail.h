/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Between trail.c, check.c and moves.c, and what the model answers that is not public
 * yet: renames, links, other processes' view of the file system.
 */
#ifndef LLKI_TRAIL_H
#define LLKI_TRAIL_H

#include "ruleset.h"

#include <limits.h>

/* Directories from one up to the root */
struct llki_trail {
	struct llki_trail *above;
	struct llki_sys_identity file;
};

/* The name in its directory, as a descriptor that the caller closes; the name
   is empty where the path ends in a directory without one */
struct llki_trail_end {
	int dir;
	char name[NAME_MAX + 1];
};

/* Where paths begin; another process's, or -1 for one's own */
struct llki_trail_from {
	int root, dir;
	/* NULL, or what its /proc/self and /proc/thread-self say */
	const char *self, *thread_self;
	struct llki_trail_end *end; /* NULL: not asked for */
};

/* What a path means: a name in a directory */
struct llki_trail_place {
	struct llki_trail *dir;
	struct llki_sys_identity file; /* kind 0: the name isn't there */
	bool is_nameless; /* a pipe or the like, through /proc: no @dir */
};

/*
 * Find what @path means, with @follows its last link followed. Ended by
 * llki_trail_free(place->dir).
 */
int llki_trail_find(const struct llki_trail_from *from, const char *path,
		    bool follows, struct llki_trail_place *ret_place);
void llki_trail_free(struct llki_trail *trail);

/* check.c */

/* For which kernel, and from where paths begin */
struct llki_check_view {
	int query; /* llk_abi's answer */
	struct llki_trail_from from;
	int errata; /* the answer to that query; moves of whiteouts need it */
};

enum llki_check_kind {
	LLKI_CHECK_RENAME,
	LLKI_CHECK_EXCHANGE,
	LLKI_CHECK_LINK,
};

struct llki_check_move {
	enum llki_check_kind kind;
	const char *from, *to; /* the last link of neither is followed */
};

struct llki_check_verdict {
	int error;	       /* of the kernel: 0, -EACCES or -EXDEV */
	uint64_t missing_from; /* on the directory of either */
	uint64_t missing_to;
	uint64_t gained; /* what the moved file, or the other, would gain */
};

/* Fit @rs as load would and look up its rules: 0, or why load would fail */
int llki_check_fit(struct llk_ruleset *rs, int query, struct llki_fit *ret_fit);

/* What is denied by default; the kernel adds refer to any right of files */
uint64_t llki_check_denied(const struct llki_fit *fit);

/* What is allowed on @file itself, not above it */
uint64_t llki_check_granted(const struct llk_ruleset *rs,
			    const struct llki_fit *fit,
			    const struct llki_sys_identity *file);

/* What is missing of @rights at @place, of a ruleset that was looked up */
uint64_t llki_check_missing(const struct llk_ruleset *rs,
			    const struct llki_fit *fit, uint64_t rights,
			    const struct llki_trail_place *place);

int llki_check_path(struct llk_ruleset *rs, const struct llki_check_view *view,
		    uint64_t rights, const char *path, uint64_t *ret_missing);

/* moves.c: the right to make such a file, and to remove it; 0 of kind 0 */
uint64_t llki_check_making(const struct llki_sys_identity *file, int errata);
uint64_t llki_check_removing(const struct llki_sys_identity *file);

/* Ask for a move or link under all of @layers, NULL ends them */
int llki_check_move(struct llk_ruleset *const layers[],
		    const struct llki_check_view *view,
		    const struct llki_check_move *move,
		    struct llki_check_verdict *ret_verdict);

/* The same, of places that were found; they stay the caller's */
struct llki_check_places {
	enum llki_check_kind kind;
	const struct llki_trail_place *from, *to;
};

int llki_check_places(struct llk_ruleset *const layers[],
		      const struct llki_check_view *view,
		      const struct llki_check_places *places,
		      struct llki_check_verdict *ret_verdict);

#endif
