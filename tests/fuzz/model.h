/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The oracle: what a ruleset does on the fake kernel, said a second time, bit
 * by bit and without src/. It takes the same calls, knows the fake kernel's
 * settings, and is compared with the library after each call.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "../fake-kernel.h"

#define MODEL_MAX_RULES 1024

struct model_rule {
	enum { MODEL_PATH, MODEL_GROUP_PATH, MODEL_FD, MODEL_PORT } kind;
	uint64_t rights; /* modifiers too */
	uint64_t port;
	char *path;
	int file; /* of a descriptor: index in the fake's files */
};

struct model {
	/* what was asked */
	bool is_null;
	bool is_best_effort;
	uint64_t asked, required, quiet;
	struct model_rule rules[MODEL_MAX_RULES];
	int n_rules;
	int mistake;
	const char *mistake_begins;

	/* what became of it */
	enum { MODEL_BUILDING, MODEL_LOADED, MODEL_SPENT } state;
	int n_dups;
	int answer; /* of the version query */
	uint64_t refused;
	struct fake_ruleset words; /* that the kernel was told */
	uint32_t flags;		   /* of restrict_self */
	const char *begins;	   /* how explain has to begin */

	/* the process */
	enum { MODEL_AS_THEY_ARE, MODEL_ONE, MODEL_SEVERAL } threads;
	bool has_no_new_privs;
	int n_layers;
};

/* Begin anew, with the fake kernel as it is set up now */
void model_begin(struct model *m);

/* Free what it holds, as llk_ruleset_free() does */
void model_end(struct model *m);

void model_new(struct model *m, int version, uint64_t handled,
	       unsigned int flags);
void model_allow_path(struct model *m, uint64_t rights, const char *path);
void model_allow_fd(struct model *m, uint64_t rights, int fd);
void model_allow_port(struct model *m, uint64_t rights, uint64_t port);
void model_allow_group(struct model *m, uint64_t rights, unsigned int groups);
void model_allow_list(struct model *m); /* one that is NULL */
void model_require(struct model *m, uint64_t rights);
void model_quiet(struct model *m, uint64_t rights);
int model_load(struct model *m);
int model_restrict_self(struct model *m, unsigned int flags);

/*
 * Let the @at-th call of @call fail with @error, in the model and the fake;
 * @at is 0 for none
 */
void model_fail(enum fake_call call, int at, int error);

/* Insist on all that can be seen being as the model has it */
void model_compare(const struct model *m, const struct llk_ruleset *rs);

/* Insist on what was enforced last being what the model's kernel was told */
void model_compare_enforced(const struct model *m);

#endif
