/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Every version x kernel x mode x kind of rule x set of rights x floor x quiet
 * mask, against a second model of the contract that shares no code and no
 * table with src/: the exact calls, the outcome, what is handled, what stays
 * open.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum what { NO_RULE, PATH, FD, PORT, GROUP };

struct rule {
	const char *name;
	enum what what;
	uint64_t rights;
	const char *path; /* that is opened, or found in the group */
};

#define PLAIN_FITTING (LLK_FS_READ_FILE | LLK_FS_EXECUTE)
#define PLAIN_SET                                              \
	(LLK_FS_READ_FILE | LLK_FS_READ_DIR | LLK_FS_EXECUTE | \
	 LLK_FS_WRITE_FILE)

/* clang-format off */
static const struct rule rules[] = {
	{ "none", NO_RULE, 0, NULL },
	{ "preset on a directory", PATH, LLK_READ | LLK_WRITE, "/dir" },
	{ "preset on a file", PATH, LLK_READ | LLK_WRITE, "/file" },
	{ "preset of directories on a file", PATH, LLK_PRESET | LLK_FS_READ_DIR | LLK_FS_MAKE_DIR, "/file" },
	{ "preset of a newer right", PATH, LLK_PRESET | LLK_FS_RESOLVE_UNIX | LLK_FS_IOCTL_DEV, "/dir" },
	{ "preset of a newer right, not there", PATH, LLK_PRESET | LLK_FS_RESOLVE_UNIX, "/missing" },
	{ "plain on a directory", PATH, PLAIN_FITTING, "/dir" },
	{ "plain on a file", PATH, PLAIN_FITTING, "/file" },
	{ "plain, often unhandled", PATH, LLK_FS_MAKE_SYM, "/dir" },
	{ "plain, of V3", PATH, LLK_FS_TRUNCATE, "/file" },
	{ "plain, of V9", PATH, LLK_FS_RESOLVE_UNIX | LLK_FS_READ_FILE, "/file" },
	{ "plain of directories on a file", PATH, LLK_FS_READ_DIR, "/file" },
	{ "plain of both on a file", PATH, LLK_FS_READ_DIR | LLK_FS_READ_FILE, "/file" },
	{ "whole zone on a directory", PATH, LLK_FS, "/dir" },
	{ "whole zone on a file", PATH, LLK_FS, "/file" },
	{ "whole zone but execute", PATH, LLK_FS & ~LLK_FS_EXECUTE, "/dir" },
	{ "plain on a descriptor", FD, PLAIN_FITTING, "/dir" },
	{ "preset on a descriptor of a file", FD, LLK_READ, "/file" },
	{ "plain of directories on a descriptor of a file", FD, LLK_FS_READ_DIR, "/file" },
	{ "port", PORT, LLK_NET_BIND_TCP, NULL },
	{ "port of V10", PORT, LLK_NET_BIND_UDP, NULL },
	{ "port of V4 and V10", PORT, LLK_NET_BIND_UDP | LLK_NET_CONNECT_TCP, NULL },
	{ "whole zone on a port", PORT, LLK_NET, NULL },
	{ "refer", PATH, LLK_FS_REFER, "/dir" },
	{ "preset and refer", PATH, LLK_READ | LLK_FS_REFER, "/dir" },
	{ "preset and refer on a file", PATH, LLK_READ | LLK_FS_REFER, "/file" },
	{ "refer on a file", PATH, LLK_FS_REFER, "/file" },
	{ "refer, not there", PATH, LLK_FS_REFER | LLK_IF_PRESENT, "/missing" },
	{ "group", GROUP, LLK_READ, "/etc/hosts" },
	{ "group by plain rights", GROUP, LLK_FS_READ_DIR | LLK_FS_TRUNCATE, "/etc/hosts" },
	{ "group and refer", GROUP, LLK_READ | LLK_FS_REFER, "/etc/hosts" },
	{ "missing", PATH, LLK_READ, "/missing" },
	{ "missing, forgiven", PATH, LLK_READ | LLK_IF_PRESENT, "/missing" },
	{ "denied, not forgiven", PATH, LLK_READ | LLK_IF_PRESENT, "/denied" },
	{ "quiet", PATH, LLK_READ | LLK_QUIET, "/file" },
	{ "quiet and nothing else", PATH, LLK_QUIET, "/dir" },
	{ "quiet port", PORT, LLK_NET_BIND_TCP | LLK_QUIET, NULL },
	{ "quiet port and nothing else", PORT, LLK_QUIET, NULL },
};
/* clang-format on */

static const uint64_t handled_sets[] = {
	LLK_FS,
	LLK_NET,
	LLK_SCOPE,
	LLK_ALL,
	PLAIN_SET,
	LLK_NET | LLK_FS_REFER,
	LLK_FS_REFER,
	LLK_ALL & ~LLK_FS_REFER,
	LLK_SCOPE | LLK_FS_REFER,
};

static const uint64_t floors[] = { 0, LLK_ALL, LLK_FS_READ_FILE, LLK_NET,
				   LLK_FS_REFER };
static const uint64_t quiets[] = { 0, LLK_ALL, LLK_FS_EXECUTE };

struct scenario {
	int version, abi;
	bool is_strict;
	uint64_t handled, require, quiet;
	const struct rule *rule;
};

/* --- the model: the contract, spelled out naively ------------------------ */

struct expected {
	bool is_mistake; /* found by a builder */
	int result;
	uint64_t handled;
	char calls[2048];
};

#define TOP_FS (1ULL << 31)
#define TOP_NET (1ULL << 43)
#define TOP_SCOPE (1ULL << 51)

/* Rights asked for against what is known there; 0: a mistake */
static uint64_t model_mask(uint64_t word, uint64_t known)
{
	static const uint64_t zones[][2] = { { LLK_FS, TOP_FS },
					     { LLK_NET, TOP_NET },
					     { LLK_SCOPE, TOP_SCOPE } };
	const uint64_t tops = TOP_FS | TOP_NET | TOP_SCOPE;
	bool is_all = (word & tops) == tops;
	uint64_t result = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t asked = word & zones[i][0];

		if (!(asked & zones[i][1])) {
			if (asked & ~known)
				return 0;
			result |= asked;
		} else {
			if (!(asked & known) && !is_all)
				return 0;
			result |= asked & known;
		}
	}

	return result;
}

static uint64_t model_zone(const struct rule *rule)
{
	return rule->what == PORT ? LLK_NET : LLK_FS;
}

static bool model_is_whole(const struct rule *rule)
{
	return rule->rights & model_zone(rule) & (TOP_FS | TOP_NET);
}

static bool model_is_masked(const struct rule *rule)
{
	return (rule->rights & LLK_PRESET) || rule->what == GROUP ||
	       model_is_whole(rule);
}

/* Whether the rule doesn't belong in a ruleset that handles @asked */
static bool model_rule_is_mistake(const struct rule *rule, uint64_t asked)
{
	uint64_t rights = rule->rights & LLK_ALL;

	if (rule->what == NO_RULE)
		return false;

	if (rule->what == PORT) {
		if (!(asked & LLK_NET))
			return true;
	} else if (!(asked & LLK_FS & ~LLK_FS_REFER)) {
		if (rights != LLK_FS_REFER || !(asked & LLK_FS_REFER))
			return true;
	}

	if (model_is_whole(rule))
		return false;

	if (model_is_masked(rule))
		return rights & LLK_FS_REFER & ~asked;

	return rights & ~asked;
}

/* Rights of the scenario after the builders' checks */
struct wish {
	uint64_t asked, require, quiet;
};

static bool model_is_mistake(const struct scenario *s, struct wish *w)
{
	w->asked = model_mask(s->handled, fake_abi_rights(s->version));
	if (!w->asked)
		return true;

	w->require = s->require ? model_mask(s->require, w->asked) : 0;
	w->quiet = s->quiet ? model_mask(s->quiet, w->asked) : 0;
	if ((s->require && !w->require) || (s->quiet && !w->quiet))
		return true;

	return model_rule_is_mistake(s->rule, w->asked);
}

__attribute__((format(printf, 2, 3))) static void call(struct expected *e,
						       const char *format, ...)
{
	size_t len = strlen(e->calls);
	va_list args;

	va_start(args, format);
	vsnprintf(e->calls + len, sizeof(e->calls) - len, format, args);
	va_end(args);
}

/* The outcome as far as rights go */
static int model_outcome(const struct scenario *s, const struct wish *w,
			 uint64_t have)
{
	uint64_t missing = w->asked & ~have;
	bool is_named = s->rule->what != NO_RULE && !model_is_whole(s->rule) &&
			(s->rule->rights & LLK_FS_REFER);
	bool denies_moves = s->abi == 1 && (have & LLK_FS);
	bool is_nothing;

	/* On ABI 1 moves are denied with anything else, and never granted */
	if (denies_moves)
		missing &= ~LLK_FS_REFER;
	if (s->is_strict && s->abi == 0)
		return -ENOSYS;
	if (s->is_strict && (missing || (denies_moves && is_named) ||
			     (w->quiet && s->abi < 10)))
		return -EOPNOTSUPP;

	is_nothing = s->abi == 0 || (denies_moves && is_named) ||
		     (missing && !(have & ~LLK_FS_REFER));
	if ((w->require & missing) || (w->require && is_nothing))
		return -EOPNOTSUPP;
	if (is_nothing)
		return LLK_NOT_ENFORCED;

	return missing ? LLK_PARTLY_ENFORCED : LLK_ENFORCED;
}

static unsigned long long part(uint64_t rights, unsigned int shift,
			       uint64_t mask)
{
	return rights >> shift & mask;
}

static void model_add(struct expected *e, const struct rule *rule,
		      uint64_t rights, bool is_quiet, const char *end)
{
	if (rule->what == PORT)
		call(e, "add port 80 net=%llx flags=%x%s\n",
		     part(rights, 32, 0x7ff), is_quiet, end);
	else
		call(e, "add path %s%s fs=%llx flags=%x%s\n",
		     rule->what == FD ? "dup:" : "", rule->path,
		     part(rights, 0, 0x7fffffff), is_quiet, end);
}

/* On a file the kernel refuses rights of directories; 0 or an error */
static int model_add_to_file(struct expected *e, const struct rule *rule,
			     uint64_t rights, bool is_quiet)
{
	const uint64_t fits = LLK_FS_EXECUTE | LLK_FS_WRITE_FILE |
			      LLK_FS_READ_FILE | LLK_FS_TRUNCATE |
			      LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX;

	if (!(rights & ~fits)) {
		model_add(e, rule, rights, is_quiet, "");
		return 0;
	}

	model_add(e, rule, rights, is_quiet, " = -22");
	call(e, "is_dir %s%s\n", rule->what == FD ? "dup:" : "", rule->path);
	if (!model_is_masked(rule))
		return -EINVAL;

	if ((rights & fits) || is_quiet)
		model_add(e, rule, rights & fits, is_quiet, "");

	return 0;
}

static int model_rule(struct expected *e, const struct scenario *s,
		      const struct wish *w, uint64_t have)
{
	const struct rule *rule = s->rule;
	uint64_t rights = rule->rights & model_zone(rule) & have;
	bool is_quiet = (rule->rights & LLK_QUIET) && s->abi >= 10 &&
			(w->quiet & have & model_zone(rule));

	if (!rights && !is_quiet)
		return 0;

	if (rule->what == PORT) {
		model_add(e, rule, rights, is_quiet, "");
		return 0;
	}

	if (rule->what != FD && !strcmp(rule->path, "/missing")) {
		call(e, "open /missing = -2\n");
		return rule->rights & LLK_IF_PRESENT ? 0 : -ENOENT;
	}

	if (rule->what != FD && !strcmp(rule->path, "/denied")) {
		call(e, "open /denied = -13\n");
		return -EACCES;
	}

	if (rule->what != FD)
		call(e, "open %s\n", rule->path);
	if (strcmp(rule->path, "/dir"))
		return model_add_to_file(e, rule, rights, is_quiet);

	model_add(e, rule, rights, is_quiet, "");

	return 0;
}

static void model_build(struct expected *e, const struct scenario *s,
			const struct wish *w, uint64_t have)
{
	uint64_t quiet = s->abi >= 10 ? w->quiet & have : 0;
	int r;

	call(e, "create fs=%llx net=%llx scope=%llx quiet=%llx,%llx,%llx\n",
	     part(have, 0, 0x7fffffff), part(have, 32, 0x7ff),
	     part(have, 44, 0x7f), part(quiet, 0, 0x7fffffff),
	     part(quiet, 32, 0x7ff), part(quiet, 44, 0x7f));
	r = s->rule->what == NO_RULE ? 0 : model_rule(e, s, w, have);
	if (r < 0) {
		e->result = r;
		return;
	}

	if (s->abi < 11)
		call(e, "no_new_privs\n");
	call(e, "restrict flags=%x\n",
	     s->abi >= 11  ? 0x18
	     : s->abi >= 8 ? 0x8
			   : 0);
	e->handled = have & LLK_FS ? have | LLK_FS_REFER : have;
}

static void model(struct expected *e, const struct scenario *s)
{
	struct wish w = { 0 };
	uint64_t have;

	memset(e, 0, sizeof(*e));
	e->is_mistake = model_is_mistake(s, &w);
	e->result = -EINVAL;
	if (e->is_mistake)
		return;

	if (s->rule->rights & LLK_QUIET && !(w.quiet & model_zone(s->rule)))
		return;

	have = w.asked & fake_abi_rights(s->abi);
	e->result = model_outcome(s, &w, have);
	call(e, s->abi ? "query\n" : FAKE_NO_LANDLOCK);
	if (e->result == LLK_ENFORCED || e->result == LLK_PARTLY_ENFORCED)
		model_build(e, s, &w, have);
}

/* --- the library ---------------------------------------------------------- */

static void tell(const struct scenario *s, const struct expected *e,
		 const char *what, long long got, const char *calls)
{
	ck_abort_msg(
		"V%d on ABI %d, %s, handled %#llx, require %#llx, quiet "
		"%#llx, rule \"%s\": %s is %lld (expected result %d)\n"
		"expected calls:\n%sgot:\n%s",
		s->version, s->abi, s->is_strict ? "strict" : "best effort",
		(unsigned long long)s->handled, (unsigned long long)s->require,
		(unsigned long long)s->quiet, s->rule->name, what, got,
		e->result, e->calls, calls);
}

static struct llk_ruleset *build(const struct scenario *s)
{
	struct llk_ruleset *rs = llk_ruleset_new(
		s->version, s->handled, s->is_strict ? 0 : LLK_BEST_EFFORT);
	const struct rule *rule = s->rule;

	if (s->require)
		llk_ruleset_require(rs, s->require);
	if (rule->what == PATH)
		llk_ruleset_allow_path(rs, rule->rights, rule->path);
	if (rule->what == FD)
		llk_ruleset_allow_fd(rs, rule->rights, fake_open(rule->path));
	if (rule->what == PORT)
		llk_ruleset_allow_port(rs, rule->rights, 80);
	if (rule->what == GROUP)
		llk_ruleset_allow_group(rs, rule->rights, LLK_GROUP_RESOLVER);
	if (s->quiet)
		llk_ruleset_quiet(rs, s->quiet);

	return rs;
}

/* The calls; of a group the one path that is there */
static const char *calls_of(const struct rule *rule)
{
	static char text[8192];
	const char *log = fake_log_main(), *end;
	size_t len = 0;

	if (rule->what != GROUP)
		return log;

	for (; *log; log = end) {
		end = strchr(log, '\n') + 1;
		if (!strncmp(log, "open ", 5) && !strncmp(end - 6, " = -2", 5))
			continue;
		memcpy(text + len, log, (size_t)(end - log));
		len += (size_t)(end - log);
	}
	text[len] = '\0';

	return text;
}

static const char *first_words(const struct expected *e)
{
	if (e->result == LLK_ENFORCED)
		return "enforced: ";
	if (e->result == LLK_PARTLY_ENFORCED)
		return "partly enforced: ";
	if (e->result == LLK_NOT_ENFORCED)
		return "not enforced: ";

	return e->result == -EINVAL && !e->calls[0] ? "bug in the program: "
						    : "failed: ";
}

static void check_after(const struct scenario *s, const struct expected *e,
			struct llk_ruleset *rs, const char *calls)
{
	bool is_done =
		e->result == LLK_ENFORCED || e->result == LLK_PARTLY_ENFORCED;
	const char *words = first_words(e);
	char buf[1024];
	int n_dups = !is_done && s->rule->what == FD && !e->is_mistake;

	if (llk_ruleset_handled(rs) != e->handled)
		tell(s, e, "handled", (long long)llk_ruleset_handled(rs),
		     calls);
	if (llk_ruleset_fd(rs) != -EBADF)
		tell(s, e, "fd", llk_ruleset_fd(rs), calls);
	if (fake.n_enforced != is_done)
		tell(s, e, "number of layers", fake.n_enforced, calls);
	if (is_done != fake.has_no_new_privs)
		tell(s, e, "no_new_privs", fake.has_no_new_privs, calls);
	if (fake_n_open() != n_dups)
		tell(s, e, "number of open descriptors", fake_n_open(), calls);
	llk_ruleset_explain(rs, buf, sizeof(buf));
	if (strncmp(buf, words, strlen(words)))
		tell(s, e, buf, 0, calls);
}

/* Threads are only counted where the kernel can't cover them itself */
static bool counts_rightly(const struct scenario *s, const struct expected *e)
{
	bool is_done =
		e->result == LLK_ENFORCED || e->result == LLK_PARTLY_ENFORCED;

	return fake.n_of[FAKE_COUNT] == (is_done && s->abi < 8) &&
	       !fake.n_of[FAKE_LIST];
}

/* Load first: the same outcome, nothing enforced yet, duplicates closed */
static int load(const struct scenario *s, const struct expected *e,
		struct llk_ruleset *rs)
{
	const char *words = "loaded, nothing is restricted yet: ";
	int r = llk_ruleset_load(rs);
	char buf[1024];

	if (r != LLK_ENFORCED && r != LLK_PARTLY_ENFORCED)
		return r;

	llk_ruleset_explain(rs, buf, sizeof(buf));
	if (strncmp(buf, words, strlen(words)))
		tell(s, e, buf, r, fake.log);
	if (r != e->result || fake.n_enforced || fake.has_no_new_privs ||
	    fake_n_open() != 1 || llk_ruleset_fd(rs) < FAKE_FIRST_FD ||
	    llk_ruleset_handled(rs) != e->handled)
		tell(s, e, "load", r, fake.log);

	return llk_ruleset_restrict_self(rs, 0);
}

static void run(const struct scenario *s, bool is_loaded)
{
	struct llk_ruleset *rs;
	struct expected e;
	const char *calls;
	int r;

	fake_reset(s->abi);
	model(&e, s);
	rs = build(s);
	r = llk_ruleset_error(rs);
	if (r != (e.is_mistake ? -EINVAL : 0))
		tell(s, &e, "error", r, fake.log);

	fake_forget();
	r = is_loaded ? load(s, &e, rs) : llk_ruleset_restrict_self(rs, 0);
	calls = calls_of(s->rule);
	if (r != e.result)
		tell(s, &e, "result", r, calls);
	if (strcmp(calls, e.calls))
		tell(s, &e, "log differs, result", r, calls);
	if (!counts_rightly(s, &e))
		tell(s, &e, "count of threads", fake.n_of[FAKE_COUNT],
		     fake.log);

	check_after(s, &e, rs, calls);
	llk_ruleset_free(rs);
	if (fake_n_open() || fake.n_bad_closes)
		tell(s, &e, "number of open descriptors", fake_n_open(),
		     fake.log);
}

/* One in seven, and another seventh for each pair of version and ABI: where
 * LLK_MATRIX_BRIEF is set (emulation) */
static bool is_left_out(void)
{
	static int n;

	return getenv("LLK_MATRIX_BRIEF") && n++ % 7;
}

static int run_masks(struct scenario *s)
{
	int n = 0;

	for (size_t h = 0; h < COUNT(handled_sets); h++) {
		for (size_t f = 0; f < COUNT(floors); f++) {
			for (size_t q = 0; q < COUNT(quiets); q++, n++) {
				if (is_left_out())
					continue;
				s->handled = handled_sets[h];
				s->require = floors[f];
				s->quiet = quiets[q];
				run(s, false);
				run(s, true);
			}
		}
	}

	return n;
}

/* One test for each kind of rule */
START_TEST(every_combination_does_what_the_contract_says)
{
	struct scenario s = { .rule = &rules[_i] };
	int n = 0;

	for (s.version = LLK_V1; s.version < FAKE_NEWEST_ABI; s.version++)
		for (s.abi = 0; s.abi <= FAKE_NEWEST_ABI; s.abi++)
			for (int strict = 0; strict <= 1; strict++) {
				s.is_strict = strict;
				n += run_masks(&s);
			}
	ck_assert_int_eq(n, (FAKE_NEWEST_ABI - 1) * (FAKE_NEWEST_ABI + 1) * 2 *
				    9 * 5 * 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("matrix");
	TCase *tc = tcase_create("matrix");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 200);
	tcase_add_loop_test(tc, every_combination_does_what_the_contract_says,
			    0, COUNT(rules));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
