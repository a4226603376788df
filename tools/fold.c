/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Needs of single files are folded into rules of directories, as far as one
 * would have written them: what is installed together, and four of a kind.
 */
#include "fold.h"

#include "observe.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIBLINGS 4 /* of a kind, for which their directory stands */
#define READING (LLK_FS_READ_FILE | LLK_FS_READ_DIR | LLK_FS_EXECUTE)
#define OF_FILES                                                 \
	(LLK_FS_EXECUTE | LLK_FS_WRITE_FILE | LLK_FS_READ_FILE | \
	 LLK_FS_TRUNCATE | LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX)

/* Rules in the making */
struct rules {
	struct folded *all;
	size_t n;
	const struct policy_needs *needs;
};

/*
 * Paths
 */

static bool is_beneath(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return len == 1 ||
	       (!strncmp(path, dir, len) && (!path[len] || path[len] == '/'));
}

/* Rules point into them */
static void keep_text(char *text)
{
	static char **kept;
	static size_t n_kept;

	kept = grow(kept, n_kept, sizeof(*kept));
	kept[n_kept++] = text;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash && slash != path ? (size_t)(slash - path) : 1;
	char *parent = strndup(path, len);

	if (!parent)
		die(EXIT_FAILED, NULL, NULL, "out of memory");

	return parent;
}

/* "/home/me" and ".ssh": "/home/me/.ssh", for all the programs' secrets */
static bool is_in_home(const char *path, const char *home, const char *name)
{
	size_t len = home ? strlen(home) : 0;

	return len > 1 && is_beneath(path, home) && path[len] == '/' &&
	       !strcmp(path + len + 1, name);
}

/* Where things of no one kind lie, that a rule must not give away */
static bool is_mixed(const struct policy_needs *needs, const char *path)
{
	static const char *const dirs[] = {
		"/",	  "/etc",  "/home", "/root",	"/var",	   "/run",
		"/dev",	  "/proc", "/sys",  "/tmp",	"/opt",	   "/mnt",
		"/media", "/srv",  "/boot", "/var/tmp", "/dev/shm"
	};
	const char *home = needs->home;
	const char *last = strrchr(path, '/');

	for (size_t i = 0; i < COUNT(dirs); i++)
		if (!strcmp(path, dirs[i]))
			return true;
	if (!strncmp(path, "/home/", 6) && last == path + 5)
		return true;

	return (home && !strcmp(path, home)) ||
	       is_in_home(path, home, ".ssh") ||
	       is_in_home(path, home, ".gnupg") ||
	       is_in_home(path, home, ".config");
}

/* What is installed as one: the system's programs and libraries */
static const char *root_of(const char *path)
{
	static const char *const roots[] = {
		"/usr",	  "/bin",   "/sbin",	  "/lib",
		"/lib32", "/lib64", "/nix/store", "/gnu/store",
	};

	for (size_t i = 0; i < COUNT(roots); i++)
		if (is_beneath(path, roots[i]))
			return roots[i];

	return NULL;
}

/*
 * Rules
 */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct folded *)a)->path,
		      ((const struct folded *)b)->path);
}

static void add(struct rules *rules, uint64_t rights, const char *path,
		bool is_dir)
{
	if (!rights)
		return;

	for (size_t i = 0; i < rules->n; i++)
		if (!strcmp(rules->all[i].path, path)) {
			rules->all[i].rights |= rights;
			rules->all[i].is_dir |= is_dir;
			return;
		}
	rules->all = grow(rules->all, rules->n, sizeof(*rules->all));
	rules->all[rules->n++] = (struct folded){ rights, path, is_dir };
}

uint64_t fold_granted(const struct folded *rules, size_t n, const char *path)
{
	uint64_t rights = 0;

	for (size_t i = 0; i < n; i++)
		if (is_beneath(path, rules[i].path))
			rights |= rules[i].rights;

	return rights;
}

/* What a rule above it grants already */
static uint64_t granted_above(const struct rules *rules, size_t which)
{
	struct folded without = rules->all[which];
	uint64_t rights;

	rules->all[which].rights = 0;
	rights = fold_granted(rules->all, rules->n, without.path);
	rules->all[which].rights = without.rights;

	return rights;
}

static void drop_empty(struct rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		if (rules->all[i].rights)
			rules->all[n++] = rules->all[i];
	rules->n = n;
}

static void drop_covered(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		if (!(rules->all[i].rights & ~granted_above(rules, i)))
			rules->all[i].rights = 0;
	drop_empty(rules);
}

/*
 * Folding
 */

/* A process of /proc and a terminal have another number in the next run, and a
   file in a $TMPDIR of its own another name */
static const char *lasting_place(const struct policy_needs *needs,
				 const char *path)
{
	static const char terminals[] = "/dev/pts";

	if (is_beneath(path, terminals))
		return terminals;
	if (needs->tmp && !is_mixed(needs, needs->tmp) &&
	    is_beneath(path, needs->tmp))
		return needs->tmp;

	return lasting_path(path);
}

static void add_need(struct rules *rules, const struct folded *need,
		     bool is_tight)
{
	struct folded rule = *need;
	const char *root;

	rule.path = lasting_place(rules->needs, need->path);
	/* In the next run the file is there before it is written */
	if (rule.rights & LLK_FS_MAKE_REG && rule.rights & LLK_FS_WRITE_FILE)
		rule.rights |= LLK_FS_TRUNCATE;
	rule.is_dir |= rule.path != need->path;
	root = is_tight ? NULL : root_of(rule.path);

	if (root) {
		add(rules, rule.rights & READING, root, true);
		rule.rights &= ~READING;
	}
	add(rules, rule.rights, rule.path, rule.is_dir);
}

/* All that its option grants; a directory of mixed things as it was needed */
static void widen(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct folded *rule = &rules->all[i];

		if (!rule->is_dir)
			rule->rights = option_rights(rule->rights) & OF_FILES;
		else if (!is_mixed(rules->needs, rule->path))
			rule->rights = option_rights(rule->rights);
	}
}

static bool is_sibling(const struct folded *a, const char *parent,
		       uint64_t rights)
{
	size_t len = strlen(parent);
	bool is_child = len > 1 && is_beneath(a->path, parent) &&
			a->path[len] == '/' && !strchr(a->path + len + 1, '/');

	return is_child && a->rights &&
	       option_for(a->rights) == option_for(rights);
}

static size_t count_siblings(const struct rules *rules, const char *parent,
			     uint64_t rights)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += is_sibling(&rules->all[i], parent, rights);

	return n;
}

/* Their directory, if it may stand for rule @which and others of its kind */
static bool fold_siblings(struct rules *rules, size_t which)
{
	uint64_t rights = rules->all[which].rights;
	char *parent = parent_of(rules->all[which].path);

	if (!option_for(rights) || is_mixed(rules->needs, parent) ||
	    count_siblings(rules, parent, rights) < SIBLINGS) {
		free(parent);
		return false;
	}
	keep_text(parent);
	for (size_t i = 0; i < rules->n; i++)
		if (is_sibling(&rules->all[i], parent, rights))
			rules->all[i].rights = 0;
	add(rules, option_rights(rights), parent, true);

	return true;
}

/* Until nothing changes, since a directory may be one of four itself */
static void fold_all_siblings(struct rules *rules)
{
	bool is_changed;

	do {
		is_changed = false;
		for (size_t i = 0; i < rules->n; i++)
			is_changed |=
				rules->all[i].rights && fold_siblings(rules, i);
		drop_covered(rules);
	} while (is_changed);
}

/* What the moved file would gain where it comes to, it must have before */
static uint64_t gained(const struct policy_needs *needs,
		       const struct folded_move *move,
		       const struct folded *rules, size_t n)
{
	const char *from = lasting_place(needs, move->from);
	const char *to = lasting_place(needs, move->to);
	uint64_t counted = move->is_dir ? LLK_FS : OF_FILES;

	return fold_granted(rules, n, to) & ~fold_granted(rules, n, from) &
	       counted;
}

/* Until nothing changes, since one move makes room for another */
static void level_moves(struct rules *rules)
{
	const struct policy_needs *needs = rules->needs;
	bool is_changed;

	do {
		is_changed = false;
		for (size_t i = 0; i < needs->n_moves; i++) {
			const struct folded_move *move = &needs->moves[i];
			uint64_t rights =
				gained(needs, move, rules->all, rules->n);

			add(rules, rights, lasting_place(needs, move->from),
			    true);
			is_changed |= rights != 0;
		}
	} while (is_changed);
}

/* Whether a need or a move is lost without what is granted beneath @path */
static bool is_needed(const struct rules *rules, const char *path)
{
	const struct policy_needs *needs = rules->needs;

	for (size_t i = 0; i < needs->n; i++) {
		const struct folded *need = &needs->all[i];
		const char *place = lasting_place(needs, need->path);

		if (is_beneath(place, path) &&
		    need->rights & ~fold_granted(rules->all, rules->n, place))
			return true;
	}
	for (size_t i = 0; i < needs->n_moves; i++)
		if (is_beneath(lasting_place(needs, needs->moves[i].from),
			       path) &&
		    gained(needs, &needs->moves[i], rules->all, rules->n))
			return true;

	return false;
}

/* The widest first */
static void drop_needless(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		uint64_t rights = rules->all[i].rights;

		rules->all[i].rights = 0;
		if (is_needed(rules, rules->all[i].path))
			rules->all[i].rights = rights;
	}
	drop_empty(rules);
}

struct folded *fold(const struct policy_needs *needs, bool is_tight,
		    size_t *ret_n)
{
	struct rules rules = { .needs = needs };

	for (size_t i = 0; i < needs->n; i++)
		add_need(&rules, &needs->all[i], is_tight);
	drop_covered(&rules);
	if (!is_tight) {
		widen(&rules);
		drop_covered(&rules);
		fold_all_siblings(&rules);
	}
	level_moves(&rules);
	if (rules.n)
		qsort(rules.all, rules.n, sizeof(*rules.all), compare_paths);
	drop_needless(&rules);
	*ret_n = rules.n;

	return rules.all;
}

/*
 * Replay
 */

struct folded fold_replay(const struct policy_needs *needs,
			  const struct folded *rules, size_t n)
{
	for (size_t i = 0; i < needs->n; i++) {
		const struct folded *need = &needs->all[i];
		const char *path = lasting_place(needs, need->path);
		uint64_t lacks = need->rights & ~fold_granted(rules, n, path);

		if (lacks)
			return (struct folded){ lacks, need->path,
						need->is_dir };
	}
	for (size_t i = 0; i < needs->n_moves; i++) {
		const struct folded_move *move = &needs->moves[i];
		uint64_t rights = gained(needs, move, rules, n);

		if (rights)
			return (struct folded){ rights, move->from, true };
	}

	return (struct folded){ 0 };
}
