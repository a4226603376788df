/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What goes over to the kernel on this platform: the numbers of the calls,
 * compared with the kernel's header by the compiler, and the packed structs,
 * whose bytes are printed. Each call is made once, for a tracer to see; none
 * restricts anything.
 */
#include "sys/seam.h"

#include <asm/unistd.h>

#ifdef __NR_landlock_create_ruleset
_Static_assert(LLKI_SYS_CREATE_RULESET == __NR_landlock_create_ruleset,
	       "number");
_Static_assert(LLKI_SYS_ADD_RULE == __NR_landlock_add_rule, "number");
_Static_assert(LLKI_SYS_RESTRICT_SELF == __NR_landlock_restrict_self, "number");
#define HEADER_KNOWS "yes"
#else
#define HEADER_KNOWS "no"
#endif

_Static_assert(sizeof(struct llk_sys_ruleset_attr) == 48, "six words");
_Static_assert(sizeof(struct llk_sys_path_beneath_attr) == 12, "packed");
_Static_assert(_Alignof(struct llk_sys_path_beneath_attr) == 1, "packed");
_Static_assert(sizeof(struct llk_sys_net_port_attr) == 16, "two words");

#if __STDC_HOSTED__ /* an ABI without a libc at hand compiles the above alone */
#include <stdio.h>

static void print_bytes(const char *name, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	printf("%s ", name);
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static void print_structs(void)
{
	const struct llk_sys_ruleset_attr ruleset = {
		.handled_access_fs = 0x0102030405060708, .quiet_scoped = 9
	};
	const struct llk_sys_path_beneath_attr path = {
		.allowed_access = 0x0102030405060708, .parent_fd = -2
	};
	const struct llk_sys_net_port_attr port = { 0x0102030405060708, 443 };

	print_bytes("ruleset", &ruleset, sizeof(ruleset));
	print_bytes("path", &path, sizeof(path));
	print_bytes("port", &port, sizeof(port));
}

int main(void)
{
	printf("header %s\n", HEADER_KNOWS);
	print_structs();
	fflush(stdout);
	printf("abi %d\n",
	       llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_VERSION));
	printf("add_rule %d\n",
	       llk_sys_add_rule(-1, LLK_SYS_RULE_PATH_BENEATH, NULL, 0));
	printf("restrict_self %d\n", llk_sys_restrict_self(-1, 0));
	return 0;
}
#endif
