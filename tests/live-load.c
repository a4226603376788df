/* SPDX-License-Identifier: 0BSD OR MIT */
/* Load once, enforce in many children; and nobody widens what was loaded */
#include "live.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd /* Linux 5.6, headers of Debian 11 */
#define SYS_pidfd_getfd 438
#endif

static void make_tree(void)
{
	live_tree();
	live_dir("a");
	live_dir("b");
	live_file("a/file", "a");
	live_file("b/file", "b");
}

/* "a" may be read; /proc too, so that attacks through it are not denied so */
static struct llk_ruleset *reading_a(void)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	llk_ruleset_allow_path(rs, LLK_READ, "a");
	llk_ruleset_allow_path(rs, LLK_READ, "/proc");
	return rs;
}

static struct llk_ruleset *loaded(void)
{
	struct llk_ruleset *rs = reading_a();

	SAYS(rs, llk_ruleset_load(rs), LLK_ENFORCED, "loaded, ");
	return rs;
}

static int enforce_and_look(const void *arg)
{
	struct llk_ruleset *rs = (struct llk_ruleset *)(uintptr_t)arg;
	int fd = llk_ruleset_fd(rs);

	OK(fcntl(fd, F_GETFD) >= 0);
	IS(llk_ruleset_restrict_self(rs, 0), 0);
	IS(fcntl(fd, F_GETFD), -1);
	IS(llk_ruleset_fd(rs), -EBADF);
	IS(live_open("a/file", O_RDONLY), 0);
	return live_open("b/file", O_RDONLY);
}

static void many_children(const void *arg)
{
	struct llk_ruleset *rs = loaded();
	int fd = llk_ruleset_fd(rs);

	OK(fd >= 0);
	for (int i = 0; i < live_tries(1000); i++)
		IS(live_fork(enforce_and_look, rs), EACCES);
	IS(live_open("b/file", O_RDONLY), 0);
	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	IS(llk_ruleset_fd(rs), fd);
	llk_ruleset_free(rs);
	IS(fcntl(fd, F_GETFD), -1);
}

START_TEST(a_loaded_ruleset_is_enforced_by_many_children)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(many_children, NULL);
}
END_TEST

/*
 * bug class W: a child under the ruleset tries to add a rule for "b" to it, in
 * each way that it could reach the descriptor. 0 is a success.
 */

static int fd_number; /* of the loaded ruleset in the parent */
static pid_t server;

static int widen(int fd)
{
	struct llk_sys_path_beneath_attr attr = {
		.allowed_access = LLK_SYS_FS(LLK_FS_READ_FILE),
		.parent_fd = open("b", O_PATH | O_CLOEXEC),
	};
	int r = llk_sys_add_rule(fd, LLK_SYS_RULE_PATH_BENEATH, &attr, 0);

	close(attr.parent_fd);
	return r;
}

static int widen_by_number(struct llk_ruleset *rs)
{
	return widen(fd_number);
}

/* Duplicates that the library or anybody left open */
static int widen_by_all_numbers(struct llk_ruleset *rs)
{
	int n_ok = 0;

	for (int fd = 0; fd < 4096; fd++)
		n_ok += widen(fd) == 0;
	return n_ok ? 0 : -EBADF;
}

static int widen_by_object(struct llk_ruleset *rs)
{
	int r = llk_ruleset_fd(rs);

	llk_ruleset_allow_path(rs, LLK_READ, "b");
	if (r >= 0)
		return widen(r);
	IS(llk_ruleset_error(rs), -EBUSY);
	IS(llk_ruleset_load(rs), -EBADF);
	return llk_ruleset_restrict_self(rs, 0);
}

static int widen_by_path(const char *format, int number)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), format, number, fd_number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : widen(fd);
}

static int widen_by_own_proc(struct llk_ruleset *rs)
{
	return widen_by_path("/proc/%d/fd/%d", getpid());
}

static int widen_by_proc_of_server(struct llk_ruleset *rs)
{
	return widen_by_path("/proc/%d/fd/%d", server);
}

static int widen_by_pidfd(struct llk_ruleset *rs)
{
	int pidfd = (int)syscall(SYS_pidfd_open, server, 0), fd;

	OK(pidfd >= 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, fd_number, 0);
	return fd < 0 ? -errno : widen(fd);
}

static int widen_by_pidfd_in_user_namespace(struct llk_ruleset *rs)
{
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return widen_by_pidfd(rs);
}

static int widen_by_ptrace(struct llk_ruleset *rs)
{
	if (ptrace(PTRACE_SEIZE, server, NULL, NULL))
		return -errno;
	ptrace(PTRACE_DETACH, server, NULL, NULL);
	return 0;
}

static int widen_by_memory(struct llk_ruleset *rs)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", server);
	return -live_open(path, O_RDONLY);
}

/* clang-format off */
static const struct way {
	const char *name;
	int (*widen)(struct llk_ruleset *rs);
} ways[] = {
	/* Without a sandbox these are open */
	{ "the number", widen_by_number },
	{ "all numbers", widen_by_all_numbers },
	{ "pidfd_getfd", widen_by_pidfd },
	{ "ptrace", widen_by_ptrace },
	{ "/proc/PPID/mem", widen_by_memory },
	/* These are closed to all */
	{ "the object", widen_by_object },
	{ "/proc/self/fd", widen_by_own_proc },
	{ "/proc/PPID/fd", widen_by_proc_of_server },
	{ "pidfd_getfd in a user namespace", widen_by_pidfd_in_user_namespace },
};
/* clang-format on */
#define N_WAYS (int)(sizeof(ways) / sizeof(ways[0]))
#define N_OPEN 5

struct attack {
	struct llk_ruleset *rs;
	const struct way *way;
};

static int try_to_widen(const void *arg)
{
	const struct attack *a = arg;

	return a->way->widen(a->rs) != 0;
}

static int attack(const void *arg)
{
	const struct attack *a = arg;

	IS(llk_ruleset_restrict_self(a->rs, 0), 0);
	IS(live_open("b/file", O_RDONLY), EACCES);
	return try_to_widen(a);
}

static int attack_in_grandchild(const void *arg)
{
	const struct attack *a = arg;

	IS(llk_ruleset_restrict_self(a->rs, 0), 0);
	return live_fork(try_to_widen, a);
}

static void next_child_is_as_before(const void *arg)
{
	struct attack a = { .rs = loaded(), .way = arg };

	live_about("%s", a.way->name);
	fd_number = llk_ruleset_fd(a.rs);
	server = getpid();
	IS(live_fork(attack, &a), 1);
	IS(live_fork(enforce_and_look, a.rs), EACCES);
	IS(live_fork(attack_in_grandchild, &a), 1);
	IS(live_fork(enforce_and_look, a.rs), EACCES);
	llk_ruleset_free(a.rs);
}

START_TEST(a_sandboxed_child_cannot_widen_the_ruleset_of_the_next)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(next_child_is_as_before, &ways[_i]);
}
END_TEST

/* The twin: without a sandbox the way is open, and the next child is widened */
static void next_child_is_widened(const void *arg)
{
	struct attack a = { .rs = loaded(), .way = arg };
	bool adds = a.way->widen != widen_by_ptrace &&
		    a.way->widen != widen_by_memory;

	live_about("%s, without a sandbox", a.way->name);
	fd_number = llk_ruleset_fd(a.rs);
	server = getpid();
	IS(live_fork(enforce_and_look, a.rs), EACCES);
	if (live_fork(try_to_widen, &a) && a.way > &ways[1])
		live_cannot("a child may not reach its parent here anyway");
	IS(live_fork(enforce_and_look, a.rs), adds ? 0 : EACCES);
	llk_ruleset_free(a.rs);
}

START_TEST(without_a_sandbox_the_descriptor_widens_the_ruleset_of_the_next)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(next_child_is_widened, &ways[_i]);
}
END_TEST

/*
 * The descriptor enforced by another process
 */

static void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char c = 0;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	IS(sendmsg(sock, &msg, 0), 1);
}

static int receive_fd(int sock)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	const struct cmsghdr *header;
	int fd;

	IS(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC), 1);
	header = CMSG_FIRSTHDR(&msg);
	if (!header)
		live_fail("no descriptor was sent");
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

static int receive_and_enforce(const void *arg)
{
	int fd = receive_fd(*(const int *)arg);

	IS(live_open("b/file", O_RDONLY), 0);
	IS(llk_sys_no_new_privs(), 0);
	IS(llk_sys_restrict_self(fd, 0), 0);
	close(fd);
	IS(live_open("a/file", O_RDONLY), 0);
	return live_open("b/file", O_RDONLY);
}

static void pass_descriptor(const void *arg)
{
	struct llk_ruleset *rs;
	int ends[2];
	pid_t pid;

	IS(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid = fork();
	OK(pid >= 0);
	if (!pid)
		_exit(receive_and_enforce(&ends[1]));
	rs = loaded();
	send_fd(ends[0], llk_ruleset_fd(rs));
	IS(live_wait(pid), EACCES);
	IS(live_open("b/file", O_RDONLY), 0);
	llk_ruleset_free(rs);
}

START_TEST(the_descriptor_can_be_passed_and_enforced_elsewhere)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(pass_descriptor, NULL);
}
END_TEST

/*
 * Between fork and exec: no allocation, and no lock that another thread holds
 */

#if LIVE_IS_SANITIZED || !defined(__GLIBC__)
#define HAS_OWN_ALLOCATOR
#endif

static volatile bool is_armed;

#ifndef HAS_OWN_ALLOCATOR
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static void check_disarmed(void)
{
	if (is_armed)
		abort();
}

void *malloc(size_t size)
{
	check_disarmed();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	check_disarmed();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	check_disarmed();
	return __libc_realloc(p, size);
}

void free(void *p)
{
	check_disarmed();
	__libc_free(p);
}
#endif

static pthread_barrier_t locked;

static int hold_loader_lock(struct dl_phdr_info *info, size_t size, void *data)
{
	pthread_barrier_wait(&locked);
	pause();
	abort();
}

/* Holds what a careless library would take: stdio's locks and the loader's */
static void *hold_locks(void *arg)
{
	flockfile(stdout);
	flockfile(stderr);
	dl_iterate_phdr(hold_loader_lock, NULL);
	return NULL;
}

static void start_lock_holder(void)
{
	pthread_t thread;

	IS(pthread_barrier_init(&locked, NULL, 2), 0);
	IS(pthread_create(&thread, NULL, hold_locks, NULL), 0);
	pthread_barrier_wait(&locked);
}

/* Not libc's fork: that frees the locks in the child */
static int raw_fork(int (*fn)(const void *arg), const void *arg)
{
#ifdef __s390__
	pid_t pid = (pid_t)syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
#else
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif

	OK(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	return live_wait(pid);
}

static struct llk_ruleset *for_exec(unsigned int flags)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, flags);

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "absent");
	llk_ruleset_allow_path(rs, LLK_READ, "a/file");
	return rs;
}

/* Says whether it was started inside of the sandbox */
static int look_from_exec(void)
{
	if (live_open("b/file", O_RDONLY))
		return 1;
	return live_open("b/file", O_WRONLY) == EACCES ? 42 : 2;
}

static int restrict_and_exec(const void *arg)
{
	struct llk_ruleset *rs = (struct llk_ruleset *)(uintptr_t)arg;
	const char *self = live_self();
	char why[256];

	alarm(30);
	OK(ftrylockfile(stdout) != 0);
	is_armed = true;
	if (llk_ruleset_restrict_self(rs, 0))
		return 3;
	if (llk_ruleset_fd(rs) != -EBADF || !llk_ruleset_handled(rs))
		return 4;
	if (llk_ruleset_explain(rs, why, sizeof(why)) < 1 ||
	    strncmp(why, "enforced: ", 10) != 0)
		return 5;
	execl(self, self, "look", (char *)NULL);
	return 6;
}

static int restrict_and_fail(const void *arg)
{
	struct llk_ruleset *rs = (struct llk_ruleset *)(uintptr_t)arg;
	char why[512];

	alarm(30);
	is_armed = true;
	if (llk_ruleset_restrict_self(rs, 0) != -ENOENT)
		return 3;
	llk_ruleset_explain(rs, why, sizeof(why));
	return strstr(why, "\"gone\"") ? 42 : 4;
}

static void between_fork_and_exec(const void *arg)
{
	struct llk_ruleset *fresh = for_exec(0), *best = for_exec(1),
			   *ready = for_exec(0), *failing = for_exec(1);

	live_self();
	llk_ruleset_allow_path(failing, LLK_READ, "gone");
	IS(llk_ruleset_load(ready), LLK_ENFORCED);
	start_lock_holder();
	IS(raw_fork(restrict_and_exec, ready), 42);
	IS(raw_fork(restrict_and_exec, fresh), 42);
	IS(raw_fork(restrict_and_exec, best), 42);
	IS(raw_fork(restrict_and_fail, failing), 42);
	IS(live_open("b/file", O_WRONLY), 0);
}

/* The twin: the trap does work */
static void allocator_is_armed(const void *arg)
{
	void *volatile p; /* else the compiler leaves out the pair */
	int status;
	pid_t pid = fork();

	OK(pid >= 0);
	if (!pid) {
		is_armed = true;
		signal(SIGABRT, SIG_DFL);
		p = malloc(1);
		free(p);
		_exit(0);
	}
	IS(waitpid(pid, &status, 0), pid);
	OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(between_fork_and_exec_nothing_allocates_or_locks)
{
	NEEDS_ABI(1);
	make_tree();
#ifdef HAS_OWN_ALLOCATOR
	SKIP_IF(true, "the allocator can't be armed in this build");
#endif
	RUN(allocator_is_armed, NULL);
	RUN(between_fork_and_exec, NULL);
}
END_TEST

/* A child that does not enforce closes the descriptor and leaves the object */
static int close_and_exec(const void *arg)
{
	const struct llk_ruleset *rs = arg;

	IS(close(llk_ruleset_fd(rs)), 0);
	return widen(fd_number) == -EBADF ? 0 : 1;
}

static void child_that_does_not_enforce(const void *arg)
{
	struct llk_ruleset *rs = loaded();

	fd_number = llk_ruleset_fd(rs);
	IS(live_fork(close_and_exec, rs), 0);
	IS(live_fork(enforce_and_look, rs), EACCES);
	llk_ruleset_free(rs);
}

START_TEST(a_child_that_does_not_enforce_closes_the_descriptor)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(child_that_does_not_enforce, NULL);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-load");

	if (argc > 1)
		_exit(look_from_exec());
	live_add(s, a_loaded_ruleset_is_enforced_by_many_children, 1);
	live_add(s, a_sandboxed_child_cannot_widen_the_ruleset_of_the_next,
		 N_WAYS);
	live_add(
		s,
		without_a_sandbox_the_descriptor_widens_the_ruleset_of_the_next,
		N_OPEN);
	live_add(s, the_descriptor_can_be_passed_and_enforced_elsewhere, 1);
	live_add(s, between_fork_and_exec_nothing_allocates_or_locks, 1);
	live_add(s, a_child_that_does_not_enforce_closes_the_descriptor, 1);
	return live_main(s);
}
