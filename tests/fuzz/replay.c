/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Feed the files of a folder to a fuzz target: no fuzzer is needed.
 * usage: replay-NAME FOLDER
 */
#include "input.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_SIZE 65536

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In memory of the very size, so that a sanitizer sees a read past its end */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	insist(copy, "out of memory");
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void replay(int dir, const char *name)
{
	static uint8_t data[MAX_SIZE];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));

	insist(n >= 0 && n < MAX_SIZE, "%s can't be read", name);
	close(fd);
	fprintf(stderr, "%s\n", name);
	feed(data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	int n = argc == 2 ? scandir(argv[1], &names, is_visible, alphasort) : 0;
	int dir = n > 0 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	insist(dir >= 0, "no inputs to replay");
	for (int i = 0; i < n; i++) {
		replay(dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	close(dir);
	printf("%d inputs replayed\n", n);

	return 0;
}
