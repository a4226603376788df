/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What was asked, cut down to what one kernel has: pure functions of the
 * ruleset and the kernel's answer to the version query.
 */
#include "ruleset.h"

#include <errno.h>

/* Flags that are wishes; tsync and no_new_privs are means, and never missing */
#define LOG_FLAGS                                                        \
	(LLK_RESTRICT_LOG_SAME_EXEC_OFF | LLK_RESTRICT_LOG_NEW_EXEC_ON | \
	 LLK_RESTRICT_LOG_SUBDOMAINS_OFF)

static uint32_t wanted_flags(unsigned int flags)
{
	uint32_t wanted = flags & LOG_FLAGS;

	if (!(flags & LLK_RESTRICT_THIS_THREAD))
		wanted |= LLK_SYS_RESTRICT_SELF_TSYNC;
	if (!(flags & LLK_RESTRICT_SKIP_NO_NEW_PRIVS))
		wanted |= LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS;

	return wanted;
}

static bool lacks_a_wish(const struct llki_fit *fit)
{
	return fit->missing || fit->missing_quiet || fit->missing_flags ||
	       fit->is_stuck;
}

static int fit_outcome(const struct llk_ruleset *rs, const struct llki_fit *fit)
{
	/* Refer alone denies no access: it is no sandbox */
	bool is_nothing = fit->is_stuck ||
			  (fit->missing && !(fit->handled & ~LLK_FS_REFER));

	if (!rs->is_best_effort && lacks_a_wish(fit))
		return fit->query < 0 ? fit->query : -EOPNOTSUPP;
	if (rs->required & fit->missing || (rs->required && is_nothing))
		return -EOPNOTSUPP;
	if (is_nothing)
		return LLK_NOT_ENFORCED;

	return fit->missing ? LLK_PARTLY_ENFORCED : LLK_ENFORCED;
}

void llki_fit(const struct llk_ruleset *rs, int query, uint64_t refused,
	      unsigned int flags, struct llki_fit *ret_fit)
{
	const struct llki_abi *abi = llki_abi_row(query);
	uint64_t handled = rs->asked & abi->rights & ~refused;
	uint64_t implied = handled & LLK_FS ? abi->implied : 0;
	struct llki_fit fit = {
		.query = query,
		.refused = refused,
		.handled = handled,
		.quiet = rs->quiet & handled & abi->quiet,
		.flags = wanted_flags(flags) & abi->flags,
		.missing = rs->asked & ~(handled | implied),
		.missing_quiet = rs->quiet & ~abi->quiet,
		.missing_flags = flags & LOG_FLAGS & ~abi->flags,
		.is_stuck = rs->refer_is_named && implied,
	};

	fit.outcome = fit_outcome(rs, &fit);
	*ret_fit = fit;
}
