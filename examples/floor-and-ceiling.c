/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Floor and ceiling: all that this kernel can restrict, and never less than
 * files with truncate (V3). Prints what is denied by default.
 */
#include <liblandlock.h>
#include <stdio.h>

int main(void)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	char buf[512];
	int r;

	llk_ruleset_require(rs, llk_abi_rights(LLK_V3));
	r = llk_ruleset_restrict_self(rs, 0);
	if (r) { /* less than the ceiling; below the floor it is negative */
		llk_ruleset_explain(rs, buf, sizeof(buf));
		fprintf(stderr, "sandbox: %s\n", buf);
	}
	if (r && r != LLK_PARTLY_ENFORCED)
		return 1;

	llk_rights_format(llk_ruleset_handled(rs), buf, sizeof(buf));
	printf("denied: %s\n", buf);
	llk_ruleset_free(rs);

	return 0;
}
