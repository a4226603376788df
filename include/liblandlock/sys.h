/* SPDX-License-Identifier: 0BSD OR MIT */
#ifndef LIBLANDLOCK_SYS_H
#define LIBLANDLOCK_SYS_H

/*
 * The low level: Landlock's system calls and no_new_privs, nothing added
 *
 * For programs that want the kernel's own interface on every architecture,
 * without a kernel header. All functions return -errno on failure; errno itself
 * is not promised. There is no policy, no retry, no negotiation of versions
 * here: <liblandlock.h> has that.
 */

#include <liblandlock.h>

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/* Flags of llk_sys_create_ruleset; each alone, with a NULL attr and size 0 */
#define LLK_SYS_CREATE_RULESET_VERSION 0x1U /* answers the ABI */
#define LLK_SYS_CREATE_RULESET_ERRATA  0x2U /* answers a mask of fixed errata */

/* Flag of llk_sys_add_rule; since ABI 10 */
#define LLK_SYS_ADD_RULE_QUIET 0x1U /* denials below are not logged */

/* Flags of llk_sys_restrict_self */
#define LLK_SYS_RESTRICT_SELF_LOG_SAME_EXEC_OFF  0x1U  /* since ABI 7 */
#define LLK_SYS_RESTRICT_SELF_LOG_NEW_EXEC_ON    0x2U  /* since ABI 7 */
#define LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF 0x4U  /* since ABI 7 */
#define LLK_SYS_RESTRICT_SELF_TSYNC              0x8U  /* since ABI 8 */
#define LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS       0x10U /* since ABI 11 */

/* Kinds of rules */
#define LLK_SYS_RULE_PATH_BENEATH 1 /* struct llk_sys_path_beneath_attr */
#define LLK_SYS_RULE_NET_PORT     2 /* struct llk_sys_net_port_attr; since ABI 4 */

/* From the one word of rights of <liblandlock.h> to the kernel's words */
#define LLK_SYS_FS(rights)    ((uint64_t)(rights) & 0x7fffffffULL) /* of files */
#define LLK_SYS_NET(rights)   (((uint64_t)(rights) >> 32) & 0x7ffULL) /* of ports */
#define LLK_SYS_SCOPE(rights) (((uint64_t)(rights) >> 44) & 0x7fULL) /* scopes */
/* clang-format on */

/*
 * The structs and calls
 */

/*
 * struct llk_sys_ruleset_attr: what a ruleset handles
 *
 * Older kernels know the first 8 (ABI 1), 16 (ABI 4) or 24 (ABI 6) bytes and
 * take the whole struct if the rest is zero, else answer -E2BIG.
 */
struct llk_sys_ruleset_attr {
	uint64_t handled_access_fs;  /* denied unless a rule allows it */
	uint64_t handled_access_net; /* the same of ports; since ABI 4 */
	uint64_t scoped;	     /* denied; since ABI 6 */
	uint64_t quiet_access_fs;    /* by quiet rules; since ABI 10 */
	uint64_t quiet_access_net;   /* the same of ports */
	uint64_t quiet_scoped;	     /* everywhere */
};

/* struct llk_sys_path_beneath_attr: a rule for a file or directory; packed */
#ifdef __GNUC__
#define LLK_SYS_PACKED __attribute__((packed))
struct llk_sys_path_beneath_attr {
	uint64_t allowed_access; /* LLK_SYS_FS() of rights */
	int32_t parent_fd;	 /* of the file or directory */
} LLK_SYS_PACKED;
#else
#pragma pack(push, 1)
struct llk_sys_path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
};
#pragma pack(pop)
#endif

/* struct llk_sys_net_port_attr: a rule for a port, in host byte order */
struct llk_sys_net_port_attr {
	uint64_t allowed_access; /* LLK_SYS_NET() of rights */
	uint64_t port;		 /* 0 .. 65535 */
};

/*
 * llk_sys_create_ruleset: make a ruleset in the kernel, or ask for the version
 * @attr: what it handles; NULL for a query
 * @size: sizeof(*attr); 0 for a query
 * @flags: 0, or one LLK_SYS_CREATE_RULESET_ flag for a query
 *
 * Returns a new descriptor (close-on-exec), owned by the caller, or the answer
 * to the query. -ENOMSG nothing is handled; -EINVAL an unknown right or flag;
 * -E2BIG non-zero words that the kernel doesn't know; -ENOSYS no Landlock;
 * -EOPNOTSUPP off at boot.
 */
LLK_API int llk_sys_create_ruleset(const struct llk_sys_ruleset_attr *attr,
				   size_t size, uint32_t flags);

/*
 * llk_sys_add_rule: add a rule to a ruleset
 * @ruleset_fd: from llk_sys_create_ruleset
 * @rule_type: LLK_SYS_RULE_PATH_BENEATH or LLK_SYS_RULE_NET_PORT
 * @rule_attr: the struct that belongs to the type
 * @flags: 0 or LLK_SYS_ADD_RULE_QUIET
 *
 * Returns 0. -ENOMSG no rights; -EINVAL a right that isn't handled or doesn't
 * fit the file, a port above 65535; -EBADF a descriptor that isn't open, or a
 * ruleset opened with O_PATH; -EBADFD no ruleset, or a parent that is a pipe,
 * socket or the like; -EAFNOSUPPORT no TCP/IP in the kernel. A positive answer,
 * which only a seccomp filter gives, is -ENOSYS.
 */
LLK_API int llk_sys_add_rule(int ruleset_fd, int rule_type,
			     const void *rule_attr, uint32_t flags);

/*
 * llk_sys_restrict_self: put the calling thread under a ruleset
 * @ruleset_fd: from llk_sys_create_ruleset; -1 with
 *	LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF to change logging alone
 * @flags: 0 or LLK_SYS_RESTRICT_SELF_ flags
 *
 * Returns 0. -EPERM neither no_new_privs nor CAP_SYS_ADMIN; -E2BIG 16 layers
 * are there already; -EBADF, -EBADFD as above; -EINVAL an unknown flag. A
 * positive answer, which only a seccomp filter gives, is -ENOSYS.
 */
LLK_API int llk_sys_restrict_self(int ruleset_fd,
				  uint32_t flags) LLK_MUST_CHECK;

/*
 * llk_sys_no_new_privs: set no_new_privs for the calling thread, for good
 *
 * Returns 0, or what a seccomp filter answered.
 */
LLK_API int llk_sys_no_new_privs(void) LLK_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
