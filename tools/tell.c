/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What can be told without running or restricting anything: --abi, --dry-run
 * and --check, as text or as JSON. The manual has the members of the JSON.
 */
#include "run.h"

#include <liblandlock/sys.h>
#include <stdlib.h>
#include <string.h>

static bool is_json(const struct request *req)
{
	return req->wants & WANT_JSON;
}

static void tell_rights(const struct request *req, const char *title,
			const char *member, uint64_t rights)
{
	char list[512];

	if (is_json(req)) {
		printf(",\"%s\":", member);
		json_rights(stdout, rights);
		return;
	}
	llk_rights_format(rights, list, sizeof(list));
	printf("%s: %s\n", title, rights ? list : "none");
}

static const char *outcome_name(int result)
{
	if (result == LLK_NOT_ENFORCED)
		return "not enforced";

	return result == LLK_ENFORCED ? "enforced" : "partly enforced";
}

/*
 * --abi
 */

/* A bit for each erratum that is fixed, or -errno: the kernel can't tell */
static int errata(void)
{
	return llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);
}

static void tell_errata(int fixed)
{
	if (fixed < 0) {
		puts("fixed errata: unknown (the kernel can't tell)");
		return;
	}

	fputs("fixed errata:", stdout);
	for (int n = 0; n < 31; n++)
		if (fixed & 1 << n)
			printf(" %d", n + 1);
	puts(fixed ? "" : " none");
}

static void json_errata(int fixed)
{
	const char *comma = "";

	if (fixed < 0) {
		fputs(",\"errata\":null", stdout);
		return;
	}

	fputs(",\"errata\":[", stdout);
	for (int n = 0; n < 31; n++) {
		if (!(fixed & 1 << n))
			continue;
		printf("%s%d", comma, n + 1);
		comma = ",";
	}
	putchar(']');
}

/* Why there is no Landlock: the library has the words */
static int tell_no_landlock(const struct request *req)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	int r = llk_ruleset_load(rs);
	char *line = explanation(rs);

	if (is_json(req)) {
		fputs("{\"abi\":0,\"explanation\":", stdout);
		json_string(stdout, line);
		puts("}");
	} else if (r < 0) {
		say("%s\n", line);
	}
	free(line);
	llk_ruleset_free(rs);

	return req->dialect->status ? req->dialect->status : EXIT_FAILED;
}

int tell_abi(const struct request *req)
{
	uint64_t newest = llk_abi_rights(NEWEST);
	int abi = llk_abi();

	if (abi < 0)
		return tell_no_landlock(req);

	printf(is_json(req) ? "{\"abi\":%d" : "Landlock ABI: %d\n", abi);
	if (is_json(req))
		json_errata(errata());
	else
		tell_errata(errata());
	tell_rights(req, "can restrict", "can_restrict", llk_abi_rights(abi));
	tell_rights(req, "needs a newer kernel", "needs_newer_kernel",
		    newest & ~llk_abi_rights(abi));
	if (is_json(req))
		printf(",\"newest_known_abi\":%d}\n", NEWEST);

	return 0;
}

/*
 * --dry-run
 */

static const char *group_name(uint64_t group)
{
	switch (group) {
	case LLK_GROUP_LOADER:
		return "loader";
	case LLK_GROUP_RESOLVER:
		return "resolver";
	case LLK_GROUP_TLS:
		return "tls";
	default:
		return "locale";
	}
}

static void text_of_rule(const struct grant *grant, uint64_t rights)
{
	char list[512];

	llk_rights_format(rights, list, sizeof(list));
	printf("allow %s: ", list);
	switch (grant->kind) {
	case GRANT_PATH:
		say_quoted(stdout, grant->path);
		break;
	case GRANT_PORT:
		printf("port %u", (unsigned int)grant->number);
		break;
	case GRANT_FD:
		printf("descriptor %u", (unsigned int)grant->number);
		break;
	case GRANT_GROUP:
		printf("group %s", group_name(grant->number));
		break;
	}
	printf(" (--%s)\n", grant->option);
}

static void json_of_rule(const struct grant *grant, uint64_t rights)
{
	printf("{\"option\":\"%s\",", grant->option);
	switch (grant->kind) {
	case GRANT_PATH:
		fputs("\"path\":", stdout);
		json_string(stdout, grant->path);
		break;
	case GRANT_PORT:
		printf("\"port\":%u", (unsigned int)grant->number);
		break;
	case GRANT_FD:
		printf("\"fd\":%u", (unsigned int)grant->number);
		break;
	case GRANT_GROUP:
		printf("\"group\":\"%s\"", group_name(grant->number));
		break;
	}
	fputs(",\"rights\":", stdout);
	json_rights(stdout, rights);
	putchar('}');
}

/* What a rule opens of what is closed here */
static void tell_rules(const struct request *req, uint64_t handled)
{
	const char *comma = "";

	for (size_t i = 0; i < req->grants.n; i++) {
		const struct grant *grant = &req->grants.all[i];
		uint64_t rights = grant->rights & handled;

		if (!rights)
			continue;
		if (is_json(req)) {
			fputs(comma, stdout);
			json_of_rule(grant, rights);
		} else {
			text_of_rule(grant, rights);
		}
		comma = ",";
	}
}

static void text_of_dry_run(const struct request *req,
			    const struct llk_ruleset *rs, int result)
{
	uint64_t handled = llk_ruleset_handled(rs);
	char *line = explanation(rs);

	printf("outcome: %s\n", outcome_name(result));
	puts(line);
	free(line);
	tell_rights(req, "denied unless allowed", "", handled);
	tell_rights(req, "not restricted on this kernel", "",
		    policy_handled(req) & ~handled);
	tell_rules(req, handled);
	if (req->wants & WANT_TMP)
		puts("a directory for temporary files is made for the run "
		     "(--tmp)");
	if (!req->command)
		return;
	fputs("command: ", stdout);
	say_quoted(stdout, req->path);
	putchar('\n');
}

static void json_of_command(const struct request *req)
{
	fputs(",\"executes\":", stdout);
	json_string(stdout, req->path);
	fputs(",\"command\":[", stdout);
	for (char **word = req->command; *word; word++) {
		json_string(stdout, *word);
		if (word[1])
			putchar(',');
	}
	putchar(']');
}

static void json_outcome(const struct llk_ruleset *rs, int result)
{
	char *line = explanation(rs);

	printf("{\"outcome\":\"%s\",\"explanation\":", outcome_name(result));
	json_string(stdout, line);
	free(line);
}

static void json_of_dry_run(const struct request *req,
			    const struct llk_ruleset *rs, int result)
{
	uint64_t handled = llk_ruleset_handled(rs);
	int abi = llk_abi();

	json_outcome(rs, result);
	printf(",\"abi\":%d", abi < 0 ? 0 : abi);
	tell_rights(req, "", "denied", handled);
	tell_rights(req, "", "not_restricted", policy_handled(req) & ~handled);
	fputs(",\"rules\":[", stdout);
	tell_rules(req, handled);
	printf("],\"tmp\":%s", req->wants & WANT_TMP ? "true" : "false");
	if (req->command)
		json_of_command(req);
	puts("}");
}

static int status_of(const struct request *req, int result)
{
	return policy_is_enough(req, result) ? 0 : EXIT_FAILED;
}

int tell_dry_run(const struct request *req)
{
	struct llk_ruleset *rs = policy_build(req);
	int r = llk_ruleset_load(rs);

	if (r < 0)
		policy_fail(req, rs, r);
	if (req->wants & WANT_TMP)
		tmp_check();
	if (req->command && policy_is_enough(req, r))
		command_check(req->path);
	if (is_json(req))
		json_of_dry_run(req, rs, r);
	else
		text_of_dry_run(req, rs, r);
	llk_ruleset_free(rs);

	return status_of(req, r);
}

/*
 * --check
 */

static void text_of_check(const struct grant *check, uint64_t missing)
{
	char list[512];

	if (check->kind == GRANT_PATH)
		say_quoted(stdout, check->path);
	else
		printf("port %u", (unsigned int)check->number);
	llk_rights_format(missing, list, sizeof(list));
	printf(": %s%s\n", missing ? "denied: " : "allowed",
	       missing ? list : "");
}

static void json_of_check(const struct grant *check, uint64_t missing)
{
	if (check->kind == GRANT_PATH) {
		fputs("{\"path\":", stdout);
		json_string(stdout, check->path);
	} else {
		printf("{\"port\":%u", (unsigned int)check->number);
	}
	fputs(",\"rights\":", stdout);
	json_rights(stdout, check->rights & ~LLK_PRESET);
	fputs(",\"denied\":", stdout);
	json_rights(stdout, missing);
	putchar('}');
}

/* What would be denied; a failure ends */
static uint64_t ask(struct llk_ruleset *rs, const struct grant *check)
{
	uint64_t missing;
	int r;

	if (check->kind == GRANT_PATH)
		r = llk_ruleset_check_path(rs, check->rights, check->path,
					   &missing);
	else
		r = llk_ruleset_check_port(rs, check->rights, check->number,
					   &missing);
	if (r < 0)
		die(EXIT_FAILED, check->option, check->path,
		    "there is no answer: %s", strerror(-r));

	return missing;
}

/* The first word on it is whether a run would be restricted at all */
static int load_only(const struct request *req)
{
	struct llk_ruleset *rs = policy_build(req);
	int r = llk_ruleset_load(rs);
	char *line = explanation(rs);

	if (r < 0)
		policy_fail(req, rs, r);
	if (!policy_is_enough(req, r))
		die(EXIT_FAILED, NULL, NULL, "%s", line);
	if (r != LLK_ENFORCED && !is_json(req))
		say("%s\n", line);
	free(line);
	llk_ruleset_free(rs);

	return r;
}

static void tell_check(const struct request *req, const struct grant *check)
{
	if (is_json(req))
		json_of_check(check, check->missing);
	else
		text_of_check(check, check->missing);
}

/* All answers before the first is told, so that output is whole or none */
static int ask_all(const struct request *req)
{
	struct llk_ruleset *rs = policy_build(req);
	uint64_t missing = 0;

	for (size_t i = 0; i < req->checks.n; i++) {
		struct grant *check = &req->checks.all[i];

		check->missing = ask(rs, check);
		missing |= check->missing;
	}
	llk_ruleset_free(rs);

	return missing != 0;
}

int tell_checks(const struct request *req)
{
	int result = load_only(req), status = ask_all(req);

	if (is_json(req))
		printf("{\"outcome\":\"%s\",\"checks\":[",
		       outcome_name(result));
	for (size_t i = 0; i < req->checks.n; i++) {
		if (is_json(req) && i)
			putchar(',');
		tell_check(req, &req->checks.all[i]);
	}
	if (is_json(req))
		puts("]}");

	return status;
}
