/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The public low level: Landlock's three system calls and no_new_privs, with
 * structs and numbers of our own, since the headers of a build machine are old.
 */
#include "seam.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_NO_NEW_PRIVS /* Linux 3.5 */
#define PR_SET_NO_NEW_PRIVS 38
#endif

_Static_assert(sizeof(struct llk_sys_ruleset_attr) == 48, "six words");
_Static_assert(sizeof(struct llk_sys_path_beneath_attr) == 12, "packed");
_Static_assert(offsetof(struct llk_sys_path_beneath_attr, parent_fd) == 8,
	       "packed");
_Static_assert(sizeof(struct llk_sys_net_port_attr) == 16, "two words");

/* 0 or -errno; a handler of SECCOMP_RET_TRAP that returns fakes anything else */
static int zero_or_error(long r)
{
	if (r == -1 && errno)
		return -errno;

	return r ? -ENOSYS : 0;
}

int llk_sys_create_ruleset(const struct llk_sys_ruleset_attr *attr, size_t size,
			   uint32_t flags)
{
	long r = syscall(LLKI_SYS_CREATE_RULESET, attr, size, flags);

	return r < 0 ? -errno : (int)r;
}

int llk_sys_add_rule(int ruleset_fd, int rule_type, const void *rule_attr,
		     uint32_t flags)
{
	return zero_or_error(syscall(LLKI_SYS_ADD_RULE, ruleset_fd, rule_type,
				     rule_attr, flags));
}

int llk_sys_restrict_self(int ruleset_fd, uint32_t flags)
{
	return zero_or_error(
		syscall(LLKI_SYS_RESTRICT_SELF, ruleset_fd, flags));
}

int llk_sys_no_new_privs(void)
{
	return zero_or_error(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL));
}
