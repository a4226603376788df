/* SPDX-License-Identifier: 0BSD OR MIT */
/* What a rule takes, and what the shared library adds to a process */
#include "bench.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define N_RULES 10000
#define PATH "/usr/share/doc/liblandlock"

static void add_path(struct llk_ruleset *rs, int i)
{
	(void)i;
	llk_ruleset_allow_path(rs, LLK_READ, PATH);
}

static void add_fd(struct llk_ruleset *rs, int i)
{
	(void)i;
	llk_ruleset_allow_fd(rs, LLK_READ, STDERR_FILENO);
}

static void add_port(struct llk_ruleset *rs, int i)
{
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, (uint64_t)i);
}

static size_t in_use(void)
{
	return mallinfo2().uordblks;
}

static void tell_rules(const char *what, int n,
		       void (*add)(struct llk_ruleset *rs, int i))
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V4, LLK_FS | LLK_NET_BIND_TCP, 0);
	size_t before = in_use();

	for (int i = 0; i < n; i++)
		add(rs, i);
	bench_must(llk_ruleset_error(rs) == 0, what);
	printf("%-40s %8.1f bytes\n", what, (double)(in_use() - before) / n);
	llk_ruleset_free(rs);
}

static void use_all(void)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	char why[256];

	llk_ruleset_allow_path(rs, LLK_READ, "/");
	bench_must(llk_ruleset_restrict_self(rs, 0) == LLK_ENFORCED, "enforce");
	llk_ruleset_explain(rs, why, sizeof(why));
	llk_ruleset_free(rs);
}

/* The sum of a line over all mappings of the library, in KiB */
static long mapped(const char *name)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	long kib, sum = 0;
	bool is_ours = false;

	bench_must(smaps, "/proc/self/smaps");
	while (fgets(line, sizeof(line), smaps)) {
		if (strchr(line, '-') && strchr(line, '-') < strchr(line, ' '))
			is_ours = strstr(line, "/liblandlock.so") != NULL;
		else if (is_ours && !strncmp(line, name, strlen(name)) &&
			 sscanf(line + strlen(name), ": %ld", &kib) == 1)
			sum += kib;
	}
	fclose(smaps);

	return sum;
}

/* The second one: for the first, libc makes something for itself */
static void tell_ruleset(void)
{
	struct llk_ruleset *first = llk_ruleset_new(LLK_V1, LLK_FS, 0), *second;
	size_t before = in_use();

	second = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	printf("%-40s %8.1f bytes\n", "a ruleset", (double)(in_use() - before));
	llk_ruleset_free(first);
	llk_ruleset_free(second);
}

int main(void)
{
	tell_ruleset();
	tell_rules("a path rule (its path: 26 bytes)", N_RULES, add_path);
	tell_rules("a port rule", N_RULES, add_port);
	tell_rules("a rule by descriptor", 100, add_fd);
	use_all();
	printf("%-40s %8ld KiB\n", "the shared library: mapped",
	       mapped("Size"));
	printf("%-40s %8ld KiB\n", "of it resident after use", mapped("Rss"));
	printf("%-40s %8ld KiB\n", "of it private and dirty",
	       mapped("Private_Dirty"));

	return 0;
}
