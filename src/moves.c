/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The model of renames and links. All layers are asked at once and by the
 * kernel's own steps, since its answer depends on their order.
 */
#include "trail.h"

#include <errno.h>
#include <sys/stat.h>

#define MAX_LAYERS 16
#define WHITEOUT_ERRATUM 0x8 /* number 4 */

/* What each layer denies at a place */
struct masks {
	uint64_t of[MAX_LAYERS];
};

/* One end of a move */
struct end {
	struct llki_trail_place place;
	struct masks dir;  /* denied in the directory, as far as walked */
	struct masks file; /* denied on the file by its own rules alone */
	uint64_t wanted;   /* to be allowed in the directory */
};

struct layers {
	struct llk_ruleset *const *rs;
	struct llki_fit fit[MAX_LAYERS];
	size_t n;
	int errata;
	bool denies_always; /* ABI 1, whatever is granted */
	uint64_t handled;   /* by any of them */
};

static void unmask(const struct layers *ls,
		   const struct llki_sys_identity *file, uint64_t rights,
		   struct masks *masks)
{
	for (size_t i = 0; i < ls->n; i++)
		masks->of[i] &=
			~(rights &
			  llki_check_granted(ls->rs[i], &ls->fit[i], file));
}

static struct masks all_masks(const struct layers *ls)
{
	struct masks masks = { { 0 } };

	/* Refer is denied by a layer of ports too, once another has files; one
	   of which nothing is left is no layer */
	for (size_t i = 0; i < ls->n; i++)
		if (ls->fit[i].handled)
			masks.of[i] =
				(ls->fit[i].handled & LLK_FS) | LLK_FS_REFER;

	return masks;
}

/* What is denied by any layer */
static uint64_t union_of(const struct layers *ls, const struct masks *masks)
{
	uint64_t rights = 0;

	for (size_t i = 0; i < ls->n; i++)
		rights |= masks->of[i];

	return rights;
}

static int fit_layers(struct llk_ruleset *const layers[], int query,
		      struct layers *ls)
{
	int r;

	for (ls->rs = layers; layers[ls->n]; ls->n++) {
		struct llki_fit *fit = &ls->fit[ls->n];

		if (ls->n == MAX_LAYERS - 1 && layers[ls->n + 1])
			return -E2BIG;
		r = llki_check_fit(layers[ls->n], query, fit);
		if (r < 0)
			return r;
		ls->handled |= llki_check_denied(fit) & LLK_FS;
	}
	ls->denies_always = ls->handled & llki_abi_row(query)->implied;

	return 0;
}

uint64_t llki_check_making(const struct llki_sys_identity *file, int errata)
{
	/* Where it is fixed, an overlay's whiteout is no device */
	if (file->is_whiteout && errata > 0 && errata & WHITEOUT_ERRATUM)
		return LLK_FS_MAKE_REG;

	switch (file->kind) {
	case S_IFDIR:
		return LLK_FS_MAKE_DIR;
	case S_IFLNK:
		return LLK_FS_MAKE_SYM;
	case S_IFCHR:
		return LLK_FS_MAKE_CHAR;
	case S_IFBLK:
		return LLK_FS_MAKE_BLOCK;
	case S_IFIFO:
		return LLK_FS_MAKE_FIFO;
	case S_IFSOCK:
		return LLK_FS_MAKE_SOCK;
	default:
		return LLK_FS_MAKE_REG;
	}
}

uint64_t llki_check_removing(const struct llki_sys_identity *file)
{
	if (!file->kind)
		return 0;

	return S_ISDIR(file->kind) ? LLK_FS_REMOVE_DIR : LLK_FS_REMOVE_FILE;
}

static void want(const struct layers *ls, enum llki_check_kind kind,
		 struct end *from, struct end *to)
{
	to->wanted = llki_check_making(&from->place.file, ls->errata);
	if (kind == LLKI_CHECK_EXCHANGE)
		from->wanted = llki_check_making(&to->place.file, ls->errata);
	if (kind == LLKI_CHECK_LINK)
		return;

	from->wanted |= llki_check_removing(&from->place.file);
	to->wanted |= llki_check_removing(&to->place.file);
}

/* The rights that @file would have more in @to than it has in @from */
static uint64_t gain(const struct layers *ls, const struct end *from,
		     const struct end *to)
{
	uint64_t gained = 0;

	for (size_t i = 0; i < ls->n; i++)
		gained |= from->dir.of[i] & from->file.of[i] & ~to->dir.of[i];

	return S_ISDIR(from->place.file.kind) ? gained
					      : gained & LLKI_ABI_FILE_RIGHTS;
}

/* A mount may hold several devices (subvolumes of btrfs); the device is asked
   where the kernel doesn't number mounts */
static bool is_on_mount(const struct llki_sys_identity *a,
			const struct llki_sys_identity *b)
{
	return a->mount == b->mount && (a->mount || a->device == b->device);
}

/* The directories up to and with the root of the mount; what is above it */
static const struct llki_trail *collect(const struct layers *ls,
					struct end *end)
{
	const struct llki_trail *dir = end->place.dir, *root;

	end->dir = all_masks(ls);
	do {
		unmask(ls, &dir->file, LLK_FS, &end->dir);
		root = dir;
		dir = dir->above;
	} while (dir && is_on_mount(&dir->file, &root->file));

	return root;
}

/*
 * From the root of the mount up. The kernel looks for gained rights before it
 * looks at each directory's rules and never after the last, so those of a rule
 * on "/" count on the root mount alone.
 */
static uint64_t compare(const struct layers *ls, enum llki_check_kind kind,
			struct end *from, struct end *to,
			const struct llki_trail *dir)
{
	uint64_t gained = 0;
	bool is_clear = false;

	for (; dir; dir = dir->above) {
		if (!is_clear) {
			gained = gain(ls, from, to);
			if (kind == LLKI_CHECK_EXCHANGE)
				gained |= gain(ls, to, from);
			is_clear = !gained;
		}
		unmask(ls, &dir->file, is_clear ? from->wanted : LLK_FS,
		       &from->dir);
		unmask(ls, &dir->file, is_clear ? to->wanted : LLK_FS,
		       &to->dir);
	}

	return gained;
}

static void judge(const struct layers *ls, struct end *from, struct end *to,
		  uint64_t gained, struct llki_check_verdict *v)
{
	uint64_t left = union_of(ls, &from->dir) | union_of(ls, &to->dir);

	v->missing_from = from->wanted & union_of(ls, &from->dir);
	v->missing_to = to->wanted & union_of(ls, &to->dir);
	/* Where all is granted on both ends nothing can be gained */
	v->gained = left ? gained : 0;
	if ((v->missing_from | v->missing_to) & ~LLK_FS_REFER)
		v->error = -EACCES;
	else if (v->missing_from | v->missing_to | v->gained)
		v->error = -EXDEV;
}

/* Within one directory: nothing is referred, and nothing gained */
static void judge_same_dir(const struct layers *ls, struct end *from,
			   struct end *to, struct llki_check_verdict *v)
{
	from->dir = all_masks(ls);
	for (const struct llki_trail *dir = from->place.dir; dir;
	     dir = dir->above)
		unmask(ls, &dir->file, LLK_FS, &from->dir);

	v->missing_from = from->wanted & union_of(ls, &from->dir);
	v->missing_to = to->wanted & union_of(ls, &from->dir);
	v->error = (v->missing_from | v->missing_to) ? -EACCES : 0;
}

static void judge_two_dirs(const struct layers *ls, enum llki_check_kind kind,
			   struct end *from, struct end *to,
			   struct llki_check_verdict *v)
{
	const struct llki_trail *root;
	uint64_t gained;

	from->wanted |= LLK_FS_REFER;
	to->wanted |= LLK_FS_REFER;
	from->file = all_masks(ls);
	to->file = all_masks(ls);
	unmask(ls, &from->place.file, LLK_FS, &from->file);
	unmask(ls, &to->place.file, LLK_FS, &to->file);

	collect(ls, from);
	root = collect(ls, to);
	gained = compare(ls, kind, from, to, root);
	judge(ls, from, to, gained, v);
	if (ls->denies_always)
		v->error = -EXDEV;
}

/*
 * What isn't Landlock's to decide, in the kernel's order: a link's two names
 * are looked up before their mounts are compared, those of a rename after; 0
 * if it is Landlock's
 */
static int check_ends(enum llki_check_kind kind, const struct end *from,
		      const struct end *to)
{
	const struct llki_sys_identity *a = &from->place.dir->file;
	const struct llki_sys_identity *b = &to->place.dir->file;
	bool is_link = kind == LLKI_CHECK_LINK;
	bool is_missing = !from->place.file.kind ||
			  (kind == LLKI_CHECK_EXCHANGE && !to->place.file.kind);

	if (is_link && is_missing)
		return -ENOENT;
	if (is_link && to->place.file.kind)
		return -EEXIST;
	if (a->mount != b->mount || a->device != b->device)
		return -EXDEV;

	return is_missing ? -ENOENT : 0;
}

static int check_found(const struct layers *ls, enum llki_check_kind kind,
		       struct end *from, struct end *to,
		       struct llki_check_verdict *ret_verdict)
{
	struct llki_check_verdict v = { 0 };
	int r = check_ends(kind, from, to);

	if (r < 0)
		return r;

	want(ls, kind, from, to);
	if (ls->handled &&
	    from->place.dir->file.inode == to->place.dir->file.inode)
		judge_same_dir(ls, from, to, &v);
	else if (ls->handled)
		judge_two_dirs(ls, kind, from, to, &v);
	*ret_verdict = v;

	return 0;
}

int llki_check_places(struct llk_ruleset *const layers[],
		      const struct llki_check_view *view,
		      const struct llki_check_places *places,
		      struct llki_check_verdict *ret_verdict)
{
	struct layers ls = { .errata = view->errata };
	struct end from = { .place = *places->from };
	struct end to = { .place = *places->to };
	int r = fit_layers(layers, view->query, &ls);

	return r ? r : check_found(&ls, places->kind, &from, &to, ret_verdict);
}

int llki_check_move(struct llk_ruleset *const layers[],
		    const struct llki_check_view *view,
		    const struct llki_check_move *move,
		    struct llki_check_verdict *ret_verdict)
{
	struct llki_trail_place from = { 0 }, to = { 0 };
	struct llki_check_places places = { move->kind, &from, &to };
	int r = llki_trail_find(&view->from, move->from, false, &from);

	if (r == 0)
		r = llki_trail_find(&view->from, move->to, false, &to);
	if (r == 0)
		r = llki_check_places(layers, view, &places, ret_verdict);
	llki_trail_free(from.dir);
	llki_trail_free(to.dir);

	return r;
}
