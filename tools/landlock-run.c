/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run: sandbox any command. Options become rules of one ruleset, and
 * the library does the rest.
 */
#include "observe.h"

#include <stdlib.h>
#include <string.h>

/* What is less than asked is told; by landrun's meaning, only where it is to
   be told what happened. Wishes about the log don't change the result. */
static bool is_told(const struct request *req, int result, const char *line)
{
	if (req->dialect->is_landrun || req->wants & WANT_VERBOSE)
		return req->wants & WANT_VERBOSE;
	if (req->quiet || req->flags & 0xffffU)
		return strcmp(line, "enforced: all that was asked.") != 0;

	return result != LLK_ENFORCED;
}

static void tell_result(const struct request *req, const struct llk_ruleset *rs,
			int result)
{
	char *line = explanation(rs);

	if (!policy_is_enough(req, result))
		die(EXIT_FAILED, NULL, NULL,
		    "%s (--best-effort would run it all the same)", line);

	if (is_told(req, result, line))
		say("%s\n", line);
	free(line);
}

/*
 * This thread is the only one that is left after exec, so there are no others
 * to count
 */
static void restrict_self(const struct request *req)
{
	struct llk_ruleset *rs = policy_build(req);
	int r = llk_ruleset_restrict_self(rs, req->flags |
						      LLK_RESTRICT_THIS_THREAD);

	if (r < 0)
		policy_fail(req, rs, r);

	tell_result(req, rs, r);
	llk_ruleset_free(rs);
}

static void tell_command(const struct request *req)
{
	say("runs ");
	say_quoted(stderr, req->path);
	fputc('\n', stderr);
}

__attribute__((noreturn)) static void run_command(struct request *req)
{
	if (req->wants & WANT_TMP)
		tmp_begin(req);
	if (req->wants & WANT_WHY)
		observe_begin(req, &why_observer);
	if (req->wants & WANT_LEARN)
		learn_begin(req);
	else if (!policy_is_empty(req))
		restrict_self(req);
	if (req->wants & WANT_VERBOSE)
		tell_command(req);
	if (ferror(stderr))
		die(EXIT_FAILED, NULL, NULL, "standard error can't be written");
	command_execute(req);
}

int main(int argc, char **argv)
{
	struct request req = { 0 };

	options_read(&req, argc, argv);
	if (req.wants & WANT_ABI)
		exit_after_output(tell_abi(&req));
	if (req.command)
		req.path = command_find(req.command[0]);
	presets_add(&req);
	if (req.checks.n)
		exit_after_output(tell_checks(&req));
	if (req.wants & WANT_DRY_RUN)
		exit_after_output(tell_dry_run(&req));
	run_command(&req);
}
