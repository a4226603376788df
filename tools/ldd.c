/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --ldd: the shared libraries of the command, as the system's own ld.so tells
 * them. The program is not trusted: its own interpreter is never started, and
 * ld.so, which maps it, runs in a sandbox where it can read and no more. What
 * it answers is granted only if it is a library.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 10 /* seconds */

/* Each takes the programs of its architecture, and refuses others */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/lib/ld-linux.so.2",
	"/lib/ld-linux-armhf.so.3",
	"/lib/ld-linux-riscv64-lp64d.so.1",
	"/lib64/ld-linux-loongarch-lp64d.so.1",
	"/lib64/ld64.so.2", /* ppc64le */
	"/lib/ld64.so.1",   /* s390x */
	"/lib64/ld.so.1",   /* mips64el */
	"/libx32/ld-linux-x32.so.2",
	"/lib/ld-musl-x86_64.so.1",
	"/lib/ld-musl-aarch64.so.1",
	"/lib/ld-musl-armhf.so.1",
	"/lib/ld-musl-i386.so.1",
	"/lib/ld-musl-riscv64.so.1",
	"/lib/ld-musl-s390x.so.1",
	NULL,
};

/* ld.so, asked about a program */
struct question {
	const char *loader;
	const char *program;
	char *env[3];
	int null;
};

static bool is_elf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, magic, sizeof(magic));

	if (fd >= 0)
		close(fd);

	return n == 4 && !memcmp(magic, "\177ELF", 4);
}

static void restrict_loader(void)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(NEWEST, LLK_ALL, LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/");
	if (llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD) < 0)
		_exit(EXIT_FAILED);
}

/* @mode is --verify or --list */
static pid_t ask_loader(const struct question *q, const char *mode, int out)
{
	const char *argv[] = { q->loader, mode, q->program, NULL };
	pid_t pid = fork();

	if (pid < 0)
		die(EXIT_FAILED, "ldd", NULL, "can't fork: %s",
		    strerror(errno));
	if (pid > 0)
		return pid;

	alarm(LIMIT);
	if (dup2(out, 1) < 0 || dup2(q->null, 2) < 0)
		_exit(EXIT_FAILED);
	restrict_loader();
	execve(q->loader, (char **)(void *)argv, (char **)(void *)q->env);
	_exit(EXIT_NOT_FOUND);
}

static int status_of_loader(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Static programs, and those of other loaders, are 1; 2 is one that does not
   name this loader and is taken all the same */
static bool takes_program(const struct question *q)
{
	int status;

	if (access(q->loader, X_OK) < 0)
		return false;
	if (strstr(q->loader, "musl")) /* it has no --verify */
		return true;
	status = status_of_loader(ask_loader(q, "--verify", q->null));

	return status == 0 || status == 2;
}

/* "libc.so.6 => /lib/libc.so.6 (0x7f...)", or a path alone before the number */
static void add_library(struct request *req, char *line)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "ldd",
			       .rights = LLK_RO_FILES };
	char *arrow = strstr(line, " => ");
	char *path = arrow ? arrow + 4 : line + strspn(line, " \t");
	char *end = strrchr(path, '(');

	if (*path != '/' || !end || end[-1] != ' ')
		return;

	end[-1] = '\0';
	grant.path = is_elf(path) ? strdup(path) : NULL;
	if (grant.path)
		add_grant(&req->grants, &grant);
}

static bool read_list(struct request *req, int fd)
{
	FILE *list = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0, before = req->grants.n;

	if (!list)
		die(EXIT_FAILED, "ldd", NULL, "out of memory");

	while (getline(&line, &size, list) > 0)
		add_library(req, line);
	free(line);
	fclose(list);

	return req->grants.n > before;
}

static bool list_libraries(struct request *req, const struct question *q)
{
	int ends[2];
	pid_t pid;
	bool has_any;

	if (pipe2(ends, O_CLOEXEC) < 0)
		die(EXIT_FAILED, "ldd", NULL, "no pipe: %s", strerror(errno));

	pid = ask_loader(q, "--list", ends[1]);
	close(ends[1]);
	has_any = read_list(req, ends[0]);

	return status_of_loader(pid) == 0 && has_any;
}

/* Where libraries are looked up, if not in the system's folders */
static void add_index(struct request *req)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "ldd",
			       .rights = LLK_READ | LLK_IF_PRESENT,
			       .path = "/etc/ld.so.cache" };

	if (access(grant.path, F_OK) == 0)
		add_grant(&req->grants, &grant);
}

static void ask_loaders(struct request *req, struct question *q)
{
	for (size_t i = 0; loaders[i]; i++) {
		q->loader = loaders[i];
		if (!takes_program(q) || !list_libraries(req, q))
			continue;
		add_index(req);
		return;
	}
	if (req->wants & WANT_VERBOSE)
		say("--ldd: no shared libraries\n");
}

/* The libraries depend on what the command will be told about them */
void ldd_add(struct request *req)
{
	struct question q = { .program = req->path };
	int n = 0;

	if (!is_elf(req->path))
		die(EXIT_FAILED, "ldd", req->path,
		    "no ELF program: its interpreter needs --rox, or "
		    "--system");

	q.env[n] = env_find(req, "LD_LIBRARY_PATH");
	n += q.env[n] != NULL;
	q.env[n] = env_find(req, "LD_PRELOAD");
	q.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (q.null < 0)
		die(EXIT_FAILED, "ldd", "/dev/null", "can't be opened: %s",
		    strerror(errno));

	ask_loaders(req, &q);
	close(q.null);
}
