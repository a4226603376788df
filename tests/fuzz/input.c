/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What the fuzz targets share.
 */
#include "input.h"

#include <liblandlock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t input_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

unsigned int input_pick(struct input *in, unsigned int n)
{
	return input_byte(in) % n;
}

/* clang-format off */
static const uint64_t words[] = {
	LLK_FS, LLK_NET, LLK_SCOPE, LLK_ALL, LLK_READ, LLK_WRITE, LLK_RO_FILES,
	LLK_RO_DIRS, LLK_RW_FILES, LLK_RW_DIRS, LLK_PRESET, LLK_IF_PRESENT, LLK_QUIET,
	LLK_FS_EXECUTE, LLK_FS_WRITE_FILE, LLK_FS_READ_FILE, LLK_FS_READ_DIR,
	LLK_FS_REMOVE_DIR, LLK_FS_REMOVE_FILE, LLK_FS_MAKE_CHAR, LLK_FS_MAKE_DIR,
	LLK_FS_MAKE_REG, LLK_FS_MAKE_SOCK, LLK_FS_MAKE_FIFO, LLK_FS_MAKE_BLOCK,
	LLK_FS_MAKE_SYM, LLK_FS_REFER, LLK_FS_TRUNCATE, LLK_FS_IOCTL_DEV,
	LLK_FS_RESOLVE_UNIX, LLK_NET_BIND_TCP, LLK_NET_CONNECT_TCP, LLK_NET_BIND_UDP,
	LLK_NET_CONNECT_SEND_UDP, LLK_SCOPE_ABSTRACT_UNIX_SOCKET, LLK_SCOPE_SIGNAL,
};
/* Words that a fuzzer would be long to find: each is a rule of its own */
static const uint64_t telling_words[] = {
	LLK_FS, LLK_NET | LLK_FS_REFER, LLK_SCOPE | LLK_FS_REFER, LLK_ALL,
	LLK_ALL & ~LLK_FS_REFER, LLK_FS_REFER, LLK_READ | LLK_FS_REFER,
	LLK_READ | LLK_WRITE | LLK_QUIET, LLK_PRESET | LLK_NET_BIND_TCP,
	LLK_FS & ~LLK_FS_EXECUTE, LLK_NET | LLK_QUIET, LLK_QUIET,
	LLK_FS_READ_FILE | LLK_FS_EXECUTE, LLK_FS_READ_FILE | LLK_FS_READ_DIR,
	LLK_NET_BIND_TCP | LLK_NET_BIND_UDP, LLK_NET, LLK_SCOPE, LLK_ALL | LLK_PRESET,
	LLK_FS_EXECUTE | LLK_SCOPE_SIGNAL, LLK_READ | LLK_IF_PRESENT,
};
/* clang-format on */

#define N_WORDS (sizeof(words) / sizeof(words[0]))
#define N_TELLING (sizeof(telling_words) / sizeof(telling_words[0]))

/*
 * A byte below 200: so many constants follow, added or taken away; below 250:
 * a word of the second table; else eight bytes follow
 */
uint64_t input_rights(struct input *in)
{
	uint8_t kind = input_byte(in);
	uint64_t rights = 0;

	if (kind >= 250) {
		for (int i = 0; i < 8; i++)
			rights = rights << 8 | input_byte(in);
		return rights;
	}
	if (kind >= 200)
		return telling_words[(kind - 200U) % N_TELLING];

	for (int n = kind % 5; n > 0; n--) {
		uint8_t which = input_byte(in);

		if (which & 0x80)
			rights &= ~words[(which & 0x7f) % N_WORDS];
		else
			rights |= words[which % N_WORDS];
	}

	return rights;
}

void input_string(struct input *in, char buf[32])
{
	unsigned int len = input_pick(in, 32);

	for (unsigned int i = 0; i < len; i++)
		buf[i] = (char)input_byte(in);
	buf[len] = '\0';
}

void fuzz_fail(const char *format, ...)
{
	va_list args;

	fputs("fuzz: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

bool fuzz_is_harmless(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	for (; *s; s++) {
		if (*s < 0x20 || *s == 0x7f)
			return false;
		if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
			return false;
	}

	return true;
}
