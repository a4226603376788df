/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A ceiling over the running kernel: it behaves as one of an older Landlock
 * ABI, LLK_CEILING in the environment. The version query answers that number,
 * what that version did not know is refused, and all else is the kernel's own,
 * so that denials are real. No distribution ships ABI 1, 3, 4 or 5.
 *
 * The table is written from the kernel's history, not from src/abi.c.
 */
#include <liblandlock/sys.h>

#include <errno.h>
#include <stdlib.h>

/* The real calls, by names that the build gave them */
int real_create_ruleset(const struct llk_sys_ruleset_attr *attr, size_t size,
			uint32_t flags);
int real_add_rule(int ruleset_fd, int rule_type, const void *rule_attr,
		  uint32_t flags);
int real_restrict_self(int ruleset_fd, uint32_t flags);

static const struct version {
	uint64_t fs, net, scope;
	uint32_t flags; /* of restrict_self */
} versions[] = {
	{ 0, 0, 0, 0 },	     { 0x1fff, 0, 0, 0 }, { 0x3fff, 0, 0, 0 },
	{ 0x7fff, 0, 0, 0 }, { 0x7fff, 3, 0, 0 }, { 0xffff, 3, 0, 0 },
	{ 0xffff, 3, 3, 0 }, { 0xffff, 3, 3, 7 },
};

#define HIGHEST 7

static int ceiling(void)
{
	const char *s = getenv("LLK_CEILING");
	int n = s ? atoi(s) : 0;

	if (n < 1 || n > HIGHEST)
		abort();

	return n;
}

/* The kernel's struct ended earlier: what lies behind has to be zero */
static int check_attr(const struct llk_sys_ruleset_attr *attr,
		      const struct version *v)
{
	if ((!v->net && attr->handled_access_net) ||
	    (!v->scope && attr->scoped) || attr->quiet_access_fs ||
	    attr->quiet_access_net || attr->quiet_scoped)
		return -E2BIG;
	if (attr->handled_access_fs & ~v->fs ||
	    attr->handled_access_net & ~v->net || attr->scoped & ~v->scope)
		return -EINVAL;

	return 0;
}

int llk_sys_create_ruleset(const struct llk_sys_ruleset_attr *attr, size_t size,
			   uint32_t flags)
{
	int n = ceiling(), r;

	if (flags == LLK_SYS_CREATE_RULESET_ERRATA && n < 7)
		return -EINVAL;
	if (flags == LLK_SYS_CREATE_RULESET_VERSION && !attr && !size) {
		r = real_create_ruleset(attr, size, flags);
		/* More than an ABI is what a filter answered */
		return r > n && r < 100 ? n : r;
	}
	if (attr && size >= sizeof(*attr)) {
		r = check_attr(attr, &versions[n]);
		if (r < 0)
			return r;
	}

	return real_create_ruleset(attr, size, flags);
}

int llk_sys_add_rule(int ruleset_fd, int rule_type, const void *rule_attr,
		     uint32_t flags)
{
	if (flags ||
	    (rule_type == LLK_SYS_RULE_NET_PORT && !versions[ceiling()].net))
		return -EINVAL;

	return real_add_rule(ruleset_fd, rule_type, rule_attr, flags);
}

int llk_sys_restrict_self(int ruleset_fd, uint32_t flags)
{
	if (flags & ~versions[ceiling()].flags)
		return -EINVAL;

	return real_restrict_self(ruleset_fd, flags);
}
