/* SPDX-License-Identifier: 0BSD OR MIT */
/* Renames and links on the running kernel: what refer needs, in every layer */
#include "live.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS LLK_FS
#define NO_REFER (LLK_FS & ~LLK_FS_REFER)
#define REFER LLK_FS_REFER
#define NET LLK_NET
#define SCOPE LLK_SCOPE

/* What it takes to move a file, a directory too; a preset, so that it fits */
#define MOVE                                                             \
	(LLK_PRESET | LLK_FS_REFER | LLK_FS_MAKE_REG | LLK_FS_MAKE_DIR | \
	 LLK_FS_REMOVE_FILE | LLK_FS_REMOVE_DIR | LLK_FS_READ_FILE)
#define EXEC LLK_FS_EXECUTE
#define NO_MAKE (MOVE & ~(LLK_FS_MAKE_REG | LLK_FS_MAKE_DIR))

/* One layer: what it handles, and grants on "/", on "src", on "dst" */
struct layer {
	uint64_t handled, root, src, dst;
};

/* What happens to a move from src to dst, and to an exchange of files */
struct row {
	const char *name;
	struct layer layers[3];
	int move, exchange;
};

/* clang-format off */
static const struct row rows[] = {
	/* the table of measured layers */
	{ "no layer", { { 0 } }, 0, 0 },
	{ "ports only", { { NET, 0, 0, 0 } }, 0, 0 },
	{ "scopes only", { { SCOPE, 0, 0, 0 } }, 0, 0 },
	{ "ports, then scopes", { { NET, 0, 0, 0 }, { SCOPE, 0, 0, 0 } }, 0, 0 },
	/* bug class C: refer is neither handled nor granted, and denied */
	{ "files without refer", { { NO_REFER, NO_REFER, 0, 0 } }, EXDEV, EXDEV },
	{ "one right of files", { { EXEC, EXEC, 0, 0 } }, EXDEV, EXDEV },
	{ "files with refer", { { FS, FS, 0, 0 } }, 0, 0 },
	{ "refer handled, not granted", { { FS, NO_REFER, 0, 0 } }, EXDEV, EXDEV },
	{ "refer alone", { { REFER, REFER, 0, 0 } }, 0, 0 },
	{ "refer alone, not granted", { { REFER, 0, 0, 0 } }, EXDEV, EXDEV },
	{ "files, then ports", { { FS, FS, 0, 0 }, { NET, 0, 0, 0 } }, EXDEV, EXDEV },
	{ "files, then scopes", { { FS, FS, 0, 0 }, { SCOPE, 0, 0, 0 } }, EXDEV, EXDEV },
	{ "files, then ports and refer", { { FS, FS, 0, 0 }, { NET | REFER, REFER, 0, 0 } }, 0, 0 },
	{ "ports, then files", { { NET, 0, 0, 0 }, { FS, FS, 0, 0 } }, EXDEV, EXDEV },
	{ "ports and refer, no rule", { { NET | REFER, 0, 0, 0 } }, EXDEV, EXDEV },
	{ "ports and refer, then files", { { NET | REFER, REFER, 0, 0 }, { FS, FS, 0, 0 } }, 0, 0 },

	/* refer on both sides, and what the file would gain */
	{ "same rights", { { FS, 0, MOVE, MOVE } }, 0, 0 },
	{ "the destination has more", { { FS, 0, MOVE, MOVE | EXEC } }, EXDEV, EXDEV },
	{ "the source has more", { { FS, 0, MOVE | EXEC, MOVE } }, 0, EXDEV },
	{ "refer on the source alone", { { FS, 0, MOVE, MOVE & ~REFER } }, EXDEV, EXDEV },
	{ "refer on the destination alone", { { FS, 0, MOVE & ~REFER, MOVE } }, EXDEV, EXDEV },
	{ "no make on the destination", { { FS, 0, MOVE, NO_MAKE } }, EACCES, EACCES },

	/* two and three layers: each is asked */
	{ "two that grant", { { FS, 0, MOVE, MOVE }, { FS, 0, MOVE, MOVE } }, 0, 0 },
	{ "the first has no refer", { { NO_REFER, NO_REFER, 0, 0 }, { FS, FS, 0, 0 } }, EXDEV, EXDEV },
	{ "the second has no refer", { { FS, FS, 0, 0 }, { NO_REFER, NO_REFER, 0, 0 } }, EXDEV, EXDEV },
	{ "the first lets gain", { { FS, 0, MOVE, MOVE | EXEC }, { FS, 0, MOVE, MOVE } }, EXDEV, EXDEV },
	{ "the second lets gain", { { FS, 0, MOVE, MOVE }, { FS, 0, MOVE, MOVE | EXEC } }, EXDEV, EXDEV },
	{ "three that grant", { { FS, FS, 0, 0 }, { FS, 0, MOVE, MOVE }, { NET | REFER, REFER, 0, 0 } }, 0, 0 },
	{ "three, the middle is of ports", { { FS, FS, 0, 0 }, { NET, 0, 0, 0 }, { FS, FS, 0, 0 } }, EXDEV, EXDEV },
	{ "three, the last lets gain", { { FS, 0, MOVE, MOVE }, { FS, 0, MOVE, MOVE }, { FS, 0, MOVE, MOVE | EXEC } }, EXDEV, EXDEV },
	{ "three, the last has no make", { { FS, FS, 0, 0 }, { FS, FS, 0, 0 }, { FS, 0, MOVE, NO_MAKE } }, EACCES, EACCES },
};
/* clang-format on */
#define N_ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static void make_tree(void)
{
	live_tree();
	live_dir("src");
	live_dir("dst");
	live_dir("src/d");
	live_file("src/f", "f");
	live_file("src/g", "g");
	live_file("dst/h", "h");
}

static int move(const char *from, const char *to)
{
	return rename(from, to) ? errno : 0;
}

static int add_link(const char *from, const char *to)
{
	return link(from, to) ? errno : 0;
}

static int exchange(const char *a, const char *b)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2) ? errno : 0;
}

static void restrict_by(const struct layer *layer)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(live_version(), layer->handled, 0);

	if (layer->root)
		llk_ruleset_allow_path(rs, layer->root, "/");
	if (layer->src)
		llk_ruleset_allow_path(rs, layer->src, "src");
	if (layer->dst)
		llk_ruleset_allow_path(rs, layer->dst, "dst");
	live_restrict(rs);
}

static void try_row(const void *arg)
{
	const struct row *row = arg;
	const struct layer *l;

	live_about("%s", row->name);
	for (l = row->layers; l < row->layers + 3 && l->handled; l++)
		restrict_by(l);

	IS(add_link("src/f", "src/l"), 0);
	IS(move("src/l", "src/m"), 0);
	IS(exchange("src/g", "dst/h"), row->exchange);
	IS(add_link("src/f", "dst/l"), row->move);
	IS(move("src/f", "dst/f"), row->move);
	IS(move("src/d", "dst/d"), row->move);
}

static uint64_t handled_by(const struct row *row)
{
	return row->layers[0].handled | row->layers[1].handled |
	       row->layers[2].handled;
}

START_TEST(every_layer_must_grant_refer)
{
	uint64_t handled = handled_by(&rows[_i]);

	NEEDS_ABI(2);
	SKIP_IF(handled & LLK_NET_BIND_TCP && !live_rights(LLK_NET),
		"%s: ABI %d has no ports", rows[_i].name, live_abi());
	SKIP_IF(handled & LLK_SCOPE_SIGNAL && !live_rights(LLK_SCOPE),
		"%s: ABI %d has no scopes", rows[_i].name, live_abi());
	make_tree();
	RUN(try_row, &rows[_i]);
}
END_TEST

/* A whole zone in a rule: dropped on ABI 1, where a named refer is an error */
static void refer_on_abi_1(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V2, LLK_FS, 0);

	llk_ruleset_allow_path(rs, LLK_FS_REFER, "/");
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), -EOPNOTSUPP, "refer");
	llk_ruleset_free(rs);
	IS(move("src/f", "dst/f"), 0);

	rs = llk_ruleset_new(LLK_V2, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_FS, "/");
	live_restrict(rs);
	IS(move("src/g", "dst/g"), EXDEV);
}

START_TEST(refer_cannot_be_granted_on_abi_1)
{
	SKIP_IF(live_abi() != 1, "only ABI 1, this kernel has %d", live_abi());
	make_tree();
	RUN(refer_on_abi_1, NULL);
}
END_TEST

/*
 * Mounts: a rule on "/" does not reach what isn't below the root any more
 */

static struct llk_ruleset *refer_on_root(void)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V2, LLK_FS_REFER, 0);

	llk_ruleset_allow_path(rs, LLK_FS_REFER, "/");
	return rs;
}

static void fill(void)
{
	int fd;

	IS(mkdir("src", 0777), 0);
	IS(mkdir("dst", 0777), 0);
	fd = open("src/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	OK(fd >= 0);
	close(fd);
}

static void enter_tmpfs(void)
{
	IS(mkdir("m", 0777), 0);
	if (mount("none", "m", "tmpfs", 0, NULL))
		live_cannot("no tmpfs: errno %d", errno);
	IS(chdir("m"), 0);
	fill();
}

static void attached(const void *arg)
{
	live_unshare_mounts();
	enter_tmpfs();
	live_restrict(refer_on_root());
	IS(move("src/f", "dst/f"), 0);
}

static void detached(const void *arg)
{
	live_unshare_mounts();
	enter_tmpfs();
	IS(umount2(".", MNT_DETACH), 0);
	live_restrict(refer_on_root());
	IS(move("src/f", "dst/f"), EXDEV);
}

static void detached_and_free(const void *arg)
{
	live_unshare_mounts();
	enter_tmpfs();
	IS(umount2(".", MNT_DETACH), 0);
	IS(move("src/f", "dst/f"), 0);
}

START_TEST(a_detached_mount_is_not_below_root)
{
	NEEDS_ABI(2);
	live_tree();
	RUN(attached, NULL);
	live_tree();
	RUN(detached, NULL);
	live_tree();
	RUN(detached_and_free, NULL);
}
END_TEST

/* There is no /proc, and not every libc knows of one thread */
static void restrict_this_thread(struct llk_ruleset *rs)
{
	IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD), 0);
	llk_ruleset_free(rs);
}

static void outside_of_chroot(const void *arg)
{
	live_unshare_mounts();
	fill();
	IS(mkdir("jail", 0777), 0);
	if (chroot("jail"))
		live_cannot("no chroot: errno %d", errno);
	if (arg)
		restrict_this_thread(refer_on_root());
	IS(move("src/f", "dst/f"), arg ? EXDEV : 0);
}

static void inside_of_chroot(const void *arg)
{
	live_unshare_mounts();
	IS(mkdir("jail", 0777), 0);
	if (chroot("jail"))
		live_cannot("no chroot: errno %d", errno);
	IS(chdir("/"), 0);
	fill();
	restrict_this_thread(refer_on_root());
	IS(move("src/f", "dst/f"), 0);
}

START_TEST(a_directory_outside_of_the_chroot_is_not_below_root)
{
	NEEDS_ABI(2);
	live_tree();
	RUN(outside_of_chroot, "restricted");
	live_tree();
	RUN(outside_of_chroot, NULL);
	live_tree();
	RUN(inside_of_chroot, NULL);
}
END_TEST

static void change_root(void)
{
	if (syscall(SYS_pivot_root, ".", "."))
		live_cannot("no pivot_root: errno %d", errno);
	IS(umount2(".", MNT_DETACH), 0);
	IS(chdir("/"), 0);
}

static void load_around_pivot_root(const void *arg)
{
	struct llk_ruleset *rs = refer_on_root();
	bool is_before = arg;

	live_unshare_mounts();
	enter_tmpfs();
	if (is_before)
		IS(llk_ruleset_load(rs), 0);
	change_root();
	if (!is_before)
		IS(llk_ruleset_load(rs), 0);
	IS(llk_ruleset_restrict_self(rs, LLK_RESTRICT_THIS_THREAD), 0);
	llk_ruleset_free(rs);
	IS(move("/src/f", "/dst/f"), is_before ? EXDEV : 0);
}

START_TEST(a_load_before_pivot_root_is_of_the_old_root)
{
	NEEDS_ABI(2);
	live_tree();
	RUN(load_around_pivot_root, "before");
	live_tree();
	RUN(load_around_pivot_root, NULL);
}
END_TEST

static bool is_in_chroot(void)
{
	struct stat here, root;

	/* Who may not look there runs the test: it fails where it should not */
	if (stat("/", &here) || stat("/proc/1/root", &root))
		return false;

	return here.st_dev != root.st_dev || here.st_ino != root.st_ino;
}

/* On a mount that isn't the root's, "/" doesn't count for what is gained */
static void on_a_mount(const void *arg)
{
	bool is_redundant = arg;
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V2, LLK_FS, 0);

	/* In a chroot "/" is no root of a mount, and the quirk isn't there */
	if (is_in_chroot())
		live_cannot("in a chroot");
	live_unshare_mounts();
	enter_tmpfs();
	llk_ruleset_allow_path(rs, MOVE | EXEC, "/");
	if (is_redundant)
		llk_ruleset_allow_path(rs, EXEC, "dst");
	live_restrict(rs);
	IS(move("src/f", "dst/f"), is_redundant ? EXDEV : 0);
}

START_TEST(on_another_mount_a_redundant_right_counts_as_gained)
{
	NEEDS_ABI(2);
	live_tree();
	RUN(on_a_mount, NULL);
	SKIP_IF(live_abi() > LLK_V11, "not known of ABI %d", live_abi());
	live_tree();
	RUN(on_a_mount, "redundant");
}
END_TEST

/* The same after fork and after exec; the program itself may be started */
static int move_in_child(const void *arg)
{
	return move("src/f", "dst/f");
}

static void move_later(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(
		LLK_V2, MOVE & ~(LLK_PRESET | LLK_FS_READ_FILE), 0);
	bool is_granted = arg;

	llk_ruleset_allow_path(rs, is_granted ? LLK_FS : NO_REFER, "/");
	live_restrict(rs);
	IS(live_fork(move_in_child, NULL), is_granted ? 0 : EXDEV);
	IS(live_exec("src/g", "dst/g"), is_granted ? 0 : EXDEV);
	IS(live_exec("src/d", "src/e"), 0);
}

START_TEST(refer_is_needed_after_fork_and_exec_too)
{
	NEEDS_ABI(2);
	make_tree();
	RUN(move_later, NULL);
	make_tree();
	RUN(move_later, "granted");
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("live-rename");

	if (argc == 3)
		_exit(move(argv[1], argv[2]));
	live_add(s, refer_is_needed_after_fork_and_exec_too, 1);

	live_add(s, every_layer_must_grant_refer, N_ROWS);
	live_add(s, refer_cannot_be_granted_on_abi_1, 1);
	live_add(s, a_detached_mount_is_not_below_root, 1);
	live_add(s, a_directory_outside_of_the_chroot_is_not_below_root, 1);
	live_add(s, a_load_before_pivot_root_is_of_the_old_root, 1);
	live_add(s, on_another_mount_a_redundant_right_counts_as_gained, 1);
	return live_main(s);
}
