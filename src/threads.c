/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Is this the only thread? A process of which one thread stays free is free
 * as a whole, since threads share memory. Nothing here allocates.
 */
#include "ruleset.h"

#include <errno.h>
#include <string.h>

#define MAX_LISTINGS 100
#define MAX_NAPS 20 /* of half a millisecond */

/* What one pass over the tasks saw */
struct listing {
	int n;		  /* entries */
	uint64_t digest;  /* of all entries, in their order */
	bool is_complete; /* all were clear, and the caller itself was there */
};

/* Remember the name of a living thread, as far as there is room */
static void note_other(struct llki_threads *threads,
		       const struct llki_sys_task *task)
{
	size_t len = strlen(threads->names), more = strlen(task->name) + 2;

	threads->n_others++;
	if (len + more >= sizeof(threads->names))
		return;

	if (len)
		strcat(threads->names, ", ");
	strcat(threads->names, task->name);
}

static void see_task(struct listing *seen, struct llki_threads *threads,
		     const struct llki_sys_task *task, bool *is_self_seen)
{
	seen->n++;
	seen->digest = (seen->digest ^ task->id) * 0x100000001b3ULL;
	if (task->is_self)
		*is_self_seen = true;
	else if (llki_sys_task_is_alive(task))
		note_other(threads, task);
	if (llki_sys_task_is_unclear(task))
		seen->is_complete = false;
}

/* Up to the first living other, where its name is enough */
static int list_tasks(struct listing *ret_seen, struct llki_threads *threads,
		      bool is_brief)
{
	struct listing seen = { .digest = 14695981039346656037ULL,
				.is_complete = true };
	struct llki_sys_tasks it;
	struct llki_sys_task task;
	bool is_self_seen = false;
	int r = llki_sys_tasks_open(&it);

	if (r < 0)
		return r;

	while (!(is_brief && threads->n_others) &&
	       (r = llki_sys_tasks_next(&it, &task)) > 0)
		see_task(&seen, threads, &task, &is_self_seen);
	llki_sys_close(it.fd);

	seen.is_complete &= is_self_seen;
	*ret_seen = seen;

	return r < 0 ? r : 0;
}

/* An earlier layer denies the listing: a thread just joined may still count */
static bool is_one_after_a_while(void)
{
	for (int i = 0; i < MAX_NAPS; i++) {
		if (llki_sys_count_tasks() == 1)
			return true;
		llki_sys_nap();
	}

	return false;
}

/*
 * A listing without living others proves nothing by itself: a thread that is
 * ending may have started another behind it, and the kernel ends a listing
 * short at a task that has just gone. So the tasks are counted, too, between
 * two listings that show the same: those existed at that moment, and if the
 * count is theirs, no other did. All but the caller were ending by then.
 *
 * Two equal listings alone called a chain of threads one thread, where a link
 * was slow to end on a busy machine.
 */
static bool is_one_by_listing(struct llki_threads *threads, bool is_brief)
{
	struct listing seen, before = { 0 };

	for (int i = 0; i < MAX_LISTINGS; i++) {
		int n;

		threads->error = list_tasks(&seen, threads, is_brief);
		if (threads->error < 0)
			return is_one_after_a_while();
		if (threads->n_others)
			return false;
		if (before.n && seen.digest == before.digest)
			return true;

		n = llki_sys_count_tasks();
		if (n == 1)
			return true;
		before = seen;
		if (!seen.is_complete || n != seen.n) {
			before.n = 0;
			llki_sys_nap();
		}
	}

	return false;
}

bool llki_threads_is_one(struct llki_threads *ret_threads, bool is_brief)
{
	bool is_known = llki_sys_single_threaded() == 1;
	int n = llki_sys_count_tasks();

	memset(ret_threads, 0, sizeof(*ret_threads));
	if (n == 1 && is_known)
		return true;
	if (n < 1 || llki_sys_tasks_are_proc() != 1) {
		ret_threads->error = -ENOSYS;
		return is_known;
	}

	return n == 1 || is_one_by_listing(ret_threads, is_brief);
}
