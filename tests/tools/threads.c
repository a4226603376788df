/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Restricts eight threads by signal, and has each try the file it is given:
 * for debuggers and tracers, under which a program has to go on working
 */
#include <liblandlock.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define N_THREADS 8

static pthread_barrier_t barrier;
static int n_denied;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *try_file(void *path)
{
	int fd;

	pthread_barrier_wait(&barrier); /* all are there */
	pthread_barrier_wait(&barrier); /* and restricted */
	fd = open(path, O_RDONLY | O_CLOEXEC);

	pthread_mutex_lock(&mutex);
	n_denied += fd < 0;
	pthread_mutex_unlock(&mutex);

	return NULL;
}

int main(int argc, char **argv)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, 0);
	pthread_t threads[N_THREADS];
	char why[256];
	int r;

	if (argc != 2)
		return 2;

	pthread_barrier_init(&barrier, NULL, N_THREADS + 1);
	for (int i = 0; i < N_THREADS; i++)
		if (pthread_create(&threads[i], NULL, try_file, argv[1]))
			return 2;
	pthread_barrier_wait(&barrier);
	r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);
	llk_ruleset_explain(rs, why, sizeof(why));
	llk_ruleset_free(rs);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d of %d denied; %s\n", n_denied, N_THREADS, why);

	return r || n_denied != N_THREADS;
}
