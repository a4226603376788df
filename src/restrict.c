/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Enforcing: make sure that all threads are covered, set no_new_privs, and
 * put the layer in place. Nothing here allocates or takes a lock: it runs
 * between fork and exec.
 */
#include "ruleset.h"

#include <errno.h>

#define KNOWN_FLAGS                                                      \
	(LLK_RESTRICT_LOG_SAME_EXEC_OFF | LLK_RESTRICT_LOG_NEW_EXEC_ON | \
	 LLK_RESTRICT_LOG_SUBDOMAINS_OFF | LLK_RESTRICT_THIS_THREAD |    \
	 LLK_RESTRICT_SKIP_NO_NEW_PRIVS)

/* Other threads can't be covered: nothing is done. 0 if there are none. */
static int check_threads(struct llk_ruleset *rs, unsigned int flags)
{
	bool is_lenient = rs->is_best_effort && !rs->required;

	if (flags & LLK_RESTRICT_THIS_THREAD ||
	    rs->fit.flags & LLK_SYS_RESTRICT_SELF_TSYNC ||
	    llki_threads_is_one(&rs->threads))
		return 0;

	return llki_load_end(rs, is_lenient ? LLK_NOT_ENFORCED : -EOPNOTSUPP,
			     LLKI_THREADS);
}

/* By the layer's own flag where the kernel has it, else before the layer */
static int set_no_new_privs(struct llk_ruleset *rs, unsigned int flags)
{
	if (flags & LLK_RESTRICT_SKIP_NO_NEW_PRIVS ||
	    rs->fit.flags & LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS)
		return 0;

	return llki_load_end(rs, llk_sys_no_new_privs(), LLKI_NO_NEW_PRIVS);
}

/* Put the layer in place: 0, or why not */
static int enforce(struct llk_ruleset *rs, unsigned int flags)
{
	int r = check_threads(rs, flags);

	if (r)
		return r;

	r = set_no_new_privs(rs, flags);
	if (r < 0)
		return r;

	return llki_load_end(rs, llk_sys_restrict_self(rs->fd, rs->fit.flags),
			     LLKI_RESTRICT);
}

/* The descriptor is a way to widen the ruleset: it ends with the layer */
static int end_enforced(struct llk_ruleset *rs, int outcome)
{
	int closed = llki_sys_close(rs->fd);
	int all_closed = llki_ruleset_close_fds(rs);

	rs->close_error = closed < 0 ? closed : all_closed;
	rs->state = LLKI_IS_SPENT;

	return llki_load_end(rs, outcome, LLKI_DONE);
}

int llk_ruleset_restrict_self(struct llk_ruleset *rs, unsigned int flags)
{
	int outcome = llki_load_check(rs), r;

	if (outcome < 0)
		return outcome;
	if (flags & ~KNOWN_FLAGS)
		return llki_load_end(rs, -EINVAL, LLKI_BAD_FLAGS);

	if (rs->state == LLKI_IS_LOADED)
		outcome = llki_load_again(rs, flags);
	else
		outcome = llki_load_build(rs, flags);
	if (outcome < 0 || outcome == LLK_NOT_ENFORCED)
		return outcome;

	r = enforce(rs, flags);
	if (r == 0)
		return end_enforced(rs, outcome);
	if (rs->state != LLKI_IS_LOADED)
		llki_sys_close(rs->fd);

	return r;
}
