/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The model: what would the kernel allow? The rules are looked for on a file
 * and on each directory above it, as the kernel does, and nothing is enforced.
 */
#include "trail.h"

#include <errno.h>
#include <sys/stat.h>

#define PORT_MAX 65535

/*
 * One ruleset
 */

/* Open what @rule names, as load would, and keep what it is */
static int look_up_path(struct llki_rule *rule)
{
	int fd = llki_sys_open_path(rule->path), r;

	rule->file = (struct llki_sys_identity){ 0 };
	if (llki_load_is_forgiven(rule, fd))
		return 0;
	if (fd < 0)
		return fd;

	r = llki_sys_identify(fd, &rule->file);
	llki_sys_close(fd);

	return r;
}

/* Once until the next builder call; a rule of which nothing is left never */
static int look_up(const struct llk_ruleset *rs, const struct llki_fit *fit,
		   struct llki_rule *rule)
{
	uint64_t rights = llki_fit_rights(fit, rule);
	int r = 0;

	if (rule->kind == LLKI_PORT ||
	    (!rights && !llki_fit_is_quiet(fit, rule)))
		return 0;
	if (rule->file_epoch != rs->epoch)
		r = rule->fd < 0 ? look_up_path(rule)
				 : llki_sys_identify(rule->fd, &rule->file);
	if (r < 0)
		return r;

	rule->file_epoch = rs->epoch;
	if (rule->file.kind && !S_ISDIR(rule->file.kind) &&
	    rights & ~LLKI_ABI_FILE_RIGHTS &&
	    !(rule->rights & (LLK_PRESET | LLKI_ABI_TOP_FS)))
		return -EINVAL;

	return 0;
}

static int look_up_all(const struct llk_ruleset *rs, const struct llki_fit *fit)
{
	int r = 0;

	for (struct llki_rule *rule = rs->rules; rule && r == 0;
	     rule = rule->next)
		r = look_up(rs, fit, rule);

	return r;
}

/* What is allowed on @file itself, not above it */
uint64_t llki_check_granted(const struct llk_ruleset *rs,
			    const struct llki_fit *fit,
			    const struct llki_sys_identity *file)
{
	uint64_t granted = 0;
	bool is_dir = S_ISDIR(file->kind);

	for (const struct llki_rule *rule = rs->rules; rule; rule = rule->next)
		if (rule->kind != LLKI_PORT && rule->file.kind &&
		    rule->file.device == file->device &&
		    rule->file.inode == file->inode)
			granted |= llki_fit_rights(fit, rule);

	return is_dir ? granted : granted & LLKI_ABI_FILE_RIGHTS;
}

int llki_check_fit(struct llk_ruleset *rs, int query, struct llki_fit *ret_fit)
{
	if (!rs)
		return -ENOMEM;
	if (rs->state != LLKI_IS_BUILDING)
		return -EBUSY;
	if (rs->mistake.error)
		return rs->mistake.error;
	if (llki_load_idle_quiet(rs))
		return -EINVAL;

	llki_fit(rs, query, 0, 0, ret_fit);
	if (ret_fit->outcome == LLK_NOT_ENFORCED)
		ret_fit->handled = ret_fit->quiet = 0;

	return ret_fit->outcome < 0 ? ret_fit->outcome
				    : look_up_all(rs, ret_fit);
}

/* What is denied by default; the kernel adds refer to any right of files */
uint64_t llki_check_denied(const struct llki_fit *fit)
{
	uint64_t handled = fit->handled;

	return handled & LLK_FS ? handled | LLK_FS_REFER : handled;
}

/* Whether somebody may ask for @rights: of @zone, and no modifier of a rule */
static bool is_question(uint64_t rights, uint64_t zone)
{
	uint64_t known = llk_abi_rights(LLKI_ABI_NEWEST) & zone;

	if (zone == LLK_FS)
		known |= LLK_PRESET;

	return rights & zone && !(llki_abi_plain(rights) & ~known) &&
	       !(llki_abi_whole_zones(rights) & ~zone);
}

uint64_t llki_check_missing(const struct llk_ruleset *rs,
			    const struct llki_fit *fit, uint64_t rights,
			    const struct llki_trail_place *place)
{
	uint64_t missing =
		place->is_nameless ? 0 : rights & llki_check_denied(fit);

	/* A preset fits itself to what it is used on, as in a rule */
	if (place->file.kind && !S_ISDIR(place->file.kind) &&
	    (rights & LLK_PRESET || llki_abi_whole_zones(rights)))
		missing &= LLKI_ABI_FILE_RIGHTS;

	if (place->file.kind)
		missing &= ~llki_check_granted(rs, fit, &place->file);
	for (const struct llki_trail *dir = place->dir; dir && missing;
	     dir = dir->above)
		missing &= ~llki_check_granted(rs, fit, &dir->file);

	return missing;
}

int llki_check_path(struct llk_ruleset *rs, const struct llki_check_view *view,
		    uint64_t rights, const char *path, uint64_t *ret_missing)
{
	struct llki_trail_place place;
	struct llki_fit fit;
	int r = -EINVAL;

	if (path && *path && is_question(rights, LLK_FS))
		r = llki_check_fit(rs, view->query, &fit);
	if (r == 0)
		r = llki_trail_find(&view->from, path, true, &place);
	if (r)
		return r;

	*ret_missing = llki_check_missing(rs, &fit, rights, &place);
	llki_trail_free(place.dir);

	return 0;
}

int llk_ruleset_check_path(struct llk_ruleset *rs, uint64_t rights,
			   const char *path, uint64_t *ret_missing)
{
	struct llki_check_view view = { .query = llk_abi(),
					.from = { .root = -1, .dir = -1 } };

	return ret_missing
		       ? llki_check_path(rs, &view, rights, path, ret_missing)
		       : -EINVAL;
}

int llk_ruleset_check_port(struct llk_ruleset *rs, uint64_t rights,
			   uint64_t port, uint64_t *ret_missing)
{
	struct llki_fit fit;
	uint64_t missing;
	int r = -EINVAL;

	if (ret_missing && port <= PORT_MAX && is_question(rights, LLK_NET))
		r = llki_check_fit(rs, llk_abi(), &fit);
	if (r)
		return r;

	missing = rights & fit.handled;
	for (const struct llki_rule *rule = rs->rules; rule; rule = rule->next)
		if (rule->kind == LLKI_PORT && rule->number == port)
			missing &= ~rule->rights;
	*ret_missing = missing;

	return 0;
}
