/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The seam: all that the library asks of the system, beside the four public
 * calls of <liblandlock/sys.h>. Tests put a fake kernel behind it. Each
 * function returns -errno on failure; nothing above reads errno.
 */
#ifndef LLKI_SEAM_H
#define LLKI_SEAM_H

#include <liblandlock/sys.h>

/* The calls' own numbers: what a SIGSYS handler that returns answers */
#if defined(__x86_64__) && defined(__ILP32__)
#define LLKI_SYS_BASE 0x40000000
#elif defined(__alpha__)
#define LLKI_SYS_BASE 110
#elif defined(__mips__) && _MIPS_SIM == 1 /* o32 */
#define LLKI_SYS_BASE 4000
#elif defined(__mips__) && _MIPS_SIM == 3 /* n64 */
#define LLKI_SYS_BASE 5000
#elif defined(__mips__) /* n32 */
#define LLKI_SYS_BASE 6000
#else
#define LLKI_SYS_BASE 0
#endif
#define LLKI_SYS_CREATE_RULESET (LLKI_SYS_BASE + 444)
#define LLKI_SYS_ADD_RULE (LLKI_SYS_BASE + 445)
#define LLKI_SYS_RESTRICT_SELF (LLKI_SYS_BASE + 446)

/* Open @path with O_PATH|O_CLOEXEC, links followed: a new descriptor */
int llki_sys_open_path(const char *path);

/*
 * Duplicate @fd, close-on-exec: a new descriptor, never 0, 1 or 2. Programs
 * that have these closed put files of their own there by dup2.
 */
int llki_sys_dup(int fd);

/* Close @fd; it is gone in any case */
int llki_sys_close(int fd);

/* Tell whether @fd is a directory: 1, 0 or -errno */
int llki_sys_is_dir(int fd);

/*
 * What a file is: two with the same device and inode are the same file. The
 * mount is 0 where the kernel doesn't tell (before Linux 5.8).
 */
struct llki_sys_identity {
	uint64_t device, inode, mount;
	unsigned int kind;	  /* the S_IFMT bits of its mode, never 0 */
	unsigned int is_whiteout; /* a character device 0:0 */
};

#define LLKI_SYS_CWD (-100) /* as a directory: the working directory */

/* Identify the file behind @fd */
int llki_sys_identify(int fd, struct llki_sys_identity *ret_identity);

/* Open @name in the directory @dir, as O_PATH; a link itself, not what it
 * leads to: a new descriptor */
int llki_sys_open_at(int dir, const char *name);

/* Open the directory @path, as O_PATH, from @dir on: a new descriptor */
int llki_sys_open_dir(int dir, const char *path);

/* Read where the link behind @fd leads, without a NUL: its length, at most
 * @size */
int llki_sys_read_link(int fd, char *buf, size_t size);

/* Answer what libc knows: 1 one thread, 0 there were more, -ENOSYS it can't
 * tell */
int llki_sys_single_threaded(void);

/* Count the tasks of this process by the link count of /proc/self/task */
int llki_sys_count_tasks(void);

/* Tell whether /proc/self/task is of a proc file system: 1, 0 or -errno */
int llki_sys_tasks_are_proc(void);

/* Sleep for half a millisecond, or less */
void llki_sys_nap(void);

/* One entry of /proc/self/task */
struct llki_sys_task {
	unsigned long long id;
	char name[16]; /* as the kernel has it, cut at 15 bytes */
	char state;    /* 'Z' and 'X' have ended; 0: it vanished meanwhile */
	unsigned int flags; /* LLKI_SYS_TASK_ */
	int is_self;	    /* the calling thread */
};

#define LLKI_SYS_TASK_EXITING 0x4U
#define LLKI_SYS_TASK_IO_WORKER 0x10U

/* A listing under way */
struct llki_sys_tasks {
	int fd;
	unsigned long long self;
	size_t at, end;
	uint64_t buf[128]; /* aligned for the kernel's directory entries */
};

/* Begin to list the tasks of this process; ended by llki_sys_close(it->fd) */
int llki_sys_tasks_open(struct llki_sys_tasks *it);

/* Tell the next: 1 and *ret_task, 0 at the end, or -errno */
int llki_sys_tasks_next(struct llki_sys_tasks *it,
			struct llki_sys_task *ret_task);

#endif
