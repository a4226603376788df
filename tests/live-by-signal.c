/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * LLK_RESTRICT_BY_SIGNAL on the running kernel: every thread is restricted, or
 * nothing happened. From ABI 8 on the kernel does it, and the same holds.
 *
 * Each thread is a canary: after the call it tries the denied file, and starts
 * another thread that tries it. Tries are counted: a canary that never tried
 * proves nothing.
 */
#include "live.h"
#include "plugin.h"
#include "storm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#define ABI_TSYNC 8
#define MAX_CANARIES 2000
#define BY_SIGNAL LLK_RESTRICT_BY_SIGNAL
#define RESTRICT_SELF 446

#ifdef __GLIBC__
#define LIBC_SIGNAL 33
#else
#define LIBC_SIGNAL 34
#endif

#define NEEDS_NO_TSYNC                                                \
	SKIP_IF(live_abi() >= ABI_TSYNC, "ABI %d covers all threads", \
		live_abi());                                          \
	NEEDS_ABI(1)

static struct llk_ruleset *no_reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, flags);
}

static int read_file(void)
{
	return live_open("file", O_RDONLY);
}

/* What canaries try: 0 or errno */
static int (*the_try)(void) = read_file;

static void make_tree(void)
{
	live_tree();
	live_file("file", "content");
}

/*
 * Canaries
 */

struct canary {
	pthread_t thread;
	atomic_int tid;
	int saw;       /* what the try after the call gave */
	int child_saw; /* and that of a thread born afterwards */
	int n_tries;
};

static struct canary canaries[MAX_CANARIES];
static int n_canaries;
static atomic_bool is_over;
static atomic_int n_ready, go;

/* What the waiting ones wait on */
static int pipe_ends[2], listener, epoll;

static int own_tid(void)
{
	return (int)syscall(SYS_gettid);
}

/* arm64 takes none below 128 KiB */
static size_t stack_of(size_t size)
{
	size_t least = (size_t)PTHREAD_STACK_MIN;

	return size < least ? least : size;
}

static void *born_later(void *arg)
{
	struct canary *c = arg;

	c->child_saw = the_try();
	c->n_tries++;

	return NULL;
}

static void try_all(struct canary *c)
{
	pthread_attr_t attr;
	pthread_t thread;

	c->saw = the_try();
	c->n_tries++;
	pthread_attr_init(&attr);
	if (!LIVE_IS_SANITIZED) /* 2000 large stacks are too much for 32 bits */
		IS(pthread_attr_setstacksize(&attr, stack_of(64 * 1024)), 0);
	IS(pthread_create(&thread, &attr, born_later, c), 0);
	IS(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
}

static void be_ready(struct canary *c)
{
	c->tid = own_tid();
	n_ready++;
}

static void wait_spinning(void)
{
	while (!go)
		;
}

static void wait_sleeping(void)
{
	while (!go)
		usleep(20000);
}

static void wait_reading(void)
{
	char byte;

	while (!go)
		if (read(pipe_ends[0], &byte, 1) < 0)
			live_fail("read: %s", strerror(errno));
}

static void wait_on_futex(void)
{
	while (!go)
		syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static void wait_in_epoll(void)
{
	struct epoll_event got;

	while (!go) /* EINTR is told to users */
		if (epoll_wait(epoll, &got, 1, -1) < 0 && errno != EINTR)
			live_fail("epoll_wait: %s", strerror(errno));
}

static void wait_accepting(void)
{
	while (!go)
		if (accept(listener, NULL, NULL) < 0 && !go)
			live_fail("accept: %s", strerror(errno));
}

static void (*const waits[])(void) = {
	wait_spinning, wait_sleeping, wait_reading,
	wait_on_futex, wait_in_epoll, wait_accepting,
};

static void (*how_to_wait)(void);

static void *sing(void *arg)
{
	be_ready(arg);
	how_to_wait();
	try_all(arg);

	return NULL;
}

static void open_waits(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	IS(pipe(pipe_ends), 0);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	IS(bind(listener, &(struct sockaddr){ .sa_family = AF_UNIX },
		sizeof(sa_family_t)),
	   0);
	IS(listen(listener, 1), 0);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	IS(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event), 0);
}

static void wait_for(const atomic_int *counter, int n)
{
	for (int i = 0; *counter < n; i++) {
		OK(i < 60000);
		usleep(1000);
	}
}

/* A canary with attributes; @stack 0: as libc likes it */
static struct canary *add_canary(void *(*fn)(void *), size_t stack)
{
	struct canary *c = &canaries[n_canaries++];
	pthread_attr_t attr;

	c->saw = c->child_saw = -1;
	pthread_attr_init(&attr);
	if (stack)
		IS(pthread_attr_setstacksize(&attr, stack_of(stack)), 0);
	IS(pthread_create(&c->thread, &attr, fn, c), 0);
	pthread_attr_destroy(&attr);

	return c;
}

static void start_canaries(int n, void (*wait)(void))
{
	how_to_wait = wait;
	open_waits();
	for (int i = 0; i < n; i++)
		add_canary(sing, LIVE_IS_SANITIZED ? 0 : 64 * 1024);
	wait_for(&n_ready, n);
}

static void let_canaries_try(void)
{
	go = 1;
	syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, INT_MAX);
	close(pipe_ends[1]); /* the end of the pipe wakes readers */
	shutdown(listener, SHUT_RDWR);
}

/* All canaries, and what they start, got @wanted from the file */
static void judge_canaries(int wanted)
{
	let_canaries_try();
	for (int i = 0; i < n_canaries; i++) {
		IS(pthread_join(canaries[i].thread, NULL), 0);
		IS(canaries[i].saw, wanted);
		IS(canaries[i].child_saw, wanted);
		IS(canaries[i].n_tries, 2);
	}
	IS(the_try(), wanted);
}

/*
 * Before and after: what must not change where nothing happened
 */

struct traces {
	/* the kernel's own struct, with the handler first */
	_Alignas(void *) unsigned char action[64];
	int n_fds;
	int no_new_privs;
	sigset_t mask;
};

static struct traces find_traces(void)
{
	struct traces t;

	memset(&t, 0, sizeof(t));
	syscall(SYS_rt_sigaction, LIBC_SIGNAL, NULL, t.action, 8);
	t.n_fds = live_count_fds();
	t.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	pthread_sigmask(SIG_SETMASK, NULL, &t.mask);

	return t;
}

static void has_sixteen_layers_left(void)
{
	for (int i = 0; i < 17; i++) {
		struct llk_ruleset *rs =
			llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);

		IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD),
		   i < 16 ? LLK_ENFORCED : -E2BIG);
		llk_ruleset_free(rs);
	}
}

/* The layers are counted last: they stay */
static void nothing_happened(const struct traces *before, bool sets_privs)
{
	struct traces now = find_traces();

	/* Where one did not stop, its signal is pending: the default action,
	   which musl has there, would end the process, and so isn't put back */
	if (sets_privs || *(void *const *)(const void *)before->action)
		OK(!memcmp(now.action, before->action, sizeof(now.action)));
	OK(!memcmp(&now.mask, &before->mask, sizeof(now.mask)));
	IS(now.n_fds, before->n_fds);
	IS(now.no_new_privs, sets_privs ? 1 : before->no_new_privs);
	judge_canaries(0);
	has_sixteen_layers_left();
}

/*
 * Every thread, in whatever it does
 */

static const int numbers[] = { 2, 50, 500, 2000 };

#define N_WAITS ((int)(sizeof(waits) / sizeof(waits[0])))
#define N_NUMBERS ((int)(sizeof(numbers) / sizeof(numbers[0])))

struct row {
	void (*wait)(void);
	int n;
	bool is_twin;
};

/* Each thread in accept holds the number of the descriptor it waits for */
static void allow_descriptors(void)
{
	struct rlimit limit;

	IS(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void restrict_waiting(const void *arg)
{
	const struct row *row = arg;
	struct llk_ruleset *rs = no_reading(0);
	struct traces before;

	allow_descriptors();
	start_canaries(row->n, row->wait);
	before = find_traces();
	if (!row->is_twin)
		SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), LLK_ENFORCED,
		     "all that was asked");
	IS(live_count_fds(), before.n_fds);
	judge_canaries(row->is_twin ? 0 : EACCES);
}

START_TEST(all_threads_are_restricted_in_whatever_they_do)
{
	struct row row = { .wait = waits[_i / N_NUMBERS],
			   .n = numbers[_i % N_NUMBERS] };

	NEEDS_ABI(1);
	/* Spinning threads leave each other no time, and an emulated processor
	   has little: there the many are root's, and read, where it is not the
	   kernel that covers all */
	if (row.n > 20 && row.wait == wait_spinning && live_is_brief())
		row.n = 20;
	if (row.n > 50 &&
	    (row.wait == wait_spinning ||
	     (live_is_brief() && (row.wait != wait_reading || geteuid() != 0 ||
				  llk_abi() >= LLK_V8))))
		row.n = live_is_brief() || row.n == 500 ? 10 : 100;
	if (row.n > 500 && LIVE_IS_SANITIZED)
		row.n = 500;
	make_tree();
	RUN(restrict_waiting, &row);
	row.is_twin = true;
	RUN(restrict_waiting, &row);
}
END_TEST

/* Tries on and on, and none that begins after the call succeeds */
static atomic_bool is_restricted;
static atomic_long n_after, n_escaped;

static void *try_on(void *arg)
{
	n_ready++;
	while (!is_over) {
		bool is_after = is_restricted;
		int r = read_file();

		n_after += is_after;
		n_escaped += is_after && r == 0;
	}

	return arg;
}

static void restrict_busy(const void *arg)
{
	pthread_t threads[20];

	for (int i = 0; i < 20; i++)
		IS(pthread_create(&threads[i], NULL, try_on, NULL), 0);
	wait_for(&n_ready, 20);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	is_restricted = true;
	while (n_after < 1000)
		usleep(1000);
	is_over = true;
	for (int i = 0; i < 20; i++)
		IS(pthread_join(threads[i], NULL), 0);
	IS(n_escaped, 0);
}

START_TEST(no_try_that_begins_after_the_call_succeeds)
{
	NEEDS_ABI(1);
	make_tree();
	for (int i = 0; i < live_tries(20); i++)
		RUN(restrict_busy, NULL);
}
END_TEST

/*
 * Threads of other makers
 */

static void *sing_detached(void *arg)
{
	sing(arg);
	n_ready--;

	return NULL;
}

static int sing_as_c11(void *arg)
{
	sing(arg);

	return 0;
}

static atomic_int clone_saw = -1;

/* No libc in here: it has no thread of its own */
static int sing_cloned(void *arg)
{
	long fd;

	while (!go)
		syscall(SYS_sched_yield);
	fd = syscall(SYS_openat, AT_FDCWD, "file", O_RDONLY | O_CLOEXEC, 0);
	clone_saw = fd < 0 ? EACCES : 0;
	syscall(SYS_exit, 0);

	return 0;
}

static void start_raw_clone(void)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		    CLONE_THREAD | CLONE_SYSVSEM;
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	OK(stack != MAP_FAILED);
	OK(clone(sing_cloned, stack + 65536, flags, NULL) > 0);
}

static void restrict_others(const void *arg)
{
	bool is_twin = arg;
	int wanted = is_twin ? 0 : EACCES;
	struct canary *detached, *c11 = &canaries[1];
	thrd_t thread;

	how_to_wait = wait_sleeping;
	open_waits();
	detached = add_canary(sing_detached, 0);
	IS(pthread_detach(detached->thread), 0);
	IS(thrd_create(&thread, sing_as_c11, c11), thrd_success);
	start_raw_clone();
	wait_for(&n_ready, 2);
	if (!is_twin)
		IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL),
		   LLK_ENFORCED);
	let_canaries_try();
	IS(thrd_join(thread, NULL), thrd_success);
	IS(c11->saw, wanted);
	IS(c11->child_saw, wanted);
	while (n_ready == 2 || clone_saw < 0)
		usleep(1000);
	IS(detached->saw, wanted);
	IS(detached->n_tries, 2);
	IS(clone_saw, wanted);
}

START_TEST(detached_c11_and_cloned_threads_are_restricted)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_IS_SANITIZED, "a sanitizer knows no cloned threads");
	make_tree();
	RUN(restrict_others, NULL);
	RUN(restrict_others, "twin");
}
END_TEST

/* A process that libc thinks has one thread: the signal has no handler */
static void restrict_clone_alone(const void *arg)
{
	struct traces before = find_traces();
	struct traces after;

	start_raw_clone();
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	after = find_traces();
	OK(!memcmp(before.action, after.action, sizeof(after.action)));
	go = 1;
	while (clone_saw < 0)
		usleep(1000);
	IS(clone_saw, EACCES);
}

START_TEST(the_default_action_is_put_back)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_IS_SANITIZED, "a sanitizer knows no cloned threads");
	make_tree();
	RUN(restrict_clone_alone, NULL);
}
END_TEST

static void block_all(bool is_raw)
{
	unsigned long long all = ~0ULL;
	sigset_t set;

	if (is_raw) {
		IS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8), 0);
		return;
	}
	sigfillset(&set);
	IS(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
}

static void *sing_blocking(void *arg)
{
	block_all(false);

	return sing(arg);
}

static void *sing_deaf(void *arg)
{
	prctl(PR_SET_NAME, "deaf", 0, 0, 0);
	block_all(true);

	return sing(arg);
}

static stack_t alternate;

static void *sing_on_alternate_stack(void *arg)
{
	alternate.ss_size = 16384;
	alternate.ss_sp = malloc(alternate.ss_size);
	IS(sigaltstack(&alternate, NULL), 0);

	return sing(arg);
}

static const struct special {
	void *(*fn)(void *);
	size_t stack;
} specials[] = {
	{ sing_blocking, 0 },
	{ sing_on_alternate_stack, 0 },
	{ sing, 32 * 1024 },
};

#define N_SPECIALS ((int)(sizeof(specials) / sizeof(specials[0])))

static void restrict_special(const void *arg)
{
	const struct special *s = arg;

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(s->fn, LIVE_IS_SANITIZED ? 0 : s->stack);
	add_canary(sing, 0);
	wait_for(&n_ready, 2);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	judge_canaries(EACCES);
}

START_TEST(blocked_signals_and_small_stacks_are_no_hindrance)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_IS_SANITIZED && _i,
		"a sanitizer has alternate and large stacks of its own");
	make_tree();
	RUN(restrict_special, &specials[_i]);
}
END_TEST

static bool is_zombie(int tid)
{
	char path[64], stat[256] = "", *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	end = n > 0 ? strrchr(stat, ')') : NULL;

	return end && end[2] == 'Z';
}

static void *restrict_without_leader(void *arg)
{
	while (!is_zombie(getpid()))
		usleep(1000);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	judge_canaries(EACCES);
	live_end();
}

static void leave_as_leader(const void *arg)
{
	pthread_t thread;

	alarm(60);
	start_canaries(3, wait_sleeping);
	IS(pthread_create(&thread, NULL, restrict_without_leader, NULL), 0);
	pthread_exit(NULL);
}

/* Defects of musl 1.2.3: pthread_create never returns in a forked child without
 * leader, and fork waits without end beside threads that keep starting others */
#ifdef __GLIBC__
#define IS_GLIBC 1
#else
#define IS_GLIBC 0
#endif

START_TEST(a_dead_leader_is_no_hindrance)
{
	NEEDS_ABI(1);
	SKIP_IF(!IS_GLIBC, "this libc starts no thread without its first one");
	make_tree();
	RUN(leave_as_leader, NULL);
}
END_TEST

/* Three at once, each with a right of its own: all three hold everywhere */
static const uint64_t shares[] = { LLK_FS_MAKE_FIFO, LLK_FS_MAKE_DIR,
				   LLK_FS_MAKE_SYM };
static pthread_barrier_t barrier;

/* EACCES where each of the three is denied, 0 where none is */
static int make_all(void)
{
	int n_denied = 0;

	n_denied += mkfifo("fifo", 0600) && errno == EACCES;
	n_denied += mkdir("dir", 0700) && errno == EACCES;
	n_denied += symlink("file", "link") && errno == EACCES;

	return n_denied == 3 ? EACCES : n_denied;
}

static void *restrict_a_share(void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, *(const uint64_t *)arg, 0);

	pthread_barrier_wait(&barrier);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), LLK_ENFORCED, "");
	pthread_barrier_wait(&barrier);
	IS(make_all(), EACCES);

	return NULL;
}

static void restrict_at_once(const void *arg)
{
	pthread_t threads[3];

	the_try = make_all;
	start_canaries(10, wait_on_futex);
	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 3; i++)
		IS(pthread_create(&threads[i], NULL, restrict_a_share,
				  (void *)(uintptr_t)&shares[i]),
		   0);
	for (int i = 0; i < 3; i++)
		IS(pthread_join(threads[i], NULL), 0);
	judge_canaries(EACCES);
}

START_TEST(three_callers_at_once_restrict_all_threads_each)
{
	NEEDS_ABI(1);
	make_tree();
	for (int i = 0; i < live_tries(50); i++)
		RUN(restrict_at_once, NULL);
}
END_TEST

/*
 * A library that is loaded later, with threads and a copy of ours
 */

static struct {
	__typeof__(plugin_start) *start;
	__typeof__(plugin_restrict) *restrict_all;
} plugin;

static void load_plugin(void)
{
	char path[PATH_MAX];
	void *lib;

	snprintf(path, sizeof(path), "%s", live_self());
	strcpy(strrchr(path, '/'), "/plugin.so");
	lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		live_cannot("no library can be loaded: %s", dlerror());

	*(void **)&plugin.start = dlsym(lib, "plugin_start");
	*(void **)&plugin.restrict_all = dlsym(lib, "plugin_restrict");
	OK(plugin.start && plugin.restrict_all);
}

static void start_in_plugin(void)
{
	struct canary *c = &canaries[n_canaries++];

	IS(plugin.start(&c->thread, sing, c), 0);
	wait_for(&n_ready, n_canaries);
}

static void restrict_plugin(const void *arg)
{
	start_canaries(2, wait_sleeping);
	load_plugin();
	start_in_plugin();
	if (!arg)
		IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL),
		   LLK_ENFORCED);
	judge_canaries(arg ? 0 : EACCES);
}

START_TEST(threads_of_a_library_that_was_loaded_are_restricted)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(restrict_plugin, NULL);
	RUN(restrict_plugin, "twin");
}
END_TEST

static void restrict_by_plugin(const void *arg)
{
	struct traces before, now;

	(void)arg;
	start_canaries(2, wait_on_futex);
	load_plugin();
	start_in_plugin();
	before = find_traces();
	IS(plugin.restrict_all(LLK_FS_READ_FILE), LLK_ENFORCED);
	now = find_traces();
	OK(!memcmp(now.action, before.action, sizeof(now.action)));
	judge_canaries(EACCES);
}

START_TEST(a_library_that_was_loaded_restricts_all_threads)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(restrict_by_plugin, NULL);
}
END_TEST

static int wanted_of_both;

/* The program's copy and the plugin's, by turns */
static void *restrict_by_one_copy(void *arg)
{
	const uint64_t *share = arg;
	int r;

	pthread_barrier_wait(&barrier);
	if ((share - shares) % 2)
		r = plugin.restrict_all(*share);
	else
		r = llk_ruleset_restrict_self(
			llk_ruleset_new(LLK_V1, *share, 0), BY_SIGNAL);
	IS(r, wanted_of_both);

	return NULL;
}

static void call_at_once(void)
{
	pthread_t threads[3];

	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 3; i++)
		IS(pthread_create(&threads[i], NULL, restrict_by_one_copy,
				  (void *)(uintptr_t)&shares[i]),
		   0);
	for (int i = 0; i < 3; i++)
		IS(pthread_join(threads[i], NULL), 0);
}

static void restrict_by_both(const void *arg)
{
	struct traces before, now;

	the_try = make_all;
	wanted_of_both = arg ? -ETIMEDOUT : LLK_ENFORCED;
	start_canaries(10, wait_on_futex);
	load_plugin();
	if (arg) {
		add_canary(sing_deaf, 0);
		wait_for(&n_ready, n_canaries);
	}
	before = find_traces();
	call_at_once();
	now = find_traces();
	if (!arg || IS_GLIBC) /* see nothing_happened */
		OK(!memcmp(now.action, before.action, sizeof(now.action)));
	IS(now.n_fds, before.n_fds);
	if (!arg) /* libc's own signals arrive */
		IS(setuid(getuid()), 0);
	let_canaries_try();
	for (int i = 0; i < n_canaries; i++) {
		IS(pthread_join(canaries[i].thread, NULL), 0);
		IS(canaries[i].n_tries, 2);
		if (!arg)
			IS(canaries[i].saw, EACCES);
		else
			OK(canaries[i].saw != EACCES);
	}
}

START_TEST(two_copies_of_the_library_keep_off_each_other)
{
	NEEDS_ABI(1);
	SKIP_IF(_i && live_abi() >= ABI_TSYNC, "ABI %d covers all threads",
		live_abi());
	make_tree();
	for (int i = 0; i < (_i ? 1 : live_tries(20)); i++)
		RUN(restrict_by_both, _i ? "deaf" : NULL);
}
END_TEST

/* A further layer needs the list of threads, and the flag again */
static void restrict_again(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE | LLK_FS_READ_DIR, 0);

	start_canaries(5, wait_sleeping);
	llk_ruleset_allow_path(rs, LLK_READ, "/proc");
	llk_ruleset_allow_path(rs, LLK_READ, "file");
	IS(llk_ruleset_restrict_self(rs, BY_SIGNAL), LLK_ENFORCED);
	IS(read_file(), 0);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	judge_canaries(EACCES);
}

START_TEST(a_second_call_adds_a_layer_to_each_thread)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(restrict_again, NULL);
}
END_TEST

/* Libc's own use of the signal, before and after */
static void *ask_user(void *arg)
{
	be_ready(arg);
	wait_sleeping();
	((struct canary *)arg)->saw = (int)getuid();

	return NULL;
}

static void change_user_after(const void *arg)
{
	struct canary *c;

	how_to_wait = wait_sleeping;
	open_waits();
	c = add_canary(ask_user, 0);
	wait_for(&n_ready, 1);
	IS(setuid(getuid()), 0);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	live_drop();
	go = 1;
	IS(pthread_join(c->thread, NULL), 0);
	IS(c->saw, (int)getuid());
}

START_TEST(setuid_still_reaches_all_threads_afterwards)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(change_user_after, NULL);
}
END_TEST

/*
 * Storms
 */

static struct storm *storm;

static void rage(const void *arg)
{
	bool is_alive =
		storm_rage(*(const unsigned int *)arg, storm->result, storm);

	if (!is_alive)
		live_fail("%s: %s", storm->still, storm->why);
}

static int n_rounds(void)
{
	const char *rounds = getenv("LLK_STORM_ROUNDS");

	return rounds ? atoi(rounds) : live_tries(60);
}

static void weather(const char *test, unsigned int kinds)
{
	long n_tries = 0, us = 0, max_us = 0;

	for (int i = 1; i <= n_rounds(); i++) {
		storm->result = true;
		live_run(test, (int)kinds, rage, &kinds);
		ck_assert_msg(storm->result == LLK_ENFORCED, "round %d: %d, %s",
			      i, storm->result, storm->why);
		ck_assert_msg(storm->n_escaped == 0,
			      "round %d: %ld of %ld escaped", i,
			      storm->n_escaped, storm->n_after);
		n_tries += storm->n_after;
		us += storm->us;
		max_us = storm->us > max_us ? storm->us : max_us;
		if (i % 100 == 0)
			printf("storm %#x: round %d, %ld tries, %ld us, at "
			       "most %ld\n",
			       kinds, i, n_tries, us / i, max_us);
	}
}

static const unsigned int storms[] = {
	STORM_CREATORS,
	STORM_CHAINS,
	STORM_CREATORS | STORM_CHAINS,
	STORM_CREATORS | STORM_SETUID,
	STORM_CREATORS | STORM_FORK,
	STORM_ALL,
};

START_TEST(no_thread_escapes_in_a_storm)
{
	NEEDS_ABI(1);
	SKIP_IF(!IS_GLIBC && storms[_i] & STORM_FORK,
		"this libc's fork starves beside threads that start others");
	make_tree();
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(storm, MAP_FAILED);
	weather(__func__, storms[_i]);
}
END_TEST

/* The twin: without the call each try opens the file */
START_TEST(a_storm_that_is_not_restricted_opens_the_file)
{
	SKIP_IF(!IS_GLIBC && storms[_i] & STORM_FORK,
		"this libc's fork starves beside threads that start others");
	make_tree();
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(storm, MAP_FAILED);
	storm->result = false;
	live_run(__func__, _i, rage, &storms[_i]);
	ck_assert_int_ge(storm->n_after, 5);
	ck_assert_int_ge(storm->n_escaped, storm->n_after);
}
END_TEST

/*
 * Threads that can't be covered: nothing happened
 */

/* What explain has to name: the thread by id and name */
static const char *named(int tid, const char *name)
{
	static char text[64];

	snprintf(text, sizeof(text), "thread %d (\"%s\")", tid, name);

	return text;
}

static void restrict_unreachable(const void *arg)
{
	unsigned int flags = arg ? LLK_BEST_EFFORT : 0;
	struct llk_ruleset *rs = no_reading(flags);
	struct canary *deaf;
	struct traces before;

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(sing, 0);
	deaf = add_canary(sing_deaf, 0);
	add_canary(sing, 0);
	wait_for(&n_ready, 3);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL),
	     arg ? LLK_NOT_ENFORCED : -ETIMEDOUT, named(deaf->tid, "deaf"));
	IS(llk_ruleset_handled(rs), 0);
	nothing_happened(&before, false);
}

START_TEST(a_thread_that_blocks_all_signals_is_named)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_unreachable, NULL);
	RUN(restrict_unreachable, "best effort");
}
END_TEST

static void require_unreachable(const void *arg)
{
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(sing_deaf, 0);
	wait_for(&n_ready, 1);
	llk_ruleset_require(rs, LLK_FS_READ_FILE);
	IS(llk_ruleset_restrict_self(rs, BY_SIGNAL), -ETIMEDOUT);
	IS(read_file(), 0);
}

START_TEST(a_required_right_makes_it_an_error)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(require_unreachable, NULL);
}
END_TEST

/* No thread can be sent a signal that is queued, as ours is */
static void restrict_without_queue(const void *arg)
{
	static const struct rlimit none = { 0, 0 };
	struct llk_ruleset *rs = no_reading(0);
	struct traces before;

	(void)arg;
	start_canaries(2, wait_sleeping);
	IS(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -ETIMEDOUT,
	     "no signal can be queued");
	nothing_happened(&before, false);
}

START_TEST(a_full_queue_of_signals_is_told)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_without_queue, NULL);
}
END_TEST

/* No descriptor is free: that is told, and best effort does not forgive it */
static void restrict_without_descriptors(const void *arg)
{
	struct llk_ruleset *rs = no_reading(arg ? LLK_BEST_EFFORT : 0);
	struct rlimit limit, few;
	struct traces before;

	start_canaries(2, wait_sleeping);
	IS(llk_ruleset_load(rs), 0);
	IS(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){ 100, limit.rlim_max };
	IS(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (dup(pipe_ends[0]) >= 0)
		;
	IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
	before = find_traces();
	IS(setrlimit(RLIMIT_NOFILE, &few), 0);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -EMFILE,
	     "too many open files in this process");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EMFILE,
	     "too many open files in this process");
	IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
	nothing_happened(&before, false);
}

START_TEST(without_a_free_descriptor_nothing_happens)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_without_descriptors, NULL);
	RUN(restrict_without_descriptors, "best effort");
}
END_TEST

/*
 * Signals that a thread brings about itself are sent to all, again and again, and
 * their handler leaves by siglongjmp: also while they stand still
 */
static const int own_faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };

static __thread sigjmp_buf beginning;
static __thread volatile bool can_jump;

static void jump(int number)
{
	(void)number;
	if (can_jump)
		siglongjmp(beginning, 1);
}

static void *sing_between_jumps(void *arg)
{
	be_ready(arg);
	sigsetjmp(beginning, 1);
	can_jump = true;
	while (!go)
		usleep(100);
	can_jump = false;
	try_all(arg);

	return NULL;
}

/* In a child, until it is ended */
static pid_t send_faults(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;

	for (int i = 0;; i++) {
		int number = own_faults[i % 5];

		syscall(SYS_tgkill, parent, canaries[i % n_canaries].tid,
			number);
		usleep(10);
	}
}

static void restrict_jumping(const void *arg)
{
	pid_t sender;
	int r = 0;

	(void)arg;
	alarm(60);
	for (int i = 0; i < 5; i++)
		signal(own_faults[i], jump);
	open_waits();
	for (int i = 0; i < 3; i++)
		add_canary(sing_between_jumps, 0);
	wait_for(&n_ready, 3);
	sender = send_faults();
	for (int i = 0; i < 10 && r == 0; i++)
		r = llk_ruleset_restrict_self(
			llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0),
			BY_SIGNAL);
	IS(r, 0);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	judge_canaries(EACCES);
}

START_TEST(a_handler_that_jumps_is_kept_off)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_IS_SANITIZED, "a sanitizer has such handlers of its own");
	make_tree();
	for (int i = 0; i < live_tries(20); i++)
		RUN(restrict_jumping, NULL);
}
END_TEST

/* The child of vfork shares our memory, and its parent waits for it */
static void *wait_for_vfork(void *arg)
{
	pid_t pid;

	prctl(PR_SET_NAME, "vforked", 0, 0, 0);
	be_ready(arg);
	pid = vfork();
	if (pid == 0) {
		while (!go)
			syscall(SYS_sched_yield);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	try_all(arg);

	return NULL;
}

static void restrict_vforked(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct canary *c;
	struct traces before;

	how_to_wait = wait_sleeping;
	open_waits();
	c = add_canary(wait_for_vfork, 0);
	add_canary(sing, 0);
	wait_for(&n_ready, 2);
	usleep(100000);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -ETIMEDOUT,
	     named(c->tid, "vforked"));
	nothing_happened(&before, false);
}

START_TEST(a_thread_in_vfork_is_named)
{
	NEEDS_NO_TSYNC;
	SKIP_IF(LIVE_HAS_TSAN, "this sanitizer has a vfork of its own");
	make_tree();
	RUN(restrict_vforked, NULL);
}
END_TEST

/* A debugger has stopped one thread */
static pid_t stop_by_ptrace(int tid)
{
	int ends[2], status;
	pid_t pid;
	char byte;

	IS(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_SEIZE, tid, 0, 0) ||
		    ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
		    waitpid(tid, &status, __WALL) != tid)
			_exit(1);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		live_cannot("no thread can be stopped by ptrace");
	close(ends[0]);

	return pid;
}

static void restrict_traced(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct canary *c;
	struct traces before;
	pid_t tracer;

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	start_canaries(2, wait_sleeping);
	c = &canaries[1];
	tracer = stop_by_ptrace(c->tid);
	before = find_traces();
	OK(llk_ruleset_restrict_self(rs, BY_SIGNAL) == -ETIMEDOUT);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	nothing_happened(&before, false);
}

START_TEST(a_thread_that_a_debugger_has_stopped_is_no_half_state)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_traced, NULL);
}
END_TEST

/*
 * Threads that would be refused: no layer anywhere
 */

/* From here on the calling thread gets @answer for call @nr */
static void refuse_call(unsigned int nr, unsigned int answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = code };

	IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	IS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
}

/* What is in the way of one thread, and what the call has to answer */
static const struct obstacle {
	unsigned int call, answer; /* of a filter; 0: its descriptors */
	int result;
	unsigned int flags;
	const char *words;
} obstacles[] = {
	{ RESTRICT_SELF, SECCOMP_RET_ERRNO | EPERM, -EPERM, 0, "refuses" },
	{ RESTRICT_SELF, SECCOMP_RET_ERRNO | ENOSYS, -ENOSYS, 0, "ENOSYS" },
	{ RESTRICT_SELF, SECCOMP_RET_ERRNO, -ENOSYS, 0, "refuse" },
	{ RESTRICT_SELF, SECCOMP_RET_ERRNO | EOPNOTSUPP, -EOPNOTSUPP, 0,
	  "refuse" },
	/* a handler that returns leaves the call's own number there */
	{ RESTRICT_SELF, SECCOMP_RET_TRAP, -ENOSYS, 0, "refuse" },
	{ SYS_lseek, SECCOMP_RET_ERRNO | EPERM, -EPERM, 0, "refuse" },
	{ SYS_prctl, SECCOMP_RET_ERRNO | EACCES, -EACCES, 0, "no_new_privs" },
	{ 0, 0, -EBADF, 0, "descriptors of its own" },
};

#define N_OBSTACLES ((int)(sizeof(obstacles) / sizeof(obstacles[0])))

static const struct obstacle *obstacle;

static atomic_int n_trapped;

static void on_trap(int number)
{
	(void)number;
	n_trapped++;
}

static void *sing_obstructed(void *arg)
{
	struct sigaction action = { .sa_handler = on_trap };

	IS(sigaction(SIGSYS, &action, NULL), 0);
	prctl(PR_SET_NAME, "odd one", 0, 0, 0);
	if (obstacle->call)
		refuse_call(obstacle->call, obstacle->answer);
	else
		IS(unshare(CLONE_FILES), 0);

	return sing(arg);
}

static void restrict_obstructed(const void *arg)
{
	struct llk_ruleset *rs = no_reading(arg ? LLK_BEST_EFFORT : 0);
	struct canary *odd;
	struct traces before;
	char why[512];

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(sing, 0);
	odd = add_canary(sing_obstructed, 0);
	add_canary(sing, 0);
	wait_for(&n_ready, 3);
	before = find_traces();
	IS(llk_ruleset_restrict_self(rs, BY_SIGNAL), obstacle->result);
	llk_ruleset_explain(rs, why, sizeof(why));
	if (obstacle->call == SYS_prctl) /* which tells the name, too */
		SAYS(rs, 0, 0, "no_new_privs can't be set: permission denied");
	else
		SAYS(rs, 0, 0, named(odd->tid, "odd one"));
	IS(n_trapped > 0, obstacle->answer == SECCOMP_RET_TRAP);
	nothing_happened(&before, true);
}

START_TEST(a_thread_that_would_be_refused_is_named_and_all_stay_free)
{
	NEEDS_NO_TSYNC;
	make_tree();
	obstacle = &obstacles[_i];
	RUN(restrict_obstructed, NULL);
	RUN(restrict_obstructed, "best effort");
}
END_TEST

/*
 * A thread keeps a weak ruleset, with a table of descriptors of its own, at all
 * the numbers that ours could get
 */
static void *sing_with_weak_ruleset(void *arg)
{
	prctl(PR_SET_NAME, "weak one", 0, 0, 0);
	IS(unshare(CLONE_FILES), 0);
	be_ready(arg);
	while (!is_over)
		usleep(1000);

	return NULL;
}

static void restrict_beside_weak(const void *arg)
{
	struct llk_ruleset *weak = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
	struct llk_ruleset *rs = no_reading(0);
	struct canary *c;
	struct traces before;
	int fds[250];

	(void)arg;
	open_waits();
	IS(llk_ruleset_load(weak), 0);
	for (int i = 0; i < 250; i++)
		fds[i] = dup(llk_ruleset_fd(weak));
	c = add_canary(sing_with_weak_ruleset, 0);
	wait_for(&n_ready, 1);
	for (int i = 0; i < 250; i++)
		IS(close(fds[i]), 0);
	llk_ruleset_free(weak);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -EBADF,
	     named(c->tid, "weak one"));
	is_over = true;
	IS(pthread_join(c->thread, NULL), 0);
	n_canaries = 0;
	nothing_happened(&before, true);
}

START_TEST(another_ruleset_at_our_number_is_noticed)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_beside_weak, NULL);
}
END_TEST

/*
 * Threads that are quick to run on, and then close what was opened during the
 * call, or put a weak ruleset at all numbers that it could have
 */
static int weak_ruleset;
static bool was_open[100];

static void *meddle_with_numbers(void *arg)
{
	while (!go && read_file() == 0)
		n_ready++;
	for (int fd = 3; fd < 100 && !go; fd++)
		if (!was_open[fd])
			arg ? dup3(weak_ruleset, fd, O_CLOEXEC) : close(fd);

	return arg;
}

static void restrict_beside_meddlers(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct llk_ruleset *weak = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
	pthread_t threads[2];

	start_canaries(50, wait_sleeping);
	IS(llk_ruleset_load(weak), 0);
	weak_ruleset = fcntl(llk_ruleset_fd(weak), F_DUPFD_CLOEXEC, 100);
	for (int fd = 0; fd < 100; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	n_ready = 0;
	for (int i = 0; i < 2; i++)
		IS(pthread_create(&threads[i], NULL, meddle_with_numbers,
				  (void *)(uintptr_t)arg),
		   0);
	wait_for(&n_ready, 10);
	IS(llk_ruleset_restrict_self(rs, BY_SIGNAL), LLK_ENFORCED);
	judge_canaries(EACCES);
	for (int i = 0; i < 2; i++)
		IS(pthread_join(threads[i], NULL), 0);
}

START_TEST(who_meddles_with_descriptors_is_too_late)
{
	NEEDS_ABI(1);
	make_tree();
	for (int i = 0; i < live_tries(10); i++)
		RUN(restrict_beside_meddlers, _i ? "weak" : NULL);
}
END_TEST

/*
 * Two threads share a table of descriptors that is not ours. One is stopped; the
 * other, which is not, puts a weak ruleset at our number then, and ends. Either
 * may be found first.
 */
static atomic_long n_ticks;

static void *swap_and_end(void *arg)
{
	long last;

	block_all(true);
	do {
		last = n_ticks;
		usleep(4000);
	} while (n_ticks != last);
	for (int fd = 3; fd < 100; fd++)
		if (!was_open[fd])
			dup3(weak_ruleset, fd, O_CLOEXEC);

	return arg;
}

static void *share_private_table(void *arg)
{
	int list = open("/proc/self/task", O_RDONLY | O_CLOEXEC);
	pthread_t thread;

	prctl(PR_SET_NAME, "swapped", 0, 0, 0);
	IS(unshare(CLONE_FILES), 0);
	for (int fd = 3; fd < 100; fd++)
		if (!was_open[fd])
			dup3(list, fd, O_CLOEXEC);
	IS(pthread_create(&thread, NULL, swap_and_end, NULL), 0);
	be_ready(arg);
	while (!go)
		n_ticks++;
	IS(pthread_join(thread, NULL), 0);
	((struct canary *)arg)->saw = read_file();

	return NULL;
}

static void restrict_beside_swapper(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct llk_ruleset *weak = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
	struct canary *c;

	(void)arg;
	IS(llk_ruleset_load(weak), 0);
	weak_ruleset = fcntl(llk_ruleset_fd(weak), F_DUPFD_CLOEXEC, 100);
	for (int fd = 0; fd < 100; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	c = add_canary(share_private_table, 0);
	wait_for(&n_ready, 1);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -EBADF,
	     "(\"swapped\") has descriptors of its own");
	go = 1;
	IS(pthread_join(c->thread, NULL), 0);
	IS(c->saw, 0);
	IS(read_file(), 0);
}

START_TEST(another_ruleset_that_comes_to_our_number_is_noticed)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_beside_swapper, NULL);
}
END_TEST

/*
 * A thread takes a copy of the table when the list is open in it, puts a weak
 * ruleset at the number of ours, and lets the signal come
 */
static int our_number;

static void *copy_and_weaken(void *arg)
{
	bool is_found = false;

	prctl(PR_SET_NAME, "copied", 0, 0, 0);
	block_all(true);
	be_ready(arg);
	while (!is_found)
		for (int fd = our_number + 1; fd < 100; fd++)
			is_found |= !was_open[fd] && fcntl(fd, F_GETFD) >= 0;
	usleep(3000); /* threads are counted first, and it is opened again */
	IS(unshare(CLONE_FILES), 0);
	IS(dup3(weak_ruleset, our_number, O_CLOEXEC), our_number);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(uint64_t){ 0 }, NULL, 8);
	while (!go)
		usleep(1000);
	((struct canary *)arg)->saw = read_file();

	return NULL;
}

static void restrict_beside_copy(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct llk_ruleset *weak = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
	struct canary *c;

	(void)arg;
	IS(llk_ruleset_load(weak), 0);
	weak_ruleset = fcntl(llk_ruleset_fd(weak), F_DUPFD_CLOEXEC, 100);
	IS(llk_ruleset_load(rs), 0);
	our_number = llk_ruleset_fd(rs);
	for (int fd = 0; fd < 100; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	c = add_canary(copy_and_weaken, 0);
	wait_for(&n_ready, 1);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -EBADF,
	     named(c->tid, "copied"));
	go = 1;
	IS(pthread_join(c->thread, NULL), 0);
	IS(c->saw, 0);
	IS(read_file(), 0);
}

START_TEST(a_copy_of_our_table_with_another_ruleset_is_noticed)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_beside_copy, NULL);
}
END_TEST

/* From here on restrict_self ends the calling thread, but for flags that the
 * kernel doesn't know if @knows_flags */
static void die_for_layer(bool knows_flags)
{
	bool is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RESTRICT_SELF, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1]) + 4U * is_big),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
			 knows_flags ? 0xffff : 0xffffffff, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 6, .filter = code };

	IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	IS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
}

static atomic_int picky_tid;

static void *be_picky(void *arg)
{
	prctl(PR_SET_NAME, "picky", 0, 0, 0);
	die_for_layer(arg);
	picky_tid = own_tid();
	for (;;)
		pause();

	return NULL;
}

static void restrict_picky(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct traces before;
	pthread_t thread;

	start_canaries(2, wait_sleeping);
	IS(pthread_create(&thread, NULL, be_picky, (void *)(uintptr_t)arg), 0);
	while (!picky_tid)
		usleep(1000);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL),
	     arg ? -ENOTRECOVERABLE : -ETIMEDOUT,
	     arg ? "failed half way, this process must exit: "
		 : "a seccomp filter has ended it");
	SAYS(rs, 0, 0, named(picky_tid, "picky"));
	if (!arg) {
		nothing_happened(&before, true);
		return;
	}
	judge_canaries(EACCES);
}

START_TEST(a_thread_that_a_filter_ends_for_the_layer_is_named)
{
	NEEDS_NO_TSYNC;
	SKIP_IF(LIVE_IS_SANITIZED, "a sanitizer waits for the thread");
	make_tree();
	RUN(restrict_picky, _i ? "for the layer's own flags" : NULL);
}
END_TEST

/* Without no_new_privs: one thread alone lacks the privilege */
static void *sing_without_privilege(void *arg)
{
	prctl(PR_SET_NAME, "nobody", 0, 0, 0);
	IS(syscall(SYS_setresuid, LIVE_NOBODY, LIVE_NOBODY, LIVE_NOBODY), 0);

	return sing(arg);
}

static void restrict_unprivileged(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct traces before;
	struct canary *c;

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(sing, 0);
	c = add_canary(sing_without_privilege, 0);
	wait_for(&n_ready, 2);
	before = find_traces();
	SAYS(rs,
	     llk_ruleset_restrict_self(
		     rs, BY_SIGNAL | LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
	     -EPERM, named(c->tid, "nobody"));
	nothing_happened(&before, false);
}

START_TEST(a_thread_without_privilege_is_named_and_all_stay_free)
{
	NEEDS_NO_TSYNC;
	SKIP_IF(geteuid(), "needs CAP_SYS_ADMIN");
	make_tree();
	RUN(restrict_unprivileged, NULL);
}
END_TEST

static void add_layers(int n)
{
	for (int i = 0; i < n; i++)
		IS(llk_ruleset_restrict_self(
			   llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0),
			   LLK_RESTRICT_THIS_THREAD),
		   LLK_ENFORCED);
}

static void *sing_in_sixteen_layers(void *arg)
{
	prctl(PR_SET_NAME, "wrapped", 0, 0, 0);
	add_layers(16);

	return sing(arg);
}

/* The one negative result with an effect, and it is told first */
static void restrict_wrapped(const void *arg)
{
	struct llk_ruleset *rs = no_reading(arg ? LLK_BEST_EFFORT : 0);
	struct canary *c;
	int fd;

	how_to_wait = wait_sleeping;
	open_waits();
	add_canary(sing, 0);
	c = add_canary(sing_in_sixteen_layers, 0);
	wait_for(&n_ready, 2);
	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	fd = llk_ruleset_fd(rs);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -ENOTRECOVERABLE,
	     "failed half way, this process must exit: ");
	SAYS(rs, 0, 0, named(c->tid, "wrapped"));
	IS(fcntl(fd, F_GETFD), -1);
	IS(llk_ruleset_fd(rs), -EBADF);
	IS(llk_ruleset_restrict_self(rs, BY_SIGNAL), -EBADF);
	IS(read_file(), EACCES);
}

START_TEST(one_thread_at_sixteen_layers_is_the_half_state)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_wrapped, NULL);
	RUN(restrict_wrapped, "best effort");
}
END_TEST

/* The caller itself: before any sibling has changed */
static void restrict_wrapped_caller(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	struct traces before, now;

	start_canaries(3, wait_sleeping);
	add_layers(16);
	before = find_traces();
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -E2BIG,
	     "16 layers are in place");
	now = find_traces();
	OK(!memcmp(now.action, before.action, sizeof(now.action)));
	IS(now.n_fds, before.n_fds);
	judge_canaries(0);
}

START_TEST(a_caller_at_sixteen_layers_changes_nothing)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_wrapped_caller, NULL);
}
END_TEST

/*
 * /proc
 */

enum { NO_PROC, FAKE_PROC, FOREIGN_PROC, INNER_PROC, HIDDEN_PROC };

static void *restrict_with_proc(void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	int r = llk_ruleset_restrict_self(rs, BY_SIGNAL);

	if (*(const int *)arg == HIDDEN_PROC) {
		SAYS(rs, r, LLK_ENFORCED, "enforced");
		judge_canaries(EACCES);
		return NULL;
	}
	SAYS(rs, r, -EOPNOTSUPP, "/proc");
	judge_canaries(0);

	return NULL;
}

/* The proc of a namespace that this process is not in, which a child keeps */
static void mount_inner_proc(void)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	IS(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid == 0) {
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
			    mount("proc", "/proc", "proc", 0, NULL) ||
			    write(ends[1], "x", 1) != 1)
				_exit(1);
			pause();
		}
		close(ends[1]);
		_exit(waitpid(pid, &status, 0) != pid);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		live_cannot("no proc of another namespace: %s",
			    strerror(EPERM));
	close(ends[0]);
}

/* @proc: what is at /proc when the call is made */
static void change_proc(int proc)
{
	live_unshare_mounts();
	if (proc == FOREIGN_PROC)
		return; /* this process is in a pid namespace of its own */
	if (proc == INNER_PROC) {
		mount_inner_proc();
		return;
	}
	if (proc == HIDDEN_PROC) {
		if (mount("proc", "/proc", "proc", 0, "hidepid=2"))
			live_cannot("no mount of proc: %s", strerror(errno));
		return;
	}
	if (mount("none", "/proc", "tmpfs", 0, NULL))
		live_cannot("no mount of tmpfs: %s", strerror(errno));
	if (proc == NO_PROC)
		return;
	IS(mkdir("/proc/self", 0777), 0);
	IS(mkdir("/proc/self/task", 0777), 0);
	IS(mkdir("/proc/self/task/1", 0777), 0);
	IS(symlink("self/task/1", "/proc/thread-self"), 0);
}

static int restrict_in_namespace(const void *arg)
{
	start_canaries(2, wait_sleeping);
	restrict_with_proc((void *)(uintptr_t)arg);

	return 0;
}

static void restrict_with(const void *arg)
{
	int proc = *(const int *)arg;

	change_proc(proc);
	if (proc == FOREIGN_PROC) {
		if (unshare(CLONE_NEWPID))
			live_cannot("no pid namespace: %s", strerror(errno));
		IS(live_fork(restrict_in_namespace, arg), 0);
		return;
	}
	restrict_in_namespace(arg);
}

static const int procs[] = { NO_PROC, FAKE_PROC, FOREIGN_PROC, INNER_PROC,
			     HIDDEN_PROC };

START_TEST(without_its_own_proc_nothing_happens)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_with, &procs[_i]);
}
END_TEST

/* An earlier layer denies the list */
static void restrict_after_layer(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);

	IS(llk_ruleset_restrict_self(
		   llk_ruleset_new(LLK_V1, LLK_FS_READ_DIR, 0),
		   LLK_RESTRICT_THIS_THREAD),
	   LLK_ENFORCED);
	start_canaries(2, wait_sleeping);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL), -EOPNOTSUPP,
	     "/proc/self/task can't be read");
	judge_canaries(0);
}

START_TEST(a_layer_that_denies_the_list_is_told)
{
	NEEDS_NO_TSYNC;
	make_tree();
	RUN(restrict_after_layer, NULL);
}
END_TEST

/*
 * Children forked in mid-call begin anew: they can be restricted, with threads
 * of their own
 */

static int restrict_in_child(const void *arg)
{
	struct canary *c;
	int r;

	n_canaries = 0;
	n_ready = go = 0;
	how_to_wait = wait_sleeping;
	c = add_canary(sing, 0);
	wait_for(&n_ready, 1);
	r = llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL);
	go = 1;
	pthread_join(c->thread, NULL);

	return r || c->saw != EACCES || c->child_saw != EACCES;
}

static void *fork_on(void *arg)
{
	n_ready++;
	while (!is_over) {
		pid_t pid = fork();
		int status = -1;

		if (pid == 0) {
			alarm(30);
			_exit(restrict_in_child(NULL));
		}
		waitpid(pid, &status, 0);
		IS(status, 0);
		n_after++;
	}

	return arg;
}

static void fork_in_mid_call(const void *arg)
{
	struct llk_ruleset *rs[14];
	pthread_t thread;

	/* Before: where a sanitizer allocates, a child may find it locked */
	for (int i = 0; i < 14; i++)
		rs[i] = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
	open_waits();
	IS(pthread_create(&thread, NULL, fork_on, NULL), 0);
	wait_for(&n_ready, 1);
	for (int i = 0; i < 14; i++) {
		SAYS(rs[i], llk_ruleset_restrict_self(rs[i], BY_SIGNAL),
		     LLK_ENFORCED, "");
		usleep(500);
	}
	is_over = true;
	IS(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 14; i++)
		llk_ruleset_free(rs[i]);
	OK(n_after > 0);
}

START_TEST(a_child_forked_in_mid_call_begins_anew)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_HAS_TSAN, "this sanitizer allows no threads there");
	make_tree();
	for (int i = 0; i < live_tries(20); i++)
		RUN(fork_in_mid_call, NULL);
}
END_TEST

/* The signal can be forged by the same user: it brings nothing about */
static void forge(const void *arg)
{
	siginfo_t info;

	start_canaries(3, wait_sleeping);
	IS(setuid(getuid()), 0); /* musl leaves the signal ignored then */
	IS(llk_ruleset_restrict_self(
		   llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0), BY_SIGNAL),
	   LLK_ENFORCED);
	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	for (int i = 0; i < 100; i++)
		IS(syscall(SYS_rt_tgsigqueueinfo, getpid(), canaries[i % 3].tid,
			   LIBC_SIGNAL, &info),
		   0);
	IS(llk_ruleset_restrict_self(no_reading(0), BY_SIGNAL), LLK_ENFORCED);
	judge_canaries(EACCES);
}

START_TEST(a_forged_signal_changes_nothing)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(forge, NULL);
}
END_TEST

/* Scopes: threads keep to signal each other, where the kernel has the fix */
static void scoped(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V6, LLK_FS_READ_FILE | LLK_SCOPE_SIGNAL, 0);
	int errata =
		llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);
	bool is_fixed = live_abi() >= ABI_TSYNC || (errata > 0 && errata & 0x2);

	start_canaries(2, wait_sleeping);
	SAYS(rs, llk_ruleset_restrict_self(rs, BY_SIGNAL),
	     is_fixed ? LLK_ENFORCED : -EOPNOTSUPP,
	     is_fixed ? "enforced" : "signal scope");
	IS(setuid(getuid()), 0);
	IS(pthread_kill(canaries[0].thread, 0), 0);
	judge_canaries(is_fixed ? EACCES : 0);
}

START_TEST(under_the_signal_scope_threads_still_signal_each_other)
{
	NEEDS_ABI(6);
	make_tree();
	RUN(scoped, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live-by-signal");

	live_add(s, all_threads_are_restricted_in_whatever_they_do,
		 N_WAITS * N_NUMBERS);
	live_add(s, no_try_that_begins_after_the_call_succeeds, 1);
	live_add(s, detached_c11_and_cloned_threads_are_restricted, 1);
	live_add(s, the_default_action_is_put_back, 1);
	live_add(s, blocked_signals_and_small_stacks_are_no_hindrance,
		 N_SPECIALS);
	live_add(s, a_dead_leader_is_no_hindrance, 1);
	live_add(s, three_callers_at_once_restrict_all_threads_each, 1);
	live_add(s, threads_of_a_library_that_was_loaded_are_restricted, 1);
	live_add(s, a_library_that_was_loaded_restricts_all_threads, 1);
	live_add(s, two_copies_of_the_library_keep_off_each_other, 2);
	live_add(s, a_second_call_adds_a_layer_to_each_thread, 1);
	live_add(s, setuid_still_reaches_all_threads_afterwards, 1);
	live_add(s, no_thread_escapes_in_a_storm,
		 (int)(sizeof(storms) / sizeof(storms[0])));
	live_add(s, a_storm_that_is_not_restricted_opens_the_file,
		 (int)(sizeof(storms) / sizeof(storms[0])));
	live_add(s, a_thread_that_blocks_all_signals_is_named, 1);
	live_add(s, a_full_queue_of_signals_is_told, 1);
	live_add(s, without_a_free_descriptor_nothing_happens, 1);
	live_add(s, a_handler_that_jumps_is_kept_off, 1);
	live_add(s, a_required_right_makes_it_an_error, 1);
	live_add(s, a_thread_in_vfork_is_named, 1);
	live_add(s, a_thread_that_a_debugger_has_stopped_is_no_half_state, 1);
	live_add(s, a_thread_that_would_be_refused_is_named_and_all_stay_free,
		 N_OBSTACLES);
	live_add(s, another_ruleset_at_our_number_is_noticed, 1);
	live_add(s, another_ruleset_that_comes_to_our_number_is_noticed, 1);
	live_add(s, a_copy_of_our_table_with_another_ruleset_is_noticed, 1);
	live_add(s, who_meddles_with_descriptors_is_too_late, 2);
	live_add(s, a_thread_that_a_filter_ends_for_the_layer_is_named, 2);
	live_add(s, a_thread_without_privilege_is_named_and_all_stay_free, 1);
	live_add(s, one_thread_at_sixteen_layers_is_the_half_state, 1);
	live_add(s, a_caller_at_sixteen_layers_changes_nothing, 1);
	live_add(s, without_its_own_proc_nothing_happens, 5);
	live_add(s, a_layer_that_denies_the_list_is_told, 1);
	live_add(s, a_child_forked_in_mid_call_begins_anew, 1);
	live_add(s, a_forged_signal_changes_nothing, 1);
	live_add(s, under_the_signal_scope_threads_still_signal_each_other, 1);

	return live_main(s);
}
