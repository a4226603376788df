/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The object: what a ruleset is asked to handle, its first mistake, its end.
 * The kernel is asked nothing here.
 */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>

/* The first mistake sticks; @rule is kept to tell about it, or NULL */
void llki_ruleset_stick(struct llk_ruleset *rs, int error, enum llki_step step,
			uint64_t surplus, struct llki_rule *rule)
{
	rs->mistake = (struct llki_mistake){
		.error = error,
		.step = step,
		.surplus = surplus,
		.rule = rule,
	};
}

/* Whether a builder has anything to do; a late one sticks -EBUSY */
bool llki_ruleset_may_build(struct llk_ruleset *rs)
{
	if (!rs || rs->mistake.error)
		return false;

	if (rs->state != LLKI_IS_BUILDING)
		llki_ruleset_stick(rs, -EBUSY, LLKI_BUSY, 0, NULL);
	rs->epoch++;

	return rs->state == LLKI_IS_BUILDING;
}

/*
 * Rights of new, require and quiet
 */

/* The whole zones of @rights in which @known has nothing; LLK_ALL is none */
static uint64_t empty_zones(uint64_t rights, uint64_t known)
{
	uint64_t whole = llki_abi_whole_zones(rights);

	if (whole == LLK_ALL)
		return 0;

	return whole & ~llki_abi_zones(rights & known);
}

/*
 * Mask whole zones to @known and check the rest against it: the result, or 0
 * and a mistake, @unknown for a right that isn't in @known
 */
static uint64_t take_rights(struct llk_ruleset *rs, uint64_t rights,
			    uint64_t known, enum llki_step unknown)
{
	uint64_t plain = llki_abi_plain(rights);
	const struct {
		enum llki_step step;
		uint64_t surplus;
	} wrong[] = {
		{ LLKI_NO_RULE_MODIFIER, rights & LLKI_ABI_MODIFIERS },
		{ LLKI_RESERVED_BIT, plain & ~LLK_ALL },
		{ LLKI_UNKNOWN_RIGHT,
		  plain & ~llk_abi_rights(LLKI_ABI_NEWEST) },
		{ unknown, plain & ~known },
		{ unknown, empty_zones(rights, known) },
		{ LLKI_NO_RIGHTS, !(rights & known) },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!wrong[i].surplus)
			continue;
		llki_ruleset_stick(rs, -EINVAL, wrong[i].step, wrong[i].surplus,
				   NULL);
		return 0;
	}

	return rights & known;
}

struct llk_ruleset *llk_ruleset_new(int version, uint64_t handled,
				    unsigned int flags)
{
	struct llk_ruleset *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return NULL;

	rs->version = version;
	rs->is_best_effort = flags & LLK_BEST_EFFORT;
	rs->last = &rs->rules;
	rs->epoch = 1; /* rules that were never looked at have 0 */
	rs->fd = -EBADF;

	if (version < LLK_V1 || version > LLKI_ABI_NEWEST)
		llki_ruleset_stick(rs, -EINVAL, LLKI_BAD_VERSION, 0, NULL);
	else if (flags & ~LLK_BEST_EFFORT)
		llki_ruleset_stick(rs, -EINVAL, LLKI_BAD_NEW_FLAGS,
				   flags & ~LLK_BEST_EFFORT, NULL);
	else
		rs->asked = take_rights(rs, handled, llk_abi_rights(version),
					LLKI_NEWER_RIGHT);

	return rs;
}

void llk_ruleset_require(struct llk_ruleset *rs, uint64_t rights)
{
	if (llki_ruleset_may_build(rs))
		rs->required |=
			take_rights(rs, rights, rs->asked, LLKI_NOT_ASKED_FOR);
}

void llk_ruleset_quiet(struct llk_ruleset *rs, uint64_t rights)
{
	if (llki_ruleset_may_build(rs))
		rs->quiet |=
			take_rights(rs, rights, rs->asked, LLKI_NOT_ASKED_FOR);
}

/*
 * The object
 */

int llk_ruleset_error(const struct llk_ruleset *rs)
{
	return rs ? rs->mistake.error : -ENOMEM;
}

int llk_ruleset_fd(const struct llk_ruleset *rs)
{
	return rs && rs->state == LLKI_IS_LOADED ? rs->fd : -EBADF;
}

uint64_t llk_ruleset_handled(const struct llk_ruleset *rs)
{
	uint64_t handled;

	if (!rs || rs->state == LLKI_IS_BUILDING)
		return 0;

	handled = rs->fit.handled;

	return handled & LLK_FS ? handled | LLK_FS_REFER : handled;
}

/* Close the duplicates of allow_fd: they would be ways around the sandbox */
int llki_ruleset_close_fds(struct llk_ruleset *rs)
{
	struct llki_rule *rule = rs->has_fds ? rs->rules : NULL;
	int r = 0, closed;

	rs->has_fds = false;
	for (; rule; rule = rule->next) {
		if (rule->fd < 0)
			continue;
		closed = llki_sys_close(rule->fd);
		rule->fd = -1;
		if (r == 0)
			r = closed;
	}

	return r;
}

struct llk_ruleset *llk_ruleset_free(struct llk_ruleset *rs)
{
	struct llki_block *block, *next;

	if (!rs)
		return NULL;

	llki_ruleset_close_fds(rs);
	for (block = rs->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	if (rs->state == LLKI_IS_LOADED)
		llki_sys_close(rs->fd);
	free(rs);

	return NULL;
}
