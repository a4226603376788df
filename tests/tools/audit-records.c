/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The kernel's own word: what it denies while a command runs, from the audit
 * records that it sends to all who listen.
 *
 *	audit-records FILE COMMAND ...
 *
 * FILE gets each record of Landlock's, of all domains; the last one tells the
 * end of the domain that the command's process made, and how often it denied.
 * Ends with the command's exit status; 77 if the records can't be read, 125 if
 * one may be missing.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.15; headers of old machines lack them, and the name of the group */
#define LANDLOCK_ACCESS 1423
#define LANDLOCK_DOMAIN 1424
#define READ_LOG_GROUPS 1U

#define CANNOT 77
#define FAILED 125

__attribute__((noreturn)) static void end(int status, const char *what)
{
	fprintf(stderr, "audit-records: %s\n", what);
	exit(status);
}

static int open_audit(unsigned int groups)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK,
				    .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		end(CANNOT, strerror(errno));

	return fd;
}

/* By audit=1 at boot or a daemon; else there are no records */
static int is_audit_on(void)
{
	struct {
		struct nlmsghdr head;
		struct audit_status status;
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(0),
			    .nlmsg_type = AUDIT_GET,
			    .nlmsg_flags = NLM_F_REQUEST } };
	struct pollfd poller = { .fd = open_audit(0), .events = POLLIN };

	if (send(poller.fd, &msg, msg.head.nlmsg_len, 0) < 0 ||
	    poll(&poller, 1, 5000) <= 0 ||
	    recv(poller.fd, &msg, sizeof(msg), 0) < (ssize_t)sizeof(msg.head))
		return 0;
	close(poller.fd);

	return msg.head.nlmsg_type == AUDIT_GET && msg.status.enabled;
}

static int listen_to_audit(void)
{
	const int size = 4 << 20;
	int fd = open_audit(READ_LOG_GROUPS);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		end(CANNOT, strerror(errno));
	if (!is_audit_on())
		end(CANNOT, "audit is off");

	return fd;
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0)
		end(FAILED, strerror(errno));

	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		end(FAILED, strerror(errno));

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Of Landlock's records, without "audit(TIME:NUMBER): " before it */
static const char *next_record(int fd, char buf[8192])
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct nlmsghdr *head = (void *)buf;
	const char *text;

	do {
		ssize_t n;

		if (poll(&poller, 1, 10000) <= 0)
			end(FAILED, "the last record does not come");
		n = recv(fd, buf, 8191, 0);
		if (n < (ssize_t)NLMSG_HDRLEN)
			end(FAILED, "records are lost");
		buf[n] = '\0';
		text = strstr(buf + NLMSG_HDRLEN, "domain=");
	} while (!text || (head->nlmsg_type != LANDLOCK_ACCESS &&
			   head->nlmsg_type != LANDLOCK_DOMAIN));

	return text;
}

/* From the first denial in the domain of @pid to the domain's end */
static void copy_records(int fd, pid_t pid, FILE *out)
{
	char buf[8192], maker[32], end_of_it[64] = "no domain";
	const char *text;

	snprintf(maker, sizeof(maker), " pid=%d ", (int)pid);
	do {
		text = next_record(fd, buf);
		fprintf(out, "%s\n", text);
		if (strstr(text, " status=allocated ") && strstr(text, maker))
			snprintf(end_of_it, sizeof(end_of_it),
				 "%.*s status=deallocated ",
				 (int)strcspn(text, " "), text);
	} while (strncmp(text, end_of_it, strlen(end_of_it)) != 0);
}

int main(int argc, char **argv)
{
	FILE *out;
	int fd, status;
	pid_t pid;

	fd = listen_to_audit();
	if (argc < 3)
		return 0;
	out = fopen(argv[1], "we");
	if (!out)
		end(FAILED, strerror(errno));
	pid = start(argv + 2);
	status = wait_for(pid);
	copy_records(fd, pid, out);
	fclose(out);

	return status;
}
