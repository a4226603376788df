/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Calls on all else: sockets, signals, ptrace, mounts.
 */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TRACE_ME 0
#define TCP_FAST_OPEN 0x20000000 /* MSG_FASTOPEN */
#define CAP_SYS_ADMIN 21

/*
 * Sockets
 */

enum transport { OTHER_TRANSPORT, TCP, UDP, UNBOUND_UDP };

static int option_of(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = -1;

	getsockopt(fd, SOL_SOCKET, option, &value, &size);

	return value;
}

static bool is_bound(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);

	return address.sin6_port != 0; /* in the same place of IPv4 */
}

static enum transport transport_of(const struct tracee *t)
{
	int fd = tracee_duplicate_fd(t, (int)call_arg(t, 0));
	enum transport transport = OTHER_TRANSPORT;
	int protocol;

	if (fd < 0)
		return OTHER_TRANSPORT;

	protocol = option_of(fd, SO_PROTOCOL);
	if (option_of(fd, SO_TYPE) == SOCK_STREAM && protocol == IPPROTO_TCP)
		transport = TCP;
	if (option_of(fd, SO_TYPE) == SOCK_DGRAM && protocol == IPPROTO_UDP)
		transport = is_bound(fd) ? UDP : UNBOUND_UDP;
	close(fd);

	return transport;
}

/* An address of the thread's, ended by a NUL */
union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	char bytes[sizeof(struct sockaddr_storage) + 1];
};

/* Names of abstract sockets that the run has bound itself */
struct abstract {
	struct abstract *next;
	char name[];
};

static struct abstract *abstracts;

static bool is_abstract_of_run(const char *name)
{
	struct abstract *a = abstracts;

	while (a && strcmp(a->name, name) != 0)
		a = a->next;

	return a != NULL;
}

static void keep_abstract(const char *name)
{
	struct abstract *a;

	if (is_abstract_of_run(name))
		return;

	a = grow(NULL, 0, sizeof(*a) + strlen(name) + 1);
	strcpy(a->name, name);
	a->next = abstracts;
	abstracts = a;
}

/* "@name", as ss(8) writes it */
static void look_abstract(const struct tracee *t, struct event *event,
			  union address *address, bool binds)
{
	address->un.sun_path[0] = '@';
	event->paths[0] = strdup(address->un.sun_path);
	event->kind = EVENT_SOCKET;
	if (binds || is_abstract_of_run(address->un.sun_path))
		return;

	event->rights = LLK_SCOPE_ABSTRACT_UNIX_SOCKET;
	layers_check_scope(t, event, event->rights, NULL);
}

static int look_unix(const struct tracee *t, struct event *event,
		     union address *address, bool binds)
{
	const char *path = address->un.sun_path;
	struct name name;

	if (!*path) {
		look_abstract(t, event, address, binds);
		return 0;
	}

	name.dir = TRACEE_CWD;
	snprintf(name.path, sizeof(name.path), "%s", path);

	return need_on(t, event, binds ? LLK_FS_MAKE_SOCK : LLK_FS_RESOLVE_UNIX,
		       &name);
}

static void look_port(const struct tracee *t, struct event *event,
		      const union address *address, uint64_t tcp, uint64_t udp)
{
	enum transport transport = transport_of(t);

	event->kind = EVENT_PORT;
	event->port = ntohs(address->in.sin_port);
	event->rights = transport == TCP ? tcp : udp;
	if (transport == OTHER_TRANSPORT)
		event->rights = 0;
	event->is_unbound = transport == UNBOUND_UDP &&
			    event->rights == LLK_NET_CONNECT_SEND_UDP;
	layers_check_port(t, event);
}

/* What is done with an address: rights of either transport */
struct use {
	bool binds;
	uint64_t tcp, udp;
};

static int look_address(const struct tracee *t, struct event *event,
			uint64_t at, uint64_t size, const struct use *use)
{
	union address address = { 0 };
	int r;

	if (size < sizeof(address.any.sa_family))
		return 0; /* a connected socket */
	if (size >= sizeof(address))
		size = sizeof(address) - 1;
	r = tracee_read(t, at, &address, (size_t)size);
	if (r < 0)
		return r;

	if (address.any.sa_family == AF_UNIX)
		return size > sizeof(address.any.sa_family)
			       ? look_unix(t, event, &address, use->binds)
			       : 0;
	if (address.any.sa_family == AF_INET ||
	    address.any.sa_family == AF_INET6)
		look_port(t, event, &address, use->tcp, use->udp);

	return 0;
}

int look_bind(const struct tracee *t, struct event *event)
{
	static const struct use use = { true, LLK_NET_BIND_TCP,
					LLK_NET_BIND_UDP };

	return look_address(t, event, call_arg(t, 1), call_arg(t, 2), &use);
}

/* connect and sendto; TCP ignores an address, but for a fast open */
int look_send(const struct tracee *t, struct event *event)
{
	bool connects =
		t->call.row->at[3] < 0 || call_arg(t, 3) & TCP_FAST_OPEN;
	struct use use = { false, connects ? LLK_NET_CONNECT_TCP : 0,
			   LLK_NET_CONNECT_SEND_UDP };

	return look_address(t, event, call_arg(t, 1), call_arg(t, 2), &use);
}

/* The first message's name and its length begin struct msghdr */
int look_message(const struct tracee *t, struct event *event)
{
	bool connects = call_arg(t, 2) & TCP_FAST_OPEN;
	struct use use = { false, connects ? LLK_NET_CONNECT_TCP : 0,
			   LLK_NET_CONNECT_SEND_UDP };
	uint64_t at = 0, size = 0;
	int r = tracee_read_word(t, call_arg(t, 1), &at);

	if (r == 0)
		r = tracee_read_word(t, call_arg(t, 1) + tracee_word_size(t),
				     &size);
	if (r < 0 || !at)
		return r;

	return look_address(t, event, at, (uint32_t)size, &use);
}

/* All calls of sockets in one, as i386 has it */
int look_socketcall(const struct tracee *t, struct event *event)
{
	static const struct {
		uint64_t number;
		const char *name;
		unsigned int n_args;
	} calls[] = { { 2, "bind", 3 },
		      { 3, "connect", 3 },
		      { 11, "sendto", 6 },
		      { 16, "sendmsg", 3 },
		      { 20, "sendmmsg", 4 } };
	struct tracee real = *t;
	size_t i = 0;
	int r = 0;

	while (i < 5 && calls[i].number != call_arg(t, 0))
		i++;
	if (i == 5)
		return 0;

	for (unsigned int n = 0; n < calls[i].n_args && r == 0; n++)
		r = tracee_read_word(t, call_arg(t, 1) + 4 * (uint64_t)n,
				     &real.call.args[n]);
	real.call.row = calls_named(calls[i].name);
	event->call = calls[i].name;

	return r ? r : real.call.row->look(&real, event);
}

bool others_also_bind(const struct tracee *t, struct event *event)
{
	bool was_denied = event->is_denied;

	if (!event->is_unbound || was_denied)
		return false;

	event->rights = LLK_NET_BIND_UDP;
	event->port = 0;
	layers_check_port(t, event);

	return event->is_denied || !event->error;
}

/*
 * Signals
 */

/* What is sent to processes of this run is theirs; to a group, it isn't known
   whom it reached */
static void look_target(const struct tracee *t, struct event *event,
			pid_t target)
{
	const struct tracee *other = target > 0 ? observe_find(target) : NULL;

	event->kind = EVENT_SIGNAL;
	event->target = target;
	if (other && other->process == t->process)
		return;
	layers_check_scope(t, event, LLK_SCOPE_SIGNAL, other);
	if (!other && target > 0)
		event->rights = LLK_SCOPE_SIGNAL;
}

int look_signal(const struct tracee *t, struct event *event)
{
	look_target(t, event, (pid_t)call_arg(t, 0));

	return 0;
}

int look_signal_fd(const struct tracee *t, struct event *event)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)t->id,
		 (int)call_arg(t, 0));
	look_target(t, event, (pid_t)proc_number(path, "Pid:", 10));

	return 0;
}

/*
 * What no rule allows
 */

int look_ptrace(const struct tracee *t, struct event *event)
{
	const struct tracee *other;
	bool is_me = call_arg(t, 0) == TRACE_ME;

	event->kind = EVENT_PTRACE;
	event->target = is_me ? t->process : (pid_t)call_arg(t, 1);
	other = observe_find(event->target);
	event->is_observed = other != NULL;
	layers_check_scope(t, event, 0, other);

	return 0;
}

/* The capability is asked for before Landlock is */
static bool may_mount(const struct tracee *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)t->id);

	return proc_number(path, "CapEff:", 16) >> CAP_SYS_ADMIN & 1;
}

int look_mount(const struct tracee *t, struct event *event)
{
	char path[PATH_MAX] = "";
	int r = 0;

	event->kind = EVENT_MOUNT;
	if (t->call.row->at[0] >= 0)
		r = tracee_read_string(t, call_arg(t, 0), path, sizeof(path));
	if (*path)
		event->paths[0] = strdup(path);
	event->rights = LLK_FS;
	if (may_mount(t))
		layers_check_scope(t, event, LLK_FS, NULL);

	return r;
}

/*
 * Afterwards
 */

static bool begins_with_any(const char *path, const char *const *list)
{
	if (strncmp(path, "/task/", 6) == 0)
		path += 6 + strspn(path + 6, "0123456789");
	while (*list && strncmp(path, *list, strlen(*list)) != 0)
		list++;

	return *list;
}

/* Behind /proc/PID: links that the kernel follows by the rule of ptrace, before
   it asks for what they lead to */
static bool is_link_of_process(const char *path)
{
	static const char *const links[] = { "/cwd", "/root",	    "/exe",
					     "/fd/", "/map_files/", NULL };

	return begins_with_any(path, links);
}

/* ... and files that it opens by this rule. Others may have other rules, so
   these are known, and others are not. */
static bool is_file_of_ptrace(const char *path)
{
	static const char *const files[] = { "/auxv", "/environ", "/maps",
					     "/mem",  "/smaps",	  NULL };

	return begins_with_any(path, files);
}

/* Whether the rule of ptrace was asked, or may have been */
static bool has_asked_ptrace(const struct event *event, const char *path)
{
	if (is_link_of_process(path))
		return true;

	return event->error ? !event->is_denied : is_file_of_ptrace(path);
}

/* Files of /proc that are about another process's inside: the rule of ptrace,
   that no option of files changes */
static void settle_proc(const struct tracee *t, struct event *event)
{
	const char *path = event->paths[0];
	pid_t process = path ? proc_process(path, &path) : 0;
	struct event asked = *event;

	if (!process || !has_asked_ptrace(event, path))
		return;

	asked.is_denied = false;
	layers_check_scope(t, &asked, 0, observe_find(process));
	if (!asked.is_denied)
		return;
	asked.kind = EVENT_PTRACE;
	asked.target = process;
	*event = asked;
}

/* Landlock has one error for each kind, two for moves */
static bool is_error_of_kind(const struct event *event)
{
	switch (event->kind) {
	case EVENT_MOVE:
		return event->error == EACCES || event->error == EXDEV;
	case EVENT_FILES:
	case EVENT_PORT:
		return event->error == EACCES;
	default:
		return event->error == EPERM;
	}
}

void others_settle(const struct tracee *t, struct event *event)
{
	if (!event->error && event->kind == EVENT_SOCKET && !event->rights)
		keep_abstract(event->paths[0]);
	if (event->kind == EVENT_SIGNAL && event->target > 0 &&
	    kill(event->target, 0) < 0 && errno == EPERM)
		event->is_denied_by_files = true;
	if (event->is_denied_by_files && event->kind == EVENT_SIGNAL)
		event->is_denied = false;
	if (event->error && !is_error_of_kind(event))
		event->is_denied = false;
	else if (event->kind == EVENT_FILES)
		settle_proc(t, event);
	event->is_denied &= event->error != 0;
}
