/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * One thing that a sandbox allows or denies; the exit status is its errno, 0 if
 * it may: 13 denied, 1 denied by a scope.
 *
 *	probe bind tcp|udp PORT
 *	probe connect tcp|udp PORT		and prints what the peer says
 *	probe connect unix|abstract NAME
 *	probe send udp PORT			from a socket of no port
 *	probe serve tcp|udp|unix|abstract ADDRESS	says hello to each; prints
 *						its port, or a line, when ready
 *	probe ioctl PATH	25 where it may: it is no terminal
 *	probe link FROM TO, probe truncate PATH
 *	probe mknod p|c|b|w PATH	a pipe, devices, a whiteout
 *	probe wait COMMAND ...	prints how it ended: "exit 0", "signal 15"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char hello[] = "hello\n";

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} u;
	socklen_t len;
	int type;
};

/* Without what sanitizers do at exit: the sandbox would deny it */
__attribute__((noreturn)) static void end(int error)
{
	fflush(stdout);
	if (error)
		fprintf(stderr, "probe: %s\n", strerror(error));
	_exit(error);
}

static void must(int result)
{
	if (result < 0)
		end(errno);
}

static struct address of_port(int type, const char *port)
{
	struct address a = { .len = sizeof(a.u.in), .type = type };

	a.u.in.sin_family = AF_INET;
	a.u.in.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	a.u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	return a;
}

static struct address of_name(int is_abstract, const char *name)
{
	struct address a = { .type = SOCK_STREAM };

	a.u.un.sun_family = AF_UNIX;
	snprintf(a.u.un.sun_path + is_abstract,
		 sizeof(a.u.un.sun_path) - (size_t)is_abstract, "%s", name);
	a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			    strlen(name) + 1);

	return a;
}

static struct address parse(const char *kind, const char *address)
{
	if (!strcmp(kind, "tcp"))
		return of_port(SOCK_STREAM, address);
	if (!strcmp(kind, "udp"))
		return of_port(SOCK_DGRAM, address);

	return of_name(!strcmp(kind, "abstract"), address);
}

static int make_socket(const struct address *a)
{
	int fd = socket(a->u.any.sa_family, a->type, 0);

	must(fd);

	return fd;
}

static void do_connect(struct address a)
{
	struct timeval limit = { .tv_sec = 5 };
	int fd = make_socket(&a);
	char buf[sizeof(hello)];
	ssize_t n;

	must(connect(fd, &a.u.any, a.len));
	if (a.type == SOCK_DGRAM)
		must((int)send(fd, "?", 1, 0));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	n = recv(fd, buf, sizeof(buf), 0);
	must((int)n);
	fwrite(buf, 1, (size_t)n, stdout);
}

static void answer(int fd, int type)
{
	struct address peer = { .len = sizeof(peer.u) };
	char byte;
	int to;

	if (type == SOCK_DGRAM) {
		if (recvfrom(fd, &byte, 1, 0, &peer.u.any, &peer.len) >= 0)
			sendto(fd, hello, sizeof(hello) - 1, 0, &peer.u.any,
			       peer.len);
		return;
	}
	to = accept(fd, NULL, NULL);
	if (to < 0)
		return;
	send(to, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
	close(to);
}

__attribute__((noreturn)) static void do_serve(struct address a)
{
	int fd = make_socket(&a);

	must(bind(fd, &a.u.any, a.len));
	if (a.type == SOCK_STREAM)
		must(listen(fd, 8));
	must(getsockname(fd, &a.u.any, &a.len));
	printf("%d\n",
	       a.u.any.sa_family == AF_INET ? ntohs(a.u.in.sin_port) : 0);
	fflush(stdout);
	alarm(300); /* whoever forgets to end it */
	for (;;)
		answer(fd, a.type);
}

static void do_socket(char **argv)
{
	struct address a = parse(argv[2], argv[3]);

	if (!strcmp(argv[1], "serve"))
		do_serve(a);
	else if (!strcmp(argv[1], "connect"))
		do_connect(a);
	else if (!strcmp(argv[1], "send"))
		must((int)sendto(make_socket(&a), "?", 1, 0, &a.u.any, a.len));
	else
		must(bind(make_socket(&a), &a.u.any, a.len));
}

static void do_ioctl(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct termios t;

	must(fd);
	must(tcgetattr(fd, &t));
}

static void do_mknod(char kind, const char *path)
{
	mode_t mode = kind == 'p' ? S_IFIFO : kind == 'b' ? S_IFBLK : S_IFCHR;

	must(mknod(path, mode | 0600, kind == 'w' ? 0 : 1));
}

static void do_wait(char **command)
{
	pid_t pid = fork();
	int status;

	must(pid);
	if (pid == 0) {
		/* As by default, whatever this process was told to ignore */
		for (int n = 1; n <= SIGTERM; n++)
			signal(n, SIG_DFL);
		execvp(command[0], command);
		_exit(127);
	}
	must(waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "wait"))
		do_wait(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "ioctl"))
		do_ioctl(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "truncate"))
		must(truncate(argv[2], 0));
	else if (argc == 4 && !strcmp(argv[1], "link"))
		must(link(argv[2], argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "mknod"))
		do_mknod(*argv[2], argv[3]);
	else if (argc == 4)
		do_socket(argv);
	else
		end(EINVAL);

	end(0);
}
