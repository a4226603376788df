/* SPDX-License-Identifier: 0BSD OR MIT */
/* Landlock by hand: what a program would do that knows what it is about */
#include "bench.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446

static long abi;

int bare_create(uint64_t handled)
{
	struct llk_sys_ruleset_attr attr = {
		.handled_access_fs = LLK_SYS_FS(handled),
		.handled_access_net = LLK_SYS_NET(handled),
	};
	long fd;

	abi = syscall(CREATE_RULESET, NULL, 0, LLK_SYS_CREATE_RULESET_VERSION);
	fd = syscall(CREATE_RULESET, &attr, abi < 4 ? 8 : 16, 0);
	bench_must(abi > 0 && fd >= 0, "landlock_create_ruleset");

	return (int)fd;
}

static void add(int ruleset, int type, const void *attr)
{
	bench_must(syscall(ADD_RULE, ruleset, type, attr, 0) == 0,
		   "landlock_add_rule");
}

void bare_add_path(int ruleset, uint64_t rights, const char *path)
{
	struct llk_sys_path_beneath_attr attr = {
		.allowed_access = LLK_SYS_FS(rights),
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	bench_must(attr.parent_fd >= 0, path);
	add(ruleset, LLK_SYS_RULE_PATH_BENEATH, &attr);
	close(attr.parent_fd);
}

/* Duplicated when the rule is made: the library's calls */
void bare_add_fd(int ruleset, uint64_t rights, int fd)
{
	struct llk_sys_path_beneath_attr attr = {
		.allowed_access = LLK_SYS_FS(rights),
		.parent_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3),
	};

	add(ruleset, LLK_SYS_RULE_PATH_BENEATH, &attr);
	close(attr.parent_fd);
}

void bare_add_port(int ruleset, uint64_t rights, int port)
{
	struct llk_sys_net_port_attr attr = {
		.allowed_access = LLK_SYS_NET(rights),
		.port = (uint64_t)port,
	};

	add(ruleset, LLK_SYS_RULE_NET_PORT, &attr);
}

/* Below ABI 8 only a process of one thread is covered, below 11 not no_new_privs */
void bare_restrict(int ruleset)
{
	uint32_t flags = 0;
	struct stat st;

	if (abi >= 8)
		flags |= LLK_SYS_RESTRICT_SELF_TSYNC;
	else
		bench_must(stat("/proc/self/task", &st) == 0 &&
				   st.st_nlink == 3,
			   "threads");
	if (abi >= 11)
		flags |= LLK_SYS_RESTRICT_SELF_NO_NEW_PRIVS;
	else
		bench_must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0,
			   "no_new_privs");
	bench_must(syscall(RESTRICT_SELF, ruleset, flags) == 0,
		   "landlock_restrict_self");
	close(ruleset);
}
