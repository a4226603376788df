/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Building and enforcing a ruleset of N rules: the library beside a hand-written
 * loop of the same system calls.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define READ LLK_FS_READ_FILE
#define CONNECT LLK_NET_CONNECT_TCP
#define MOST_FDS 1000

static char **paths;
static int fds[MOST_FDS];

static void enforce(struct llk_ruleset *rs)
{
	bench_must(llk_ruleset_restrict_self(rs, 0) == LLK_ENFORCED, "enforce");
	llk_ruleset_free(rs);
}

static void paths_by_library(int n)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	for (int i = 0; i < n; i++)
		llk_ruleset_allow_path(rs, READ, paths[i]);
	enforce(rs);
}

static void paths_by_hand(int n)
{
	int ruleset = bare_create(llk_abi_rights(1));

	for (int i = 0; i < n; i++)
		bare_add_path(ruleset, READ, paths[i]);
	bare_restrict(ruleset);
}

static void fds_by_library(int n)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	for (int i = 0; i < n; i++)
		llk_ruleset_allow_fd(rs, READ, fds[i]);
	enforce(rs);
}

static void fds_by_hand(int n)
{
	int ruleset = bare_create(llk_abi_rights(1));

	for (int i = 0; i < n; i++)
		bare_add_fd(ruleset, READ, fds[i]);
	bare_restrict(ruleset);
}

static void ports_by_library(int n)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, CONNECT, 0);

	for (int i = 0; i < n; i++)
		llk_ruleset_allow_port(rs, CONNECT, (uint64_t)i);
	enforce(rs);
}

static void ports_by_hand(int n)
{
	int ruleset = bare_create(CONNECT);

	for (int i = 0; i < n; i++)
		bare_add_port(ruleset, CONNECT, i);
	bare_restrict(ruleset);
}

static void do_nothing(int n)
{
	(void)n;
}

/* "first" is without a warm-up: as a program that does it once */
static const struct kind {
	const char *name;
	struct bench_way ways[2];
	int most;
} kinds[] = {
	{ "path",
	  { { "path rules", NULL, paths_by_library },
	    { "path rules by hand", NULL, paths_by_hand } },
	  100000 },
	{ "first",
	  { { "first path rules", do_nothing, paths_by_library },
	    { "first path rules by hand", do_nothing, paths_by_hand } },
	  100 },
	{ "fd",
	  { { "fd rules", NULL, fds_by_library },
	    { "fd rules by hand", NULL, fds_by_hand } },
	  MOST_FDS },
	{ "port",
	  { { "port rules", NULL, ports_by_library },
	    { "port rules by hand", NULL, ports_by_hand } },
	  10000 },
};

static const struct {
	int n, rounds;
} sizes[] = {
	{ 0, 1001 },   { 1, 1001 },   { 10, 1001 },   { 100, 501 },
	{ 1000, 101 }, { 10000, 21 }, { 100000, 11 },
};

static void open_files(void)
{
	struct rlimit limit;

	bench_must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	bench_must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	for (int i = 0; i < MOST_FDS; i++) {
		fds[i] = open(paths[i], O_PATH | O_CLOEXEC);
		bench_must(fds[i] >= 0, paths[i]);
	}
}

static void measure(const struct kind *kind, int n, int rounds)
{
	double us[2];

	bench_work(kind->ways, 2, n, bench_rounds(rounds), us);
	printf("%-5s %8d %12.1f %12.1f %7.3f\n", kind->name, n, us[0], us[1],
	       us[0] / us[1]);
	fflush(stdout);
}

int main(void)
{
	int most = bench_is_brief() ? 10000 : 100000;

	paths = bench_files(most);
	open_files();
	printf("# rule        N      library      by hand   ratio (us)\n");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			if (sizes[j].n <= kinds[i].most && sizes[j].n <= most)
				measure(&kinds[i], sizes[j].n, sizes[j].rounds);

	return 0;
}
