/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * docs/seccomp.md: the library makes the system calls that stand there, shown
 * by a filter that kills for anything else
 */
#include "live.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446

/* One line of the page each; END ends the list (0 is a call) */
#define END (-1)

#ifdef SYS_newfstatat
#define STAT SYS_newfstatat
#else
#define STAT SYS_fstatat64
#endif
#ifdef SYS_statfs64
#define STATFS SYS_statfs64
#else
#define STATFS SYS_statfs
#endif
#ifdef SYS_readlink
#define READLINK SYS_readlink
#else
#define READLINK SYS_readlinkat
#endif
#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif
#ifdef SYS_fcntl64
#define FCNTL SYS_fcntl64
#else
#define FCNTL SYS_fcntl
#endif
#ifdef SYS_pause
#define PAUSE SYS_pause
#else
#define PAUSE SYS_ppoll
#endif
#define LOAD CREATE_RULESET, ADD_RULE, SYS_openat, STAT, SYS_fstat, SYS_close

static const int query_calls[] = { CREATE_RULESET, END };
static const int load_calls[] = { LOAD, END };
static const int enforce_calls[] = { STAT,	    STATFS,    SYS_prctl,
				     RESTRICT_SELF, SYS_close, END };
static const int restrict_calls[] = { LOAD, STATFS, SYS_prctl, RESTRICT_SELF,
				      END };
static const int list_calls[] = { PAUSE,     LOAD,	     STATFS,
				  READLINK,  SYS_getdents64, SYS_read,
				  SYS_prctl, RESTRICT_SELF,  END };
static const int by_signal_calls[] = { LOAD,
				       STATFS,
				       READLINK,
				       SYS_getdents64,
				       SYS_read,
				       SYS_prctl,
				       RESTRICT_SELF,
				       SYS_getpid,
				       SYS_gettid,
				       SYS_rt_sigprocmask,
				       SYS_rt_sigaction,
				       SYS_rt_tgsigqueueinfo,
				       SYS_rt_sigreturn,
				       SYS_futex,
				       SYS_nanosleep,
				       SYS_lseek,
				       SYS_sched_yield,
				       MMAP,
				       SYS_munmap,
				       PAUSE, /* the scenario's own */
				       END };
static const int build_calls[] = { SYS_brk, MMAP, FCNTL, END };
static const int free_calls[] = { SYS_close, SYS_munmap, END };
static const int check_calls[] = { CREATE_RULESET, SYS_openat, STAT,
				   SYS_fstat,	   SYS_statx,  SYS_readlinkat,
				   SYS_close,	   SYS_brk,    MMAP,
				   SYS_munmap,	   END };
static const int no_calls[] = { END };

/* What other versions of libc, and 32-bit ones, use in the place of STAT */
static const int stat_family[] = {
#ifdef SYS_stat
	SYS_stat,
#endif
#ifdef SYS_stat64
	SYS_stat64, SYS_fstat64,
#endif
#ifdef SYS_statx
	SYS_statx,
#endif
	END
};
static const int always[] = { SYS_exit_group, SYS_write, END };

/* A filter that grows */
struct filter {
	struct sock_filter code[128];
	unsigned short n;
};

static void allow_calls(struct filter *filter, const int *calls)
{
	for (; *calls != END; calls++) {
		filter->code[filter->n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)*calls, 0, 1);
		filter->code[filter->n++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		if (*calls == STAT)
			allow_calls(filter, stat_family);
	}
}

/* Kill all threads for all but @calls and what a scenario needs to end */
static void kill_but(const int *calls)
{
	struct filter filter = {
		.code = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				   offsetof(struct seccomp_data, nr)) },
		.n = 1,
	};
	struct sock_fprog program = { .filter = filter.code };

	allow_calls(&filter, always);
	allow_calls(&filter, calls);
	filter.code[filter.n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program.len = filter.n;

	IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	IS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_TSYNC, &program),
	   0);
}

/* A ruleset with a rule of each kind, each way through load */
static struct llk_ruleset *every_rule(void)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(live_version(), LLK_ALL, LLK_BEST_EFFORT);
	int fd = open("/", O_PATH | O_CLOEXEC);

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/usr");
	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "file");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "missing");
	llk_ruleset_allow_group(rs, LLK_READ, LLK_GROUP_TLS);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	if (llk_abi_rights(live_version()) & LLK_NET)
		llk_ruleset_allow_port(rs, LLK_NET, 80);
	close(fd);

	return rs;
}

static void ask_version(const void *arg)
{
	kill_but(query_calls);
	IS(llk_abi(), live_abi());
}

static void load_only(const void *arg)
{
	struct llk_ruleset *rs = every_rule();

	kill_but(load_calls);
	IS(llk_ruleset_load(rs), LLK_ENFORCED);
}

static void enforce_loaded(const void *arg)
{
	struct llk_ruleset *rs = every_rule();

	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	kill_but(enforce_calls);
	IS(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
}

static void restrict_at_once(const void *arg)
{
	struct llk_ruleset *rs = every_rule();

	kill_but(restrict_calls);
	IS(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
}

static void *sleep_on(void *arg)
{
	for (;;)
		pause();

	return arg;
}

static void restrict_with_threads(const void *arg)
{
	struct llk_ruleset *rs = every_rule();
	pthread_t thread;
	bool has_tsync = live_abi() >= 8;

	OK(pthread_create(&thread, NULL, sleep_on, NULL) == 0);
	usleep(100000);
	kill_but(list_calls);
	IS(llk_ruleset_restrict_self(rs, 0),
	   has_tsync ? LLK_ENFORCED : LLK_NOT_ENFORCED);
}

static void restrict_by_signal(const void *arg)
{
	struct llk_ruleset *rs = every_rule();
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		OK(pthread_create(&threads[i], NULL, sleep_on, NULL) == 0);
	usleep(100000); /* they start by calls of their own */
	kill_but(by_signal_calls);
	IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL), LLK_ENFORCED);
}

static void ask_the_rest(const void *arg)
{
	struct llk_ruleset *rs = every_rule();
	uint64_t rights;
	char buf[512];

	IS(llk_ruleset_load(rs), LLK_ENFORCED);
	kill_but(no_calls);
	OK(llk_ruleset_explain(rs, buf, sizeof(buf)) > 0);
	OK(llk_ruleset_fd(rs) >= 0);
	OK(llk_ruleset_handled(rs) != 0);
	IS(llk_ruleset_error(rs), 0);
	IS(llk_rights_parse("read,signal", &rights), 0);
	OK(llk_rights_format(rights, buf, sizeof(buf)) > 0);
}

static void build_only(const void *arg)
{
	struct llk_ruleset *rs;

	kill_but(build_calls);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "file");
	llk_ruleset_allow_group(rs, LLK_READ, LLK_GROUP_TLS);
	llk_ruleset_allow_fd(rs, LLK_READ, 0);
	llk_ruleset_require(rs, LLK_FS);
	llk_ruleset_quiet(rs, LLK_FS);
	IS(llk_ruleset_error(rs), 0);
}

static void free_only(const void *arg)
{
	struct llk_ruleset *rs = every_rule(), *loaded = every_rule();

	IS(llk_ruleset_load(loaded), LLK_ENFORCED);
	kill_but(free_calls);
	llk_ruleset_free(rs);
	llk_ruleset_free(loaded);
}

static void check_only(const void *arg)
{
	struct llk_ruleset *rs = every_rule();
	uint64_t missing;

	kill_but(check_calls);
	IS(llk_ruleset_check_path(rs, LLK_READ, "link", &missing), 0);
	IS(llk_ruleset_check_path(rs, LLK_READ, "/usr", &missing), 0);
	if (llk_abi_rights(live_version()) & LLK_NET)
		IS(llk_ruleset_check_port(rs, LLK_NET, 80, &missing), 0);
}

static live_scenario *const scenarios[] = {
	load_only,	  enforce_loaded,
	restrict_at_once, restrict_with_threads,
	ask_the_rest,	  ask_version,
	build_only,	  free_only,
	check_only,	  restrict_by_signal,
};

#define N_SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

START_TEST(only_documented_system_calls_are_made)
{
	NEEDS_ABI(1);
	SKIP_IF(LIVE_IS_SANITIZED, "a sanitizer makes system calls of its own");
	live_tree();
	live_file("file", "content");
	ck_assert_int_eq(symlink("file", "link"), 0);
	RUN(scenarios[_i], NULL);
}
END_TEST

/* The twin: the filter does kill */
static void *open_nothing(void *arg)
{
	(void)arg;
	kill_but(no_calls);
	_exit(open("/", O_PATH | O_CLOEXEC) >= 0);
}

START_TEST(the_filter_kills_for_others)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		open_nothing(NULL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seccomp");

	live_add(suite, only_documented_system_calls_are_made, N_SCENARIOS);
	live_add(suite, the_filter_kills_for_others, 1);

	return live_main(suite);
}
