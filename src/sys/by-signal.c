/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * All threads, where the kernel restricts one at a time (before ABI 8): each is
 * stopped by the signal that libc keeps for itself, and restricts itself in the
 * handler. Below: what is ported, what runs in the handler, the caller's part.
 *
 * In one file, and over 300 lines, since handler and caller share a protocol
 * that is read as a whole.
 */
#include "seam.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/*
 * The kernel's own struct of rt_sigaction, where it is known. Libc's sigaction
 * refuses the signal that we take.
 */
#if defined(__BIONIC__)
#define HAS_BY_SIGNAL 0
#elif (defined(__x86_64__) && !defined(__ILP32__)) || defined(__i386__) || \
	defined(__aarch64__) || defined(__s390x__)
#define HAS_BY_SIGNAL 1
#define HAS_RESTORER 1
#elif defined(__riscv) && __riscv_xlen == 64
#define HAS_BY_SIGNAL 1
#define HAS_RESTORER 0
#else
#define HAS_BY_SIGNAL 0
#endif

#if HAS_BY_SIGNAL

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

/* What runs in the handler runs in threads that no sanitizer may know of */
#if defined(__clang__)
#if __has_attribute(disable_sanitizer_instrumentation)
#define IN_HANDLER __attribute__((disable_sanitizer_instrumentation))
#else
#define IN_HANDLER __attribute__((no_sanitize("address", "thread", "memory")))
#endif
#else
#define IN_HANDLER                                                    \
	__attribute__((no_sanitize("address"), no_sanitize("thread"), \
		       no_sanitize("undefined")))
#endif

/*
 * The signal by which libc tells all threads to change their user: programs
 * can't block it, nor take it by sigaction. Numbers, for SIGRTMIN is behind it.
 */
#ifdef __GLIBC__
#define STOP_SIGNAL 33
#else /* musl */
#define STOP_SIGNAL 34
#endif

#define FUTEX_WAIT_HERE 128 /* FUTEX_WAIT and _WAKE, | FUTEX_PRIVATE_FLAG */
#define FUTEX_WAKE_HERE 129
#define UNKNOWN_FLAG 0x80000000UL /* of restrict_self */
#define HAS_RESTORER_FLAG 0x04000000UL

/*
 * Limits, in looks that are a millisecond apart or more: a machine that is busy,
 * or stood still as a whole, gives more time. Each counts from the last answer.
 */
#define FIRST_PATIENCE 10
#define LAST_PATIENCE 320
#define RUNNABLE_PATIENCE 160 /* for a thread that lacks a processor */
#define MAX_TAKEN 500	      /* while libc or a copy has the signal */
#define MAX_IN_USE 200	      /* the same, where it may be nobody's */
#define MAX_PREPARING 1000
#define LOOK_FOR_KILLED 16  /* each so many without an answer */
#define MAX_LOCK_NAPS 20000 /* of half a millisecond */

#define LIGHT_NS 50000 /* of the caller, before it sleeps */
#define ALL_YIELDS 800 /* of all others together, before they do */

#define N_WORDS (64 / (8 * (int)sizeof(long)))

struct kernel_action {
	union {
		void (*plain)(int);
		void (*full)(int, siginfo_t *, void *); /* SA_SIGINFO */
	} handler;
	unsigned long flags;
#if HAS_RESTORER
	void (*restorer)(void);
#endif
	unsigned long mask[N_WORDS];
};

/* Phases, in their order; a thread that was not asked yet has finished none */
enum { GO, ENTER, STOP, PREPARE, RESTRICT, NEVER };

struct slot {
	atomic_int tid;	     /* 0: free */
	atomic_int finished; /* the last phase */
	char name[16];
};

/* One attempt: who stands still, and what all are to do next */
struct stand {
	atomic_int phase;
	atomic_int n_finished; /* the current phase */
	atomic_int n_awaited;  /* so many finished: wake the caller */
	atomic_int n_yields;   /* of each, before it sleeps */

	int fd;	  /* the list of tasks, opened again when all stand still, */
	int mark; /* and at this position then */
	int ruleset_fd;
	uint32_t flags;
	bool sets_no_new_privs;

	/* The first thread to fail */
	_Atomic(struct slot *) failed;
	enum llki_sys_all_end end;
	int error;

	struct stand *next; /* closed before this one */
	size_t size;
	unsigned int mask, n_slots;
	struct slot slots[];
};

/* Of the process, since a signal handler belongs to it */
static struct {
	atomic_int owner;      /* the pid of the process that is in the call, */
			       /* or the negative one of the last that was */
	atomic_int installing; /* a pid: @before is not settled yet */
	atomic_int n_inside;   /* threads that may look at a stand */
	_Atomic(struct stand *) stand, closed;
	struct kernel_action before; /* what is put back */
} shared;

/*
 * In the handler
 */

IN_HANDLER static int own_tid(void)
{
	return (int)syscall(SYS_gettid);
}

IN_HANDLER static int own_pid(void)
{
	return (int)syscall(SYS_getpid);
}

IN_HANDLER static void wait_while(atomic_int *word, int value)
{
	while (atomic_load(word) == value)
		syscall(SYS_futex, word, FUTEX_WAIT_HERE, value, NULL);
}

IN_HANDLER static void wake_all(atomic_int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_HERE, INT_MAX, NULL);
}

/* The slot of @tid, or the free one where it would be */
IN_HANDLER static struct slot *find_slot(struct stand *s, int tid)
{
	unsigned int i = (unsigned int)tid & s->mask;
	int there;

	while ((there = atomic_load(&s->slots[i].tid)) && there != tid)
		i = (i + 1) & s->mask;

	return &s->slots[i];
}

/* Tell why this thread failed, unless another has */
IN_HANDLER static void fail(struct stand *s, struct slot *slot,
			    enum llki_sys_all_end end, int error)
{
	struct slot *none = NULL;

	if (!atomic_compare_exchange_strong(&s->failed, &none, slot))
		return;

	s->end = end;
	s->error = error;
}

/* 0 or -errno; a handler of SECCOMP_RET_TRAP that returns fakes anything else */
IN_HANDLER static int answer_of(long r)
{
	if (r == -1 && errno)
		return -errno;

	return r ? -ENOSYS : 0;
}

IN_HANDLER static int set_no_new_privs_here(void)
{
	return answer_of(
		syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL));
}

/*
 * What the caller has opened when all stood still is at the same position: no
 * other table of descriptors can hold it. So the ruleset is ours, too.
 */
IN_HANDLER static int look_at_mark(const struct stand *s)
{
	long r = syscall(SYS_lseek, s->fd, 0L, SEEK_CUR);

	if (r == s->mark)
		return 0;

	return r != -1 || errno == EBADF || errno == ESPIPE ? -EBADF : -errno;
}

/* 0: the kernel has refused what it always does, so no filter was in the way */
IN_HANDLER static int check_refusal(long answer)
{
	int r = answer_of(answer);

	if (r == -EINVAL)
		return 0;

	return r ? r : -ENOSYS;
}

/* Refused for its flag, or for what would be in the way of any layer */
IN_HANDLER static int try_layer(const struct stand *s)
{
	return check_refusal(
		syscall(LLKI_SYS_RESTRICT_SELF, s->ruleset_fd, UNKNOWN_FLAG));
}

/* Whoever leaves last has to do it */
IN_HANDLER static int try_unmapping(void)
{
	return check_refusal(syscall(SYS_munmap, NULL, 0UL));
}

/* Bits of signals, for both sizes of words */
static const unsigned long all_signals[2] = { ~0UL, ~0UL };
static const unsigned long sigsys[2] = { 1UL << (SIGSYS - 1) };

IN_HANDLER static int change_mask_here(int how, const unsigned long mask[2])
{
	return answer_of(syscall(SYS_rt_sigprocmask, how, mask, NULL, 8UL));
}

/*
 * Who stands still runs nothing of the program's. Signals that a thread brings
 * about itself can also be sent, and a handler may leave by siglongjmp, or start
 * a thread.
 */
IN_HANDLER static void enter(struct slot *slot)
{
	atomic_store(&slot->finished, ENTER);
	change_mask_here(SIG_SETMASK, all_signals);
	syscall(SYS_prctl, PR_GET_NAME, slot->name);
}

/*
 * no_new_privs, and three calls that change nothing: they show descriptors of
 * the thread's own, a filter, and a missing privilege
 */
IN_HANDLER static void try_all_calls(struct stand *s, struct slot *slot)
{
	int r = s->sets_no_new_privs ? set_no_new_privs_here() : 0;

	if (r < 0) {
		fail(s, slot, LLKI_SYS_ALL_NO_NEW_PRIVS, r);
		return;
	}

	r = look_at_mark(s);
	if (r == 0)
		r = try_layer(s);
	if (r == 0)
		r = try_unmapping();
	if (r < 0)
		fail(s, slot, LLKI_SYS_ALL_REFUSED, r);
}

/* A filter may answer by SIGSYS, which ends the process where it is blocked */
IN_HANDLER static void prepare(struct stand *s, struct slot *slot)
{
	int r;

	change_mask_here(SIG_UNBLOCK, sigsys);
	try_all_calls(s, slot);
	r = change_mask_here(SIG_BLOCK, sigsys);
	if (r < 0)
		fail(s, slot, LLKI_SYS_ALL_REFUSED, r);
}

IN_HANDLER static void restrict_here(struct stand *s, struct slot *slot)
{
	int r = answer_of(syscall(LLKI_SYS_RESTRICT_SELF, s->ruleset_fd,
				  (unsigned long)s->flags));

	if (r < 0)
		fail(s, slot, LLKI_SYS_ALL_HALF, r);
}

/* Only now: what a thread found is there before it counts as finished */
IN_HANDLER static void finish(struct stand *s, struct slot *slot, int phase)
{
	atomic_store(&slot->finished, phase);
	if (atomic_fetch_add(&s->n_finished, 1) + 1 >=
	    atomic_load(&s->n_awaited))
		wake_all(&s->n_finished);
}

/*
 * Until the caller lets all go, which is when all are restricted: one that ran
 * on at once could close the ruleset's number, or put another ruleset there,
 * before the others have used it.
 */
IN_HANDLER static void stand_still(struct stand *s, struct slot *slot)
{
	int phase = STOP;

	/* A signal that came late, or twice */
	if (atomic_load(&s->phase) != STOP || atomic_load(&slot->finished))
		return;

	do {
		if (phase == STOP)
			enter(slot);
		else if (phase == PREPARE)
			prepare(s, slot);
		else
			restrict_here(s, slot);
		finish(s, slot, phase);
		for (int i = 0; i < atomic_load(&s->n_yields) &&
				atomic_load(&s->phase) == phase;
		     i++)
			syscall(SYS_sched_yield);
		wait_while(&s->phase, phase);
		phase = atomic_load(&s->phase);
	} while (phase != GO);
}

IN_HANDLER static void unmap_all(struct stand *s)
{
	struct stand *next;

	for (; s; s = next) {
		next = s->next;
		syscall(SYS_munmap, s, s->size);
	}
}

/*
 * Who leaves last unmaps what is closed; to wait until all have left takes a
 * fifth of a call. Who is inside alone after it was closed is the only one who
 * can have looked at it: others came too late for that. Alone before, too: else
 * one that is leaving could unmap the same, and the address come back meanwhile.
 */
IN_HANDLER static void leave(void)
{
	struct stand *closed;
	int n;

	do {
		n = atomic_load(&shared.n_inside);
		closed = atomic_load(&shared.closed);
		if (closed && n == 1 && atomic_load(&shared.n_inside) == 1 &&
		    atomic_compare_exchange_strong(&shared.closed, &closed,
						   NULL))
			unmap_all(closed);
	} while (!atomic_compare_exchange_strong(&shared.n_inside, &n, n - 1));
}

IN_HANDLER static void look_at_stand(void)
{
	struct stand *s;
	struct slot *slot;
	int tid = own_tid();

	atomic_fetch_add(&shared.n_inside, 1);
	s = atomic_load(&shared.stand);
	if (s) {
		slot = find_slot(s, tid);
		if (atomic_load(&slot->tid))
			stand_still(s, slot);
	}
	leave();
}

IN_HANDLER static bool is_function(const struct kernel_action *action)
{
	return action->handler.plain != SIG_DFL &&
	       action->handler.plain != SIG_IGN;
}

/* Not ours: libc's own, by which it changes users. It can't be asked to wait,
 * so this does not count as standing still. */
IN_HANDLER static void forward(int number, siginfo_t *info, void *context)
{
	const struct kernel_action *to = &shared.before;

	wait_while(&shared.installing, own_pid());
	if (!is_function(to))
		return;
	if (to->flags & SA_SIGINFO)
		to->handler.full(number, info, context);
	else
		to->handler.plain(number);
}

/*
 * Anybody of the same user can forge one that looks like ours. All it brings
 * about is a look at what the caller asks of this thread.
 */
IN_HANDLER static void on_signal(int number, siginfo_t *info, void *context)
{
	int error = errno, pid = own_pid();

	if (info->si_code != SI_QUEUE || info->si_value.sival_ptr != &shared)
		forward(number, info, context);
	else if (info->si_pid == pid && atomic_load(&shared.owner) == pid)
		look_at_stand();
	errno = error;
}

/* The name, and the bytes, by which debuggers and unwinders know the way back */
#if defined(__x86_64__)
__attribute__((naked, used)) static void __restore_rt(void)
{
	__asm__("movq $15, %rax\n\tsyscall");
}
#elif defined(__i386__)
__attribute__((naked, used)) static void __restore_rt(void)
{
	__asm__("movl $173, %eax\n\tint $0x80");
}
#endif

/*
 * The caller's part
 */

#define AGAIN 1 /* no error, which a filter could answer, too */

struct call {
	struct stand *stand;
	struct llki_sys_all *all;
	int pid, tid;
	int ruleset_fd;
	uint32_t flags;
	int options;
	unsigned long mask[N_WORDS]; /* of signals, before the call */
	bool has_handler;	     /* has put it there, if not for good */
	bool all_stand;
	int n_tasks;  /* when they did */
	int n_killed; /* in the handler, by a filter */
	int n_taken;  /* looks at which another had the signal */
	struct llki_sys_tasks tasks;
};

/* One look at all tasks */
struct pass {
	int n;		 /* entries */
	uint64_t digest; /* of all, in their order */
	int n_before;	 /* threads that stood still when it began */
	int n_standing;	 /* of the entries */
	int n_awaited;	 /* alive, and not yet standing */
	int n_runnable;	 /* of these: they lack a processor */
	bool is_self_seen, is_clear;
};

static const char no_name[16];

static int end_call(struct call *c, enum llki_sys_all_end end, int error,
		    int result)
{
	c->all->end = end;
	c->all->error = error;

	return result;
}

static void name_thread(struct call *c, unsigned long long id, const char *name)
{
	c->all->id = id;
	memcpy(c->all->name, name, sizeof(c->all->name));
}

/* A lack of descriptors is no lack of /proc */
static int end_unlisted(struct call *c, int error)
{
	if (llki_sys_is_lack(error))
		return end_call(c, LLKI_SYS_ALL_NO_LIST, error, error);

	return end_call(c, LLKI_SYS_ALL_NO_PROC, error, -EOPNOTSUPP);
}

static int end_at(struct call *c, const struct llki_sys_task *task,
		  enum llki_sys_all_end end, int error, int result)
{
	name_thread(c, task->id, task->name);

	return end_call(c, end, error, result);
}

/*
 * Signals
 */

/*
 * All but those that a thread brings about itself, since SIGSYS may have a
 * handler, and a filter that wakes it; and but those that the kernel leaves out
 */
static void fill_mask(unsigned long mask[N_WORDS])
{
	static const int kept[] = { SIGSEGV, SIGBUS, SIGILL,  SIGFPE,
				    SIGTRAP, SIGSYS, SIGKILL, SIGSTOP };

	memset(mask, 0xff, N_WORDS * sizeof(*mask));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		mask[0] &= ~(1UL << (kept[i] - 1));
}

static int change_mask(const unsigned long to[N_WORDS],
		       unsigned long ret_was[N_WORDS])
{
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, to, ret_was, 8UL) < 0
		       ? -errno
		       : 0;
}

static int change_action(const struct kernel_action *to,
			 struct kernel_action *ret_was)
{
	return syscall(SYS_rt_sigaction, STOP_SIGNAL, to, ret_was, 8UL) < 0
		       ? -errno
		       : 0;
}

static bool is_own(const struct kernel_action *action)
{
	return action->handler.full == on_signal;
}

/*
 * That of another copy of the library, in mid-call: no other handler has this
 * mask. Each keeps off until it is gone. Were one taken for a handler to put
 * back, two copies would pass signals to each other without end.
 */
static bool is_of_copy(const struct kernel_action *action)
{
	unsigned long mask[N_WORDS];

	fill_mask(mask);

	return is_function(action) && !is_own(action) &&
	       !memcmp(action->mask, mask, sizeof(mask));
}

/*
 * musl has a handler there only as long as setuid and the like are under way,
 * which then wait for every thread and so can't be stopped; for longer, it is one
 * that a copy had to leave there.
 */
static bool is_in_use(const struct call *c, const struct kernel_action *now)
{
#ifndef __GLIBC__
	if (c->n_taken < MAX_IN_USE)
		return is_function(now) && !is_own(now);
#else
	(void)c;
#endif
	return is_of_copy(now);
}

static bool is_installed(void)
{
	struct kernel_action now = { 0 };

	return change_action(NULL, &now) == 0 && is_own(&now);
}

static struct kernel_action make_action(void)
{
	struct kernel_action own = {
		.handler.full = on_signal,
		.flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK,
	};

#if defined(__x86_64__) || defined(__i386__)
	own.flags |= HAS_RESTORER_FLAG;
	own.restorer = __restore_rt;
#endif

	return own;
}

/* Put ours there; AGAIN where libc or another copy is at work */
static int exchange(const struct call *c, const struct kernel_action *own)
{
	struct kernel_action was = { 0 }, now = { 0 };
	int r = change_action(NULL, &was);

	if (r == 0 && is_in_use(c, &was))
		return AGAIN;
	/* Known before ours is there: a child forked in between has both */
	if (r == 0 && !is_own(&was))
		shared.before = was;
	r = change_action(own, &was);
	if (r == 0 && !is_own(&was))
		shared.before = was;
	if (r < 0 || !is_of_copy(&was))
		return r;

	/* It came in between. What has replaced ours since then stays. */
	change_action(&was, &now);
	if (!is_own(&now))
		change_action(&now, NULL);

	return AGAIN;
}

static int install(struct call *c)
{
	struct kernel_action own = make_action();
	int r;

	fill_mask(own.mask);
	/* Libc may put a handler of its own there at the same time, and send */
	atomic_store(&shared.installing, c->pid);
	r = exchange(c, &own);
	atomic_store(&shared.installing, 0);
	wake_all(&shared.installing);
	c->has_handler |= r == 0;

	return r;
}

/*
 * Ours stays where signals of ours may still be pending, which would end the
 * process by the default action; with a wider mask, since it is not in use. Not
 * with a narrower one: a thread that comes late could be asked to stand still by
 * the next call.
 * Where all stand still, ignoring the signal drops them.
 */
static void put_back(const struct call *c)
{
	static const struct kernel_action ignore = { .handler.plain = SIG_IGN };
	struct kernel_action now = { 0 }, to = shared.before;

	if (!c->has_handler || change_action(NULL, &now) < 0 ||
	    !(is_own(&now) || is_of_copy(&now)))
		return;

	if (!is_function(&to) && c->all_stand) {
		change_action(&ignore, NULL);
	} else if (!is_function(&to)) {
		to = make_action();
		fill_mask(to.mask);
		to.mask[0] |= 1UL << (SIGFPE - 1);
	}
	change_action(&to, NULL);
}

static int send_signal(const struct call *c, int tid)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = STOP_SIGNAL;
	info.si_code =
		SI_QUEUE; /* which libc's own handler takes no notice of */
	info.si_pid = c->pid;
	info.si_value.sival_ptr = &shared;

	return syscall(SYS_rt_tgsigqueueinfo, c->pid, tid, STOP_SIGNAL, &info) <
			       0
		       ? -errno
		       : 0;
}

/*
 * Waiting
 */

/* Until @word isn't @value any more, or a millisecond */
static void wait_a_ms(atomic_int *word, int value)
{
	struct {
		long s, ns;
	} one_ms = { 0, 1000000 };

	syscall(SYS_futex, word, FUTEX_WAIT_HERE, value, &one_ms);
}

/* It begins anew every four seconds */
static uint32_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint32_t)now.tv_sec * 1000000000 + (uint32_t)now.tv_nsec;
}

/*
 * A while until @word is @n, or more. To be woken takes longer than most of what
 * is waited for, so at first nobody sleeps; but where others want the processor
 * each yield is long, and everybody does.
 */
static void yield_for(struct stand *s, atomic_int *word, int n)
{
	uint32_t since = now_ns();

	while (atomic_load(&s->n_yields) && atomic_load(word) < n) {
		if (now_ns() - since > LIGHT_NS)
			break;
		syscall(SYS_sched_yield);
	}
	if (now_ns() - since > 4 * LIGHT_NS)
		atomic_store(&s->n_yields, 0);
}

/* Until @n have finished, or a millisecond */
static void wait_for(struct stand *s, int n)
{
	int n_finished;

	yield_for(s, &s->n_finished, n);
	atomic_store(&s->n_awaited, n);
	n_finished = atomic_load(&s->n_finished);
	if (n_finished < n)
		wait_a_ms(&s->n_finished, n_finished);
	atomic_store(&s->n_awaited, INT_MAX);
}

/*
 * Those that a filter has ended in the handler: they began, and will not finish
 * @phase. Where all others stand still, none is on its way.
 */
static int count_killed(struct call *c, int phase)
{
	struct stand *s = c->stand;
	int n = 0;

	for (struct slot *slot = s->slots; slot <= s->slots + s->mask; slot++) {
		int finished = atomic_load(&slot->finished);
		unsigned int tid = (unsigned int)atomic_load(&slot->tid);

		if (!finished || finished >= phase ||
		    (phase != STOP && !llki_sys_task_is_gone(tid)))
			continue;
		atomic_store(&slot->finished, NEVER);
		atomic_fetch_sub(&shared.n_inside, 1);
		name_thread(c, tid, slot->name);
		n++;
	}

	return n;
}

/* Let all threads do @phase; false after @limit looks without any answer */
static bool run_phase(struct call *c, int phase, int limit)
{
	struct stand *s = c->stand;
	int n = atomic_load(&s->n_finished), seen = 0, n_quiet = 0, n_finished;

	atomic_store(&s->n_finished, 0);
	atomic_store(&s->phase, phase);
	wake_all(&s->phase);
	while ((n_finished = atomic_load(&s->n_finished)) < n - c->n_killed) {
		n_quiet = n_finished > seen ? 0 : n_quiet + 1;
		if (limit && n_quiet > limit)
			return false;
		if (n_quiet % LOOK_FOR_KILLED == LOOK_FOR_KILLED - 1)
			c->n_killed += count_killed(c, phase);
		seen = n_finished;
		wait_for(s, n - c->n_killed);
	}

	return true;
}

/*
 * Stop
 */

static int open_stand(struct call *c)
{
	int n = llki_sys_count_tasks();
	unsigned int n_slots = 512;
	struct stand *s;
	size_t size;

	while (n > 0 && n_slots / 4 < (unsigned int)n && n_slots < 1U << 26)
		n_slots *= 2;
	size = sizeof(*s) + n_slots * sizeof(struct slot);
	s = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) /* EAGAIN: locked memory has a limit */
		return end_call(c, LLKI_SYS_ALL_NO_MEMORY, -errno,
				errno == EAGAIN ? -ENOMEM : -errno);

	s->size = size;
	s->mask = n_slots - 1;
	s->flags = c->flags;
	s->sets_no_new_privs = c->options & LLKI_SYS_ALL_SETS_NO_NEW_PRIVS;
	s->fd = c->tasks.fd;
	s->ruleset_fd = c->ruleset_fd;
	s->phase = STOP;
	s->n_awaited = INT_MAX; /* as long as it isn't known */
	s->n_yields = ALL_YIELDS;
	c->stand = s;
	atomic_fetch_add(&shared.n_inside, 1);
	atomic_store(&shared.stand, s);

	return 0;
}

/* Programs put files of their own at 0, 1 and 2, where these are closed */
static int keep_clear_of_stdio(struct llki_sys_tasks *tasks)
{
	int low = tasks->fd;

	if (low > 2)
		return 0;

	tasks->fd = llki_sys_dup(low);
	llki_sys_close(low);

	return tasks->fd < 0 ? tasks->fd : 0;
}

/* Open the list of threads, if it is there and counts them as we do */
static int open_list(struct call *c)
{
	int r = llki_sys_tasks_are_proc();

	if (r != 1)
		return r < 0 ? r : -ENOSYS;

	r = llki_sys_tasks_open(&c->tasks);
	if (r == 0)
		r = keep_clear_of_stdio(&c->tasks);
	if (r < 0)
		return r;
	if (c->tasks.self == (unsigned int)c->tid)
		return 0;

	llki_sys_close(c->tasks.fd);

	return -ENOSYS;
}

/* Let all go */
static void close_stand(struct call *c)
{
	struct stand *s = c->stand;

	if (!s)
		return;

	c->stand = NULL;
	c->all_stand = false;
	llki_sys_close(s->fd);
	atomic_store(&s->phase, GO);
	wake_all(&s->phase);
	atomic_store(&shared.stand, NULL);
	s->next = atomic_load(&shared.closed);
	while (!atomic_compare_exchange_strong(&shared.closed, &s->next, s))
		;
	leave();
}

/* One that was told to stop and does not stand: has it ended? */
static int look_at(struct call *c, struct pass *p, struct llki_sys_task *task)
{
	int r = llki_sys_tasks_read(&c->tasks, task);

	if (r < 0)
		return end_unlisted(c, r);
	if (llki_sys_task_is_unclear(task)) {
		p->is_clear = false;
		return 0;
	}
	if (!llki_sys_task_is_alive(task))
		return 0;
	if (task->flags & LLKI_SYS_TASK_IO_WORKER)
		return end_at(c, task, LLKI_SYS_ALL_POLL_THREAD, 0,
			      -EOPNOTSUPP);

	p->is_clear = false;
	p->n_runnable += task->state == 'R';
	if (!p->n_awaited++)
		end_at(c, task, LLKI_SYS_ALL_UNREACHED, 0, 0);

	return 0;
}

/* A new one: tell it to stop. That it is gone is seen when it isn't listed. */
static int meet(struct call *c, struct pass *p, struct llki_sys_task *task,
		struct slot *slot)
{
	int r;

	p->is_clear = false;
	if (++c->stand->n_slots > c->stand->mask / 2)
		return AGAIN; /* the next attempt has more slots */
	if (atomic_load(&c->stand->n_yields))
		atomic_store(&c->stand->n_yields,
			     ALL_YIELDS / (int)c->stand->n_slots);

	atomic_store(&slot->tid, (int)task->id);
	r = send_signal(c, (int)task->id);
	if (r == -EAGAIN) { /* RLIMIT_SIGPENDING */
		atomic_store(&slot->tid, 0);
		c->stand->n_slots--;
		return look_at(c, p, task);
	}
	if (r < 0 && r != -ESRCH) {
		llki_sys_tasks_read(&c->tasks, task);
		return end_at(c, task, LLKI_SYS_ALL_NO_SIGNAL, r, r);
	}
	p->n_awaited++;

	return 0;
}

static int see_entry(struct call *c, struct pass *p, struct llki_sys_task *task)
{
	struct slot *slot = find_slot(c->stand, (int)task->id);

	p->n++;
	p->digest = (p->digest ^ task->id) * 0x100000001b3ULL;
	if (task->id == (unsigned int)c->tid) {
		p->is_self_seen = true;
		return 0;
	}
	if (!atomic_load(&slot->tid))
		return meet(c, p, task, slot);
	if (atomic_load(&slot->finished) < STOP)
		return look_at(c, p, task);
	p->n_standing++;

	return 0;
}

static int see_all(struct call *c, struct pass *p)
{
	struct llki_sys_task task;
	int r = llki_sys_tasks_rewind(&c->tasks), result = 0;

	name_thread(c, 0, no_name);
	*p = (struct pass){
		.digest = 14695981039346656037ULL,
		.n_before = atomic_load(&c->stand->n_finished),
		.is_clear = true,
	};
	while (r >= 0 && result == 0 &&
	       (r = llki_sys_tasks_next_id(&c->tasks, &task)) > 0)
		result = see_entry(c, p, &task);
	if (r < 0)
		return end_unlisted(c, r);

	p->is_clear = p->is_clear && p->is_self_seen &&
		      p->n_standing == p->n_before &&
		      p->n_before == atomic_load(&c->stand->n_finished);

	return result;
}

/*
 * Nobody is left to start a thread, if two passes in a row were clear and show
 * the same entries, and the tasks counted between them are as many.
 *
 * Each entry of both was a task when they were counted: one that stands still
 * can't end, and one that was ending before must still have been there after.
 * The count is theirs, so there was no other task at that moment. All of them
 * stood still since before the first pass, or were ending, or are workers of
 * io_uring, or this thread: none of these starts a thread. So there is no other
 * later, either.
 *
 * Less is no proof. The kernel ends a listing short at a task that has just
 * gone, and hides living ones behind it, sometimes in two passes running; and
 * a task that was ending may have started another after the pass.
 */
static bool is_stopped(const struct pass *first, const struct pass *second,
		       int n_between)
{
	return first->is_clear && second->is_clear &&
	       first->n_before == second->n_before && first->n == second->n &&
	       first->digest == second->digest && n_between == second->n;
}

/* Whether the wait for the last ones has been long enough */
static bool is_enough(const struct pass *p, int n_quiet, int patience)
{
	if (p->n_runnable && patience < RUNNABLE_PATIENCE)
		patience = RUNNABLE_PATIENCE;

	return n_quiet > patience;
}

/* 0 once all stand still; AGAIN for another attempt; else the call's end */
static int stop(struct call *c, int patience)
{
	struct pass before = { 0 }, now;
	int n_between = 0, n_quiet = 0, r;

	for (;;) {
#ifdef LLKI_ONE_PASS /* as a test shows, not enough: all that one pass listed */
		if (before.n && atomic_load(&c->stand->n_finished) >=
					before.n_standing + before.n_awaited) {
			c->n_tasks = INT_MAX;
			return 0;
		}
#endif
		r = see_all(c, &now);
		if (r)
			return r;
		if (!is_installed())
			return AGAIN;
		c->all_stand = is_stopped(&before, &now, n_between);
		c->n_tasks = now.n;
		if (c->all_stand)
			return 0;

		n_quiet = now.n_before > before.n_before ? 0 : n_quiet + 1;
		if (is_enough(&now, n_quiet, patience))
			return AGAIN;
		before = now;
		n_between = now.is_clear ? llki_sys_count_tasks() : 0;
		if (n_between != now.n)
			wait_for(c->stand, now.n_standing + now.n_awaited +
						   !now.n_awaited);
	}
}

/*
 * With libc's signal let through: musl's setuid waits for every thread, this one
 * too, to take it. No other: a handler may leave by siglongjmp.
 */
static void pause_for(int ms)
{
	const int bit = STOP_SIGNAL - 1, n_bits = 8 * (int)sizeof(long);
	atomic_int nobody = 0;
	unsigned long all[N_WORDS];

	fill_mask(all);
	all[bit / n_bits] &= ~(1UL << bit % n_bits);
	change_mask(all, NULL);
	for (int i = 0; i < ms; i++)
		wait_a_ms(&nobody, 0);
	fill_mask(all);
	change_mask(all, NULL);
}

/*
 * Prepare
 */

static int end_failed(struct call *c, struct slot *slot, int result)
{
	struct stand *s = c->stand;

	name_thread(c, (unsigned int)atomic_load(&slot->tid), slot->name);

	return end_call(c, s->end, s->error, result ? result : s->error);
}

/* A thread that does not answer: a filter has ended it, or stopped it */
static int end_silent(struct call *c, int phase)
{
	struct stand *s = c->stand;

	for (struct slot *slot = s->slots; slot <= s->slots + s->mask; slot++)
		if (atomic_load(&slot->finished) == phase - 1)
			name_thread(c, (unsigned int)atomic_load(&slot->tid),
				    slot->name);

	return end_call(c, LLKI_SYS_ALL_REFUSED, -ETIMEDOUT, -ETIMEDOUT);
}

/* What the threads found in the last phase: 0, or how the first one failed */
static int see_answers(struct call *c)
{
	struct slot *failed = atomic_load(&c->stand->failed);

	if (c->n_killed)
		return end_call(c, LLKI_SYS_ALL_REFUSED, -ETIMEDOUT,
				-ETIMEDOUT);

	return failed ? end_failed(c, failed, 0) : 0;
}

/*
 * Open the list again, at a position that nobody can have foreseen: a thread with
 * descriptors of its own could have a copy of the one before. All have stood still
 * since that was last read, so its number is ours to close.
 */
static int set_mark(struct call *c)
{
	struct stand *s = c->stand;
	int r;

	llki_sys_close(s->fd);
	r = llki_sys_tasks_open(&c->tasks);
	s->fd = c->tasks.fd;
	s->mark = (int)(now_ns() & INT_MAX);
	if (r == 0 && syscall(SYS_lseek, s->fd, (long)s->mark, SEEK_SET) < 0)
		r = -errno;

	return r < 0 ? end_unlisted(c, r) : 0;
}

static int prepare_siblings(struct call *c)
{
	struct stand *s = c->stand;
	int r;

	if (atomic_load(&shared.n_inside) != atomic_load(&s->n_finished) + 1)
		c->n_killed = count_killed(c, STOP);
	if (c->n_killed)
		return see_answers(c);

	r = set_mark(c);
	if (r < 0)
		return r;

	return run_phase(c, PREPARE, MAX_PREPARING) ? see_answers(c)
						    : end_silent(c, PREPARE);
}

/* 0: from here on nothing runs in this process but what is below */
static int prepare_all(struct call *c)
{
	int r = c->stand->sets_no_new_privs ? llk_sys_no_new_privs() : 0;

	if (r < 0)
		return end_call(c, LLKI_SYS_ALL_SELF_PRIVS, r, r);

	r = prepare_siblings(c);
	if (r < 0)
		return r;

	r = try_layer(c->stand);
	if (r < 0)
		return end_call(c, LLKI_SYS_ALL_SELF, r, r);

	/* A handler of SIGSYS that a call of ours woke could have started one */
	change_mask(all_signals, NULL);

	return llki_sys_count_tasks() > c->n_tasks ? AGAIN : 0;
}

static int attempt(struct call *c, int patience)
{
	int r;

	name_thread(c, 0, no_name);
	r = install(c);
	if (r < 0)
		end_call(c, LLKI_SYS_ALL_NO_SIGNAL, r, r);
	if (r)
		return r;

	r = open_list(c);
	if (r < 0)
		return end_unlisted(c, r);

	r = open_stand(c);
	if (r < 0)
		llki_sys_close(c->tasks.fd);
	if (r == 0)
		r = stop(c, patience);

	return r ? r : prepare_all(c);
}

/* Attempt by attempt, each with more patience; between them all run on */
static int stop_and_prepare(struct call *c)
{
	int patience = FIRST_PATIENCE, r;
	bool is_taken;

	while ((r = attempt(c, patience)) == AGAIN) {
		is_taken = !is_installed(); /* libc wants it for a moment */
		close_stand(c);
		patience = is_taken ? patience : patience * 2;
		if (is_taken ? ++c->n_taken > MAX_TAKEN
			     : patience > LAST_PATIENCE)
			return end_call(c,
					c->all->id ? LLKI_SYS_ALL_UNREACHED
						   : LLKI_SYS_ALL_UNSTEADY,
					0, -ETIMEDOUT);
		pause_for(is_taken ? 1 : patience / 2);
	}

	return r;
}

/*
 * Restrict
 */

/* The caller first: what fails for all fails before a sibling has changed */
static int restrict_stopped(struct call *c)
{
	struct slot *failed;
	int r;

	put_back(c);
	r = llk_sys_restrict_self(c->ruleset_fd, c->flags);
	if (r < 0)
		return end_call(c, LLKI_SYS_ALL_SELF, r, r);

	run_phase(c, RESTRICT, 0);
	failed = atomic_load(&c->stand->failed);
	if (failed)
		return end_failed(c, failed, -ENOTRECOVERABLE);
	if (c->n_killed)
		return end_call(c, LLKI_SYS_ALL_HALF, -ETIMEDOUT,
				-ENOTRECOVERABLE);

	return end_call(c, LLKI_SYS_ALL_DONE, 0, 0);
}

static int stop_and_restrict(struct call *c)
{
	int r = stop_and_prepare(c);

	if (r)
		put_back(c);
	else
		r = restrict_stopped(c);
	close_stand(c);

	return r;
}

/*
 * The call
 */

/* A child has a pid of its own, and no thread inside: it begins anew */
static bool take_lock(int pid)
{
	int owner = atomic_load(&shared.owner);

	if (owner == pid ||
	    !atomic_compare_exchange_strong(&shared.owner, &owner, pid))
		return false;

	if (owner != -pid) {
		atomic_store(&shared.installing, 0);
		atomic_store(&shared.n_inside, 0);
		atomic_store(&shared.stand, NULL);
	}

	return true;
}

/* Block signals and take the lock; who waits for it can be stopped meanwhile */
static int begin_call(struct call *c)
{
	unsigned long all[N_WORDS];
	int r;

	fill_mask(all);
	for (int i = 0; i < MAX_LOCK_NAPS; i++) {
		r = change_mask(all, c->mask);
		if (r < 0)
			return end_call(c, LLKI_SYS_ALL_NO_SIGNAL, r, r);
		if (take_lock(c->pid))
			return 0;
		change_mask(c->mask, NULL);
		llki_sys_nap();
	}

	return end_call(c, LLKI_SYS_ALL_UNSTEADY, 0, -ETIMEDOUT);
}

int llki_sys_restrict_all(int ruleset_fd, uint32_t flags, int options,
			  struct llki_sys_all *ret_all)
{
	struct call c = {
		.all = ret_all,
		.pid = own_pid(),
		.tid = own_tid(),
		.ruleset_fd = ruleset_fd,
		.flags = flags,
		.options = options,
	};
	int r;

	memset(ret_all, 0, sizeof(*ret_all));
	r = begin_call(&c);
	if (r < 0)
		return r;

	r = stop_and_restrict(&c);
	atomic_store(&shared.owner, -c.pid);
	change_mask(c.mask, NULL);

	return r;
}

#else

int llki_sys_restrict_all(int ruleset_fd, uint32_t flags, int options,
			  struct llki_sys_all *ret_all)
{
	(void)ruleset_fd;
	(void)flags;
	(void)options;
	*ret_all = (struct llki_sys_all){ .end = LLKI_SYS_ALL_UNPORTED };

	return -EOPNOTSUPP;
}

#endif
