/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What a sandboxed process pays later: open(2) of a file that lies deep below
 * the directory that is granted, under layers of rules; the kernel's price.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ LLK_FS_READ_FILE
#define N_OPENS 1000
#define DEEPEST 30

static char **paths;
static char granted[256], files[DEEPEST + 1][512];
static int depth, n_layers;

/* One at each depth; the granted directory is the one of the rules' files */
static void make_files(void)
{
	char dir[384];

	snprintf(granted, sizeof(granted), "%s", paths[0]);
	*strrchr(granted, '/') = '\0';
	strcpy(dir, granted);
	for (int i = 1; i <= DEEPEST; i++) {
		int fd;

		snprintf(files[i], sizeof(files[i]), "%s/file", dir);
		fd = open(files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		bench_must(fd >= 0 && close(fd) == 0, files[i]);
		strcat(dir, "/d");
		bench_must(mkdir(dir, 0700) == 0, dir);
	}
}

/* Without rules nothing that is opened here is handled: the layers are idle */
static void add_layer(int n)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, n ? READ : LLK_FS_MAKE_SOCK, 0);

	if (n)
		llk_ruleset_allow_path(rs, READ, granted);
	for (int i = 1; i < n; i++)
		llk_ruleset_allow_path(rs, READ, paths[i]);
	bench_must(llk_ruleset_restrict_self(rs, 0) == LLK_ENFORCED, "layer");
	llk_ruleset_free(rs);
}

static void open_files(int n)
{
	(void)n;
	for (int i = 0; i < N_OPENS; i++) {
		int fd = open(files[depth], O_RDONLY | O_CLOEXEC);

		bench_must(fd >= 0, files[depth]);
		close(fd);
	}
}

static void enter_sandbox(int n)
{
	for (int i = 0; i < n_layers; i++)
		add_layer(n);
	open_files(n);
}

static void stay_free(int n)
{
	open_files(n);
}

static void enter_0(int n)
{
	enter_sandbox(0 * n);
}

static void enter_10(int n)
{
	enter_sandbox(10 * n);
}

static void enter_1000(int n)
{
	enter_sandbox(1000 * n);
}

static void measure(void)
{
	static const struct bench_way ways[] = {
		{ "open, free", stay_free, open_files },
		{ "open, 0 rules", enter_0, open_files },
		{ "open, 10 rules", enter_10, open_files },
		{ "open, 1000 rules", enter_1000, open_files },
	};
	double us[4];

	bench_work(ways, 4, 1, bench_rounds(101), us);
	printf("%5d %7d", depth, n_layers);
	for (int i = 0; i < 4; i++)
		printf(" %9.0f", us[i] * 1e3 / N_OPENS);
	printf("\n");
	fflush(stdout);
}

int main(void)
{
	static const int depths[] = { 1, 10, DEEPEST }, layers[] = { 1, 4, 16 };

	paths = bench_files(1000);
	make_files();
	printf("# depth layers      free   0 rules  10 rules 1000 rules "
	       "(ns)\n");
	for (int i = 0; i < 3; i++) {
		depth = depths[i];
		for (int j = 0; j < 3; j++) {
			n_layers = layers[j];
			measure();
		}
	}

	return 0;
}
