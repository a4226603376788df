/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What the fuzz targets share: the input read byte by byte, zeros after its
 * end, and the way a check fails.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

uint8_t input_byte(struct input *in);

/* A number below @n */
unsigned int input_pick(struct input *in, unsigned int n);

/* Rights: constants put together, or all 64 bits as they come */
uint64_t input_rights(struct input *in);

/* Up to 31 bytes and a NUL into @buf */
void input_string(struct input *in, char buf[32]);

/* Tell what is wrong, and abort */
__attribute__((noreturn, format(printf, 1, 2))) void
fuzz_fail(const char *format, ...);

#define insist(ok, ...)                         \
	do {                                    \
		if (!(ok))                      \
			fuzz_fail(__VA_ARGS__); \
	} while (0)

/*
 * Whether @text may be printed: one line, no control character, none of those
 * that UTF-8 writes as c2 80 to c2 9f
 */
bool fuzz_is_harmless(const char *text);

#endif
