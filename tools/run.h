/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landlock-run's parts: a command line (options.c, landrun.c) becomes a request,
 * the request a ruleset (policy.c, presets.c, ldd.c, loader.c), and the command is
 * executed under it (landlock-run.c, command.c, tmp.c) or told about (tell.c).
 * What is said, and how the program fails, is in say.c. What a command does is
 * observed by observe.c and told by why.c: see observe.h.
 */
#ifndef LANDLOCK_RUN_H
#define LANDLOCK_RUN_H

#include <liblandlock.h>

#include <stdbool.h>
#include <stdio.h>

/* The newest version that this program was tested with */
#define NEWEST LLK_V11

/* As env(1) and timeout(1); by the name landrun all are 1, as landrun's are */
#define EXIT_FAILED 125
#define EXIT_CANT_EXECUTE 126
#define EXIT_NOT_FOUND 127

/* Options that are there or not */
#define WANT_BEST_EFFORT 0x1U
#define WANT_STRICT 0x2U
#define WANT_IGNORE_MISSING 0x4U
#define WANT_ADD_EXEC 0x8U
#define WANT_LDD 0x10U
#define WANT_SYSTEM 0x20U
#define WANT_DNS 0x40U
#define WANT_TLS 0x80U
#define WANT_TTY 0x100U
#define WANT_TMP 0x200U
#define WANT_VERBOSE 0x400U
#define WANT_JSON 0x800U
#define WANT_ABI 0x1000U
#define WANT_DRY_RUN 0x2000U
#define WANT_WHY 0x4000U
#define WANT_LEARN 0x8000U
#define WANT_TIGHT 0x10000U

/* A rule, before the ruleset is there; or what --check asks */
struct grant {
	enum { GRANT_PATH, GRANT_PORT, GRANT_FD, GRANT_GROUP } kind;
	const char *option; /* that asks for it, without dashes */
	uint64_t rights;
	const char *path;
	uint64_t number; /* the port, descriptor or group */
	/* what can't be granted is left out: refer on ABI 1, where moves stay
	   denied; ports that are not restricted */
	bool may_lack;
	uint64_t missing; /* of a --check: what would be denied */
};

struct grants {
	struct grant *all;
	size_t n;
};

/* An option of the policy as it was written */
struct given {
	const char *option, *value; /* without dashes; NULL: it takes none */
};

/* What the command line asks for */
struct request {
	const struct dialect *dialect;
	int version;
	unsigned int wants;	  /* WANT_ */
	unsigned int flags;	  /* of llk_ruleset_restrict_self */
	uint64_t unrestricted;	  /* zones */
	uint64_t required, quiet; /* rights, whole zones among them */
	struct grants grants, checks;
	char **env; /* NULL: the caller's own */
	size_t n_env;
	struct given *given;
	size_t n_given;
	const char *learned; /* the file for --learn, or NULL */
	char **command;	     /* and its arguments; NULL for none */
	const char *path;    /* of the command */
};

/*
 * say.c
 */

/* The name to say, and one exit status for all failures or 0 */
void say_begin(const char *name, int status);

/* The line of the file that is read now; NULL: none */
struct place {
	const char *file;
	unsigned int line;
};
void say_place(struct place place);

/* @text as a word of the shell, quoted where it has to be */
void say_word(FILE *out, const char *text);

/* @text quoted and escaped: it can't forge a line or drive a terminal */
void say_quoted(FILE *out, const char *text);

/*
 * Fail with @status: the option and its value, where not NULL, and why
 */
__attribute__((noreturn, format(printf, 4, 5))) void
die(int status, const char *option, const char *value, const char *format, ...);

/* Begin a line on stderr, and go on with the message */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* What the last load or restrict_self met, in memory of its own */
char *explanation(const struct llk_ruleset *rs);

/* End; what can't be written is a failure */
__attribute__((noreturn)) void exit_after_output(int status);

/* @array with room for one more after @n, or the end */
void *grow(void *array, size_t n, size_t size);

/*
 * options.c, landrun.c: the command line
 */

struct option_row;

/* A value is taken, one of a list in some dialects */
typedef void take_function(struct request *req, const struct option_row *row,
			   char *value);

/* A row without name is a heading of --help */
struct option_row {
	const char *name;
	const char *value_name; /* NULL: it takes none */
	const char *help;	/* NULL: not told */
	take_function *take;
	uint64_t value; /* rights, flags, zones, WANT_ */
};

struct dialect {
	const char *name;
	const char *intro, *outro; /* of --help */
	const struct option_row *rows;
	size_t n_rows;
	int status;	 /* of all failures of our own; 0: each its own */
	bool is_landrun; /* lists by comma, =true, one dash; no @FILE */
};

const struct dialect *landrun_dialect(void);
void landrun_take_environment(struct request *req);

take_function take_path, take_port, take_allow, take_env, take_clear_env,
	take_want, take_unrestricted, take_flag, take_rights, take_version_abi,
	take_check, take_learn, take_version, take_help;

/* Read the command line; the mistakes that are seen at once end here */
void options_read(struct request *req, int argc, char **argv);

void add_grant(struct grants *grants, const struct grant *grant);
uint64_t parse_rights(const char *option, const char *list);
uint64_t parse_number(const char *option, const char *text, uint64_t max);

/*
 * presets.c, ldd.c: what stands for many rules
 */

void presets_add(struct request *req);
void ldd_add(struct request *req);

/*
 * loader.c, filter.c: ld.so in a sandbox; and the filter of the observer
 */

/* Whether there is a filter for this architecture; and set it */
bool filter_is_known(void);
bool filter_calls(void);

/* Wake the tracer for calls of these numbers, and those of a 32-bit program
   where both run; io_uring isn't there for anybody */
bool filter_trace(const uint32_t *numbers, size_t n, const uint32_t *compat,
		  size_t n_compat);

struct question {
	const char *loader;
	const char *program;
	char *env[3];
};

/* What it lists, and its exit status, -1 if it was killed. What can't be
   sandboxed, or hangs, ends here. */
int loader_ask(const struct question *q, char **ret_text);

/*
 * policy.c: a request becomes a ruleset
 */

/* What the request restricts, on a kernel that can; never 0 */
uint64_t policy_handled(const struct request *req);

/* Whether nothing at all is to be restricted, by landrun's three options */
bool policy_is_empty(const struct request *req);

/* Best effort, or strict as the mode says; never NULL */
struct llk_ruleset *policy_build(const struct request *req);

/* Whether @result is enough to run the command */
bool policy_is_enough(const struct request *req, int result);

/* After a failure of load or restrict_self: end, naming the option if one is
   to blame, else by the library's words */
__attribute__((noreturn)) void policy_fail(const struct request *req,
					   const struct llk_ruleset *rs,
					   int result);

/*
 * tell.c, json.c: what can be told without running anything
 */

int tell_abi(const struct request *req);
int tell_dry_run(const struct request *req);
int tell_checks(const struct request *req);

void json_string(FILE *out, const char *text);
void json_rights(FILE *out, uint64_t rights);

/*
 * command.c: the environment, the command's file, and exec
 */

void env_clear(struct request *req);

/* Keep NAME=VALUE, or the caller's NAME where it is set; the last one counts */
void env_keep(struct request *req, char *variable);

/* NAME=VALUE as the command will have it, or NULL */
char *env_find(const struct request *req, const char *name);

const char *command_find(char *name);

/* End as its execution would, if its file isn't there or no executable one */
void command_check(const char *path);
__attribute__((noreturn)) void command_execute(const struct request *req);

/*
 * tmp.c: a private directory, and the parent that removes it. Returns in a
 * child of its own.
 */
void tmp_begin(struct request *req);

/* End if no directory could be made */
void tmp_check(void);

#endif
