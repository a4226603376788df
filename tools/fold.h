/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What a run needed becomes a policy that one can read: a function from needs
 * to rules, without a look at any file.
 */
#ifndef LANDLOCK_RUN_FOLD_H
#define LANDLOCK_RUN_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rights on a path, of which all links are resolved; a need, or a rule */
struct folded {
	uint64_t rights;
	const char *path; /* the caller's, or memory that is kept */
	bool is_dir;
};

/* A file or directory was moved or linked from one directory to another: it
   must not be allowed more there. An exchange is two moves. */
struct folded_move {
	const char *from, *to;
	bool is_dir; /* the moved one */
};

struct policy_needs {
	struct folded *all;
	size_t n;
	struct folded_move *moves;
	size_t n_moves;
	const char *home, *tmp; /* or NULL */
};

/* One rule for each path that needs one, in the order of paths; the caller
   frees the array. @is_tight: no wider than what was needed. */
struct folded *fold(const struct policy_needs *needs, bool is_tight,
		    size_t *ret_n);

/* The first need, or move, that @rules don't cover, by its rights and path; a
   NULL path: none. What this finds is a bug of fold. */
struct folded fold_replay(const struct policy_needs *needs,
			  const struct folded *rules, size_t n);

/* All that @rules grant on @path */
uint64_t fold_granted(const struct folded *rules, size_t n, const char *path);

#endif
