/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The seam: all that the library asks of the system, beside the four public
 * calls of <liblandlock/sys.h>. Tests put a fake kernel behind it. Each
 * function returns -errno on failure; nothing above reads errno.
 */
#ifndef LLKI_SEAM_H
#define LLKI_SEAM_H

#include <liblandlock/sys.h>

#include <errno.h>
#include <string.h>

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

/* A lack of descriptors or memory: it tells nothing of the system */
static inline int llki_sys_is_lack(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

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

/* Whether it can still act: io_uring's workers don't count, but a ring's poll
 * thread does, as it keeps the old rights */
static inline int llki_sys_task_is_alive(const struct llki_sys_task *task)
{
	if (!task->state || task->state == 'Z' || task->state == 'X' ||
	    task->flags & LLKI_SYS_TASK_EXITING)
		return 0;

	return !(task->flags & LLKI_SYS_TASK_IO_WORKER) ||
	       !strncmp(task->name, "iou-sqp-", 8);
}

/* Whether it vanished, or is of io_uring and too new to have its name */
static inline int llki_sys_task_is_unclear(const struct llki_sys_task *task)
{
	return !task->state || (task->flags & LLKI_SYS_TASK_IO_WORKER &&
				strncmp(task->name, "iou-", 4) != 0);
}

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

/* The same in two steps: who it is alone, and then what its stat file says, 0
 * or -errno */
int llki_sys_tasks_next_id(struct llki_sys_tasks *it,
			   struct llki_sys_task *ret_task);
int llki_sys_tasks_read(struct llki_sys_tasks *it, struct llki_sys_task *task);

/* Below the seam, for by-signal.c: list once more; whether a task has ended,
 * which can be told under a new layer, too */
int llki_sys_tasks_rewind(struct llki_sys_tasks *it);
int llki_sys_task_is_gone(unsigned long long id);

/* How a restriction of all threads by signal ended */
enum llki_sys_all_end {
	LLKI_SYS_ALL_DONE,

	/* nothing happened */
	LLKI_SYS_ALL_UNPORTED,	  /* -EOPNOTSUPP: this processor or libc */
	LLKI_SYS_ALL_NO_PROC,	  /* -EOPNOTSUPP: no list of the threads */
	LLKI_SYS_ALL_POLL_THREAD, /* -EOPNOTSUPP: of an io_uring ring */
	LLKI_SYS_ALL_UNREACHED,	  /* -ETIMEDOUT: one did not stop */
	LLKI_SYS_ALL_UNSTEADY,	  /* -ETIMEDOUT: others came and went */

	/* no layer, but no_new_privs may be set on all threads */
	LLKI_SYS_ALL_NO_LIST,	   /* no descriptor or memory for it */
	LLKI_SYS_ALL_NO_SIGNAL,	   /* a call to stop them was refused */
	LLKI_SYS_ALL_NO_MEMORY,	   /* for the table of threads */
	LLKI_SYS_ALL_NO_NEW_PRIVS, /* was refused to one */
	LLKI_SYS_ALL_REFUSED,	   /* the layer will be, to one */
	LLKI_SYS_ALL_SELF_PRIVS,   /* the caller: no_new_privs */
	LLKI_SYS_ALL_SELF,	   /* the caller: the layer */

	LLKI_SYS_ALL_HALF, /* -ENOTRECOVERABLE: some are restricted */
};

/* How, of which thread, and what it was answered */
struct llki_sys_all {
	enum llki_sys_all_end end;
	unsigned long long id; /* 0: none in particular */
	char name[16];
	int error; /* -errno, of that call */
};

#define LLKI_SYS_ALL_SETS_NO_NEW_PRIVS 1

/*
 * Restrict all threads of the process, each by itself in a signal handler: 0,
 * or -errno and *ret_all. @options is 0 or LLKI_SYS_ALL_SETS_NO_NEW_PRIVS.
 */
int llki_sys_restrict_all(int ruleset_fd, uint32_t flags, int options,
			  struct llki_sys_all *ret_all);

#endif
