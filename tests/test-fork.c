/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Between fork and exec of a threaded process: the allocator is armed to
 * abort, and another thread, which the child does not have, holds the locks of
 * stdio and of the dynamic loader and is in the middle of malloc. The child is
 * made without libc's fork, which would put those locks in order.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* --- the allocator ----------------------------------------------------------
 */

static volatile sig_atomic_t is_armed;

static void check_armed(void)
{
	if (is_armed)
		abort();
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN
#endif

#if defined(HAS_ASAN)
/* The sanitizer's own allocator is watched by its hooks */
int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t),
	void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
	check_armed();
}

static void on_free(const volatile void *p)
{
	(void)p;
	check_armed();
}

static bool watch_allocator(void)
{
	return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#elif defined(__GLIBC__)
/* In the place of libc's, for libc's own calls too */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

void *malloc(size_t size)
{
	check_armed();

	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	check_armed();

	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	check_armed();

	return __libc_realloc(p, size);
}

void free(void *p)
{
	check_armed();
	__libc_free(p);
}

static bool watch_allocator(void)
{
	return true;
}
#else
static bool watch_allocator(void)
{
	check_armed();

	return false;
}
#endif

/* --- threads that hold locks -------------------------------------------------
 */

static atomic_int n_ready;
static atomic_bool may_end;

static int wait_inside(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)info;
	(void)size;
	(void)data;
	n_ready++;
	while (!may_end)
		usleep(1000);

	return 1;
}

static void *hold_locks(void *arg)
{
	flockfile(stdin);
	flockfile(stdout);
	flockfile(stderr);
	dl_iterate_phdr(wait_inside, arg);
	funlockfile(stderr);
	funlockfile(stdout);
	funlockfile(stdin);

	return NULL;
}

static void *allocate(void *arg)
{
	n_ready++;
	while (!may_end) {
		void *volatile p = malloc(100000);

		free(p);
	}

	return arg;
}

static pthread_t holder, allocator;

static void start_threads(void)
{
	n_ready = 0;
	may_end = false;
	pthread_create(&holder, NULL, hold_locks, NULL);
	pthread_create(&allocator, NULL, allocate, NULL);
	while (n_ready < 2)
		usleep(1000);
}

static void end_threads(void)
{
	may_end = true;
	pthread_join(holder, NULL);
	pthread_join(allocator, NULL);
}

/* Without the handlers that fork runs, and without its care for locks */
static pid_t raw_fork(void)
{
#ifdef __s390__
	return (pid_t)syscall(SYS_clone, 0L, SIGCHLD, 0L, 0L, 0L);
#else
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);
#endif
}

/* Kill this process if it hangs */
static void set_alarm(void)
{
	struct itimerval two_seconds = { .it_value = { .tv_sec = 2 } };

	signal(SIGALRM, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	setitimer(ITIMER_REAL, &two_seconds, NULL);
}

/* The wait status of a child that does @work, armed and with all locks held */
static int in_child(int (*work)(struct llk_ruleset *rs), struct llk_ruleset *rs)
{
	int status = -1;
	pid_t pid;

	start_threads();
	pid = raw_fork();
	if (pid == 0) {
		set_alarm();
		is_armed = 1;
		_exit(work(rs));
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	end_threads();

	return status;
}

/* --- the traps work
 * ------------------------------------------------------------ */

static int does_malloc(struct llk_ruleset *rs)
{
	void *volatile p = malloc(10);

	(void)rs;

	return p == NULL;
}

static int does_free(struct llk_ruleset *rs)
{
	free(rs);

	return 0;
}

static int does_stdio(struct llk_ruleset *rs)
{
	(void)rs;

	return putc('\n', stderr) == 0;
}

START_TEST(an_allocation_in_the_child_would_abort)
{
	int status = in_child(does_malloc, NULL);
	void *p = malloc(10);

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	status = in_child(does_free, p);
	free(p);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

START_TEST(stdio_in_the_child_would_hang)
{
	int status = in_child(does_stdio, NULL);

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}
END_TEST

/* --- what is legal there
 * --------------------------------------------------------- */

/* What the child is to see; it can't assert, and answers a number instead */
static struct {
	int result;
	unsigned int flags;
	const char *text;
	bool is_loaded;
} wanted;

static bool says(const struct llk_ruleset *rs, const char *text)
{
	char buf[512];

	llk_ruleset_explain(rs, buf, sizeof(buf));

	return !strcmp(buf, text);
}

static int enforce(struct llk_ruleset *rs)
{
	bool is_done = wanted.result == LLK_ENFORCED ||
		       wanted.result == LLK_PARTLY_ENFORCED;

	if ((llk_ruleset_fd(rs) >= 0) != wanted.is_loaded)
		return 1;
	if ((llk_ruleset_handled(rs) != 0) != wanted.is_loaded)
		return 2;
	if (llk_ruleset_explain(rs, NULL, 0) <= 0)
		return 3;
	if (llk_ruleset_restrict_self(rs, wanted.flags) != wanted.result)
		return 4;
	if (!says(rs, wanted.text))
		return 5;
	if (is_done && llk_ruleset_fd(rs) != -EBADF)
		return 6;
	if (is_done && !llk_ruleset_handled(rs))
		return 7;
	if (fake.n_enforced != is_done || (is_done && fake_n_open()))
		return 8;

	return 0;
}

static void legal(struct llk_ruleset *rs)
{
	int status;

	if (wanted.is_loaded)
		ck_assert_int_ge(llk_ruleset_load(rs), 0);
	status = in_child(enforce, rs);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "ABI %d, loaded %d: wait status %#x", fake.abi,
		      wanted.is_loaded, (unsigned int)status);
	llk_ruleset_free(rs);
}

static struct llk_ruleset *build(int version, unsigned int flags)
{
	struct llk_ruleset *rs = llk_ruleset_new(version, LLK_FS, flags);

	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ, "/file");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/gone\n");
	llk_ruleset_allow_group(rs, LLK_READ, LLK_GROUP_RESOLVER);

	return rs;
}

#define SKIPPED " Skipped, not there: \"/gone\\x0a\"."

START_TEST(enforcing_is_legal_between_fork_and_exec)
{
	wanted.is_loaded = _i & 1;
	for (int abi = 1; abi <= FAKE_NEWEST_ABI; abi++) {
		fake_reset(abi);
		wanted.result = LLK_ENFORCED;
		wanted.text = "enforced: all that was asked." SKIPPED;
		legal(build(LLK_V1, 0));
	}
	fake_reset(2);
	wanted.result = LLK_PARTLY_ENFORCED;
	wanted.text =
		"partly enforced: Linux 6.2 is needed for truncate." SKIPPED;
	legal(build(LLK_V3, LLK_BEST_EFFORT));
}
END_TEST

START_TEST(counting_threads_is_legal_between_fork_and_exec)
{
	wanted.is_loaded = _i & 1;
	wanted.result = LLK_ENFORCED;
	wanted.text = "enforced: all that was asked." SKIPPED;
	fake_reset(7);
	fake.libc_knows = 0;
	fake_add_task("zombie", 'Z', 0);
	legal(build(LLK_V1, 0));

	wanted.result = LLK_NOT_ENFORCED;
	wanted.text =
		"not enforced: 1 other thread (\"gmain\") would stay free: "
		"call before the first is started, or restrict all by "
		"LLK_RESTRICT_BY_SIGNAL, or restrict this one alone by "
		"LLK_RESTRICT_THIS_THREAD; Linux 7.0 covers all.";
	fake_reset(7);
	fake_add_task("gmain", 'S', 0);
	legal(build(LLK_V1, LLK_BEST_EFFORT));

	wanted.result = LLK_NOT_ENFORCED;
	wanted.text =
		"not enforced: other threads are counted and can't be listed "
		"(permission denied): call before the first is started, or "
		"restrict this one alone by "
		"LLK_RESTRICT_THIS_THREAD; Linux 7.0 covers all.";
	fake_reset(7);
	fake.count = 2;
	fake.proc = FAKE_PROC_DENIES_LISTING;
	legal(build(LLK_V1, LLK_BEST_EFFORT));
}
END_TEST

START_TEST(failing_is_legal_between_fork_and_exec)
{
	wanted.is_loaded = false;
	fake_reset(11);
	fake_fail(FAKE_OPEN, 1, EACCES);
	wanted.result = -EACCES;
	wanted.text = "failed: \"/dir\": permission denied.";
	legal(build(LLK_V1, 0));

	fake_reset(0);
	fake.no_landlock = EOPNOTSUPP;
	wanted.result = -EOPNOTSUPP;
	wanted.text =
		"failed: Landlock is built in but off: add landlock to the "
		"list in the lsm= boot parameter, and keep the others.";
	legal(build(LLK_V1, 0));

	wanted.is_loaded = true;
	fake_reset(11);
	fake.n_layers = 16;
	wanted.result = -E2BIG;
	wanted.text =
		"failed: 16 layers are in place, and there can't be more.";
	legal(build(LLK_V1, 0));

	fake_reset(11);
	wanted.flags = 0x8;
	wanted.result = -EINVAL;
	wanted.text = "bug in the program: llk_ruleset_restrict_self was given "
		      "an unknown flag.";
	legal(build(LLK_V1, 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fork");
	TCase *tc = tcase_create("fork");
	SRunner *sr;
	int n_failed;

	if (!watch_allocator()) {
		puts("skipped: this libc's allocator can't be watched");
		return 77;
	}

	sr = srunner_create(s);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_allocation_in_the_child_would_abort);
	tcase_add_test(tc, stdio_in_the_child_would_hang);
	tcase_add_loop_test(tc, enforcing_is_legal_between_fork_and_exec, 0, 2);
	tcase_add_loop_test(tc, counting_threads_is_legal_between_fork_and_exec,
			    0, 2);
	tcase_add_test(tc, failing_is_legal_between_fork_and_exec);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
