/* SPDX-License-Identifier: 0BSD OR MIT */
/* Between explain.c and its table of sentences */
#ifndef LLKI_EXPLAIN_H
#define LLKI_EXPLAIN_H

#include "ruleset.h"

/* What a sentence speaks of */
struct llki_topic {
	const struct llk_ruleset *rs;
	const struct llki_rule *rule;
	uint64_t surplus;
	int error; /* positive */
};

void llki_explain_put_error(struct llki_text *t, int error);
void llki_explain_put_sentence(struct llki_text *t, enum llki_step step,
			       const struct llki_topic *topic);

#endif
