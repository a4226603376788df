/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A program of someone else's: prog ALLOWED DENIED, two files that can be read.
 * Exit status 0 if after restricting itself only the first can, 77 without
 * Landlock.
 */
#include <liblandlock.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* 0 or -errno */
static int try_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	return close(fd);
}

static int restrict_to(const char *path)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	char why[512];
	int r;

	llk_ruleset_allow_path(rs, LLK_READ, path);
	r = llk_ruleset_restrict_self(rs, 0);
	if (r) {
		llk_ruleset_explain(rs, why, sizeof(why));
		fprintf(stderr, "prog: %s\n", why);
	}
	llk_ruleset_free(rs);

	return r;
}

static int expect(const char *when, const char *path, int wanted)
{
	int found = try_to_read(path);

	if (found == wanted)
		return 0;
	fprintf(stderr, "prog: %s: %s: %d and not %d\n", when, path, found,
		wanted);

	return 1;
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	if (llk_abi() < 0) {
		fprintf(stderr, "this kernel has no Landlock\n");
		return 77;
	}
	if (expect("before", argv[1], 0) || expect("before", argv[2], 0))
		return 1;
	if (restrict_to(argv[1]))
		return 1;

	return expect("after", argv[1], 0) || expect("after", argv[2], -EACCES);
}
