/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --tmp: a private directory made for this run. The command runs in a child;
 * its parent waits, forwards signals, removes the directory and ends as the
 * command did.
 */
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is being filled all the time can't be emptied; then it is told */
#define MAX_ROUNDS 10000

#define TMP_RIGHTS ((LLK_RW_DIRS & ~LLK_FS_EXECUTE) | LLK_FS_REFER)

static char variable[PATH_MAX] = "TMPDIR=";
static char *const directory = variable + sizeof("TMPDIR=") - 1;
static int directory_fd = -1;

/*
 * Removing. The command may be malicious and some of its processes may still
 * run, so no path is followed: what is removed is named in a directory that is
 * open, and no link is entered. Whatever stands in a subdirectory is moved to
 * the top before, so depth needs neither descriptors nor a stack.
 */

static unsigned long n_steps; /* things that are removed or moved */

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* A directory that its owner has closed to itself can be emptied all the same.
   A link is never followed, and its mode never changed. */
static int open_directory(int top, const char *name)
{
	fchmodat(top, name, 0700, AT_SYMLINK_NOFOLLOW);

	return openat(top, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* For each name in the directory @fd, which is closed */
static void for_each_name(int fd, int top,
			  void (*act)(int dir, const char *name, int top))
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (!is_dot(entry->d_name))
			act(fd, entry->d_name, top);
	closedir(dir);
}

static void lift(int dir, const char *name, int top)
{
	static unsigned int n;
	char new_name[32];

	if (unlinkat(dir, name, 0) == 0) {
		n_steps++;
		return;
	}

	/* A directory that can't be written to can't be moved */
	fchmodat(dir, name, 0700, AT_SYMLINK_NOFOLLOW);
	snprintf(new_name, sizeof(new_name), ".landlock-run.%u", n++);
	if (renameat(dir, name, top, new_name) == 0)
		n_steps++;
}

static void remove_name(int dir, const char *name, int top)
{
	if (unlinkat(dir, name, 0) == 0) {
		n_steps++;
		return;
	}

	for_each_name(open_directory(dir, name), dir, lift);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		n_steps++;
}

/* The directory that was made, whatever stands at its path now */
static void empty_directory(void)
{
	unsigned long before = n_steps + 1;

	for (int i = 0; i < MAX_ROUNDS && n_steps != before; i++) {
		before = n_steps;
		fchmod(directory_fd, 0700);
		for_each_name(openat(directory_fd, ".",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			      directory_fd, remove_name);
	}
}

static void remove_directory(void)
{
	empty_directory();
	if (rmdir(directory) == 0 || errno == ENOENT)
		return;

	say("can't remove ");
	say_quoted(stderr, directory);
	fprintf(stderr, ": %s\n", strerror(errno));
}

/*
 * The parent
 */

/* As the command died; without a second core file */
__attribute__((noreturn)) static void die_of(int sig)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + sig);
}

__attribute__((noreturn)) static void end_as(int status)
{
	remove_directory();
	if (WIFSIGNALED(status))
		die_of(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

/* Job control. Who sends SIGSTOP to the child continues it, too, and not this
   process, which would stay. */
static bool is_of_terminal(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* The child has ended, or the terminal has stopped it, as this process then
   does, so that the shell sees the job as it is */
static void look_at_child(pid_t child)
{
	int status;

	if (waitpid(child, &status, WNOHANG | WUNTRACED) <= 0)
		return;
	if (!WIFSTOPPED(status))
		end_as(status);

	if (!is_of_terminal(WSTOPSIG(status)))
		return;

	kill(getpid(), SIGSTOP);
	kill(child, SIGCONT);
}

/* What the terminal sends the child got by itself; what a timer of this process
   sends it did not: alarm outlives exec, but no fork */
static bool is_for_child(const siginfo_t *info)
{
	int sig = info->si_signo;

	return info->si_code != SI_KERNEL || sig == SIGALRM ||
	       sig == SIGVTALRM || sig == SIGPROF;
}

/* Signals are taken one by one, and passed on */
__attribute__((noreturn)) static void wait_for(pid_t child, const sigset_t *all)
{
	siginfo_t info;

	for (;;) {
		look_at_child(child);
		if (sigwaitinfo(all, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		if (is_for_child(&info))
			kill(child, info.si_signo);
	}
}

/*
 * Both
 */

static bool is_empty;

static void find_name(int dir, const char *name, int top)
{
	is_empty = false;
}

/* Whoever can move it may have put another one in its place, that lets others
   in or holds what the command must not have */
static bool is_private(int fd)
{
	struct stat st;

	is_empty = true;
	for_each_name(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd,
		      find_name);

	if (fstat(fd, &st) < 0)
		return false;
	errno = EPERM;

	return S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 0777) == 0700 && is_empty;
}

static void open_made(void)
{
	int error;

	directory_fd = open(directory,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory_fd >= 0 && is_private(directory_fd))
		return;

	error = errno;
	rmdir(directory);
	die(EXIT_FAILED, "tmp", directory, "can't be used: %s",
	    strerror(error));
}

static const char *find_base(void)
{
	const char *base = getenv("TMPDIR");

	return base && *base == '/' ? base : "/tmp";
}

void tmp_check(void)
{
	const char *base = find_base();
	struct stat st;

	if (stat(base, &st) == 0 && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (access(base, W_OK | X_OK) == 0)
		return;

	die(EXIT_FAILED, "tmp", base, "no directory can be made: %s",
	    strerror(errno));
}

static void make_directory(void)
{
	const char *base = find_base();
	int n;

	n = snprintf(directory, sizeof(variable) - sizeof("TMPDIR="),
		     "%s/landlock-run.XXXXXX", base);
	if (n < 0 || (size_t)n >= sizeof(variable) - sizeof("TMPDIR=")) {
		errno = ENAMETOOLONG;
		directory[0] = '\0';
	}
	if (!directory[0] || !mkdtemp(directory))
		die(EXIT_FAILED, "tmp", base, "no directory can be made: %s",
		    strerror(errno));

	open_made();
}

static void add_directory(struct request *req)
{
	/* What was made, and not what stands at its path now */
	struct grant grant = { .kind = GRANT_FD,
			       .option = "tmp",
			       .rights = TMP_RIGHTS,
			       .number = (uint64_t)directory_fd,
			       .may_lack = true };

	add_grant(&req->grants, &grant);
	if (req->env)
		env_keep(req, variable);
	else if (putenv(variable))
		die(EXIT_FAILED, "tmp", NULL, "out of memory");
}

/* Ends with its parent, as it would if there were one process only */
static void become_child(pid_t parent, const sigset_t *mask,
			 const struct sigaction *sigchld)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);

	sigaction(SIGCHLD, sigchld, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

void tmp_begin(struct request *req)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	struct sigaction sigchld;
	pid_t parent = getpid(), child;
	sigset_t all, before;

	/* Before the directory is there: no signal leaves it behind */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	sigaction(SIGCHLD, &plain, &sigchld);
	make_directory();
	child = fork();
	if (child < 0) {
		remove_directory();
		die(EXIT_FAILED, "tmp", NULL, "can't fork: %s",
		    strerror(errno));
	}
	if (child > 0)
		wait_for(child, &all);

	become_child(parent, &before, &sigchld);
	add_directory(req);
}
