/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Which denials are logged: the kernel's audit records are read over netlink.
 * After each denial comes a marker, a denial that is always logged: what has
 * not been seen before it was not logged.
 */
#include "live.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LANDLOCK_ACCESS 1423 /* AUDIT_LANDLOCK_ACCESS, Linux 6.15 */
#define TARGET_PORT 64123

/* Our own group number: headers of old machines lack it */
#define READ_LOG_GROUPS 1U

static int audit_fd = -1;

/* Whether the kernel makes records at all: audit=1 at boot, or a daemon */
static bool is_audit_on(void)
{
	struct {
		struct nlmsghdr head;
		struct audit_status status;
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(0),
			    .nlmsg_type = AUDIT_GET,
			    .nlmsg_flags = NLM_F_REQUEST } };
	struct pollfd poller = { .events = POLLIN };

	poller.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (poller.fd < 0 || send(poller.fd, &msg, msg.head.nlmsg_len, 0) < 0 ||
	    poll(&poller, 1, 3000) <= 0 ||
	    recv(poller.fd, &msg, sizeof(msg), 0) < (ssize_t)sizeof(msg.head))
		return false;
	close(poller.fd);

	return msg.head.nlmsg_type == AUDIT_GET && msg.status.enabled;
}

static void listen_to_audit(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK,
				    .nl_groups = READ_LOG_GROUPS };

	audit_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (audit_fd < 0 ||
	    bind(audit_fd, (struct sockaddr *)&addr, sizeof(addr)))
		live_cannot("the audit log can't be read: %s", strerror(errno));
	if (!is_audit_on())
		live_cannot("audit is off");
}

/* The next record of Landlock's, or false after a second without any */
static bool next_record(char *text, size_t size)
{
	char buf[8192];
	struct nlmsghdr *head = (void *)buf;
	struct pollfd poller = { .fd = audit_fd, .events = POLLIN };
	ssize_t n;

	while (poll(&poller, 1, 3000) > 0) {
		n = recv(audit_fd, buf, sizeof(buf) - 1, 0);
		if (n < (ssize_t)NLMSG_HDRLEN ||
		    head->nlmsg_type != LANDLOCK_ACCESS)
			continue;
		buf[n] = '\0';
		snprintf(text, size, "%s", buf + NLMSG_HDRLEN);
		return true;
	}

	return false;
}

/* A denial of its own, in a layer of its own that logs */
static int make_marker(const void *arg)
{
	live_restrict(llk_ruleset_new(LLK_V1, LLK_FS_WRITE_FILE, 0));
	IS(live_open("marker", O_WRONLY), EACCES);

	return 0;
}

/* Whether a record with @what came before the marker's */
static bool was_logged(const char *what)
{
	char text[8192];
	bool is_seen = false;

	while (next_record(text, sizeof(text))) {
		if (strstr(text, "marker\""))
			return is_seen;
		is_seen |= strstr(text, what) != NULL;
	}
	live_fail("the marker's record does not come");
}

/*
 * What is denied
 */

static int read_target(const void *arg)
{
	IS(live_open("target", O_RDONLY), EACCES);

	return 0;
}

static int write_target(const void *arg)
{
	IS(live_open("target", O_WRONLY), EACCES);

	return 0;
}

static int list_target(const void *arg)
{
	IS(live_open("dir", O_RDONLY | O_DIRECTORY), EACCES);

	return 0;
}

static int signal_target(const void *arg)
{
	IS(kill(getppid(), 0), -1);

	return 0;
}

static int bind_target(const void *arg)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(TARGET_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	IS(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), -1);
	IS(errno, EACCES);

	return 0;
}

static int exec_and_write(void)
{
	execl(live_self(), live_self(), "write", "target", (char *)NULL);

	return 99;
}

/*
 * Log flags
 */

struct flag_row {
	const char *name;
	unsigned int flags;
	bool has_exec, has_sublayer, is_logged;
};
/* clang-format off */
static const struct flag_row flag_rows[] = {
	{ "itself", 0, false, false, true },
	{ "itself, same_exec_off", LLK_RESTRICT_LOG_SAME_EXEC_OFF, false, false, false },
	{ "itself, new_exec_on", LLK_RESTRICT_LOG_NEW_EXEC_ON, false, false, true },
	{ "exec", 0, true, false, false },
	{ "exec, new_exec_on", LLK_RESTRICT_LOG_NEW_EXEC_ON, true, false, true },
	{ "exec, same_exec_off", LLK_RESTRICT_LOG_SAME_EXEC_OFF, true, false, false },
	{ "sublayer", 0, false, true, true },
	{ "sublayer, subdomains_off", LLK_RESTRICT_LOG_SUBDOMAINS_OFF, false, true, false },
	{ "itself, subdomains_off", LLK_RESTRICT_LOG_SUBDOMAINS_OFF, false, false, true },
};
/* clang-format on */
#define N_FLAG_ROWS ((int)(sizeof(flag_rows) / sizeof(flag_rows[0])))

static void restrict_with(uint64_t handled, unsigned int flags)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, handled, 0);

	IS(llk_ruleset_restrict_self(rs, flags), LLK_ENFORCED);
	llk_ruleset_free(rs);
}

static int deny_with_flags(const void *arg)
{
	const struct flag_row *row = arg;

	restrict_with(row->has_sublayer ? LLK_FS_MAKE_FIFO : LLK_FS_WRITE_FILE,
		      row->flags);
	if (row->has_sublayer)
		restrict_with(LLK_FS_WRITE_FILE, 0);

	return row->has_exec ? exec_and_write() : write_target(NULL);
}

static void log_flags(const void *arg)
{
	const struct flag_row *row = arg;

	listen_to_audit();
	live_about("%s", row->name);
	IS(live_fork(deny_with_flags, row), row->has_exec ? EACCES : 0);
	IS(live_fork(make_marker, NULL), 0);
	IS(was_logged("target\""), row->is_logged);
}

START_TEST(log_flags_decide_what_is_logged)
{
	NEEDS_ABI(7);
	live_tree();
	live_file("target", "");
	live_file("marker", "");
	RUN(log_flags, &flag_rows[_i]);
}
END_TEST

static void flags_below(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	SAYS(rs, llk_ruleset_restrict_self(rs, flag_rows[1].flags), -EOPNOTSUPP,
	     "Linux 6.15 is needed for log_same_exec_off");
	IS(live_open("target", O_RDONLY), 0);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	SAYS(rs, llk_ruleset_restrict_self(rs, flag_rows[1].flags),
	     LLK_ENFORCED, "Linux 6.15 is needed for log_same_exec_off");
	IS(live_open("target", O_RDONLY), EACCES);
}

/* bug class S */
START_TEST(below_abi_7_log_flags_are_an_error_or_dropped)
{
	SKIP_IF(live_abi() < 1 || live_abi() >= 7, "only ABI 1 to 6");
	live_tree();
	live_file("target", "");
	RUN(flags_below, NULL);
}
END_TEST

/* The form of the manual: no ruleset, logging alone */
static int mute_sublayers(const void *arg)
{
	int r = llk_sys_no_new_privs();

	if (r == 0)
		r = llk_sys_restrict_self(
			-1, LLK_SYS_RESTRICT_SELF_LOG_SUBDOMAINS_OFF);
	IS(r, 0);
	IS(live_open("target", O_RDONLY), 0);
	restrict_with(LLK_FS_READ_FILE, 0);

	return read_target(NULL);
}

static void without_ruleset(const void *arg)
{
	listen_to_audit();
	IS(live_fork(mute_sublayers, NULL), 0);
	IS(live_fork(make_marker, NULL), 0);
	IS(was_logged("target\""), live_abi() < 8);
}

START_TEST(sublayers_are_muted_without_a_ruleset)
{
	NEEDS_ABI(7);
	live_tree();
	live_file("target", "");
	live_file("marker", "");
	RUN(without_ruleset, NULL);
}
END_TEST

/*
 * Quiet
 */

struct quiet_row {
	const char *name;
	uint64_t handled, quiet;
	uint64_t rule_rights; /* with LLK_QUIET, on @path or TARGET_PORT */
	const char *path;
	int (*denied)(const void *arg);
	const char *record;
	bool is_logged;
};
#define READING (LLK_FS_READ_FILE | LLK_FS_READ_DIR)
/* clang-format off */
static const struct quiet_row quiet_rows[] = {
	{ "file", READING, LLK_FS_READ_FILE, 0, "target", read_target, "target\"", false },
	{ "directory above", READING, LLK_FS_READ_FILE, 0, ".", read_target, "target\"", false },
	{ "a rule with rights", READING, READING, LLK_FS_READ_DIR, ".", read_target, "target\"", false },
	{ "another file", READING, LLK_FS_READ_FILE, 0, "dir", read_target, "target\"", true },
	{ "another right", READING, LLK_FS_READ_DIR, 0, ".", read_target, "target\"", true },
	{ "list", READING, LLK_FS_READ_DIR, 0, "dir", list_target, "dir\"", false },
	{ "no rule", READING, READING, 0, NULL, read_target, "target\"", true },
	{ "signal", LLK_SCOPE_SIGNAL, LLK_SCOPE_SIGNAL, 0, NULL, signal_target, "scope.signal", false },
	{ "signal, not quiet", LLK_SCOPE, LLK_SCOPE_ABSTRACT_UNIX_SOCKET, 0, NULL, signal_target, "scope.signal", true },
	{ "port", LLK_NET, LLK_NET_BIND_TCP, LLK_NET_CONNECT_TCP, "", bind_target, "src=64123", false },
	{ "port, another right", LLK_NET, LLK_NET_CONNECT_TCP, 0, "", bind_target, "src=64123", true },
};
/* clang-format on */
#define N_QUIET_ROWS ((int)(sizeof(quiet_rows) / sizeof(quiet_rows[0])))

static int deny_quietly(const void *arg)
{
	const struct quiet_row *row = arg;
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V10, row->handled, 0);

	llk_ruleset_quiet(rs, row->quiet);
	if (row->path && *row->path)
		llk_ruleset_allow_path(rs, row->rule_rights | LLK_QUIET,
				       row->path);
	else if (row->path)
		llk_ruleset_allow_port(rs, row->rule_rights | LLK_QUIET,
				       TARGET_PORT);
	live_restrict(rs);

	return row->denied(NULL);
}

static void quiet(const void *arg)
{
	const struct quiet_row *row = arg;

	listen_to_audit();
	live_about("%s", row->name);
	IS(live_fork(deny_quietly, row), 0);
	IS(live_fork(make_marker, NULL), 0);
	IS(was_logged(row->record), row->is_logged);
}

START_TEST(quiet_denials_are_not_logged)
{
	NEEDS_ABI(10);
	live_tree();
	live_dir("dir");
	live_file("target", "");
	live_file("marker", "");
	RUN(quiet, &quiet_rows[_i]);
}
END_TEST

/* Below, best effort restricts the same and logs, and strict refuses */
static void quiet_below(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	llk_ruleset_quiet(rs, LLK_FS);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP,
	     "Linux 7.2 is needed for quiet");
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_quiet(rs, LLK_FS);
	llk_ruleset_allow_path(rs, LLK_QUIET, "target");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED,
	     "Linux 7.2 is needed for quiet");
	IS(live_open("target", O_RDONLY), EACCES);
}

START_TEST(below_abi_10_quiet_is_an_error_or_dropped)
{
	SKIP_IF(live_abi() < 1 || live_abi() >= 10, "only ABI 1 to 9");
	live_tree();
	live_file("target", "");
	RUN(quiet_below, NULL);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("log");

	if (argc == 3 && !strcmp(argv[1], "write"))
		_exit(live_open(argv[2], O_WRONLY));

	live_add(suite, log_flags_decide_what_is_logged, N_FLAG_ROWS);
	live_add(suite, below_abi_7_log_flags_are_an_error_or_dropped, 1);
	live_add(suite, sublayers_are_muted_without_a_ruleset, 1);
	live_add(suite, quiet_denials_are_not_logged, N_QUIET_ROWS);
	live_add(suite, below_abi_10_quiet_is_an_error_or_dropped, 1);

	return live_main(suite);
}
