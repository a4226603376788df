/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A thread that is stopped: what it has in memory, and what its paths mean. All
 * files are opened by O_PATH, so nothing is read and nothing blocks.
 */
#include "tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Memory
 */

int tracee_read(const struct tracee *t, uint64_t address, void *buf,
		size_t size)
{
	struct {
		size_t address, size; /* struct iovec, of another process */
	} there = { (size_t)address, size };
	struct iovec here = { buf, size };
	/* The last one lies on the stack, where an int is half of what is read */
	long n =
		syscall(SYS_process_vm_readv, t->id, &here, 1L, &there, 1L, 0L);

	if (n < 0)
		return -errno;

	return (size_t)n == size ? 0 : -EFAULT;
}

/* Page by page: what is behind the string's last may not be there */
int tracee_read_string(const struct tracee *t, uint64_t address, char *buf,
		       size_t size)
{
	const size_t page = 4096;
	size_t len = 0;

	while (len < size) {
		size_t n = page - (address + len) % page;
		int r;

		if (n > size - len)
			n = size - len;
		r = tracee_read(t, address + len, buf + len, n);
		if (r < 0)
			return r;
		if (memchr(buf + len, '\0', n))
			return 0;
		len += n;
	}

	return -ENAMETOOLONG;
}

size_t tracee_word_size(const struct tracee *t)
{
	return t->call.is_32_bit ? 4 : sizeof(long);
}

int tracee_read_word(const struct tracee *t, uint64_t address,
		     uint64_t *ret_word)
{
	uint32_t half;
	unsigned long whole;
	int r;

	if (tracee_word_size(t) == 4) {
		r = tracee_read(t, address, &half, sizeof(half));
		*ret_word = half;
	} else {
		r = tracee_read(t, address, &whole, sizeof(whole));
		*ret_word = whole;
	}

	return r;
}

/*
 * Descriptors and names
 */

static int open_proc(const struct tracee *t, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)t->id, name);

	return llki_sys_open_path(path);
}

int tracee_open_fd(const struct tracee *t, int number)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", number);

	return number < 0 ? -EBADF : open_proc(t, name);
}

int tracee_duplicate_fd(const struct tracee *t, int number)
{
	long process = syscall(LLKI_SYS_BASE + 434, t->process, 0), fd;
	int error = errno;

	if (process < 0)
		return -error;

	fd = syscall(LLKI_SYS_BASE + 438, process, number, 0);
	error = errno;
	close((int)process);

	return fd < 0 ? -error : (int)fd;
}

void tracee_name(const struct tracee *t, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)t->process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		snprintf(buf, size, "process %d", (int)t->process);
		return;
	}
	buf[buf[n - 1] == '\n' ? n - 1 : n] = '\0';
}

uint64_t proc_number(const char *path, const char *title, int base)
{
	FILE *file = fopen(path, "re");
	char line[128];
	uint64_t n = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, title, strlen(title)))
			n = strtoull(line + strlen(title), NULL, base);
	if (file)
		fclose(file);

	return n;
}

pid_t proc_process(const char *path, const char **ret_rest)
{
	static const char proc[] = "/proc/";
	size_t len = sizeof(proc) - 1;

	if (strncmp(path, proc, len) != 0 || path[len] < '1' || path[len] > '9')
		return 0;

	path += len;
	*ret_rest = path + strspn(path, "0123456789");

	return (pid_t)strtol(path, NULL, 10);
}

/*
 * Paths
 */

/* Where the descriptor @fd of ours leads, as we see it */
static char *text_of(int fd)
{
	char link[64], *text = malloc(PATH_MAX);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = text ? readlink(link, text, PATH_MAX - 1) : -1;
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';

	return text;
}

static char *join_name(const char *dir, const char *name)
{
	const char *slash = strcmp(dir, "/") ? "/" : "";
	char *path;

	return asprintf(&path, "%s%s%s", dir, *name ? slash : "", name) < 0
		       ? NULL
		       : path;
}

void spot_end(struct spot *spot)
{
	llki_trail_free(spot->place.dir);
	free(spot->dir_path);
	free(spot->path);
	if (spot->end.dir >= 0)
		close(spot->end.dir);
	*spot = (struct spot){ .end.dir = -1 };
}

/* The text of what was found */
static int name_spot(struct spot *spot)
{
	spot->dir_path = text_of(spot->end.dir);
	if (spot->dir_path)
		spot->path = join_name(spot->dir_path, spot->end.name);
	if (spot->path)
		return 0;

	spot_end(spot);

	return -ENOENT;
}

static int find_from(const struct tracee *t, struct llki_trail_from from,
		     const char *path, bool follows, struct spot *spot)
{
	char self[16], thread_self[40];
	int r;

	snprintf(self, sizeof(self), "%d", (int)t->process);
	snprintf(thread_self, sizeof(thread_self), "%d/task/%d",
		 (int)t->process, (int)t->id);
	from.self = self;
	from.thread_self = thread_self;
	from.end = &spot->end;
	r = llki_trail_find(&from, path, follows, &spot->place);
	if (r < 0 && spot->end.dir >= 0)
		close(spot->end.dir);
	if (r < 0)
		spot->end.dir = -1;

	return r < 0 ? r : name_spot(spot);
}

/* The number of "/proc/self/fd/3" and its like; -1 of other paths */
static int fd_of_path(const char *path)
{
	static const struct {
		const char *prefix;
		int number; /* -1: what follows is the number */
	} rows[] = {
		{ "/proc/self/fd/", -1 }, { "/proc/thread-self/fd/", -1 },
		{ "/dev/fd/", -1 },	  { "/dev/stdin", 0 },
		{ "/dev/stdout", 1 },	  { "/dev/stderr", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].prefix);
		const char *rest = path + len;

		if (strncmp(path, rows[i].prefix, len) != 0)
			continue;
		if (rows[i].number >= 0)
			return *rest ? -1 : rows[i].number;
		if (*rest && !rest[strspn(rest, "0123456789")])
			return (int)strtol(rest, NULL, 10);
	}

	return -1;
}

int tracee_find(const struct tracee *t, int dir, const char *path, bool follows,
		struct spot *ret_spot)
{
	struct llki_trail_from from = { .root = open_proc(t, "root") };
	int number = follows ? fd_of_path(path) : -1, r = from.root;

	*ret_spot = (struct spot){ .end.dir = -1 };
	if (number >= 0) {
		close(from.root);
		return tracee_find_fd(t, number, ret_spot);
	}
	from.dir = r < 0 || *path == '/' ? -1
		   : dir == TRACEE_CWD	 ? open_proc(t, "cwd")
					 : tracee_open_fd(t, dir);
	if (r >= 0 && *path != '/')
		r = from.dir;
	if (r >= 0)
		r = find_from(t, from, path, follows, ret_spot);
	if (from.dir >= 0)
		close(from.dir);
	if (from.root >= 0)
		close(from.root);

	return r;
}

static bool is_file(const struct llki_sys_identity *a,
		    const struct llki_sys_identity *b)
{
	return a->kind && a->device == b->device && a->inode == b->inode;
}

/* By its text, if that leads to the same file: it may have been deleted, or
   be no file at all */
int tracee_find_fd(const struct tracee *t, int number, struct spot *ret_spot)
{
	struct llki_trail_from from = { .root = -1, .dir = -1 };
	struct llki_sys_identity file;
	int fd = tracee_open_fd(t, number), r;
	char *text;

	*ret_spot = (struct spot){ .end.dir = -1 };
	if (fd < 0)
		return fd;
	r = llki_sys_identify(fd, &file);
	text = text_of(fd);
	close(fd);
	if (r == 0)
		r = text && *text == '/'
			    ? find_from(t, from, text, false, ret_spot)
			    : -ENOENT;
	free(text);
	if (r < 0 || is_file(&ret_spot->place.file, &file))
		return r;
	spot_end(ret_spot);

	return -ENOENT;
}
