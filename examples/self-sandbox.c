/* SPDX-License-Identifier: 0BSD OR MIT */
/* Restricts itself to /usr, /opt/theme and /tmp, then opens what it is told. */
#include <liblandlock.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V5, LLK_FS, LLK_BEST_EFFORT);
	char buf[512];
	int r;

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/usr");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/opt/theme");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE, "/tmp");
	r = llk_ruleset_restrict_self(rs, 0);
	if (r) { /* less than was asked */
		llk_ruleset_explain(rs, buf, sizeof(buf));
		fprintf(stderr, "sandbox: %s\n", buf);
	}
	llk_ruleset_free(rs);
	if (r && r != LLK_PARTLY_ENFORCED)
		exit(1);

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");

		printf("%s %s\n", f ? "allowed" : "denied ", argv[i]);
		if (f)
			fclose(f);
	}

	return 0;
}
