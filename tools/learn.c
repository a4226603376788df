/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --learn: what the run needed beyond the options that were given, as options.
 */
#include "fold.h"
#include "tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was needed so far */
static struct {
	void *files; /* struct folded, a tree of tsearch(3) */
	void *moves; /* struct folded_move, likewise */
	void *ports; /* struct folded, its path a number */
	uint64_t scopes;
	unsigned int n_unread, n_mounts, n_traces;
	bool is_told;
} needed;

/*
 * What the run does
 */

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct folded *)a)->path,
		      ((const struct folded *)b)->path);
}

static int compare_moves(const void *a, const void *b)
{
	const struct folded_move *x = a, *y = b;
	int r = strcmp(x->from, y->from);

	r = r ? r : strcmp(x->to, y->to);

	return r ? r : x->is_dir - y->is_dir;
}

static void *keep(void **tree, const void *entry, size_t size,
		  int (*compare)(const void *, const void *))
{
	void *copy = grow(NULL, 0, size);
	void **known;

	memcpy(copy, entry, size);
	known = tsearch(copy, tree, compare);
	if (!known)
		die(EXIT_FAILED, NULL, NULL, "out of memory");
	if (*known != copy)
		free(copy);
	else
		needed.is_told = false;

	return *known;
}

/* The directory that was there before the run made what is beneath it */
static char *found_before(const struct need *need)
{
	char *path = strdup(need->path);

	for (unsigned int n = need->n_made; path && n && *path; n--)
		*(strrchr(path, '/') ? strrchr(path, '/') : path) = '\0';
	if (path && !*path) {
		free(path);
		path = strdup("/");
	}
	if (!path)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

	return path;
}

static void keep_file(const struct need *need, uint64_t rights)
{
	struct folded entry = { .is_dir = need->n_made ||
					  S_ISDIR(need->file.kind) };
	struct folded *kept;
	char *path;

	if (!need->path || !rights)
		return;

	path = found_before(need);
	entry.path = path;
	kept = keep(&needed.files, &entry, sizeof(entry), compare_files);
	if (rights & ~kept->rights)
		needed.is_told = false;
	kept->rights |= rights;
	if (kept->path != path)
		free(path);
}

static void keep_move(const struct need *moved, const struct need *from,
		      const struct need *to)
{
	struct folded_move entry = { .is_dir = S_ISDIR(moved->file.kind) };
	const struct folded_move *kept = NULL;
	char *from_path, *to_path;

	if (!from->path || !to->path)
		return;

	entry.from = from_path = found_before(from);
	entry.to = to_path = found_before(to);
	if (strcmp(from_path, to_path) != 0)
		kept = keep(&needed.moves, &entry, sizeof(entry),
			    compare_moves);
	if (!kept || kept->from != from_path) {
		free(from_path);
		free(to_path);
	}
}

static void keep_moves(const struct event *event)
{
	const struct need *needs = event->needs;

	if (event->kind != EVENT_MOVE || event->n_needs < 2)
		return;
	keep_move(&event->moved[0], &needs[0], &needs[1]);
	if (event->move == LLKI_CHECK_EXCHANGE)
		keep_move(&event->moved[1], &needs[1], &needs[0]);
}

static void keep_port(const struct event *event)
{
	struct folded entry = { 0 }, *kept;
	char *port = NULL;

	if (!event->missing)
		return;
	if (asprintf(&port, "%u", event->port) < 0)
		die(EXIT_FAILED, NULL, NULL, "out of memory");
	entry.path = port;
	kept = keep(&needed.ports, &entry, sizeof(entry), compare_files);
	if (event->missing & ~kept->rights)
		needed.is_told = false;
	kept->rights |= event->missing;
	if (kept->path != port)
		free(port);
}

/* What worked, and layer 1 would deny: the policy that was given. What failed
   like a denial fails without a sandbox of ours. */
static void tell_learn(const struct request *req, const struct event *event)
{
	bool failed = event->error == EACCES || event->error == EPERM ||
		      event->error == EXDEV;

	(void)req;
	needed.n_unread += event->kind == EVENT_UNREADABLE;
	if (failed)
		return;
	keep_moves(event);
	if (event->layer != 1)
		return;

	if (event->kind == EVENT_PTRACE) {
		needed.n_traces++; /* whatever options of files it has */
		return;
	}
	for (size_t i = 0; i < event->n_needs; i++)
		keep_file(&event->needs[i],
			  event->needs[i].missing | event->gained);
	if (event->kind == EVENT_PORT)
		keep_port(event);
	if (event->kind == EVENT_SIGNAL || event->kind == EVENT_SOCKET)
		needed.scopes |= event->missing;
	needed.n_mounts += event->kind == EVENT_MOUNT;
}

/*
 * The policy
 */

static struct policy_needs flat;

static void flatten_file(const void *node, VISIT visit, int depth)
{
	const struct folded *const *entry = node;

	if (visit != postorder && visit != leaf)
		return;
	if (!(*entry)->rights)
		return;
	flat.all = grow(flat.all, flat.n, sizeof(*flat.all));
	flat.all[flat.n++] = **entry;
}

static void flatten_move(const void *node, VISIT visit, int depth)
{
	const struct folded_move *const *entry = node;

	if (visit != postorder && visit != leaf)
		return;
	flat.moves = grow(flat.moves, flat.n_moves, sizeof(*flat.moves));
	flat.moves[flat.n_moves++] = **entry;
}

/* Where it is a directory for each run, its files have other names */
static const char *temporary(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp == '/' ? realpath(tmp, NULL) : NULL;
}

static void flatten(void)
{
	const char *home = getenv("HOME");

	flat = (struct policy_needs){ .tmp = temporary() };
	flat.home = home && *home == '/' ? realpath(home, NULL) : NULL;
	twalk(needed.files, flatten_file);
	twalk(needed.moves, flatten_move);
}

/*
 * Options: for the shell one reads them, from a file landlock-run does
 */

struct output {
	FILE *out;
	bool is_file;
	unsigned int n;
};

static bool fits_a_line(const char *value)
{
	return !strchr(value, '\n');
}

static void put_option(struct output *o, const char *option, const char *value)
{
	o->n++;
	if (o->is_file && value && !fits_a_line(value)) {
		fprintf(o->out, "# has no place in a file: --%s ", option);
		say_word(o->out, value);
		say("--%s ", option);
		say_quoted(stderr, value);
		fputs(" has no place in a file: a line ends in it\n", stderr);
	} else {
		bool is_odd = value && (!*value || strchr(" \t", *value));

		fprintf(o->out, "--%s%s", option,
			!value	 ? ""
			: is_odd ? "="
				 : " ");
		if (value && o->is_file)
			fputs(value, o->out);
		else if (value)
			say_word(o->out, value);
	}
	putc('\n', o->out);
}

/* An option that grants just this on such a file, or --allow */
static void put_rights(struct output *o, uint64_t rights,
		       const struct folded *rule)
{
	const uint64_t of_directories =
		LLK_FS &
		~(LLK_FS_EXECUTE | LLK_FS_WRITE_FILE | LLK_FS_READ_FILE |
		  LLK_FS_TRUNCATE | LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX);
	uint64_t granted = option_rights(rights);
	char list[512], *value = NULL;

	if (!rule->is_dir)
		granted &= ~of_directories;
	if (granted == rights && option_for(rights)) {
		put_option(o, option_for(rights), rule->path);
		return;
	}
	llk_rights_format(rights, list, sizeof(list));
	if (asprintf(&value, "%s:%s", list, rule->path) < 0)
		die(EXIT_FAILED, NULL, NULL, "out of memory");
	put_option(o, "allow", value);
	free(value);
}

static void put_rule(struct output *o, const struct folded *rule)
{
	const uint64_t apart = LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX;

	if (rule->rights & ~apart)
		put_rights(o, rule->rights & ~apart, rule);
	if (rule->rights & LLK_FS_IOCTL_DEV)
		put_rights(o, LLK_FS_IOCTL_DEV, rule);
	if (rule->rights & LLK_FS_RESOLVE_UNIX)
		put_rights(o, LLK_FS_RESOLVE_UNIX, rule);
}

static struct output *port_output;

static void put_port(const void *node, VISIT visit, int depth)
{
	const struct folded *const *entry = node;

	if (visit != postorder && visit != leaf)
		return;
	for (uint64_t bit = LLK_NET_BIND_TCP; bit & LLK_NET; bit <<= 1)
		if ((*entry)->rights & bit)
			put_option(port_output, option_for(bit),
				   (*entry)->path);
}

/* The policy as its next run will have it */
static struct llk_ruleset *build_learned(const struct request *req,
					 const struct folded *rules, size_t n)
{
	struct request whole = *req;

	whole.wants |= WANT_IGNORE_MISSING;
	whole.grants = (struct grants){ 0 };
	for (size_t i = 0; i < req->grants.n; i++)
		add_grant(&whole.grants, &req->grants.all[i]);
	for (size_t i = 0; i < n; i++)
		add_grant(&whole.grants,
			  &(struct grant){
				  .kind = GRANT_PATH,
				  .option = "learn",
				  .rights = rules[i].rights | LLK_PRESET,
				  .path = rules[i].path,
				  .may_lack = true,
			  });

	return policy_build(&whole);
}

/* The first need that the model denies under the whole policy. What is gone by
   now can't be asked. */
static struct folded find_denied(struct llk_ruleset *rs)
{
	struct llki_check_view view = { observation.query,
					{ .root = -1, .dir = -1 },
					observation.errata };
	struct folded lost = { 0 };

	for (size_t i = 0; i < flat.n && !lost.path; i++) {
		uint64_t missing = 0;

		if (llki_check_path(rs, &view, flat.all[i].rights | LLK_PRESET,
				    flat.all[i].path, &missing) == 0 &&
		    missing)
			lost = (struct folded){ missing, flat.all[i].path,
						flat.all[i].is_dir };
	}

	return lost;
}

/* Replayed by their texts, moves too, and through the library's model */
static void tell_uncovered(const struct request *req,
			   const struct folded *rules, size_t n)
{
	struct folded lost = fold_replay(&flat, rules, n);
	struct llk_ruleset *rs = NULL;
	char list[512];

	if (!lost.path) {
		rs = build_learned(req, rules, n);
		lost = find_denied(rs);
	}
	if (lost.path) {
		llk_rights_format(lost.rights, list, sizeof(list));
		say("a bug of landlock-run: what was learned does not cover %s "
		    "on ",
		    list);
		say_quoted(stderr, lost.path);
		putc('\n', stderr);
	}
	llk_ruleset_free(rs);
}

static void put_learned(const struct request *req, struct output *o)
{
	struct folded *rules;
	size_t n;

	flatten();
	rules = fold(&flat, req->wants & WANT_TIGHT, &n);
	tell_uncovered(req, rules, n);
	for (size_t i = 0; i < n; i++)
		put_rule(o, &rules[i]);
	port_output = o;
	twalk(needed.ports, put_port);
	port_output = NULL;
	if (needed.scopes)
		put_option(o, "unrestricted-scoped", NULL);
	free(rules);
	free(flat.all);
	free(flat.moves);
	free((char *)flat.tmp);
	free((char *)flat.home);
}

/* What no option below --unrestricted-filesystem allows, or none at all */
static void tell_unlearned(void)
{
	if (needed.n_mounts)
		say("it mounted (%u times), which --unrestricted-filesystem "
		    "alone allows\n",
		    needed.n_mounts);
	if (needed.n_traces)
		say("it traced processes outside, or looked into them (%u "
		    "times), which no option allows\n",
		    needed.n_traces);
	if (needed.n_unread)
		say("%u calls not readable: of programs that can't be looked "
		    "into\n",
		    needed.n_unread);
}

/*
 * The file: whole, or as it was
 */

static void put_given(const struct request *req, struct output *o)
{
	for (size_t i = 0; i < req->n_given; i++)
		put_option(o, req->given[i].option, req->given[i].value);
}

static void put_file(const struct request *req, struct output *o)
{
	fputs("# by landlock-run --learn, from: ", o->out);
	for (char **word = req->command; *word; word++) {
		say_word(o->out, *word);
		putc(word[1] ? ' ' : '\n', o->out);
	}
	put_given(req, o);
	fputs("# learned\n", o->out);
	o->n = 0;
	put_learned(req, o);
}

static int write_to(const struct request *req, int fd, unsigned int *ret_n)
{
	struct output o = { .out = fdopen(fd, "w"), .is_file = true };
	int r;

	if (!o.out) {
		close(fd);
		return -errno;
	}
	put_file(req, &o);
	r = fflush(o.out) || ferror(o.out) || fsync(fd) < 0 ? -errno : 0;
	if (fclose(o.out) && !r)
		r = -errno;
	*ret_n = o.n;

	return r;
}

static void write_file(const struct request *req)
{
	char *name = NULL;
	unsigned int n = 0;
	int fd, r;

	if (asprintf(&name, "%s.XXXXXX", req->learned) < 0)
		die(EXIT_FAILED, NULL, NULL, "out of memory");
	fd = mkostemp(name, O_CLOEXEC);
	r = fd < 0 ? -errno : write_to(req, fd, &n);
	if (!r && rename(name, req->learned) < 0)
		r = -errno;
	if (r && fd >= 0)
		unlink(name);
	free(name);
	if (r)
		say("--learn: the file can't be written: %s\n", strerror(-r));
	else
		say("%u options learned; run it with @%s\n", n, req->learned);
}

static void end_learn(const struct request *req)
{
	struct output o = { .out = stderr };

	if (needed.is_told)
		return;
	needed.is_told = true;
	if (req->learned) {
		write_file(req);
	} else {
		put_learned(req, &o);
		if (!o.n)
			say("no option was needed beyond those given\n");
	}
	tell_unlearned();
}

const struct observer learn_observer = {
	.sees_all = true,
	.tell = tell_learn,
	.end = end_learn,
};

/* Better now than after a long run */
static void check_place(const char *file)
{
	char *copy = strdup(file);
	struct stat st;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		die(EXIT_FAILED, "learn", file, "not a regular file");
	if (!copy || access(dirname(copy), W_OK | X_OK) < 0)
		die(EXIT_FAILED, "learn", file,
		    "its directory can't be written: %s", strerror(errno));
	free(copy);
}

void learn_begin(const struct request *req)
{
	if (req->learned)
		check_place(req->learned);
	observe_begin(req, &learn_observer);
}
