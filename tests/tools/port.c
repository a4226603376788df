/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * port bind|connect tcp|udp PORT: tries it on 127.0.0.1; 0 if it may (a peer
 * that isn't there counts as "may"), 13 if it is denied, else 1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd, r;

	if (argc != 4)
		return 2;

	addr.sin_port = htons((unsigned short)atoi(argv[3]));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, strcmp(argv[2], "udp") ? SOCK_STREAM : SOCK_DGRAM,
		    0);
	if (strcmp(argv[1], "bind"))
		r = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	else
		r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

	/* Without what sanitizers do at exit: the sandbox would deny it */
	if (r == 0 || errno == ECONNREFUSED)
		_exit(0);
	r = errno == EACCES ? 13 : 1;
	perror("port");
	_exit(r);
}
