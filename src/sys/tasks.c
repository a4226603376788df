/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The threads of this process, as libc and /proc/self/task know them. Nothing
 * here allocates or takes a lock: it runs between fork and exec.
 */
#include "seam.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static const char task_dir[] = "/proc/self/task";

#define PROC_MAGIC 0x9fa0 /* linux/magic.h, which musl-gcc does not see */

/* glibc 2.32: true until the first pthread_create. Elsewhere it isn't there. */
extern char __libc_single_threaded __attribute__((weak));

int llki_sys_single_threaded(void)
{
	return &__libc_single_threaded ? __libc_single_threaded : -ENOSYS;
}

int llki_sys_count_tasks(void)
{
	struct stat st;

	if (stat(task_dir, &st) < 0)
		return -errno;

	return (int)st.st_nlink - 2;
}

int llki_sys_tasks_are_proc(void)
{
	struct statfs fs;

	if (statfs(task_dir, &fs) < 0)
		return -errno;

	return fs.f_type == PROC_MAGIC;
}

void llki_sys_nap(void)
{
#ifdef SYS_nanosleep
	/* The kernel's own struct, whatever libc's time_t is */
#if defined(__x86_64__) && defined(__ILP32__)
	struct {
		long long s, ns;
	} half_ms = { 0, 500000 };
#else
	struct {
		long s, ns;
	} half_ms = { 0, 500000 };
#endif

	syscall(SYS_nanosleep, &half_ms, NULL);
#else
	struct timespec half_ms = { 0, 500000 };

	nanosleep(&half_ms, NULL);
#endif
}

/* By raw system calls, as in files.c */
static int open_to_read(int dir, const char *path, int flags)
{
	long fd =
		syscall(SYS_openat, dir, path, O_RDONLY | O_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : (int)fd;
}

/* What getdents64 writes; libc's own struct depends on feature macros */
struct task_entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* The number at @s; strtoull would bind us to the glibc that we are built with
 */
static unsigned long long number_at(const char *s)
{
	unsigned long long n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (unsigned long long)(*s - '0');

	return n;
}

int llki_sys_tasks_open(struct llki_sys_tasks *it)
{
	char self[64]; /* PID/task/TID, as the proc that is mounted counts */
	ssize_t n = readlink("/proc/thread-self", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;

	self[n] = '\0';
	it->self =
		number_at(strrchr(self, '/') ? strrchr(self, '/') + 1 : self);
	it->at = it->end = 0;
	it->fd = open_to_read(AT_FDCWD, task_dir, O_DIRECTORY);

	return it->fd < 0 ? it->fd : 0;
}

int llki_sys_tasks_rewind(struct llki_sys_tasks *it)
{
	it->at = it->end = 0;

	return syscall(SYS_lseek, it->fd, 0L, SEEK_SET) < 0 ? -errno : 0;
}

/* "TID (name) state ppid pgrp session tty tpgid flags ..."; a name may hold ")
 * " */
static int parse_stat(const char *text, struct llki_sys_task *ret_task)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')'), *at;
	size_t len;

	if (!name || !end || end < name || end[1] != ' ' || !end[2])
		return -EIO;

	len = (size_t)(end - name - 1);
	if (len >= sizeof(ret_task->name))
		len = sizeof(ret_task->name) - 1;
	memcpy(ret_task->name, name + 1, len);
	ret_task->name[len] = '\0';
	ret_task->state = end[2];

	at = end + 2;
	for (int field = 3; at && field < 9; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EIO;
	ret_task->flags = (unsigned int)number_at(at + 1);

	return 0;
}

/* The path of a @file of a task, in the directory of the tasks */
static const char *path_of(unsigned long long id, const char *file,
			   char path[32])
{
	size_t len = strlen(file);
	char *p = path + 31 - len;

	memcpy(p, file, len + 1);
	do {
		*--p = (char)('0' + id % 10);
		id /= 10;
	} while (id);

	return p;
}

/* Read the stat file of @task; state 0 if the task is gone */
static int read_stat(int dir, struct llki_sys_task *task)
{
	char text[512], path[32];
	long n;
	int fd, err;

	fd = open_to_read(dir, path_of(task->id, "/stat", path), 0);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;

	n = syscall(SYS_read, fd, text, sizeof(text) - 1);
	err = errno;
	llki_sys_close(fd);
	if (n < 0)
		return err == ESRCH ? 0 : -err;

	text[n] = '\0';

	return parse_stat(text, task);
}

static int fill(struct llki_sys_tasks *it)
{
	long n = syscall(SYS_getdents64, it->fd, it->buf, sizeof(it->buf));

	if (n < 0)
		return -errno;

	it->at = 0;
	it->end = (size_t)n;

	return n > 0;
}

int llki_sys_tasks_next_id(struct llki_sys_tasks *it,
			   struct llki_sys_task *ret_task)
{
	const struct task_entry *entry;
	int r;

	do {
		if (it->at >= it->end) {
			r = fill(it);
			if (r <= 0)
				return r;
		}
		entry = (const void *)((const char *)it->buf + it->at);
		it->at += entry->reclen;
	} while (entry->name[0] == '.');

	memset(ret_task, 0, sizeof(*ret_task));
	ret_task->id = number_at(entry->name);
	ret_task->is_self = ret_task->id == it->self;

	return 1;
}

int llki_sys_tasks_read(struct llki_sys_tasks *it, struct llki_sys_task *task)
{
	return read_stat(it->fd, task);
}

int llki_sys_tasks_next(struct llki_sys_tasks *it,
			struct llki_sys_task *ret_task)
{
	int r = llki_sys_tasks_next_id(it, ret_task);

	if (r <= 0)
		return r;
	if (ret_task->is_self) { /* which runs */
		ret_task->state = 'R';
		return 1;
	}

	r = llki_sys_tasks_read(it, ret_task);

	return r < 0 ? r : 1;
}

/*
 * A task that has ended has no working directory, be it listed or not. Reading
 * a link is denied by no layer.
 */
int llki_sys_task_is_gone(unsigned long long id)
{
	char path[32], full[64], byte;
	const char *name = path_of(id, "/cwd", path);
	size_t at = sizeof(task_dir);

	memcpy(full, task_dir, at);
	full[at - 1] = '/';
	memcpy(full + at, name, strlen(name) + 1);

	return readlink(full, &byte, 1) < 0 && errno == ENOENT;
}
