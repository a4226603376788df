/* SPDX-License-Identifier: 0BSD OR MIT */
/* no_new_privs, set-user-ID programs, and seccomp filters in the way */
#include "live.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Kernel headers may be too old to have them */
#ifdef SYS_landlock_create_ruleset
#define NR_CREATE SYS_landlock_create_ruleset
#else
#define NR_CREATE 444
#endif
#define NR_ADD (NR_CREATE + 1)
#define NR_RESTRICT (NR_CREATE + 2)

/* From here on the kernel sets no_new_privs with the layer */
#define ABI_NO_NEW_PRIVS 11

static int has_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void needs_privs_unset(void)
{
	if (has_no_new_privs())
		live_cannot("no_new_privs is set already");
}

static struct llk_ruleset *no_reading(unsigned int flags)
{
	return llk_ruleset_new(LLK_V1, LLK_FS_READ_FILE, flags);
}

static int read_file(void)
{
	return live_open("file", O_RDONLY);
}

static void make_tree(void)
{
	live_tree();
	live_file("file", "content");
}

/*
 * no_new_privs
 */

static void after_success(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);

	needs_privs_unset();
	IS(llk_ruleset_load(rs), 0);
	IS(has_no_new_privs(), 0);
	live_restrict(rs);
	IS(has_no_new_privs(), 1);
}

START_TEST(no_new_privs_is_set_by_success)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(after_success, NULL);
}
END_TEST

static int fail_by_path(struct llk_ruleset *rs)
{
	llk_ruleset_allow_path(rs, LLK_READ, "absent");
	return llk_ruleset_restrict_self(rs, 0);
}

static int fail_by_mistake(struct llk_ruleset *rs)
{
	llk_ruleset_allow_path(rs, LLK_READ, NULL);
	return llk_ruleset_restrict_self(rs, 0);
}

static int fail_by_flag(struct llk_ruleset *rs)
{
	return llk_ruleset_restrict_self(rs, 1U << 30);
}

static int fail_by_kind(struct llk_ruleset *rs)
{
	int ends[2];

	IS(pipe(ends), 0);
	llk_ruleset_allow_fd(rs, LLK_READ, ends[0]);
	return llk_ruleset_restrict_self(rs, 0);
}

static const struct failure {
	const char *name;
	int (*run)(struct llk_ruleset *rs);
	int wanted;
} failures[] = {
	{ "a missing path", fail_by_path, -ENOENT },
	{ "a mistake", fail_by_mistake, -EINVAL },
	{ "an unknown flag", fail_by_flag, -EINVAL },
	{ "a pipe", fail_by_kind, -EBADFD },
};
#define N_FAILURES (int)(sizeof(failures) / sizeof(failures[0]))

static void after_failure(const void *arg)
{
	const struct failure *failure = arg;
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);

	live_about("%s", failure->name);
	needs_privs_unset();
	IS(failure->run(rs), failure->wanted);
	IS(has_no_new_privs(), 0);
	IS(read_file(), 0);
}

/* bug class G: nothing is half done */
START_TEST(no_new_privs_is_not_set_by_a_failure_before_enforcing)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(after_failure, &failures[_i]);
}
END_TEST

/* Sixteen layers that leave no_new_privs alone, then one that sets it */
static void after_sixteen_layers(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	bool stays = live_abi() < ABI_NO_NEW_PRIVS;

	needs_privs_unset();
	for (int i = 0; i < 16; i++) {
		struct llk_ruleset *layer =
			llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);
		int r = llk_ruleset_restrict_self(
			layer, LLK_RESTRICT_SKIP_NO_NEW_PRIVS);

		if (i == 0 && r == -EPERM)
			live_cannot("needs CAP_SYS_ADMIN");
		IS(r, 0);
	}
	IS(has_no_new_privs(), 0);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -E2BIG, "16 layers");
	IS(has_no_new_privs(), stays);
	IS(read_file(), 0);
}

START_TEST(below_abi_11_no_new_privs_stays_set_when_the_layer_is_refused)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(after_sixteen_layers, NULL);
}
END_TEST

static void skip_as_root(const void *arg)
{
	struct llk_ruleset *rs = no_reading(0);
	int r;

	needs_privs_unset();
	r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS);
	if (r == -EPERM && geteuid())
		live_cannot("needs CAP_SYS_ADMIN");
	SAYS(rs, r, LLK_ENFORCED, "enforced: ");
	IS(has_no_new_privs(), 0);
	IS(read_file(), EACCES);
}

static void skip_as_nobody(const void *arg)
{
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);

	needs_privs_unset();
	live_drop();
	SAYS(rs, llk_ruleset_restrict_self(rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS),
	     -EPERM, "no_new_privs");
	IS(has_no_new_privs(), 0);
	IS(read_file(), 0);

	IS(llk_sys_no_new_privs(), 0);
	IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_SKIP_NO_NEW_PRIVS), 0);
	IS(read_file(), EACCES);
}

START_TEST(no_new_privs_can_be_left_alone_by_the_privileged)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(skip_as_root, NULL);
}
END_TEST

START_TEST(leaving_no_new_privs_alone_is_eperm_for_others)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(skip_as_nobody, NULL);
}
END_TEST

/*
 * Set-user-ID programs
 */

#define GAINED 42 /* the exit statuses of the program */
#define NOT_GAINED 43

static int start_suid(const void *arg)
{
	execl("./suid", "suid", "who", (char *)NULL);
	return 1;
}

static void gain_by_suid(const void *arg)
{
	bool is_restricted = arg;
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS_MAKE_FIFO, 0);

	live_drop();
	needs_privs_unset();
	if (live_fork(start_suid, NULL) != GAINED)
		live_cannot("set-user-ID programs gain nothing here anyway");
	if (is_restricted)
		live_restrict(rs);
	IS(live_fork(start_suid, NULL), is_restricted ? NOT_GAINED : GAINED);
}

START_TEST(a_set_user_id_program_gains_nothing)
{
	NEEDS_ABI(1);
	SKIP_IF(geteuid(), "only root can make one");
	make_tree();
	live_copy("/proc/self/exe", "suid");
	ck_assert_int_eq(chmod("suid", 04755), 0);
	RUN(gain_by_suid, NULL);
	RUN(gain_by_suid, "restricted");
}
END_TEST

/*
 * Seccomp filters that answer in the kernel's place
 */

enum call { QUERY, CREATE, ADD, RESTRICT, PRCTL };

static const struct {
	unsigned int number;
	int argument; /* the one that must have @value too, -1 none */
	unsigned int value;
} calls[] = {
	[QUERY] = { NR_CREATE, 2, LLK_SYS_CREATE_RULESET_VERSION },
	[CREATE] = { NR_CREATE, 2, 0 },
	[ADD] = { NR_ADD, -1, 0 },
	[RESTRICT] = { NR_RESTRICT, -1, 0 },
	[PRCTL] = { SYS_prctl, 0, PR_SET_NO_NEW_PRIVS },
};

/* Where the low half of an argument is */
static unsigned int offset_of_argument(int n)
{
	const int one = 1;
	unsigned int low = *(const char *)&one ? 0 : 4;

	return (unsigned int)offsetof(struct seccomp_data, args) +
	       8 * (unsigned int)n + low;
}

static void filter(enum call call, unsigned int action)
{
	int n = calls[call].argument;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[call].number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offset_of_argument(n < 0 ? 0 : n)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[call].value, 0,
			 n < 0 ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (geteuid())
		IS(llk_sys_no_new_privs(), 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) &&
	    (errno != EACCES || llk_sys_no_new_privs() ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)))
		live_cannot("no seccomp filters: %s", strerror(errno));
}

#define TRAP SECCOMP_RET_TRAP

static volatile sig_atomic_t n_traps;

/* Returns, so the call answers what is left in its register */
static void on_trap(int signal)
{
	n_traps++;
}

/*
 * @action: an errno that the filter answers, or TRAP
 * @strict, @best: the results
 * @words: that explain has in best effort
 */
struct lie {
	enum call call;
	unsigned int action;
	int strict, best;
	const char *words;
};

#define NOT LLK_NOT_ENFORCED

/* clang-format off */
static const struct lie lies[] = {
	/* The version query: no Landlock, whatever the error (bug class O) */
	{ QUERY, EPERM, -EPERM, NOT, "errno 1" },
	{ QUERY, ENOSYS, -ENOSYS, NOT, "no Landlock" },
	{ QUERY, EINVAL, -EINVAL, NOT, "errno 22" },
	{ QUERY, EOPNOTSUPP, -EOPNOTSUPP, NOT, "lsm=" },
	{ QUERY, 0, -ENOSYS, NOT, "no Landlock" },    /* bug class AK */
	{ QUERY, TRAP, -ENOSYS, NOT, "no Landlock" }, /* bug class AK */
	/* Once it answered, every error is returned */
	{ CREATE, EPERM, -EPERM, -EPERM, "errno 1" },
	{ CREATE, ENOSYS, -ENOSYS, -ENOSYS, "no such system call" },
	{ CREATE, EINVAL, -EINVAL, -EINVAL, "errno 22" },
	{ CREATE, EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP, "not supported" },
	{ CREATE, 4000, -4000, -4000, "errno 4000" },
	{ CREATE, 0, -EBADFD, -EBADFD, "failed: " },
	{ CREATE, TRAP, -EBADF, -EBADF, "failed: " },
	{ ADD, EPERM, -EPERM, -EPERM, "errno 1" },
	{ ADD, ENOSYS, -ENOSYS, -ENOSYS, "no such system call" },
	{ ADD, EINVAL, -EINVAL, -EINVAL, "errno 22" },
	{ ADD, EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP, "not supported" },
	{ ADD, 4000, -4000, -4000, "errno 4000" },
	{ ADD, TRAP, -ENOSYS, -ENOSYS, "no such system call" }, /* bug class AA */
	{ RESTRICT, EPERM, -EPERM, -EPERM, "seccomp" },
	{ RESTRICT, ENOSYS, -ENOSYS, -ENOSYS, "no such system call" },
	{ RESTRICT, EINVAL, -EINVAL, -EINVAL, "errno 22" },
	{ RESTRICT, EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP, "not supported" },
	{ RESTRICT, 4000, -4000, -4000, "errno 4000" },
	{ RESTRICT, TRAP, -ENOSYS, -ENOSYS, "no such system call" }, /* bug class AA */
	{ PRCTL, EPERM, -EPERM, -EPERM, "no_new_privs can't be set" },
	{ PRCTL, ENOSYS, -ENOSYS, -ENOSYS, "no_new_privs can't be set" },
};
/* clang-format on */
#define N_LIES (int)(sizeof(lies) / sizeof(lies[0]))

static void set_filter(const struct lie *lie)
{
	int null = open("/dev/null", O_RDWR);

	/* So that descriptor 0 is no ruleset */
	IS(dup2(null, 0), 0);
	close(null);
	live_about("call %d, action %#x", (int)lie->call, lie->action);
	if (lie->action == TRAP) {
		signal(SIGSYS, on_trap);
		filter(lie->call, SECCOMP_RET_TRAP);
	} else {
		filter(lie->call, SECCOMP_RET_ERRNO | lie->action);
	}
}

static void lie_to(const struct lie *lie, unsigned int flags)
{
	struct llk_ruleset *rs = no_reading(flags);
	int wanted = flags ? lie->best : lie->strict;
	int no_new_privs, n_fds;

	llk_ruleset_allow_path(rs, LLK_READ, "dir");
	set_filter(lie);
	no_new_privs = has_no_new_privs();
	n_fds = live_count_fds();
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), wanted, lie->words);
	IS(n_traps > 0, lie->action == TRAP);
	IS(read_file(), 0);
	IS(llk_ruleset_handled(rs), 0);
	/* Descriptor 0 was taken for the ruleset, and closed as one */
	IS(live_count_fds(), n_fds - (lie->call == CREATE && !lie->action));
	if (lie->call != RESTRICT)
		IS(has_no_new_privs(), no_new_privs);
	llk_ruleset_free(rs);
}

static void lie_to_strict(const void *arg)
{
	lie_to(arg, 0);
}

static void lie_to_best_effort(const void *arg)
{
	lie_to(arg, LLK_BEST_EFFORT);
}

START_TEST(what_a_filter_answers_is_never_success)
{
	const struct lie *lie = &lies[_i];

	NEEDS_ABI(1);
	SKIP_IF(lie->call == PRCTL && live_abi() >= ABI_NO_NEW_PRIVS,
		"ABI %d needs no prctl", live_abi());
#if !defined(__x86_64__) && !defined(__i386__)
	SKIP_IF(lie->action == TRAP,
		"a trapped call's answer is known for x86 only");
#endif
	make_tree();
	live_dir("dir");
	RUN(lie_to_strict, lie);
	RUN(lie_to_best_effort, lie);
}
END_TEST

static void query_is_refused(const void *arg)
{
	const struct lie *lie = arg;

	OK(live_abi() > 0);
	set_filter(lie);
	IS(llk_abi(), lie->strict);
}

START_TEST(the_abi_is_an_error_where_a_filter_hides_it)
{
	NEEDS_ABI(1);
#if !defined(__x86_64__) && !defined(__i386__)
	SKIP_IF(lies[_i].action == TRAP,
		"a trapped call's answer is known for x86 only");
#endif
	RUN(query_is_refused, &lies[_i]);
}
END_TEST

/* With a floor, a hidden Landlock is an error in best effort too */
static void hidden_and_required(const void *arg)
{
	struct llk_ruleset *rs = no_reading(LLK_BEST_EFFORT);

	llk_ruleset_require(rs, LLK_FS_READ_FILE);
	set_filter(&lies[0]);
	IS(llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP);
	IS(read_file(), 0);
}

START_TEST(a_required_right_and_a_filter_are_an_error)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(hidden_and_required, NULL);
}
END_TEST

/* Nobody can tell these from success, and the manual says so */
static void silent_restrict(const void *arg)
{
	const struct lie lie = { RESTRICT, 0, 0, 0, NULL };

	set_filter(&lie);
	IS(llk_ruleset_restrict_self(no_reading(0), 0), LLK_ENFORCED);
	IS(read_file(), 0);
}

/* Only a grant is lost: it fails closed */
static void silent_add(const void *arg)
{
	const struct lie lie = { ADD, 0, 0, 0, NULL };
	struct llk_ruleset *rs = no_reading(0);

	llk_ruleset_allow_path(rs, LLK_READ, "file");
	set_filter(&lie);
	live_restrict(rs);
	IS(read_file(), EACCES);
}

START_TEST(a_filter_that_answers_zero_cannot_be_told_from_success)
{
	NEEDS_ABI(1);
	make_tree();
	RUN(silent_restrict, NULL);
	RUN(silent_add, NULL);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-process");

	if (argc > 1)
		_exit(geteuid() == 0 ? GAINED : NOT_GAINED);
	live_add(s, no_new_privs_is_set_by_success, 1);
	live_add(s, no_new_privs_is_not_set_by_a_failure_before_enforcing,
		 N_FAILURES);
	live_add(s,
		 below_abi_11_no_new_privs_stays_set_when_the_layer_is_refused,
		 1);
	live_add(s, no_new_privs_can_be_left_alone_by_the_privileged, 1);
	live_add(s, leaving_no_new_privs_alone_is_eperm_for_others, 1);
	live_add(s, a_set_user_id_program_gains_nothing, 1);
	live_add(s, what_a_filter_answers_is_never_success, N_LIES);
	live_add(s, the_abi_is_an_error_where_a_filter_hides_it, 6);
	live_add(s, a_required_right_and_a_filter_are_an_error, 1);
	live_add(s, a_filter_that_answers_zero_cannot_be_told_from_success, 1);
	return live_main(s);
}
