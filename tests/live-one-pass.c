/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The storm can fail: linked with a by-signal.c that stops at its first clear
 * pass over the threads, a storm finds threads that stayed free. How many
 * rounds that takes is chance; LLK_STORM_ROUNDS is the limit.
 */
#include "live.h"
#include "storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ROUNDS 4000

static int max_rounds(void)
{
	const char *rounds = getenv("LLK_STORM_ROUNDS");

	return rounds ? atoi(rounds) : MAX_ROUNDS;
}

/* One storm in a child: whether a thread escaped */
static bool has_escaped(struct storm *storm)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(!storm_rage(STORM_CHAINS, true, storm));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "wait status %#x",
		      (unsigned int)status);

	return storm->result == LLK_ENFORCED && storm->n_escaped > 0;
}

START_TEST(a_single_pass_lets_threads_escape)
{
	struct storm *storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int n = max_rounds(), i = 1;

	NEEDS_ABI(1);
	SKIP_IF(live_abi() >= 8, "ABI %d covers all threads", live_abi());
	ck_assert_ptr_ne(storm, MAP_FAILED);
	live_tree();
	live_file("file", "content");
	while (i <= n && !has_escaped(storm))
		i++;
	printf("a single pass: %s after %d rounds, %ld of %ld tries\n",
	       i <= n ? "threads escaped" : "none escaped", i, storm->n_escaped,
	       storm->n_after);
	ck_assert_int_le(i, n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("one-pass");

	live_add(suite, a_single_pass_lets_threads_escape, 1);

	return live_main(suite);
}
