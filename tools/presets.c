/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Options that stand for many rules. Lists of paths are the library's groups;
 * here is what is no group: the folders of programs, /dev, and configuration
 * that ordinary programs can't start without.
 */
#include "run.h"

#include <string.h>
#include <unistd.h>

/* Strings in a row, an empty one at the end */
static const char programs[] = "/usr\0"
			       "/bin\0"
			       "/sbin\0"
			       "/run/current-system/sw\0"; /* NixOS */

static const char config_files[] =
	"/etc/passwd\0" /* names of users: bash, git, tar, ls */
	"/etc/group\0"
	"/etc/gitconfig\0"  /* git ends where it can't read it */
	"/etc/mime.types\0" /* and a web server of python3 at each request */
	/* Debian: sitecustomize.py */
	"/etc/python3\0"
	"/etc/python3.9\0"
	"/etc/python3.10\0"
	"/etc/python3.11\0"
	"/etc/python3.12\0"
	"/etc/python3.13\0"
	"/etc/python3.14\0"
	"/etc/python3.15\0";

/* No terminal, memory or disk among them */
static const char devices[] = "/dev/null\0"
			      "/dev/zero\0"
			      "/dev/full\0"
			      "/dev/random\0"
			      "/dev/urandom\0";

#define DEVICE \
	(LLK_PRESET | LLK_FS_READ_FILE | LLK_FS_WRITE_FILE | LLK_FS_TRUNCATE)
#define TERMINAL \
	(LLK_PRESET | LLK_FS_READ_FILE | LLK_FS_WRITE_FILE | LLK_FS_IOCTL_DEV)

/* What isn't there is nothing to tell about: the names are ours */
static void preset_paths(struct request *req, const char *option,
			 uint64_t rights, const char *paths)
{
	for (; *paths; paths += strlen(paths) + 1) {
		struct grant grant = { .kind = GRANT_PATH,
				       .option = option,
				       .rights = rights | LLK_IF_PRESENT,
				       .path = paths };

		if (access(paths, F_OK) == 0)
			add_grant(&req->grants, &grant);
	}
}

static void preset_group(struct request *req, const char *option,
			 uint64_t rights, unsigned int group)
{
	struct grant grant = { .kind = GRANT_GROUP,
			       .option = option,
			       .rights = rights,
			       .number = group };

	add_grant(&req->grants, &grant);
}

static void preset_port(struct request *req, const char *option,
			uint64_t rights, uint64_t port)
{
	struct grant grant = { .kind = GRANT_PORT,
			       .option = option,
			       .rights = rights,
			       .number = port,
			       .may_lack = true };

	add_grant(&req->grants, &grant);
}

static void add_system(struct request *req)
{
	preset_paths(req, "system", LLK_RO_DIRS, programs);
	preset_paths(req, "system", LLK_READ, config_files);
	preset_paths(req, "system", DEVICE, devices);
	preset_group(req, "system", LLK_RO_DIRS, LLK_GROUP_LOADER);
	preset_group(req, "system", LLK_READ, LLK_GROUP_LOCALE);
	preset_group(req, "system", LLK_READ, LLK_GROUP_TLS);
}

/* Modules are libraries. A client that doesn't bind needs UDP port 0. */
static void add_dns(struct request *req)
{
	preset_group(req, "dns", LLK_READ, LLK_GROUP_LOADER);
	preset_group(req, "dns", LLK_READ | LLK_FS_RESOLVE_UNIX,
		     LLK_GROUP_RESOLVER);
	preset_port(req, "dns", LLK_NET_CONNECT_TCP | LLK_NET_CONNECT_SEND_UDP,
		    53);
	preset_port(req, "dns", LLK_NET_BIND_UDP, 0);
}

static void add_tls(struct request *req)
{
	preset_group(req, "tls", LLK_READ, LLK_GROUP_LOADER);
	preset_group(req, "tls", LLK_READ, LLK_GROUP_TLS);
}

/* The terminal of the caller, by its standard descriptors, and no other one:
   /dev/pts as a whole would be every terminal of the user */
static void add_tty(struct request *req)
{
	struct grant grant = { .kind = GRANT_FD,
			       .option = "tty",
			       .rights = TERMINAL };

	preset_paths(req, "tty", TERMINAL, "/dev/tty\0");
	for (int fd = 0; fd <= 2; fd++) {
		grant.number = (uint64_t)fd;
		if (isatty(fd))
			add_grant(&req->grants, &grant);
	}
}

static void add_exec(struct request *req)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "add-exec",
			       .rights = LLK_RO_FILES,
			       .path = req->path };

	add_grant(&req->grants, &grant);
}

void presets_add(struct request *req)
{
	if (req->wants & WANT_SYSTEM)
		add_system(req);
	if (req->wants & WANT_DNS)
		add_dns(req);
	if (req->wants & WANT_TLS)
		add_tls(req);
	if (req->wants & WANT_TTY)
		add_tty(req);
	if (req->wants & (WANT_ADD_EXEC | WANT_LDD))
		command_check(req->path);
	if (req->wants & WANT_ADD_EXEC)
		add_exec(req);
	if (req->wants & WANT_LDD)
		ldd_add(req);
}
