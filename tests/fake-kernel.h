/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A kernel for tests: Landlock of any ABI, a few files, threads, any failure
 * at any call, and a log of the calls. One for the process; fake_reset() first.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include "../src/sys/seam.h"

#include <stdbool.h>

#define FAKE_NEWEST_ABI 12

/* What one ABI has, in the kernel's own words; written from its documentation
 */
struct fake_abi {
	uint64_t fs, net, scope;
	size_t attr_size;
	uint32_t restrict_flags;
	bool has_quiet;
	bool has_errata;
};

const struct fake_abi *fake_abi_row(int abi);

/* The same as one word of <liblandlock.h> */
uint64_t fake_abi_rights(int abi);

enum fake_call {
	FAKE_QUERY,
	FAKE_ERRATA,
	FAKE_CREATE,
	FAKE_ADD,
	FAKE_RESTRICT,
	FAKE_NO_NEW_PRIVS,
	FAKE_OPEN,
	FAKE_DUP,
	FAKE_CLOSE,
	FAKE_IS_DIR,
	FAKE_IDENTIFY,
	FAKE_OPEN_AT,
	FAKE_OPEN_DIR,
	FAKE_READ_LINK,
	FAKE_COUNT,
	FAKE_ARE_PROC,
	FAKE_LIST,
	FAKE_NEXT,
	FAKE_NAP,
	FAKE_ALL,
	FAKE_LIBC, /* no system call: counted in n_of, not in n_calls */
	FAKE_N_CALLS,
	FAKE_ANY = FAKE_N_CALLS,
};

enum fake_kind {
	FAKE_CLOSED,
	FAKE_DIR,
	FAKE_FILE,
	FAKE_PIPE, /* and sockets, memfd ...: no parent of a rule */
	FAKE_RULESET,
	FAKE_PROC,
	FAKE_LINK,
	FAKE_CHAR,
	FAKE_BLOCK,
	FAKE_SOCKET,
	FAKE_WHITEOUT,
};

struct fake_file {
	char path[64];
	enum fake_kind kind;
	int error; /* of open, positive */
	uint64_t inode;
	uint64_t mount;	 /* that begins here, or 0 */
	uint64_t device; /* of that */
	char target[64]; /* of a link */
};

struct fake_fd {
	enum fake_kind kind;
	bool is_path;  /* opened with O_PATH */
	bool is_dup;   /* made by the library from one of the caller's */
	bool is_users; /* the test's own: the library must not close it */
	int index;     /* of the file or ruleset */
};

struct fake_rule {
	int type;
	uint64_t allowed;
	uint64_t where; /* index of the file, or port */
	uint32_t flags;
};

#define FAKE_MAX_RULES 64

struct fake_ruleset {
	struct llk_sys_ruleset_attr attr;
	int n_rules; /* may be more than are kept */
	struct fake_rule rules[FAKE_MAX_RULES];
};

enum fake_proc {
	FAKE_PROC_THERE,
	FAKE_PROC_MISSING,
	FAKE_PROC_OTHER,	  /* a directory that is no proc file system */
	FAKE_PROC_DENIES_LISTING, /* an earlier layer does */
};

#define FAKE_MAX_FDS 4096
#define FAKE_MAX_FILES 64
#define FAKE_MAX_TASKS 256
#define FAKE_LOG_SIZE 65536
#define FAKE_FIRST_FD 100

struct fake {
	/* the kernel, to be set by a test */
	int abi;
	int no_landlock;  /* errno on ABI 0 */
	int query_answer; /* instead of the ABI, if not INT_MIN */
	uint64_t refuses; /* rights that it should know, as one word */
	bool has_no_tcp;
	bool has_no_mounts; /* it doesn't number them: before Linux 5.8 */
	bool is_admin;	    /* CAP_SYS_ADMIN */
	bool has_no_new_privs;
	int n_layers;

	/* threads, to be set by a test */
	struct llki_sys_task tasks[FAKE_MAX_TASKS];
	int n_tasks;
	int first_fd; /* 0 to 2: where standard descriptors are closed */
	int count;    /* instead of n_tasks, if not negative */
	int libc_knows;
	enum fake_proc proc;
	struct llki_sys_all all; /* how a restriction by signal ends, */
	int all_answer;		 /* where it isn't LLKI_SYS_ALL_DONE */
	int errata;		 /* a mask, where the ABI tells it */
	void (*before)(enum fake_call call); /* let things happen meanwhile */

	/* what fails: the @fail_at-th call of @fail_call, counted from 1 */
	enum fake_call fail_call;
	int fail_at;
	int fail_error;
	bool failed;
	enum fake_call failed_call;
	size_t failed_at_log; /* where its line begins */
	int failed_at_layer;  /* how many layers there were */

	/* what happened */
	int n_calls;
	int n_of[FAKE_N_CALLS];
	int n_bad_closes; /* of what wasn't open, or not the library's */
	int n_enforced;
	struct fake_ruleset enforced; /* the last one */
	uint32_t enforced_flags;
	char log[FAKE_LOG_SIZE];
	size_t log_len;

	/* its own */
	struct fake_file files[FAKE_MAX_FILES];
	int n_files;
	struct fake_fd fds[FAKE_MAX_FDS];
	int n_fds;
	struct fake_ruleset rulesets[16];
	int n_rulesets;
};

extern struct fake fake;

/*
 * Begin anew with a kernel of @abi, one thread, and these files: /dir, /dir2,
 * /usr, /tmp directories; /file, /file2, /etc/passwd, /etc/hosts files; /pipe;
 * /denied, /loop and /file/below can't be opened. What is above these is a
 * directory; all others aren't there.
 */
void fake_reset(int abi);

/* Make the file @path; @error is what opening it answers, 0 for success */
void fake_add_file(const char *path, enum fake_kind kind, int error);

/*
 * Make the symbolic link @path. Some lead elsewhere than they say, as those of
 * /proc do: "pipe:[1]" to /pipe, "socket:[1]" to /socket, "anon_inode:[eventfd]"
 * to /eventfd, "net:[1]" and "/gone (deleted)" to /file, "/gone-pipe (deleted)"
 * to /pipe
 */
void fake_add_link(const char *path, const char *target);

/* Give the file @path, or the directory that is implied, another name; let a
 * mount with a number begin there */
void fake_add_name(const char *path, const char *of);
void fake_mount(const char *path, uint64_t mount, uint64_t device);

/* Open @path for the test itself */
int fake_open(const char *path);

/* Close a descriptor of the test itself */
void fake_close(int fd);

/* Let the @at-th call of @call from now on fail with @error */
void fake_fail(enum fake_call call, int at, int error);

/* Add a living thread */
void fake_add_task(const char *name, char state, unsigned int flags);

/* Forget the log and the counts of calls */
void fake_forget(void);

/* How many descriptors the library has open */
int fake_n_open(void);

/* The log's lines but for closes, listings and counting of threads */
const char *fake_log_main(void);

/* The log's line of a kernel without Landlock; the number differs on MIPS */
#define FAKE_TEXT_OF(number) #number
#define FAKE_TEXT(macro) FAKE_TEXT_OF(macro)
#define FAKE_NO_LANDLOCK "query = -" FAKE_TEXT(ENOSYS) "\n"

#endif
