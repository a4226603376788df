/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The command: its environment, its file, and exec.
 */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Environment: an array that ends by NULL, so one longer than it counts
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

void env_clear(struct request *req)
{
	if (req->env)
		return;

	req->env = grow(NULL, 0, sizeof(*req->env));
	req->env[0] = NULL;
}

static void append_variable(struct request *req, char *variable)
{
	req->env[req->n_env++] = variable;
	req->env = grow(req->env, req->n_env, sizeof(*req->env));
	req->env[req->n_env] = NULL;
}

static void drop_variable(struct request *req, const char *variable)
{
	char **at = find_variable(req->env, variable);

	if (!*at)
		return;

	/* The array keeps its size: when it grows again it may do so earlier
	   than it has to */
	*at = req->env[--req->n_env];
	req->env[req->n_env] = NULL;
}

void env_keep(struct request *req, char *variable)
{
	if (!name_length(variable))
		die(EXIT_FAILED, "env", variable, "no name of a variable");

	env_clear(req);
	drop_variable(req, variable);
	if (!strchr(variable, '='))
		variable = *find_variable(environ, variable);
	if (variable)
		append_variable(req, variable);
}

char *env_find(const struct request *req, const char *name)
{
	return *find_variable(req->env ? req->env : environ, name);
}

/*
 * The file
 */

/* Whether it may be executed; *ret_is_there: it is there, at least */
static bool is_executable(const char *path, bool *ret_is_there)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;

	*ret_is_there = true;

	return S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* DIRECTORY/NAME in memory of its own; an empty directory is the current one */
static char *join(const char *dir, size_t len, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", len ? (int)len : 1, len ? dir : ".",
		     name) < 0)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

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

		if (is_executable(path, &is_there))
			return path;
		free(path);
		if (!dirs[len])
			break;
	}
	if (is_there)
		die(EXIT_CANT_EXECUTE, NULL, name,
		    "found in PATH, but not executable");
	die(EXIT_NOT_FOUND, NULL, name, "not found in PATH");
}

/* As execvp looks for it, but before the restriction */
const char *command_find(char *name)
{
	const char *dirs = getenv("PATH");

	if (!*name)
		die(EXIT_NOT_FOUND, NULL, name, "the command's name is empty");
	if (strchr(name, '/'))
		return name;

	return find_in_path(dirs ? dirs : "/bin:/usr/bin", name);
}

static int status_of_error(int error)
{
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANT_EXECUTE;
}

void command_check(const char *path)
{
	bool is_there = false;

	if (is_executable(path, &is_there))
		return;
	if (is_there)
		die(EXIT_CANT_EXECUTE, NULL, path, "no executable file");

	die(status_of_error(errno), NULL, path, "can't be executed: %s",
	    strerror(errno));
}

static const char *advice(const struct request *req, int error)
{
	struct stat st;

	if (error == EACCES && stat(req->path, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mode & 0111)
		return req->dialect->is_landrun || req->wants & WANT_WHY
			       ? " (programs, their interpreter and libraries "
				 "need --rox; see --add-exec)"
			       : " (programs, their interpreter and libraries "
				 "need --rox; see --add-exec, and --why for "
				 "what is missing)";
	if (error == ENOENT && access(req->path, F_OK) == 0)
		return " (its interpreter is missing)";

	return "";
}

void command_execute(const struct request *req)
{
	int error;

	if (req->env)
		environ = req->env;
	execvp(req->path, req->command);

	error = errno;
	die(status_of_error(error), NULL, req->path, "can't be executed: %s%s",
	    strerror(error), advice(req, error));
}
