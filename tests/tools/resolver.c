/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Runs a command where a resolver of the test's own is the only one: in a network
 * and with mounts of its own, 127.0.0.53 answers on port 53 that udp.test and
 * tcp.test are 127.0.0.2; tcp.test by TCP only, as what is too long for UDP. The
 * files resolv.conf and nsswitch.conf of the working directory are the system's.
 * usage: resolver COMMAND [ARGUMENT ...]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER 12
#define LONGEST 512
#define TRUNCATED 0x02
#define NO_SUCH_NAME 3

static void must(int result, const char *what)
{
	if (result >= 0)
		return;

	printf("%s: %s\n", what, strerror(errno));
	exit(77);
}

/* With the zero of the last label, a type and a class; 0: none */
static size_t question_length(const unsigned char *q, size_t len)
{
	size_t i = 0;

	while (i < len && q[i])
		i += q[i] + 1U;

	return i + 5 <= len ? i + 5 : 0;
}

/* The query @msg becomes its answer; the answer's length, or 0 */
static size_t answer(unsigned char msg[LONGEST], size_t len, int is_tcp)
{
	static const unsigned char address[] = { 0xc0, HEADER, 0, 1,  0, 1,
						 0,    0,      0, 60, 0, 4,
						 127,  0,      0, 2 };
	unsigned char *question = msg + HEADER;
	size_t n = len < HEADER ? 0 : question_length(question, len - HEADER);
	int is_udp_name, is_tcp_name, is_ipv4;

	if (!n)
		return 0;
	is_udp_name = n == 14 && !memcmp(question, "\3udp\4test", 9);
	is_tcp_name = n == 14 && !memcmp(question, "\3tcp\4test", 9);
	is_ipv4 = question[n - 4] == 0 && question[n - 3] == 1;

	memset(msg + 2, 0, HEADER - 2);
	msg[2] = 0x81; /* an answer, recursion desired */
	msg[3] = 0x80; /* and available */
	msg[5] = 1;    /* question */
	if (!is_udp_name && !is_tcp_name)
		msg[3] |= NO_SUCH_NAME;
	else if (is_tcp_name && !is_tcp)
		msg[2] |= TRUNCATED;
	else if (is_ipv4) {
		msg[7] = 1;
		memcpy(question + n, address, sizeof(address));
		return HEADER + n + sizeof(address);
	}

	return HEADER + n;
}

static void answer_udp(int fd)
{
	unsigned char msg[2 * LONGEST];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, msg, LONGEST, 0, (struct sockaddr *)&from,
			       &from_len);
	size_t n = len < 0 ? 0 : answer(msg, (size_t)len, 0);

	if (n)
		sendto(fd, msg, n, 0, (struct sockaddr *)&from, from_len);
}

/* Each message has two bytes with its length before it */
static void answer_tcp(int fd)
{
	const struct timeval limit = { .tv_sec = 2 };
	unsigned char msg[2 + 2 * LONGEST];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while (recv(fd, msg, 2, MSG_WAITALL) == 2) {
		size_t len = (size_t)(msg[0] << 8 | msg[1]);

		if (len > LONGEST ||
		    recv(fd, msg + 2, len, MSG_WAITALL) != (ssize_t)len)
			break;
		len = answer(msg + 2, len, 1);
		msg[0] = (unsigned char)(len >> 8);
		msg[1] = (unsigned char)len;
		if (send(fd, msg, len + 2, MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
}

static int listen_on(int type)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	int fd = socket(AF_INET, type, 0);

	inet_pton(AF_INET, "127.0.0.53", &in.sin_addr);
	must(fd, "socket");
	must(bind(fd, (struct sockaddr *)&in, sizeof(in)), "bind");
	if (type == SOCK_STREAM)
		must(listen(fd, 8), "listen");

	return fd;
}

/* Until the command ends: a death signal of its own would not reach a process
   outside of its sandbox */
static int serve(int udp, int tcp, pid_t command)
{
	struct pollfd fds[] = { { .fd = udp, .events = POLLIN },
				{ .fd = tcp, .events = POLLIN } };
	int status;

	while (waitpid(command, &status, WNOHANG) == 0) {
		if (poll(fds, 2, 50) <= 0)
			continue;
		if (fds[0].revents)
			answer_udp(udp);
		if (fds[1].revents)
			answer_tcp(accept(tcp, NULL, NULL));
	}

	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static void start_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &lo), "lo");
	close(fd);
}

/* In the place of what @path leads to */
static void put_at(const char *file, const char *path)
{
	char real[PATH_MAX];

	if (!realpath(path, real)) {
		printf("%s is not here\n", path);
		exit(77);
	}
	must(mount(file, real, NULL, MS_BIND, NULL), path);
}

int main(int argc, char **argv)
{
	int udp, tcp;
	pid_t pid;

	if (argc < 2)
		return 2;
	must(unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare");
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	put_at("resolv.conf", "/etc/resolv.conf");
	put_at("nsswitch.conf", "/etc/nsswitch.conf");
	start_loopback();
	udp = listen_on(SOCK_DGRAM);
	tcp = listen_on(SOCK_STREAM);
	pid = fork();
	must(pid, "fork");
	if (pid > 0)
		return serve(udp, tcp, pid);

	close(udp);
	close(tcp);
	execvp(argv[1], argv + 1);
	must(-1, argv[1]);

	return 2;
}
