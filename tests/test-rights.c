/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Names of rights: parse, format, and one as the inverse of the other.
 */
#include <liblandlock.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNTOUCHED 0x123456789abcdef0ULL

struct name {
	const char *name;
	uint64_t rights;
};

/* Written down once more, from the kernel's header */
static const struct name right_names[] = {
	{ "execute", 1ULL << 0 },
	{ "write_file", 1ULL << 1 },
	{ "read_file", 1ULL << 2 },
	{ "read_dir", 1ULL << 3 },
	{ "remove_dir", 1ULL << 4 },
	{ "remove_file", 1ULL << 5 },
	{ "make_char", 1ULL << 6 },
	{ "make_dir", 1ULL << 7 },
	{ "make_reg", 1ULL << 8 },
	{ "make_sock", 1ULL << 9 },
	{ "make_fifo", 1ULL << 10 },
	{ "make_block", 1ULL << 11 },
	{ "make_sym", 1ULL << 12 },
	{ "refer", 1ULL << 13 },
	{ "truncate", 1ULL << 14 },
	{ "ioctl_dev", 1ULL << 15 },
	{ "resolve_unix", 1ULL << 16 },
	{ "bind_tcp", 1ULL << 32 },
	{ "connect_tcp", 1ULL << 33 },
	{ "bind_udp", 1ULL << 34 },
	{ "connect_send_udp", 1ULL << 35 },
	{ "abstract_unix_socket", 1ULL << 44 },
	{ "signal", 1ULL << 45 },
	{ "preset", 1ULL << 56 },
	{ "if_present", 1ULL << 57 },
	{ "quiet", 1ULL << 58 },
	{ "fs", LLK_FS },
	{ "net", LLK_NET },
	{ "scope", LLK_SCOPE },
};

static const struct name set_names[] = {
	{ "all", LLK_ALL },	    { "read", LLK_READ },
	{ "write", LLK_WRITE },	    { "ro_files", LLK_RO_FILES },
	{ "ro_dirs", LLK_RO_DIRS }, { "rw_files", LLK_RW_FILES },
	{ "rw_dirs", LLK_RW_DIRS },
};

#define N_RIGHTS (sizeof(right_names) / sizeof(right_names[0]))
#define N_SETS (sizeof(set_names) / sizeof(set_names[0]))

static const struct name *nth_name(size_t i)
{
	return i < N_RIGHTS ? &right_names[i] : &set_names[i - N_RIGHTS];
}

static void parses(const char *list, uint64_t rights)
{
	uint64_t got = UNTOUCHED;

	ck_assert_msg(llk_rights_parse(list, &got) == 0, "\"%s\"", list);
	ck_assert_msg(got == rights, "\"%s\" is %#llx", list,
		      (unsigned long long)got);
}

static void is_refused(const char *list)
{
	uint64_t got = UNTOUCHED;

	ck_assert_msg(llk_rights_parse(list, &got) == -EINVAL, "\"%s\"", list);
	ck_assert_uint_eq(got, UNTOUCHED);
}

static void formats(uint64_t rights, const char *list)
{
	char buf[512];

	ck_assert_int_eq(llk_rights_format(rights, buf, sizeof(buf)),
			 (int)strlen(list));
	ck_assert_str_eq(buf, list);
}

START_TEST(every_name_is_parsed)
{
	for (size_t i = 0; i < N_RIGHTS + N_SETS; i++)
		parses(nth_name(i)->name, nth_name(i)->rights);
}
END_TEST

START_TEST(every_right_is_formatted_by_its_name)
{
	for (size_t i = 0; i < N_RIGHTS; i++)
		formats(right_names[i].rights, right_names[i].name);
}
END_TEST

START_TEST(a_list_adds_up_in_any_order)
{
	parses("read_file,execute", LLK_FS_READ_FILE | LLK_FS_EXECUTE);
	parses("execute,read_file", LLK_FS_READ_FILE | LLK_FS_EXECUTE);
	parses("signal,bind_tcp,signal", LLK_SCOPE_SIGNAL | LLK_NET_BIND_TCP);
	parses("fs,net,scope", LLK_ALL);
	parses("read,write,refer", LLK_READ | LLK_WRITE | LLK_FS_REFER);
}
END_TEST

/* bug class T */
START_TEST(a_name_matches_whole)
{
	char name[64];

	for (size_t i = 0; i < N_RIGHTS + N_SETS; i++) {
		size_t len = strlen(nth_name(i)->name);

		snprintf(name, sizeof(name), "%sx", nth_name(i)->name);
		is_refused(name);
		snprintf(name, sizeof(name), "x%s", nth_name(i)->name);
		is_refused(name);
		for (size_t n = 1; n < len; n++) {
			bool is_name = false;

			snprintf(name, sizeof(name), "%.*s", (int)n,
				 nth_name(i)->name);
			for (size_t j = 0; j < N_RIGHTS + N_SETS; j++)
				is_name |= !strcmp(nth_name(j)->name, name);
			if (!is_name)
				is_refused(name);
		}
	}
}
END_TEST

START_TEST(bad_lists_are_refused_and_leave_the_result_alone)
{
	static const char *const lists[] = {
		"",
		",",
		"read_file,",
		",read_file",
		"read_file,,execute",
		" read_file",
		"read_file ",
		"read_file, execute",
		"read_file,\texecute",
		"read_file\n",
		"READ_FILE",
		"Read_file",
		"fs_read_file",
		"LLK_FS_READ_FILE",
		"read_file;execute",
		"read_file|execute",
		"read-file",
		"none",
		"0",
		"1<<20",
		"1<<0",
		"read_file,nonsense",
		"nonsense,read_file",
		"read_file,execute,\001",
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		is_refused(lists[i]);
}
END_TEST

START_TEST(no_list_is_refused)
{
	uint64_t got = UNTOUCHED;

	ck_assert_int_eq(llk_rights_parse(NULL, &got), -EINVAL);
	ck_assert_uint_eq(got, UNTOUCHED);
	ck_assert_int_eq(llk_rights_parse("read_file", NULL), -EINVAL);
	ck_assert_int_eq(llk_rights_parse(NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(format_writes_presets_by_their_rights)
{
	formats(LLK_READ, "read_file,read_dir,preset");
	formats(LLK_RO_FILES | LLK_QUIET, "execute,read_file,preset,quiet");
	formats(LLK_FS_READ_DIR | LLK_IF_PRESENT, "read_dir,if_present");
}
END_TEST

START_TEST(format_writes_whole_zones_by_their_name)
{
	formats(LLK_ALL, "fs,net,scope");
	formats(LLK_NET | LLK_FS_REFER, "net,refer");
}
END_TEST

START_TEST(format_writes_unknown_bits_by_number)
{
	formats(1ULL << 20, "1<<20");
	formats(1ULL << 63, "1<<63");
	formats(1ULL << 31, "1<<31");
	formats(LLK_FS_EXECUTE | 1ULL << 36, "execute,1<<36");
}
END_TEST

START_TEST(format_of_nothing_is_empty)
{
	formats(0, "");
}
END_TEST

/* parse(format(x)) is x for any OR of public constants */
START_TEST(parse_reads_what_format_writes)
{
	char buf[512];

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint64_t rights = 0, got = UNTOUCHED;
		int n = 1 + (int)(random() % 8);

		while (n--)
			rights |=
				nth_name((size_t)random() % (N_RIGHTS + N_SETS))
					->rights;
		ck_assert(llk_rights_format(rights, buf, sizeof(buf)) > 0);
		if (llk_rights_parse(buf, &got) || got != rights)
			ck_abort_msg("%#llx became \"%s\"",
				     (unsigned long long)rights, buf);
	}
}
END_TEST

START_TEST(format_has_snprintfs_manners_at_every_size)
{
	const uint64_t rights = LLK_RW_DIRS | LLK_NET | 1ULL << 20;
	char whole[512], cut[512];
	int len = llk_rights_format(rights, whole, sizeof(whole));

	ck_assert_int_eq(llk_rights_format(rights, NULL, 0), len);
	for (size_t size = 0; size <= (size_t)len + 2; size++) {
		size_t kept = size > (size_t)len ? (size_t)len : size - 1;

		memset(cut, '#', sizeof(cut));
		ck_assert_int_eq(llk_rights_format(rights, cut, size), len);
		ck_assert_int_eq(cut[size], '#');
		if (!size)
			continue;
		ck_assert(!memcmp(cut, whole, kept));
		ck_assert_int_eq(cut[kept], '\0');
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rights");
	TCase *tc = tcase_create("rights");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_name_is_parsed);
	tcase_add_test(tc, every_right_is_formatted_by_its_name);
	tcase_add_test(tc, a_list_adds_up_in_any_order);
	tcase_add_test(tc, a_name_matches_whole);
	tcase_add_test(tc, bad_lists_are_refused_and_leave_the_result_alone);
	tcase_add_test(tc, no_list_is_refused);
	tcase_add_test(tc, format_writes_presets_by_their_rights);
	tcase_add_test(tc, format_writes_whole_zones_by_their_name);
	tcase_add_test(tc, format_writes_unknown_bits_by_number);
	tcase_add_test(tc, format_of_nothing_is_empty);
	tcase_add_test(tc, parse_reads_what_format_writes);
	tcase_add_test(tc, format_has_snprintfs_manners_at_every_size);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
