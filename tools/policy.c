/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A request becomes a ruleset. What the library would call a bug in the program
 * is a mistake of the user here, so it is found before, and told by the option.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_RIGHTS                                              \
	(LLK_FS_EXECUTE | LLK_FS_WRITE_FILE | LLK_FS_READ_FILE | \
	 LLK_FS_TRUNCATE | LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX)

/* A ruleset that is being built */
struct policy {
	const struct request *req;
	struct llk_ruleset *rs;
	uint64_t handled;
	uint64_t refer; /* where it can be granted */
	uint64_t quiet;
	bool has_quiet_path, has_port;
};

bool policy_is_empty(const struct request *req)
{
	return (req->dialect->is_landrun || req->wants & WANT_WHY) &&
	       !(llk_abi_rights(req->version) & ~req->unrestricted);
}

uint64_t policy_handled(const struct request *req)
{
	uint64_t handled = llk_abi_rights(req->version) & ~req->unrestricted;

	if (!handled)
		die(EXIT_FAILED, NULL, NULL,
		    "nothing is left to restrict: drop an --unrestricted "
		    "option, or ask for a later --version-abi");

	return handled;
}

/* @surplus of what @option asks is not restricted at all: the user would rely
   on what isn't there */
__attribute__((noreturn)) static void
die_of_surplus(const struct policy *policy, const char *option,
	       const char *value, uint64_t surplus)
{
	char list[512];

	llk_rights_format(surplus, list, sizeof(list));
	die(EXIT_FAILED, option, value,
	    "%s: not restricted (by --version-abi %d or an --unrestricted "
	    "option)",
	    list, policy->req->version);
}

/*
 * Rules
 */

static bool is_whole(uint64_t rights, uint64_t zone)
{
	return (rights & zone) == zone;
}

/* Rights of files as the library takes them: a preset is masked, others are
   checked */
static uint64_t path_rights(const struct policy *policy,
			    const struct grant *grant)
{
	uint64_t rights = grant->rights, surplus;

	if (grant->may_lack)
		rights &= ~LLK_FS_REFER | policy->refer;
	surplus = rights & LLK_FS & ~policy->handled;
	if (is_whole(rights, LLK_FS))
		surplus = 0;
	else if (rights & LLK_PRESET)
		surplus &= LLK_FS_REFER;
	if (surplus)
		die_of_surplus(policy, grant->option, grant->path, surplus);
	if (rights & LLK_QUIET && !(policy->quiet & LLK_FS))
		die(EXIT_FAILED, grant->option, grant->path,
		    "quiet has no meaning without --quiet and the rights of "
		    "files that are not logged");

	return rights;
}

static void add_path(struct policy *policy, const struct grant *grant)
{
	uint64_t rights = path_rights(policy, grant);

	policy->has_quiet_path |= (rights & LLK_QUIET) != 0;
	if (grant->kind == GRANT_FD) {
		llk_ruleset_allow_fd(policy->rs, rights, (int)grant->number);
		return;
	}
	if (policy->req->wants & WANT_IGNORE_MISSING)
		rights |= LLK_IF_PRESENT;
	llk_ruleset_allow_path(policy->rs, rights, grant->path);
}

static void add_port(struct policy *policy, const struct grant *grant)
{
	uint64_t rights = grant->rights, surplus = rights & ~policy->handled;
	char port[8];

	snprintf(port, sizeof(port), "%u", (unsigned int)grant->number);
	if (surplus && !grant->may_lack)
		die_of_surplus(policy, grant->option, port, surplus);

	rights &= policy->handled;
	if (!rights)
		return;
	if (policy->quiet & LLK_NET)
		rights |= LLK_QUIET;
	policy->has_port = true;
	llk_ruleset_allow_port(policy->rs, rights, grant->number);
}

static void tell_idle(const struct request *req, const struct grant *grant)
{
	if (req->wants & WANT_VERBOSE)
		say("--%s has nothing to add to what is unrestricted\n",
		    grant->option);
}

/* A rule of what was declared unrestricted has nothing to add */
static void add_rule(struct policy *policy, const struct grant *grant)
{
	uint64_t zone = grant->kind == GRANT_PORT ? LLK_NET : LLK_FS;

	if (policy->req->unrestricted & zone) {
		tell_idle(policy->req, grant);
		return;
	}

	if (grant->kind == GRANT_PORT)
		add_port(policy, grant);
	else if (grant->kind == GRANT_GROUP)
		llk_ruleset_allow_group(policy->rs, grant->rights,
					(unsigned int)grant->number);
	else
		add_path(policy, grant);
}

/*
 * --require and --quiet
 */

/* Whole zones as what is handled of them; a zone without is an error, but in
   "all" */
static uint64_t expand(const struct policy *policy, const char *option,
		       uint64_t rights)
{
	static const uint64_t zones[] = { LLK_FS, LLK_NET, LLK_SCOPE };
	uint64_t expanded = rights, handled = policy->handled, surplus = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t zone = zones[i];

		if (!is_whole(rights, zone))
			continue;
		expanded = (expanded & ~zone) | (handled & zone);
		if (!(handled & zone) && rights != LLK_ALL)
			surplus |= zone;
	}
	surplus |= expanded & ~handled;
	if (surplus)
		die_of_surplus(policy, option, NULL, surplus);

	return expanded;
}

/* Before the rules, which carry the mark */
static void find_quiet(struct policy *policy)
{
	const struct request *req = policy->req;

	policy->quiet = expand(policy, "quiet", req->quiet);
}

/* The kernel wants to know where: files everywhere, or where --allow says so;
   ports where options name them */
static void add_quiet(struct policy *policy)
{
	uint64_t quiet = policy->quiet;

	if (quiet & LLK_NET && !policy->has_port) {
		if (!is_whole(policy->req->quiet, LLK_NET))
			die(EXIT_FAILED, "quiet", NULL,
			    "rights of ports are quiet on ports that another "
			    "option names, and none does");
		quiet &= ~LLK_NET;
	}
	if (quiet & LLK_FS && !policy->has_quiet_path)
		llk_ruleset_allow_path(policy->rs, LLK_QUIET, "/");
	if (quiet)
		llk_ruleset_quiet(policy->rs, quiet);
}

static void add_floor(const struct policy *policy)
{
	uint64_t required = policy->req->required;

	if (required)
		llk_ruleset_require(policy->rs,
				    expand(policy, "require", required));
}

/*
 * All of it
 */

static bool is_strict(const struct request *req)
{
	return req->dialect->is_landrun ? !(req->wants & WANT_BEST_EFFORT)
					: req->wants & WANT_STRICT;
}

struct llk_ruleset *policy_build(const struct request *req)
{
	struct policy policy = { .req = req, .handled = policy_handled(req) };

	/* What is learned where Landlock is off is for where it is on */
	policy.refer = policy.handled & LLK_FS_REFER;
	if (llk_abi() > 0 || !(req->wants & WANT_LEARN))
		policy.refer &= llk_abi_rights(llk_abi());
	policy.rs = llk_ruleset_new(req->version, policy.handled,
				    is_strict(req) ? 0 : LLK_BEST_EFFORT);
	find_quiet(&policy);
	for (size_t i = 0; i < req->grants.n; i++)
		add_rule(&policy, &req->grants.all[i]);
	add_quiet(&policy);
	add_floor(&policy);
	if (llk_ruleset_error(policy.rs))
		policy_fail(req, policy.rs, llk_ruleset_error(policy.rs));

	return policy.rs;
}

bool policy_is_enough(const struct request *req, int result)
{
	return result == LLK_ENFORCED || result == LLK_PARTLY_ENFORCED ||
	       (result == LLK_NOT_ENFORCED && req->wants & WANT_BEST_EFFORT);
}

/*
 * Failures
 */

/* What is wrong with the file of @grant, if @result tells of that */
static void blame_open(const struct grant *grant, int result)
{
	bool is_forgiven = errno == ENOENT && grant->rights & LLK_IF_PRESENT;

	if (errno == -result && !is_forgiven)
		die(EXIT_FAILED, grant->option, grant->path, "%s%s",
		    strerror(errno),
		    errno == ENOENT ? " (--ignore-missing skips what isn't "
				      "there)"
				    : "");
}

static void blame_kind(const struct grant *grant, unsigned int mode, int result)
{
	uint64_t surplus = grant->rights & LLK_FS & ~FILE_RIGHTS;
	char list[512];

	if (result != -EINVAL || S_ISDIR(mode) || !surplus ||
	    grant->rights & LLK_PRESET || is_whole(grant->rights, LLK_FS))
		return;

	llk_rights_format(surplus, list, sizeof(list));
	die(EXIT_FAILED, grant->option, grant->path,
	    "not a directory: %s can't be granted on it", list);
}

static void blame(const struct grant *grant, int result)
{
	struct stat st = { 0 };
	int fd, r;

	if (grant->kind != GRANT_PATH)
		return;

	fd = open(grant->path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		blame_open(grant, result);
		return;
	}
	r = fstat(fd, &st);
	close(fd);
	if (r == 0)
		blame_kind(grant, st.st_mode, result);
}

void policy_fail(const struct request *req, const struct llk_ruleset *rs,
		 int result)
{
	for (size_t i = 0; i < req->grants.n; i++)
		blame(&req->grants.all[i], result);

	die(EXIT_FAILED, NULL, NULL, "%s", explanation(rs));
}
