/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Each call failing once at each place, and memory running out at each
 * allocation: the right error, no descriptor left, nothing enforced, and the
 * same call succeeds the next time.
 */
#include "fake-kernel.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const int errors[] = { ENOMEM, EMFILE, ENFILE, EINTR, EACCES,
			      EPERM,  ENOSYS, EINVAL, E2BIG };
static const int abis[] = { 0, 1, 2, 6, 7, 8, 10, 11, 12 };

/* --- a ruleset that makes every call ---------------------------------------
 */

struct scenario {
	int abi;
	unsigned int flags;
	bool is_loaded;
	bool has_ended_thread; /* the tasks are listed */
	int error;
	int at;
};

static void set_up(const struct scenario *s)
{
	fake_reset(s->abi);
	if (s->has_ended_thread) {
		fake_add_task("ended", 'Z', 0);
		fake.libc_knows = 0;
	}
}

/* Rules of V1, and as many more as the kernel has */
static struct llk_ruleset *build(const struct scenario *s)
{
	int version = s->abi >= 4 ? LLK_V4 : LLK_V1;
	struct llk_ruleset *rs = llk_ruleset_new(version, LLK_ALL, s->flags);
	int fd = fake_open("/dir2"), file = fake_open("/file2");

	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_path(rs, LLK_READ, "/file");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/missing");
	llk_ruleset_allow_path(rs, LLK_FS_READ_FILE, "/file");
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_allow_fd(rs, LLK_READ, file);
	if (version == LLK_V4)
		llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
	llk_ruleset_allow_path(rs, LLK_READ, "/usr");
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	ck_assert_int_eq(fake_n_open(), 2);

	return rs;
}

static int go(const struct scenario *s, struct llk_ruleset *rs)
{
	int r = s->is_loaded ? llk_ruleset_load(rs) : LLK_ENFORCED;

	return r == LLK_ENFORCED ? llk_ruleset_restrict_self(rs, 0) : r;
}

__attribute__((noreturn)) static void
tell(const struct scenario *s, const char *what, int got, int wanted)
{
	ck_abort_msg("ABI %d, %s, %s%s, call %d fails with %d: %s is %d, not "
		     "%d; calls:\n%s",
		     s->abi, s->flags ? "best effort" : "strict",
		     s->is_loaded ? "loaded" : "not loaded",
		     s->has_ended_thread ? ", listing" : "", s->at, s->error,
		     what, got, wanted, fake.log);
}

static bool failed_line_begins(const char *begin)
{
	return !strncmp(fake.log + fake.failed_at_log, begin, strlen(begin));
}

/* The first add of a preset of directories on a file is EINVAL anyway */
static bool would_fail_so_anyway(const struct scenario *s)
{
	return s->error == EINVAL &&
	       (failed_line_begins("add path /file fs=c ") ||
		failed_line_begins("add path dup:/file2 fs=c "));
}

/*
 * Once the layer is in place nothing can be taken back. The descriptors of
 * allow_fd, which a load closes, and the listing of threads are done with.
 */
static bool is_late_close(void)
{
	return fake.failed_at_layer || failed_line_begins("close dup:") ||
	       failed_line_begins("close proc");
}

/* Threads can't be counted: libc's knowledge decides, or there are several */
static bool is_uncounted(const struct scenario *s)
{
	/* A count that is asked between listings is only one of several ways */
	return s->has_ended_thread &&
	       !(fake.failed_call == FAKE_COUNT && fake.n_of[FAKE_LIST]);
}

/*
 * What the contract says of the call that failed. Asked after it was made: the
 * fake knows which call it was.
 */
static int expected(const struct scenario *s)
{
	int nothing = s->flags ? LLK_NOT_ENFORCED : -EOPNOTSUPP;

	switch (fake.failed_call) {
	case FAKE_QUERY:
		/* Any error there is "no Landlock" */
		return s->flags ? LLK_NOT_ENFORCED : -s->error;
	case FAKE_COUNT:
	case FAKE_ARE_PROC:
		return is_uncounted(s) ? nothing : LLK_ENFORCED;
	case FAKE_LIST:
	case FAKE_NEXT:
		if (s->error == EMFILE || s->error == ENFILE ||
		    s->error == ENOMEM)
			return is_uncounted(s) ? -s->error : LLK_ENFORCED;
		return is_uncounted(s) ? nothing : LLK_ENFORCED;
	case FAKE_ADD:
		return would_fail_so_anyway(s) ? LLK_ENFORCED : -s->error;
	case FAKE_CLOSE:
		return is_late_close() ? LLK_ENFORCED : -s->error;
	default:
		return -s->error;
	}
}

static void check_failure(const struct scenario *s, struct llk_ruleset *rs,
			  int r)
{
	int wanted = expected(s);
	bool is_done = wanted == LLK_ENFORCED;
	/* load that succeeded made one, and closed the duplicates */
	int n_open = is_done ? 0 : llk_ruleset_fd(rs) >= 0 ? 1 : 2;

	if (r != wanted)
		tell(s, "result", r, wanted);
	if (fake.n_enforced != is_done)
		tell(s, "number of layers", fake.n_enforced, is_done);
	if (fake_n_open() != n_open)
		tell(s, "number of open descriptors", fake_n_open(), n_open);
	if (fake.n_bad_closes)
		tell(s, "bad closes", fake.n_bad_closes, 0);
	if (llk_ruleset_error(rs))
		tell(s, "error", llk_ruleset_error(rs), 0);
	if (!is_done && fake.has_no_new_privs &&
	    fake.failed_call != FAKE_RESTRICT)
		tell(s, "no_new_privs", 1, 0);
}

/* Fail the @s->at-th call; whether there was one */
static bool fail_once(const struct scenario *s)
{
	int success = s->abi	 ? LLK_ENFORCED
		      : s->flags ? LLK_NOT_ENFORCED
				 : -ENOSYS;
	struct llk_ruleset *rs;
	bool failed;
	int r;

	set_up(s);
	rs = build(s);
	fake_forget();
	fake_fail(FAKE_ANY, s->at, s->error);
	r = go(s, rs);
	failed = fake.failed;
	if (!failed && r != success)
		tell(s, "result", r, success);
	if (failed)
		check_failure(s, rs, r);
	if (failed && !fake.n_enforced) {
		r = go(s, rs);
		if (r != success)
			tell(s, "result of the second try", r, success);
	}
	llk_ruleset_free(rs);
	if (fake_n_open() || fake.n_bad_closes)
		tell(s, "number of open descriptors", fake_n_open(), 0);

	return failed;
}

static int fail_everywhere(struct scenario *s)
{
	s->at = 1;
	while (fail_once(s))
		s->at++;

	return s->at - 1;
}

START_TEST(each_call_may_fail_once)
{
	struct scenario s = { .error = errors[_i] };

	for (size_t i = 0; i < COUNT(abis); i++) {
		for (int n = 0; n < 8; n++) {
			s.abi = abis[i];
			s.flags = n & 1 ? LLK_BEST_EFFORT : 0;
			s.is_loaded = n & 2;
			s.has_ended_thread = n & 4;
			/* query, and twenty more where there is Landlock */
			ck_assert_int_ge(fail_everywhere(&s), s.abi ? 20 : 1);
		}
	}
}
END_TEST

/* On the ABI that some kernels lie about, EINVAL cuts the suspects */
START_TEST(a_create_that_fails_twice_is_an_error)
{
	struct llk_ruleset *rs;

	for (size_t i = 0; i < COUNT(errors); i++) {
		fake_reset(6);
		fake.refuses = LLK_SCOPE_SIGNAL;
		rs = llk_ruleset_new(LLK_V6, LLK_ALL, LLK_BEST_EFFORT);
		fake_fail(FAKE_CREATE, 2, errors[i]);
		ck_assert_int_eq(llk_ruleset_load(rs), -errors[i]);
		ck_assert_int_eq(fake_n_open(), 0);
		ck_assert_int_eq(llk_ruleset_load(rs), LLK_PARTLY_ENFORCED);
		llk_ruleset_free(rs);
		ck_assert_int_eq(fake_n_open(), 0);
	}
}
END_TEST

START_TEST(a_close_that_fails_before_the_layer_is_told)
{
	struct llk_ruleset *rs;
	char buf[256];

	fake_reset(11);
	rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	fake_fail(FAKE_CLOSE, 1, EIO);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EIO);
	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_str_eq(buf, "failed: \"/dir\" can't be closed: input or "
			      "output failed (errno 5).");
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
}
END_TEST

/* A failing close of the ruleset may not undo what the kernel has done */
START_TEST(a_close_that_fails_after_the_layer_changes_no_outcome)
{
#define UNCLOSED                                                      \
	" A descriptor that is a way around it could not be closed: " \
	"interrupted by a signal."
	static const int outcomes[] = { LLK_PARTLY_ENFORCED, LLK_ENFORCED };
	static const char *const texts[] = {
		"partly enforced: Linux 6.2 is needed for truncate." UNCLOSED,
		"enforced: all that was asked." UNCLOSED,
	};
	char buf[256];

	for (int i = 0; i < 2; i++) {
		struct llk_ruleset *rs;

		fake_reset(i ? 11 : 2);
		rs = llk_ruleset_new(LLK_V3, LLK_FS, LLK_BEST_EFFORT);
		fake_fail(FAKE_CLOSE, 1, EINTR);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), outcomes[i]);
		ck_assert(fake.failed);
		ck_assert_int_eq(fake.n_enforced, 1);
		llk_ruleset_explain(rs, buf, sizeof(buf));
		ck_assert_str_eq(buf, texts[i]);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -EBADF);
		llk_ruleset_free(rs);
		ck_assert_int_eq(fake_n_open(), 0);
		ck_assert_int_eq(fake.n_bad_closes, 0);
	}
}
END_TEST

START_TEST(a_duplicate_that_fails_sticks)
{
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct llk_ruleset *rs;
		int fd;

		fake_reset(11);
		fd = fake_open("/dir");
		rs = llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);
		llk_ruleset_allow_fd(rs, LLK_READ, fd);
		fake_fail(FAKE_DUP, 1, errors[i]);
		llk_ruleset_allow_fd(rs, LLK_READ, fd);
		ck_assert_int_eq(llk_ruleset_error(rs), -errors[i]);
		ck_assert_int_eq(llk_ruleset_load(rs), -errors[i]);
		ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -errors[i]);
		ck_assert_int_eq(fake_n_open(), 1);
		llk_ruleset_free(rs);
		ck_assert_int_eq(fake_n_open(), 0);
	}
}
END_TEST

/* --- no memory ---------------------------------------------------------------
 */

static int allocations_left = -1; /* negative: no end to them */
static int n_allocations;
static bool is_inside; /* where libc is static, its calloc calls our malloc */

static bool is_out_of_memory(void)
{
	if (is_inside || allocations_left < 0)
		return false;

	n_allocations++;

	return allocations_left-- == 0;
}

/* The linker puts these in the place of libc's: see meson.build */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	return is_out_of_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p;

	if (is_out_of_memory())
		return NULL;

	is_inside = true;
	p = __real_calloc(n, size);
	is_inside = false;

	return p;
}

void *__wrap_realloc(void *p, size_t size)
{
	void *q;

	if (is_out_of_memory())
		return NULL;

	is_inside = true;
	q = __real_realloc(p, size);
	is_inside = false;

	return q;
}

static struct llk_ruleset *build_all(int fd)
{
	const char *const paths[] = { "/usr", "/tmp", NULL };
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V4, LLK_ALL, 0);
	char long_path[4096];

	memset(long_path, '/', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	llk_ruleset_allow_path(rs, LLK_READ, "/dir");
	llk_ruleset_allow_paths(rs, LLK_READ, paths);
	llk_ruleset_allow_fd(rs, LLK_READ, fd);
	llk_ruleset_allow_port(rs, LLK_NET_BIND_TCP, 80);
	llk_ruleset_allow_group(rs, LLK_READ, LLK_GROUP_RESOLVER);
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, long_path);
	llk_ruleset_require(rs, LLK_FS);
	llk_ruleset_quiet(rs, LLK_FS);

	return rs;
}

static void is_without_memory(struct llk_ruleset *rs)
{
	char buf[256];

	ck_assert_int_eq(llk_ruleset_error(rs), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_load(rs), -ENOMEM);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), -ENOMEM);
	llk_ruleset_explain(rs, buf, sizeof(buf));
	ck_assert_str_eq(buf, "failed: out of memory.");
	ck_assert_int_eq(fake.n_of[FAKE_QUERY], 0);
	ck_assert_int_eq(fake.n_enforced, 0);
	llk_ruleset_free(rs);
	ck_assert_int_eq(fake_n_open(), 0);
	ck_assert_int_eq(fake.n_bad_closes, 0);
}

START_TEST(each_allocation_may_fail)
{
	struct llk_ruleset *rs;
	bool failed = true;
	int fd, n = 0;

	for (; failed; n++) {
		fake_reset(11);
		fd = fake_open("/dir2");
		n_allocations = 0;
		allocations_left = n;
		rs = build_all(fd);
		failed = allocations_left < 0;
		allocations_left = -1;
		ck_assert_int_eq(rs == NULL, n == 0);
		if (failed)
			is_without_memory(rs);
	}
	ck_assert_int_eq(llk_ruleset_error(rs), 0);
	ck_assert_int_eq(llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED);
	llk_ruleset_free(rs);
	/* the object, blocks for some sixteen rules, and one for the long path */
	ck_assert_int_gt(n, 4);
	ck_assert_int_lt(n, 10);
}
END_TEST

/* What is loaded needs no memory, nor does enforcing without load */
START_TEST(enforcing_needs_no_memory)
{
	for (size_t i = 1; i < COUNT(abis); i++) {
		struct llk_ruleset *rs;
		int load, restricted;
		char buf[512];

		fake_reset(abis[i]);
		rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
		llk_ruleset_allow_path(rs, LLK_READ, "/dir");
		llk_ruleset_allow_path(rs, LLK_READ, "/file");
		n_allocations = 0;
		allocations_left = 0;
		load = llk_ruleset_load(rs);
		restricted = llk_ruleset_restrict_self(rs, 0);
		llk_ruleset_explain(rs, buf, sizeof(buf));
		allocations_left = -1;
		ck_assert_int_eq(load, LLK_ENFORCED);
		ck_assert_int_eq(restricted, LLK_ENFORCED);
		ck_assert_int_eq(n_allocations, 0);
		llk_ruleset_free(rs);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("failures");
	TCase *tc = tcase_create("failures");
	SRunner *sr = srunner_create(s);
	int n_failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_call_may_fail_once, 0, COUNT(errors));
	tcase_add_test(tc, a_create_that_fails_twice_is_an_error);
	tcase_add_test(tc, a_close_that_fails_before_the_layer_is_told);
	tcase_add_test(tc,
		       a_close_that_fails_after_the_layer_changes_no_outcome);
	tcase_add_test(tc, a_duplicate_that_fails_sticks);
	tcase_add_test(tc, each_allocation_may_fail);
	tcase_add_test(tc, enforcing_needs_no_memory);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	n_failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
