/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run's modes, from the command line to what is enforced, on kernels of
 * each ABI: what is told, how it ends, and what is then denied and allowed. Each
 * run is a process of its own, and its exec is noted.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <liblandlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define main run_main
int main(int argc, char **argv);
#include "../tools/landlock-run.c"
#undef main

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define COMMAND_STATUS 42
#define MAX_ARGS 32

/* What became of a run */
struct outcome {
	int status;
	bool ran; /* the command was executed */
	bool has_no_new_privs;
	int n_enforced;
	struct fake_ruleset enforced;
	char said[4096]; /* on standard error */
};

static struct outcome *outcome; /* shared with the runs */
static void (*set_up)(void);	/* more of the kernel, or NULL */

static void note_kernel(void)
{
	outcome->has_no_new_privs = fake.has_no_new_privs;
	outcome->n_enforced = fake.n_enforced;
	outcome->enforced = fake.enforced;
}

int __wrap_execvp(const char *path, char *const argv[]);

int __wrap_execvp(const char *path, char *const argv[])
{
	note_kernel();
	outcome->ran = !strcmp(path, argv[0]);
	_exit(COMMAND_STATUS);
}

/* Words with a blank between */
static int split(char *line, char *argv[MAX_ARGS])
{
	char *rest = NULL;
	int n = 0;

	for (char *word = strtok_r(line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	argv[n] = NULL;

	return n;
}

__attribute__((noreturn)) static void be_run(int abi, char *line, int err)
{
	char *argv[MAX_ARGS];
	int argc = split(line, argv);

	dup2(err, STDERR_FILENO);
	fake_reset(abi);
	if (set_up)
		set_up();
	atexit(note_kernel);
	exit(run_main(argc, argv));
}

static void read_said(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, outcome->said + len,
			 sizeof(outcome->said) - 1 - len)) > 0)
		len += (size_t)n;
}

/* The command line @line on a kernel of @abi */
static void run_on(int abi, const char *line)
{
	char copy[512];
	int ends[2], status;
	pid_t pid;

	memset(outcome, 0, sizeof(*outcome));
	strcpy(copy, line);
	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		be_run(abi, copy, ends[1]);
	close(ends[1]);
	read_said(ends[0]);
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed: %x", status);
	outcome->status = WEXITSTATUS(status);
}

/*
 * What is expected
 */

#define OPTIONS "--ro /usr --rw /tmp --bind-tcp 80 "
#define COMMAND "-- /bin/sh"
#define HOW_TO_RUN " (--best-effort would run it all the same)"

#define V7_2 "Linux 7.2 for bind_udp, connect_send_udp."
#define V7_1 "Linux 7.1 for resolve_unix; " V7_2
#define V6_12 "Linux 6.12 for abstract_unix_socket, signal; " V7_1
#define V6_10 "Linux 6.10 for ioctl_dev; " V6_12
#define V6_7 "Linux 6.7 for bind_tcp, connect_tcp; " V6_10

/* By the kernel's documentation; an empty one: nothing is missing */
static const char *const missing[FAKE_NEWEST_ABI + 1] = {
	[0] = "this kernel has no Landlock (it came with Linux 5.13), or a "
	      "seccomp filter hides it.",
	[1] = "Linux 6.2 is needed for truncate; " V6_7,
	[2] = "Linux 6.2 is needed for truncate; " V6_7,
	[3] = "Linux 6.7 is needed for bind_tcp, connect_tcp; " V6_10,
	[4] = "Linux 6.10 is needed for ioctl_dev; " V6_12,
	[5] = "Linux 6.12 is needed for abstract_unix_socket, signal; " V7_1,
	[6] = "Linux 7.1 is needed for resolve_unix; " V7_2,
	[7] = "Linux 7.1 is needed for resolve_unix; " V7_2,
	[8] = "Linux 7.1 is needed for resolve_unix; " V7_2,
	[9] = "Linux 7.2 is needed for bind_udp, connect_send_udp.",
	[10] = "",
	[11] = "",
	[12] = "",
};

static void said(const char *begins, const char *goes_on, const char *ends)
{
	char line[2048] = "";

	if (*begins)
		snprintf(line, sizeof(line), "%s%s%s\n", begins, goes_on, ends);
	ck_assert_str_eq(outcome->said, line);
}

/* It ended before the command, and nothing was restricted */
static void did_not_run(int status)
{
	ck_assert_int_eq(outcome->status, status);
	ck_assert(!outcome->ran);
	ck_assert_int_eq(outcome->n_enforced, 0);
	ck_assert(!outcome->has_no_new_privs);
}

static void ran_free(void)
{
	ck_assert_int_eq(outcome->status, COMMAND_STATUS);
	ck_assert(outcome->ran);
	ck_assert_int_eq(outcome->n_enforced, 0);
	ck_assert(!outcome->has_no_new_privs);
}

static uint64_t one_of(const struct llk_sys_ruleset_attr *attr)
{
	return attr->handled_access_fs | attr->handled_access_net << 32 |
	       attr->scoped << 44;
}

/* What the rules on the fake's file @path, or on @port, allow */
static uint64_t allowed_at(const char *path, uint64_t port)
{
	uint64_t allowed = 0;

	for (int i = 0; i < outcome->enforced.n_rules; i++) {
		const struct fake_rule *rule = &outcome->enforced.rules[i];

		if (path && rule->type == LLK_SYS_RULE_PATH_BENEATH &&
		    !strcmp(fake.files[rule->where].path, path))
			allowed |= rule->allowed;
		if (!path && rule->type == LLK_SYS_RULE_NET_PORT &&
		    rule->where == port)
			allowed |= rule->allowed << 32;
	}

	return allowed;
}

#define READ (LLK_FS_READ_FILE | LLK_FS_READ_DIR)
#define MAKE                                                        \
	(LLK_FS_MAKE_CHAR | LLK_FS_MAKE_DIR | LLK_FS_MAKE_REG |     \
	 LLK_FS_MAKE_SOCK | LLK_FS_MAKE_FIFO | LLK_FS_MAKE_BLOCK |  \
	 LLK_FS_MAKE_SYM | LLK_FS_REMOVE_DIR | LLK_FS_REMOVE_FILE | \
	 LLK_FS_REFER)

/* Everything of @denied is denied, but what OPTIONS allow */
static void ran_restricted(uint64_t denied, uint64_t more_on_tmp)
{
	ck_assert_int_eq(outcome->status, COMMAND_STATUS);
	ck_assert(outcome->ran);
	ck_assert_int_eq(outcome->n_enforced, 1);
	ck_assert(outcome->has_no_new_privs);
	ck_assert_uint_eq(one_of(&outcome->enforced.attr), denied);

	fake_reset(1); /* its files have the same numbers */
	ck_assert_uint_eq(allowed_at("/usr", 0), READ);
	ck_assert_uint_eq(allowed_at("/tmp", 0),
			  (READ | MAKE | LLK_FS_WRITE_FILE | LLK_FS_TRUNCATE |
			   more_on_tmp) &
				  denied);
	ck_assert_uint_eq(allowed_at(NULL, 80), LLK_NET_BIND_TCP & denied);
	ck_assert_int_eq(outcome->enforced.n_rules,
			 denied & LLK_NET_BIND_TCP ? 3 : 2);
}

/*
 * The tests: _i is the kernel's ABI
 */

static void ran_as_far_as_there_is(int abi)
{
	ran_restricted(fake_abi_rights(abi), 0);
	said(*missing[abi] ? "landlock-run: partly enforced: " : "",
	     missing[abi], "");
}

START_TEST(by_default_less_is_told_and_nothing_is_an_error)
{
	run_on(_i, "landlock-run " OPTIONS COMMAND);
	if (_i == 0) {
		did_not_run(125);
		said("landlock-run: not enforced: ", missing[_i], HOW_TO_RUN);
		return;
	}
	ran_as_far_as_there_is(_i);
}
END_TEST

START_TEST(strict_is_all_or_an_error)
{
	run_on(_i, "landlock-run --strict " OPTIONS COMMAND);
	if (*missing[_i]) {
		did_not_run(125);
		said("landlock-run: failed: ", missing[_i], "");
		return;
	}
	ran_restricted(fake_abi_rights(_i), 0);
	said("", "", "");
}
END_TEST

START_TEST(best_effort_runs_and_tells_what_is_missing)
{
	run_on(_i, "landlock-run --best-effort " OPTIONS COMMAND);
	if (_i == 0) {
		ran_free();
		said("landlock-run: not enforced: ", missing[_i], "");
		return;
	}
	ran_as_far_as_there_is(_i);
}
END_TEST

START_TEST(what_is_required_is_an_error_in_every_mode)
{
	static const char *const modes[] = { "", "--best-effort" };
	static const struct {
		const char *option;
		int since;
	} rows[] = {
		{ "--require execute", 1 },	 { "--require truncate", 3 },
		{ "--require connect_tcp", 4 },	 { "--require signal", 6 },
		{ "--require resolve_unix", 9 }, { "--require all", 10 },
	};
	char line[256];

	for (size_t m = 0; m < COUNT(modes); m++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			snprintf(line, sizeof(line), "landlock-run %s %s %s%s",
				 modes[m], rows[i].option, OPTIONS, COMMAND);
			run_on(_i, line);
			if (_i >= rows[i].since) {
				ran_restricted(fake_abi_rights(_i), 0);
				continue;
			}
			did_not_run(125);
			ck_assert_ptr_nonnull(
				strstr(outcome->said, "failed: "));
		}
}
END_TEST

START_TEST(a_version_that_is_there_is_enforced_whole)
{
	char line[256];

	for (int version = 1; version <= _i && version <= LLK_V11; version++) {
		uint64_t rights = fake_abi_rights(version);

		snprintf(line, sizeof(line),
			 "landlock-run --strict --version-abi %d --ro /usr "
			 "--rw /tmp %s" COMMAND,
			 version, version < 4 ? "" : "--bind-tcp 80 ");
		/* refer can't be granted on ABI 1, and isn't in its version */
		run_on(_i, line);
		ran_restricted(rights, 0);
		said("", "", "");
	}
}
END_TEST

static void refuse_restrict(void)
{
	fake_fail(FAKE_RESTRICT, 1, E2BIG);
}

static void refuse_create(void)
{
	fake_fail(FAKE_CREATE, 1, EPERM);
}

START_TEST(a_refusal_by_the_kernel_is_an_error_in_every_mode)
{
	static void (*const refusals[])(void) = { refuse_create,
						  refuse_restrict };
	static const char *const modes[] = { "", "--best-effort" };
	char line[256];

	for (size_t r = 0; r < COUNT(refusals); r++)
		for (size_t m = 0; m < COUNT(modes); m++) {
			snprintf(line, sizeof(line), "landlock-run %s %s%s",
				 modes[m], OPTIONS, COMMAND);
			set_up = refusals[r];
			run_on(_i, line);
			ck_assert_int_eq(outcome->status, 125);
			ck_assert(!outcome->ran);
			ck_assert_ptr_nonnull(
				strstr(outcome->said, "failed: "));
		}
}
END_TEST

START_TEST(a_missing_path_is_an_error_in_every_mode)
{
	static const char *const modes[] = { "", "--best-effort" };
	char line[256];

	for (size_t m = 0; m < COUNT(modes); m++) {
		snprintf(line, sizeof(line),
			 "landlock-run %s --ro /llk-missing %s%s", modes[m],
			 OPTIONS, COMMAND);
		run_on(_i, line);
		did_not_run(125);
		said("landlock-run: --ro \"/llk-missing\": No such file or "
		     "directory (--ignore-missing skips what isn't there)",
		     "", "");
	}
}
END_TEST

/* landrun's rw has ioctl_dev; its newest right is resolve_unix */
START_TEST(landrun_requires_all_to_abi_9)
{
	run_on(_i, "landrun " OPTIONS COMMAND);
	if (_i < 9) {
		did_not_run(1);
		ck_assert_int_eq(
			strncmp(outcome->said, "landrun: failed: ", 17), 0);
		return;
	}
	ran_restricted(fake_abi_rights(9), LLK_FS_IOCTL_DEV);
	said("", "", "");
}
END_TEST

START_TEST(landrun_by_best_effort_accepts_less_in_silence)
{
	run_on(_i, "landrun --best-effort " OPTIONS COMMAND);
	said("", "", "");
	if (_i == 0)
		ran_free();
	else
		ran_restricted(fake_abi_rights(_i < 9 ? _i : 9),
			       LLK_FS_IOCTL_DEV);
}
END_TEST

static void map_outcome(void)
{
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(outcome, MAP_FAILED);
	set_up = NULL;
}

static void add_tests(TCase *tc)
{
	const int end = FAKE_NEWEST_ABI + 1;

	tcase_add_loop_test(tc, by_default_less_is_told_and_nothing_is_an_error,
			    0, end);
	tcase_add_loop_test(tc, strict_is_all_or_an_error, 0, end);
	tcase_add_loop_test(tc, best_effort_runs_and_tells_what_is_missing, 0,
			    end);
	tcase_add_loop_test(tc, what_is_required_is_an_error_in_every_mode, 0,
			    end);
	tcase_add_loop_test(tc, a_version_that_is_there_is_enforced_whole, 1,
			    end);
	tcase_add_loop_test(
		tc, a_refusal_by_the_kernel_is_an_error_in_every_mode, 1, end);
	tcase_add_loop_test(tc, a_missing_path_is_an_error_in_every_mode, 1,
			    end);
	tcase_add_loop_test(tc, landrun_requires_all_to_abi_9, 0, end);
	tcase_add_loop_test(tc, landrun_by_best_effort_accepts_less_in_silence,
			    0, end);
}

int main(void)
{
	Suite *s = suite_create("run-modes");
	TCase *tc = tcase_create("run-modes");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, map_outcome, NULL);
	add_tests(tc);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
