/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The command line becomes a request. getopt_long reads it, for both dialects
 * and for each line of an @FILE.
 */
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_ROWS 64
#define FIRST_ID 256 /* behind every character: a row's number is added */
#define MAX_DEPTH 8  /* of files that name files */

#define RW_DIRS (LLK_RW_DIRS | LLK_FS_REFER)

/* clang-format off */
static const struct option_row own_rows[] = {
	{ .help = "Files; a directory stands for all beneath it" },
	{ "ro", "PATH", "read", take_path, LLK_READ },
	{ "rox", "PATH", "read, and start programs", take_path, LLK_RO_DIRS },
	{ "rw", "PATH", "read, write, create, remove, move; start nothing",
	  take_path, RW_DIRS & ~LLK_FS_EXECUTE },
	{ "rwx", "PATH", "the same, and start programs", take_path, RW_DIRS },
	{ "unix", "PATH", "connect to a socket", take_path, LLK_FS_RESOLVE_UNIX },
	{ "ioctl", "PATH", "ioctl on a device", take_path, LLK_FS_IOCTL_DEV },
	{ "refer", "PATH", "move and link to and from other directories",
	  take_path, LLK_FS_REFER },
	{ "allow", "RIGHTS:PATH", "exactly these rights", take_allow, 0 },
	{ "ignore-missing", NULL, "skip paths that aren't there", take_want,
	  WANT_IGNORE_MISSING },

	{ .help = "Ports" },
	{ "bind-tcp", "PORT", "listen on it (0: any that is free)", take_port,
	  LLK_NET_BIND_TCP },
	{ "connect-tcp", "PORT", "connect to it", take_port, LLK_NET_CONNECT_TCP },
	{ "bind-udp", "PORT", "receive on it; clients need 0", take_port,
	  LLK_NET_BIND_UDP },
	{ "connect-udp", "PORT", "send to it", take_port,
	  LLK_NET_CONNECT_SEND_UDP },

	{ .help = "What most programs need" },
	{ "system", NULL, "the system's programs: libraries, locale, /dev/null",
	  take_want, WANT_SYSTEM },
	{ "dns", NULL, "names resolve", take_want, WANT_DNS },
	{ "tls", NULL, "certificates", take_want, WANT_TLS },
	{ "tty", NULL, "the terminal", take_want, WANT_TTY },
	{ "tmp", NULL, "a directory for this run, in TMPDIR; removed after",
	  take_want, WANT_TMP },
	{ "add-exec", NULL, "the command's own file", take_want, WANT_ADD_EXEC },
	{ "ldd", NULL, "the command's shared libraries", take_want, WANT_LDD },

	{ .help = "Environment" },
	{ "env", "NAME[=VALUE]", "this variable, and none but those named",
	  take_env, 0 },
	{ "clear-env", NULL, "none but those named", take_clear_env, 0 },

	{ .help = "How much is restricted" },
	{ "strict", NULL, "an error if anything can't be enforced", take_want,
	  WANT_STRICT },
	{ "best-effort", NULL, "run even if nothing can be enforced", take_want,
	  WANT_BEST_EFFORT },
	{ "require", "RIGHTS", "an error if these can't be enforced",
	  take_rights, offsetof(struct request, required) },
	{ "version-abi", "N", "restrict what Landlock ABI N knows, no more",
	  take_version_abi, 0 },
	{ "unrestricted-filesystem", NULL, "leave files alone",
	  take_unrestricted, LLK_FS },
	{ "unrestricted-network", NULL, "leave ports alone",
	  take_unrestricted, LLK_NET },
	{ "unrestricted-scoped", NULL, "leave signals and abstract sockets alone",
	  take_unrestricted, LLK_SCOPE },
	{ "allow-new-privs", NULL, "let setuid programs work (needs privilege)",
	  take_flag, LLK_RESTRICT_SKIP_NO_NEW_PRIVS },

	{ .help = "The audit log" },
	{ "quiet", "RIGHTS", "don't log denials of these", take_rights,
	  offsetof(struct request, quiet) },
	{ "log-same-exec-off", NULL, "don't log denials of the command itself",
	  take_flag, LLK_RESTRICT_LOG_SAME_EXEC_OFF },
	{ "log-new-exec-on", NULL, "log denials of programs that it executes",
	  take_flag, LLK_RESTRICT_LOG_NEW_EXEC_ON },
	{ "log-subdomains-off", NULL, "don't log denials of sandboxes within",
	  take_flag, LLK_RESTRICT_LOG_SUBDOMAINS_OFF },

	{ .help = "What was denied, and what is needed" },
	{ "why", NULL, "tell it at the end, with the option that allows it",
	  take_want, WANT_WHY },
	{ "learn", "[=FILE]", "restrict nothing; tell which options it needed",
	  take_learn, WANT_LEARN },
	{ "tight", NULL, "those of each file, not of its directory", take_want,
	  WANT_TIGHT },

	{ .help = "To look before running" },
	{ "abi", NULL, "tell what this kernel can restrict", take_want, WANT_ABI },
	{ "dry-run", NULL, "tell what would be enforced; run nothing", take_want,
	  WANT_DRY_RUN },
	{ "check", "RIGHTS:PATH", "tell whether it is allowed, or RIGHTS:PORT",
	  take_check, 0 },
	{ "json", NULL, "tell it for programs", take_want, WANT_JSON },
	{ "verbose", NULL, "tell what was enforced, and run", take_want,
	  WANT_VERBOSE },
	{ "version", NULL, "", take_version, 0 },
	{ "help", NULL, "", take_help, 0 },
};
/* clang-format on */

static const char own_intro[] =
	"usage: landlock-run [options] [--] command [arguments]\n"
	"       landlock-run --abi | --dry-run | --check RIGHTS:PATH "
	"[options]\n"
	"\n"
	"Runs a command that can do no more than the options grant: files, "
	"ports, signals\n"
	"to processes outside. @FILE stands for the options in a file, one a "
	"line.\n";

static const char own_outro[] =
	"\n"
	"What this kernel can't enforce is told on stderr; one that can "
	"enforce "
	"nothing\n"
	"is an error. Exit status: 125 landlock-run failed, 126 the command "
	"can't be\n"
	"executed, 127 it is not found, else the command's own.\n"
	"\n"
	"Examples:\n"
	"  landlock-run --system --tmp --rwx . -- make\n"
	"  landlock-run --system --dns --connect-tcp 443 -- "
	"curl https://example.org\n";

static const struct dialect own_dialect = {
	.name = "landlock-run",
	.intro = own_intro,
	.outro = own_outro,
	.rows = own_rows,
	.n_rows = COUNT(own_rows),
};

/*
 * What the options' values are
 */

/* Decimal digits and nothing else, at most @max */
uint64_t parse_number(const char *option, const char *text, uint64_t max)
{
	const char *digits = "0123456789";
	unsigned long long n;

	if (!*text || text[strspn(text, digits)])
		die(EXIT_FAILED, option, text, "not a number");

	errno = 0;
	n = strtoull(text, NULL, 10);
	if (errno || n > max)
		die(EXIT_FAILED, option, text, "above %llu",
		    (unsigned long long)max);

	return n;
}

uint64_t parse_rights(const char *option, const char *list)
{
	uint64_t rights;

	if (llk_rights_parse(list, &rights) < 0)
		die(EXIT_FAILED, option, list,
		    "unknown rights: names with a comma between, as "
		    "read_file,bind_tcp; --abi --json lists them");

	return rights;
}

void add_grant(struct grants *grants, const struct grant *grant)
{
	grants->all = grow(grants->all, grants->n, sizeof(*grants->all));
	grants->all[grants->n++] = *grant;
}

static void check_path(const char *option, const char *path)
{
	if (!*path)
		die(EXIT_FAILED, option, path, "a path is empty");
}

void take_path(struct request *req, const struct option_row *row, char *value)
{
	check_path(row->name, value);
	add_grant(&req->grants, &(struct grant){
					.kind = GRANT_PATH,
					.option = row->name,
					.path = value,
					.rights = row->value,
					.may_lack = row->value & LLK_PRESET,
				});
}

/* RIGHTS:REST, split at the first colon; *ret_rest is what follows it */
static uint64_t split_rights(const char *option, char *value, char **ret_rest)
{
	char *colon = strchr(value, ':');
	uint64_t rights;

	if (!colon)
		die(EXIT_FAILED, option, value,
		    "a colon is missing between rights and path");

	*colon = '\0';
	rights = parse_rights(option, value);
	*colon = ':';
	*ret_rest = colon + 1;

	return rights;
}

void take_allow(struct request *req, const struct option_row *row, char *value)
{
	struct grant grant = { .kind = GRANT_PATH, .option = row->name };
	char *path;

	grant.rights = split_rights(row->name, value, &path);
	check_path(row->name, path);
	grant.path = path;
	if (grant.rights & (LLK_NET | LLK_SCOPE))
		die(EXIT_FAILED, row->name, value,
		    "it grants rights of files; for ports there are "
		    "--bind-tcp and the like, for scopes "
		    "--unrestricted-scoped");
	if (!(grant.rights & (LLK_FS | LLK_QUIET)))
		die(EXIT_FAILED, row->name, value, "it grants no right");

	add_grant(&req->grants, &grant);
}

void take_port(struct request *req, const struct option_row *row, char *value)
{
	struct grant grant = { .kind = GRANT_PORT,
			       .option = row->name,
			       .rights = row->value };

	grant.number = parse_number(row->name, value, 65535);
	add_grant(&req->grants, &grant);
}

/* A path for rights of files, a port for rights of ports */
void take_check(struct request *req, const struct option_row *row, char *value)
{
	struct grant check = { .kind = GRANT_PATH, .option = row->name };
	uint64_t wrong = LLK_IF_PRESENT | LLK_QUIET | LLK_SCOPE;
	char *rest;

	check.rights = split_rights(row->name, value, &rest);
	check.path = rest;
	if (check.rights & LLK_NET) {
		check.kind = GRANT_PORT;
		wrong |= LLK_FS | LLK_PRESET;
	}
	if (check.rights & wrong || !(check.rights & ~LLK_PRESET))
		die(EXIT_FAILED, row->name, value,
		    "it asks for rights of files on a path, or rights of "
		    "ports on a port");
	if (check.kind == GRANT_PORT)
		check.number = parse_number(row->name, rest, 65535);
	else
		check_path(row->name, rest);

	add_grant(&req->checks, &check);
}

void take_env(struct request *req, const struct option_row *row, char *value)
{
	env_keep(req, value);
}

void take_clear_env(struct request *req, const struct option_row *row,
		    char *value)
{
	env_clear(req);
}

static bool is_one_of(const char *value, const char *const words[6])
{
	for (int i = 0; i < 6; i++)
		if (!strcmp(value, words[i]))
			return true;

	return false;
}

/* As Go's flags, with which landrun is made, read =true and =false */
static bool is_on(const struct option_row *row, const char *value)
{
	static const char *const yes[] = {
		"1", "t", "T", "true", "TRUE", "True"
	};
	static const char *const no[] = { "0",	   "f",	    "F",
					  "false", "FALSE", "False" };

	if (!value || is_one_of(value, yes))
		return true;
	if (is_one_of(value, no))
		return false;

	die(EXIT_FAILED, row->name, value, "neither true nor false");
}

void take_want(struct request *req, const struct option_row *row, char *value)
{
	req->wants &= ~(unsigned int)row->value;
	if (is_on(row, value))
		req->wants |= (unsigned int)row->value;
}

void take_learn(struct request *req, const struct option_row *row, char *value)
{
	if (value)
		check_path(row->name, value);
	req->wants |= (unsigned int)row->value;
	req->learned = value;
}

void take_flag(struct request *req, const struct option_row *row, char *value)
{
	req->flags &= ~(unsigned int)row->value;
	if (is_on(row, value))
		req->flags |= (unsigned int)row->value;
}

void take_unrestricted(struct request *req, const struct option_row *row,
		       char *value)
{
	req->unrestricted &= ~row->value;
	if (is_on(row, value))
		req->unrestricted |= row->value;
}

/* Into the member of the request that the row names */
void take_rights(struct request *req, const struct option_row *row, char *value)
{
	uint64_t *member = (uint64_t *)(void *)((char *)req + row->value);
	uint64_t rights = parse_rights(row->name, value) & ~LLK_PRESET;

	if (!rights || rights & ~LLK_ALL)
		die(EXIT_FAILED, row->name, value,
		    "if_present, preset and quiet are no rights");

	*member |= rights;
}

void take_version_abi(struct request *req, const struct option_row *row,
		      char *value)
{
	int version = (int)parse_number(row->name, value, NEWEST);

	if (!version)
		die(EXIT_FAILED, row->name, value,
		    "this landlock-run knows 1 to %d", NEWEST);
	if (req->version && req->version != version)
		die(EXIT_FAILED, row->name, value, "it was %d before",
		    req->version);
	req->version = version;
}

void take_version(struct request *req, const struct option_row *row,
		  char *value)
{
	if (req->dialect->is_landrun)
		puts("landrun version 0.1.18 (landlock-run " RUN_VERSION ")");
	else
		puts("landlock-run " RUN_VERSION);
	exit_after_output(0);
}

static bool may_lack_value(const struct option_row *row)
{
	return row->value_name && *row->value_name == '[';
}

static void print_row(const struct option_row *row)
{
	char left[40];

	if (!row->name) {
		printf("\n%s:\n", row->help);
		return;
	}
	snprintf(left, sizeof(left), "--%s%s%s", row->name,
		 row->value_name && !may_lack_value(row) ? " " : "",
		 row->value_name ? row->value_name : "");
	printf(*row->help ? "  %-25s %s\n" : "  %s\n", left, row->help);
}

void take_help(struct request *req, const struct option_row *row, char *value)
{
	const struct dialect *dialect = req->dialect;

	fputs(dialect->intro, stdout);
	for (size_t i = 0; i < dialect->n_rows; i++)
		if (dialect->rows[i].help)
			print_row(&dialect->rows[i]);
	fputs(dialect->outro, stdout);
	exit_after_output(0);
}

/*
 * One option
 */

static void take_list(struct request *req, const struct option_row *row,
		      char *value)
{
	char *comma;

	for (; (comma = strchr(value, ',')); value = comma + 1) {
		*comma = '\0';
		row->take(req, row, value);
	}
	row->take(req, row, value);
}

/*
 * getopt takes any beginning of a name that is the beginning of no other. It
 * would mean something else as soon as a version brings another such name.
 */
static void refuse_abbreviation(const struct option_row *row, const char *text)
{
	const char *name = text + strspn(text, "-");

	if (strcspn(name, "=") != strlen(row->name))
		die(EXIT_FAILED, NULL, text,
		    "options can't be abbreviated; write --%s", row->name);
}

/* What makes up the policy, and not what is told of it */
static void keep_given(struct request *req, const struct option_row *row,
		       const char *value)
{
	const unsigned int policy = WANT_BEST_EFFORT | WANT_STRICT |
				    WANT_IGNORE_MISSING | WANT_ADD_EXEC |
				    WANT_LDD | WANT_SYSTEM | WANT_DNS |
				    WANT_TLS | WANT_TTY | WANT_TMP;

	if (row->take == take_check || row->take == take_learn ||
	    (row->take == take_want && !(row->value & policy)))
		return;

	req->given = grow(req->given, req->n_given, sizeof(*req->given));
	req->given[req->n_given++] = (struct given){ row->name, value };
}

/* @text is what getopt has read, of which it gives no more than @id */
static void take_option(struct request *req, int id, const char *text)
{
	const struct dialect *dialect = req->dialect;
	const struct option_row *row;

	if (id == ':')
		die(EXIT_FAILED, NULL, text, "a value is missing; try --help");
	if (id == '?' && optopt >= FIRST_ID)
		die(EXIT_FAILED, NULL, text, "the option takes no value");
	if (id == '?')
		die(EXIT_FAILED, NULL, text, "unknown option; try --help");

	row = &dialect->rows[id - FIRST_ID];
	refuse_abbreviation(row, text);
	if (dialect->is_landrun && row->value_name)
		take_list(req, row, optarg);
	else
		row->take(req, row, optarg);
	keep_given(req, row, optarg);
}

static int kind_of(const struct dialect *dialect, const struct option_row *row)
{
	if (may_lack_value(row))
		return optional_argument;
	if (row->value_name)
		return required_argument;

	return dialect->is_landrun ? optional_argument : no_argument;
}

/* getopt's table, of the rows that are no headings */
static void list_options(const struct dialect *dialect, struct option *options)
{
	size_t n = 0;

	for (size_t i = 0; i < dialect->n_rows; i++) {
		const struct option_row *row = &dialect->rows[i];

		if (!row->name)
			continue;
		options[n++] = (struct option){
			.name = row->name,
			.has_arg = kind_of(dialect, row),
			.val = FIRST_ID + (int)i,
		};
	}
	options[n] = (struct option){ 0 };
}

/*
 * The next option's id; 1: optarg is no option; -1: the end, or after "--". The
 * minus keeps arguments in their order, so that the command's are left alone.
 */
static int next_option(const struct request *req, int argc, char **argv,
		       const struct option *options)
{
	opterr = 0;

	return req->dialect->is_landrun
		       ? getopt_long_only(argc, argv, "-:", options, NULL)
		       : getopt_long(argc, argv, "-:", options, NULL);
}

/*
 * @FILE: options, one a line
 */

/* A file that is being read, and those that name it before */
struct reading {
	struct place place;
	char *next;
};

/* "--ro   /usr" becomes "--ro=/usr", so that a line can't spill into the next:
   from its first blank on the rest is the value, as it stands */
static void join_value(char *text)
{
	char *end = text + strcspn(text, " \t=");
	char *value = end + strspn(end, " \t");

	if (*end == '=' || !*end)
		return;
	if (!*value) {
		*end = '\0';
		return;
	}
	*end = '=';
	memmove(end + 1, value, strlen(value) + 1);
}

static void take_line(struct request *req, const struct option *options,
		      char *text)
{
	char *argv[] = { text, text, NULL };
	int id, outer = optind;

	if (!*text || *text == '#')
		return;

	join_value(text);
	optind = 0; /* begin anew, and go on where the outer one was */
	id = next_option(req, 2, argv, options);
	optind = outer;
	if (id <= 1)
		die(EXIT_FAILED, NULL, text,
		    "not an option; a file has one option a line, and no "
		    "command");
	take_option(req, id, text);
}

/* All of it, in memory that is kept: values point into it */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len = -1;

	if (file)
		len = getdelim(&text, &size, '\0', file);
	if (!file || ferror(file) || (len < 0 && !feof(file)))
		die(EXIT_FAILED, NULL, path, "can't be read: %s",
		    strerror(errno));
	fclose(file);
	if (len > 0 && !text[len - 1])
		die(EXIT_FAILED, NULL, path, "a NUL character is in it");

	return len < 0 ? NULL : text;
}

static void begin_file(struct reading files[MAX_DEPTH], int n, const char *path)
{
	if (n == MAX_DEPTH)
		die(EXIT_FAILED, NULL, path,
		    "files may name files %d deep: does it name itself?",
		    MAX_DEPTH);

	files[n].next = read_file(path);
	files[n].place = (struct place){ .file = path };
}

/* Without the blanks at its beginning; NULL at the end */
static char *next_line(struct reading *file)
{
	char *line = file->next, *end;

	if (!line || !*line)
		return NULL;

	end = line + strcspn(line, "\n");
	file->next = *end ? end + 1 : end;
	file->place.line++;
	*end = '\0';

	return line + strspn(line, " \t");
}

static void take_file(struct request *req, const struct option *options,
		      const char *path)
{
	struct reading files[MAX_DEPTH];
	int n = 0;

	begin_file(files, n++, path);
	while (n) {
		char *line = next_line(&files[n - 1]);

		say_place(files[n - 1].place);
		if (!line)
			n--;
		else if (*line == '@')
			begin_file(files, n++, line + 1);
		else
			take_line(req, options, line);
	}
	say_place((struct place){ 0 });
}

/*
 * All options
 */

static void read_words(struct request *req, int argc, char **argv)
{
	struct option options[MAX_ROWS + 1];
	int id, at = 1;

	list_options(req->dialect, options);
	while ((id = next_option(req, argc, argv, options)) >= 0) {
		bool is_file =
			id == 1 && *optarg == '@' && !req->dialect->is_landrun;

		if (id == 1 && !is_file) {
			optind--;
			break;
		}
		if (is_file)
			take_file(req, options, optarg + 1);
		else
			take_option(req, id, argv[at]);
		at = optind;
	}
	if (optind < argc)
		req->command = argv + optind;
}

static void refuse_both(const struct request *req, unsigned int wants,
			const char *names)
{
	unsigned int both = req->wants & wants;

	if (both & (both - 1))
		die(EXIT_FAILED, NULL, NULL, "%s exclude each other", names);
}

static void check_wants(const struct request *req)
{
	const unsigned int looks = WANT_ABI | WANT_DRY_RUN;

	refuse_both(req, WANT_BEST_EFFORT | WANT_STRICT,
		    "--best-effort and --strict");
	refuse_both(req, looks | WANT_WHY | WANT_LEARN,
		    "--abi, --dry-run, --why and --learn");
	if (req->checks.n && req->wants & looks)
		die(EXIT_FAILED, NULL, NULL,
		    "--abi, --dry-run and --check exclude each other");
	if (!req->checks.n && !(req->wants & looks)) {
		if (req->wants & WANT_JSON && !(req->wants & WANT_WHY))
			die(EXIT_FAILED, NULL, NULL,
			    "--json is for --abi, --dry-run, --check and "
			    "--why");
		if (!req->command)
			die(EXIT_FAILED, NULL, NULL, "no command; try --help");
	}
	if (req->wants & WANT_TIGHT && !(req->wants & WANT_LEARN))
		die(EXIT_FAILED, NULL, NULL, "--tight is for --learn");
	if (req->wants & (WANT_ADD_EXEC | WANT_LDD) && !req->command)
		die(EXIT_FAILED, NULL, NULL,
		    "--add-exec and --ldd need the command");
}

static const struct dialect *find_dialect(const char *called)
{
	const char *slash = called ? strrchr(called, '/') : NULL;
	const struct dialect *other = landrun_dialect();

	if (slash)
		called = slash + 1;

	return called && !strcmp(called, other->name) ? other : &own_dialect;
}

void options_read(struct request *req, int argc, char **argv)
{
	req->dialect = find_dialect(argv[0]);
	say_begin(req->dialect->name, req->dialect->status);
	if (req->dialect->is_landrun)
		landrun_take_environment(req);
	read_words(req, argc, argv);
	if (!req->version)
		req->version = NEWEST;
	check_wants(req);
}
