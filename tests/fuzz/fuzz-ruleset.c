/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Rulesets built, loaded, enforced, explained and freed in any order, on any
 * fake kernel, with failures; after each call the library must be where the
 * oracle (model.c) is.
 * An input: the kernel (set_up), then operations of one byte and arguments.
 */
#include "input.h"
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_OPERATIONS 64
#define N_FDS 6

static struct run {
	struct llk_ruleset *rs;
	struct model model;
	int fds[N_FDS]; /* of the caller: open, closed, impossible */
} run;

static const int errors[] = { EPERM,  ENOENT,	  EINTR,	EIO,	EBADF,
			      ENOMEM, EACCES,	  ENOTDIR,	EINVAL, ENFILE,
			      EMFILE, ENOSYS,	  ELOOP,	E2BIG,	ENOMSG,
			      EBADFD, EOPNOTSUPP, EAFNOSUPPORT, EBUSY };

static int pick_error(struct input *in)
{
	return errors[input_pick(in, COUNT(errors))];
}

/* --- the kernel ------------------------------------------------------------ */

static void add_threads(struct input *in)
{
	static const char *const names[] = { "worker", "iou-sqp-17",
					     "iou-wrk-17", "a\nb\033[31m", "" };
	static const char states[] = "RSDZX";
	static const unsigned int flags[] = { 0, 0x4, 0x10, 0x14, 0x400000 };
	static const int known[] = { 1, 0, -ENOSYS };

	for (unsigned int n = input_pick(in, 4); n > 0; n--) {
		unsigned int name = input_pick(in, COUNT(names));
		unsigned int state = input_pick(in, sizeof(states));

		fake_add_task(names[name], states[state],
			      flags[input_pick(in, COUNT(flags))]);
	}
	fake.libc_knows = known[input_pick(in, COUNT(known))];
	fake.proc = (enum fake_proc)input_pick(in, 4);
	if (input_pick(in, 4) == 3)
		fake.count = (int)input_pick(in, 4);
}

/* What the version query answers in place of the truth */
static void lie(struct input *in)
{
	switch (input_pick(in, 8)) {
	case 5:
		fake.query_answer = 0;
		break;
	case 6:
		fake.query_answer = 444;
		break;
	case 7:
		fake.query_answer = (int8_t)input_byte(in);
		break;
	}
	switch (input_pick(in, 4)) {
	case 2:
		fake.refuses = LLK_SCOPE_SIGNAL;
		break;
	case 3:
		fake.refuses = input_rights(in);
		break;
	}
}

static void open_fds(void)
{
	run.fds[0] = fake_open("/dir");
	run.fds[1] = fake_open("/file");
	run.fds[2] = fake_open("/pipe");
	run.fds[3] = fake_open("/dir2");
	run.fds[4] = -1;
	run.fds[5] = 4000;
	fake_close(run.fds[3]);
}

/* The other threads end before the @changes_at-th look at them */
static int changes_at;
static bool has_changed;

static void end_threads(enum fake_call call)
{
	if ((call != FAKE_COUNT && call != FAKE_LIST && call != FAKE_NEXT) ||
	    !changes_at || --changes_at)
		return;

	has_changed = true;
	fake.n_tasks = 1;
	fake.count = -1;
}

static void set_up(struct input *in)
{
	uint8_t bits;

	fake_reset((int)input_pick(in, FAKE_NEWEST_ABI + 1));
	bits = input_byte(in);
	fake.is_admin = bits & 1;
	fake.has_no_new_privs = bits & 2;
	fake.has_no_tcp = bits & 4;
	fake.no_landlock = bits & 8 ? pick_error(in) : ENOSYS;
	if (bits & 16)
		fake.n_layers = 13 + (int)input_pick(in, 4);
	if (bits & 32)
		add_threads(in);
	if (bits & 64)
		lie(in);
	if (bits & 128)
		fake_add_file("/etc/ssl/certs", FAKE_FILE,
			      input_pick(in, 2) ? pick_error(in) : 0);
	open_fds();
	fake.before = end_threads;
	changes_at = 0;
	has_changed = false;
}

/* --- operations ------------------------------------------------------------ */

/* A path that is there, one that isn't, or none; @buf may hold it */
static const char *pick_path(struct input *in, char buf[32])
{
	static const char *const paths[] = {
		"/dir",
		"/file",
		"/pipe",
		"/denied",
		"/loop",
		"/missing",
		"/file/below",
		"/dir2",
		"",
		NULL,
		"/a\nb\"\\\302\233\177",
	};
	static char name_too_long[5000];
	unsigned int which = input_pick(in, COUNT(paths) + 2);

	if (which < COUNT(paths))
		return paths[which];
	if (which == COUNT(paths)) {
		input_string(in, buf);
		return buf;
	}
	memset(name_too_long, 'a', sizeof(name_too_long) - 1);

	return name_too_long;
}

static void allow_path(struct input *in)
{
	uint64_t rights = input_rights(in);
	char buf[32];
	const char *path = pick_path(in, buf);

	llk_ruleset_allow_path(run.rs, rights, path);
	model_allow_path(&run.model, rights, path);
}

static void allow_paths(struct input *in)
{
	uint64_t rights = input_rights(in);
	const char *paths[4] = { NULL };
	char bufs[3][32];
	unsigned int n = input_pick(in, 5);

	if (n == 4) {
		llk_ruleset_allow_paths(run.rs, rights, NULL);
		model_allow_list(&run.model);
		return;
	}

	for (unsigned int i = 0; i < n; i++)
		paths[i] = pick_path(in, bufs[i]);
	llk_ruleset_allow_paths(run.rs, rights, paths);
	for (int i = 0; paths[i]; i++)
		model_allow_path(&run.model, rights, paths[i]);
}

static void allow_fd(struct input *in)
{
	uint64_t rights = input_rights(in);
	int fd = run.fds[input_pick(in, N_FDS)];

	if (input_pick(in, 8) == 7)
		model_fail(FAKE_DUP, 1, pick_error(in));
	llk_ruleset_allow_fd(run.rs, rights, fd);
	model_allow_fd(&run.model, rights, fd);
}

static void allow_port(struct input *in)
{
	static const uint64_t ports[] = {
		0, 80, 65535, 65536, 66000, UINT64_MAX
	};
	uint64_t rights = input_rights(in);
	uint64_t port = ports[input_pick(in, COUNT(ports))];

	llk_ruleset_allow_port(run.rs, rights, port);
	model_allow_port(&run.model, rights, port);
}

static void allow_group(struct input *in)
{
	uint64_t rights = input_rights(in);
	unsigned int groups = input_pick(in, 20);

	llk_ruleset_allow_group(run.rs, rights, groups);
	model_allow_group(&run.model, rights, groups);
}

static void require(struct input *in)
{
	uint64_t rights = input_rights(in);

	llk_ruleset_require(run.rs, rights);
	model_require(&run.model, rights);
}

static void quiet(struct input *in)
{
	uint64_t rights = input_rights(in);

	llk_ruleset_quiet(run.rs, rights);
	model_quiet(&run.model, rights);
}

/* One failure on the way, or a change, or none */
static void maybe_fail(struct input *in)
{
	static const enum fake_call calls[] = {
		FAKE_QUERY, FAKE_CREATE,   FAKE_ADD,	      FAKE_OPEN,
		FAKE_CLOSE, FAKE_IS_DIR,   FAKE_NO_NEW_PRIVS, FAKE_RESTRICT,
		FAKE_COUNT, FAKE_ARE_PROC, FAKE_LIST,	      FAKE_NEXT,
		FAKE_ALL,   FAKE_ERRATA,
	};
	unsigned int call = input_pick(in, 2 * COUNT(calls));
	int at;

	if (call == 2 * COUNT(calls) - 1)
		changes_at = 1 + (int)input_pick(in, 64);
	if (call >= COUNT(calls))
		return;

	at = 1 + (int)input_pick(in, 8);
	model_fail(calls[call], at, pick_error(in));
}

static void load(struct input *in)
{
	int r, expected;

	maybe_fail(in);
	r = llk_ruleset_load(run.rs);
	expected = model_load(&run.model);
	insist(r == expected, "load: %d and not %d:\n%s", r, expected,
	       fake.log);
}

/*
 * Where the threads ended meanwhile both answers are right: that there were
 * others, and that there are none. All else must fit the one that was given.
 */
static int expect_restricted(unsigned int flags, int result)
{
	static struct model before;
	int expected;

	run.model.threads = has_changed ? MODEL_ONE : MODEL_AS_THEY_ARE;
	before = run.model;
	expected = model_restrict_self(&run.model, flags);
	if (expected == result || !has_changed)
		return expected;

	run.model = before;
	run.model.threads = MODEL_SEVERAL;

	return model_restrict_self(&run.model, flags);
}

static void restrict_self(struct input *in)
{
	static const unsigned int flags[] = { 0x1,     0x2,	0x4,	0x8,
					      0x10000, 0x20000, 0x40000 };
	unsigned int chosen = 0;
	int r, expected, n = fake.n_enforced;

	for (unsigned int i = input_pick(in, 4); i > 0; i--)
		chosen |= flags[input_pick(in, COUNT(flags))];
	maybe_fail(in);
	r = llk_ruleset_restrict_self(run.rs, chosen);
	expected = expect_restricted(chosen, r);
	insist(r == expected, "restrict_self(%x): %d and not %d:\n%s", chosen,
	       r, expected, fake.log);

	insist(fake.n_enforced == n + (r == 0 || r == 1), "enforced %d times",
	       fake.n_enforced - n);
	if (fake.n_enforced > n)
		model_compare_enforced(&run.model);
}

/* At any size the line's beginning, ended, and nothing behind it */
static void explain(struct input *in)
{
	size_t size = input_byte(in), len;
	int whole_len = llk_ruleset_explain(run.rs, NULL, 0);
	char *whole = malloc((size_t)whole_len + 1), *cut = malloc(size + 1);

	insist(whole && cut, "out of memory");
	len = (size_t)llk_ruleset_explain(run.rs, whole, (size_t)whole_len + 1);
	insist(len == (size_t)whole_len && strlen(whole) == len, "%zu of %d",
	       len, whole_len);
	insist(fuzz_is_harmless(whole), "explain is no line: %s", whole);

	memset(cut, 'x', size + 1);
	insist(llk_ruleset_explain(run.rs, cut, size) == whole_len,
	       "length at size %zu", size);
	insist(cut[size] == 'x', "written behind %zu bytes", size);
	if (size)
		insist(strlen(cut) == (len < size ? len : size - 1) &&
			       !strncmp(cut, whole, strlen(cut)),
		       "cut at %zu: %s", size, cut);
	free(whole);
	free(cut);
}

static void make(struct input *in)
{
	int version = (int)input_pick(in, 14) - 1;
	uint64_t handled = input_rights(in);
	unsigned int flags = input_byte(in);

	flags = flags < 250 ? flags & 1 : flags;
	model_begin(&run.model);
	run.model.is_null = version == 12;
	run.rs = NULL;
	if (version == 12)
		return;

	run.rs = llk_ruleset_new(version, handled, flags);
	insist(run.rs, "out of memory");
	model_new(&run.model, version, handled, flags);
}

static void end(void)
{
	insist(!llk_ruleset_free(run.rs), "free returns something");
	model_end(&run.model);
	insist(!fake_n_open(), "free leaves %d descriptors:\n%s", fake_n_open(),
	       fake.log);
	insist(!fake.n_bad_closes, "closed what it doesn't own:\n%s", fake.log);
}

static void make_another(struct input *in)
{
	end();
	make(in);
}

static void (*const operations[])(struct input *in) = {
	allow_path, allow_path,	   allow_paths,	  allow_fd, allow_port,
	allow_port, allow_group,   require,	  quiet,    load,
	load,	    restrict_self, restrict_self, explain,  make_another,
};

/* The fake's tables have ends */
static bool has_room(void)
{
	return run.model.n_rules < MODEL_MAX_RULES - 120 &&
	       fake.n_rulesets < 12 && fake.n_fds < FAKE_MAX_FDS - 1500;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };

	set_up(&in);
	make(&in);
	model_compare(&run.model, run.rs);
	for (int i = 0; i < MAX_OPERATIONS && in.at < in.end && has_room();
	     i++) {
		operations[input_pick(&in, COUNT(operations))](&in);
		model_fail(FAKE_QUERY, 0, 0);
		changes_at = 0;
		has_changed = false;
		model_compare(&run.model, run.rs);
	}
	end();

	return 0;
}
