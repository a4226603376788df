/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * In the place of explain.c and sentences.c where a program leaves them out
 * (LLK_NO_EXPLAIN, see scripts/amalgamate): the numbers alone.
 */
#include "ruleset.h"

#ifdef LLK_NO_EXPLAIN

static const char *brief_outcome(const struct llk_ruleset *rs)
{
	if (rs->mistake.error && rs->state != LLKI_IS_SPENT)
		return "failed";
	if (rs->step == LLKI_NOTHING_YET)
		return "nothing was enforced yet";
	if (rs->result < 0)
		return "failed";
	if (rs->result == LLK_NOT_ENFORCED)
		return "not enforced";
	if (rs->step == LLKI_LOADED)
		return "loaded, nothing is restricted yet";

	return rs->result == LLK_ENFORCED ? "enforced" : "partly enforced";
}

/* The number of the errno behind it, 0 if there is none */
static int brief_error(const struct llk_ruleset *rs)
{
	if (rs->mistake.error && rs->state != LLKI_IS_SPENT)
		return -rs->mistake.error;
	if (rs->step >= LLKI_ALL_UNPORTED && rs->step <= LLKI_ALL_HALF)
		return -rs->all.error;
	if (rs->step == LLKI_UNFIT && rs->fit.query < 0)
		return -rs->fit.query;

	return rs->result < 0 ? -rs->result : 0;
}

/* "failed: errno 2, step 26": enum llki_step has the steps */
int llk_ruleset_explain(const struct llk_ruleset *rs, char *buf, size_t size)
{
	struct llki_text t = { .buf = buf, .size = size };
	bool is_mistake = rs && rs->mistake.error && rs->state != LLKI_IS_SPENT;

	if (!rs) {
		llki_text_put(&t, "failed: out of memory");
		return llki_text_end(&t);
	}

	llki_text_put(&t, brief_outcome(rs));
	llki_text_put(&t, ": errno ");
	llki_text_put_number(&t, (uint64_t)brief_error(rs));
	llki_text_put(&t, ", step ");
	llki_text_put_number(&t, is_mistake ? rs->mistake.step : rs->step);

	return llki_text_end(&t);
}

#endif
