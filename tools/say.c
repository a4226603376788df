/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What landlock-run says on stderr, and how it fails.
 */
#include "run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *own_name = "landlock-run";
static int own_status;
static struct place current;

void say_begin(const char *name, int status)
{
	own_name = name;
	own_status = status;
	current.file = NULL;
}

void say_place(struct place place)
{
	current = place;
}

/* The length of the valid UTF-8 character at @s, or 0; and its code point */
static int decode(const unsigned char *s, unsigned int *ret_code)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = *s < 0x80		? 1
		  : (*s & 0xe0) == 0xc0 ? 2
		  : (*s & 0xf0) == 0xe0 ? 3
		  : (*s & 0xf8) == 0xf0 ? 4
					: 0;
	unsigned int code = len > 1 ? *s & (0x7fU >> len) : *s;

	for (int i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	*ret_code = code;
	if (!len || code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;

	return len;
}

/* Controls, and what turns the order of the text after it */
static bool is_active(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* A byte of no character is looked at as a terminal of 8 bits would */
void say_quoted(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s) {
		unsigned int code = 0;
		int len = decode(s, &code);
		bool is_escaped = is_active(len ? code : *s);

		if (*s == '"' || *s == '\\')
			putc('\\', out);
		for (int n = len ? len : 1; n > 0; n--, s++)
			fprintf(out, is_escaped ? "\\x%02x" : "%c", *s);
	}
	putc('"', out);
}

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+:,@%=";

	return *text && !text[strspn(text, plain)];
}

static bool has_active(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int code = 0;

	for (int len; *s; s += len ? len : 1) {
		len = decode(s, &code);
		if (is_active(len ? code : *s))
			return true;
	}

	return false;
}

/* '...', or $'...' where a byte must not reach the terminal, as bash, ksh and
   zsh read it */
void say_word(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	bool escapes = has_active(text);

	if (is_plain(text)) {
		fputs(text, out);
		return;
	}

	fputs(escapes ? "$'" : "'", out);
	for (; *s; s++) {
		if (*s == '\'')
			fputs(escapes ? "\\'" : "'\\''", out);
		else if (escapes && *s == '\\')
			fputs("\\\\", out);
		else if (escapes && (*s < 0x20 || *s >= 0x7f))
			fprintf(out, "\\%03o", *s);
		else
			putc(*s, out);
	}
	putc('\'', out);
}

/* landlock-run: "FILE":3: --ro "path": */
static void say_about(const char *option, const char *value)
{
	fprintf(stderr, "%s: ", own_name);
	if (current.file) {
		say_quoted(stderr, current.file);
		fprintf(stderr, ":%u: ", current.line);
	}
	if (option)
		fprintf(stderr, "--%s", option);
	if (option && value)
		putc(' ', stderr);
	if (value)
		say_quoted(stderr, value);
	if (option || value)
		fputs(": ", stderr);
}

void die(int status, const char *option, const char *value, const char *format,
	 ...)
{
	va_list args;

	say_about(option, value);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	exit(own_status ? own_status : status);
}

void say(const char *format, ...)
{
	va_list args;

	say_about(NULL, NULL);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

char *explanation(const struct llk_ruleset *rs)
{
	size_t size = (size_t)llk_ruleset_explain(rs, NULL, 0) + 1;
	char *line = malloc(size);

	if (!line)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

	llk_ruleset_explain(rs, line, size);

	return line;
}

/* As env(1) */
void exit_after_output(int status)
{
	if (fflush(stdout) || ferror(stdout))
		die(EXIT_FAILED, NULL, NULL,
		    "standard output can't be written");

	exit(status);
}

/* Twice as much whenever a power of two is reached */
void *grow(void *array, size_t n, size_t size)
{
	void *grown = array;

	if (!(n & (n - 1)))
		grown = realloc(array, (n ? 2 * n : 1) * size);
	if (!grown)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

	return grown;
}
