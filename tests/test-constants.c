/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The golden list of public constants: programs and bindings have them
 * compiled in, so none ever changes. A new one is a new row.
 */
#include <liblandlock/sys.h>

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *name;
	uint64_t value, golden;
};

#define ROW(name, golden)                       \
	{                                       \
#name, (uint64_t)(name), golden \
	}

/* clang-format off */
static const struct row rows[] = {
	ROW(LLK_V1, 1),
	ROW(LLK_V2, 2),
	ROW(LLK_V3, 3),
	ROW(LLK_V4, 4),
	ROW(LLK_V5, 5),
	ROW(LLK_V6, 6),
	ROW(LLK_V7, 7),
	ROW(LLK_V8, 8),
	ROW(LLK_V9, 9),
	ROW(LLK_V10, 10),
	ROW(LLK_V11, 11),
	ROW(LLK_FS_EXECUTE, 0x0000000000000001ULL),
	ROW(LLK_FS_WRITE_FILE, 0x0000000000000002ULL),
	ROW(LLK_FS_READ_FILE, 0x0000000000000004ULL),
	ROW(LLK_FS_TRUNCATE, 0x0000000000004000ULL),
	ROW(LLK_FS_IOCTL_DEV, 0x0000000000008000ULL),
	ROW(LLK_FS_RESOLVE_UNIX, 0x0000000000010000ULL),
	ROW(LLK_FS_READ_DIR, 0x0000000000000008ULL),
	ROW(LLK_FS_REMOVE_DIR, 0x0000000000000010ULL),
	ROW(LLK_FS_REMOVE_FILE, 0x0000000000000020ULL),
	ROW(LLK_FS_MAKE_CHAR, 0x0000000000000040ULL),
	ROW(LLK_FS_MAKE_DIR, 0x0000000000000080ULL),
	ROW(LLK_FS_MAKE_REG, 0x0000000000000100ULL),
	ROW(LLK_FS_MAKE_SOCK, 0x0000000000000200ULL),
	ROW(LLK_FS_MAKE_FIFO, 0x0000000000000400ULL),
	ROW(LLK_FS_MAKE_BLOCK, 0x0000000000000800ULL),
	ROW(LLK_FS_MAKE_SYM, 0x0000000000001000ULL),
	ROW(LLK_FS_REFER, 0x0000000000002000ULL),
	ROW(LLK_NET_BIND_TCP, 0x0000000100000000ULL),
	ROW(LLK_NET_CONNECT_TCP, 0x0000000200000000ULL),
	ROW(LLK_NET_BIND_UDP, 0x0000000400000000ULL),
	ROW(LLK_NET_CONNECT_SEND_UDP, 0x0000000800000000ULL),
	ROW(LLK_SCOPE_ABSTRACT_UNIX_SOCKET, 0x0000100000000000ULL),
	ROW(LLK_SCOPE_SIGNAL, 0x0000200000000000ULL),
	ROW(LLK_FS, 0x00000000ffffffffULL),
	ROW(LLK_NET, 0x00000fff00000000ULL),
	ROW(LLK_SCOPE, 0x000ff00000000000ULL),
	ROW(LLK_ALL, 0x000fffffffffffffULL),
	ROW(LLK_PRESET, 0x0100000000000000ULL),
	ROW(LLK_IF_PRESENT, 0x0200000000000000ULL),
	ROW(LLK_QUIET, 0x0400000000000000ULL),
	ROW(LLK_READ, 0x010000000000000cULL),
	ROW(LLK_WRITE, 0x01000000000041b2ULL),
	ROW(LLK_RO_FILES, 0x0100000000000005ULL),
	ROW(LLK_RO_DIRS, 0x010000000000000dULL),
	ROW(LLK_RW_FILES, 0x0100000000004007ULL),
	ROW(LLK_RW_DIRS, 0x0100000000005fffULL),
	ROW(LLK_GROUP_LOADER, 1),
	ROW(LLK_GROUP_RESOLVER, 2),
	ROW(LLK_GROUP_TLS, 4),
	ROW(LLK_GROUP_LOCALE, 8),
	ROW(LLK_BEST_EFFORT, 1),
	ROW(LLK_ENFORCED, 0),
	ROW(LLK_PARTLY_ENFORCED, 1),
	ROW(LLK_NOT_ENFORCED, 2),
	ROW(LLK_RESTRICT_LOG_SAME_EXEC_OFF, 0x1ULL),
	ROW(LLK_RESTRICT_LOG_NEW_EXEC_ON, 0x2ULL),
	ROW(LLK_RESTRICT_LOG_SUBDOMAINS_OFF, 0x4ULL),
	ROW(LLK_RESTRICT_THIS_THREAD, 0x10000ULL),
	ROW(LLK_RESTRICT_BY_SIGNAL, 0x20000ULL),
	ROW(LLK_RESTRICT_SKIP_NO_NEW_PRIVS, 0x40000ULL),
	ROW(LLK_SYS_CREATE_RULESET_VERSION, 0x1ULL),
	ROW(LLK_SYS_CREATE_RULESET_ERRATA, 0x2ULL),
	ROW(LLK_SYS_ADD_RULE_QUIET, 0x1ULL),
	ROW(LLK_SYS_RESTRICT_SELF_LOG_SAME_EXEC_OFF, 0x1ULL),
	ROW(LLK_SYS_RESTRICT_SELF_LOG_NEW_EXEC_ON, 0x2ULL),
	ROW(LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF, 0x4ULL),
	ROW(LLK_SYS_RESTRICT_SELF_TSYNC, 0x8ULL),
	ROW(LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS, 0x10ULL),
	ROW(LLK_SYS_RULE_PATH_BENEATH, 1),
	ROW(LLK_SYS_RULE_NET_PORT, 2),
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(no_public_constant_has_changed)
{
	for (size_t i = 0; i < N_ROWS; i++)
		ck_assert_msg(rows[i].value == rows[i].golden,
			      "%s is %#llx, was %#llx", rows[i].name,
			      (unsigned long long)rows[i].value,
			      (unsigned long long)rows[i].golden);
}
END_TEST

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return true;

	return false;
}

/* Look at each "#define LLK_NAME number" of @path; how many there are */
static size_t look_at_header(const char *path)
{
	char line[512], name[64], value[64];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	ck_assert_msg(f != NULL, "can't read %s", path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "#define %63s %63s", name, value) != 2)
			continue;
		if (strncmp(name, "LLK_", 4) || strchr(name, '(') ||
		    value[0] < '0' || value[0] > '9')
			continue;
		ck_assert_msg(is_listed(name), "%s is in no row", name);
		n++;
	}
	fclose(f);

	return n;
}

START_TEST(every_constant_of_the_headers_is_listed)
{
	size_t n = look_at_header(LLK_INCLUDE_DIR "/liblandlock.h");

	n += look_at_header(LLK_INCLUDE_DIR "/liblandlock/sys.h");
	ck_assert_uint_eq(n, N_ROWS);
}
END_TEST

START_TEST(rights_are_the_kernels_bits_in_their_zone)
{
	ck_assert_uint_eq(LLK_SYS_FS(LLK_FS_RESOLVE_UNIX), 1 << 16);
	ck_assert_uint_eq(LLK_SYS_NET(LLK_NET_CONNECT_SEND_UDP), 1 << 3);
	ck_assert_uint_eq(LLK_SYS_SCOPE(LLK_SCOPE_SIGNAL), 1 << 1);
	ck_assert_uint_eq(LLK_SYS_FS(LLK_NET | LLK_SCOPE | LLK_QUIET), 0);
	ck_assert_uint_eq(LLK_SYS_NET(LLK_FS | LLK_SCOPE | LLK_QUIET), 0);
	ck_assert_uint_eq(LLK_SYS_SCOPE(LLK_FS | LLK_NET | LLK_PRESET |
					LLK_IF_PRESENT | LLK_QUIET),
			  0);
}
END_TEST

/* A whole zone's top bit is ours and must never reach the kernel */
START_TEST(the_top_bit_of_a_zone_is_no_right)
{
	ck_assert_uint_eq(LLK_SYS_FS(LLK_ALL), 0x7fffffff);
	ck_assert_uint_eq(LLK_SYS_NET(LLK_ALL), 0x7ff);
	ck_assert_uint_eq(LLK_SYS_SCOPE(LLK_ALL), 0x7f);
	ck_assert_uint_eq(LLK_FS | LLK_NET | LLK_SCOPE, LLK_ALL);
}
END_TEST

START_TEST(structs_have_the_kernels_layout)
{
	ck_assert_uint_eq(sizeof(struct llk_sys_ruleset_attr), 48);
	ck_assert_uint_eq(sizeof(struct llk_sys_path_beneath_attr), 12);
	ck_assert_uint_eq(offsetof(struct llk_sys_path_beneath_attr, parent_fd),
			  8);
	ck_assert_uint_eq(sizeof(struct llk_sys_net_port_attr), 16);
	ck_assert_uint_eq(offsetof(struct llk_sys_ruleset_attr, scoped), 16);
	ck_assert_uint_eq(
		offsetof(struct llk_sys_ruleset_attr, quiet_access_fs), 24);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("constants");
	TCase *tc = tcase_create("constants");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_add_test(tc, no_public_constant_has_changed);
	tcase_add_test(tc, every_constant_of_the_headers_is_listed);
	tcase_add_test(tc, rights_are_the_kernels_bits_in_their_zone);
	tcase_add_test(tc, the_top_bit_of_a_zone_is_no_right);
	tcase_add_test(tc, structs_have_the_kernels_layout);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
