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

__attribute__((noreturn, format(printf, 2, 3))) static void
die(int status, const char *format, ...)
{
	va_list args;

	fputs("landlock-run: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void print_explanation(const struct llk_ruleset *rs)
{
	int len = llk_ruleset_explain(rs, NULL, 0);
	char *line = malloc((size_t)len + 1);

	if (!line)
		die(EXIT_FAILED, "out of memory");

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
		     llk_abi_rights(LLK_V11) & ~llk_abi_rights(abi));

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
		die(EXIT_FAILED, "a path is empty");

	llk_ruleset_allow_path(rs, rights, s);
}

static void allow_port(struct llk_ruleset *rs, uint64_t rights, const char *s)
{
	char *end;
	unsigned long long port;

	errno = 0;
	port = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno)
		die(EXIT_FAILED, "'%s' is not a port number", s);
	if (port > 65535)
		die(EXIT_FAILED, "port %s is above 65535", s);

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

/* Keep NAME=VALUE, or the caller's NAME where it is set; the last one counts */
static void keep_variable(struct request *req, char *variable)
{
	char **at, **grown;

	if (!name_length(variable))
		die(EXIT_FAILED, "'%s' has no variable's name", variable);

	grown = realloc(req->env, (req->n_env + 2) * sizeof(*grown));
	if (!grown)
		die(EXIT_FAILED, "out of memory");
	grown[req->n_env] = NULL;
	req->env = grown;

	if (!strchr(variable, '='))
		variable = *find_variable(environ, variable);
	if (!variable)
		return;

	at = find_variable(req->env, variable);
	if (!*at) {
		req->n_env++;
		at[1] = NULL;
	}
	*at = variable;
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
		die(EXIT_FAILED, "out of memory");

	return path;
}

/* As execvp looks for it, but before the restriction */
static char *find_command(const char *name)
{
	const char *dirs = getenv("PATH");
	char *path;
	size_t len;

	if (!*name)
		die(EXIT_NOT_FOUND, "the command's name is empty");
	if (strchr(name, '/'))
		return strdup(name);

	for (dirs = dirs ? dirs : "/bin:/usr/bin";; dirs += len + 1) {
		len = strcspn(dirs, ":");
		path = join(dirs, len, name);
		if (is_executable(path))
			return path;
		free(path);
		if (!dirs[len])
			die(EXIT_NOT_FOUND, "%s: not found in PATH", name);
	}
}

__attribute__((noreturn)) static void execute(const struct request *req,
					      const char *path, char **argv)
{
	int status;

	if (req->env)
		environ = req->env;
	execvp(path, argv);

	status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANT_EXECUTE;
	if (errno == EACCES)
		die(status,
		    "%s: can't be executed: %s (programs, their "
		    "interpreter and libraries need --rox)",
		    path, strerror(errno));
	die(status, "%s: can't be executed: %s", path, strerror(errno));
}

/*
 * The main thing
 */

static void take_option(struct request *req, int id, char *arg)
{
	switch (id) {
	case OPT_RO:
		allow_path(req->rs, LLK_READ, arg);
		break;
	case OPT_ROX:
		allow_path(req->rs, LLK_RO_DIRS, arg);
		break;
	case OPT_RW:
		allow_path(req->rs, RW_WITHOUT_EXECUTE | refer_if_known(), arg);
		break;
	case OPT_RWX:
		allow_path(req->rs, LLK_RW_DIRS | refer_if_known(), arg);
		break;
	case OPT_BIND_TCP:
		allow_port(req->rs, LLK_NET_BIND_TCP, arg);
		break;
	case OPT_CONNECT_TCP:
		allow_port(req->rs, LLK_NET_CONNECT_TCP, arg);
		break;
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
		exit(tell_abi());
	case OPT_VERSION:
		puts("landlock-run " RUN_VERSION);
		exit(0);
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs("Try 'landlock-run --help'.\n", stderr);
		exit(EXIT_FAILED);
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

int main(int argc, char **argv)
{
	struct request req = { 0 };
	char *path;
	int id;

	req.rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
	while ((id = getopt_long(argc, argv, "+", options, NULL)) >= 0)
		take_option(&req, id, optarg);

	if (req.is_best_effort && req.is_strict)
		die(EXIT_FAILED,
		    "--best-effort and --strict exclude each other");
	if (optind >= argc)
		die(EXIT_FAILED, "no command; try 'landlock-run --help'");

	path = find_command(argv[optind]);
	if (!path)
		die(EXIT_FAILED, "out of memory");
	restrict_self(&req);
	llk_ruleset_free(req.rs);
	execute(&req, path, argv + optind);
}
