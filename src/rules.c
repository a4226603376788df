/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The rules of a ruleset: checked against what was asked for, copied, kept in
 * order. No path is looked at here.
 */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define BLOCK_SIZE 2000

_Static_assert(sizeof(struct llki_block) % _Alignof(struct llki_rule) == 0,
	       "rules are aligned in their blocks");

/* One allocation for some sixteen rules; a long path gets what it needs */
static bool add_block(struct llk_ruleset *rs, size_t wanted)
{
	size_t size = wanted > BLOCK_SIZE ? wanted : BLOCK_SIZE;
	struct llki_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return false;

	block->next = rs->blocks;
	rs->blocks = block;
	rs->room = block->room;
	rs->n_left = size;

	return true;
}

/* For a rule, as long as the ruleset lives; NULL where memory is out */
void *llki_rules_room(struct llk_ruleset *rs, size_t size)
{
	char *room;

	size = (size + _Alignof(struct llki_rule) - 1) &
	       ~(_Alignof(struct llki_rule) - 1);
	if (size > rs->n_left && !add_block(rs, size))
		return NULL;

	room = rs->room;
	rs->room += size;
	rs->n_left -= size;

	return room;
}

static struct llki_rule *rule_new(struct llk_ruleset *rs, enum llki_kind kind,
				  uint64_t rights, uint64_t number,
				  const char *path)
{
	size_t size = path ? strlen(path) + 1 : 0;
	struct llki_rule *rule = llki_rules_room(rs, sizeof(*rule) + size);

	if (!rule)
		return NULL;

	rule->next = NULL;
	rule->rights = rights;
	rule->number = number;
	rule->path = path ? rule->copy : NULL;
	rule->fd = -1;
	rule->kind = kind;
	rule->is_skipped = false;
	rule->file_epoch = 0;
	rule->file.kind = 0;
	if (path)
		memcpy(rule->copy, path, size);

	return rule;
}

static enum llki_step check_port(const struct llki_rule *rule)
{
	if (rule->number > PORT_MAX)
		return LLKI_BAD_PORT;
	if (rule->rights & LLK_PRESET)
		return LLKI_PORT_PRESET;

	return LLKI_NOTHING_YET;
}

/* What can be said of a rule's rights alone; *ret_surplus are the wrong ones */
static enum llki_step check_word(uint64_t rights, uint64_t zone,
				 uint64_t *ret_surplus)
{
	*ret_surplus = rights & ~(LLK_ALL | LLKI_ABI_MODIFIERS);
	if (*ret_surplus)
		return LLKI_RESERVED_BIT;

	if (!(rights & ~LLKI_ABI_MODIFIERS) && !(rights & LLK_QUIET))
		return LLKI_NO_RIGHTS;

	*ret_surplus = rights & LLK_ALL & ~zone;
	if (*ret_surplus)
		return LLKI_WRONG_ZONE;

	*ret_surplus = llki_abi_plain(rights) & zone &
		       ~llk_abi_rights(LLKI_ABI_NEWEST);

	return *ret_surplus ? LLKI_UNKNOWN_RIGHT : LLKI_NOTHING_YET;
}

/* Whether the ruleset handles nothing for which such a rule could be meant */
static bool lacks_zone(const struct llk_ruleset *rs, uint64_t rights,
		       uint64_t zone)
{
	if ((rights & zone) == LLK_FS_REFER)
		return !(rs->asked & zone);

	return !(rs->asked & zone & ~LLK_FS_REFER);
}

/* The rights of a checked rule that the ruleset doesn't handle */
static uint64_t unhandled(const struct llk_ruleset *rs, uint64_t rights)
{
	uint64_t plain = llki_abi_plain(rights);

	if (rights & LLK_PRESET)
		plain &= LLK_FS_REFER;

	return plain & LLK_ALL & ~rs->asked;
}

static enum llki_step check_rule(const struct llk_ruleset *rs,
				 const struct llki_rule *rule,
				 uint64_t *ret_surplus)
{
	uint64_t zone = llki_fit_zone(rule);
	enum llki_step step = check_word(rule->rights, zone, ret_surplus);

	if (step)
		return step;
	if (rule->kind == LLKI_PATH && (!rule->path || !*rule->path))
		return LLKI_NO_PATH;
	if (!rule->path && rule->rights & LLK_IF_PRESENT)
		return LLKI_NOT_A_PATH;
	if (rule->kind == LLKI_PORT && check_port(rule))
		return check_port(rule);
	if (lacks_zone(rs, rule->rights, zone))
		return LLKI_NO_ZONE;
	*ret_surplus = unhandled(rs, rule->rights);

	return *ret_surplus ? LLKI_NOT_HANDLED : LLKI_NOTHING_YET;
}

static void append(struct llk_ruleset *rs, struct llki_rule *rule)
{
	if (rule->rights & LLK_QUIET)
		rs->quiet_rules |= llki_fit_zone(rule);
	if (llki_abi_plain(rule->rights) & LLK_FS_REFER)
		rs->refer_is_named = true;

	*rs->last = rule;
	rs->last = &rule->next;
}

/* Check and append @rule; -EBADF as number of a descriptor is a mistake too */
static void take_rule(struct llk_ruleset *rs, struct llki_rule *rule)
{
	uint64_t surplus = 0;
	enum llki_step step = check_rule(rs, rule, &surplus);

	if (step) {
		llki_ruleset_stick(rs, -EINVAL, step, surplus, rule);
		return;
	}

	if (rule->kind == LLKI_FD) {
		rule->fd = llki_sys_dup((int)rule->number);
		if (rule->fd < 0) {
			llki_ruleset_stick(rs, rule->fd,
					   rule->fd == -EBADF ? LLKI_BAD_FD
							      : LLKI_DUPLICATE,
					   0, rule);
			return;
		}
		rs->has_fds = true;
	}
	append(rs, rule);
}

static void make_rule(struct llk_ruleset *rs, enum llki_kind kind,
		      uint64_t rights, uint64_t number, const char *path)
{
	struct llki_rule *rule;

	if (!llki_ruleset_may_build(rs))
		return;

	rule = rule_new(rs, kind, rights, number, path);
	if (rule)
		take_rule(rs, rule);
	else
		llki_ruleset_stick(rs, -ENOMEM, LLKI_NO_MEMORY, 0, NULL);
}

void llk_ruleset_allow_path(struct llk_ruleset *rs, uint64_t rights,
			    const char *path)
{
	make_rule(rs, LLKI_PATH, rights, 0, path);
}

void llk_ruleset_allow_paths(struct llk_ruleset *rs, uint64_t rights,
			     const char *const paths[])
{
	if (!paths && llki_ruleset_may_build(rs))
		llki_ruleset_stick(rs, -EINVAL, LLKI_NO_LIST, 0, NULL);

	for (; paths && *paths; paths++)
		llk_ruleset_allow_path(rs, rights, *paths);
}

void llk_ruleset_allow_fd(struct llk_ruleset *rs, uint64_t rights, int fd)
{
	make_rule(rs, LLKI_FD, rights, (uint64_t)(int64_t)fd, NULL);
}

void llk_ruleset_allow_port(struct llk_ruleset *rs, uint64_t rights,
			    uint64_t port)
{
	make_rule(rs, LLKI_PORT, rights, port, NULL);
}

void llk_ruleset_allow_group(struct llk_ruleset *rs, uint64_t rights,
			     unsigned int groups)
{
	rights |= LLK_PRESET | LLK_IF_PRESENT;

	if ((!groups || groups & ~LLKI_GROUPS) && llki_ruleset_may_build(rs))
		llki_ruleset_stick(rs, -EINVAL, LLKI_BAD_GROUP,
				   groups & ~LLKI_GROUPS, NULL);

	for (unsigned int group = 1; group & LLKI_GROUPS; group <<= 1) {
		const char *path = llki_groups_paths(groups & group);

		for (; *path; path += strlen(path) + 1)
			make_rule(rs, LLKI_GROUP_PATH, rights, 0, path);
	}
}
