/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What inject.py runs under strace: load and enforce a ruleset with a rule of
 * each kind, while one system call fails; then tell in one line what came of
 * it, and try again without the failure. A call of getppid marks the begin and
 * the end of what counts.
 * usage: inject strict|lenient load|at-once
 */
#include <liblandlock.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);

	return n;
}

static int can_write(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);

	return fd >= 0;
}

static struct llk_ruleset *build(const char *mode, const char *file, int fd)
{
	unsigned int flags = strcmp(mode, "strict") ? LLK_BEST_EFFORT : 0;
	int abi = llk_abi();
	struct llk_ruleset *rs =
		llk_ruleset_new(abi > LLK_V11 ? LLK_V11 : abi, LLK_ALL, flags);

	llk_ruleset_allow_path(rs, LLK_READ, "/proc");
	llk_ruleset_allow_path(rs, LLK_RO_DIRS, file);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	if (llk_abi_rights(abi) & LLK_NET)
		llk_ruleset_allow_port(rs, LLK_NET, 80);

	return rs;
}

static void tell(const char *what, const struct llk_ruleset *rs, int result,
		 int n_fds)
{
	char why[1024];

	llk_ruleset_explain(rs, why, sizeof(why));
	printf("%s\t%d\t%d\t%d\t%d\t%s\n", what, result, count_fds() - n_fds,
	       !can_write(), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), why);
	fflush(stdout);
}

static int run(struct llk_ruleset *rs, int is_loaded)
{
	int r = 0;

	if (is_loaded)
		r = llk_ruleset_load(rs);

	return r ? r : llk_ruleset_restrict_self(rs, 0);
}

int main(int argc, char **argv)
{
	int fd = open("/usr", O_PATH | O_CLOEXEC), is_loaded, n_fds, r;
	struct llk_ruleset *rs;

	if (argc != 3)
		return 2;
	is_loaded = !strcmp(argv[2], "load");
	n_fds = count_fds();
	rs = build(argv[1], argv[0], fd);

	syscall(SYS_getppid);
	r = run(rs, is_loaded);
	syscall(SYS_getppid);

	tell("first", rs, r, n_fds);
	if (r == LLK_ENFORCED || r == LLK_PARTLY_ENFORCED)
		return 0;
	r = run(rs, is_loaded);
	tell("again", rs, r, n_fds);
	llk_ruleset_free(rs);

	return 0;
}
