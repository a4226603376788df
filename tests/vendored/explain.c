/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What llk_ruleset_explain says: explain sentences|numbers. Nothing here
 * restricts, so it is the same on every kernel.
 */
#include "liblandlock.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *sentence, *number;
};

static int expect(const struct llk_ruleset *rs, int is_brief, struct row row)
{
	const char *wanted = is_brief ? row.number : row.sentence;
	char found[256], cut[8];
	int n = llk_ruleset_explain(rs, found, sizeof(found));

	memset(cut, 'x', sizeof(cut));
	llk_ruleset_explain(rs, cut, sizeof(cut));
	if (!strncmp(found, wanted, strlen(wanted)) &&
	    n == (int)strlen(found) && strlen(cut) == sizeof(cut) - 1)
		return 0;
	printf("\"%s\" and not \"%s\"\n", found, wanted);

	return 1;
}

static int refused(struct llk_ruleset *rs, int is_brief, struct row row)
{
	return llk_ruleset_restrict_self(rs, 0) >= 0 ||
	       expect(rs, is_brief, row);
}

static int wrong_port(int is_brief)
{
	const struct row new = { "nothing was enforced yet.",
				 "nothing was enforced yet: errno 0, step 0" };
	const struct row bad = {
		"bug in the program: port 65536 is above 65535.",
		"failed: errno 22, step 12"
	};
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, LLK_NET, 0);
	int r = expect(rs, is_brief, new);

	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 65536);
	r = r || expect(rs, is_brief, bad) || refused(rs, is_brief, bad);
	llk_ruleset_free(rs);

	return r;
}

int main(int argc, char *argv[])
{
	const struct row none = { "failed: out of memory.",
				  "failed: out of memory" };
	int is_brief = argc > 1 && !strcmp(argv[1], "numbers");

	return expect(NULL, is_brief, none) || wrong_port(is_brief);
}
