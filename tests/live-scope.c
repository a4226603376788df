/* SPDX-License-Identifier: 0BSD OR MIT */
/* Scopes on the running kernel: abstract sockets and signals stay inside */
#include "live.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Part of the addresses: who asked for one first, kept across exec */
static pid_t first;

/* An abstract address that nobody else has, or a path of the same name */
static struct sockaddr_un address(bool is_abstract, const char *tag,
				  socklen_t *ret_len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char *name = a.sun_path + (is_abstract ? 1 : 0);
	int n;

	if (!first)
		first = getpid();
	n = snprintf(name, 80, "llk-live-%ld-%s", (long)first, tag);
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			       (size_t)n + 1);
	return a;
}

typedef int socket_call(int fd, const struct sockaddr *addr, socklen_t len);

static int call_on(int fd, socket_call *call, bool is_abstract, const char *tag)
{
	socklen_t len;
	struct sockaddr_un a = address(is_abstract, tag, &len);

	return call(fd, (struct sockaddr *)&a, len) ? errno : 0;
}

static int connect_to(bool is_abstract, const char *tag)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = call_on(fd, connect, is_abstract, tag);

	close(fd);
	return r;
}

static int listen_at(int fd, bool is_abstract, const char *tag)
{
	int r = call_on(fd, bind, is_abstract, tag);

	return r ? r : listen(fd, 8) ? errno : 0;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void restrict_scopes(uint64_t scopes)
{
	live_restrict(llk_ruleset_new(LLK_V6, scopes, 0));
}

static int signal_to(pid_t pid)
{
	return kill(pid, 0) ? errno : 0;
}

/* The twin, and each scope alone: it closes itself and nothing else */
struct row {
	const char *name;
	uint64_t scopes;
	int abstract, signal;
};
static const struct row rows[] = {
	{ "no sandbox", 0, 0, 0 },
	{ "abstract sockets", LLK_SCOPE_ABSTRACT_UNIX_SOCKET, EPERM, 0 },
	{ "signals", LLK_SCOPE_SIGNAL, 0, EPERM },
	{ "both", LLK_SCOPE, EPERM, EPERM },
};
#define N_ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static int connect_outside(const void *arg)
{
	return connect_to(true, "outside");
}

static int signal_outside(const void *arg)
{
	return signal_to(*(const pid_t *)arg);
}

static void reach_outside(const void *arg)
{
	const struct row *row = arg;
	pid_t parent = getppid();
	char number[16];

	live_about("%s", row->name);
	if (row->scopes)
		restrict_scopes(row->scopes);
	IS(connect_to(true, "outside"), row->abstract);
	IS(live_fork(connect_outside, NULL), row->abstract);
	IS(connect_to(false, "outside"), 0);
	IS(signal_to(parent), row->signal);
	IS(live_fork(signal_outside, &parent), row->signal);
	snprintf(number, sizeof(number), "%ld", (long)parent);
	IS(live_exec("signal", number), row->signal);
	snprintf(number, sizeof(number), "%ld", (long)first);
	IS(live_exec("connect", number), row->abstract);
}

START_TEST(what_is_outside_is_out_of_reach)
{
	SKIP_IF(rows[_i].scopes && !live_rights(LLK_SCOPE),
		"%s: ABI %d has no scopes", rows[_i].name, live_abi());
	live_tree();
	ck_assert_int_eq(listen_at(new_socket(), true, "outside"), 0);
	ck_assert_int_eq(listen_at(new_socket(), false, "outside"), 0);
	RUN(reach_outside, &rows[_i]);
}
END_TEST

static void reach_inside(const void *arg)
{
	int fd;
	pid_t pid;

	restrict_scopes(LLK_SCOPE);
	fd = new_socket();
	IS(listen_at(fd, true, "inside"), 0);
	IS(connect_to(true, "inside"), 0);
	pid = fork();
	OK(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	IS(signal_to(pid), 0);
	IS(signal_to(getpid()), 0);
	IS(kill(pid, SIGKILL), 0);
	IS(waitpid(pid, NULL, 0), pid);
}

START_TEST(what_is_made_inside_is_reachable)
{
	NEEDS_ABI(6);
	RUN(reach_inside, NULL);
}
END_TEST

/* The domain of a socket is that of the socket(2) call, not of the bind */
static void own_socket_of_before(const void *arg)
{
	int before = new_socket();

	restrict_scopes(LLK_SCOPE_ABSTRACT_UNIX_SOCKET);
	IS(listen_at(before, true, "before"), 0);
	IS(connect_to(true, "before"), EPERM);
}

static void own_socket_without_sandbox(const void *arg)
{
	IS(listen_at(new_socket(), true, "before"), 0);
	IS(connect_to(true, "before"), 0);
}

START_TEST(a_socket_made_before_is_outside)
{
	NEEDS_ABI(6);
	RUN(own_socket_of_before, NULL);
	RUN(own_socket_without_sandbox, NULL);
}
END_TEST

/* It ends when the pipe of its parent does: by a signal it can't be ended */
static pid_t start_child(int *ret_fd)
{
	int ends[2];
	char c;
	pid_t pid;

	IS(pipe(ends), 0);
	pid = fork();
	OK(pid >= 0);
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &c, 1) == 0 ? 0 : 1);
	}
	close(ends[0]);
	*ret_fd = ends[1];
	return pid;
}

static void child_of_before(const void *arg)
{
	int fd;
	pid_t pid = start_child(&fd);

	IS(signal_to(pid), 0);
	if (arg)
		restrict_scopes(LLK_SCOPE_SIGNAL);
	IS(signal_to(pid), arg ? EPERM : 0);
	close(fd);
	IS(live_wait(pid), 0);
}

START_TEST(a_child_forked_before_is_outside)
{
	NEEDS_ABI(6);
	RUN(child_of_before, NULL);
	RUN(child_of_before, "restricted");
}
END_TEST

/* From the outside in is free: a scope closes one way */
static void signal_to_inside(const void *arg)
{
	int ready[2], go[2];
	char c = 0;
	pid_t pid;

	IS(pipe(ready), 0);
	IS(pipe(go), 0);
	pid = fork();
	OK(pid >= 0);
	if (!pid) {
		close(go[1]);
		restrict_scopes(LLK_SCOPE_SIGNAL);
		IS(write(ready[1], &c, 1), 1);
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	close(ready[1]);
	IS(read(ready[0], &c, 1), 1);
	IS(signal_to(pid), 0);
	close(go[0]);
	close(go[1]);
	IS(live_wait(pid), 0);
}

START_TEST(what_is_outside_reaches_in)
{
	NEEDS_ABI(6);
	RUN(signal_to_inside, NULL);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-scope");

	if (argc == 3 && !strcmp(argv[1], "connect")) {
		first = (pid_t)atol(argv[2]);
		_exit(connect_to(true, "outside"));
	}
	if (argc == 3)
		_exit(signal_to((pid_t)atol(argv[2])));

	live_add(s, what_is_outside_is_out_of_reach, N_ROWS);
	live_add(s, what_is_made_inside_is_reachable, 1);
	live_add(s, a_socket_made_before_is_outside, 1);
	live_add(s, a_child_forked_before_is_outside, 1);
	live_add(s, what_is_outside_reaches_in, 1);
	return live_main(s);
}
