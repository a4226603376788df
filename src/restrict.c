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
	 LLK_RESTRICT_BY_SIGNAL | LLK_RESTRICT_SKIP_NO_NEW_PRIVS)
#define ERRATUM_2 0x2
#define CLASHING_FLAGS (LLK_RESTRICT_THIS_THREAD | LLK_RESTRICT_BY_SIGNAL)

/* Other threads can't be covered: nothing was done */
static int end_uncovered(struct llk_ruleset *rs, int error, enum llki_step step)
{
	bool is_lenient = rs->is_best_effort && !rs->required;

	return llki_load_end(rs, is_lenient ? LLK_NOT_ENFORCED : error, step);
}

/* Whether one call of the kernel is enough */
static bool is_covered(struct llk_ruleset *rs, unsigned int flags)
{
	return flags & LLK_RESTRICT_THIS_THREAD ||
	       rs->fit.flags & LLK_SYS_RESTRICT_SELF_TSYNC ||
	       llki_threads_is_one(&rs->threads,
				   flags & LLK_RESTRICT_BY_SIGNAL);
}

/* By the layer's own flag where the kernel has it, else before the layer */
static int set_no_new_privs(struct llk_ruleset *rs, unsigned int flags)
{
	if (flags & LLK_RESTRICT_SKIP_NO_NEW_PRIVS ||
	    rs->fit.flags & LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS)
		return 0;

	return llki_load_end(rs, llk_sys_no_new_privs(), LLKI_NO_NEW_PRIVS);
}

/*
 * Each thread gets a domain of its own. Without the fix that is erratum 2 the
 * signal scope is a border between these, and libc's own signals (setuid,
 * cancellation) end there.
 */
static bool is_scope_in_the_way(const struct llk_ruleset *rs)
{
	int errata;

	if (!(rs->fit.handled & LLK_SCOPE_SIGNAL))
		return false;

	errata = llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);

	return errata < 0 || !(errata & ERRATUM_2);
}

/* Where a restriction by signal ended; success has no step of its own */
static enum llki_step step_of(enum llki_sys_all_end end)
{
	static const uint8_t steps[] = {
		[LLKI_SYS_ALL_UNPORTED] = LLKI_ALL_UNPORTED,
		[LLKI_SYS_ALL_NO_PROC] = LLKI_ALL_NO_PROC,
		[LLKI_SYS_ALL_POLL_THREAD] = LLKI_ALL_POLL_THREAD,
		[LLKI_SYS_ALL_UNREACHED] = LLKI_ALL_UNREACHED,
		[LLKI_SYS_ALL_UNSTEADY] = LLKI_ALL_UNSTEADY,
		[LLKI_SYS_ALL_NO_LIST] = LLKI_ALL_NO_LIST,
		[LLKI_SYS_ALL_NO_SIGNAL] = LLKI_ALL_NO_SIGNAL,
		[LLKI_SYS_ALL_NO_MEMORY] = LLKI_NO_MEMORY,
		[LLKI_SYS_ALL_NO_NEW_PRIVS] = LLKI_ALL_NO_NEW_PRIVS,
		[LLKI_SYS_ALL_REFUSED] = LLKI_ALL_REFUSED,
		[LLKI_SYS_ALL_SELF_PRIVS] = LLKI_NO_NEW_PRIVS,
		[LLKI_SYS_ALL_SELF] = LLKI_RESTRICT,
		[LLKI_SYS_ALL_HALF] = LLKI_ALL_HALF,
	};

	return (enum llki_step)steps[end];
}

static int enforce_by_signal(struct llk_ruleset *rs, unsigned int flags)
{
	bool skips = flags & LLK_RESTRICT_SKIP_NO_NEW_PRIVS;
	enum llki_step step;
	int r;

	if (is_scope_in_the_way(rs))
		return end_uncovered(rs, -EOPNOTSUPP, LLKI_ALL_SCOPE);

	r = llki_sys_restrict_all(rs->fd, rs->fit.flags,
				  skips ? 0 : LLKI_SYS_ALL_SETS_NO_NEW_PRIVS,
				  &rs->all);
	step = step_of(rs->all.end);
	if (step >= LLKI_ALL_UNPORTED && step <= LLKI_ALL_UNSTEADY)
		return end_uncovered(rs, r, step);

	return llki_load_end(rs, r, step);
}

/* There may be others, or they could not be counted for a lack of descriptors */
static int end_several(struct llk_ruleset *rs)
{
	if (llki_sys_is_lack(rs->threads.error))
		return llki_load_end(rs, rs->threads.error, LLKI_THREADS);

	return end_uncovered(rs, -EOPNOTSUPP, LLKI_THREADS);
}

/* Put the layer in place: 0, or why not */
static int enforce(struct llk_ruleset *rs, unsigned int flags)
{
	int r;

	if (!is_covered(rs, flags))
		return flags & LLK_RESTRICT_BY_SIGNAL
			       ? enforce_by_signal(rs, flags)
			       : end_several(rs);

	r = set_no_new_privs(rs, flags);
	if (r < 0)
		return r;

	return llki_load_end(rs, llk_sys_restrict_self(rs->fd, rs->fit.flags),
			     LLKI_RESTRICT);
}

/* The descriptor is a way to widen the ruleset: it ends with the layer */
static int end_spent(struct llk_ruleset *rs, int outcome, enum llki_step step)
{
	int closed = llki_sys_close(rs->fd);
	int all_closed = llki_ruleset_close_fds(rs);

	rs->close_error = closed < 0 ? closed : all_closed;
	rs->state = LLKI_IS_SPENT;

	return llki_load_end(rs, outcome, step);
}

int llk_ruleset_restrict_self(struct llk_ruleset *rs, unsigned int flags)
{
	int outcome = llki_load_check(rs), r;

	if (outcome < 0)
		return outcome;
	if (flags & ~KNOWN_FLAGS)
		return llki_load_end(rs, -EINVAL, LLKI_BAD_FLAGS);
	if ((flags & CLASHING_FLAGS) == CLASHING_FLAGS)
		return llki_load_end(rs, -EINVAL, LLKI_FLAGS_CLASH);

	if (rs->state == LLKI_IS_LOADED)
		outcome = llki_load_again(rs, flags);
	else
		outcome = llki_load_build(rs, flags);
	if (outcome < 0 || outcome == LLK_NOT_ENFORCED)
		return outcome;

	r = enforce(rs, flags);
	if (r == 0)
		return end_spent(rs, outcome, LLKI_DONE);
	if (rs->step == LLKI_ALL_HALF)
		return end_spent(rs, r, LLKI_ALL_HALF);
	if (rs->state != LLKI_IS_LOADED)
		llki_sys_close(rs->fd);

	return r;
}
