/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Names of rights, both ways, against a table of its own: what is no list of
 * names is refused and leaves the result untouched, a cut list is a cut list,
 * and parse reads what format wrote.
 * An input: 0 and a word of rights (input.c), or another byte and a list.
 */
#include "input.h"

#include <errno.h>
#include <liblandlock.h>
#include <stdlib.h>
#include <string.h>

#define BIT(n) (1ULL << (n))
#define UNTOUCHED 0x5a5a5a5a5a5a5a5aULL
#define MAX_LIST 2048

/* By the number of the bit; as the header has them */
static const char *const bit_names[64] = {
	[0] = "execute",	   [1] = "write_file",
	[2] = "read_file",	   [3] = "read_dir",
	[4] = "remove_dir",	   [5] = "remove_file",
	[6] = "make_char",	   [7] = "make_dir",
	[8] = "make_reg",	   [9] = "make_sock",
	[10] = "make_fifo",	   [11] = "make_block",
	[12] = "make_sym",	   [13] = "refer",
	[14] = "truncate",	   [15] = "ioctl_dev",
	[16] = "resolve_unix",	   [32] = "bind_tcp",
	[33] = "connect_tcp",	   [34] = "bind_udp",
	[35] = "connect_send_udp", [44] = "abstract_unix_socket",
	[45] = "signal",	   [56] = "preset",
	[57] = "if_present",	   [58] = "quiet",
};

static const struct {
	const char *name;
	uint64_t rights;
} set_names[] = {
	{ "fs", 0xffffffff },
	{ "net", 0xfffULL << 32 },
	{ "scope", 0xffULL << 44 },
	{ "all", 0xfffffffffffff },
	{ "read", BIT(56) | BIT(2) | BIT(3) },
	{ "write",
	  BIT(56) | BIT(1) | BIT(14) | BIT(8) | BIT(7) | BIT(5) | BIT(4) },
	{ "ro_files", BIT(56) | BIT(0) | BIT(2) },
	{ "ro_dirs", BIT(56) | BIT(0) | BIT(2) | BIT(3) },
	{ "rw_files", BIT(56) | BIT(0) | BIT(1) | BIT(2) | BIT(14) },
	{ "rw_dirs", BIT(56) | 0x1fff | BIT(14) },
};

#define N_SETS (sizeof(set_names) / sizeof(set_names[0]))
#define N_ZONES 3

/* The rights of one name, 0 if there is none such */
static uint64_t rights_of(const char *name)
{
	for (size_t i = 0; i < N_SETS; i++)
		if (!strcmp(name, set_names[i].name))
			return set_names[i].rights;

	for (unsigned int bit = 0; bit < 64; bit++)
		if (bit_names[bit] && !strcmp(name, bit_names[bit]))
			return BIT(bit);

	return 0;
}

/* What @list means, taken apart in a copy; 0 if it is none */
static uint64_t expect_parsed(const char *list)
{
	char copy[MAX_LIST], *item, *rest = copy;
	uint64_t rights = 0, found;

	strcpy(copy, list);
	while (rest) {
		item = rest;
		rest = strchr(item, ',');
		if (rest)
			*rest++ = '\0';
		found = rights_of(item);
		if (!found)
			return 0;
		rights |= found;
	}

	return rights;
}

/* Whether each bit has a name: alone, or in a zone that is there as a whole */
static bool has_names(uint64_t rights)
{
	for (size_t i = 0; i < N_ZONES; i++)
		if ((rights & set_names[i].rights) == set_names[i].rights)
			rights &= ~set_names[i].rights;

	for (unsigned int bit = 0; bit < 64; bit++)
		if (rights & BIT(bit) && !bit_names[bit])
			return false;

	return true;
}

/* At @size: the same text, cut, ended, and nothing written behind it */
static void check_cut(uint64_t rights, const char *whole, size_t size)
{
	char *buf = malloc(size ? size : 1);
	size_t len = strlen(whole), fits = len < size ? len : size - 1;
	int r;

	insist(buf, "out of memory");
	memset(buf, 'x', size ? size : 1);
	r = llk_rights_format(rights, size ? buf : NULL, size);
	insist(r == (int)len, "length %d at size %zu, %zu whole", r, size, len);
	insist(!size || (!memcmp(buf, whole, fits) && !buf[fits]),
	       "cut wrongly at size %zu: %s", size, whole);
	for (size_t i = fits + 1; i < size; i++)
		insist(buf[i] == 'x', "written behind the end at %zu", i);
	free(buf);
}

static void check_word(uint64_t rights)
{
	uint64_t again = UNTOUCHED;
	char whole[MAX_LIST];
	int len = llk_rights_format(rights, whole, sizeof(whole)), r;

	insist(len >= 0 && len < MAX_LIST && strlen(whole) == (size_t)len,
	       "length %d of %s", len, whole);
	insist(fuzz_is_harmless(whole), "control characters");
	for (size_t size = 0; size <= (size_t)len + 2; size++)
		check_cut(rights, whole, size);

	r = llk_rights_parse(whole, &again);
	if (rights && has_names(rights))
		insist(r == 0 && again == rights, "not read back: %s", whole);
	else
		insist(r == -EINVAL && again == UNTOUCHED,
		       "a bit without a name is read: %s", whole);
	insist(!strstr(whole, "1<<") == has_names(rights),
	       "names and numbers: %s", whole);
}

static void check_list(const char *list)
{
	uint64_t expected = expect_parsed(list), rights = UNTOUCHED;
	int r = llk_rights_parse(list, &rights);

	if (!expected) {
		insist(r == -EINVAL && rights == UNTOUCHED,
		       "no list, %d and %llx", r, (unsigned long long)rights);
		return;
	}

	insist(r == 0 && rights == expected, "%d, %llx and not %llx", r,
	       (unsigned long long)rights, (unsigned long long)expected);
	check_word(rights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	char *list;

	if (size > MAX_LIST - 1)
		return 0;

	if (!input_byte(&in)) {
		check_word(input_rights(&in));
		return 0;
	}

	/* In memory of the very size */
	list = malloc(size);
	insist(list, "out of memory");
	memcpy(list, data + 1, size - 1);
	list[size - 1] = '\0';
	check_list(list);
	free(list);
	insist(llk_rights_parse(NULL, NULL) == -EINVAL, "NULL is a list");

	return 0;
}
