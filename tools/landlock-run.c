/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run: sandbox any command. Options become rules of one ruleset, and
 * the library does the rest.
 */
#include <errno.h>
#include <getopt.h>
#include <liblandlock.h>
#include <liblandlock/sys.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As env(1) and timeout(1) */
#define EXIT_FAILED 125
#define EXIT_CANT_EXECUTE 126
#define EXIT_NOT_FOUND 127

#define NEWEST LLK_V11

static const char usage_text[] =
	"usage: landlock-run [options] [--] command [arguments]\n"
	"\n"
	"Runs a command that can't do more than the options grant.\n"
	"\n"
	"  --ro PATH           read PATH and what is beneath\n"
	"  --rox PATH          the same, and start programs from there\n"
	"  --rw PATH           read, write, create, remove, move; start "
	"nothing\n"
	"  --rwx PATH          the same, and start programs from there\n"
	"  --bind-tcp PORT     listen on a TCP port (0: any free one)\n"
	"  --connect-tcp PORT  connect to a TCP port\n"
	"  --env NAME[=VALUE]  give the command this variable, and none but "
	"those named\n"
	"  --best-effort       run the command even if nothing can be "
	"enforced\n"
	"  --strict            don't run it if anything can't be enforced\n"
	"  --abi               tell what this kernel can restrict\n"
	"  --version, --help\n"
	"\n"
	"Options for paths, ports and variables may be repeated. By default "
	"what this\n"
	"kernel can't enforce is told on stderr, and a kernel that can enforce "
	"nothing\n"
	"is an error.\n"
	"\n"
	"Exit status: 125 landlock-run failed, 126 the command can't be "
	"executed, 127 it\n"
	"is not found, else the command's own.\n"
	"\n"
	"Example: landlock-run --rox /usr --ro /etc --rw /tmp -- ls -l /tmp\n";

enum option_id {
	OPT_RO = 256,
	OPT_ROX,
	OPT_RW,
	OPT_RWX,
	OPT_BIND_TCP,
	OPT_CONNECT_TCP,
	OPT_ENV,
	OPT_BEST_EFFORT,
	OPT_STRICT,
	OPT_ABI,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option options[] = {
	{ "ro", required_argument, NULL, OPT_RO },
	{ "rox", required_argument, NULL, OPT_ROX },
	{ "rw", required_argument, NULL, OPT_RW },
	{ "rwx", required_argument, NULL, OPT_RWX },
	{ "bind-tcp", required_argument, NULL, OPT_BIND_TCP },
	{ "connect-tcp", required_argument, NULL, OPT_CONNECT_TCP },
	{ "env", required_argument, NULL, OPT_ENV },
	{ "best-effort", no_argument, NULL, OPT_BEST_EFFORT },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "abi", no_argument, NULL, OPT_ABI },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* What the command line asks for */
struct request {
	struct llk_ruleset *rs;
	bool is_best_effort;
	bool is_strict;
	char **env; /* NULL: the caller's own */
	size_t n_env;
};

static bool is_c1(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;
}

/* What the user wrote, escaped as the library does with paths: it must not
   forge a line or drive a terminal */
static void print_quoted(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', stderr);
	for (; *s; s++) {
		if (is_c1(s)) {
			fprintf(stderr, "\\x%02x\\x%02x", s[0], s[1]);
			s++;
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(stderr, "\\x%02x", *s);
		} else {
			if (*s == '"' || *s == '\\')
				putc('\\', stderr);
			putc(*s, stderr);
		}
	}
	putc('"', stderr);
}

/* The message, and before it what it is about, quoted */
__attribute__((noreturn, format(printf, 3, 4))) static void
die(int status, const char *about, const char *format, ...)
{
	va_list args;

	fputs("landlock-run: ", stderr);
	if (about) {
		print_quoted(about);
		fputs(": ", stderr);
	}
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* As env(1): what can't be written is a failure */
__attribute__((noreturn)) static void exit_after_output(int status)
{
	if (fflush(stdout) || ferror(stdout))
		die(EXIT_FAILED, NULL, "standard output can't be written");

	exit(status);
}

static void print_explanation(const struct llk_ruleset *rs)
{
	int len = llk_ruleset_explain(rs, NULL, 0);
	char *line = malloc((size_t)len + 1);

	if (!line)
		die(EXIT_FAILED, NULL, "out of memory");

	llk_ruleset_explain(rs, line, (size_t)len + 1);
	fprintf(stderr, "landlock-run: %s\n", line);
	free(line);
}

/*
 * --abi
 */

static void print_rights(const char *title, uint64_t rights)
{
	char list[512];

	llk_rights_format(rights, list, sizeof(list));
	printf("%s: %s\n", title, rights ? list : "none");
}

static void print_errata(void)
{
	int errata =
		llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);

	if (errata < 0) {
		puts("fixed errata: unknown (the kernel can't tell)");
		return;
	}

	fputs("fixed errata:", stdout);
	for (int n = 0; n < 31; n++)
		if (errata & 1 << n)
			printf(" %d", n + 1);
	puts(errata ? "" : " none");
}

/* Why there is no Landlock: the library has the words */
static int tell_no_landlock(void)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);

	if (llk_ruleset_load(rs) < 0)
		print_explanation(rs);
	llk_ruleset_free(rs);

	return EXIT_FAILED;
}

static int tell_abi(void)
{
	int abi = llk_abi();

	if (abi < 0)
		return tell_no_landlock();

	printf("Landlock ABI: %d\n", abi);
	print_errata();
	print_rights("can restrict", llk_abi_rights(abi));
	print_rights("needs a newer kernel",
		     llk_abi_rights(NEWEST) & ~llk_abi_rights(abi));

	return 0;
}

/*
 * Rules
 */

/* On ABI 1 refer can't be granted: moves between directories stay denied */
static uint64_t refer_if_known(void)
{
	return LLK_FS_REFER & llk_abi_rights(llk_abi());
}

#define RW_WITHOUT_EXECUTE (LLK_RW_DIRS & ~LLK_FS_EXECUTE)

static void allow_path(struct llk_ruleset *rs, uint64_t rights, const char *s)
{
	if (!*s)
		die(EXIT_FAILED, s, "a path is empty");

	llk_ruleset_allow_path(rs, rights, s);
}

static void allow_port(struct llk_ruleset *rs, uint64_t rights, const char *s)
{
	char *end;
	unsigned long long port;

	errno = 0;
	port = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno)
		die(EXIT_FAILED, s, "not a port number");
	if (port > 65535)
		die(EXIT_FAILED, s, "a port above 65535");

	llk_ruleset_allow_port(rs, rights, port);
}

/*
 * Environment
 */

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

/* Where @env holds a variable of the same name, or its end */
static char **find_variable(char **env, const char *variable)
{
	size_t len = name_length(variable);

	while (*env &&
	       (strncmp(*env, variable, len) != 0 || (*env)[len] != '='))
		env++;

	return env;
}

/* Room for one more, and the NULL that ends them */
static void grow_environment(struct request *req)
{
	char **grown = realloc(req->env, (req->n_env + 2) * sizeof(*grown));

	if (!grown)
		die(EXIT_FAILED, NULL, "out of memory");

	grown[req->n_env] = NULL;
	req->env = grown;
}

static void drop_variable(struct request *req, const char *variable)
{
	char **at = find_variable(req->env, variable);

	if (!*at)
		return;

	*at = req->env[--req->n_env];
	req->env[req->n_env] = NULL;
}

/* Keep NAME=VALUE, or the caller's NAME where it is set; the last one counts */
static void keep_variable(struct request *req, char *variable)
{
	if (!name_length(variable))
		die(EXIT_FAILED, variable, "no name of a variable");

	grow_environment(req);
	drop_variable(req, variable);
	if (!strchr(variable, '='))
		variable = *find_variable(environ, variable);
	if (!variable)
		return;

	req->env[req->n_env++] = variable;
	req->env[req->n_env] = NULL;
}

/*
 * The command
 */

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/* DIRECTORY/NAME in memory of its own; an empty directory is the current one */
static char *join(const char *dir, size_t len, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", len ? (int)len : 1, len ? dir : ".",
		     name) < 0)
		die(EXIT_FAILED, NULL, "out of memory");

	return path;
}

/* As execvp, go on looking past a file that can't be executed */
static char *find_in_path(const char *dirs, const char *name)
{
	bool is_there = false;
	size_t len;

	for (;; dirs += len + 1) {
		len = strcspn(dirs, ":");

		char *path = join(dirs, len, name);

		if (is_executable(path))
			return path;
		is_there |= access(path, F_OK) == 0;
		free(path);
		if (!dirs[len])
			break;
	}
	if (is_there)
		die(EXIT_CANT_EXECUTE, name,
		    "found in PATH, but not executable");
	die(EXIT_NOT_FOUND, name, "not found in PATH");
}

/* As execvp looks for it, but before the restriction */
static char *find_command(char *name)
{
	const char *dirs = getenv("PATH");

	if (!*name)
		die(EXIT_NOT_FOUND, name, "the command's name is empty");
	if (strchr(name, '/'))
		return name;

	return find_in_path(dirs ? dirs : "/bin:/usr/bin", name);
}

__attribute__((noreturn)) static void execute(const struct request *req,
					      const char *path, char **argv)
{
	if (req->env)
		environ = req->env;
	execvp(path, argv);

	die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANT_EXECUTE, path,
	    "can't be executed: %s%s", strerror(errno),
	    errno == EACCES ? " (programs, their interpreter and libraries "
			      "need --rox)"
			    : "");
}

/*
 * The main thing
 */

/* Whether @id is an option that becomes a rule */
static bool take_rule(struct llk_ruleset *rs, int id, const char *arg)
{
	switch (id) {
	case OPT_RO:
		allow_path(rs, LLK_READ, arg);
		return true;
	case OPT_ROX:
		allow_path(rs, LLK_RO_DIRS, arg);
		return true;
	case OPT_RW:
		allow_path(rs, RW_WITHOUT_EXECUTE | refer_if_known(), arg);
		return true;
	case OPT_RWX:
		allow_path(rs, LLK_RW_DIRS | refer_if_known(), arg);
		return true;
	case OPT_BIND_TCP:
		allow_port(rs, LLK_NET_BIND_TCP, arg);
		return true;
	case OPT_CONNECT_TCP:
		allow_port(rs, LLK_NET_CONNECT_TCP, arg);
		return true;
	default:
		return false;
	}
}

static void take_option(struct request *req, int id, char *arg)
{
	if (take_rule(req->rs, id, arg))
		return;

	switch (id) {
	case OPT_ENV:
		keep_variable(req, arg);
		break;
	case OPT_BEST_EFFORT:
		req->is_best_effort = true;
		break;
	case OPT_STRICT:
		req->is_strict = true;
		break;
	case OPT_ABI:
		exit_after_output(tell_abi());
	case OPT_VERSION:
		puts("landlock-run " RUN_VERSION);
		exit_after_output(0);
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit_after_output(0);
	case ':':
		die(EXIT_FAILED, arg, "a value is missing; try --help");
	default:
		die(EXIT_FAILED, arg,
		    "unknown or ambiguous option; try --help");
	}
}

/* Restrict as the mode says: any error, and less than the mode accepts, ends */
static void restrict_self(const struct request *req)
{
	int r;

	if (req->is_strict)
		llk_ruleset_require(req->rs, LLK_ALL);

	r = llk_ruleset_restrict_self(req->rs, 0);
	if (r)
		print_explanation(req->rs);
	if (r < 0 || (r == LLK_NOT_ENFORCED && !req->is_best_effort))
		exit(EXIT_FAILED);
}

static void take_options(struct request *req, int argc, char **argv)
{
	int id, at = 1;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "+:", options, NULL)) >= 0) {
		take_option(req, id,
			    id == '?' || id == ':' ? argv[at] : optarg);
		at = optind;
	}
}

int main(int argc, char **argv)
{
	struct request req = { 0 };
	char *path;

	req.rs = llk_ruleset_new(NEWEST, LLK_ALL, LLK_BEST_EFFORT);
	take_options(&req, argc, argv);
	if (req.is_best_effort && req.is_strict)
		die(EXIT_FAILED, NULL,
		    "--best-effort and --strict exclude each other");
	if (optind >= argc)
		die(EXIT_FAILED, NULL, "no command; try --help");

	path = find_command(argv[optind]);
	restrict_self(&req);
	llk_ruleset_free(req.rs);
	execute(&req, path, argv + optind);
}
