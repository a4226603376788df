/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * A program of GLib's kind: it has worker threads before it can restrict itself.
 * Each worker then opens a file that it is told, and says whether it may.
 */
#include <liblandlock.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>

#define N_WORKERS 4

static int n_started, n_open;
static GMutex mutex;
static GCond changed;

static void count(int *counter)
{
	g_mutex_lock(&mutex);
	++*counter;
	g_cond_broadcast(&changed);
	g_mutex_unlock(&mutex);
}

static void wait_for(const int *counter, int n)
{
	g_mutex_lock(&mutex);
	while (*counter < n)
		g_cond_wait(&changed, &mutex);
	g_mutex_unlock(&mutex);
}

/* In a thread of GTask's pool: there before the sandbox is, and used after */
static void work(GTask *task, gpointer source, gpointer path,
		 GCancellable *cancellable)
{
	FILE *f;

	(void)source;
	(void)cancellable;
	count(&n_started);
	wait_for(&n_open, 1);

	f = fopen(path, "r");
	g_task_return_boolean(task, f != NULL);
	if (f)
		fclose(f);
}

static void start_worker(GTask **task, char *path)
{
	*task = g_task_new(NULL, NULL, NULL, NULL);
	g_task_set_task_data(*task, path, NULL);
	g_task_run_in_thread(*task, work);
}

/* Below Linux 7.0 GLib's threads are stopped by a signal, all or none */
static void restrict_all(void)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V5, LLK_FS, LLK_BEST_EFFORT);
	char buf[512];
	int r;

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/usr");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE, "/tmp");
	r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);
	llk_ruleset_explain(rs, buf, sizeof(buf));
	fprintf(stderr, "sandbox: %s\n", buf);
	llk_ruleset_free(rs);
	if (r && r != LLK_PARTLY_ENFORCED)
		exit(1); /* also for -ENOTRECOVERABLE, where it has to be */
}

static void print_result(GTask *task, const char *path)
{
	gboolean is_allowed;

	while (!g_task_get_completed(task))
		g_main_context_iteration(NULL, TRUE);
	is_allowed = g_task_propagate_boolean(task, NULL);
	printf("%s %s\n", is_allowed ? "allowed" : "denied ", path);
	g_object_unref(task);
}

int main(int argc, char **argv)
{
	GTask *tasks[N_WORKERS];
	int n = argc - 1 < N_WORKERS ? argc - 1 : N_WORKERS;

	for (int i = 0; i < n; i++)
		start_worker(&tasks[i], argv[i + 1]);
	wait_for(&n_started, n);

	restrict_all();

	count(&n_open);
	for (int i = 0; i < n; i++)
		print_result(tasks[i], argv[i + 1]);

	return 0;
}
