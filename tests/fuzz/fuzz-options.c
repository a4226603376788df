/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run over the fake kernel, with exit, execvp and the files of PATH
 * replaced: a second reading of the command line, and the oracle (model.c), say
 * whether a command may be executed, which, with what environment and in which
 * sandbox, and else the exit status.
 * An input: 8 bytes (set_up), then the arguments with a NUL between.
 */
#include "input.h"
#include "model.h"

#include <errno.h>
#include <getopt.h>
#include <liblandlock.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_SIZE 2048
#define MAX_ARGS 256
#define MAX_BLOCKS 1024

/* What stands for the process, and what became of it */
static struct run {
	char text[MAX_SIZE + 1];
	char *argv[MAX_ARGS + 1];
	int argc;
	const char *path_variable;
	int exec_error; /* positive; 0: the command runs */
	unsigned int alloc_fails_at;

	jmp_buf end;
	int status; /* -1: the command runs */
	int result; /* of restrict_self; INT_MIN before */
	const char *executed;
	char **executed_argv;
	bool has_alloc_failed;
	struct llk_ruleset *rulesets[2];
	void *blocks[MAX_BLOCKS];
	size_t n_blocks;
	FILE *out, *err;
	char *out_text, *err_text;
	size_t out_len, err_len;
} run;

static char *callers_env[] = { (char[]){ "HOME=/home/me" }, (char[]){ "A=1" },
			       (char[]){ "AB=2" }, (char[]){ "EMPTY=" }, NULL };
static char **run_environ;

/* --- the process: what landlock-run calls ---------------------------------- */

__attribute__((noreturn)) static void run_exit(int status)
{
	run.status = status;
	longjmp(run.end, 1);
}

static int run_execvp(const char *path, char **argv)
{
	insist(run.result >= 0, "executed after a failure: %d", run.result);
	insist(!fake_n_open(), "%d descriptors are left", fake_n_open());
	run.executed = path;
	run.executed_argv = argv;
	if (!run.exec_error) {
		run.status = -1;
		longjmp(run.end, 1);
	}
	errno = run.exec_error;

	return -1;
}

static struct llk_ruleset *run_new(int version, uint64_t handled,
				   unsigned int flags)
{
	struct llk_ruleset *rs = llk_ruleset_new(version, handled, flags);

	for (size_t i = 0; i < COUNT(run.rulesets); i++) {
		if (run.rulesets[i])
			continue;
		run.rulesets[i] = rs;
		return rs;
	}
	fuzz_fail("too many rulesets");
}

static void run_free_ruleset(struct llk_ruleset *rs)
{
	for (size_t i = 0; i < COUNT(run.rulesets); i++)
		if (run.rulesets[i] == rs)
			run.rulesets[i] = llk_ruleset_free(rs);
}

static int run_restrict_self(struct llk_ruleset *rs, unsigned int flags)
{
	insist(run.result == INT_MIN, "restricted twice");
	run.result = llk_ruleset_restrict_self(rs, flags);

	return run.result;
}

/* Memory that an exit leaves to the kernel is freed here */
static void *note_block(const void *old, void *block)
{
	size_t i = 0;

	while (i < run.n_blocks && run.blocks[i] != old)
		i++;
	insist(i < MAX_BLOCKS, "too much memory");
	if (i == run.n_blocks)
		run.n_blocks++;
	run.blocks[i] = block;

	return block;
}

static bool is_out_of_memory(void)
{
	if (!run.alloc_fails_at || --run.alloc_fails_at)
		return false;

	run.has_alloc_failed = true;

	return true;
}

static void *run_realloc(void *block, size_t size)
{
	void *grown;

	if (is_out_of_memory())
		return NULL;

	/* Never in place, so that a pointer into the old one is found */
	grown = malloc(size);
	insist(grown, "out of memory");
	if (block)
		memcpy(grown, block, size - sizeof(char *));
	note_block(block ? block : grown, grown);
	free(block);

	return grown;
}

static void run_free(void *block)
{
	for (size_t i = 0; i < run.n_blocks; i++)
		if (run.blocks[i] == block)
			run.blocks[i] = NULL;
	free(block);
}

static void *run_malloc(size_t size)
{
	void *block = is_out_of_memory() ? NULL : malloc(size);

	return block ? note_block(block, block) : NULL;
}

__attribute__((format(printf, 2, 3))) static int
run_asprintf(char **ret_text, const char *format, ...)
{
	va_list args;
	int n;

	if (is_out_of_memory())
		return -1;

	va_start(args, format);
	n = vasprintf(ret_text, format, args);
	va_end(args);
	insist(n >= 0, "out of memory");
	note_block(*ret_text, *ret_text);

	return n;
}

static char *run_getenv(const char *name)
{
	return strcmp(name, "PATH") ? NULL : (char *)(size_t)run.path_variable;
}

enum found { MISSING, EXECUTABLE, PLAIN, DIRECTORY };

/* What is in the folders of PATH */
static enum found find_file(const char *path)
{
	static const struct {
		const char *path;
		enum found what;
	} there[] = {
		{ "/bin/ls", EXECUTABLE },     { "/usr/bin/ls", EXECUTABLE },
		{ "./ls", EXECUTABLE },	       { "/bin/no", PLAIN },
		{ "/usr/bin/up", EXECUTABLE }, { "/bin/up", DIRECTORY },
	};

	for (size_t i = 0; i < COUNT(there); i++)
		if (!strcmp(there[i].path, path))
			return there[i].what;

	return MISSING;
}

static int run_access(const char *path, int mode)
{
	enum found what = find_file(path);

	errno = what == MISSING ? ENOENT : EACCES;

	return what == MISSING || (mode == X_OK && what == PLAIN) ? -1 : 0;
}

static int run_stat(const char *path, struct stat *ret_st)
{
	enum found what = find_file(path);

	memset(ret_st, 0, sizeof(*ret_st));
	ret_st->st_mode = what == DIRECTORY ? S_IFDIR | 0755 : S_IFREG | 0755;
	errno = ENOENT;

	return what == MISSING ? -1 : 0;
}

#undef stdout
#undef stderr
#define stdout run.out
#define stderr run.err
#define printf(...) fprintf(run.out, __VA_ARGS__)
#define puts(line) fprintf(run.out, "%s\n", line)
#define exit(status) run_exit(status)
#define execvp(path, argv) run_execvp(path, argv)
#define environ run_environ
#define getenv(name) run_getenv(name)
#define access(path, mode) run_access(path, mode)
#define stat(path, st) run_stat(path, st)
#define malloc(size) run_malloc(size)
#define realloc(block, size) run_realloc(block, size)
#define free(block) run_free(block)
#define asprintf(...) run_asprintf(__VA_ARGS__)
#define llk_ruleset_new(version, handled, flags) \
	run_new(version, handled, flags)
#define llk_ruleset_free(rs) run_free_ruleset(rs)
#define llk_ruleset_restrict_self(rs, flags) run_restrict_self(rs, flags)
#define main run_main

int main(int argc, char **argv);

#include "../../tools/landlock-run.c"

#undef stdout
#undef stderr
#undef printf
#undef exit
#undef environ
#undef getenv
#undef malloc
#undef realloc
#undef free
#undef llk_ruleset_new
#undef llk_ruleset_free

/* --- the same command line, read a second time ----------------------------- */

#define RUNS (-1)

static struct second {
	struct model model;
	bool is_best_effort, is_strict, has_env;
	char *env[MAX_ARGS];
	int n_env;
	int first; /* the command's place */
	const char *path;
	char path_buf[2 * MAX_SIZE];
} second;

enum what { GRANT, GRANT_MOVES, PORT, ENV, EASY, HARD, TELL_ABI, TELL };

static const struct known_option {
	const char *name;
	enum what what;
	uint64_t rights;
} known_options[] = {
	{ "ro", GRANT, LLK_READ },
	{ "rox", GRANT, LLK_READ | LLK_FS_EXECUTE },
	{ "rw", GRANT_MOVES, LLK_RW_DIRS & ~LLK_FS_EXECUTE },
	{ "rwx", GRANT_MOVES, LLK_RW_DIRS },
	{ "bind-tcp", PORT, LLK_NET_BIND_TCP },
	{ "connect-tcp", PORT, LLK_NET_CONNECT_TCP },
	{ "env", ENV, 0 },
	{ "best-effort", EASY, 0 },
	{ "strict", HARD, 0 },
	{ "abi", TELL_ABI, 0 },
	{ "version", TELL, 0 },
	{ "help", TELL, 0 },
};

/* The option that @text names, whole or by a beginning of one alone */
static const struct known_option *find_option(const char *text, size_t len)
{
	const struct known_option *found = NULL;
	int n = 0;

	for (size_t i = 0; i < COUNT(known_options); i++) {
		const struct known_option *option = &known_options[i];

		if (strncmp(option->name, text, len) != 0)
			continue;
		if (strlen(option->name) == len)
			return option;
		found = option;
		n++;
	}

	return n == 1 ? found : NULL;
}

/* What the kernel says its ABI is; 0 for none */
static int abi_here(void)
{
	return fake.query_answer != INT_MIN ? 0 : fake.abi;
}

static int take_port(uint64_t rights, const char *value)
{
	unsigned long port = 0;

	if (!*value)
		return EXIT_FAILED;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return EXIT_FAILED;
		port = port * 10 + (unsigned long)(*value - '0');
		if (port > 65535)
			return EXIT_FAILED;
	}
	model_allow_port(&second.model, rights, port);

	return 0;
}

static bool is_same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return len == strcspn(b, "=") && !strncmp(a, b, len);
}

static int take_variable(char *value)
{
	int n = 0;

	if (!*value || *value == '=')
		return EXIT_FAILED;

	second.has_env = true;
	for (int i = 0; i < second.n_env; i++)
		if (!is_same_name(second.env[i], value))
			second.env[n++] = second.env[i];
	if (strchr(value, '='))
		second.env[n++] = value;
	for (char **e = callers_env; *e && !strchr(value, '='); e++)
		if (is_same_name(*e, value))
			second.env[n++] = *e;
	second.n_env = n;

	return 0;
}

/* 0: go on; else the exit status, 1 for success */
static int take(const struct known_option *option, char *value)
{
	uint64_t moves = option->what == GRANT_MOVES && abi_here() > 1
				 ? LLK_FS_REFER
				 : 0;

	switch (option->what) {
	case GRANT:
	case GRANT_MOVES:
		model_allow_path(&second.model, option->rights | moves, value);
		return *value ? 0 : EXIT_FAILED;
	case PORT:
		return take_port(option->rights, value);
	case ENV:
		return take_variable(value);
	case EASY:
		second.is_best_effort = true;
		return 0;
	case HARD:
		second.is_strict = true;
		return 0;
	case TELL_ABI:
		return abi_here() ? 1 : EXIT_FAILED;
	default:
		return 1;
	}
}

/* One option at @i; *ret_next is behind it. As take(). */
static int read_option(int i, int *ret_next)
{
	char *text = run.argv[i] + 2, *equal = strchr(run.argv[i], '=');
	size_t len = strcspn(text, "=");
	const struct known_option *option =
		run.argv[i][1] == '-' ? find_option(text, len) : NULL;
	char *value = equal ? equal + 1 : run.argv[i + 1];

	*ret_next = i + 1;
	if (!option)
		return EXIT_FAILED;

	if (option->what > ENV)
		return equal ? EXIT_FAILED : take(option, NULL);
	if (!value)
		return EXIT_FAILED;
	*ret_next += !equal;

	return take(option, value);
}

static int read_options(void)
{
	int i = 1, status = 0;

	while (i < run.argc && !status) {
		const char *arg = run.argv[i];

		if (arg[0] != '-' || !arg[1])
			break;
		if (!strcmp(arg, "--")) {
			i++;
			break;
		}
		status = read_option(i, &i);
	}
	second.first = i;

	return status;
}

/* Look for the command in each folder: 0 or the exit status */
static int look_up(const char *name)
{
	const char *dirs = run.path_variable;
	bool is_there = false;

	second.path = name;
	if (!*name)
		return EXIT_NOT_FOUND;
	if (strchr(name, '/'))
		return 0;

	for (dirs = dirs ? dirs : "/bin:/usr/bin";; dirs++) {
		size_t len = strcspn(dirs, ":");

		snprintf(second.path_buf, sizeof(second.path_buf), "%.*s/%s",
			 len ? (int)len : 1, len ? dirs : ".", name);
		second.path = second.path_buf;
		if (find_file(second.path) == EXECUTABLE)
			return 0;
		is_there |= find_file(second.path) != MISSING;
		dirs += len;
		if (!*dirs)
			return is_there ? EXIT_CANT_EXECUTE : EXIT_NOT_FOUND;
	}
}

static int expect_restricted(void)
{
	int r;

	if (second.is_strict)
		model_require(&second.model, LLK_ALL);
	r = model_restrict_self(&second.model, 0);

	return r < 0 || (r == LLK_NOT_ENFORCED && !second.is_best_effort)
		       ? EXIT_FAILED
		       : RUNS;
}

/* The exit status; RUNS where the command is to be executed */
static int expect_status(void)
{
	int status;

	model_new(&second.model, LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	status = read_options();
	if (status)
		return status == 1 ? 0 : status;

	if ((second.is_best_effort && second.is_strict) ||
	    second.first >= run.argc)
		return EXIT_FAILED;

	status = look_up(run.argv[second.first]);

	return status ? status : expect_restricted();
}

/* --- comparing ------------------------------------------------------------- */

static void check_environment(void)
{
	int n = 0;

	if (!second.has_env) {
		insist(run_environ == callers_env, "another environment");
		return;
	}

	for (char **e = run_environ; *e; e++, n++) {
		bool is_expected = false;

		for (int i = 0; i < second.n_env; i++)
			is_expected |= !strcmp(*e, second.env[i]);
		insist(is_expected, "variable %s", *e);
	}
	insist(n == second.n_env, "%d variables and not %d", n, second.n_env);
}

static void check_executed(void)
{
	insist(run.executed, "ended, and executed nothing");
	insist(!strcmp(run.executed, second.path), "executed %s and not %s",
	       run.executed, second.path);
	insist(run.executed_argv == run.argv + second.first, "arguments");
	insist(fake.n_enforced == (run.result != LLK_NOT_ENFORCED), "%d layers",
	       fake.n_enforced);
	insist(run.result == 0 || run.err_len, "%d is not told", run.result);
	if (fake.n_enforced)
		model_compare_enforced(&second.model);
	check_environment();
}

/* A line of landlock-run's own, which no argument has forged */
static void check_lines(char *text)
{
	static const char begin[] = "landlock-run: ";
	char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		insist(end, "no end of line: %s", text);
		*end = '\0';
		insist(!strncmp(text, begin, strlen(begin)), "forged: %s",
		       text);
		insist(fuzz_is_harmless(text), "control characters: %s", text);
	}
}

static int expect_exec_failure(void)
{
	return run.exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANT_EXECUTE;
}

static void check(int expected)
{
	if (run.has_alloc_failed) {
		insist(run.status == EXIT_FAILED && !run.executed,
		       "status %d without memory", run.status);
	} else if (expected == RUNS) {
		check_executed();
		if (run.exec_error)
			expected = expect_exec_failure();
		insist(run.status == expected, "status %d and not %d",
		       run.status, expected);
	} else {
		insist(run.status == expected, "status %d and not %d: %s",
		       run.status, expected, run.err_text);
		insist(!run.executed, "executed %s", run.executed);
	}
	insist(run.status <= 0 || run.err_len, "status %d without a word",
	       run.status);
	insist(run.status == 0 || !run.out_len, "output: %s", run.out_text);
	check_lines(run.err_text);
}

/* --- one input ------------------------------------------------------------- */

static void set_up_kernel(struct input *in)
{
	uint8_t bits;

	fake_reset((int)input_pick(in, FAKE_NEWEST_ABI + 1));
	bits = input_byte(in);
	fake.has_no_new_privs = bits & 1;
	fake.has_no_tcp = bits & 2;
	fake.no_landlock = bits & 4 ? EOPNOTSUPP : ENOSYS;
	fake.n_layers = bits & 8 ? 16 : 0;
	if (bits & 16)
		fake_add_task("worker", 'R', 0);
	if (bits & 32)
		fake.query_answer = -EPERM;
	if (bits & 64)
		fake.refuses = LLK_SCOPE_SIGNAL;
}

static const int errors[] = { ENOENT, EACCES, EINVAL, ENOMEM, EPERM,
			      E2BIG,  EBADF,  EMFILE, ENOSYS };

/* One failure on the way, or none */
static void set_up_failure(struct input *in)
{
	static const enum fake_call calls[] = {
		FAKE_CREATE, FAKE_ADD,		FAKE_OPEN,     FAKE_CLOSE,
		FAKE_IS_DIR, FAKE_NO_NEW_PRIVS, FAKE_RESTRICT,
	};
	uint8_t call = input_byte(in), at = input_byte(in);

	model_fail(calls[call % COUNT(calls)], call < 128 ? 0 : 1 + at % 8,
		   errors[input_pick(in, COUNT(errors))]);
}

static void set_up(struct input *in)
{
	static const char *const paths[] = {
		"/bin:/usr/bin", NULL, "", ":/bin", "/bin::/nowhere", "/nowhere"
	};
	uint8_t error;

	set_up_kernel(in);
	memset(&second, 0, offsetof(struct second, path_buf));
	model_begin(&second.model);
	set_up_failure(in);
	run.path_variable = paths[input_pick(in, COUNT(paths))];
	error = input_byte(in);
	run.exec_error = error ? errors[error % COUNT(errors)] : 0;
	run.alloc_fails_at = input_byte(in);
}

static void read_arguments(struct input *in)
{
	static char name[] = "landlock-run";
	size_t len = (size_t)(in->end - in->at);
	char *at = run.text;

	memcpy(run.text, in->at, len);
	run.text[len] = '\0';
	run.argv[0] = name;
	run.argc = 1;
	for (; at < run.text + len && run.argc < MAX_ARGS - 1;
	     at += strlen(at) + 1)
		run.argv[run.argc++] = at;
	run.argv[run.argc] = NULL;
}

static void begin_run(struct input *in)
{
	memset(&run, 0, sizeof(run));
	run.result = INT_MIN;
	run_environ = callers_env;
	set_up(in);
	read_arguments(in);
	run.out = open_memstream(&run.out_text, &run.out_len);
	run.err = open_memstream(&run.err_text, &run.err_len);
	insist(run.out && run.err, "out of memory");
}

static void end_run(void)
{
	for (size_t i = 0; i < COUNT(run.rulesets); i++)
		llk_ruleset_free(run.rulesets[i]);
	for (size_t i = 0; i < run.n_blocks; i++)
		free(run.blocks[i]);
	free(run.out_text);
	free(run.err_text);
	model_end(&second.model);
	insist(!fake_n_open(), "%d descriptors are left", fake_n_open());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	int expected;

	if (size > MAX_SIZE)
		return 0;

	begin_run(&in);
	optind = 0;
	if (!setjmp(run.end))
		run_main(run.argc, run.argv);
	fclose(run.out);
	fclose(run.err);

	expected = expect_status();
	check(expected);
	end_run();

	return 0;
}
