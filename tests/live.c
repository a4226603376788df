/* SPDX-License-Identifier: 0BSD OR MIT */
/* Run scenarios in children, collect what they report, count what is skipped */
#include "live.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child writes to the pipe, before its text */
#define SAID_FAIL 'F'
#define SAID_CANNOT 'S'
#define SAID_DONE '.'

static char base[PATH_MAX];
static int report = -1;
static char about[256];

/* Tests run in children of libcheck, so the count is in shared memory */
static atomic_int *n_skipped;

static atomic_int *shared_counter(void)
{
	void *p = mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void make_base(void)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(base, sizeof(base), "%s/llk-live-XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");

	if (n >= (int)sizeof(base) || !mkdtemp(base) || chmod(base, 0755)) {
		perror("no directory for the tests");
		exit(1);
	}
}

static void remove_all(int dir, const char *name);

static void remove_content(int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			remove_all(dirfd(d), e->d_name);
	closedir(d);
}

/* By descriptors: trees of tests may be deeper than PATH_MAX */
static void remove_all(int dir, const char *name)
{
	int fd;

	if (!unlinkat(dir, name, 0))
		return;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && !fchmodat(dir, name, 0700, 0))
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		remove_content(fd);
	if (unlinkat(dir, name, AT_REMOVEDIR))
		fprintf(stderr, "left behind: %s: %s\n", name, strerror(errno));
}

static int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int n_run, n_failed;

	srunner_run_all(runner, CK_NORMAL);
	n_run = srunner_ntests_run(runner);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	printf("%d passed, %d failed, %d skipped\n",
	       n_run - n_failed - *n_skipped, n_failed, *n_skipped);
	if (n_failed || !n_run)
		return 1;
	return *n_skipped == n_run ? LIVE_SKIPPED : 0;
}

int live_main(Suite *suite)
{
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	n_skipped = shared_counter();
	make_base();
	status = run_suite(suite);
	remove_all(AT_FDCWD, base);
	return status;
}

void live_add(Suite *suite, const TTest *test, int n)
{
	TCase *tc = tcase_create(test->name);

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test, 0, n);
	suite_add_tcase(suite, tc);
}

int live_abi(void)
{
	int abi = llk_abi();

	return abi < 0 ? 0 : abi;
}

int live_version(void)
{
	return live_abi() < LLK_V11 ? live_abi() : LLK_V11;
}

bool live_is_brief(void)
{
	return getenv("LLK_LIVE_BRIEF");
}

int live_tries(int n)
{
	return live_is_brief() ? (n + 29) / 30 : n;
}

uint64_t live_rights(uint64_t zones)
{
	return llk_abi_rights(live_abi()) & zones;
}

void live_tree(void)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(chdir(path), 0);
	umask(0);
}

void live_file(const char *name, const char *content)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t n = strlen(content);

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	ck_assert_int_eq(write(fd, content, n), (ssize_t)n);
	close(fd);
}

void live_dir(const char *name)
{
	ck_assert_msg(!mkdir(name, 0777), "%s: %s", name, strerror(errno));
}

void live_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0777);
	char buf[65536];
	ssize_t n;

	ck_assert_msg(in >= 0 && out >= 0, "%s to %s: %s", from, to,
		      strerror(errno));
	while ((n = read(in, buf, sizeof(buf))) > 0)
		ck_assert_int_eq(write(out, buf, (size_t)n), n);
	ck_assert_int_eq(n, 0);
	close(in);
	close(out);
}

const char *live_self(void)
{
	static char self[PATH_MAX];
	ssize_t n;

	if (!*self) {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n <= 0)
			abort();
	}
	return self;
}

/* libcheck calls the function of test x x_fn */
static void print_skip(const char *test, int row, const char *why)
{
	int n = (int)strlen(test);

	if (n > 3 && !strcmp(test + n - 3, "_fn"))
		n -= 3;
	printf("SKIP %.*s[%d]: %s\n", n, test, row, why);
	fflush(stdout);
	++*n_skipped;
}

void live_skip(const char *test, int row, const char *format, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	print_skip(test, row, why);
}

/* One write: what children of the child say isn't mixed */
static void say(char kind, const char *text)
{
	char buf[2048];
	int n = snprintf(buf, sizeof(buf), "%c%s%s%s", kind, about,
			 *about ? ": " : "", text);

	if (n >= (int)sizeof(buf))
		n = sizeof(buf) - 1;
	if (write(report, buf, (size_t)n) != n)
		_exit(3);
}

void live_fail(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	say(SAID_FAIL, text);
	_exit(2);
}

void live_cannot(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	say(SAID_CANNOT, text);
	_exit(0);
}

void live_about(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(about, sizeof(about), format, ap);
	va_end(ap);
}

void live_is(const char *file, int line, const char *what, long got,
	     long wanted)
{
	if (got != wanted)
		live_fail("%s:%d: %s is %ld, wanted %ld", file, line, what, got,
			  wanted);
}

void live_end(void)
{
	const char done = SAID_DONE;

	_exit(write(report, &done, 1) == 1 ? 0 : 3);
}

/* All that is said until the last holder of the pipe has ended */
static void read_report(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(fd);
}

static void judge(const char *test, int row, const char *said, int status)
{
	if (*said == SAID_FAIL)
		ck_abort_msg("%s", said + 1);
	if (WIFSIGNALED(status))
		ck_abort_msg("%s: killed by signal %d", about,
			     WTERMSIG(status));
	if (WEXITSTATUS(status))
		ck_abort_msg("%s: exit status %d", about, WEXITSTATUS(status));
	if (*said == SAID_CANNOT) {
		print_skip(test, row, said + 1);
		return;
	}
	ck_assert_msg(*said == SAID_DONE && !said[1], "%s: ended early: %s",
		      about, said);
}

void live_run(const char *test, int row, live_scenario *scenario,
	      const void *arg)
{
	char said[4096];
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		close(ends[0]);
		report = ends[1];
		signal(SIGALRM, SIG_DFL); /* libcheck's kills the group */
		scenario(arg);
		live_end();
	}
	close(ends[1]);
	read_report(ends[0], said, sizeof(said));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	judge(test, row, said, status);
}

int live_wait(pid_t pid)
{
	int status;

	IS(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		live_fail("a child was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int live_fork(int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();

	OK(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	return live_wait(pid);
}

int live_exec(const char *word, const char *more)
{
	pid_t pid = fork();

	OK(pid >= 0);
	if (!pid) {
		execl(live_self(), live_self(), word, more, (char *)NULL);
		_exit(126);
	}
	return live_wait(pid);
}

void live_restrict(struct llk_ruleset *rs)
{
	int r = llk_ruleset_restrict_self(rs, 0);
	char why[512];

	llk_ruleset_explain(rs, why, sizeof(why));
	if (r != LLK_ENFORCED)
		live_fail("restrict_self is %d: %s", r, why);
	llk_ruleset_free(rs);
}

void live_says(const char *file, int line, const struct llk_ruleset *rs,
	       int got, int wanted, const char *words)
{
	char why[2048];

	llk_ruleset_explain(rs, why, sizeof(why));
	if (got != wanted)
		live_fail("%s:%d: result is %d, wanted %d: %s", file, line, got,
			  wanted, why);
	if (!strstr(why, words))
		live_fail("%s:%d: explain does not say \"%s\": %s", file, line,
			  words, why);
}

int live_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int live_count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (!d)
		live_fail("/proc/self/fd: %s", strerror(errno));
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void live_drop(void)
{
	if (geteuid())
		return;
	IS(setgroups(0, NULL), 0);
	IS(setresgid(LIVE_NOBODY, LIVE_NOBODY, LIVE_NOBODY), 0);
	IS(setresuid(LIVE_NOBODY, LIVE_NOBODY, LIVE_NOBODY), 0);
}

static void write_map(const char *path, const char *format, unsigned int id)
{
	char text[64];
	int n = snprintf(text, sizeof(text), format, id);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		live_cannot("no user namespace: %s: %s", path, strerror(errno));
	close(fd);
}

void live_unshare_mounts(void)
{
	unsigned int uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWNS)) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			live_cannot("no mount namespace: %s", strerror(errno));
		write_map("/proc/self/setgroups", "deny", 0);
		write_map("/proc/self/uid_map", "0 %u 1", uid);
		write_map("/proc/self/gid_map", "0 %u 1", gid);
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		live_cannot("mounts can't be private: %s", strerror(errno));
}
