/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What --learn makes of the needs of a run: rules word for word; and of random
 * needs, that the rules cover all of them and that none can be left out.
 */
#include "../tools/fold.h"

#include <liblandlock.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX 8
#define MAX_RANDOM 40

struct row {
	struct folded needs[MAX];
	struct folded_move moves[MAX];
	bool is_tight;
	const char *rules; /* rights and path, a line each */
};

#define FILE_AT(rights, path)                \
	{                                    \
		LLK_FS_##rights, path, false \
	}
#define DIR_AT(rights, path)                \
	{                                   \
		LLK_FS_##rights, path, true \
	}
#define ALL_RW                                                             \
	"write_file,read_file,read_dir,remove_dir,remove_file,make_char,"  \
	"make_dir,make_reg,make_sock,make_fifo,make_block,make_sym,refer," \
	"truncate "

static const struct row rows[] = {
	/* What is installed is one; what is not, is not */
	{ { FILE_AT(READ_FILE, "/usr/lib/a.so"), FILE_AT(EXECUTE, "/usr/bin/b"),
	    FILE_AT(READ_FILE, "/nix/store/x/y") },
	  .rules = "read_file,read_dir /nix/store\n"
		   "execute,read_file,read_dir /usr\n" },
	{ { FILE_AT(READ_FILE, "/usr/lib/a.so"),
	    FILE_AT(WRITE_FILE, "/usr/share/b") },
	  .rules = "read_file,read_dir /usr\n"
		   "write_file,read_file,truncate /usr/share/b\n" },
	{ { FILE_AT(READ_FILE, "/user/a") }, .rules = "read_file /user/a\n" },

	/* Four of a kind, but not where others' things lie */
	{ { FILE_AT(READ_FILE, "/w/a"), FILE_AT(READ_FILE, "/w/b"),
	    FILE_AT(READ_FILE, "/w/c"), FILE_AT(READ_FILE, "/w/d") },
	  .rules = "read_file,read_dir /w\n" },
	{ { FILE_AT(READ_FILE, "/w/a"), FILE_AT(READ_FILE, "/w/b"),
	    FILE_AT(READ_FILE, "/w/c"), FILE_AT(WRITE_FILE, "/w/d") },
	  .rules = "read_file /w/a\nread_file /w/b\nread_file /w/c\n"
		   "write_file,read_file,truncate /w/d\n" },
	{ { FILE_AT(READ_FILE, "/w/a"), FILE_AT(READ_FILE, "/w/b"),
	    FILE_AT(READ_FILE, "/w/c"), FILE_AT(READ_FILE, "/v/d") },
	  .rules = "read_file /v/d\nread_file /w/a\nread_file /w/b\n"
		   "read_file /w/c\n" },
	{ { FILE_AT(READ_FILE, "/etc/a"), FILE_AT(READ_FILE, "/etc/b"),
	    FILE_AT(READ_FILE, "/etc/c"), FILE_AT(READ_FILE, "/etc/d") },
	  .rules = "read_file /etc/a\nread_file /etc/b\nread_file /etc/c\n"
		   "read_file /etc/d\n" },
	{ { FILE_AT(READ_FILE, "/h/me/.ssh/a"),
	    FILE_AT(READ_FILE, "/h/me/.ssh/b"),
	    FILE_AT(READ_FILE, "/h/me/.ssh/c"),
	    FILE_AT(READ_FILE, "/h/me/.ssh/d") },
	  .rules = "read_file /h/me/.ssh/a\nread_file /h/me/.ssh/b\n"
		   "read_file /h/me/.ssh/c\nread_file /h/me/.ssh/d\n" },
	{ { FILE_AT(READ_FILE, "/home/you/a"),
	    FILE_AT(READ_FILE, "/home/you/b"),
	    FILE_AT(READ_FILE, "/home/you/c"),
	    FILE_AT(READ_FILE, "/home/you/d") },
	  .rules = "read_file /home/you/a\nread_file /home/you/b\n"
		   "read_file /home/you/c\nread_file /home/you/d\n" },
	{ { FILE_AT(READ_FILE, "/w/a"), FILE_AT(READ_FILE, "/w/b"),
	    FILE_AT(READ_FILE, "/w/c"), FILE_AT(READ_FILE, "/w/d") },
	  .is_tight = true,
	  .rules = "read_file /w/a\nread_file /w/b\nread_file /w/c\n"
		   "read_file /w/d\n" },

	/* Directories are their option's, mixed ones what was needed */
	{ { DIR_AT(READ_DIR, "/w") }, .rules = "read_file,read_dir /w\n" },
	{ { DIR_AT(READ_DIR, "/w") },
	  .is_tight = true,
	  .rules = "read_dir /w\n" },
	{ { DIR_AT(READ_DIR, "/") }, .rules = "read_dir /\n" },
	{ { DIR_AT(READ_DIR, "/h/me") }, .rules = "read_dir /h/me\n" },
	{ { DIR_AT(MAKE_REG, "/w") }, .rules = ALL_RW "/w\n" },
	{ { DIR_AT(MAKE_REG, "/tmp") }, .rules = "make_reg /tmp\n" },

	/* What a rule above grants is no rule of its own */
	{ { DIR_AT(READ_DIR, "/w"), FILE_AT(READ_FILE, "/w/a/b") },
	  .rules = "read_file,read_dir /w\n" },
	{ { DIR_AT(READ_DIR, "/w"), FILE_AT(WRITE_FILE, "/w/a/b") },
	  .rules = "read_file,read_dir /w\n"
		   "write_file,read_file,truncate /w/a/b\n" },

	/* Names that are others in the next run */
	{ { FILE_AT(READ_FILE, "/proc/123/stat") },
	  .rules = "read_file /proc\n" },
	{ { FILE_AT(WRITE_FILE, "/dev/pts/7") }, .rules = ALL_RW "/dev/pts\n" },
	{ { FILE_AT(READ_FILE, "/t/tmp/x/1") },
	  .rules = "read_file,read_dir /t/tmp\n" },

	/* What is moved gains nothing */
	{ { DIR_AT(REMOVE_FILE, "/tmp"), DIR_AT(MAKE_REG, "/var") },
	  .moves = { { "/tmp", "/var", false } },
	  .rules = "remove_file /tmp\nmake_reg /var\n" },
	{ { DIR_AT(REMOVE_FILE, "/tmp"), DIR_AT(MAKE_REG, "/w") },
	  .moves = { { "/tmp", "/w", false } },
	  .rules = "write_file,read_file,remove_file,truncate /tmp\n" ALL_RW
		   "/w\n" },
	{ { DIR_AT(REMOVE_FILE, "/tmp"), DIR_AT(MAKE_REG, "/w") },
	  .moves = { { "/tmp", "/w", true } },
	  .rules = ALL_RW "/tmp\n" ALL_RW "/w\n" },
	{ { DIR_AT(MAKE_REG, "/a"), DIR_AT(READ_DIR, "/b") },
	  .moves = { { "/a", "/b", false } },
	  .rules = ALL_RW "/a\nread_file,read_dir /b\n" },

	/* Devices and sockets have options of their own */
	{ { FILE_AT(IOCTL_DEV, "/dev/x"), FILE_AT(READ_FILE, "/dev/x") },
	  .rules = "read_file,ioctl_dev /dev/x\n" },
};

static struct policy_needs needs_of(const struct row *row)
{
	struct policy_needs needs = { .home = "/h/me", .tmp = "/t/tmp" };

	needs.all = (struct folded *)row->needs;
	needs.moves = (struct folded_move *)row->moves;
	while (needs.n < MAX && row->needs[needs.n].path)
		needs.n++;
	while (needs.n_moves < MAX && row->moves[needs.n_moves].from)
		needs.n_moves++;

	return needs;
}

static void print(const struct folded *rules, size_t n, char *buf, size_t size)
{
	char list[512];
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < n && len < size; i++) {
		llk_rights_format(rules[i].rights, list, sizeof(list));
		len += (size_t)snprintf(buf + len, size - len, "%s %s\n", list,
					rules[i].path);
	}
}

START_TEST(needs_become_rules)
{
	struct policy_needs needs = needs_of(&rows[_i]);
	size_t n;
	struct folded *rules = fold(&needs, rows[_i].is_tight, &n);
	char text[4096];

	print(rules, n, text, sizeof(text));
	ck_assert_str_eq(text, rows[_i].rules);
	ck_assert_ptr_null(fold_replay(&needs, rules, n).path);
	free(rules);
}
END_TEST

/*
 * Random ones
 */

static const char *const places[] = {
	"/usr/lib/a", "/usr/b",	  "/etc/a",	"/etc/b",     "/w/a",
	"/w/b",	      "/w/c",	  "/w/d",	"/w/d/a",     "/w/d/b",
	"/w/d/c",     "/w/d/d",	  "/v/a/b",	"/v/a/c",     "/h/me/a",
	"/h/me/.ssh", "/tmp/a",	  "/proc/12/a", "/proc/13/a", "/t/tmp/a",
	"/dev/pts/1", "/dev/null"
};
static const char *const dirs[] = { "/",    "/w",   "/w/d",  "/v",
				    "/v/a", "/tmp", "/h/me", "/t/tmp" };

#define ANY(array) \
	((array)[(size_t)random() % (sizeof(array) / sizeof((array)[0]))])

static void make_random(struct policy_needs *needs)
{
	const uint64_t of_files[] = { LLK_FS_EXECUTE, LLK_FS_READ_FILE,
				      LLK_FS_WRITE_FILE, LLK_FS_IOCTL_DEV };
	const uint64_t of_dirs[] = { LLK_FS_READ_DIR, LLK_FS_MAKE_REG,
				     LLK_FS_REMOVE_FILE, LLK_FS_REFER };

	needs->n = (size_t)random() % MAX_RANDOM;
	for (size_t i = 0; i < needs->n; i++) {
		bool is_dir = random() % 3 == 0;

		needs->all[i] =
			(struct folded){ is_dir ? ANY(of_dirs) : ANY(of_files),
					 is_dir ? ANY(dirs) : ANY(places),
					 is_dir };
	}
	needs->n_moves = (size_t)random() % 4;
	for (size_t i = 0; i < needs->n_moves; i++)
		needs->moves[i] = (struct folded_move){ ANY(dirs), ANY(dirs),
							random() % 2 };
}

/* Without any of them something is denied: what a broken fold would lose */
static void none_can_be_left_out(const struct policy_needs *needs,
				 struct folded *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t rights = rules[i].rights;

		rules[i].rights = 0;
		if (!fold_replay(needs, rules, n).path)
			ck_abort_msg("not needed: %s", rules[i].path);
		rules[i].rights = rights;
	}
}

START_TEST(random_needs_are_covered)
{
	struct folded all[MAX_RANDOM];
	struct folded_move moves[4];
	struct policy_needs needs = {
		.all = all, .moves = moves, .home = "/h/me", .tmp = "/t/tmp"
	};
	struct folded *rules;
	size_t n;

	srandom((unsigned int)_i);
	for (int round = 0; round < 200; round++) {
		make_random(&needs);
		rules = fold(&needs, round % 2, &n);
		if (fold_replay(&needs, rules, n).path)
			ck_abort_msg("seed %d, round %d: lost on %s", _i, round,
				     fold_replay(&needs, rules, n).path);
		none_can_be_left_out(&needs, rules, n);
		free(rules);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fold");
	TCase *tc = tcase_create("fold");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, needs_become_rules, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tc, random_needs_are_covered, 0, 20);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
