/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * From a step and an error to a sentence that a user can act on: one table.
 * No stdio, no strerror, no allocation: it runs between fork and exec.
 */
#include "explain.h"

#include <errno.h>
#include <string.h>

/*
 * In the sentences: %o is the rule (a path, port or descriptor), %p the same
 * and a colon if there is a rule, %r the surplus rights, %d "do" or "does"
 * after them, %v the version asked for, %m the newest, %z the kind of the
 * rule's rights, %t the thread, %e the error in words, %n its number.
 */
/* clang-format off */
#define SENTENCES(ROW) \
	ROW(LLKI_NOTHING_YET, 0, "nothing was enforced yet.") \
\
	ROW(LLKI_BAD_VERSION, 0, "version %v is unknown: this liblandlock knows V1 to V%m.") \
	ROW(LLKI_BAD_NEW_FLAGS, 0, "llk_ruleset_new was given an unknown flag.") \
	ROW(LLKI_UNKNOWN_RIGHT, 0, "%p%r is unknown: this liblandlock knows V1 to V%m.") \
	ROW(LLKI_NEWER_RIGHT, 0, "V%v does not have %r: ask for a later version.") \
	ROW(LLKI_NO_RIGHTS, 0, "%pno rights were given.") \
	ROW(LLKI_NO_RULE_MODIFIER, 0, "%r is for rules only.") \
	ROW(LLKI_RESERVED_BIT, 0, "%p%r is reserved and no right.") \
	ROW(LLKI_NOT_ASKED_FOR, 0, "llk_ruleset_new did not ask for %r.") \
	ROW(LLKI_WRONG_ZONE, 0, "%p%r %d not belong in a rule of %z.") \
	ROW(LLKI_NO_ZONE, 0, "%pthe ruleset handles no right of %z: ask for them in llk_ruleset_new.") \
	ROW(LLKI_NOT_HANDLED, 0, \
	  "%pthe ruleset does not handle %r: ask for it in llk_ruleset_new, or leave it out.") \
	ROW(LLKI_BAD_PORT, 0, "%o is above 65535.") \
	ROW(LLKI_PORT_PRESET, 0, "%pLLK_PRESET is for files.") \
	ROW(LLKI_NOT_A_PATH, 0, "%pLLK_IF_PRESENT is for paths.") \
	ROW(LLKI_NO_PATH, 0, "a path is NULL or empty.") \
	ROW(LLKI_NO_LIST, 0, "the list of paths is NULL.") \
	ROW(LLKI_BAD_GROUP, 0, "llk_ruleset_allow_group was given no group, or an unknown one.") \
	ROW(LLKI_BAD_FD, 0, "%o is not open.") \
	ROW(LLKI_BUSY, 0, "nothing can be added to a ruleset that is loaded or enforced.") \
	ROW(LLKI_BAD_FLAGS, 0, "llk_ruleset_restrict_self was given an unknown flag.") \
	ROW(LLKI_FLAGS_CLASH, 0, \
	  "LLK_RESTRICT_BY_SIGNAL is for all threads and LLK_RESTRICT_THIS_THREAD for one.") \
	ROW(LLKI_QUIET_RULE, 0, \
	  "%pLLK_QUIET has no meaning: llk_ruleset_quiet names no right of %z.") \
\
	ROW(LLKI_SPENT, 0, "the ruleset was enforced already: make a new one.") \
	ROW(LLKI_NO_MEMORY, 0, "out of memory.") \
	ROW(LLKI_DUPLICATE, 0, "%o can't be duplicated: %e.") \
	ROW(LLKI_CREATE, 0, "the kernel or a seccomp filter refused the ruleset: %e (errno %n).") \
	ROW(LLKI_OPEN, ENOENT, "%o: %e (LLK_IF_PRESENT skips a path that is not there).") \
	ROW(LLKI_OPEN, 0, "%o: %e.") \
	ROW(LLKI_IDENTIFY, 0, "%o: its type can't be told: %e.") \
	ROW(LLKI_WRONG_FILE, 0, "%o is not a directory: %r %d not apply.") \
	ROW(LLKI_ADD, EBADFD, "%o is a pipe, a socket or a file of the kernel's own: no rule can name it.") \
	ROW(LLKI_CLOSE, 0, "%o can't be closed: %e (errno %n).") \
	ROW(LLKI_ADD, 0, "%o: the kernel or a seccomp filter refused the rule: %e (errno %n).") \
	ROW(LLKI_NO_NEW_PRIVS, 0, "no_new_privs can't be set: %e (errno %n).") \
	ROW(LLKI_RESTRICT, E2BIG, "16 layers are in place, and there can't be more.") \
	ROW(LLKI_RESTRICT, EPERM, \
	  "not permitted: no_new_privs is not set and CAP_SYS_ADMIN missing, or a seccomp filter refuses.") \
	ROW(LLKI_RESTRICT, 0, "the kernel or a seccomp filter refused the layer: %e (errno %n).") \
\
	ROW(LLKI_ALL_UNPORTED, 0, \
	  "LLK_RESTRICT_BY_SIGNAL does not know this processor or libc: call before the first thread.") \
	ROW(LLKI_ALL_NO_PROC, ENOSYS, \
	  "/proc is missing or not this process's own: LLK_RESTRICT_BY_SIGNAL lists the threads there.") \
	ROW(LLKI_ALL_NO_PROC, 0, \
	  "/proc/self/task can't be read, where LLK_RESTRICT_BY_SIGNAL lists the threads: %e.") \
	ROW(LLKI_ALL_POLL_THREAD, 0, \
	  "%t polls an io_uring ring and would stay free: make SQPOLL rings later.") \
	ROW(LLKI_ALL_SCOPE, 0, \
	  "threads could no longer signal each other under the signal scope: leave it out of this ruleset.") \
	ROW(LLKI_ALL_UNREACHED, 0, \
	  "%t did not stop: it blocks all signals, waits in vfork or for a debugger, or no signal can be queued.") \
	ROW(LLKI_ALL_UNSTEADY, 0, \
	  "other threads came and went, and could not be stopped all at once: try again.") \
	ROW(LLKI_ALL_NO_LIST, 0, \
	  "/proc/self/task can't be opened, where LLK_RESTRICT_BY_SIGNAL lists the threads: %e.") \
	ROW(LLKI_ALL_NO_SIGNAL, 0, "%t can't be stopped by a signal, a filter refuses: %e (errno %n).") \
	ROW(LLKI_ALL_NO_NEW_PRIVS, 0, "%t: no_new_privs can't be set: %e (errno %n).") \
	ROW(LLKI_ALL_REFUSED, EPERM, \
	  "%t: no_new_privs is not set and CAP_SYS_ADMIN missing, or a seccomp filter refuses.") \
	ROW(LLKI_ALL_REFUSED, EBADF, \
	  "%t has descriptors of its own, and not the ruleset: it was made without CLONE_FILES.") \
	ROW(LLKI_ALL_REFUSED, ETIMEDOUT, \
	  "%t did not answer: a seccomp filter has ended it.") \
	ROW(LLKI_ALL_REFUSED, 0, \
	  "%t: the kernel or a seccomp filter would refuse the layer: %e (errno %n).") \
	ROW(LLKI_ALL_HALF, E2BIG, "%t has 16 layers already.") \
	ROW(LLKI_ALL_HALF, ETIMEDOUT, "%t did not answer: a seccomp filter has ended it.") \
	ROW(LLKI_ALL_HALF, 0, "%t: the kernel or a seccomp filter refused the layer: %e (errno %n).") \
\
	/* of the version query, LLKI_UNFIT */ \
	ROW(LLKI_UNFIT, ENOSYS, \
	  "this kernel has no Landlock (it came with Linux 5.13), or a seccomp filter hides it.") \
	ROW(LLKI_UNFIT, EOPNOTSUPP, \
	  "Landlock is built in but off: add landlock to the list in the lsm= boot parameter, " \
	  "and keep the others.") \
	ROW(LLKI_UNFIT, 0, "a seccomp filter answered errno %n to Landlock's version query.")
/* clang-format on */

/* A row of fixed width would be half empty, and a pointer is a relocation */
#define KEY_OF(step, error, text) { (step), (error) },
#define TEXT_OF(step, error, text) text "\0"

static const struct sentence {
	uint8_t step;
	int16_t error; /* 0: any other */
} sentences[] = { SENTENCES(KEY_OF) };

static const char texts[] = SENTENCES(TEXT_OF);

static const struct error_word {
	int16_t error;
	char words[40];
} error_words[] = {
	{ EPERM, "not permitted" },
	{ ENOENT, "no such file or directory" },
	{ EINTR, "interrupted by a signal" },
	{ EIO, "input or output failed" },
	{ EBADF, "a descriptor is not open" },
	{ ENOMEM, "out of memory" },
	{ EACCES, "permission denied" },
	{ ENOTDIR, "a part of it is not a directory" },
	{ EINVAL, "invalid argument" },
	{ ENFILE, "too many open files in the system" },
	{ EMFILE, "too many open files in this process" },
	{ ENAMETOOLONG, "the name is too long" },
	{ ENOSYS, "no such system call" },
	{ ELOOP, "too many symbolic links" },
	{ EOPNOTSUPP, "not supported" },
};

void llki_explain_put_error(struct llki_text *t, int error)
{
	for (size_t i = 0; i < sizeof(error_words) / sizeof(error_words[0]);
	     i++) {
		if (error_words[i].error != error)
			continue;
		llki_text_put(t, error_words[i].words);
		return;
	}

	llki_text_put(t, "error ");
	llki_text_put_number(t, (uint64_t)error);
}

static void put_signed(struct llki_text *t, int n)
{
	llki_text_put(t, n < 0 ? "-" : "");
	llki_text_put_number(t, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void put_rule(struct llki_text *t, const struct llki_rule *rule)
{
	switch (rule->kind) {
	case LLKI_PORT:
		llki_text_put(t, "port ");
		llki_text_put_number(t, rule->number);
		break;
	case LLKI_FD:
		llki_text_put(t, "descriptor ");
		put_signed(t, (int)rule->number);
		break;
	default:
		llki_text_put_quoted(t, rule->path ? rule->path : "");
	}
}

static void put_thread(struct llki_text *t, const struct llki_sys_all *all)
{
	llki_text_put(t, all->id ? "thread " : "a thread");
	if (all->id)
		llki_text_put_number(t, all->id);
	if (!*all->name)
		return;

	llki_text_put(t, " (");
	llki_text_put_quoted(t, all->name);
	llki_text_put(t, ")");
}

static void put_prefix(struct llki_text *t, const struct llki_rule *rule)
{
	if (!rule)
		return;

	put_rule(t, rule);
	llki_text_put(t, ": ");
}

/* One right, or one whole zone: the name stands alone */
static bool is_one_name(uint64_t rights)
{
	return !(rights & (rights - 1)) || rights == LLK_FS ||
	       rights == LLK_NET || rights == LLK_SCOPE;
}

static void put_code(struct llki_text *t, char code,
		     const struct llki_topic *topic)
{
	const struct llki_rule *rule = topic->rule;

	switch (code) {
	case 'o':
		put_rule(t, rule);
		break;
	case 'p':
		put_prefix(t, rule);
		break;
	case 'r':
		llki_rights_put(t, topic->surplus);
		break;
	case 'd':
		llki_text_put(t, is_one_name(topic->surplus) ? "does" : "do");
		break;
	case 'v':
		put_signed(t, topic->rs->version);
		break;
	case 'm':
		llki_text_put_number(t, LLKI_ABI_NEWEST);
		break;
	case 'z':
		llki_text_put(t, rule->kind == LLKI_PORT ? "ports" : "files");
		break;
	case 't':
		put_thread(t, &topic->rs->all);
		break;
	case 'e':
		llki_explain_put_error(t, topic->error);
		break;
	case 'n':
		put_signed(t, topic->error);
		break;
	}
}

static const char *find_sentence(enum llki_step step, int error)
{
	const struct sentence *sentence = sentences;
	const char *text = texts;

	while (sentence->step != step ||
	       (sentence->error && sentence->error != error)) {
		sentence++;
		text += strlen(text) + 1;
	}

	return text;
}

void llki_explain_put_sentence(struct llki_text *t, enum llki_step step,
			       const struct llki_topic *topic)
{
	const char *s = find_sentence(step, topic->error);
	char plain[2] = "";

	for (; *s; s++) {
		plain[0] = *s;
		if (*s == '%')
			put_code(t, *++s, topic);
		else
			llki_text_put(t, plain);
	}
}
