/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Where a path leads, name by name, and which directories are above it. All
 * is opened as O_PATH: nothing is read, nothing blocks, no sandbox denies it.
 */
#include "trail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LINKS 40 /* the kernel's own */

/* A path that is being walked; @rest is in @text, which links replace */
struct walk {
	const struct llki_trail_from *from;
	char *text;
	const char *rest;
	int dir; /* where @rest begins: a descriptor of ours */
	int n_links;
	bool is_absolute; /* the last link's text */
	char name[NAME_MAX + 1];
};

static bool is_same(const struct llki_sys_identity *a,
		    const struct llki_sys_identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->mount == b->mount;
}

void llki_trail_free(struct llki_trail *trail)
{
	struct llki_trail *above;

	for (; trail; trail = above) {
		above = trail->above;
		free(trail);
	}
}

/*
 * What is behind @fd, the directory above @below. NULL where it can't be told,
 * with *ret_error; and, with 0, where it is @below itself: the root
 */
static struct llki_trail *new_step(const struct llki_trail *below, int fd,
				   int *ret_error)
{
	struct llki_trail *step = calloc(1, sizeof(*step));

	*ret_error = step ? llki_sys_identify(fd, &step->file) : -ENOMEM;
	if (*ret_error || (below && is_same(&below->file, &step->file))) {
		free(step);
		return NULL;
	}

	return step;
}

/* Walk up from @dir by "..", and close it */
static int go_up(int dir, struct llki_trail **ret_trail)
{
	struct llki_trail **end = ret_trail, *step;
	const struct llki_trail *below = NULL;
	int above, r;

	for (;;) {
		step = new_step(below, dir, &r);
		if (!step)
			break;
		*end = step;
		end = &step->above;
		below = step;
		above = llki_sys_open_dir(dir, "..");
		llki_sys_close(dir);
		if (above < 0)
			return above;
		dir = above;
	}
	llki_sys_close(dir);

	return r;
}

/* Replace the directory of the walk */
static int enter_dir(struct walk *w, int fd)
{
	if (fd < 0)
		return fd;

	if (w->dir >= 0)
		llki_sys_close(w->dir);
	w->dir = fd;

	return 0;
}

static int enter_root(struct walk *w)
{
	int root = w->from->root;

	return enter_dir(w, root < 0 ? llki_sys_open_dir(LLKI_SYS_CWD, "/")
				     : llki_sys_open_dir(root, "."));
}

static int enter_start(struct walk *w)
{
	int dir = w->from->dir;

	if (*w->rest == '/')
		return enter_root(w);

	return enter_dir(w,
			 llki_sys_open_dir(dir < 0 ? LLKI_SYS_CWD : dir, "."));
}

/* Another process's root ends its walks, which the kernel can't know here */
static int is_foreign_root(const struct walk *w)
{
	struct llki_sys_identity root, dir;
	int r;

	if (w->from->root < 0)
		return 0;

	r = llki_sys_identify(w->from->root, &root);
	if (r == 0)
		r = llki_sys_identify(w->dir, &dir);

	return r ? r : is_same(&root, &dir);
}

static int enter_above(struct walk *w)
{
	int r = is_foreign_root(w);

	return r ? (r < 0 ? r : 0)
		 : enter_dir(w, llki_sys_open_dir(w->dir, ".."));
}

/* Another process's /proc/self, which the kernel gives as our own */
static int own_link(const struct walk *w, char *text, int n)
{
	const char *own = !strcmp(w->name, "self") ? w->from->self
			  : !strcmp(w->name, "thread-self")
				  ? w->from->thread_self
				  : NULL;
	size_t len = own ? strlen(own) : 0;

	if (!len || *text < '1' || *text > '9')
		return n;
	memcpy(text, own, len + 1);

	return (int)len;
}

/* Go where the link behind @fd leads; the rest of the path comes after it */
static int enter_link(struct walk *w, int fd)
{
	size_t rest = strlen(w->rest);
	char *text = malloc(PATH_MAX + rest + 1);
	int n;

	if (!text)
		return -ENOMEM;

	n = llki_sys_read_link(fd, text, PATH_MAX);
	if (n <= 0 || ++w->n_links > MAX_LINKS) {
		free(text);
		return n < 0 ? n : n ? -ELOOP : -ENOENT;
	}
	n = own_link(w, text, n);
	memcpy(text + n, w->rest, rest + 1);
	free(w->text);
	w->text = text;
	w->rest = text;
	w->is_absolute = *text == '/';

	return w->is_absolute ? enter_root(w) : 0;
}

/* Take the next name into w->name: 1, 0 at the end, -ENAMETOOLONG */
static int next_name(struct walk *w)
{
	size_t n;

	w->rest += strspn(w->rest, "/");
	n = strcspn(w->rest, "/");
	if (n > NAME_MAX)
		return -ENAMETOOLONG;

	memcpy(w->name, w->rest, n);
	w->name[n] = '\0';
	w->rest += n;

	return n > 0;
}

static bool is_at_end(const struct walk *w)
{
	return !w->rest[strspn(w->rest, "/")];
}

/* The last name of the path, or one that has to be a directory */
static int see_file(struct walk *w, int *fd,
		    const struct llki_sys_identity *file, bool follows)
{
	if (S_ISLNK(file->kind) && (follows || *w->rest))
		return enter_link(w, *fd);
	if (*w->rest && !S_ISDIR(file->kind))
		return -ENOTDIR;
	if (is_at_end(w))
		return 1;

	enter_dir(w, *fd);
	*fd = -1;

	return 0;
}

/* Go on by one name: 1 when it was the last, and *ret_file is what it is */
static int step_on(struct walk *w, bool follows,
		   struct llki_sys_identity *ret_file)
{
	int fd, r;

	if (!strcmp(w->name, "."))
		return 0;
	if (!strcmp(w->name, ".."))
		return enter_above(w);

	fd = llki_sys_open_at(w->dir, w->name);
	if (fd == -ENOENT && is_at_end(w))
		return 1;
	if (fd < 0)
		return fd;

	r = llki_sys_identify(fd, ret_file);
	if (r == 0)
		r = see_file(w, &fd, ret_file, follows);
	if (fd >= 0)
		llki_sys_close(fd);

	return r;
}

/* To the end of the path; where it ends without a name, it is a directory */
static int walk_on(struct walk *w, bool follows,
		   struct llki_sys_identity *ret_file)
{
	static const struct llki_sys_identity missing = { 0 };
	int r;

	do {
		r = next_name(w);
		if (r <= 0)
			return r < 0 ? r : llki_sys_identify(w->dir, ret_file);
		*ret_file = missing;
		r = step_on(w, follows, ret_file);
	} while (r == 0);

	return r < 0 ? r : 0;
}

/* What a link of /proc leads to that is on no file system: a pipe, a socket,
   an eventfd; a FIFO that was deleted has a path still */
static bool has_no_place(const struct walk *w,
			 const struct llki_sys_identity *file)
{
	return !w->is_absolute && (S_ISFIFO(file->kind) ||
				   S_ISSOCK(file->kind) || file->kind == 1);
}

/*
 * A link of /proc leads to a file, whatever its text says: see where the kernel
 * arrives. A file other than the one found, deleted or on another process's
 * mounts, is at a place that can't be told.
 */
static int see_links_end(const struct walk *w, const char *path,
			 struct llki_trail_place *place)
{
	struct llki_sys_identity file;
	int fd = llki_sys_open_path(path), r;

	if (fd == -ENOENT && !place->file.kind)
		return 0;
	if (fd < 0)
		return fd;

	r = llki_sys_identify(fd, &file);
	llki_sys_close(fd);
	if (r < 0 || is_same(&file, &place->file))
		return r;
	place->is_nameless = !place->file.kind && has_no_place(w, &file);

	return place->is_nameless ? 0 : -ENOENT;
}

static int keep_end(const struct walk *w, int dir)
{
	struct llki_trail_end *end = w->from->end;

	if (!end)
		return 0;

	memcpy(end->name, w->name, sizeof(end->name));
	end->dir = llki_sys_dup(dir);
	if (end->dir < 0)
		llki_sys_close(dir);

	return end->dir < 0 ? end->dir : 0;
}

static int end_walk(struct walk *w, const char *path, bool follows,
		    struct llki_trail_place *place)
{
	bool is_own = w->from->root < 0 && w->from->dir < 0;
	int dir = w->dir, r;

	if (follows && w->n_links && is_own) {
		r = see_links_end(w, path, place);
		if (r < 0 || place->is_nameless)
			return r;
	}
	w->dir = -1;
	r = keep_end(w, dir);

	return r ? r : go_up(dir, &place->dir);
}

static int find_place(struct walk *w, const char *path, bool follows,
		      struct llki_trail_place *place)
{
	int r = enter_start(w);

	if (r == 0)
		r = walk_on(w, follows, &place->file);
	if (r == 0)
		r = end_walk(w, path, follows, place);
	if (w->dir >= 0)
		llki_sys_close(w->dir);
	if (r < 0)
		llki_trail_free(place->dir);

	return r;
}

int llki_trail_find(const struct llki_trail_from *from, const char *path,
		    bool follows, struct llki_trail_place *ret_place)
{
	struct llki_trail_place place = { 0 };
	struct walk w = { .from = from, .rest = path, .dir = -1 };
	int r = *path ? -ENAMETOOLONG : -ENOENT;

	if (*path && strlen(path) < PATH_MAX)
		r = find_place(&w, path, follows, &place);
	free(w.text);
	if (r < 0)
		return r;
	*ret_place = place;

	return 0;
}
