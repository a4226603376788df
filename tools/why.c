/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --why: at the end of the run one line for each distinct denial, with the
 * option that allows it; and for what failed likewise, but not by a sandbox.
 */
#include "observe.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Which option grants it
 */

#define READING (LLK_FS_READ_FILE | LLK_FS_READ_DIR)
#define EVERYTHING (LLK_RW_DIRS | LLK_FS_REFER)

/* The first that grants all: from the narrowest to the widest */
static const struct {
	uint64_t rights;
	const char *option;
} options[] = {
	{ READING, "ro" },
	{ READING | LLK_FS_EXECUTE, "rox" },
	{ LLK_FS_IOCTL_DEV, "ioctl" },
	{ LLK_FS_RESOLVE_UNIX, "unix" },
	{ LLK_FS_REFER, "refer" },
	{ EVERYTHING & ~LLK_FS_EXECUTE & ~LLK_PRESET, "rw" },
	{ EVERYTHING & ~LLK_PRESET, "rwx" },
	{ LLK_NET_BIND_TCP, "bind-tcp" },
	{ LLK_NET_CONNECT_TCP, "connect-tcp" },
	{ LLK_NET_BIND_UDP, "bind-udp" },
	{ LLK_NET_CONNECT_SEND_UDP, "connect-udp" },
};

uint64_t option_rights(uint64_t rights)
{
	const uint64_t apart = LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX;
	uint64_t rest = rights & ~apart;

	for (size_t i = 0; rest && i < sizeof(options) / sizeof(options[0]);
	     i++)
		if (!(rest & ~options[i].rights))
			return options[i].rights | (rights & apart);

	return rights;
}

const char *option_for(uint64_t rights)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!(rights & ~options[i].rights))
			return options[i].option;

	return NULL;
}

/* A process of /proc is another one in the next run */
const char *lasting_path(const char *path)
{
	const char *rest;

	return proc_process(path, &rest) ? "/proc" : path;
}

void put_option_for_path(FILE *out, uint64_t rights, const char *path)
{
	const char *option = option_for(rights);
	char list[512];

	if (option) {
		fprintf(out, "--%s ", option);
		say_word(out, lasting_path(path));
		return;
	}
	llk_rights_format(rights, list, sizeof(list));
	fprintf(out, "--allow %s:", list);
	say_word(out, lasting_path(path));
}

void put_option_for_port(FILE *out, uint64_t rights, unsigned int port)
{
	fprintf(out, "--%s %u", option_for(rights), port);
}

static void put_rights(FILE *out, uint64_t rights)
{
	char list[512];

	llk_rights_format(rights, list, sizeof(list));
	fputs(list, out);
}

/*
 * The parts of a line
 */

/* A process's own place in /proc has one name for all, in memory of its own */
static char *name_of(const struct event *event, const char *path)
{
	const char *rest = path;
	bool is_own = proc_process(path, &rest) == event->pid;
	char *name;

	if (asprintf(&name, "%s%s", is_own ? "/proc/self" : "",
		     is_own ? rest : path) < 0)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

	return name;
}

static void put_path(FILE *out, const struct event *event, const char *path)
{
	char *name = name_of(event, path);

	say_word(out, name);
	free(name);
}

/* Where a right is missing, if that is not what the call has named */
static void put_place(FILE *out, const struct event *event, const char *path)
{
	char *name = name_of(event, path);
	char *given = event->paths[0] ? name_of(event, event->paths[0]) : NULL;

	if (!given || strcmp(given, name) != 0) {
		fputs(" on ", out);
		say_word(out, name);
	}
	free(name);
	free(given);
}

static void put_paths(FILE *out, const struct event *event)
{
	if (event->paths[0]) {
		putc(' ', out);
		put_path(out, event, event->paths[0]);
	}
	if (event->paths[1]) {
		fputs(" to ", out);
		say_word(out, event->paths[1]);
	}
	if (event->kind == EVENT_PORT)
		fprintf(out, " port %u", event->port);
	if ((event->kind == EVENT_SIGNAL || event->kind == EVENT_PTRACE) &&
	    event->target > 0 && !event->paths[0])
		fprintf(out, " process %d", (int)event->target);
}

static void put_head(FILE *out, const struct event *event)
{
	say_word(out, event->program);
	fprintf(out, ": %s", event->call);
	put_paths(out, event);
	fputs(": ", out);
}

/* By a sandbox that the program made itself no option of ours helps */
static void put_own(FILE *out, const struct event *event)
{
	if (event->is_own)
		fprintf(out, " by its own sandbox (layer %u of %u)",
			event->layer, event->n_layers);
}

/*
 * Denials
 */

static void put_need(FILE *out, const struct event *event,
		     const struct need *need)
{
	put_head(out, event);
	fputs("denied ", out);
	put_rights(out, need->missing);
	put_own(out, event);
	put_place(out, event, need->path);
	if (need->is_denied_by_files)
		fputs(" (file permissions deny it too)", out);
	fputs(" -> ", out);
	if (event->is_own) {
		fputs("it needs a rule for ", out);
		say_word(out, lasting_path(need->path));
	} else {
		put_option_for_path(out, need->missing, need->path);
	}
	putc('\n', out);
}

/* Once the file is in the other directory it must not be allowed more */
static void put_gain(FILE *out, const struct event *event)
{
	bool is_dir = S_ISDIR(event->moved[0].file.kind);
	const char *from = event->needs[0].path, *to = event->needs[1].path;

	put_head(out, event);
	fputs("denied refer", out);
	put_own(out, event);
	fprintf(out, ": the %s would gain ", is_dir ? "directory" : "file");
	put_rights(out, event->gained);
	fputs(" by moving from ", out);
	say_word(out, from);
	fputs(" to ", out);
	say_word(out, to);
	fputs(" -> give both the same rights", out);
	if (!event->is_own) {
		fputs(": ", out);
		put_option_for_path(
			out, event->gained | LLK_FS_REFER | LLK_FS_REMOVE_FILE,
			from);
	}
	putc('\n', out);
}

static void put_needs(FILE *out, const struct event *event)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < event->n_needs; i++) {
		missing |= event->needs[i].missing;
		if (event->needs[i].missing)
			put_need(out, event, &event->needs[i]);
	}
	if (missing || event->kind != EVENT_MOVE)
		return;
	if (event->gained) {
		put_gain(out, event);
		return;
	}
	put_head(out, event);
	fputs("denied refer", out);
	put_own(out, event);
	fputs(": this kernel's Landlock lets nothing move or link into another "
	      "directory -> no option allows it\n",
	      out);
}

/* Why, and what helps: of this sandbox, or of one that the program made itself;
   NULL: the option of the port */
static const struct {
	const char *because, *advice, *own_advice;
} reasons[] = {
	[EVENT_PORT] = { "", NULL, "it needs a rule for the port" },
	[EVENT_SIGNAL] = { ": the process is outside of the sandbox",
			   "--unrestricted-scoped",
			   "the program restricts the scope itself" },
	[EVENT_SOCKET] = { ": the socket is outside of the sandbox",
			   "--unrestricted-scoped",
			   "the program restricts the scope itself" },
	[EVENT_PTRACE] = { ": the process is outside of the sandbox",
			   "no option allows it", "no rule allows it" },
	[EVENT_MOUNT] = { ": nothing is mounted where files are restricted",
			  "--unrestricted-filesystem",
			  "the program restricts files itself" },
};

static void put_reason(FILE *out, const struct event *event)
{
	const char *advice = event->is_own ? reasons[event->kind].own_advice
					   : reasons[event->kind].advice;

	put_head(out, event);
	fputs("denied", out);
	if (event->kind == EVENT_PTRACE)
		fputs(" ptrace", out);
	if (event->missing) {
		putc(' ', out);
		put_rights(out, event->missing);
	}
	put_own(out, event);
	fprintf(out, "%s -> ", reasons[event->kind].because);
	if (advice)
		fputs(advice, out);
	else
		put_option_for_port(out, event->missing, event->port);
	putc('\n', out);
}

/*
 * What no sandbox has denied
 */

static const char *other_reason(const struct event *event)
{
	if (event->kind == EVENT_PTRACE && event->is_observed)
		return "--why traces the process itself";
	if (event->error == EXDEV)
		return "different file systems";
	if (event->kind == EVENT_FILES || event->kind == EVENT_MOVE)
		return "file permissions or another policy";

	return "missing privilege or another policy";
}

static void put_other(FILE *out, const struct event *event)
{
	put_head(out, event);
	fprintf(out, "%s, not by this sandbox (%s)\n", strerror(event->error),
		other_reason(event));
}

static void put_event(FILE *out, const struct event *event)
{
	if (!event->is_denied)
		put_other(out, event);
	else if (event->kind == EVENT_FILES || event->kind == EVENT_MOVE)
		put_needs(out, event);
	else
		put_reason(out, event);
}

/*
 * Distinct lines, in the order in which they came
 */

struct line {
	struct line *next;
	char *text;
};

static struct line *lines, **last_line = &lines;
static void *known_texts; /* a tree, of tsearch(3) */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void keep_line(const char *text, size_t len)
{
	char *copy = strndup(text, len);
	char **known = copy ? tsearch(copy, &known_texts, compare_texts) : NULL;
	struct line *line;

	if (!known || *known != copy) {
		free(copy);
		return;
	}
	line = grow(NULL, 0, sizeof(*line));
	*line = (struct line){ .text = copy };
	*last_line = line;
	last_line = &line->next;
}

static void keep_lines(const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = strcspn(text, "\n") + 1;
		keep_line(text, len);
	}
}

/* Calls of programs that can't be read, by name */
struct unread {
	struct unread *next;
	unsigned int n;
	char program[32];
};

static struct unread *unread;

static void count_unread(const struct event *event)
{
	struct unread *u = unread;

	while (u && strcmp(u->program, event->program) != 0)
		u = u->next;
	if (!u) {
		u = grow(NULL, 0, sizeof(*u));
		*u = (struct unread){ .next = unread };
		snprintf(u->program, sizeof(u->program), "%s", event->program);
		unread = u;
	}
	u->n++;
}

static void tell_why(const struct request *req, const struct event *event)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (event->kind == EVENT_UNREADABLE) {
		count_unread(event);
		return;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return;
	if (req->wants & WANT_JSON)
		why_json(out, event);
	else
		put_event(out, event);
	if (fclose(out) == 0)
		keep_lines(text);
	free(text);
}

static void put_unread(bool is_json)
{
	if (is_json) {
		fputs("{\"type\":\"unreadable\",\"program\":", stderr);
		json_string(stderr, unread->program);
		fprintf(stderr, ",\"calls\":%u}\n", unread->n);
		return;
	}
	say_word(stderr, unread->program);
	fprintf(stderr,
		": %u failed call%s not readable (the program can't be "
		"looked into)\n",
		unread->n, unread->n == 1 ? "" : "s");
}

static void end_why(const struct request *req)
{
	struct line *next;

	for (; lines; lines = next) {
		next = lines->next;
		fputs(lines->text, stderr);
		free(lines);
	}
	last_line = &lines;
	for (; unread; unread = unread->next)
		put_unread(req->wants & WANT_JSON);
}

const struct observer why_observer = { .tell = tell_why, .end = end_why };
