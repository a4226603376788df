/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Building: each call and each misuse, on every kernel, strict and not. A
 * mistake is found without the kernel, sticks, and is told in words.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define UNKNOWN_VERSIONS "this liblandlock knows V1 to V11."

enum builder { NEW, PATH, PATHS, FD, PORT, GROUP, REQUIRE, QUIET };

struct mistake {
	enum builder builder;
	int version;
	uint64_t handled;
	uint64_t rights;
	uint64_t number; /* flags of new, port, groups, or descriptor */
	const char *path;
	int error;
	const char *text; /* after "bug in the program: " */
};

static void build(struct llk_ruleset *rs, const struct mistake *m)
{
	const char *const paths[] = { "/dir", m->path, NULL };

	switch (m->builder) {
	case NEW:
		break;
	case PATH:
		llk_ruleset_allow_path(rs, m->rights, m->path);
		break;
	case PATHS:
		llk_ruleset_allow_paths(rs, m->rights, m->path ? paths : NULL);
		break;
	case FD:
		llk_ruleset_allow_fd(rs, m->rights, (int)m->number);
		break;
	case PORT:
		llk_ruleset_allow_port(rs, m->rights, m->number);
		break;
	case GROUP:
		llk_ruleset_allow_group(rs, m->rights, (unsigned int)m->number);
		break;
	case REQUIRE:
		llk_ruleset_require(rs, m->rights);
		break;
	case QUIET:
		llk_ruleset_quiet(rs, m->rights);
		break;
	}
}

static struct llk_ruleset *make(const struct mistake *m, unsigned int flags)
{
	if (m->builder == NEW)
		flags |= (unsigned int)m->number;

	return llk_ruleset_new(m->version, m->handled, flags);
}

static void explains(const struct llk_ruleset *rs, const char *text)
{
	char buf[1024];
	int len = llk_ruleset_explain(rs, buf, sizeof(buf));

	ck_assert_str_eq(buf, text);
	ck_assert_int_eq(len, (int)strlen(text));
}

/* All that must hold of a ruleset with the mistake of @m */
static void is_stuck(struct llk_ruleset *rs, const struct mistake *m)
{
	char text[512];

	snprintf(text, sizeof(text), "bug in the program: %s", m->text);
	ck_assert_msg(llk_ruleset_error(rs) == m->error, "%s", m->text);
	explains(rs, text);
	ck_assert_int_eq(llk_ruleset_load(rs), m->error);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), m->error);
	explains(rs, text);
	ck_assert_int_eq(llk_ruleset_fd(rs), -EBADF);
	ck_assert_uint_eq(llk_ruleset_handled(rs), 0);

	/* The first mistake stays, whatever follows */
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ, NULL);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 99999);
	llk_ruleset_require(rs, 0);
	ck_assert_int_eq(llk_ruleset_error(rs), m->error);
	explains(rs, text);
}

static void is_a_mistake(const struct mistake *m)
{
	for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT;
		     flags++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			ck_assert_int_eq(fake_open("/dir"), 100);
			rs = make(m, flags);
			ck_assert_int_eq(llk_ruleset_error(rs),
					 m->builder == NEW ? m->error : 0);
			build(rs, m);
			is_stuck(rs, m);
			ck_assert_ptr_null(llk_ruleset_free(rs));
			ck_assert_int_eq(fake.n_of[FAKE_QUERY], 0);
			ck_assert_int_eq(fake.n_of[FAKE_CREATE], 0);
			ck_assert_int_eq(fake.n_of[FAKE_OPEN], 0);
			ck_assert_int_eq(fake.n_of[FAKE_NO_NEW_PRIVS], 0);
			ck_assert_int_eq(fake.n_enforced, 0);
			ck_assert_int_eq(fake_n_open(), 0);
		}
	}
}

#define BIT(n) (1ULL << (n))

/* clang-format off */
static const struct mistake new_mistakes[] = {
	{ NEW, 0, LLK_FS, 0, 0, NULL, -EINVAL, "version 0 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, -1, LLK_FS, 0, 0, NULL, -EINVAL, "version -1 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, 1000, LLK_FS, 0, 0, NULL, -EINVAL, "version 1000 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, INT_MAX, LLK_FS, 0, 0, NULL, -EINVAL, "version 2147483647 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, INT_MIN, LLK_FS, 0, 0, NULL, -EINVAL, "version -2147483648 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, LLK_V5, LLK_FS, 0, 2, NULL, -EINVAL, "llk_ruleset_new was given an unknown flag." },
	{ NEW, LLK_V5, LLK_FS, 0, 1U << 31, NULL, -EINVAL, "llk_ruleset_new was given an unknown flag." },
	{ NEW, LLK_V5, 0, 0, 0, NULL, -EINVAL, "no rights were given." },
	/* modifiers and presets are no rights */
	{ NEW, LLK_V5, LLK_READ, 0, 0, NULL, -EINVAL, "preset is for rules only." },
	{ NEW, LLK_V5, LLK_FS | LLK_PRESET, 0, 0, NULL, -EINVAL, "preset is for rules only." },
	{ NEW, LLK_V5, LLK_FS | LLK_IF_PRESENT, 0, 0, NULL, -EINVAL, "if_present is for rules only." },
	{ NEW, LLK_V5, LLK_FS | LLK_QUIET, 0, 0, NULL, -EINVAL, "quiet is for rules only." },
	{ NEW, LLK_V5, LLK_QUIET, 0, 0, NULL, -EINVAL, "quiet is for rules only." },
	/* reserved bits */
	{ NEW, LLK_V5, LLK_FS | BIT(52), 0, 0, NULL, -EINVAL, "1<<52 is reserved and no right." },
	{ NEW, LLK_V5, LLK_FS | BIT(55), 0, 0, NULL, -EINVAL, "1<<55 is reserved and no right." },
	{ NEW, LLK_V5, LLK_FS | BIT(59), 0, 0, NULL, -EINVAL, "1<<59 is reserved and no right." },
	{ NEW, LLK_V5, LLK_FS | BIT(62), 0, 0, NULL, -EINVAL, "1<<62 is reserved and no right." },
	{ NEW, LLK_V5, LLK_ALL | BIT(63), 0, 0, NULL, -EINVAL, "1<<63 is reserved and no right." },
	/* unknown to the library */
	{ NEW, LLK_V11, BIT(29), 0, 0, NULL, -EINVAL, "1<<29 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, LLK_V11, LLK_FS | BIT(36), 0, 0, NULL, -EINVAL, "1<<36 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, LLK_V11, LLK_FS | BIT(46), 0, 0, NULL, -EINVAL, "1<<46 is unknown: " UNKNOWN_VERSIONS },
	{ NEW, LLK_V11, BIT(30), 0, 0, NULL, -EINVAL, "1<<30 is unknown: " UNKNOWN_VERSIONS },
	/* unknown to the version */
	{ NEW, LLK_V1, LLK_FS_REFER, 0, 0, NULL, -EINVAL, "V1 does not have refer: ask for a later version." },
	{ NEW, LLK_V2, LLK_FS_READ_FILE | LLK_FS_TRUNCATE, 0, 0, NULL, -EINVAL, "V2 does not have truncate: ask for a later version." },
	{ NEW, LLK_V3, LLK_FS | LLK_NET_BIND_TCP, 0, 0, NULL, -EINVAL, "V3 does not have bind_tcp: ask for a later version." },
	{ NEW, LLK_V4, LLK_FS_IOCTL_DEV, 0, 0, NULL, -EINVAL, "V4 does not have ioctl_dev: ask for a later version." },
	{ NEW, LLK_V5, LLK_SCOPE_SIGNAL, 0, 0, NULL, -EINVAL, "V5 does not have signal: ask for a later version." },
	{ NEW, LLK_V8, LLK_FS_RESOLVE_UNIX, 0, 0, NULL, -EINVAL, "V8 does not have resolve_unix: ask for a later version." },
	{ NEW, LLK_V9, LLK_NET_BIND_UDP | LLK_NET_CONNECT_SEND_UDP, 0, 0, NULL, -EINVAL, "V9 does not have bind_udp, connect_send_udp: ask for a later version." },
	/* a zone in which the version has nothing */
	{ NEW, LLK_V3, LLK_NET, 0, 0, NULL, -EINVAL, "V3 does not have net: ask for a later version." },
	{ NEW, LLK_V3, LLK_FS | LLK_NET, 0, 0, NULL, -EINVAL, "V3 does not have net: ask for a later version." },
	{ NEW, LLK_V5, LLK_FS | LLK_SCOPE, 0, 0, NULL, -EINVAL, "V5 does not have scope: ask for a later version." },
	{ NEW, LLK_V1, LLK_SCOPE, 0, 0, NULL, -EINVAL, "V1 does not have scope: ask for a later version." },
	{ NEW, LLK_V4, LLK_NET & ~(LLK_NET_BIND_TCP | LLK_NET_CONNECT_TCP), 0, 0, NULL, -EINVAL, "V4 does not have net: ask for a later version." },
};

static const struct mistake path_mistakes[] = {
	{ PATH, LLK_V5, LLK_FS, LLK_READ, 0, NULL, -EINVAL, "a path is NULL or empty." },
	{ PATH, LLK_V5, LLK_FS, LLK_READ, 0, "", -EINVAL, "a path is NULL or empty." },
	{ PATH, LLK_V5, LLK_FS, LLK_READ | LLK_IF_PRESENT, 0, NULL, -EINVAL, "a path is NULL or empty." },
	{ PATH, LLK_V5, LLK_FS, LLK_READ | LLK_IF_PRESENT, 0, "", -EINVAL, "a path is NULL or empty." },
	{ PATHS, LLK_V5, LLK_FS, LLK_READ, 0, NULL, -EINVAL, "the list of paths is NULL." },
	{ PATHS, LLK_V5, LLK_FS, LLK_READ, 0, "", -EINVAL, "a path is NULL or empty." },
	{ PATHS, LLK_V5, LLK_FS, LLK_NET_BIND_TCP, 0, "/dir2", -EINVAL, "\"/dir\": bind_tcp does not belong in a rule of files." },
	/* no rights */
	{ PATH, LLK_V5, LLK_FS, 0, 0, "/dir", -EINVAL, "\"/dir\": no rights were given." },
	{ PATH, LLK_V5, LLK_FS, LLK_IF_PRESENT, 0, "/dir", -EINVAL, "\"/dir\": no rights were given." },
	{ PATH, LLK_V5, LLK_FS, LLK_PRESET, 0, "/dir", -EINVAL, "\"/dir\": no rights were given." },
	/* rights of another zone */
	{ PATH, LLK_V6, LLK_ALL, LLK_NET_BIND_TCP, 0, "/dir", -EINVAL, "\"/dir\": bind_tcp does not belong in a rule of files." },
	{ PATH, LLK_V6, LLK_ALL, LLK_SCOPE_SIGNAL | LLK_NET_BIND_TCP, 0, "/dir", -EINVAL, "\"/dir\": bind_tcp, signal do not belong in a rule of files." },
	{ PATH, LLK_V6, LLK_ALL, LLK_READ | LLK_NET_BIND_TCP, 0, "/dir", -EINVAL, "\"/dir\": bind_tcp does not belong in a rule of files." },
	{ PATH, LLK_V6, LLK_ALL, LLK_ALL, 0, "/dir", -EINVAL, "\"/dir\": net, scope do not belong in a rule of files." },
	{ PATH, LLK_V6, LLK_ALL, LLK_NET, 0, "/dir", -EINVAL, "\"/dir\": net does not belong in a rule of files." },
	/* reserved and unknown bits, in presets too */
	{ PATH, LLK_V5, LLK_FS, LLK_READ | BIT(52), 0, "/dir", -EINVAL, "\"/dir\": 1<<52 is reserved and no right." },
	{ PATH, LLK_V5, LLK_FS, LLK_READ | BIT(60), 0, "/dir", -EINVAL, "\"/dir\": 1<<60 is reserved and no right." },
	{ PATH, LLK_V5, LLK_FS, LLK_FS_READ_FILE | BIT(63), 0, "/dir", -EINVAL, "\"/dir\": 1<<63 is reserved and no right." },
	{ PATH, LLK_V11, LLK_FS, BIT(29), 0, "/dir", -EINVAL, "\"/dir\": 1<<29 is unknown: " UNKNOWN_VERSIONS },
	{ PATH, LLK_V11, LLK_FS, LLK_PRESET | BIT(30), 0, "/dir", -EINVAL, "\"/dir\": 1<<30 is unknown: " UNKNOWN_VERSIONS },
	/* a plain right that isn't handled */
	{ PATH, LLK_V3, LLK_FS, LLK_FS_IOCTL_DEV, 0, "/dir", -EINVAL, "\"/dir\": the ruleset does not handle ioctl_dev: ask for it in llk_ruleset_new, or leave it out." },
	{ PATH, LLK_V5, LLK_FS_READ_FILE, LLK_FS_READ_FILE | LLK_FS_EXECUTE, 0, "/dir", -EINVAL, "\"/dir\": the ruleset does not handle execute: ask for it in llk_ruleset_new, or leave it out." },
	/* refer is always checked */
	{ PATH, LLK_V1, LLK_FS, LLK_READ | LLK_FS_REFER, 0, "/dir", -EINVAL, "\"/dir\": the ruleset does not handle refer: ask for it in llk_ruleset_new, or leave it out." },
	{ PATH, LLK_V5, LLK_FS & ~LLK_FS_REFER, LLK_RW_DIRS | LLK_FS_REFER, 0, "/dir", -EINVAL, "\"/dir\": the ruleset does not handle refer: ask for it in llk_ruleset_new, or leave it out." },
	{ PATH, LLK_V1, LLK_FS, LLK_FS_REFER, 0, "/dir", -EINVAL, "\"/dir\": the ruleset does not handle refer: ask for it in llk_ruleset_new, or leave it out." },
	/* a ruleset in which the rule means nothing */
	{ PATH, LLK_V6, LLK_NET | LLK_SCOPE, LLK_READ, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ PATH, LLK_V6, LLK_NET, LLK_FS, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ PATH, LLK_V6, LLK_NET | LLK_FS_REFER, LLK_READ, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ PATH, LLK_V6, LLK_NET | LLK_FS_REFER, LLK_READ | LLK_FS_REFER, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ PATH, LLK_V6, LLK_NET | LLK_FS_REFER, LLK_FS, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ PATH, LLK_V6, LLK_NET, LLK_FS_REFER, 0, "/dir", -EINVAL, "\"/dir\": the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	/* what is hostile in a path is escaped */
	{ PATH, LLK_V6, LLK_FS, 0, 0, "/a\n\"\\\033[31m\x7f\xc2\x9b\xc3\xa9\xc2\xa0", -EINVAL, "\"/a\\x0a\\\"\\\\\\x1b[31m\\x7f\\xc2\\x9b\xc3\xa9\xc2\xa0\": no rights were given." },
};

static const struct mistake other_mistakes[] = {
	/* descriptors */
	{ FD, LLK_V5, LLK_FS, LLK_READ | LLK_IF_PRESENT, 100, NULL, -EINVAL, "descriptor 100: LLK_IF_PRESENT is for paths." },
	{ FD, LLK_V5, LLK_FS, 0, 100, NULL, -EINVAL, "descriptor 100: no rights were given." },
	{ FD, LLK_V6, LLK_ALL, LLK_NET_BIND_TCP, 100, NULL, -EINVAL, "descriptor 100: bind_tcp does not belong in a rule of files." },
	{ FD, LLK_V3, LLK_FS, LLK_FS_IOCTL_DEV, 100, NULL, -EINVAL, "descriptor 100: the ruleset does not handle ioctl_dev: ask for it in llk_ruleset_new, or leave it out." },
	{ FD, LLK_V6, LLK_SCOPE, LLK_READ, 100, NULL, -EINVAL, "descriptor 100: the ruleset handles no right of files: ask for them in llk_ruleset_new." },
	{ FD, LLK_V5, LLK_FS, LLK_READ, 77, NULL, -EBADF, "descriptor 77 is not open." },
	{ FD, LLK_V5, LLK_FS, LLK_READ, (uint64_t)-1, NULL, -EBADF, "descriptor -1 is not open." },
	{ FD, LLK_V5, LLK_FS, LLK_READ, (uint64_t)-100, NULL, -EBADF, "descriptor -100 is not open." },

	/* ports */
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP, 66000, NULL, -EINVAL, "port 66000 is above 65535." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP, 65536, NULL, -EINVAL, "port 65536 is above 65535." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP, BIT(32) + 80, NULL, -EINVAL, "port 4294967376 is above 65535." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET, UINT64_MAX, NULL, -EINVAL, "port 18446744073709551615 is above 65535." },
	{ PORT, LLK_V5, LLK_ALL, 0, 80, NULL, -EINVAL, "port 80: no rights were given." },
	{ PORT, LLK_V5, LLK_ALL, LLK_FS_READ_FILE, 80, NULL, -EINVAL, "port 80: read_file does not belong in a rule of ports." },
	{ PORT, LLK_V5, LLK_ALL, LLK_ALL, 80, NULL, -EINVAL, "port 80: fs, scope do not belong in a rule of ports." },
	{ PORT, LLK_V6, LLK_ALL, LLK_SCOPE_SIGNAL, 80, NULL, -EINVAL, "port 80: signal does not belong in a rule of ports." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP | LLK_PRESET, 80, NULL, -EINVAL, "port 80: LLK_PRESET is for files." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP | LLK_IF_PRESENT, 80, NULL, -EINVAL, "port 80: LLK_IF_PRESENT is for paths." },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_UDP, 53, NULL, -EINVAL, "port 53: the ruleset does not handle bind_udp: ask for it in llk_ruleset_new, or leave it out." },
	{ PORT, LLK_V5, LLK_ALL, BIT(36), 53, NULL, -EINVAL, "port 53: 1<<36 is unknown: " UNKNOWN_VERSIONS },
	{ PORT, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP | BIT(53), 53, NULL, -EINVAL, "port 53: 1<<53 is reserved and no right." },
	{ PORT, LLK_V5, LLK_FS, LLK_NET_BIND_TCP, 80, NULL, -EINVAL, "port 80: the ruleset handles no right of ports: ask for them in llk_ruleset_new." },
	{ PORT, LLK_V5, LLK_FS, LLK_NET, 80, NULL, -EINVAL, "port 80: the ruleset handles no right of ports: ask for them in llk_ruleset_new." },

	/* groups */
	{ GROUP, LLK_V5, LLK_FS, LLK_READ, 0, NULL, -EINVAL, "llk_ruleset_allow_group was given no group, or an unknown one." },
	{ GROUP, LLK_V5, LLK_FS, LLK_READ, 16, NULL, -EINVAL, "llk_ruleset_allow_group was given no group, or an unknown one." },
	{ GROUP, LLK_V5, LLK_FS, LLK_READ, LLK_GROUP_TLS | 1U << 31, NULL, -EINVAL, "llk_ruleset_allow_group was given no group, or an unknown one." },
};

/* Told with a path of the library's own */
static const struct mistake group_mistakes[] = {
	{ GROUP, LLK_V1, LLK_FS, LLK_READ | LLK_FS_REFER, LLK_GROUP_TLS, NULL, -EINVAL, NULL },
	{ GROUP, LLK_V5, LLK_FS, 0, LLK_GROUP_LOADER, NULL, -EINVAL, NULL },
	{ GROUP, LLK_V5, LLK_ALL, LLK_NET_BIND_TCP, LLK_GROUP_LOADER, NULL, -EINVAL, NULL },
	{ GROUP, LLK_V5, LLK_NET, LLK_READ, LLK_GROUP_LOADER, NULL, -EINVAL, NULL },
	{ GROUP, LLK_V5, LLK_FS, LLK_READ | BIT(52), LLK_GROUP_LOADER, NULL, -EINVAL, NULL },
};

/* Of require and quiet alike; the builder is filled in */
static const struct mistake mask_mistakes[] = {
	{ REQUIRE, LLK_V5, LLK_FS, 0, 0, NULL, -EINVAL, "no rights were given." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_READ, 0, NULL, -EINVAL, "preset is for rules only." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_FS | LLK_QUIET, 0, NULL, -EINVAL, "quiet is for rules only." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_IF_PRESENT, 0, NULL, -EINVAL, "if_present is for rules only." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_FS_EXECUTE | BIT(54), 0, NULL, -EINVAL, "1<<54 is reserved and no right." },
	{ REQUIRE, LLK_V5, LLK_FS, BIT(63), 0, NULL, -EINVAL, "1<<63 is reserved and no right." },
	{ REQUIRE, LLK_V5, LLK_FS, BIT(20), 0, NULL, -EINVAL, "1<<20 is unknown: " UNKNOWN_VERSIONS },
	{ REQUIRE, LLK_V5, LLK_FS_READ_FILE, LLK_FS_EXECUTE, 0, NULL, -EINVAL, "llk_ruleset_new did not ask for execute." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_FS_EXECUTE | LLK_NET_BIND_TCP, 0, NULL, -EINVAL, "llk_ruleset_new did not ask for bind_tcp." },
	{ REQUIRE, LLK_V3, LLK_ALL, LLK_FS_IOCTL_DEV, 0, NULL, -EINVAL, "llk_ruleset_new did not ask for ioctl_dev." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_NET, 0, NULL, -EINVAL, "llk_ruleset_new did not ask for net." },
	{ REQUIRE, LLK_V5, LLK_FS, LLK_FS | LLK_SCOPE, 0, NULL, -EINVAL, "llk_ruleset_new did not ask for scope." },
};
/* clang-format on */

START_TEST(mistakes_in_new_stick)
{
	is_a_mistake(&new_mistakes[_i]);
}
END_TEST

START_TEST(mistakes_in_path_rules_stick)
{
	is_a_mistake(&path_mistakes[_i]);
}
END_TEST

START_TEST(mistakes_in_other_builders_stick)
{
	is_a_mistake(&other_mistakes[_i]);
}
END_TEST

START_TEST(mistakes_in_require_stick)
{
	is_a_mistake(&mask_mistakes[_i]);
}
END_TEST

START_TEST(mistakes_in_quiet_stick)
{
	struct mistake m = mask_mistakes[_i];

	m.builder = QUIET;
	is_a_mistake(&m);
}
END_TEST

/* Any path of the group will do in the explanation */
START_TEST(mistakes_in_a_groups_rights_stick)
{
	const struct mistake *m = &group_mistakes[_i];
	struct llk_ruleset *rs;
	char buf[512];

	fake_reset(11);
	rs = make(m, 0);
	build(rs, m);
	ck_assert_int_eq(llk_ruleset_error(rs), -EINVAL);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EINVAL);
	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_msg(!strncmp(buf, "bug in the program: ", 20), "%s", buf);
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake.n_calls, 0);
}
END_TEST

/* --- what is no mistake -------------------------------------------------- */

START_TEST(every_version_takes_whole_zones_of_what_it_has)
{
	for (int version = LLK_V1; version <= LLK_V11; version++) {
		uint64_t rights = fake_abi_rights(version);
		struct llk_ruleset *rs;

		fake_reset(FAKE_NEWEST_ABI);
		rs = llk_ruleset_new(version, LLK_ALL, 0);
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		ck_assert_uint_eq(llk_ruleset_handled(rs),
				  rights | LLK_FS_REFER);
		ck_assert_uint_eq(fake.rulesets[0].attr.handled_access_fs,
				  fake_abi_row(version)->fs);
		ck_assert_uint_eq(fake.rulesets[0].attr.handled_access_net,
				  fake_abi_row(version)->net);
		ck_assert_uint_eq(fake.rulesets[0].attr.scoped,
				  fake_abi_row(version)->scope);
		llk_ruleset_free(rs);
		ck_assert_int_eq(fake_n_open(), 0);
	}
}
END_TEST

START_TEST(a_zone_with_its_top_bit_means_all_but)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V5, LLK_FS & ~LLK_FS_IOCTL_DEV, 0);
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_uint_eq(fake.rulesets[0].attr.handled_access_fs, 0x7fff);
	llk_ruleset_free(rs);
}
END_TEST

START_TEST(a_single_right_can_be_handled)
{
	for (int bit = 0; bit < 46; bit++) {
		uint64_t right = BIT(bit) & fake_abi_rights(11);
		struct llk_ruleset *rs;

		if (!right)
			continue;
		fake_reset(11);
		rs = llk_ruleset_new(LLK_V11, right, 0);
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
		ck_assert_uint_eq(llk_ruleset_handled(rs) & ~LLK_FS_REFER,
				  right & ~LLK_FS_REFER);
		llk_ruleset_free(rs);
	}
}
END_TEST

/* Each of these is fine, and none may be taken for a mistake */
START_TEST(good_calls_leave_no_error)
{
	const char *const none[] = { NULL };
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/dir");
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE | LLK_FS_REFER, "/dir");
	llk_ruleset_allow_path(rs, LLK_PRESET | LLK_FS_RESOLVE_UNIX, "/dir");
	llk_ruleset_allow_path(rs, LLK_FS, "relative/../path");
	llk_ruleset_allow_path(rs, LLK_FS & ~LLK_FS_EXECUTE, "/dir");
	llk_ruleset_allow_path(rs, LLK_QUIET, "/dir");
	llk_ruleset_allow_path(rs, LLK_QUIET | LLK_IF_PRESENT, "/dir");
	llk_ruleset_allow_paths(rs, LLK_READ, none);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_allow_port(rs, LLK_NET, 0);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 65535);
	llk_ruleset_allow_port(rs, LLK_QUIET, 80);
	llk_ruleset_allow_group(rs, LLK_FS_READ_FILE, LLK_GROUP_LOADER);
	llk_ruleset_allow_group(rs, LLK_READ, 15);
	llk_ruleset_require(rs, LLK_FS);
	llk_ruleset_require(rs, LLK_ALL);
	llk_ruleset_require(rs, LLK_FS_EXECUTE);
	llk_ruleset_quiet(rs, LLK_ALL);
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	explains(rs, "nothing was enforced yet.");
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
}
END_TEST

/* LLK_ALL is the one word in which a zone may be empty */
START_TEST(all_is_never_empty_in_require_and_quiet)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V3, LLK_FS_READ_FILE, 0);
	llk_ruleset_require(rs, LLK_ALL);
	llk_ruleset_quiet(rs, LLK_ALL);
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	llk_ruleset_free(rs);
}
END_TEST

/* The rule of the recipe for renames beside a layer of files */
START_TEST(refer_alone_is_granted_in_a_ruleset_of_refer_alone)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V6, LLK_NET | LLK_FS_REFER, 0);
	llk_ruleset_allow_path(rs, LLK_FS_REFER, "/dir");
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	ck_assert_str_eq(fake_log_main(),
			 "query\n"
			 "create fs=2000 net=3 scope=0 quiet=0,0,0\n"
			 "open /dir\n"
			 "add path /dir fs=2000 flags=0\n"
			 "restrict flags=18\n");
	llk_ruleset_free(rs);
}
END_TEST

/* --- NULL, copies, descriptors ------------------------------------------- */

START_TEST(a_null_ruleset_is_out_of_memory)
{
	const char *const paths[] = { "/dir", NULL };

	fake_reset(11);
	llk_ruleset_allow_path(NULL, LLK_READ, "/dir");
	llk_ruleset_allow_path(NULL, 0, NULL);
	llk_ruleset_allow_paths(NULL, LLK_READ, paths);
	llk_ruleset_allow_paths(NULL, LLK_READ, NULL);
	llk_ruleset_allow_fd(NULL, LLK_READ, 0);
	llk_ruleset_allow_port(NULL, LLK_NET_BIND_TCP, 80);
	llk_ruleset_allow_group(NULL, LLK_READ, LLK_GROUP_LOADER);
	llk_ruleset_allow_group(NULL, LLK_READ, 0);
	llk_ruleset_require(NULL, LLK_FS);
	llk_ruleset_quiet(NULL, LLK_FS);
	ck_assert_int_eq(llk_ruleset_error(NULL), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_load(NULL), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_restrict_self(NULL, 0), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_restrict_self(NULL, 0x8000), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_fd(NULL), -EBADF);
	ck_assert_uint_eq(llk_ruleset_handled(NULL), 0);
	ck_assert_ptr_null(llk_ruleset_free(NULL));
	explains(NULL, "failed: out of memory.");
	ck_assert_int_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(building_asks_the_kernel_nothing)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	llk_ruleset_allow_path(rs, LLK_READ, "/not/there");
	llk_ruleset_allow_port(rs, LLK_NET, 80);
	llk_ruleset_allow_group(rs, LLK_READ, 15);
	llk_ruleset_require(rs, LLK_ALL);
	llk_ruleset_quiet(rs, LLK_ALL);
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(paths_are_copied)
{
	char path[] = "/dir";
	char first[] = "/usr", second[] = "/tmp";
	const char *paths[] = { first, second, NULL };
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_path(rs, LLK_READ, path);
	llk_ruleset_allow_paths(rs, LLK_READ, paths);
	memset(path, 'x', sizeof(path) - 1);
	memset(first, 'x', sizeof(first) - 1);
	memset(second, 'x', sizeof(second) - 1);
	paths[0] = NULL;
	ck_assert_int_eq(llk_ruleset_load(rs), LLK_ENFORCED);
	ck_assert_int_eq(fake.rulesets[0].n_rules, 3);
	ck_assert_ptr_nonnull(strstr(fake.log, "add path /dir fs=c"));
	ck_assert_ptr_nonnull(strstr(fake.log, "add path /usr fs=c"));
	ck_assert_ptr_nonnull(strstr(fake.log, "add path /tmp fs=c"));
	llk_ruleset_free(rs);
}
END_TEST

/* Closed and its number reused meanwhile: another tree must not be granted */
START_TEST(a_descriptor_is_duplicated_when_the_rule_is_added)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/dir");
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	fake_close(fd);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	ck_assert_ptr_nonnull(strstr(fake.log, "add path dup:/dir fs=c"));
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake.n_bad_closes, 0);
	ck_assert_int_eq(fake_n_open(), 0);
}
END_TEST

START_TEST(the_callers_descriptor_stays_open)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/dir");
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake.n_bad_closes, 0);
	ck_assert_int_eq(fake_n_open(), 0);
	fake_close(fd);
}
END_TEST

START_TEST(a_descriptor_that_cant_be_duplicated_is_no_bug_of_the_program)
{
	struct llk_ruleset *rs;
	int fd;

	fake_reset(11);
	fd = fake_open("/dir");
	fake_fail(FAKE_DUP, 1, EMFILE);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	ck_assert_int_eq(llk_ruleset_error(rs), -EMFILE);
	explains(rs, "failed: descriptor 100 can't be duplicated: "
		     "too many open files in this process.");
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
}
END_TEST

#define NO_QUIET(rule, kind)                                       \
	"bug in the program: " rule ": LLK_QUIET has no meaning: " \
	"llk_ruleset_quiet names no right of " kind "."

/* --- a quiet rule without quiet ------------------------------------------ */

static void quiet_is_missing(struct llk_ruleset *rs, const char *text)
{
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	ck_assert_int_eq(llk_ruleset_load(rs), -EINVAL);
	explains(rs, text);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EINVAL);
	ck_assert_int_eq(fake.n_of[FAKE_QUERY], 0);
	ck_assert_int_eq(fake.n_of[FAKE_OPEN], 0);
	ck_assert_int_eq(fake.n_enforced, 0);
}

START_TEST(a_quiet_rule_without_quiet_is_an_error_on_every_kernel)
{
	for (int abi = 0; abi <= FAKE_NEWEST_ABI; abi++) {
		for (unsigned int flags = 0; flags <= LLK_BEST_EFFORT;
		     flags++) {
			struct llk_ruleset *rs;

			fake_reset(abi);
			rs = llk_ruleset_new(LLK_V6, LLK_ALL, flags);
			llk_ruleset_allow_path(rs, LLK_READ | LLK_QUIET,
					       "/dir");
			quiet_is_missing(rs, NO_QUIET("\"/dir\"", "files"));
			/* of another zone, and it may follow the rule */
			llk_ruleset_quiet(rs, LLK_NET | LLK_SCOPE);
			quiet_is_missing(rs, NO_QUIET("\"/dir\"", "files"));
			llk_ruleset_quiet(rs, LLK_FS_EXECUTE);
			ck_assert_int_ne(llk_ruleset_load(rs), -EINVAL);
			llk_ruleset_free(rs);
		}
	}
}
END_TEST

START_TEST(a_quiet_port_or_group_without_quiet_is_an_error)
{
	struct llk_ruleset *rs;

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V6, LLK_ALL, 0);
	llk_ruleset_quiet(rs, LLK_FS);
	llk_ruleset_allow_port(rs, LLK_QUIET, 80);
	quiet_is_missing(rs, NO_QUIET("port 80", "ports"));
	llk_ruleset_free(rs);

	rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
	llk_ruleset_quiet(rs, LLK_NET);
	llk_ruleset_allow_group(rs, LLK_READ | LLK_QUIET, LLK_GROUP_TLS);
	quiet_is_missing(rs, NO_QUIET("\"/etc/ssl/certs\"", "files"));
	llk_ruleset_free(rs);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ruleset");
	TCase *tc = tcase_create("ruleset");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, mistakes_in_new_stick, 0, COUNT(new_mistakes));
	tcase_add_loop_test(tc, mistakes_in_path_rules_stick, 0,
			    COUNT(path_mistakes));
	tcase_add_loop_test(tc, mistakes_in_other_builders_stick, 0,
			    COUNT(other_mistakes));
	tcase_add_loop_test(tc, mistakes_in_require_stick, 0,
			    COUNT(mask_mistakes));
	tcase_add_loop_test(tc, mistakes_in_quiet_stick, 0,
			    COUNT(mask_mistakes));
	tcase_add_loop_test(tc, mistakes_in_a_groups_rights_stick, 0,
			    COUNT(group_mistakes));
	tcase_add_test(tc, every_version_takes_whole_zones_of_what_it_has);
	tcase_add_test(tc, a_zone_with_its_top_bit_means_all_but);
	tcase_add_test(tc, a_single_right_can_be_handled);
	tcase_add_test(tc, good_calls_leave_no_error);
	tcase_add_test(tc, all_is_never_empty_in_require_and_quiet);
	tcase_add_test(tc, refer_alone_is_granted_in_a_ruleset_of_refer_alone);
	tcase_add_test(tc, a_null_ruleset_is_out_of_memory);
	tcase_add_test(tc, building_asks_the_kernel_nothing);
	tcase_add_test(tc, paths_are_copied);
	tcase_add_test(tc, a_descriptor_is_duplicated_when_the_rule_is_added);
	tcase_add_test(tc, the_callers_descriptor_stays_open);
	tcase_add_test(
		tc,
		a_descriptor_that_cant_be_duplicated_is_no_bug_of_the_program);
	tcase_add_test(tc,
		       a_quiet_rule_without_quiet_is_an_error_on_every_kernel);
	tcase_add_test(tc, a_quiet_port_or_group_without_quiet_is_an_error);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
