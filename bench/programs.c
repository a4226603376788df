/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * How long commands take from fork to their end, in turn. "--bare COMMAND" is
 * the command after the bare system calls for five rules, in this program's
 * child, or in a program of its own where this one is started by --bare.
 * usage: bench-programs ROUNDS NAME COMMAND ... [:: NAME COMMAND ...]
 *        bench-programs --bare COMMAND ...
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_COMMANDS 16

struct command {
	const char *name;
	char **words;
	double *us, *cpu; /* of each round: on the clock, and of processors */
};

static void become_bare(char **words)
{
	static const char *const read_only[] = { "/etc", "/var", "/tmp" };
	int ruleset = bare_create(llk_abi_rights(3));

	bare_add_path(ruleset, LLK_RO_DIRS, "/");
	bare_add_path(ruleset, LLK_RO_DIRS, "/usr");
	for (int i = 0; i < 3; i++)
		bare_add_path(ruleset, LLK_READ, read_only[i]);
	bare_restrict(ruleset);
	execv(words[0], words);
	_exit(127);
}

static void become(char **words)
{
	if (!strcmp(words[0], "--bare"))
		become_bare(words + 1);
	execvp(words[0], words);
	_exit(127);
}

static double us_of(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static bool run(const struct command *command, int round)
{
	double since = bench_clock();
	pid_t pid = fork();
	int status = -1;
	struct rusage used;

	if (pid == 0)
		become(command->words);
	bench_must(pid > 0 && wait4(pid, &status, 0, &used) == pid, "fork");
	command->us[round] = bench_clock() - since;
	command->cpu[round] = us_of(used.ru_utime) + us_of(used.ru_stime);

	return status == 0;
}

/* Split the arguments, and leave out what does not work here */
static int take_commands(char **words, int rounds, struct command *ret_commands)
{
	int n = 0;

	while (*words && n < MOST_COMMANDS) {
		struct command *command = &ret_commands[n];
		*command = (struct command){
			.name = words[0],
			.words = words + 1,
			.us = calloc((size_t)rounds, sizeof(double)),
			.cpu = calloc((size_t)rounds, sizeof(double)),
		};
		while (*words && strcmp(*words, "::") != 0)
			words++;
		if (*words)
			*words++ = NULL;
		bench_must(command->us && command->cpu, "calloc");
		if (run(command, 0))
			n++;
		else
			printf("# %s can't run here\n", command->name);
	}

	return n;
}

static void measure(struct command *commands, int n, int rounds)
{
	for (int round = 0; round < rounds; round++) {
		bench_progress("programs", round, rounds);
		for (int i = 0; i < n; i++) {
			struct command *command = &commands[(round + i) % n];

			bench_must(run(command, round), command->name);
		}
	}
	bench_progress("programs", rounds, rounds);
}

static void tell(struct command *commands, int n, int rounds)
{
	double first[2];

	printf("# median us                 on the clock        of "
	       "processors\n");
	for (int i = 0; i < n; i++) {
		double us = bench_median(commands[i].us, rounds);
		double cpu = bench_median(commands[i].cpu, rounds);

		if (i == 0) {
			first[0] = us;
			first[1] = cpu;
		}
		printf("%-24s %8.0f %6.2f %12.0f %6.2f\n", commands[i].name, us,
		       us / first[0], cpu, cpu / first[1]);
	}
}

int main(int argc, char **argv)
{
	struct command commands[MOST_COMMANDS] = { 0 };
	int rounds, n;

	if (argc > 2 && !strcmp(argv[1], "--bare"))
		become_bare(argv + 2);
	if (argc < 4)
		return 2;
	rounds = bench_rounds(atoi(argv[1]));
	n = take_commands(argv + 2, rounds, commands);
	if (n == 0)
		return 1;
	measure(commands, n, rounds);
	tell(commands, n, rounds);

	return 0;
}
