/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * All threads by signal, where the running kernel can't be made to answer so:
 * each call refused, listings that leave out a thread, signals that are forged,
 * late or not ours. The raw system calls of the caller and of the handler come
 * through here (--wrap), as does prctl. Threads and signals are real, layers
 * and no_new_privs are not: nothing is restricted.
 */
#include "../src/sys/seam.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#ifdef __GLIBC__
#define STOP_SIGNAL 33
#else
#define STOP_SIGNAL 34
#endif

#define LAYER_FLAGS 5
#define N_SIBLINGS 3
#define LATE (1 + N_SIBLINGS) /* one that some tests start later */
#define FOREVER 1000000
#define DEAD 2 /* the sibling that a filter ends, where one does */

/* Who makes a call, beside 1 .. N_SIBLINGS */
enum { CALLER = 0, ANY_SIBLING = -1 };

/* The calls that the tests tell apart */
enum kind {
	OTHER,
	MASK,
	SET_ACTION,
	ASK_ACTION,
	SEND,
	OPEN_LIST,
	REWIND,
	LIST,
	OPEN_STAT,
	READ_STAT,
	NAME,
	PRIVS,
	SET_MARK,
	LOOK, /* at the mark */
	PROBE_LAYER,
	PROBE_UNMAPPING,
	LAYER,
	PARK,
	WAKE,
	WAIT, /* for a millisecond */
	NAP,
};

static __thread int self; /* 0: the caller */

static struct sibling {
	pthread_t thread;
	atomic_int tid, n_beats;
	atomic_bool is_parked;
} siblings[1 + LATE];

static atomic_bool is_over, is_dead;
static int ruleset_fd = -1;

/* Calls number @from to @from + @n - 1 of one kind get another answer */
struct answer {
	enum kind kind;
	int who, from, n;
	long result; /* or -1, and */
	int error;
};

static struct {
	struct answer answers[2];
	atomic_int n_asked[2];

	const char *stat;     /* what is read from a stat file, or NULL */
	int n_invented;	      /* tasks that the next listing has in addition */
	int pass;	      /* the list was opened, or begun */
	unsigned hidden[8];   /* by pass: bits of whom it leaves out */
	bool is_never_asleep; /* naps take no time */
	bool never_waits;     /* nor do waits */

	void (*before)(enum kind kind, const long *args);
	void (*after)(enum kind kind, const long *args);

	atomic_int n_layers; /* how many restricted themselves */
	atomic_int n_privs;
	atomic_int n_wrong_flags, n_wrong_fds;
} fake;

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);

/*
 * The fake: what runs here may run in the handler
 */

static enum kind kind_of(long nr, const long *args)
{
	switch (nr) {
	case SYS_rt_sigprocmask:
		return MASK;
	case SYS_rt_sigaction:
		return args[1] ? SET_ACTION : ASK_ACTION;
	case SYS_rt_tgsigqueueinfo:
		return SEND;
	case SYS_openat:
		return *(const char *)args[1] == '/' ? OPEN_LIST : OPEN_STAT;
	case SYS_lseek:
		if (args[2] == SEEK_CUR)
			return LOOK;
		return args[1] ? SET_MARK : REWIND;
	case SYS_getdents64:
		return LIST;
	case SYS_read:
		return READ_STAT;
	case SYS_prctl:
		return (int)args[0] == PR_GET_NAME ? NAME : PRIVS;
	case LLKI_SYS_RESTRICT_SELF:
		return (uint32_t)args[1] == 0x80000000 ? PROBE_LAYER : LAYER;
	case SYS_munmap:
		return args[0] ? OTHER : PROBE_UNMAPPING;
	case SYS_futex:
		if (((int)args[1] & 127) == 1)
			return WAKE;
		return args[3] ? WAIT : PARK;
#ifdef SYS_nanosleep
	case SYS_nanosleep:
		return NAP;
#endif
	}

	return OTHER;
}

static bool is_answered(enum kind kind, long *ret_answer)
{
	for (size_t i = 0; i < COUNT(fake.answers); i++) {
		const struct answer *a = &fake.answers[i];
		int at;

		if (a->kind != kind ||
		    (a->who == ANY_SIBLING ? self == CALLER : a->who != self))
			continue;
		at = ++fake.n_asked[i];
		if (at < a->from || at >= a->from + a->n)
			continue;
		errno = a->error;
		*ret_answer = a->result;
		return true;
	}

	return false;
}

static struct sibling *sibling_of(long tid)
{
	for (int i = 1; i <= N_SIBLINGS; i++)
		if (siblings[i].tid == tid)
			return &siblings[i];

	return NULL;
}

/* Wait until it is parked, so that each pass finds the same at any load */
static long send_and_wait(long nr, const long *args)
{
	struct sibling *s = sibling_of((int)args[1]);
	long r;

	if (s)
		s->is_parked = false;
	r = __real_syscall(nr, args[0], args[1], args[2], args[3]);
	while (r == 0 && s && !s->is_parked && !is_dead)
		usleep(100);

	return r;
}

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static long invent(char *buf)
{
	struct entry *e = (struct entry *)(void *)buf;

	e->reclen = 40;
	/* 512 apart: all of them want the same place of the table */
	snprintf(e->name, 12, "%d", 2000000000 + 512 * fake.n_invented--);

	return e->reclen;
}

/* A name with a dot is passed over */
static void hide(char *buf, long n)
{
	for (long at = 0; at < n;) {
		struct entry *e = (struct entry *)(void *)(buf + at);
		long tid = atol(e->name);

		for (int i = 0; i <= N_SIBLINGS; i++)
			if (fake.hidden[fake.pass] & 1U << i &&
			    tid == (i ? siblings[i].tid : getpid()))
				e->name[0] = '.';
		at += e->reclen;
	}
}

static long list(long nr, const long *args)
{
	long n;

	if (fake.n_invented)
		return invent((char *)args[1]);

	n = __real_syscall(nr, args[0], args[1], args[2]);
	if (n > 0 && fake.pass < (int)COUNT(fake.hidden))
		hide((char *)args[1], n);

	return n;
}

static long refuse(int error)
{
	errno = error;

	return -1;
}

static long restrict_in_name(const long *args)
{
	if (fcntl((int)args[0], F_GETFD) < 0)
		return refuse(EBADF);
	fake.n_layers++;
	fake.n_wrong_flags += (uint32_t)args[1] != LAYER_FLAGS;
	fake.n_wrong_fds += (int)args[0] != ruleset_fd;

	return 0;
}

static long read_stat(long nr, const long *args)
{
	if (!fake.stat)
		return __real_syscall(nr, args[0], args[1], args[2]);

	strcpy((char *)args[1], fake.stat);

	return (long)strlen(fake.stat);
}

static long answer(enum kind kind, long nr, const long *args)
{
	long r;

	if (is_answered(kind, &r))
		return r;

	switch (kind) {
	case SEND:
		return send_and_wait(nr, args);
	case LIST:
		return list(nr, args);
	case READ_STAT:
		return read_stat(nr, args);
	case PROBE_LAYER:
		return refuse(EINVAL);
	case LAYER:
		return restrict_in_name(args);
	case PRIVS:
		fake.n_privs++;
		return 0;
	case NAP:
		if (fake.is_never_asleep)
			return 0;
		break;
	case WAIT:
		if (fake.never_waits)
			return 0;
		break;
	case PARK:
		siblings[self].is_parked = true;
		break;
	default:
		break;
	}

	return __real_syscall(nr, args[0], args[1], args[2], args[3], args[4]);
}

long __wrap_syscall(long nr, ...)
{
	long args[5], r;
	enum kind kind;
	va_list ap;
	int error;

	va_start(ap, nr);
	for (size_t i = 0; i < COUNT(args); i++)
		args[i] = va_arg(ap, long);
	va_end(ap);

	kind = kind_of(nr, args);
	fake.pass += kind == OPEN_LIST || kind == REWIND;
	if (fake.before)
		fake.before(kind, args);
	r = answer(kind, nr, args);
	error = errno;
	if (fake.after)
		fake.after(kind, args);
	errno = error;

	return r;
}

/* The caller's own */
int __wrap_prctl(int option, ...)
{
	long args[5] = { option };

	ck_assert_int_eq(option, PR_SET_NO_NEW_PRIVS);

	return (int)answer(PRIVS, SYS_prctl, args);
}

/*
 * The process
 */

static void *beat(void *arg)
{
	char name[32]; /* the kernel keeps 15 bytes */

	self = (int)((struct sibling *)arg - siblings);
	snprintf(name, sizeof(name), "sibling-%d", self);
	__real_prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
	siblings[self].tid = (int)__real_syscall(SYS_gettid);
	if (self == LATE) /* its maker is in mid-call */
		__real_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(long[2]){ 0 },
			       (void *)NULL, 8UL);
	while (!is_over) {
		siblings[self].n_beats++;
		usleep(200);
	}

	return NULL;
}

/* Until it runs its own code: it is outside of the handler, or was */
static void wait_for_beats(int who)
{
	int n = siblings[who].n_beats;

	while (siblings[who].n_beats < n + 2)
		usleep(100);
}

static void start_one(int who)
{
	ck_assert_int_eq(pthread_create(&siblings[who].thread, NULL, beat,
					&siblings[who]),
			 0);
	wait_for_beats(who);
}

static void start(void)
{
	memset(&fake, 0, sizeof(fake));
	for (int i = 1; i <= N_SIBLINGS; i++)
		start_one(i);
}

static void finish(void)
{
	is_over = true;
	if (siblings[LATE].tid)
		pthread_join(siblings[LATE].thread, NULL);
	/* musl's join waits for what only a thread of libc's own end does */
	for (int i = 1; i <= N_SIBLINGS; i++)
		if (!is_dead || i != DEAD)
			pthread_join(siblings[i].thread, NULL);
}

/* The kernel's struct, whichever it is: the handler, the flags, and more */
struct action {
	unsigned long words[8];
};

#ifdef __riscv /* which has no restorer */
#define MASK_WORD 2
#else
#define MASK_WORD 3
#endif

static struct action ask_action(int number)
{
	struct action a = { { 0 } };

	ck_assert_int_eq(
		__real_syscall(SYS_rt_sigaction, number, (void *)NULL, &a, 8UL),
		0);

	return a;
}

static void set_action(const struct action *a)
{
	ck_assert_int_eq(__real_syscall(SYS_rt_sigaction, STOP_SIGNAL, a,
					(void *)NULL, 8UL),
			 0);
}

/* Libc knows how to return from it, and doesn't let us have the signal */
static void set_handler(void (*plain)(int),
			void (*full)(int, siginfo_t *, void *))
{
	struct sigaction other = { .sa_flags = SA_RESTART };
	struct action a;

	if (full) {
		other.sa_sigaction = full;
		other.sa_flags |= SA_SIGINFO;
	} else {
		other.sa_handler = plain;
	}
	ck_assert_int_eq(sigaction(SIGUSR1, &other, NULL), 0);
	a = ask_action(SIGUSR1);
	set_action(&a);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;

	return n;
}

static int restrict_all(struct llki_sys_all *ret_all)
{
	memset(ret_all, 0xa5, sizeof(*ret_all));

	return llki_sys_restrict_all(ruleset_fd, LAYER_FLAGS,
				     LLKI_SYS_ALL_SETS_NO_NEW_PRIVS, ret_all);
}

/* Call, and see what stays: no descriptor, no changed mask, none that stands */
static int call(struct llki_sys_all *ret_all)
{
	int n_fds, r;
	sigset_t before, now;

	if (ruleset_fd < 0)
		ruleset_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	n_fds = count_fds();
	sigprocmask(SIG_SETMASK, NULL, &before);
	r = restrict_all(ret_all);
	sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(memcmp(&before, &now, 8), 0);
	ck_assert_int_eq(count_fds(), n_fds);

	return r;
}

static void check_action(const struct action *before)
{
	struct action now = ask_action(STOP_SIGNAL);

	ck_assert_int_eq(memcmp(before, &now, sizeof(now)), 0);
}

/* musl has no handler there, and ours stays then: signals may be pending */
static void check_action_after_failure(const struct action *before)
{
	if (before->words[0])
		check_action(before);
}

/* Who is named, and by the name that it has */
static void check_who(const struct llki_sys_all *all, int who, bool is_named)
{
	char name[16] = "";

	ck_assert(all->id == (unsigned long long)(who ? siblings[who].tid : 0));
	if (who && is_named)
		snprintf(name, sizeof(name), "sibling-%d", who);
	ck_assert_str_eq(all->name, name);
}

static void check_all_restricted(int n)
{
	struct llki_sys_all all;

	ck_assert_int_eq(call(&all), 0);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_DONE);
	ck_assert_int_eq(fake.n_layers, n);
	ck_assert_int_eq(fake.n_wrong_flags, 0);
	ck_assert_int_eq(fake.n_wrong_fds, 0);
	for (int i = 1; i <= N_SIBLINGS; i++)
		wait_for_beats(i);
}

START_TEST(each_thread_restricts_itself_once)
{
	struct action before;

	start();
	before = ask_action(STOP_SIGNAL);
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(fake.n_privs, 1 + N_SIBLINGS);
	check_action(&before);
	finish();
}
END_TEST

/*
 * Calls that fail
 */

struct failure {
	struct answer answers[2];
	const char *stat;
	int result;
	enum llki_sys_all_end end;
	int error, who; /* as told; who: 0 nobody */
};

/* clang-format off */
static const struct failure failures[] = {
	{ { { MASK, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_NO_SIGNAL, -EPERM, 0 },
	{ { { SET_ACTION, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_NO_SIGNAL, -EPERM, 0 },
	{ { { SEND, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_NO_SIGNAL, -EPERM, 1 },
	{ { { SEND, CALLER, 3, 1, -1, ENOSYS } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_NO_SIGNAL, -ENOSYS, 3 },
	/* no room for the signal, each time: as one that blocks it */
	{ { { SEND, CALLER, 3, FOREVER, -1, EAGAIN } }, NULL,
	  -ETIMEDOUT, LLKI_SYS_ALL_UNREACHED, 0, 1 },
	/* another pid namespace's /proc: all are gone, and listed */
	{ { { SEND, CALLER, 1, FOREVER, -1, ESRCH } }, NULL,
	  -ETIMEDOUT, LLKI_SYS_ALL_UNREACHED, 0, 1 },
	{ { { OPEN_LIST, CALLER, 1, 1, -1, EACCES } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EACCES, 0 },
	/* a lack of descriptors or memory is no lack of /proc */
	{ { { OPEN_LIST, CALLER, 1, 1, -1, EMFILE } }, NULL,
	  -EMFILE, LLKI_SYS_ALL_NO_LIST, -EMFILE, 0 },
	{ { { OPEN_LIST, CALLER, 2, 1, -1, ENFILE } }, NULL,
	  -ENFILE, LLKI_SYS_ALL_NO_LIST, -ENFILE, 0 },
	{ { { LIST, CALLER, 1, 1, -1, ENOMEM } }, NULL,
	  -ENOMEM, LLKI_SYS_ALL_NO_LIST, -ENOMEM, 0 },
	{ { { SEND, CALLER, 1, 1, -1, EAGAIN }, { OPEN_STAT, CALLER, 1, 1, -1, EMFILE } }, NULL,
	  -EMFILE, LLKI_SYS_ALL_NO_LIST, -EMFILE, 0 },
	{ { { REWIND, CALLER, 2, 1, -1, EBADF } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EBADF, 0 },
	/* what an attempt found is not told of the next */
	{ { { SEND, CALLER, 3, 1, -1, ESRCH }, { OPEN_LIST, CALLER, 2, 1, -1, EMFILE } }, NULL,
	  -EMFILE, LLKI_SYS_ALL_NO_LIST, -EMFILE, 0 },
	{ { { SEND, CALLER, 3, 1, -1, ESRCH }, { SET_ACTION, CALLER, 2, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_NO_SIGNAL, -EPERM, 0 },
	{ { { LIST, CALLER, 1, 1, -1, EIO } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EIO, 0 },
	{ { { SEND, CALLER, 1, 1, -1, EAGAIN }, { OPEN_STAT, CALLER, 1, 1, -1, EACCES } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EACCES, 0 },
	{ { { PRIVS, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_SELF_PRIVS, -EPERM, 0 },
	{ { { PRIVS, CALLER, 1, 1, -1, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_SELF_PRIVS, -ENOSYS, 0 },
	{ { { PRIVS, 2, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_NO_NEW_PRIVS, -EPERM, 2 },
	{ { { PRIVS, 2, 1, 1, 157, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_NO_NEW_PRIVS, -ENOSYS, 2 },
	{ { { PROBE_LAYER, 2, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_REFUSED, -EPERM, 2 },
	/* which is no reason for another attempt */
	{ { { PROBE_LAYER, 2, 1, 1, -1, EAGAIN } }, NULL,
	  -EAGAIN, LLKI_SYS_ALL_REFUSED, -EAGAIN, 2 },
	{ { { SET_ACTION, CALLER, 1, 1, -1, EAGAIN } }, NULL,
	  -EAGAIN, LLKI_SYS_ALL_NO_SIGNAL, -EAGAIN, 0 },
	{ { { PROBE_LAYER, 2, 1, 1, 0, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_REFUSED, -ENOSYS, 2 },
	{ { { PROBE_LAYER, 2, 1, 1, LLKI_SYS_RESTRICT_SELF, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_REFUSED, -ENOSYS, 2 },
	{ { { PROBE_UNMAPPING, 2, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_REFUSED, -EPERM, 2 },
	{ { { PROBE_UNMAPPING, 2, 1, 1, 0, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_REFUSED, -ENOSYS, 2 },
	/* descriptors of its own: none, another file, one that has no position */
	{ { { LOOK, 3, 1, 1, -1, EBADF } }, NULL,
	  -EBADF, LLKI_SYS_ALL_REFUSED, -EBADF, 3 },
	{ { { LOOK, 3, 1, 1, 0, 0 } }, NULL,
	  -EBADF, LLKI_SYS_ALL_REFUSED, -EBADF, 3 },
	{ { { LOOK, 3, 1, 1, -1, ESPIPE } }, NULL,
	  -EBADF, LLKI_SYS_ALL_REFUSED, -EBADF, 3 },
	{ { { LOOK, 3, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_REFUSED, -EPERM, 3 },
	/* what no system call answers */
	{ { { PROBE_LAYER, 2, 1, 1, -1, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_REFUSED, -ENOSYS, 2 },
	{ { { PRIVS, 2, 1, 1, -5000, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_NO_NEW_PRIVS, -ENOSYS, 2 },
	{ { { SET_MARK, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EPERM, 0 },
	{ { { OPEN_LIST, CALLER, 2, 1, -1, EACCES } }, NULL,
	  -EOPNOTSUPP, LLKI_SYS_ALL_NO_PROC, -EACCES, 0 },
	/* SIGSYS has to be let through, and be kept off afterwards */
	{ { { MASK, 3, 3, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_REFUSED, -EPERM, 3 },
	{ { { PROBE_LAYER, CALLER, 1, 1, -1, EPERM } }, NULL,
	  -EPERM, LLKI_SYS_ALL_SELF, -EPERM, 0 },
	{ { { LAYER, CALLER, 1, 1, -1, E2BIG } }, NULL,
	  -E2BIG, LLKI_SYS_ALL_SELF, -E2BIG, 0 },
	{ { { LAYER, CALLER, 1, 1, LLKI_SYS_RESTRICT_SELF, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_SELF, -ENOSYS, 0 },
	{ { { LAYER, CALLER, 1, 1, -5000, 0 } }, NULL,
	  -ENOSYS, LLKI_SYS_ALL_SELF, -ENOSYS, 0 },
};
/* clang-format on */

START_TEST(a_call_that_fails_is_told_and_nobody_is_restricted)
{
	const struct failure *row = &failures[_i];
	struct llki_sys_all all;
	struct action before;

	start();
	before = ask_action(STOP_SIGNAL);
	memcpy(fake.answers, row->answers, sizeof(fake.answers));
	ck_assert_int_eq(call(&all), row->result);
	ck_assert_int_eq(all.end, row->end);
	ck_assert_int_eq(all.error, row->error);
	check_who(&all, row->who, true);
	ck_assert_int_eq(fake.n_layers, 0);
	check_action_after_failure(&before);

	/* and nothing is in the way of the next */
	memset(fake.answers, 0, sizeof(fake.answers));
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

static long pages(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
	close(fd);

	return atol(text);
}

/* In mid-call, as a thread that was not stopped yet may do */
static int child_status = -1;
static enum kind fork_at;
static struct action before_fork;

static void fork_once(enum kind kind, const long *args)
{
	struct llki_sys_all all;
	struct action now;
	long n_pages;
	pid_t pid;

	(void)args;
	if (kind != fork_at || child_status >= 0)
		return;

	child_status = 0;
	pid = fork();
	if (pid == 0) {
		fake.before = fake.after = NULL;
		fake.n_layers = 0;
		n_pages = pages();
		if (restrict_all(&all) || fake.n_layers != 1)
			_exit(1);
		now = ask_action(STOP_SIGNAL);
		if (memcmp(&now, &before_fork, sizeof(now)))
			_exit(2);
		_exit(pages() == n_pages ? 0 : 3);
	}
	waitpid(pid, &child_status, 0);
}

/* Also as soon as our handler is there, which the child inherits */
START_TEST(a_child_forked_in_mid_call_begins_anew)
{
	start();
	before_fork = ask_action(STOP_SIGNAL);
	fork_at = _i ? SET_ACTION : LIST;
	if (_i)
		fake.after = fork_once;
	else
		fake.before = fork_once;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(child_status, 0);
	finish();
}
END_TEST

/* A program that closes descriptors which are not its own */
static void take_number(enum kind kind, const long *args)
{
	if (kind == REWIND && fake.pass == 3)
		dup2(STDERR_FILENO, (int)args[0]);
}

START_TEST(a_list_that_is_closed_meanwhile_is_an_error)
{
	struct llki_sys_all all;
	struct action before;

	start();
	before = ask_action(STOP_SIGNAL);
	fake.before = take_number;
	ck_assert_int_eq(call(&all), -EOPNOTSUPP);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_NO_PROC);
	ck_assert_int_eq(fake.n_layers, 0);
	check_action_after_failure(&before);
	fake.before = NULL;
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

static void look_at_number(enum kind kind, const long *args)
{
	if (kind == REWIND)
		ck_assert_int_gt((int)args[0], 2);
}

START_TEST(no_number_of_standard_streams_is_used)
{
	start();
	fake.before = look_at_number;
	ruleset_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(STDIN_FILENO);
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(close(STDIN_FILENO), -1);
	finish();
}
END_TEST

/* No time is lost, or little, and all are restricted at the next attempt */
static const struct failure passing[] = {
	{ .answers = { { ASK_ACTION, CALLER, 1, 1, -1, EPERM } } },
	{ .answers = { { ASK_ACTION, CALLER, 2, 1, -1, EPERM } } },
	{ .answers = { { ASK_ACTION, CALLER, 3, 1, -1, EPERM } } },
	{ .answers = { { SEND, CALLER, 1, 1, -1, ESRCH } } },
	{ .answers = { { SEND, CALLER, 2, 1, -1, EAGAIN } } },
	{ .answers = { { SEND, CALLER, 2, 1, -1, EAGAIN },
		       { OPEN_STAT, CALLER, 1, 1, -1, ENOENT } } },
	/* it has no processor: more patience */
	{ .answers = { { SEND, CALLER, 1, 1, -1, ESRCH } },
	  .stat = "7 (name) R 1 2 3 4 5 64 6" },
	/* of io_uring, and has no name yet */
	{ .answers = { { SEND, CALLER, 1, 1, -1, ESRCH } },
	  .stat = "7 (name) S 1 2 3 4 5 16 6" },
};

START_TEST(a_failure_that_passes_is_tried_again)
{
	start();
	memcpy(fake.answers, passing[_i].answers, sizeof(fake.answers));
	fake.stat = passing[_i].stat;
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

START_TEST(a_poll_thread_of_io_uring_is_told)
{
	struct llki_sys_all all;

	start();
	fake.answers[0] = (struct answer){ SEND, CALLER, 2, 1, -1, EAGAIN };
	fake.stat = "7 (iou-sqp-7) S 1 2 3 4 5 16 6";
	ck_assert_int_eq(call(&all), -EOPNOTSUPP);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_POLL_THREAD);
	ck_assert_str_eq(all.name, "iou-sqp-7");
	ck_assert(all.id == (unsigned long long)siblings[2].tid);
	ck_assert_int_eq(fake.n_layers, 0);
	finish();
}
END_TEST

START_TEST(of_several_that_are_refused_one_is_told)
{
	struct llki_sys_all all;

	start();
	fake.answers[0] = (struct answer){ PROBE_LAYER, ANY_SIBLING, 1,
					   FOREVER,	-1,	     EPERM };
	ck_assert_int_eq(call(&all), -EPERM);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_REFUSED);
	ck_assert(sibling_of((long)all.id) != NULL);
	ck_assert_int_eq(fake.n_layers, 0);
	finish();
}
END_TEST

START_TEST(a_layer_that_one_thread_is_refused_is_the_half_state)
{
	static const struct failure rows[] = {
		{ .answers = { { LAYER, 3, 1, 1, -1, ENOMEM } },
		  .error = -ENOMEM },
		{ .answers = { { LAYER, 3, 1, 1, LLKI_SYS_RESTRICT_SELF, 0 } },
		  .error = -ENOSYS },
	};
	struct llki_sys_all all;

	start();
	memcpy(fake.answers, rows[_i].answers, sizeof(fake.answers));
	ck_assert_int_eq(call(&all), -ENOTRECOVERABLE);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_HALF);
	ck_assert_int_eq(all.error, rows[_i].error);
	check_who(&all, 3, true);
	ck_assert_int_eq(fake.n_layers, N_SIBLINGS);
	finish();
}
END_TEST

static atomic_bool is_let_go;

static void be_silent(enum kind kind, const long *args)
{
	(void)args;
	while (kind == PRIVS && self == 2 && !is_let_go)
		usleep(1000);
}

START_TEST(a_thread_that_does_not_answer_is_told)
{
	struct llki_sys_all all;
	struct action before;

	start();
	before = ask_action(STOP_SIGNAL);
	fake.before = be_silent;
	ck_assert_int_eq(call(&all), -ETIMEDOUT);
	is_let_go = true;
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_REFUSED);
	ck_assert_int_eq(all.error, -ETIMEDOUT);
	check_who(&all, 2, true);
	ck_assert_int_eq(fake.n_layers, 0);
	check_action(&before);
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

/* As by a filter that ends a thread for a call */
static enum kind deadly;

static void end_second(enum kind kind, const long *args)
{
	(void)args;
	if (kind != deadly || self != DEAD)
		return;

	is_dead = true;
	__real_syscall(SYS_exit, 0L);
}

/* The last one to leave gives the table back, which may be a thread */
static void wait_for_pages(long n)
{
	for (int i = 0; i < 10000 && pages() != n; i++)
		usleep(1000);
	ck_assert_int_eq(pages(), n);
}

static void end_in(enum kind kind, int result, enum llki_sys_all_end end)
{
	struct llki_sys_all all;
	struct action before;
	long n_pages;

	start();
	before = ask_action(STOP_SIGNAL);
	deadly = kind;
	fake.before = end_second;
	n_pages = pages();
	ck_assert_int_eq(call(&all), result);
	ck_assert(is_dead);
	ck_assert_int_eq(all.end, end);
	ck_assert_int_eq(all.error, -ETIMEDOUT);
	check_who(&all, DEAD, kind != NAME);
	check_action(&before);

	/* nor are its tables kept for it */
	wait_for_pages(n_pages);
	fake.n_layers = 0;
	ck_assert_int_eq(call(&all), 0);
	ck_assert_int_eq(fake.n_layers, N_SIBLINGS);
	wait_for_pages(n_pages);
	finish();
}

static const enum kind early_ends[] = { NAME, LOOK, PRIVS, PROBE_LAYER,
					PROBE_UNMAPPING };

START_TEST(a_thread_that_a_filter_ends_is_told_and_nobody_is_restricted)
{
	end_in(early_ends[_i], -ETIMEDOUT, LLKI_SYS_ALL_REFUSED);
}
END_TEST

START_TEST(one_that_a_filter_ends_for_the_layer_is_the_half_state)
{
	end_in(LAYER, -ENOTRECOVERABLE, LLKI_SYS_ALL_HALF);
}
END_TEST

static struct rlimit all_memory;

/* From the handler's installation on there is none */
static void take_memory(enum kind kind, const long *args)
{
	struct rlimit none = { 0, all_memory.rlim_max };

	(void)args;
	if (self == CALLER && kind == SET_ACTION)
		setrlimit(RLIMIT_AS, &none);
}

START_TEST(without_memory_for_the_table_nobody_is_stopped)
{
	struct llki_sys_all all;
	int r;

	start();
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &all_memory), 0);
	fake.before = take_memory;
	r = call(&all);
	fake.before = NULL;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &all_memory), 0);
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_NO_MEMORY);
	ck_assert_int_eq(all.error, -ENOMEM);
	ck_assert_int_eq(fake.n_layers, 0);
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

START_TEST(a_ruleset_that_is_closed_is_told)
{
	struct llki_sys_all all;

	start();
	ruleset_fd = 255;
	ck_assert_int_eq(call(&all), -EBADF);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_SELF);
	ck_assert_int_eq(all.error, -EBADF);
	ck_assert_int_eq(fake.n_layers, 0);
	finish();
}
END_TEST

START_TEST(few_descriptors_are_enough)
{
	struct rlimit few = { 100, 100 };

	start();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

START_TEST(more_tasks_than_the_table_has_room_for_are_another_attempt)
{
	start();
	fake.n_invented = 300;
	check_all_restricted(1 + N_SIBLINGS);
	/* one that is cut short, one with what was left, two that are alike;
	   each attempt opens the list, and so does who marks it */
	ck_assert_int_eq(fake.pass, 1 + 1 + 1 + 1 + 2 + 1);
	finish();
}
END_TEST

/* By a handler of SIGSYS, which is let through where calls are tried */
static void start_late(enum kind kind, const long *args)
{
	(void)args;
	if (kind == PROBE_LAYER && self == CALLER && !siblings[LATE].tid)
		start_one(LATE);
}

START_TEST(a_thread_that_is_started_when_all_stand_is_another_attempt)
{
	start();
	fake.before = start_late;
	check_all_restricted(1 + N_SIBLINGS + 1);
	finish();
}
END_TEST

/* From then on all signals are blocked in each: to be sent one does nothing */
static atomic_int n_handled;

static void on_sent(int number)
{
	(void)number;
	n_handled++;
}

static const int own_faults[] = { SIGSEGV, SIGBUS,  SIGILL,
				  SIGFPE,  SIGTRAP, SIGSYS };

static void send_faults(enum kind kind, const long *args)
{
	(void)args;
	if (kind != LAYER || self != CALLER)
		return;

	for (size_t i = 0; i < COUNT(own_faults); i++)
		for (int who = 0; who <= N_SIBLINGS; who++)
			__real_syscall(SYS_tgkill, getpid(),
				       who ? (int)siblings[who].tid : getpid(),
				       own_faults[i]);
	usleep(20000);
	ck_assert_int_eq(n_handled, 0);
}

START_TEST(no_handler_runs_when_all_stand)
{
	start();
	for (size_t i = 0; i < COUNT(own_faults); i++)
		signal(own_faults[i], on_sent);
	fake.before = send_faults;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(n_handled, (int)COUNT(own_faults) * (1 + N_SIBLINGS));
	finish();
}
END_TEST

/*
 * Listings that leave out a thread. The first number is that of the opening, in
 * the second all are told to stop, two more that are alike would be enough. At
 * the end the list is opened again.
 */

#define SELF (1U << CALLER)
#define SECOND (1U << 2)
#define THIRD (1U << 3)

static const struct listing {
	bool has_dead; /* two threads that can't be told are said to be dead */
	unsigned hidden[8];
	int n_passes;
} listings[] = {
	{ false, { 0 }, 4 },
	{ false, { 0, 0, 0, SELF }, 5 },
	{ false, { 0, 0, 0, 0, SELF }, 6 },
	{ false, { 0, 0, 0, 0, THIRD }, 6 },
	{ true, { 0 }, 4 },
	/* as many, but others */
	{ true, { 0, 0, 0, SECOND, THIRD }, 6 },
	/* not as many */
	{ true, { 0, 0, 0, 0, THIRD }, 6 },
	/* the same, but fewer than there are tasks */
	{ true, { 0, 0, 0, SECOND, SECOND }, 6 },
};

START_TEST(a_listing_that_leaves_out_a_thread_is_no_proof)
{
	const struct listing *row = &listings[_i];

	start();
	/* array index: the pass, which is counted from 1 */
	memcpy(fake.hidden, row->hidden, sizeof(fake.hidden));
	if (row->has_dead) {
		fake.answers[0] =
			(struct answer){ SEND, CALLER, 2, 2, -1, ESRCH };
		fake.stat = "7 (name) Z 1 2 3 4 5 64 6";
	}
	check_all_restricted(row->has_dead ? 2 : 4);
	ck_assert_int_eq(fake.pass, row->n_passes + 1);
	finish();
}
END_TEST

/* The third is told late: at this moment of that pass */
static enum kind late_kind;
static int late_pass;
static siginfo_t sent; /* a copy of the last */

static void queue_sent(int who)
{
	ck_assert_int_eq(__real_syscall(SYS_rt_tgsigqueueinfo, getpid(),
					(int)siblings[who].tid, STOP_SIGNAL,
					&sent),
			 0);
}

static void note_sent(enum kind kind, const long *args)
{
	if (kind == SEND)
		memcpy(&sent, (const void *)args[3], sizeof(sent));
}

static void tell_late(enum kind kind, const long *args)
{
	note_sent(kind, args);
	if (self != CALLER || kind != late_kind || fake.pass != late_pass ||
	    siblings[3].is_parked)
		return;

	queue_sent(3);
	while (!siblings[3].is_parked)
		usleep(100);
}

START_TEST(a_thread_that_stops_unseen_is_another_pass)
{
	static const struct {
		enum kind kind;
		int pass;
	} rows[] = {
		{ REWIND, 4 }, /* before the second that is clear */
		{ LIST, 4 },   /* in the middle of it */
	};

	start();
	siblings[3].is_parked = false;
	fake.answers[0] = (struct answer){ SEND, CALLER, 3, 1, 0, 0 };
	fake.hidden[3] = THIRD;
	fake.hidden[4] = rows[_i].kind == LIST ? THIRD : 0;
	late_kind = rows[_i].kind;
	late_pass = rows[_i].pass;
	fake.before = tell_late;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(fake.pass, (rows[_i].kind == LIST ? 6 : 5) + 1);
	finish();
}
END_TEST

/*
 * The handler
 */

static struct action libcs;
static int n_replacings;

static void replace_handler(enum kind kind, const long *args)
{
	(void)args;
	if (self == CALLER && kind == ASK_ACTION && n_replacings > 0) {
		n_replacings--;
		set_action(&libcs);
	}
}

START_TEST(a_handler_that_is_replaced_meanwhile_is_taken_again)
{
	start();
	libcs = ask_action(STOP_SIGNAL);
	fake.before = replace_handler;
	n_replacings = 1;
	check_all_restricted(1 + N_SIBLINGS);
	check_action(&libcs);
	finish();
}
END_TEST

START_TEST(a_handler_that_is_always_replaced_is_no_steady_process)
{
	struct llki_sys_all all;

	start();
	libcs = ask_action(STOP_SIGNAL);
	fake.before = replace_handler;
	n_replacings = FOREVER;
	ck_assert_int_eq(call(&all), -ETIMEDOUT);
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_UNSTEADY);
	check_who(&all, 0, false);
	ck_assert_int_eq(fake.n_layers, 0);
	check_action(&libcs);
	finish();
}
END_TEST

static void (*const no_functions[])(int) = { SIG_DFL, SIG_IGN };

START_TEST(what_is_no_function_is_put_back_when_all_stand)
{
	struct action before;

	start();
	set_handler(no_functions[_i], NULL);
	before = ask_action(STOP_SIGNAL);
	check_all_restricted(1 + N_SIBLINGS);
	check_action(&before);
	finish();
}
END_TEST

/* Signals of ours may be pending: the default action would end the process */
START_TEST(else_the_handler_stays_and_does_nothing)
{
	struct llki_sys_all all;
	struct action now;
	void *mark;

	start();
	set_handler(no_functions[_i], NULL);
	fake.answers[0] = (struct answer){ SEND, CALLER, 3, 1, -1, EPERM };
	fake.before = note_sent;
	ck_assert_int_eq(call(&all), -EPERM);
	now = ask_action(STOP_SIGNAL);
	ck_assert_uint_gt(now.words[0], 1);
	/* who comes so late as to stand still for the next call does only that */
	ck_assert(now.words[MASK_WORD] & 1UL << (SIGUSR1 - 1));

	/* late, from another process, of another's mark, and a plain one */
	for (int i = 1; i <= N_SIBLINGS; i++) {
		queue_sent(i);
		wait_for_beats(i);
		sent.si_pid = 1;
		queue_sent(i);
		wait_for_beats(i);
		sent.si_pid = getpid();
		mark = sent.si_value.sival_ptr;
		sent.si_value.sival_ptr = NULL;
		queue_sent(i);
		wait_for_beats(i);
		sent.si_value.sival_ptr = mark;
		__real_syscall(SYS_tgkill, getpid(), (int)siblings[i].tid,
			       STOP_SIGNAL);
		wait_for_beats(i);
	}
	check_all_restricted(1 + N_SIBLINGS);
	finish();
}
END_TEST

static atomic_int n_plain, n_full;

static void on_plain(int number)
{
	n_plain += number == STOP_SIGNAL;
}

/*
 * Another copy of the library has the signal: known by a mask that nobody else
 * has. It is waited for, never taken for what is to be put back.
 */
static struct action copys, ours;
static int n_copy_looks;

static void note_own(enum kind kind, const long *args)
{
	if (kind == SET_ACTION && !ours.words[0])
		memcpy(&ours, (const void *)args[1],
		       MASK_WORD * sizeof(long) + 8);
}

/* A handler of ours by all but its address */
static void make_copy(void)
{
	libcs = ask_action(STOP_SIGNAL);
	fake.before = note_own;
	check_all_restricted(1 + N_SIBLINGS);
	fake.n_layers = 0;
	set_handler(on_plain, NULL);
	copys = ours;
	copys.words[0] = ask_action(STOP_SIGNAL).words[0];
	set_action(&libcs);
}

static void copy_ends(enum kind kind, const long *args)
{
	(void)args;
	if (self == CALLER && kind == ASK_ACTION && n_copy_looks > 0 &&
	    !--n_copy_looks)
		set_action(&libcs);
}

START_TEST(another_copy_of_the_library_is_waited_for)
{
	start();
	make_copy();
	set_action(&copys);
	fake.before = copy_ends;
	n_copy_looks = _i;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(n_copy_looks, 0);
	check_action(&libcs);
	finish();
}
END_TEST

/* When all stand: another's handler is there, or it can't be told whose it is */
enum { UNTOLD, ANOTHERS, COPYS };

static int whose;
static bool is_marked;

static void take_over(enum kind kind, const long *args)
{
	(void)args;
	is_marked |= kind == SET_MARK;
	if (self != CALLER || kind != ASK_ACTION || !is_marked)
		return;

	if (whose == UNTOLD) {
		fake.answers[0] =
			(struct answer){ ASK_ACTION, CALLER, 1, 1, -1, EPERM };
		fake.n_asked[0] = 0;
	} else if (whose == ANOTHERS) {
		set_handler(on_plain, NULL);
	} else {
		set_action(&copys);
	}
}

START_TEST(a_handler_that_may_be_anothers_stays)
{
	struct action now;

	start();
	make_copy();
	whose = _i;
	is_marked = false;
	fake.before = take_over;
	check_all_restricted(1 + N_SIBLINGS);
	now = ask_action(STOP_SIGNAL);
	if (whose == COPYS)
		check_action(&libcs);
	else
		ck_assert_uint_eq(now.words[0],
				  (whose == UNTOLD ? ours : copys).words[0]);
	finish();
}
END_TEST

/* Between the look and the exchange */
static bool has_come;

static void copy_comes(enum kind kind, const long *args)
{
	(void)args;
	if (self == CALLER && kind == SET_ACTION && !has_come) {
		has_come = true;
		set_action(&copys);
		n_copy_looks = 3;
	} else {
		copy_ends(kind, args);
	}
}

START_TEST(a_copy_that_comes_in_between_gets_its_handler_back)
{
	start();
	make_copy();
	fake.before = copy_comes;
	check_all_restricted(1 + N_SIBLINGS);
	check_action(&libcs);
	finish();
}
END_TEST

static int n_plain_looks;

/* It has ended while ours was there for a moment */
static void copy_goes(enum kind kind, const long *args)
{
	(void)args;
	if (self != CALLER || kind != SET_ACTION || n_plain_looks > 2)
		return;

	if (n_plain_looks++ == 0)
		set_action(&copys);
	else if (n_plain_looks == 2)
		set_action(&libcs);
}

START_TEST(a_copy_that_is_gone_by_then_leaves_what_it_put_back)
{
	start();
	make_copy();
	fake.before = copy_goes;
	check_all_restricted(1 + N_SIBLINGS);
	check_action(&libcs);
	finish();
}
END_TEST

static int n_naps;

static void count_naps(enum kind kind, const long *args)
{
	(void)args;
	n_naps += kind == WAIT;
}

START_TEST(a_copy_that_does_not_end_is_no_steady_process)
{
	struct llki_sys_all all;

	start();
	make_copy();
	set_action(&copys);
	fake.never_waits = true;
	fake.before = count_naps;
	ck_assert_int_eq(call(&all), -ETIMEDOUT);
	ck_assert_int_ge(n_naps, 400);
	ck_assert_int_le(n_naps, 600); /* of a millisecond */
	ck_assert_int_eq(all.end, LLKI_SYS_ALL_UNSTEADY);
	check_who(&all, 0, false);
	ck_assert_int_eq(fake.n_layers, 0);
	check_action(&copys);
	finish();
}
END_TEST

static void on_full(int number, siginfo_t *info, void *context)
{
	n_full += number == STOP_SIGNAL && info->si_code == SI_TKILL &&
		  info->si_pid == getpid() && context;
}

static void kill_third(enum kind kind, const long *args)
{
	(void)args;
	if (kind != SEND || siblings[3].is_parked || n_plain + n_full)
		return;

	__real_syscall(SYS_tgkill, getpid(), (int)siblings[3].tid, STOP_SIGNAL);
	while (!(n_plain + n_full))
		usleep(100);
}

START_TEST(a_signal_of_others_reaches_the_handler_before)
{
	struct action before;

	start();
	if (_i)
		set_handler(NULL, on_full);
	else
		set_handler(on_plain, NULL);
	before = ask_action(STOP_SIGNAL);
	fake.before = kill_third;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(n_plain, !_i);
	ck_assert_int_eq(n_full, _i);
	check_action(&before);
	finish();
}
END_TEST

/*
 * Forged and late signals
 */

static int n_forged;

/* To one that was not asked yet, whoever says so */
static void forge_to_third(enum kind kind, const long *args)
{
	note_sent(kind, args);
	if (kind != SEND || n_forged++)
		return;

	queue_sent(3);
	wait_for_beats(3);
	sent.si_pid = 1;
	queue_sent(3);
	wait_for_beats(3);
}

START_TEST(a_forged_signal_stops_nobody)
{
	start();
	fake.before = forge_to_third;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_ge(n_forged, N_SIBLINGS);
	finish();
}
END_TEST

/* The handler is there, and no table of threads yet */
static void forge_early(enum kind kind, const long *args)
{
	(void)args;
	if (kind != SET_ACTION || n_forged++)
		return;

	queue_sent(3);
	wait_for_beats(3);
}

START_TEST(a_forged_signal_that_is_early_stops_nobody)
{
	start();
	fake.before = note_sent;
	check_all_restricted(1 + N_SIBLINGS);
	fake.before = NULL;
	fake.after = forge_early;
	fake.n_layers = 0;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_ge(n_forged, 1);
	finish();
}
END_TEST

/* When all are let go, the signal of the one that wasn't reached arrives */
static void arrive_late(enum kind kind, const long *args)
{
	note_sent(kind, args);
	if (self != CALLER || kind != WAKE || fake.pass < 3 || n_forged++)
		return;

	queue_sent(3);
	wait_for_beats(3);
}

START_TEST(a_signal_that_arrives_when_all_are_let_go_stops_nobody)
{
	start();
	fake.answers[0] = (struct answer){ SEND, CALLER, 3, 1, 0, 0 };
	fake.before = arrive_late;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_ge(n_forged, 1);
	finish();
}
END_TEST

/*
 * A second caller
 */

static struct llki_sys_all second;
static int second_result = 1;

static void call_within(enum kind kind, const long *args)
{
	(void)args;
	if (kind != SEND || second_result <= 0)
		return;

	second_result = 0;
	second_result = restrict_all(&second);
}

START_TEST(who_waits_for_another_call_too_long_changes_nothing)
{
	start();
	fake.is_never_asleep = true;
	fake.before = call_within;
	check_all_restricted(1 + N_SIBLINGS);
	ck_assert_int_eq(second_result, -ETIMEDOUT);
	ck_assert_int_eq(second.end, LLKI_SYS_ALL_UNSTEADY);
	check_who(&second, 0, false);
	finish();
}
END_TEST

/* Where it isn't ported all of this is skipped, and said to be */
static bool is_ported(void)
{
	struct llki_sys_all all;

	fake.answers[0] = (struct answer){ MASK, CALLER, 1, 1, -1, EPERM };
	restrict_all(&all);

	return all.end != LLKI_SYS_ALL_UNPORTED;
}

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, each_thread_restricts_itself_once);
	tcase_add_loop_test(tc,
			    a_call_that_fails_is_told_and_nobody_is_restricted,
			    0, COUNT(failures));
	tcase_add_loop_test(tc, a_child_forked_in_mid_call_begins_anew, 0, 2);
	tcase_add_test(tc, a_list_that_is_closed_meanwhile_is_an_error);
	tcase_add_test(tc, no_number_of_standard_streams_is_used);
	tcase_add_loop_test(tc, a_failure_that_passes_is_tried_again, 0,
			    COUNT(passing));
	tcase_add_test(tc, a_poll_thread_of_io_uring_is_told);
	tcase_add_test(tc, of_several_that_are_refused_one_is_told);
	tcase_add_loop_test(
		tc, a_layer_that_one_thread_is_refused_is_the_half_state, 0, 2);
	tcase_add_test(tc, a_thread_that_does_not_answer_is_told);
	tcase_add_loop_test(
		tc,
		a_thread_that_a_filter_ends_is_told_and_nobody_is_restricted, 0,
		COUNT(early_ends));
	tcase_add_test(tc,
		       one_that_a_filter_ends_for_the_layer_is_the_half_state);
	tcase_add_test(tc, without_memory_for_the_table_nobody_is_stopped);
	tcase_add_test(tc, a_ruleset_that_is_closed_is_told);
	tcase_add_test(tc, few_descriptors_are_enough);
	tcase_add_test(
		tc, more_tasks_than_the_table_has_room_for_are_another_attempt);
	tcase_add_test(
		tc, a_thread_that_is_started_when_all_stand_is_another_attempt);
	tcase_add_test(tc, no_handler_runs_when_all_stand);
	tcase_add_loop_test(tc, a_listing_that_leaves_out_a_thread_is_no_proof,
			    0, COUNT(listings));
	tcase_add_loop_test(tc, a_thread_that_stops_unseen_is_another_pass, 0,
			    2);
}

static void add_handler_tests(TCase *tc)
{
	tcase_add_test(tc, a_handler_that_is_replaced_meanwhile_is_taken_again);
	tcase_add_test(tc,
		       a_handler_that_is_always_replaced_is_no_steady_process);
	tcase_add_loop_test(tc, another_copy_of_the_library_is_waited_for, 1,
			    5);
	tcase_add_test(tc, a_copy_that_comes_in_between_gets_its_handler_back);
	tcase_add_test(tc, a_copy_that_is_gone_by_then_leaves_what_it_put_back);
	tcase_add_test(tc, a_copy_that_does_not_end_is_no_steady_process);
	tcase_add_loop_test(tc, a_handler_that_may_be_anothers_stays, 0, 3);
	tcase_add_loop_test(tc, what_is_no_function_is_put_back_when_all_stand,
			    0, COUNT(no_functions));
	tcase_add_loop_test(tc, else_the_handler_stays_and_does_nothing, 0,
			    COUNT(no_functions));
	tcase_add_loop_test(tc, a_signal_of_others_reaches_the_handler_before,
			    0, 2);
	tcase_add_test(tc, a_forged_signal_stops_nobody);
	tcase_add_test(tc, a_forged_signal_that_is_early_stops_nobody);
	tcase_add_test(tc,
		       a_signal_that_arrives_when_all_are_let_go_stops_nobody);
	tcase_add_test(tc, who_waits_for_another_call_too_long_changes_nothing);
}

int main(void)
{
	Suite *s = suite_create("all-threads");
	TCase *tc = tcase_create("all-threads");
	SRunner *sr = srunner_create(s);
	int n_failed;

	/* An emulator's own thread answers no signal of ours */
	if (llki_sys_count_tasks() != 1) {
		printf("SKIP all threads by signal: this process is not "
		       "alone\n");
		return 77;
	}
	if (!is_ported()) {
		printf("SKIP all threads by signal: not ported\n");
		return 77;
	}

	tcase_set_timeout(tc, 60);
	add_tests(tc);
	add_handler_tests(tc);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
