/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What landlock-run says on stderr, and how it fails.
 */
#include "run.h"

#include <stdarg.h>
#include <stdlib.h>

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

static bool is_c1(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;
}

void say_quoted(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	for (; *s; s++) {
		if (is_c1(s)) {
			fprintf(out, "\\x%02x\\x%02x", s[0], s[1]);
			s++;
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\x%02x", *s);
		} else {
			if (*s == '"' || *s == '\\')
				putc('\\', out);
			putc(*s, out);
		}
	}
	putc('"', out);
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
