/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --why --json: one object a line, as docs/observer.schema.json has it.
 */
#include "observe.h"

#include <errno.h>
#include <stdlib.h>

static const char *error_name(int error)
{
	return error == EXDEV ? "EXDEV" : error == EPERM ? "EPERM" : "EACCES";
}

static void put_bool(FILE *out, const char *name, bool value)
{
	fprintf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void put_rights_member(FILE *out, const char *name, uint64_t rights)
{
	fprintf(out, ",\"%s\":", name);
	json_rights(out, rights);
}

/* One word of a command line: --ro=PATH */
static void put_option_member(FILE *out, uint64_t rights, const char *path)
{
	const char *option = option_for(rights);
	char list[512], *word = NULL;
	int n;

	llk_rights_format(rights, list, sizeof(list));
	path = lasting_path(path);
	n = option ? asprintf(&word, "--%s=%s", option, path)
		   : asprintf(&word, "--allow=%s:%s", list, path);
	if (n < 0)
		return;
	fputs(",\"option\":", out);
	json_string(out, word);
	free(word);
}

static void put_json_need(FILE *out, const struct event *event,
			  const struct need *need)
{
	fputs("{\"path\":", out);
	json_string(out, need->path);
	put_rights_member(out, "rights", need->rights);
	put_rights_member(out, "denied", event->is_denied ? need->missing : 0);
	put_bool(out, "file_permissions", need->is_denied_by_files);
	if (event->is_denied && need->missing && !event->is_own)
		put_option_member(out, need->missing, need->path);
	putc('}', out);
}

static void put_json_needs(FILE *out, const struct event *event)
{
	fputs(",\"needs\":[", out);
	for (size_t i = 0; i < event->n_needs; i++) {
		if (i)
			putc(',', out);
		put_json_need(out, event, &event->needs[i]);
	}
	putc(']', out);
}

static void put_json_paths(FILE *out, const struct event *event)
{
	fputs(",\"paths\":[", out);
	for (int i = 0; i < 2 && event->paths[i]; i++) {
		if (i)
			putc(',', out);
		json_string(out, event->paths[i]);
	}
	putc(']', out);
}

static void put_json_other(FILE *out, const struct event *event)
{
	char port[16];

	if (event->kind == EVENT_PORT)
		fprintf(out, ",\"port\":%u", event->port);
	if (event->target > 0)
		fprintf(out, ",\"process\":%d", (int)event->target);
	if (!event->is_denied)
		return;
	put_rights_member(out, "denied", event->missing);
	if (event->is_own || event->kind == EVENT_PTRACE)
		return;
	snprintf(port, sizeof(port), "%u", event->port);
	if (event->kind == EVENT_PORT)
		put_option_member(out, event->missing, port);
	else
		fprintf(out, ",\"option\":\"--unrestricted-%s\"",
			event->kind == EVENT_MOUNT ? "filesystem" : "scoped");
}

void why_json(FILE *out, const struct event *event)
{
	static const char *const kinds[] = {
		[EVENT_FILES] = "files",   [EVENT_MOVE] = "move",
		[EVENT_PORT] = "port",	   [EVENT_SIGNAL] = "signal",
		[EVENT_SOCKET] = "socket", [EVENT_PTRACE] = "ptrace",
		[EVENT_MOUNT] = "mount",
	};

	fprintf(out, "{\"type\":\"%s\",\"kind\":\"%s\",\"program\":",
		event->is_denied ? "denied" : "failed", kinds[event->kind]);
	json_string(out, event->program);
	fprintf(out, ",\"pid\":%d,\"call\":\"%s\",\"error\":\"%s\"",
		(int)event->pid, event->call, error_name(event->error));
	put_json_paths(out, event);
	if (event->is_denied) {
		fprintf(out, ",\"layer\":%u,\"layers\":%u", event->layer,
			event->n_layers);
		put_bool(out, "own_sandbox", event->is_own);
	}
	if (event->kind == EVENT_FILES || event->kind == EVENT_MOVE)
		put_json_needs(out, event);
	else
		put_json_other(out, event);
	if (event->kind == EVENT_MOVE)
		put_rights_member(out, "gained", event->gained);
	fputs("}\n", out);
}
