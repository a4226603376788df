/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * JSON that is valid whatever bytes a path has: what is no UTF-8 becomes \xHH
 * and a backslash two, as in our other output, and then JSON's own escapes.
 */
#include "run.h"

#include <string.h>

/* The length of the character of UTF-8 at @s; 0 if there is none */
static int utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, second_min, second_max;
		int length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0;

	while (i < sizeof(rows) / sizeof(rows[0]) &&
	       (*s < rows[i].first || *s > rows[i].last))
		i++;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return 0;
	if (rows[i].length == 1)
		return 1;
	if (s[1] < rows[i].second_min || s[1] > rows[i].second_max)
		return 0;
	for (int k = 2; k < rows[i].length; k++)
		if ((s[k] & 0xc0) != 0x80)
			return 0;

	return rows[i].length;
}

/* One character, and how many bytes it had */
static int json_character(FILE *out, const unsigned char *s)
{
	int len = utf8_length(s);

	if (!len) {
		fprintf(out, "\\\\x%02x", *s);
		return 1;
	}
	if (*s < 0x20 || *s == 0x7f)
		fprintf(out, "\\u%04x", *s);
	else if (*s == 0xc2 && s[1] <= 0x9f)
		fprintf(out, "\\u%04x", s[1]);
	else if (*s == '\\')
		fputs("\\\\\\\\", out);
	else if (*s == '"')
		fputs("\\\"", out);
	else
		fwrite(s, 1, (size_t)len, out);

	return len;
}

void json_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s)
		s += json_character(out, s);
	putc('"', out);
}

void json_rights(FILE *out, uint64_t rights)
{
	char list[512], *name = list, *comma;

	llk_rights_format(rights, list, sizeof(list));
	putc('[', out);
	for (; rights && name; name = comma) {
		comma = strchr(name, ',');
		if (comma)
			*comma++ = '\0';
		json_string(out, name);
		if (comma)
			putc(',', out);
	}
	putc(']', out);
}
