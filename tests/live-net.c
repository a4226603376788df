/* SPDX-License-Identifier: 0BSD OR MIT */
/* Ports on the running kernel, with a real listener */
#include "live.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Loopback of @family */
static union address loopback(int family, int port, socklen_t *ret_len)
{
	union address a;

	memset(&a, 0, sizeof(a));
	a.any.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		a.v4.sin_port = htons((uint16_t)port);
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*ret_len = sizeof(a.v4);
	} else {
		a.v6.sin6_port = htons((uint16_t)port);
		a.v6.sin6_addr = in6addr_loopback;
		*ret_len = sizeof(a.v6);
	}
	return a;
}

typedef int socket_call(int fd, const struct sockaddr *addr, socklen_t len);

/* A socket after @call, or -errno */
static int open_socket(int family, int type, int port, socket_call *call)
{
	socklen_t len;
	union address a = loopback(family, port, &len);
	int fd = socket(family, type | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	if (!call(fd, &a.any, len))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int try_call(int family, int type, int port, socket_call *call)
{
	int fd = open_socket(family, type, port, call);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

static int port_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);

	ck_assert_int_eq(getsockname(fd, &a.any, &len), 0);
	return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port
						: a.v6.sin6_port);
}

/* A right and the call that needs it; the peer is made by the test itself */
/* clang-format off */
static const struct op {
	const char *name;
	uint64_t right, other;
	int type;
	socket_call *call;
} ops[] = {
	{ "bind tcp", LLK_NET_BIND_TCP, LLK_NET_CONNECT_TCP, SOCK_STREAM, bind },
	{ "connect tcp", LLK_NET_CONNECT_TCP, LLK_NET_BIND_TCP, SOCK_STREAM, connect },
	{ "bind udp", LLK_NET_BIND_UDP, LLK_NET_CONNECT_SEND_UDP, SOCK_DGRAM, bind },
	{ "connect udp", LLK_NET_CONNECT_SEND_UDP, LLK_NET_BIND_UDP, SOCK_DGRAM, connect },
};
/* clang-format on */
#define N_OPS (int)(sizeof(ops) / sizeof(ops[0]))

static const int families[] = { AF_INET, AF_INET6 };
#define N_FAMILIES 2

enum state {
	FREE,	   /* no sandbox */
	DENIED,	   /* no rule */
	OTHER,	   /* a rule for another port */
	WRONG,	   /* a rule for the other right on this port */
	GRANTED,   /* a rule for this port */
	UNHANDLED, /* only the other right is handled */
	N_STATES
};
static const char *const state_names[] = { "free",	   "denied",
					   "another port", "another right",
					   "granted",	   "not handled" };

struct row {
	const struct op *op;
	int family, state, port;
};

static struct llk_ruleset *ruleset_of(const struct row *row)
{
	const struct op *op = row->op;
	uint64_t handled = op->other;
	uint64_t port = (uint64_t)row->port;
	struct llk_ruleset *rs;

	if (row->state != UNHANDLED)
		handled |= op->right;
	rs = llk_ruleset_new(live_version(), handled, 0);
	/* A UDP socket that connects binds itself, to port 0 */
	if (op->right == LLK_NET_CONNECT_SEND_UDP)
		llk_ruleset_allow_port(rs, op->other, 0);
	if (row->state == OTHER)
		llk_ruleset_allow_port(rs, op->right, port ^ 1);
	if (row->state == WRONG)
		llk_ruleset_allow_port(rs, op->other, port);
	if (row->state == GRANTED)
		llk_ruleset_allow_port(rs, op->right, port);
	return rs;
}

static int run_call(const void *arg)
{
	const struct row *row = arg;

	return try_call(row->family, row->op->type, row->port, row->op->call);
}

static void restrict_and_call(const void *arg)
{
	const struct row *row = arg;
	bool is_denied = row->state == DENIED || row->state == OTHER ||
			 row->state == WRONG;

	char number[16], op[16];

	live_about("%s, %s, %s", row->op->name,
		   row->family == AF_INET ? "IPv4" : "IPv6",
		   state_names[row->state]);
	if (row->state != FREE)
		live_restrict(ruleset_of(row));
	IS(run_call(row), is_denied ? EACCES : 0);
	IS(live_fork(run_call, row), is_denied ? EACCES : 0);
	snprintf(number, sizeof(number), "%d", row->port);
	snprintf(op, sizeof(op), "%d",
		 (int)(row->op - ops) * 100 + row->family);
	IS(live_exec(op, number), is_denied ? EACCES : 0);
}

/* The port of a listener, or one that was free a moment ago */
static int make_peer(const struct row *row)
{
	int fd = open_socket(row->family, row->op->type, 0, bind), port;

	if (fd < 0)
		return fd;
	port = port_of(fd);
	if (row->op->call == bind)
		close(fd);
	else if (row->op->type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 8), 0);
	return port;
}

START_TEST(a_port_is_denied_unless_granted)
{
	struct row row = { .op = &ops[_i / N_STATES / N_FAMILIES],
			   .family = families[_i / N_STATES % N_FAMILIES],
			   .state = _i % N_STATES };
	bool is_known = live_rights(row.op->right);

	SKIP_IF(row.state != FREE && !is_known, "%s: ABI %d has no such right",
		row.op->name, live_abi());
	row.port = make_peer(&row);
	SKIP_IF(row.port < 0 && row.family == AF_INET6, "no IPv6: errno %d",
		-row.port);
	ck_assert_int_gt(row.port, 0);
	RUN(restrict_and_call, &row);
}
END_TEST

static void bind_port_zero(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, LLK_NET, 0);
	int port = *(const int *)arg;

	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 0);
	live_restrict(rs);
	IS(try_call(AF_INET, SOCK_STREAM, 0, bind), 0);
	IS(try_call(AF_INET, SOCK_STREAM, port, bind), EACCES);
}

static void bind_port_but_zero(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, LLK_NET, 0);
	int port = *(const int *)arg;

	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, (uint64_t)port);
	live_restrict(rs);
	IS(try_call(AF_INET, SOCK_STREAM, 0, bind), EACCES);
	IS(try_call(AF_INET, SOCK_STREAM, port, bind), 0);
}

START_TEST(port_zero_is_a_port_that_the_kernel_picks)
{
	struct row row = { .op = &ops[0], .family = AF_INET };
	int port;

	NEEDS_ABI(4);
	port = make_peer(&row);
	ck_assert_int_gt(port, 0);
	RUN(bind_port_zero, &port);
	RUN(bind_port_but_zero, &port);
}
END_TEST

/* No listener and no sandbox look different: ECONNREFUSED is no denial */
static void connect_to_nobody(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, LLK_NET, 0);
	int port = *(const int *)arg;

	IS(try_call(AF_INET, SOCK_STREAM, port, connect), ECONNREFUSED);
	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, (uint64_t)port);
	live_restrict(rs);
	IS(try_call(AF_INET, SOCK_STREAM, port, connect), ECONNREFUSED);
	IS(try_call(AF_INET, SOCK_STREAM, port ^ 1, connect), EACCES);
}

START_TEST(a_granted_port_without_listener_is_refused_by_the_peer)
{
	struct row row = { .op = &ops[0], .family = AF_INET };
	int port;

	NEEDS_ABI(4);
	port = make_peer(&row);
	ck_assert_int_gt(port, 0);
	RUN(connect_to_nobody, &port);
}
END_TEST

/* bug classes Y and AI: 65536 + port would be the port if it were cut */
static void port_in_17_bits(const void *arg)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V4, LLK_NET, LLK_BEST_EFFORT);
	int port = *(const int *)arg;

	llk_ruleset_allow_port(rs, LLK_NET_CONNECT_TCP, 65536 + (uint64_t)port);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EINVAL,
	     "bug in the program: ");
	llk_ruleset_free(rs);
	IS(try_call(AF_INET, SOCK_STREAM, port, connect), 0);
}

START_TEST(a_port_past_65535_is_a_mistake_and_nothing_is_restricted)
{
	struct row row = { .op = &ops[1], .family = AF_INET };
	int port = make_peer(&row);

	ck_assert_int_gt(port, 0);
	RUN(port_in_17_bits, &port);
}
END_TEST

/*
 * UDP without a bind (ABI 10): the socket binds itself, and needs the right
 */

static int send_to(int fd, int port)
{
	socklen_t len;
	union address a = loopback(AF_INET, port, &len);

	return sendto(fd, "x", 1, 0, &a.any, len) == 1 ? 0 : errno;
}

static int new_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* What a client may, and what has to come of a send without a bind */
struct udp_row {
	const char *name;
	uint64_t handled;
	bool may_send, may_bind;
	int wanted;
};
/* clang-format off */
static const struct udp_row udp_rows[] = {
	{ "nothing handled", 0, false, false, 0 },
	{ "both granted", LLK_NET, true, true, 0 },
	{ "no send", LLK_NET, false, true, EACCES },
	{ "no bind on port 0", LLK_NET, true, false, EACCES },
	{ "bind alone is handled", LLK_NET_BIND_UDP, false, false, EACCES },
	{ "bind alone, granted", LLK_NET_BIND_UDP, false, true, 0 },
	{ "send alone, granted", LLK_NET_CONNECT_SEND_UDP, true, false, 0 },
};
/* clang-format on */
#define N_UDP_ROWS (int)(sizeof(udp_rows) / sizeof(udp_rows[0]))

static void restrict_udp(const struct udp_row *row, int port)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V10, row->handled, 0);

	if (row->may_send)
		llk_ruleset_allow_port(rs, LLK_NET_CONNECT_SEND_UDP,
				       (uint64_t)port);
	if (row->may_bind)
		llk_ruleset_allow_port(rs, LLK_NET_BIND_UDP, 0);
	live_restrict(rs);
}

static void send_without_bind(const void *arg)
{
	const struct udp_row *row = arg;
	int peer = open_socket(AF_INET, SOCK_DGRAM, 0, bind);
	int before = new_udp(), connected;
	int port = port_of(peer);

	live_about("%s", row->name);
	IS(send_to(before, port), 0);
	connected = open_socket(AF_INET, SOCK_DGRAM, port, connect);
	OK(connected >= 0);
	if (row->handled)
		restrict_udp(row, port);
	IS(send_to(new_udp(), port), row->wanted);
	IS(try_call(AF_INET, SOCK_DGRAM, port, connect), row->wanted);
	/* Connected before keeps send */
	IS(send(connected, "x", 1, 0), 1);
}

START_TEST(udp_needs_a_bind_of_its_own_and_the_send)
{
	NEEDS_ABI(10);
	RUN(send_without_bind, &udp_rows[_i]);
}
END_TEST

/* Started by live_exec: which call on which family, and the port */
static int call_from_exec(int op, int port)
{
	return try_call(op % 100, ops[op / 100].type, port, ops[op / 100].call);
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-net");

	if (argc == 3)
		_exit(call_from_exec(atoi(argv[1]), atoi(argv[2])));

	live_add(s, udp_needs_a_bind_of_its_own_and_the_send, N_UDP_ROWS);

	live_add(s, a_port_is_denied_unless_granted,
		 N_OPS * N_FAMILIES * N_STATES);
	live_add(s, port_zero_is_a_port_that_the_kernel_picks, 1);
	live_add(s, a_granted_port_without_listener_is_refused_by_the_peer, 1);
	live_add(s, a_port_past_65535_is_a_mistake_and_nothing_is_restricted,
		 1);
	return live_main(s);
}
