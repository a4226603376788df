/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * landrun's command line, with landrun's meaning (0.1.18): for who calls
 * landlock-run by that name.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define RO (LLK_READ)
#define RW ((LLK_RW_DIRS & ~LLK_FS_EXECUTE) | LLK_FS_REFER | LLK_FS_IOCTL_DEV)

/* What landrun says at "info" and "debug", we do at both */
static void take_log_level(struct request *req, const struct option_row *row,
			   char *value)
{
	req->wants &= ~WANT_VERBOSE;
	if (!strcmp(value, "info") || !strcmp(value, "debug"))
		req->wants |= WANT_VERBOSE;
	else if (strcmp(value, "error") != 0)
		die(EXIT_FAILED, row->name, value,
		    "neither error, info nor debug (LANDRUN_LOG_LEVEL sets "
		    "it too)");
}

/* clang-format off */
static const struct option_row landrun_rows[] = {
	{ .help = "Options; lists have a comma between" },
	{ "ro", "PATH", "read", take_path, RO },
	{ "rox", "PATH", "read, and start programs", take_path,
	  RO | LLK_FS_EXECUTE },
	{ "rw", "PATH", "read and write", take_path, RW },
	{ "rwx", "PATH", "read, write, and start programs", take_path,
	  RW | LLK_FS_EXECUTE },
	{ "unix", "PATH", "connect to a socket", take_path,
	  RO | LLK_FS_RESOLVE_UNIX },
	{ "bind-tcp", "PORT", "listen on it", take_port, LLK_NET_BIND_TCP },
	{ "connect-tcp", "PORT", "connect to it", take_port, LLK_NET_CONNECT_TCP },
	{ "env", "NAME[=VALUE]", "a variable; there are no others", take_env, 0 },
	{ "best-effort", NULL, "accept less, in silence", take_want,
	  WANT_BEST_EFFORT },
	{ "ignore-missing", NULL, "skip paths that aren't there", take_want,
	  WANT_IGNORE_MISSING },
	{ "unrestricted-filesystem", NULL, "leave files alone",
	  take_unrestricted, LLK_FS },
	{ "unrestricted-network", NULL, "leave ports alone",
	  take_unrestricted, LLK_NET },
	{ "unrestricted-scoped", NULL, "leave signals and abstract sockets alone",
	  take_unrestricted, LLK_SCOPE },
	{ "add-exec", NULL, "the command's own file", take_want, WANT_ADD_EXEC },
	{ "ldd", NULL, "the command's shared libraries", take_want, WANT_LDD },
	{ "log-disable-originating", NULL, "as log_same_exec_off",
	  take_flag, LLK_RESTRICT_LOG_SAME_EXEC_OFF },
	{ "log-enable-subprocesses", NULL, "as log_new_exec_on",
	  take_flag, LLK_RESTRICT_LOG_NEW_EXEC_ON },
	{ "log-disable-subdomains", NULL, "as log_subdomains_off",
	  take_flag, LLK_RESTRICT_LOG_SUBDOMAINS_OFF },
	{ "log-level", "LEVEL", "error, info or debug", take_log_level, 0 },
	{ "version", NULL, "", take_version, 0 },
	{ "help", NULL, "", take_help, 0 },
	{ "h", NULL, NULL, take_help, 0 },
};
/* clang-format on */

static const struct dialect landrun = {
	.name = "landrun",
	.intro = "usage: landrun [options] [--] command [arguments]\n"
		 "\n"
		 "landlock-run with the command line of landrun. Its own is: "
		 "landlock-run --help\n",
	.outro = "\n"
		 "All rights to Landlock ABI 9 are required, unless "
		 "--best-effort is given. Exit\n"
		 "status: 1 if landrun fails, else the command's own.\n",
	.rows = landrun_rows,
	.n_rows = sizeof(landrun_rows) / sizeof(landrun_rows[0]),
	.status = 1,
	.is_landrun = true,
};

const struct dialect *landrun_dialect(void)
{
	return &landrun;
}

/* The sandbox begins as landrun's, before any option */
void landrun_take_environment(struct request *req)
{
	static const struct option_row row = { .name = "log-level" };
	char *level = getenv("LANDRUN_LOG_LEVEL");

	req->version = LLK_V9;
	env_clear(req);
	if (level && *level)
		take_log_level(req, &row, level);
}
