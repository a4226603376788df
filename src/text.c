/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Text without stdio: a line that grows in a buffer of a fixed size, is cut
 * where it doesn't fit, and knows how long it would have been.
 */
#include "tables.h"

#include <limits.h>

static void put_byte(struct llki_text *t, char c)
{
	if (t->len + 1 < t->size)
		t->buf[t->len] = c;
	t->len++;
}

void llki_text_put(struct llki_text *t, const char *s)
{
	while (*s)
		put_byte(t, *s++);
}

/* NOLINTNEXTLINE(misc-no-recursion): once for each of 20 digits */
void llki_text_put_number(struct llki_text *t, uint64_t n)
{
	if (n >= 10)
		llki_text_put_number(t, n / 10);
	put_byte(t, (char)('0' + n % 10));
}

static void put_escaped(struct llki_text *t, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	llki_text_put(t, "\\x");
	put_byte(t, digits[c >> 4]);
	put_byte(t, digits[c & 0xf]);
}

/* Whether @s begins with a control character of UTF-8, U+0080 to U+009F */
static bool is_c1(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;
}

static void put_safe(struct llki_text *t, unsigned char c)
{
	if (c < 0x20 || c == 0x7f) {
		put_escaped(t, c);
		return;
	}

	if (c == '"' || c == '\\')
		put_byte(t, '\\');
	put_byte(t, (char)c);
}

/* A file name must not forge a line of a log or drive a terminal */
void llki_text_put_quoted(struct llki_text *t, const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	put_byte(t, '"');
	while (*u) {
		if (is_c1(u)) {
			put_escaped(t, *u++);
			put_escaped(t, *u++);
		} else {
			put_safe(t, *u++);
		}
	}
	put_byte(t, '"');
}

int llki_text_end(struct llki_text *t)
{
	if (t->size)
		t->buf[t->len < t->size ? t->len : t->size - 1] = '\0';

	return t->len < INT_MAX ? (int)t->len : INT_MAX;
}
