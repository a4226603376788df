/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The kernel's ruleset: ask for the version, create it, open what the rules
 * name, and add them. Nothing here allocates.
 */
#include "ruleset.h"

#include <errno.h>

/* A handler of SECCOMP_RET_TRAP that returns answers the call's own number */
int llk_abi(void)
{
	int r = llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_VERSION);

	return r == 0 || r == LLKI_SYS_CREATE_RULESET ? -ENOSYS : r;
}

/* Remember for explain where a call ended; returns @result */
int llki_load_end(struct llk_ruleset *rs, int result, enum llki_step step)
{
	rs->result = result;
	rs->step = step;

	return result;
}

static int end_at_rule(struct llk_ruleset *rs, int result, enum llki_step step,
		       const struct llki_rule *rule)
{
	rs->at = rule;

	return llki_load_end(rs, result, step);
}

/* A rule that asks for quiet in a zone of which nothing is quiet, or NULL */
const struct llki_rule *llki_load_idle_quiet(const struct llk_ruleset *rs)
{
	uint64_t idle = rs->quiet_rules & ~llki_abi_zones(rs->quiet);
	const struct llki_rule *rule = idle ? rs->rules : NULL;

	while (rule &&
	       !(rule->rights & LLK_QUIET && llki_fit_zone(rule) & idle))
		rule = rule->next;

	return rule;
}

/* What must hold before anything is done; 0, or the mistake */
int llki_load_check(struct llk_ruleset *rs)
{
	const struct llki_rule *idle;

	if (!rs)
		return -ENOMEM;
	if (rs->state == LLKI_IS_SPENT)
		return llki_load_end(rs, -EBADF, LLKI_SPENT);
	if (rs->mistake.error)
		return rs->mistake.error;
	idle = llki_load_idle_quiet(rs);
	if (idle)
		return end_at_rule(rs, -EINVAL, LLKI_QUIET_RULE, idle);

	return 0;
}

/*
 * Where standard input, output or error is closed the kernel gives its number,
 * and the program may put another file there by dup2
 */
static int above_standard(int fd)
{
	int copy;

	if (fd < 0 || fd > 2)
		return fd;

	copy = llki_sys_dup(fd);
	llki_sys_close(fd);

	return copy;
}

static int create(const struct llki_fit *fit)
{
	struct llk_sys_ruleset_attr attr = {
		.handled_access_fs = LLK_SYS_FS(fit->handled),
		.handled_access_net = LLK_SYS_NET(fit->handled),
		.scoped = LLK_SYS_SCOPE(fit->handled),
		.quiet_access_fs = LLK_SYS_FS(fit->quiet),
		.quiet_access_net = LLK_SYS_NET(fit->quiet),
		.quiet_scoped = LLK_SYS_SCOPE(fit->quiet),
	};

	return above_standard(llk_sys_create_ruleset(&attr, sizeof(attr), 0));
}

/* Whether there is something to do with what @rs was fitted to */
static bool is_worth_it(const struct llk_ruleset *rs)
{
	return rs->fit.outcome == LLK_ENFORCED ||
	       rs->fit.outcome == LLK_PARTLY_ENFORCED;
}

/* The new descriptor, or -errno; -ECANCELED where nothing is worth creating */
static int create_fitted(struct llk_ruleset *rs, int query, uint64_t refused,
			 unsigned int flags)
{
	llki_fit(rs, query, refused, flags, &rs->fit);

	return is_worth_it(rs) ? create(&rs->fit) : -ECANCELED;
}

/* Create what the kernel has; cut what it refuses against its word, once */
static int fit_and_create(struct llk_ruleset *rs, unsigned int flags)
{
	int query = llk_abi();
	uint64_t suspects = llki_abi_row(query)->suspects;

	rs->fd = create_fitted(rs, query, 0, flags);
	if (rs->fd == -EINVAL && rs->fit.handled & suspects)
		rs->fd = create_fitted(rs, query, suspects, flags);

	if (!is_worth_it(rs))
		return llki_load_end(rs, rs->fit.outcome, LLKI_UNFIT);
	if (rs->fd < 0)
		return llki_load_end(rs, rs->fd, LLKI_CREATE);

	return rs->fit.outcome;
}

static int add_path_beneath(struct llk_ruleset *rs,
			    const struct llki_rule *rule, uint64_t rights,
			    int fd)
{
	struct llk_sys_path_beneath_attr attr = {
		.allowed_access = LLK_SYS_FS(rights),
		.parent_fd = fd,
	};
	bool is_quiet = llki_fit_is_quiet(&rs->fit, rule);

	if (!rights && !is_quiet)
		return 0;

	return llk_sys_add_rule(rs->fd, LLK_SYS_RULE_PATH_BENEATH, &attr,
				is_quiet ? LLK_SYS_ADD_RULE_QUIET : 0);
}

/* The kernel refused rights of directories on a file: drop them or tell */
static int add_to_file(struct llk_ruleset *rs, const struct llki_rule *rule,
		       uint64_t rights, int fd)
{
	int is_dir = llki_sys_is_dir(fd);
	uint64_t surplus = rights & ~LLKI_ABI_FILE_RIGHTS;

	if (is_dir < 0)
		return end_at_rule(rs, is_dir, LLKI_IDENTIFY, rule);
	if (is_dir || !surplus)
		return end_at_rule(rs, -EINVAL, LLKI_ADD, rule);

	if (rule->rights & (LLK_PRESET | LLKI_ABI_TOP_FS))
		return end_at_rule(
			rs, add_path_beneath(rs, rule, rights & ~surplus, fd),
			LLKI_ADD, rule);
	rs->surplus = surplus;

	return end_at_rule(rs, -EINVAL, LLKI_WRONG_FILE, rule);
}

/* The kind of file is asked only when the kernel refuses: three calls a rule */
static int add_file(struct llk_ruleset *rs, const struct llki_rule *rule,
		    int fd)
{
	uint64_t rights = llki_fit_rights(&rs->fit, rule);
	int r = add_path_beneath(rs, rule, rights, fd);

	if (r == -EINVAL)
		return add_to_file(rs, rule, rights, fd);

	return r < 0 ? end_at_rule(rs, r, LLKI_ADD, rule) : 0;
}

/* Whether the open of @rule's path may fail so; names of groups are ours */
bool llki_load_is_forgiven(const struct llki_rule *rule, int error)
{
	if (rule->kind == LLKI_GROUP_PATH &&
	    (error == -ENOTDIR || error == -EACCES || error == -ELOOP))
		return true;

	return rule->rights & LLK_IF_PRESENT && error == -ENOENT;
}

static int add_path(struct llk_ruleset *rs, struct llki_rule *rule)
{
	int fd = llki_sys_open_path(rule->path);
	int r, closed;

	if (fd < 0 && llki_load_is_forgiven(rule, fd)) {
		rule->is_skipped = true;
		return 0;
	}
	if (fd < 0)
		return end_at_rule(rs, fd, LLKI_OPEN, rule);

	r = add_file(rs, rule, fd);
	closed = llki_sys_close(fd);
	if (r == 0 && closed < 0)
		return end_at_rule(rs, closed, LLKI_CLOSE, rule);

	return r;
}

static int add_port(struct llk_ruleset *rs, const struct llki_rule *rule)
{
	struct llk_sys_net_port_attr attr = {
		.allowed_access = LLK_SYS_NET(llki_fit_rights(&rs->fit, rule)),
		.port = rule->number,
	};
	bool is_quiet = llki_fit_is_quiet(&rs->fit, rule);
	int r = llk_sys_add_rule(rs->fd, LLK_SYS_RULE_NET_PORT, &attr,
				 is_quiet ? LLK_SYS_ADD_RULE_QUIET : 0);

	/* No TCP/IP in this kernel: nothing is left to restrict */
	if (r == -EAFNOSUPPORT)
		return 0;

	return end_at_rule(rs, r, LLKI_ADD, rule);
}

static int add_rule(struct llk_ruleset *rs, struct llki_rule *rule)
{
	rule->is_skipped = false;
	if (!llki_fit_rights(&rs->fit, rule) &&
	    !llki_fit_is_quiet(&rs->fit, rule))
		return 0;

	switch (rule->kind) {
	case LLKI_PORT:
		return add_port(rs, rule);
	case LLKI_FD:
		return add_file(rs, rule, rule->fd);
	default:
		return add_path(rs, rule);
	}
}

static int add_rules(struct llk_ruleset *rs)
{
	struct llki_rule *rule = rs->rules;
	int r = 0;

	for (; rule && r == 0; rule = rule->next)
		r = add_rule(rs, rule);

	return r;
}

/* Build the kernel's ruleset in rs->fd: the outcome, or -errno and no fd */
int llki_load_build(struct llk_ruleset *rs, unsigned int flags)
{
	int outcome = fit_and_create(rs, flags), r;

	if (outcome < 0 || outcome == LLK_NOT_ENFORCED)
		return outcome;

	r = add_rules(rs);
	if (r < 0) {
		llki_sys_close(rs->fd);
		return r;
	}

	return llki_load_end(rs, outcome, LLKI_LOADED);
}

/* For a loaded ruleset, fit the flags alone: its rights are in the kernel */
int llki_load_again(struct llk_ruleset *rs, unsigned int flags)
{
	llki_fit(rs, rs->fit.query, rs->fit.refused, flags, &rs->fit);

	return llki_load_end(rs, rs->fit.outcome,
			     rs->fit.outcome < 0 ? LLKI_UNFIT : LLKI_LOADED);
}

int llk_ruleset_load(struct llk_ruleset *rs)
{
	int r = llki_load_check(rs);

	if (r < 0)
		return r;
	if (rs->state == LLKI_IS_LOADED)
		return llki_load_again(rs, 0);

	r = llki_load_build(rs, 0);
	if (r == LLK_ENFORCED || r == LLK_PARTLY_ENFORCED) {
		llki_ruleset_close_fds(rs);
		rs->state = LLKI_IS_LOADED;
	}

	return r;
}
