/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * ld.so, asked about a program that isn't trusted. It maps the program, and a
 * crafted one can bring it to run code (audit modules). So it can read files,
 * write its answer, and no more: Landlock for files, a filter of system calls
 * for the rest, no descriptor of the caller's, and a deadline.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define LIMIT 10	     /* seconds */
#define MAX_ANSWER (1 << 20) /* bytes */

/* Files are restricted or it fails; no program but the loader starts */
static bool restrict_files(const char *loader)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(NEWEST, LLK_ALL, LLK_BEST_EFFORT);
	int r;

	llk_ruleset_require(rs, llk_abi_rights(LLK_V1));
	llk_ruleset_allow_path(rs, LLK_READ, "/");
	llk_ruleset_allow_path(rs, LLK_RO_FILES, loader);

	r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD);

	return r == LLK_ENFORCED || r == LLK_PARTLY_ENFORCED;
}

/* The descriptors may be among the first three, which the caller closed */
static bool set_descriptors(int out)
{
	int null = open("/dev/null", O_RDWR);

	out = fcntl(out, F_DUPFD, 3);
	null = fcntl(null, F_DUPFD, 3);

	return out >= 0 && null >= 0 && dup2(null, 0) == 0 &&
	       dup2(out, 1) == 1 && dup2(null, 2) == 2 &&
	       syscall(SYS_close_range, 3, ~0U, 0) == 0;
}

__attribute__((noreturn)) static void become_loader(const struct question *q,
						    pid_t parent, int out)
{
	const char *argv[] = { q->loader, "--list", q->program, NULL };
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || !set_descriptors(out) ||
	    !restrict_files(q->loader) || !filter_calls())
		_exit(EXIT_FAILED);

	execve(q->loader, (char **)(void *)argv, (char **)(void *)q->env);
	_exit(EXIT_NOT_FOUND);
}

static int left_of(const struct timespec *end)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000LL +
	     (end->tv_nsec - now.tv_nsec) / 1000000;

	return ms > 0 ? (int)ms : 0;
}

/* False when it is too late, or too much */
static bool read_answer(int fd, char *text, const struct timespec *end)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (left_of(end) && len < MAX_ANSWER) {
		ssize_t n;

		if (poll(&in, 1, left_of(end)) <= 0)
			continue;
		n = read(fd, text + len, MAX_ANSWER - len);
		if (n <= 0) {
			text[len] = '\0';
			return n == 0;
		}
		len += (size_t)n;
	}

	return false;
}

/* It may have closed its output and go on */
static bool wait_loader(pid_t pid, int *ret_status, const struct timespec *end)
{
	while (left_of(end)) {
		if (waitpid(pid, ret_status, WNOHANG) == pid)
			return true;
		poll(NULL, 0, 1);
	}

	return false;
}

static int finish_loader(const struct question *q, pid_t pid, int fd,
			 char *text)
{
	struct timespec end;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += LIMIT;
	if (!read_answer(fd, text, &end) || !wait_loader(pid, &status, &end)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		die(EXIT_FAILED, "ldd", q->program,
		    "%s did not end in %d seconds, or says too much", q->loader,
		    LIMIT);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILED)
		die(EXIT_FAILED, "ldd", q->program,
		    "%s can't be sandboxed, and isn't started without",
		    q->loader);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ask(const struct question *q, char *text)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		die(EXIT_FAILED, "ldd", NULL, "no pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die(EXIT_FAILED, "ldd", NULL, "can't fork: %s",
		    strerror(errno));
	if (pid == 0)
		become_loader(q, parent, ends[1]);

	close(ends[1]);

	int status = finish_loader(q, pid, ends[0], text);

	close(ends[0]);

	return status;
}

/* Who ignores SIGCHLD never gets a status */
int loader_ask(const struct question *q, char **ret_text)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int status;

	if (!filter_is_known())
		die(EXIT_FAILED, "ldd", NULL,
		    "no filter of system calls for this architecture");
	if (llk_abi() < 1)
		die(EXIT_FAILED, "ldd", NULL,
		    "ld.so can't be sandboxed without Landlock, and isn't "
		    "started so");
	*ret_text = malloc(MAX_ANSWER + 1);
	if (!*ret_text)
		die(EXIT_FAILED, "ldd", NULL, "out of memory");

	sigaction(SIGCHLD, &plain, &before);
	status = ask(q, *ret_text);
	sigaction(SIGCHLD, &before, NULL);

	return status;
}
