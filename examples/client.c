/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A network client that restricts all that Landlock can restrict: it may
 * resolve names, connect to one TCP port, and nothing else: no files of the
 * user's, no signals to other processes, no other port.
 */
#include <liblandlock.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What getaddrinfo needs: its files and modules, and the ports of DNS */
static void allow_names(struct llk_ruleset *rs)
{
	llk_ruleset_allow_group(rs, LLK_READ | LLK_FS_EXECUTE,
				LLK_GROUP_LOADER);
	llk_ruleset_allow_group(rs, LLK_READ | LLK_FS_RESOLVE_UNIX,
				LLK_GROUP_RESOLVER);

	/* A UDP client binds itself to a port that the kernel picks: port 0 */
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_SEND_UDP, 53);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_UDP, 0);
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, 53);
}

static void sandbox(unsigned long port)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V10, LLK_ALL, LLK_BEST_EFFORT);
	char buf[512];
	int r;

	allow_names(rs);
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, port);
	r = llk_ruleset_restrict_self(rs, 0);
	if (r) {
		llk_ruleset_explain(rs, buf, sizeof(buf));
		fprintf(stderr, "sandbox: %s\n", buf);
	}
	llk_ruleset_free(rs);
	if (r && r != LLK_PARTLY_ENFORCED)
		exit(1);
}

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints, *found, *ai;
	int r, fd = -1;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	r = getaddrinfo(host, port, &hints, &found);
	if (r) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(r));
		return -1;
	}

	for (ai = found; ai && fd < 0; ai = ai->ai_next) {
		fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
			perror(host);
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);

	return fd;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 4) {
		fputs("usage: client ALLOWED-PORT HOST PORT\n", stderr);
		return 2;
	}

	sandbox(strtoul(argv[1], NULL, 10));
	fd = connect_to(argv[2], argv[3]);
	if (fd < 0)
		return 1;

	puts("connected");
	close(fd);

	return 0;
}
