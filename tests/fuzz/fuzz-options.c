/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run over the fake kernel, with exit, execvp, files and the processes
 * of --tmp and --ldd replaced: a second reading of the command line, in both
 * dialects, and the oracle (model.c), say whether a command may be executed,
 * which, with what environment and in which sandbox, and else the exit status.
 * An input: 8 bytes (set_up), then the arguments with a NUL between; those that
 * begin with 1 are no arguments, but what stands in the files "a" and "b".
 */
#include "input.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <liblandlock.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_SIZE 2048
#define MAX_ARGS 256
#define MAX_BLOCKS 1024
#define MAX_FILES 2

/* What stands for the process, and what became of it */
static struct run {
	char text[MAX_SIZE + 1];
	char *argv[MAX_ARGS + 1];
	int argc;
	char *files[MAX_FILES]; /* "a" and "b"; NULL: not there */
	bool is_landrun;
	const char *path_variable;
	int exec_error; /* positive; 0: the command runs */
	unsigned int alloc_fails_at;

	jmp_buf end;
	int status; /* -1: the command runs */
	int result; /* of restrict_self; INT_MIN before */
	const char *executed;
	char **executed_argv;
	bool has_alloc_failed;
	bool is_told_as_json;
	struct llk_ruleset *rulesets[4];
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
	insist(run.result >= 0 || run.result == INT_MIN,
	       "executed after a failure: %d", run.result);
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
	insist(flags & LLK_RESTRICT_THIS_THREAD, "flags %x", flags);
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
		memcpy(grown, block,
		       malloc_usable_size(block) < size
			       ? malloc_usable_size(block)
			       : size);
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
		{ "/bin/ls", EXECUTABLE },
		{ "/usr/bin/ls", EXECUTABLE },
		{ "./ls", EXECUTABLE },
		{ "/bin/no", PLAIN },
		{ "/usr/bin/up", EXECUTABLE },
		{ "/bin/up", DIRECTORY },
		/* what presets look for */
		{ "/usr", DIRECTORY },
		{ "/etc/passwd", PLAIN },
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

/* The fake kernel has the files that rules name */
static int run_open(const char *path, int flags)
{
	int fd = llki_sys_open_path(path);

	insist(flags == (O_PATH | O_CLOEXEC), "opened with %x", flags);
	errno = fd < 0 ? -fd : 0;

	return fd < 0 ? -1 : fd;
}

static int run_fstat(int fd, struct stat *ret_st)
{
	struct llki_sys_identity identity = { 0 };
	int r = llki_sys_identify(fd, &identity);

	ret_st->st_mode = identity.kind;

	return r < 0 ? -1 : 0;
}

static char *find_options_file(const char *path)
{
	size_t i = (size_t)(*path - 'a');

	return *path && !path[1] && i < MAX_FILES ? run.files[i] : NULL;
}

static FILE *run_fopen(const char *path)
{
	char *text = find_options_file(path);

	errno = ENOENT;

	return text && *text ? fmemopen(text, strlen(text), "r") : NULL;
}

static ssize_t run_getdelim(char **text, size_t *size, int end, FILE *file)
{
	ssize_t len = getdelim(text, size, end, file);

	note_block(*text, *text);

	return len;
}

#undef stdout
#undef stderr
#define stdout run.out
#define stderr run.err
#define printf(...) fprintf(run.out, __VA_ARGS__)
#define puts(line) fprintf(run.out, "%s\n", line)
#define putchar(c) putc(c, run.out)
#define open(path, flags) run_open(path, flags)
#define fstat(fd, st) run_fstat(fd, st)
#define close(fd) llki_sys_close(fd)
#define isatty(fd) 0
#define fopen(path, mode) run_fopen(path)
#define getdelim(text, size, end, file) run_getdelim(text, size, end, file)
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

#include "../../tools/command.c"
#include "../../tools/json.c"
#include "../../tools/landlock-run.c"
#include "../../tools/landrun.c"
#include "../../tools/options.c"
#include "../../tools/policy.c"
#include "../../tools/presets.c"
#include "../../tools/say.c"
#include "../../tools/tell.c"

#define TMP_VARIABLE "TMPDIR=/tmp"

/* In the place of why.c and observe.c: the run goes on as without */
const struct observer why_observer = { .sees_all = false };

void observe_begin(const struct request *req, const struct observer *observer)
{
}

void learn_begin(const struct request *req)
{
}

/* In the place of tmp.c and ldd.c */
void tmp_begin(struct request *req)
{
	static char variable[] = TMP_VARIABLE;
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "tmp",
			       .rights = (LLK_RW_DIRS & ~LLK_FS_EXECUTE) |
					 LLK_FS_REFER,
			       .path = "/tmp",
			       .may_lack = true };

	add_grant(&req->grants, &grant);
	env_clear(req);
	env_keep(req, variable);
}

void tmp_check(void)
{
}

void ldd_add(struct request *req)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "ldd",
			       .rights = LLK_RO_FILES,
			       .path = "/file" };

	add_grant(&req->grants, &grant);
}

#undef stdout
#undef stderr
#undef printf
#undef puts
#undef putchar
#undef open
#undef close
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
#define LOOKS (-2) /* --check: 0, 1 or a failure; the model says no more */
#define TOLD 1000

enum {
	S_EASY = 1,
	S_HARD = 2,
	S_IGNORE = 4,
	S_EXEC = 8,
	S_LDD = 16,
	S_SYSTEM = 32,
	S_DNS = 64,
	S_TLS = 128,
	S_TMP = 256,
	S_JSON = 512,
	S_ABI = 1024,
	S_DRY = 2048,
	S_CHECK = 4096,
	S_WHY = 8192,
	S_LEARN = 16384,
	S_TIGHT = 32768,
	S_NOTHING = 0,
};

struct second_rule {
	bool is_port, is_soft; /* soft: what can't be granted is left out */
	uint64_t rights, port;
	const char *path;
};

static struct second {
	struct model model;
	unsigned int wants, flags;
	int version;
	uint64_t off, asked, required, quiet;
	struct second_rule rules[MAX_SIZE];
	int n_rules;
	bool has_env, is_free;
	char *env[MAX_SIZE];
	int n_env;
	int first; /* the command's place */
	const char *path;
	char path_buf[2 * MAX_SIZE];
	char text[MAX_SIZE + 1];
	char *argv[MAX_ARGS + 1];
	char *files[MAX_FILES];
} second;

enum what {
	GRANT,
	GRANT_MOVES,
	PORT,
	ALLOW,
	ENV,
	CHECK,
	REQUIRE,
	QUIET_RIGHTS,
	VERSION_ABI,
	LEVEL,
	WITHOUT_VALUE,
	CLEAR_ENV = WITHOUT_VALUE,
	WANT,
	FLAG,
	OFF,
	LEARN,
	TELL,
};

static const struct known_option {
	const char *name;
	enum what what;
	uint64_t value;
} own_options[] = {
	{ "ro", GRANT, LLK_READ },
	{ "rox", GRANT, LLK_READ | LLK_FS_EXECUTE },
	{ "rw", GRANT_MOVES, LLK_RW_DIRS & ~LLK_FS_EXECUTE },
	{ "rwx", GRANT_MOVES, LLK_RW_DIRS },
	{ "unix", GRANT, LLK_FS_RESOLVE_UNIX },
	{ "ioctl", GRANT, LLK_FS_IOCTL_DEV },
	{ "refer", GRANT, LLK_FS_REFER },
	{ "allow", ALLOW, 0 },
	{ "check", CHECK, 0 },
	{ "bind-tcp", PORT, LLK_NET_BIND_TCP },
	{ "connect-tcp", PORT, LLK_NET_CONNECT_TCP },
	{ "bind-udp", PORT, LLK_NET_BIND_UDP },
	{ "connect-udp", PORT, LLK_NET_CONNECT_SEND_UDP },
	{ "env", ENV, 0 },
	{ "clear-env", CLEAR_ENV, 0 },
	{ "require", REQUIRE, 0 },
	{ "quiet", QUIET_RIGHTS, 0 },
	{ "version-abi", VERSION_ABI, 0 },
	{ "best-effort", WANT, S_EASY },
	{ "strict", WANT, S_HARD },
	{ "ignore-missing", WANT, S_IGNORE },
	{ "add-exec", WANT, S_EXEC },
	{ "ldd", WANT, S_LDD },
	{ "system", WANT, S_SYSTEM },
	{ "dns", WANT, S_DNS },
	{ "tls", WANT, S_TLS },
	{ "tty", WANT, S_NOTHING },
	{ "tmp", WANT, S_TMP },
	{ "json", WANT, S_JSON },
	{ "abi", WANT, S_ABI },
	{ "dry-run", WANT, S_DRY },
	{ "why", WANT, S_WHY },
	{ "learn", LEARN, S_LEARN },
	{ "tight", WANT, S_TIGHT },
	{ "verbose", WANT, S_NOTHING },
	{ "unrestricted-filesystem", OFF, LLK_FS },
	{ "unrestricted-network", OFF, LLK_NET },
	{ "unrestricted-scoped", OFF, LLK_SCOPE },
	{ "allow-new-privs", FLAG, LLK_RESTRICT_SKIP_NO_NEW_PRIVS },
	{ "log-same-exec-off", FLAG, LLK_RESTRICT_LOG_SAME_EXEC_OFF },
	{ "log-new-exec-on", FLAG, LLK_RESTRICT_LOG_NEW_EXEC_ON },
	{ "log-subdomains-off", FLAG, LLK_RESTRICT_LOG_SUBDOMAINS_OFF },
	{ "version", TELL, 0 },
	{ "help", TELL, 0 },
	{ 0 },
}, landrun_options[] = {
	{ "ro", GRANT, LLK_READ },
	{ "rox", GRANT, LLK_READ | LLK_FS_EXECUTE },
	{ "rw", GRANT_MOVES,
	  (LLK_RW_DIRS & ~LLK_FS_EXECUTE) | LLK_FS_IOCTL_DEV },
	{ "rwx", GRANT_MOVES, LLK_RW_DIRS | LLK_FS_IOCTL_DEV },
	{ "unix", GRANT, LLK_READ | LLK_FS_RESOLVE_UNIX },
	{ "bind-tcp", PORT, LLK_NET_BIND_TCP },
	{ "connect-tcp", PORT, LLK_NET_CONNECT_TCP },
	{ "env", ENV, 0 },
	{ "best-effort", WANT, S_EASY },
	{ "ignore-missing", WANT, S_IGNORE },
	{ "add-exec", WANT, S_EXEC },
	{ "ldd", WANT, S_LDD },
	{ "unrestricted-filesystem", OFF, LLK_FS },
	{ "unrestricted-network", OFF, LLK_NET },
	{ "unrestricted-scoped", OFF, LLK_SCOPE },
	{ "log-disable-originating", FLAG, LLK_RESTRICT_LOG_SAME_EXEC_OFF },
	{ "log-enable-subprocesses", FLAG, LLK_RESTRICT_LOG_NEW_EXEC_ON },
	{ "log-disable-subdomains", FLAG, LLK_RESTRICT_LOG_SUBDOMAINS_OFF },
	{ "log-level", LEVEL, 0 },
	{ "version", TELL, 0 },
	{ "help", TELL, 0 },
	{ "h", TELL, 0 },
	{ 0 },
};

static int failed_with(int status)
{
	return run.is_landrun ? 1 : status;
}

/* What the kernel says its ABI is; 0 for none */
static int abi_here(void)
{
	return fake.query_answer != INT_MIN ? 0 : fake.abi;
}

/* Each value: 0: go on; else the exit status, TOLD for success */

static int add_second(struct second_rule rule)
{
	second.rules[second.n_rules++] = rule;

	return !rule.is_port && !*rule.path ? EXIT_FAILED : 0;
}

static int read_port(const char *value, uint64_t *ret_port)
{
	uint64_t port = 0;

	if (!*value)
		return EXIT_FAILED;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return EXIT_FAILED;
		port = port * 10 + (uint64_t)(*value - '0');
		if (port > 65535)
			return EXIT_FAILED;
	}
	*ret_port = port;

	return 0;
}

static int take_second_port(uint64_t rights, const char *value)
{
	struct second_rule rule = { .is_port = true, .rights = rights };

	return read_port(value, &rule.port) ? EXIT_FAILED : add_second(rule);
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

/* RIGHTS:REST */
static int cut_rights(char *value, uint64_t *ret_rights, char **ret_rest)
{
	char *colon = strchr(value, ':');
	int r;

	if (!colon)
		return EXIT_FAILED;
	*colon = '\0';
	r = llk_rights_parse(value, ret_rights);
	*ret_rest = colon + 1;

	return r < 0 ? EXIT_FAILED : 0;
}

static int take_second_allow(char *value)
{
	struct second_rule rule = { 0 };
	char *rest;

	if (cut_rights(value, &rule.rights, &rest))
		return EXIT_FAILED;
	rule.path = rest;
	if (rule.rights & (LLK_NET | LLK_SCOPE))
		return EXIT_FAILED;
	if (!(rule.rights & (LLK_FS | LLK_QUIET)))
		return EXIT_FAILED;

	return add_second(rule);
}

static int take_second_check(char *value)
{
	uint64_t rights, port;
	char *rest;

	if (cut_rights(value, &rights, &rest))
		return EXIT_FAILED;
	second.wants |= S_CHECK;
	if (rights & (LLK_IF_PRESENT | LLK_QUIET | LLK_SCOPE))
		return EXIT_FAILED;
	if (rights & LLK_NET)
		return rights & ~LLK_NET || read_port(rest, &port) ? EXIT_FAILED
								   : 0;

	return rights & LLK_FS && *rest ? 0 : EXIT_FAILED;
}

static int take_second_rights(uint64_t *word, const char *value)
{
	uint64_t rights;

	if (llk_rights_parse(value, &rights) < 0)
		return EXIT_FAILED;
	rights &= ~LLK_PRESET;
	if (!rights || rights & (LLK_IF_PRESENT | LLK_QUIET))
		return EXIT_FAILED;
	*word |= rights;

	return 0;
}

static int take_second_version(const char *value)
{
	uint64_t version;

	if (read_port(value, &version) || version < 1 || version > 11)
		return EXIT_FAILED;
	if (second.version && second.version != (int)version)
		return EXIT_FAILED;
	second.version = (int)version;

	return 0;
}

static int is_level(const char *value)
{
	return !strcmp(value, "error") || !strcmp(value, "info") ||
	       !strcmp(value, "debug");
}

static int take_one(const struct known_option *option, char *value)
{
	switch (option->what) {
	case GRANT:
		return add_second((struct second_rule){ .rights = option->value,
							.path = value });
	case GRANT_MOVES:
		return add_second((struct second_rule){
			.rights = option->value | LLK_FS_REFER,
			.path = value,
			.is_soft = true });
	case PORT:
		return take_second_port(option->value, value);
	case ALLOW:
		return take_second_allow(value);
	case ENV:
		return take_variable(value);
	case CHECK:
		return take_second_check(value);
	case REQUIRE:
		return take_second_rights(&second.required, value);
	case QUIET_RIGHTS:
		return take_second_rights(&second.quiet, value);
	case VERSION_ABI:
		return take_second_version(value);
	default: /* LEVEL */
		return is_level(value) ? 0 : EXIT_FAILED;
	}
}

static int take_all(const struct known_option *option, char *value)
{
	int status = 0;

	while (run.is_landrun && value && !status) {
		char *comma = strchr(value, ',');

		if (!comma)
			break;
		*comma = '\0';
		status = take_one(option, value);
		value = comma + 1;
	}

	return status ? status : take_one(option, value);
}

static void set_bits(uint64_t *word, uint64_t bits, bool is_set)
{
	*word = is_set ? *word | bits : *word & ~bits;
}

static int take_bare(const struct known_option *option, bool is_set)
{
	uint64_t wants = second.wants, flags = second.flags;

	switch (option->what) {
	case CLEAR_ENV:
		second.has_env = true;
		return 0;
	case WANT:
	case LEARN:
		set_bits(&wants, option->value, is_set);
		second.wants = (unsigned int)wants;
		return 0;
	case FLAG:
		set_bits(&flags, option->value, is_set);
		second.flags = (unsigned int)flags;
		return 0;
	case OFF:
		set_bits(&second.off, option->value, is_set);
		return 0;
	default:
		return TOLD;
	}
}

static int go_bool(const char *value)
{
	static const char *const words[] = { "0",     "f",     "F",    "false",
					     "FALSE", "False", "1",    "t",
					     "T",     "true",  "TRUE", "True" };

	for (int i = 0; i < 12; i++)
		if (!strcmp(words[i], value))
			return i >= 6;

	return -1;
}

/* The option that @text names, whole; without its dashes */
static const struct known_option *find_option(const char *text)
{
	const struct known_option *option =
		run.is_landrun ? landrun_options : own_options;
	size_t len = strcspn(text, "=");

	for (; option->name; option++)
		if (!strncmp(option->name, text, len) &&
		    strlen(option->name) == len)
			return option;

	return NULL;
}

/* An option @text without its dashes, and what follows it, or NULL */
static int take_text(char *text, char *next, bool *ret_used_next)
{
	const struct known_option *option = find_option(text);
	char *equal = strchr(text, '=');
	int on = 1;

	*ret_used_next = false;
	if (!option)
		return EXIT_FAILED;
	if (option->what < WITHOUT_VALUE) {
		*ret_used_next = !equal;
		next = equal ? equal + 1 : next;
		return next ? take_all(option, next) : EXIT_FAILED;
	}
	if (equal && option->what == LEARN)
		return equal[1] ? take_bare(option, true) : EXIT_FAILED;
	if (equal && !run.is_landrun)
		return EXIT_FAILED;
	if (equal && option->what != TELL)
		on = go_bool(equal + 1);

	return on < 0 ? EXIT_FAILED : take_bare(option, on);
}

static int read_second_file(const char *path, int depth);

static int read_line(char *line, int depth)
{
	bool used_next;
	char *blank;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (*line == '@')
		return read_second_file(line + 1, depth + 1);
	if (line[0] != '-' || line[1] != '-' || !line[2])
		return EXIT_FAILED;

	/* The first of blank and = ends the name */
	blank = line + strcspn(line, " \t=");
	if (*blank == '=' || !*blank)
		return take_text(line + 2, NULL, &used_next);
	*blank = '\0';
	blank += 1 + strspn(blank + 1, " \t");
	if (!*blank)
		return take_text(line + 2, NULL, &used_next);

	const struct known_option *option = find_option(line + 2);

	if (!option || strchr(line + 2, '='))
		return EXIT_FAILED;
	if (option->what == LEARN)
		return take_bare(option, true);

	return option->what < WITHOUT_VALUE ? take_all(option, blank)
					    : EXIT_FAILED;
}

/* A file may stand for itself many times: each reading begins anew */
static int read_second_file(const char *path, int depth)
{
	size_t i = (size_t)(*path - 'a');
	char *text, *line, *end;
	int status = 0;

	if (!*path || path[1] || i >= MAX_FILES || !second.files[i] ||
	    !*second.files[i] || depth > 8)
		return EXIT_FAILED;

	text = strdup(second.files[i]);
	insist(text, "out of memory");
	note_block(text, text); /* variables point into it */
	for (line = text; *line && !status; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		status = read_line(line, depth);
	}

	return status;
}

static int read_words_again(void)
{
	int i = 1, status = 0;

	while (i < run.argc && !status) {
		char *arg = second.argv[i];
		bool used_next = false;

		insist(arg, "no argument");
		if (arg[0] == '@' && !run.is_landrun) {
			status = read_second_file(arg + 1, 1);
			i++;
			continue;
		}
		if (arg[0] != '-' || !arg[1])
			break;
		i++;
		if (!strcmp(arg, "--"))
			break;
		if (arg[1] != '-' && !run.is_landrun)
			return EXIT_FAILED;
		status = take_text(arg + 1 + (arg[1] == '-'), second.argv[i],
				   &used_next);
		i += used_next;
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

/* --- what the options mean -------------------------------------------------- */

#define ALL_OF(rights, zone) (((rights) & (zone)) == (zone))

static int n_moves(unsigned int bits)
{
	int n = 0;

	for (; bits; bits &= bits - 1)
		n++;

	return n;
}

static bool has_command(void)
{
	return second.first < run.argc;
}

static int expect_sense(void)
{
	unsigned int looks = second.wants & (S_ABI | S_DRY | S_CHECK);

	unsigned int runs = second.wants & (S_ABI | S_DRY | S_WHY | S_LEARN);

	if (n_moves(second.wants & (S_EASY | S_HARD)) > 1 ||
	    n_moves(looks) > 1 || n_moves(runs) > 1)
		return EXIT_FAILED;
	if (!looks && (second.wants & (S_JSON | S_WHY)) == S_JSON)
		return EXIT_FAILED;
	if (!looks && !has_command())
		return EXIT_FAILED;
	if ((second.wants & (S_TIGHT | S_LEARN)) == S_TIGHT)
		return EXIT_FAILED;

	return second.wants & (S_EXEC | S_LDD) && !has_command() ? EXIT_FAILED
								 : 0;
}

/* Rights of --require and --quiet as far as they are asked; all ones: wrong */
static uint64_t meant_here(uint64_t rights)
{
	static const uint64_t zones[] = { LLK_FS, LLK_NET, LLK_SCOPE };
	uint64_t result = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t part = rights & zones[i];
		uint64_t here = part & second.asked;

		if (part == zones[i] && !here && rights != LLK_ALL)
			return ~0ULL;
		if (part != zones[i] && part != here)
			return ~0ULL;
		result |= here;
	}

	return result;
}

static int mean_path(const struct second_rule *rule, uint64_t quiet)
{
	uint64_t rights = rule->rights, surplus;

	if (rule->is_soft && (abi_here() < 2 || !(second.asked & LLK_FS_REFER)))
		rights &= ~LLK_FS_REFER;
	surplus = rights & LLK_FS & ~second.asked;
	if (!ALL_OF(rights, LLK_FS) &&
	    surplus & (rights & LLK_PRESET ? LLK_FS_REFER : LLK_FS))
		return EXIT_FAILED;
	if (rights & LLK_QUIET && !(quiet & LLK_FS))
		return EXIT_FAILED;
	if (second.wants & S_IGNORE)
		rights |= LLK_IF_PRESENT;
	model_allow_path(&second.model, rights, rule->path);

	return 0;
}

static int mean_port(const struct second_rule *rule, uint64_t quiet)
{
	uint64_t rights = rule->rights & second.asked;

	if (rights != rule->rights && !rule->is_soft)
		return EXIT_FAILED;
	if (quiet & LLK_NET)
		rights |= LLK_QUIET;
	if (rights & ~LLK_QUIET)
		model_allow_port(&second.model, rights, rule->port);

	return 0;
}

/* The rules that the user wrote; --system and the like are rules too */
static int mean_rules(uint64_t quiet, bool *ret_marks_path, bool *ret_has_port)
{
	int status = 0;

	for (int i = 0; i < second.n_rules && !status; i++) {
		const struct second_rule *rule = &second.rules[i];

		if (second.off & (rule->is_port ? LLK_NET : LLK_FS))
			continue;
		if (rule->is_port) {
			status = mean_port(rule, quiet);
			*ret_has_port |= (rule->rights & second.asked) != 0;
		} else {
			status = mean_path(rule, quiet);
			*ret_marks_path |= (rule->rights & LLK_QUIET) != 0;
		}
	}

	return status;
}

static void group(uint64_t rights, unsigned int groups)
{
	if (!(second.off & LLK_FS))
		model_allow_group(&second.model, rights, groups);
}

static void ours(uint64_t rights, const char *path)
{
	bool is_own = rights & LLK_IF_PRESENT;

	if (second.off & LLK_FS)
		return;
	if (second.wants & S_IGNORE)
		rights |= LLK_IF_PRESENT;
	if (!is_own || find_file(path) != MISSING)
		model_allow_path(&second.model, rights, path);
}

static void mean_presets(uint64_t quiet, bool *ret_has_port)
{
	struct second_rule query = { true, true,
				     LLK_NET_CONNECT_TCP |
					     LLK_NET_CONNECT_SEND_UDP,
				     53, NULL },
			   answer = { true, true, LLK_NET_BIND_UDP, 0, NULL };

	if (second.wants & S_SYSTEM) {
		ours(LLK_RO_DIRS | LLK_IF_PRESENT, "/usr");
		ours(LLK_READ | LLK_IF_PRESENT, "/etc/passwd");
		group(LLK_RO_DIRS, LLK_GROUP_LOADER);
		group(LLK_READ, LLK_GROUP_LOCALE);
		group(LLK_READ, LLK_GROUP_TLS);
	}
	if (second.wants & S_DNS) {
		group(LLK_READ, LLK_GROUP_LOADER);
		group(LLK_READ | LLK_FS_RESOLVE_UNIX, LLK_GROUP_RESOLVER);
		if (!(second.off & LLK_NET)) {
			mean_port(&query, quiet);
			mean_port(&answer, quiet);
			*ret_has_port |= (second.asked & LLK_NET) != 0;
		}
	}
	if (second.wants & S_TLS) {
		group(LLK_READ, LLK_GROUP_LOADER);
		group(LLK_READ, LLK_GROUP_TLS);
	}
	if (second.wants & S_EXEC)
		ours(LLK_RO_FILES, second.path);
	if (second.wants & S_LDD)
		ours(LLK_RO_FILES, "/file");
}

static int mean_quiet(uint64_t quiet, bool marks_path, bool has_port)
{
	if (quiet & LLK_NET && !has_port) {
		if (!ALL_OF(second.quiet, LLK_NET))
			return EXIT_FAILED;
		quiet &= ~LLK_NET;
	}
	if (quiet & LLK_FS && !marks_path)
		model_allow_path(&second.model, LLK_QUIET, "/");
	if (quiet)
		model_quiet(&second.model, quiet);

	return 0;
}

static int mean_all(bool is_run)
{
	uint64_t quiet = meant_here(second.quiet);
	uint64_t required = meant_here(second.required);
	struct second_rule tmp = { false, true,
				   (LLK_RW_DIRS & ~LLK_FS_EXECUTE) |
					   LLK_FS_REFER,
				   0, "/tmp" };
	bool marks_path = false, has_port = false;
	int status;

	if (quiet == ~0ULL || required == ~0ULL)
		return EXIT_FAILED;

	status = mean_rules(quiet, &marks_path, &has_port);
	if (status)
		return status;
	mean_presets(quiet, &has_port);
	if (is_run && second.wants & S_TMP && !(second.off & LLK_FS))
		mean_path(&tmp, quiet);
	status = mean_quiet(quiet, marks_path, has_port);
	if (!status && required)
		model_require(&second.model, required);

	return status;
}

static int expect_outcome(bool is_run)
{
	bool is_easy = second.wants & S_EASY;
	bool needs_all = run.is_landrun ? !is_easy : second.wants & S_HARD;
	int r;

	model_new(&second.model, second.version, second.asked,
		  needs_all ? 0 : LLK_BEST_EFFORT);
	if (mean_all(is_run))
		return EXIT_FAILED;
	r = is_run ? model_restrict_self(&second.model,
					 second.flags |
						 LLK_RESTRICT_THIS_THREAD)
		   : model_load(&second.model);

	return r < 0 || (r == LLK_NOT_ENFORCED && !is_easy) ? EXIT_FAILED : 0;
}

static int expect_run(void)
{
	int status;

	if (second.wants & S_TMP) {
		static char variable[] = TMP_VARIABLE;

		take_variable(variable);
	}
	if (second.wants & S_LEARN ||
	    ((run.is_landrun || second.wants & S_WHY) && !second.asked)) {
		second.is_free = true;
		return RUNS;
	}
	status = second.asked ? expect_outcome(true) : EXIT_FAILED;

	return status ? status : RUNS;
}

/* Of the command's file, as an exec would end */
static int status_of_file(void)
{
	enum found what = find_file(second.path);

	if (what == EXECUTABLE)
		return 0;

	return what == MISSING ? EXIT_NOT_FOUND : EXIT_CANT_EXECUTE;
}

static int expect_meaning(void)
{
	int status = expect_sense();

	if (status)
		return status;
	run.is_told_as_json = second.wants & S_JSON;
	if (second.wants & S_ABI)
		return abi_here() ? TOLD : EXIT_FAILED;

	if (has_command())
		status = look_up(second.argv[second.first]);
	if (!status && second.wants & (S_EXEC | S_LDD))
		status = status_of_file();
	if (status)
		return status;

	second.asked = fake_abi_rights(second.version) & ~second.off;
	if (second.wants & S_CHECK)
		return second.asked ? LOOKS : EXIT_FAILED;
	if (!(second.wants & S_DRY))
		return expect_run();

	status = second.asked ? expect_outcome(false) : EXIT_FAILED;
	if (!status && has_command())
		status = status_of_file();

	return status ? status : TOLD;
}

/* The exit status; RUNS where the command is to be executed */
static int expect_status(void)
{
	int status;

	second.version = run.is_landrun ? 9 : 0;
	second.has_env = run.is_landrun;
	status = read_words_again();
	if (!second.version)
		second.version = 11;
	if (!status)
		status = expect_meaning();
	if (status == TOLD)
		return 0;

	return status > 0 ? failed_with(status) : status;
}

/* --- JSON ------------------------------------------------------------------- */

/* Each takes what it is named after, and returns what follows it */

static const char *json_word(const char *at);

static const char *json_text(const char *at)
{
	insist(*at++ == '"', "no text: %s", at);
	for (; *at != '"'; at++) {
		insist((unsigned char)*at >= 0x20, "a byte in %s", at);
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u')
			for (int i = 0; i < 4; i++)
				insist(strchr("0123456789abcdef", *++at) && *at,
				       "a bad escape: %s", at);
		else
			insist(*at == '"' || *at == '\\', "escape: %s", at);
	}

	return at + 1;
}

static const char *json_list(const char *at, char end, bool has_names)
{
	if (*at == end)
		return at + 1;

	for (;; at++) {
		if (has_names) {
			at = json_text(at);
			insist(*at++ == ':', "no colon: %s", at);
		}
		at = json_word(at);
		if (*at == end)
			return at + 1;
		insist(*at == ',', "no comma: %s", at);
	}
}

static const char *json_word(const char *at)
{
	size_t digits = strspn(at, "0123456789");

	if (*at == '{')
		return json_list(at + 1, '}', true);
	if (*at == '[')
		return json_list(at + 1, ']', false);
	if (*at == '"')
		return json_text(at);
	if (digits)
		return at + digits;
	for (const char *const *word =
		     (const char *const[]){ "true", "false", "null", NULL };
	     *word; word++)
		if (!strncmp(at, *word, strlen(*word)))
			return at + strlen(*word);
	fuzz_fail("no JSON: %s", at);
}

static bool is_utf8(const char *text)
{
	static const char *locale;
	wchar_t wide;
	size_t n;

	if (!locale)
		locale = setlocale(LC_CTYPE, "C.UTF-8");
	insist(locale, "no locale of UTF-8");

	for (; *text; text += n) {
		mbstate_t state = { 0 };

		n = mbrtowc(&wide, text, 4, &state);
		if (n > 4)
			return false;
	}

	return true;
}

static void check_json(const char *text)
{
	insist(!strcmp(json_word(text), "\n"), "after the JSON: %s",
	       json_word(text));
	insist(is_utf8(text), "no UTF-8: %s", text);
}

/* --- comparing ------------------------------------------------------------- */

static void check_environment(void)
{
	int n = 0;

	if (!second.has_env && !(second.wants & S_TMP)) {
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
	if (run.result == INT_MIN) {
		insist(second.is_free && !fake.n_enforced, "nothing enforced");
		check_environment();
		return;
	}
	insist(!second.is_free, "enforced what is unrestricted");
	insist(fake.n_enforced == (run.result != LLK_NOT_ENFORCED), "%d layers",
	       fake.n_enforced);
	insist(run.result == 0 || run.err_len || run.is_landrun,
	       "%d is not told", run.result);
	if (fake.n_enforced)
		model_compare_enforced(&second.model);
	check_environment();
}

/* A line of landlock-run's own, which no argument has forged */
static void check_lines(char *text)
{
	const char *begin = run.is_landrun ? "landrun: " : "landlock-run: ";
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
	return failed_with(run.exec_error == ENOENT ? EXIT_NOT_FOUND
						    : EXIT_CANT_EXECUTE);
}

static void check_looked(void)
{
	insist(!run.executed && !fake.n_enforced, "executed by a look");
	insist(run.status == 0 || run.status == 1 || run.status == EXIT_FAILED,
	       "status %d of a look", run.status);
}

/* A failure has a word on stderr, and else nothing but what a look tells */
static void check_output(int expected)
{
	bool is_look = expected == LOOKS || second.wants & (S_DRY | S_ABI);

	insist(run.status <= 0 || run.err_len || (is_look && run.out_len),
	       "status %d without a word", run.status);
	insist(run.status == 0 || is_look || !run.out_len, "output: %s",
	       run.out_text);
	if (run.is_told_as_json && run.out_len)
		check_json(run.out_text);
}

static void check_run(int expected)
{
	if (run.has_alloc_failed) {
		insist(run.status == failed_with(EXIT_FAILED) && !run.executed,
		       "status %d without memory", run.status);
	} else if (expected == LOOKS) {
		check_looked();
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
	check_output(expected);
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
	run.is_landrun = bits & 128;
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
	memset(second.files, 0, sizeof(second.files));
	model_begin(&second.model);
	set_up_failure(in);
	run.path_variable = paths[input_pick(in, COUNT(paths))];
	error = input_byte(in);
	run.exec_error = error ? errors[error % COUNT(errors)] : 0;
	run.alloc_fails_at = input_byte(in);
}

/* Words with a NUL between, in @text of its own for each reading */
static int split_arguments(char *text, size_t len, char **argv, char **files)
{
	static char names[2][16] = { "landlock-run", "/bin/landrun" };
	int argc = 1, n_files = 0;

	argv[0] = names[run.is_landrun];
	for (char *at = text; at < text + len && argc < MAX_ARGS - 1;
	     at += strlen(at) + 1) {
		if (*at != 1)
			argv[argc++] = at;
		else if (n_files < MAX_FILES)
			files[n_files++] = at + 1;
	}
	argv[argc] = NULL;

	return argc;
}

static void read_arguments(struct input *in)
{
	size_t len = (size_t)(in->end - in->at);

	memcpy(run.text, in->at, len);
	run.text[len] = '\0';
	memcpy(second.text, run.text, len + 1);
	run.argc = split_arguments(run.text, len, run.argv, run.files);
	split_arguments(second.text, len, second.argv, second.files);
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
	check_run(expected);
	end_run();

	return 0;
}
