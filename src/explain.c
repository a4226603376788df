/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What happened, in one line: the outcome first, then the cause, then what else
 * is worth to know. Causes that a row of sentences.c can't tell are told here.
 * No stdio, no strerror, no allocation: it runs between fork and exec.
 */
#include "explain.h"

#include <errno.h>

/*
 * What newer kernels are needed for
 */

static const struct flag_name {
	uint32_t flag;
	char name[20];
} flag_names[] = {
	{ LLK_RESTRICT_LOG_SAME_EXEC_OFF, "log_same_exec_off" },
	{ LLK_RESTRICT_LOG_NEW_EXEC_ON, "log_new_exec_on" },
	{ LLK_RESTRICT_LOG_SUBDOMAINS_OFF, "log_subdomains_off" },
};

/* Rights, flags and quiet masks that a kernel lacks */
struct lack {
	uint64_t rights;
	uint64_t quiet;
	uint32_t flags;
};

/* What of @lack came with @abi */
static struct lack lack_of(const struct lack *lack, int abi)
{
	const struct llki_abi *row = llki_abi_row(abi);
	const struct llki_abi *before = llki_abi_row(abi - 1);

	return (struct lack){
		.rights = lack->rights & row->rights & ~before->rights,
		.quiet = lack->quiet & row->quiet & ~before->quiet,
		.flags = lack->flags & row->flags & ~before->flags,
	};
}

static void put_item(struct llki_text *t, size_t start, const char *item)
{
	if (t->len > start)
		llki_text_put(t, ", ");
	llki_text_put(t, item);
}

static void put_lack(struct llki_text *t, const struct lack *lack)
{
	size_t start = t->len;

	llki_rights_put(t, lack->rights);
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (lack->flags & flag_names[i].flag)
			put_item(t, start, flag_names[i].name);
	if (lack->quiet)
		put_item(t, start, "quiet");
}

/* "Linux 6.2 is needed for truncate; Linux 6.7 for bind_tcp, connect_tcp" */
static void put_needed(struct llki_text *t, const struct lack *lack)
{
	bool is_first = true;

	for (int abi = LLK_V1; abi <= LLKI_ABI_NEWEST; abi++) {
		struct lack here = lack_of(lack, abi);

		if (!here.rights && !here.quiet && !here.flags)
			continue;
		llki_text_put(t, is_first ? "Linux " : "; Linux ");
		llki_text_put(t, llki_abi_row(abi)->since);
		llki_text_put(t, is_first ? " is needed for " : " for ");
		put_lack(t, &here);
		is_first = false;
	}
}

/* Rights that a kernel refuses although its ABI has them */
static void put_refused(struct llki_text *t, const struct llki_fit *fit,
			bool is_first)
{
	uint64_t refused = fit->missing & fit->refused;

	if (!refused)
		return;

	llki_text_put(t, is_first ? "" : "; ");
	llki_text_put(t, "this kernel reports ABI ");
	llki_text_put_number(t, (uint64_t)fit->query);
	llki_text_put(t, " and refuses ");
	llki_rights_put(t, refused);
}

/* Why the kernel can't do what was asked; in strict, wishes count as well */
static void put_unfit(struct llki_text *t, const struct llk_ruleset *rs)
{
	const struct llki_fit *fit = &rs->fit;
	struct llki_topic topic = { .rs = rs, .error = -fit->query };
	struct lack lack = { .rights = fit->missing & ~fit->refused };
	size_t start = t->len;

	if (fit->query < 0) {
		llki_explain_put_sentence(t, LLKI_UNFIT, &topic);
		return;
	}

	if (fit->is_stuck)
		lack.rights |= LLK_FS_REFER;
	if (!rs->is_best_effort) {
		lack.quiet = fit->missing_quiet;
		lack.flags = fit->missing_flags;
	}
	put_needed(t, &lack);
	put_refused(t, fit, t->len == start);
	llki_text_put(t, ".");
}

/*
 * Threads
 */

static void put_names(struct llki_text *t, const char *names)
{
	if (!*names)
		return;

	llki_text_put(t, " (");
	llki_text_put_quoted(t, names);
	llki_text_put(t, ")");
}

static void put_count(struct llki_text *t, const struct llki_threads *threads)
{
	bool is_one = threads->n_others == 1;

	llki_text_put_number(t, (uint64_t)threads->n_others);
	llki_text_put(t, is_one ? " other thread" : " other threads");
	put_names(t, threads->names);
}

static void put_threads(struct llki_text *t, const struct llki_threads *threads)
{
	bool can_list = !threads->error;

	if (threads->error == -ENOSYS) {
		llki_text_put(
			t,
			"there is no /proc to count the threads in: mount it");
	} else if (threads->error < 0) {
		llki_text_put(
			t, "other threads are counted and can't be listed (");
		llki_explain_put_error(t, -threads->error);
		llki_text_put(t, "): call before the first is started");
	} else if (threads->n_others) {
		put_count(t, threads);
		llki_text_put(
			t,
			" would stay free: call before the first is started");
	} else {
		llki_text_put(t, "other threads come and go: call before the "
				 "first is started");
	}
	if (can_list)
		llki_text_put(t, ", or restrict all by LLK_RESTRICT_BY_SIGNAL");
	llki_text_put(
		t, ", or restrict this one alone by LLK_RESTRICT_THIS_THREAD; "
		   "Linux 7.0 covers all.");
}

/*
 * What else is worth to know
 */

static void put_dropped(struct llki_text *t, const struct llki_fit *fit)
{
	struct lack lack = { .quiet = fit->missing_quiet,
			     .flags = fit->missing_flags };

	if (!lack.quiet && !lack.flags)
		return;

	llki_text_put(t, " Done without: ");
	put_needed(t, &lack);
	llki_text_put(t, ".");
}

static void put_skipped(struct llki_text *t, const struct llki_rule *rule)
{
	size_t start = t->len;

	for (; rule; rule = rule->next) {
		if (!rule->is_skipped || rule->kind != LLKI_PATH)
			continue;
		llki_text_put(t,
			      t->len > start ? ", " : " Skipped, not there: ");
		llki_text_put_quoted(t, rule->path);
	}
	if (t->len > start)
		llki_text_put(t, ".");
}

/* Quiet rights of files and ports need a rule to say where */
static void put_idle_quiet(struct llki_text *t, const struct llk_ruleset *rs)
{
	uint64_t idle = rs->fit.quiet & (LLK_FS | LLK_NET) & ~rs->quiet_rules;

	if (!idle)
		return;

	llki_text_put(t, " Not quiet, as no such rule carries LLK_QUIET: ");
	llki_rights_put(t, idle);
	llki_text_put(t, ".");
}

static void put_unclosed(struct llki_text *t, int error)
{
	if (!error)
		return;

	llki_text_put(
		t,
		" A descriptor that is a way around it could not be closed: ");
	llki_explain_put_error(t, -error);
	llki_text_put(t, ".");
}

/*
 * The line
 */

static const char *outcome_words(const struct llk_ruleset *rs)
{
	if (rs->step == LLKI_NOTHING_YET)
		return "";
	if (rs->step <= LLKI_QUIET_RULE)
		return "bug in the program: ";
	if (rs->step == LLKI_ALL_HALF)
		return "failed half way, this process must exit: some threads "
		       "are restricted and some are not. ";
	if (rs->result < 0)
		return "failed: ";
	if (rs->result == LLK_NOT_ENFORCED)
		return "not enforced: ";
	if (rs->step == LLKI_LOADED)
		return "loaded, nothing is restricted yet: ";

	return rs->result == LLK_ENFORCED ? "enforced: " : "partly enforced: ";
}

static void put_cause(struct llki_text *t, const struct llk_ruleset *rs)
{
	struct llki_topic topic = { .rs = rs,
				    .rule = rs->at,
				    .surplus = rs->surplus,
				    .error = -rs->result };

	if (rs->step >= LLKI_ALL_UNPORTED && rs->step <= LLKI_ALL_HALF)
		topic.error = -rs->all.error;
	if (rs->step == LLKI_THREADS)
		put_threads(t, &rs->threads);
	else if (rs->step == LLKI_UNFIT || rs->result == LLK_PARTLY_ENFORCED)
		put_unfit(t, rs);
	else if (rs->step >= LLKI_LOADED)
		llki_text_put(t, "all that was asked.");
	else
		llki_explain_put_sentence(t, rs->step, &topic);
}

static void put_report(struct llki_text *t, const struct llk_ruleset *rs)
{
	llki_text_put(t, outcome_words(rs));
	put_cause(t, rs);
	if (rs->step < LLKI_LOADED)
		return;

	put_unclosed(t, rs->close_error);
	put_dropped(t, &rs->fit);
	put_skipped(t, rs->rules);
	put_idle_quiet(t, rs);
}

static void put_mistake(struct llki_text *t, const struct llk_ruleset *rs)
{
	const struct llki_mistake *mistake = &rs->mistake;
	struct llki_topic topic = { .rs = rs,
				    .rule = mistake->rule,
				    .surplus = mistake->surplus,
				    .error = -mistake->error };

	llki_text_put(t, mistake->step <= LLKI_QUIET_RULE
				 ? "bug in the program: "
				 : "failed: ");
	llki_explain_put_sentence(t, mistake->step, &topic);
}

int llk_ruleset_explain(const struct llk_ruleset *rs, char *buf, size_t size)
{
	struct llki_text t = { .buf = buf, .size = size };

	if (!rs)
		llki_text_put(&t, "failed: out of memory.");
	else if (rs->mistake.error && rs->state != LLKI_IS_SPENT)
		put_mistake(&t, rs);
	else
		put_report(&t, rs);

	/* A layer that is in place is told first */
	if (rs && rs->mistake.error && rs->state == LLKI_IS_SPENT) {
		llki_text_put(&t, " ");
		put_mistake(&t, rs);
	}

	return llki_text_end(&t);
}
