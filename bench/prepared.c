/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A server that forks: a ruleset loaded once and enforced in each child, beside
 * one that each child builds, and beside the bare calls on a descriptor.
 */
#include "bench.h"

#include <stdio.h>
#include <unistd.h>

#define READ LLK_FS_READ_FILE
#define MOST_RULES 1000
#define PAGE 4096

#define N_PREPARED (BENCH_WARM_UPS + 1)

/* For the warm-up and the work; each child has its copies */
static struct llk_ruleset *loaded[N_PREPARED];
static int by_hand[N_PREPARED], n_used;
static char *heap, **paths;

static struct llk_ruleset *build(int n)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	for (int i = 0; i < n; i++)
		llk_ruleset_allow_path(rs, READ, paths[i]);

	return rs;
}

static int build_by_hand(int n)
{
	int ruleset = bare_create(llk_abi_rights(1));

	for (int i = 0; i < n; i++)
		bare_add_path(ruleset, READ, paths[i]);

	return ruleset;
}

static void enforce(struct llk_ruleset *rs)
{
	bench_must(llk_ruleset_restrict_self(rs, 0) == LLK_ENFORCED, "enforce");
}

static void enforce_loaded(int n)
{
	(void)n;
	enforce(loaded[n_used++]);
}

/* The heap as the child's own, not as pages shared until it writes */
static void warm_up_loaded(int n)
{
	for (volatile char *p = heap; p < (char *)sbrk(0); p += PAGE)
		*p = *p;
	while (n_used < N_PREPARED - 1)
		enforce_loaded(n);
}

static void enforce_by_hand(int n)
{
	(void)n;
	bare_restrict(by_hand[n_used++]);
}

static void enforce_built(int n)
{
	struct llk_ruleset *rs = build(n);

	enforce(rs);
	llk_ruleset_free(rs);
}

static void enforce_built_by_hand(int n)
{
	bare_restrict(build_by_hand(n));
}

static void do_nothing(int n)
{
	(void)n;
}

static void prepare(int n)
{
	for (int i = 0; i < N_PREPARED; i++) {
		loaded[i] = build(n);
		bench_must(llk_ruleset_load(loaded[i]) == LLK_ENFORCED, "load");
		by_hand[i] = build_by_hand(n);
	}
}

static void end_prepared(void)
{
	for (int i = 0; i < N_PREPARED; i++) {
		llk_ruleset_free(loaded[i]);
		close(by_hand[i]);
	}
}

static const struct bench_way ways[] = {
	{ "prepared", warm_up_loaded, enforce_loaded },
	{ "prepared, page shared", NULL, enforce_loaded },
	{ "prepared by hand", NULL, enforce_by_hand },
	{ "built in each child", NULL, enforce_built },
	{ "built by hand", NULL, enforce_built_by_hand },
	{ "only forked", NULL, do_nothing },
};

#define N_WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static void measure(int n)
{
	double us[N_WAYS], lives[N_WAYS];

	prepare(n);
	bench_work(ways, N_WAYS, n, bench_rounds(1001), us);
	bench_lives(ways, N_WAYS, n, bench_rounds(1001), lives);
	end_prepared();
	for (int i = 0; i < N_WAYS; i++)
		printf("%5d  %-24s %10.1f %14.0f\n", n, ways[i].name, us[i],
		       1e6 / lives[i]);
	printf("# %d rules: built %.1f times, bare calls %.2f times of "
	       "prepared\n",
	       n, us[3] / us[0], us[2] / us[0]);
	fflush(stdout);
}

int main(void)
{
	heap = sbrk(0);
	paths = bench_files(MOST_RULES);
	printf("# rules  way               enforcing (us)  sandboxes per "
	       "second\n");
	for (int n = 1; n <= MOST_RULES; n *= 10)
		measure(n);

	return 0;
}
