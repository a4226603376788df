/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What each Landlock ABI has: one row for each. The only place where an ABI
 * number decides anything.
 *
 * A future flag that narrows a grant must take its rule with it when the
 * kernel lacks it, and never be dropped alone.
 */
#include "tables.h"

#define V1_RIGHTS 0x1fffULL
#define V2_RIGHTS (V1_RIGHTS | LLK_FS_REFER)
#define V3_RIGHTS (V2_RIGHTS | LLK_FS_TRUNCATE)
#define V4_RIGHTS (V3_RIGHTS | LLK_NET_BIND_TCP | LLK_NET_CONNECT_TCP)
#define V5_RIGHTS (V4_RIGHTS | LLK_FS_IOCTL_DEV)
#define V6_RIGHTS \
	(V5_RIGHTS | LLK_SCOPE_ABSTRACT_UNIX_SOCKET | LLK_SCOPE_SIGNAL)
#define V9_RIGHTS (V6_RIGHTS | LLK_FS_RESOLVE_UNIX)
#define V10_RIGHTS (V9_RIGHTS | LLK_NET_BIND_UDP | LLK_NET_CONNECT_SEND_UDP)

#define V7_FLAGS                                   \
	(LLK_SYS_RESTRICT_SELF_LOG_SAME_EXEC_OFF | \
	 LLK_SYS_RESTRICT_SELF_LOG_NEW_EXEC_ON |   \
	 LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF)
#define V8_FLAGS (V7_FLAGS | LLK_SYS_RESTRICT_SELF_TSYNC)
#define V11_FLAGS (V8_FLAGS | LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS)

/* clang-format off */
static const struct llki_abi abi_rows[] = {
	{ .since = "" },
	/* Once anything is handled moves are denied, and nothing allows them */
	{ .since = "5.13", .rights = V1_RIGHTS, .implied = LLK_FS_REFER },
	{ .since = "5.19", .rights = V2_RIGHTS },
	{ .since = "6.2",  .rights = V3_RIGHTS },
	{ .since = "6.7",  .rights = V4_RIGHTS },
	{ .since = "6.10", .rights = V5_RIGHTS },
	/* RHEL 9: 5.14.0-603.el9 to -643.el9 */
	{ .since = "6.12", .rights = V6_RIGHTS, .suspects = LLK_SCOPE_SIGNAL },
	{ .since = "6.15", .rights = V6_RIGHTS, .flags = V7_FLAGS },
	{ .since = "7.0",  .rights = V6_RIGHTS, .flags = V8_FLAGS },
	{ .since = "7.1",  .rights = V9_RIGHTS, .flags = V8_FLAGS },
	{ .since = "7.2",  .rights = V10_RIGHTS, .flags = V8_FLAGS, .quiet = LLK_ALL },
	{ .since = "7.3",  .rights = V10_RIGHTS, .flags = V11_FLAGS, .quiet = LLK_ALL },
};
/* clang-format on */

_Static_assert(sizeof(abi_rows) / sizeof(abi_rows[0]) == LLKI_ABI_NEWEST + 1,
	       "a row for each version");

const struct llki_abi *llki_abi_row(int abi)
{
	if (abi < 0)
		abi = 0;

	return &abi_rows[abi > LLKI_ABI_NEWEST ? LLKI_ABI_NEWEST : abi];
}

uint64_t llk_abi_rights(int abi)
{
	return llki_abi_row(abi)->rights;
}

uint64_t llki_abi_whole_zones(uint64_t rights)
{
	return llki_abi_zones(rights & LLKI_ABI_TOP);
}

uint64_t llki_abi_zones(uint64_t rights)
{
	uint64_t zones = 0;

	if (rights & LLK_FS)
		zones |= LLK_FS;
	if (rights & LLK_NET)
		zones |= LLK_NET;
	if (rights & LLK_SCOPE)
		zones |= LLK_SCOPE;

	return zones;
}
