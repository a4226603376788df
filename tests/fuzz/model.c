/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The oracle: written from the contract, naive on purpose.
 */
#include "model.h"
#include "input.h"
#include "../../src/tables.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define REFER 13
#define SIGNAL 45
#define PRESET 56
#define IF_PRESENT 57
#define QUIET 58
#define NEWEST 11

#define LOG_FLAGS 0x7U
#define TSYNC 0x8U
#define ATOMIC 0x10U
#define THIS_THREAD 0x10000U
#define BY_SIGNAL 0x20000U
#define SKIP 0x40000U

static const char bug[] = "bug in the program: ", failed[] = "failed: ",
		  nothing_yet[] = "nothing was enforced yet.",
		  loaded[] = "loaded, nothing is restricted yet: ",
		  not_enforced[] = "not enforced: ",
		  partly[] = "partly enforced: ",
		  enforced[] = "enforced: all that was asked.";

/* The zones: first bit, the bit that stands for all, in this order */
enum { FS, NET, SCOPE, N_ZONES };
static const unsigned int first_bit[] = { 0, 32, 44 },
			  top_bit[] = { 31, 43, 51 };

static bool has(uint64_t word, unsigned int bit)
{
	return word >> bit & 1;
}

/* The bits of one zone of @word */
static uint64_t in_zone(uint64_t word, int zone)
{
	uint64_t result = 0;

	for (unsigned int bit = first_bit[zone]; bit <= top_bit[zone]; bit++)
		result |= word & 1ULL << bit;

	return result;
}

/* The ABI that brought a right, 0 if none did */
static int birth(unsigned int bit)
{
	static const signed char births[64] = {
		[0] = 1,  [1] = 1,   [2] = 1,	[3] = 1,  [4] = 1,  [5] = 1,
		[6] = 1,  [7] = 1,   [8] = 1,	[9] = 1,  [10] = 1, [11] = 1,
		[12] = 1, [13] = 2,  [14] = 3,	[15] = 5, [16] = 9, [32] = 4,
		[33] = 4, [34] = 10, [35] = 10, [44] = 6, [45] = 6,
	};

	return births[bit];
}

static bool is_known(unsigned int bit, int abi)
{
	return birth(bit) && birth(bit) <= abi;
}

static uint64_t known_to(int abi)
{
	uint64_t known = 0;

	for (unsigned int bit = 0; bit < 64; bit++)
		if (is_known(bit, abi))
			known |= 1ULL << bit;

	return known;
}

static bool fits_a_file(unsigned int bit)
{
	return bit <= 2 || bit == 14 || bit == 15 || bit == 16;
}

static uint64_t only_of_files(uint64_t rights)
{
	uint64_t result = 0;

	for (unsigned int bit = 0; bit < 32; bit++)
		if (has(rights, bit) && fits_a_file(bit))
			result |= 1ULL << bit;

	return result;
}

/* --- failures ------------------------------------------------------------ */

static struct {
	enum fake_call call;
	int left, error;
} injected;

void model_fail(enum fake_call call, int at, int error)
{
	injected.call = call;
	injected.left = at;
	injected.error = error;
	fake.fail_at = 0;
	fake.failed = false;
	if (at)
		fake_fail(call, at, error);
}

/* Count a call of the model's: 0, or what it fails with */
static int enter(enum fake_call call)
{
	if (call != injected.call || !injected.left || --injected.left)
		return 0;

	return -injected.error;
}

/* --- building ------------------------------------------------------------ */

void model_begin(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->begins = nothing_yet;
	m->has_no_new_privs = fake.has_no_new_privs;
	m->n_layers = fake.n_layers;
	model_fail(FAKE_QUERY, 0, 0);
}

void model_end(struct model *m)
{
	for (int i = 0; i < m->n_rules; i++)
		free(m->rules[i].path);
	m->n_rules = 0;
}

static void stick(struct model *m, int error)
{
	if (m->mistake)
		return;

	m->mistake = error;
	m->mistake_begins = bug;
}

/* Whether a builder does anything; too late is a mistake */
static bool may_build(struct model *m)
{
	if (m->is_null || m->mistake)
		return false;

	if (m->state != MODEL_BUILDING)
		stick(m, -EBUSY);

	return m->state == MODEL_BUILDING;
}

/* Rights of new, require, quiet: what they mean, 0 for a mistake */
static uint64_t meant(uint64_t rights, uint64_t known)
{
	bool is_all = has(rights, top_bit[FS]) && has(rights, top_bit[NET]) &&
		      has(rights, top_bit[SCOPE]);
	uint64_t result = 0;

	if (rights >> 52)
		return 0;

	for (int zone = FS; zone < N_ZONES; zone++) {
		uint64_t part = in_zone(rights, zone);

		if (!has(part, top_bit[zone]) && (part & ~known))
			return 0;
		if (has(part, top_bit[zone]) && !(part & known) && !is_all)
			return 0;
		result |= part & known;
	}

	return result;
}

void model_new(struct model *m, int version, uint64_t handled,
	       unsigned int flags)
{
	m->is_best_effort = flags == 1;
	if (version < 1 || version > NEWEST || flags > 1)
		stick(m, -EINVAL);
	else
		m->asked = meant(handled, known_to(version));
	if (!m->asked)
		stick(m, -EINVAL);
}

static void add_meant(struct model *m, uint64_t rights, uint64_t *ret_word)
{
	uint64_t more;

	if (!may_build(m))
		return;

	more = meant(rights, m->asked);
	if (!more)
		stick(m, -EINVAL);
	*ret_word |= more;
}

void model_require(struct model *m, uint64_t rights)
{
	add_meant(m, rights, &m->required);
}

void model_quiet(struct model *m, uint64_t rights)
{
	add_meant(m, rights, &m->quiet);
}

static int zone_of(const struct model_rule *rule)
{
	return rule->kind == MODEL_PORT ? NET : FS;
}

static bool is_whole(const struct model_rule *rule)
{
	return has(rule->rights, top_bit[zone_of(rule)]);
}

static bool is_masked(const struct model_rule *rule)
{
	return is_whole(rule) || has(rule->rights, PRESET);
}

static bool names_refer(const struct model_rule *rule)
{
	return rule->kind != MODEL_PORT && !is_whole(rule) &&
	       has(rule->rights, REFER);
}

/* Whether a right of @rule is none, is of another zone, or isn't handled */
static bool has_wrong_right(const struct model *m,
			    const struct model_rule *rule)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		bool is_of_zone = bit >= first_bit[zone_of(rule)] &&
				  bit <= top_bit[zone_of(rule)];

		if (!has(rule->rights, bit) || (bit >= PRESET && bit <= QUIET))
			continue;
		if (!is_of_zone)
			return true;
		if (is_whole(rule))
			continue;
		if (!birth(bit))
			return true;
		if (!has(m->asked, bit) && (!is_masked(rule) || bit == REFER))
			return true;
	}

	return false;
}

/* Whether the ruleset has nothing such a rule could be meant for */
static bool is_out_of_place(const struct model *m,
			    const struct model_rule *rule)
{
	uint64_t asked = in_zone(m->asked, zone_of(rule));
	uint64_t rights = in_zone(rule->rights, zone_of(rule));

	if (rule->kind == MODEL_PORT)
		return !asked;

	return !asked || (asked == 1ULL << REFER && rights != 1ULL << REFER);
}

static bool is_mistake(const struct model *m, const struct model_rule *rule)
{
	bool is_of_port = rule->kind == MODEL_PORT;
	bool is_of_path = rule->path != NULL;

	if (!(rule->rights << 12) && !has(rule->rights, QUIET))
		return true;
	if (is_of_path && !*rule->path)
		return true;
	if (!is_of_path && has(rule->rights, IF_PRESENT))
		return true;
	if (is_of_port && (rule->port > 65535 || has(rule->rights, PRESET)))
		return true;

	return has_wrong_right(m, rule) || is_out_of_place(m, rule);
}

static void add_rule(struct model *m, struct model_rule rule)
{
	bool is_gone = rule.kind == MODEL_FD && rule.file < 0;
	bool is_wrong = is_mistake(m, &rule);
	int error = is_wrong ? -EINVAL : 0;

	if (!error && rule.kind == MODEL_FD)
		error = enter(FAKE_DUP);
	if (!error && is_gone)
		error = -EBADF;
	if (error) {
		stick(m, error);
		if (!is_wrong && error != -EBADF)
			m->mistake_begins = failed;
		free(rule.path);
		return;
	}

	insist(m->n_rules < MODEL_MAX_RULES, "too many rules");
	m->rules[m->n_rules++] = rule;
	m->n_dups += rule.kind == MODEL_FD;
}

static char *copy(const char *path)
{
	char *result = strdup(path);

	insist(result, "out of memory");

	return result;
}

void model_allow_path(struct model *m, uint64_t rights, const char *path)
{
	struct model_rule rule = { .kind = MODEL_PATH, .rights = rights };

	if (!may_build(m))
		return;

	rule.path = copy(path ? path : "");
	add_rule(m, rule);
}

void model_allow_list(struct model *m)
{
	if (may_build(m))
		stick(m, -EINVAL);
}

/* The file that a descriptor of the test is open on, -1 if it is not open */
static int file_of(int fd)
{
	int i = fd - FAKE_FIRST_FD;

	if (i < 0 || i >= fake.n_fds || fake.fds[i].kind == FAKE_CLOSED)
		return -1;

	return fake.fds[i].index;
}

void model_allow_fd(struct model *m, uint64_t rights, int fd)
{
	struct model_rule rule = { .kind = MODEL_FD, .rights = rights };

	if (!may_build(m))
		return;

	rule.file = file_of(fd);
	add_rule(m, rule);
}

void model_allow_port(struct model *m, uint64_t rights, uint64_t port)
{
	struct model_rule rule = { .kind = MODEL_PORT,
				   .rights = rights,
				   .port = port };

	if (may_build(m))
		add_rule(m, rule);
}

/* The lists themselves are data, which src/groups.c alone has */
void model_allow_group(struct model *m, uint64_t rights, unsigned int groups)
{
	rights |= 1ULL << PRESET | 1ULL << IF_PRESENT;
	if (!may_build(m))
		return;
	if (!groups || groups > 15) {
		stick(m, -EINVAL);
		return;
	}

	for (unsigned int group = 1; group <= 8; group *= 2) {
		const char *path = llki_groups_paths(groups & group);

		for (; *path && !m->mistake; path += strlen(path) + 1)
			add_rule(m,
				 (struct model_rule){ .kind = MODEL_GROUP_PATH,
						      .rights = rights,
						      .path = copy(path) });
	}
}

/* --- what this kernel has ------------------------------------------------ */

static int version_query(void)
{
	int error = enter(FAKE_QUERY), answer;

	if (error)
		return error;

	if (fake.query_answer != INT_MIN)
		answer = fake.query_answer;
	else
		answer = fake.abi ? fake.abi : -fake.no_landlock;

	return answer == 0 || answer == 444 ? -ENOSYS : answer;
}

static int reported(const struct model *m)
{
	if (m->answer < 0)
		return 0;

	return m->answer > NEWEST ? NEWEST : m->answer;
}

static uint64_t handled_here(const struct model *m)
{
	return m->asked & known_to(reported(m)) & ~m->refused;
}

static uint64_t quiet_here(const struct model *m)
{
	return reported(m) >= 10 ? m->quiet & handled_here(m) : 0;
}

static uint32_t known_flags(int abi)
{
	return abi >= 11 ? 0x1fU : abi >= 8 ? 0xfU : abi >= 7 ? 0x7U : 0;
}

/* ABI 1 denies moves once any right of files is handled, and grants none */
static bool denies_moves(const struct model *m)
{
	return reported(m) == 1 && in_zone(handled_here(m), FS);
}

static uint64_t missing_here(const struct model *m)
{
	uint64_t missing = m->asked & ~handled_here(m);

	return denies_moves(m) ? missing & ~(1ULL << REFER) : missing;
}

static bool is_stuck(const struct model *m)
{
	for (int i = 0; i < m->n_rules; i++)
		if (names_refer(&m->rules[i]))
			return denies_moves(m);

	return false;
}

/* The outcome as far as rights and flags go */
static int outcome_of(const struct model *m, unsigned int flags)
{
	uint64_t missing = missing_here(m);
	bool lacks_log = flags & LOG_FLAGS & ~known_flags(reported(m));
	bool lacks_quiet = m->quiet && reported(m) < 10;
	bool is_nothing = is_stuck(m) ||
			  (missing && !(handled_here(m) & ~(1ULL << REFER)));

	if (!m->is_best_effort) {
		if (m->answer < 0)
			return m->answer;
		return missing || lacks_log || lacks_quiet || is_stuck(m)
			       ? -EOPNOTSUPP
			       : 0;
	}
	if (m->required & missing)
		return -EOPNOTSUPP;
	if (is_nothing)
		return m->required ? -EOPNOTSUPP : 2;

	return missing ? 1 : 0;
}

/* --- the kernel ------------------------------------------------------------ */

static int kernel_create(const struct fake_ruleset *words)
{
	const struct llk_sys_ruleset_attr *attr = &words->attr;
	int error = enter(FAKE_CREATE);
	uint64_t all = attr->handled_access_fs |
		       attr->handled_access_net << 32 | attr->scoped << 44;

	if (error)
		return error;
	if (!fake.abi)
		return -fake.no_landlock;
	if ((attr->handled_access_net && fake.abi < 4) ||
	    (attr->scoped && fake.abi < 6))
		return -E2BIG;
	if (fake.abi < 10 && (attr->quiet_access_fs || attr->quiet_access_net ||
			      attr->quiet_scoped))
		return -E2BIG;

	return (all & ~(known_to(fake.abi) & ~fake.refuses)) ? -EINVAL : 0;
}

/* One rule; @kind is the file's, FAKE_CLOSED for a port */
static int kernel_add(struct model *m, struct fake_rule rule,
		      enum fake_kind kind)
{
	int error = enter(FAKE_ADD);

	if (error)
		return error;
	if (kind == FAKE_PIPE)
		return -EBADFD;
	if (kind == FAKE_FILE && only_of_files(rule.allowed) != rule.allowed)
		return -EINVAL;
	if (kind == FAKE_CLOSED && fake.has_no_tcp)
		return -EAFNOSUPPORT;

	if (m->words.n_rules < FAKE_MAX_RULES)
		m->words.rules[m->words.n_rules] = rule;
	m->words.n_rules++;

	return 0;
}

static int kernel_restrict(const struct model *m)
{
	bool is_unknown = m->flags & ~known_flags(fake.abi);
	bool may = m->has_no_new_privs || fake.is_admin;

	if (is_unknown && fake.abi >= 11)
		return -EINVAL;
	if (!may && (is_unknown || !(m->flags & ATOMIC)))
		return -EPERM;
	if (is_unknown)
		return -EINVAL;

	return m->n_layers >= 16 ? -E2BIG : 0;
}

/* --- loading --------------------------------------------------------------- */

/* Index of the file @path; or what opening it fails with */
static int open_path(const char *path)
{
	int error = enter(FAKE_OPEN);

	if (error)
		return error;

	for (int i = 0; i < fake.n_files; i++)
		if (!strcmp(fake.files[i].path, path))
			return fake.files[i].error ? -fake.files[i].error : i;

	return strlen(path) >= PATH_MAX ? -ENAMETOOLONG : -ENOENT;
}

static bool is_forgiven(const struct model_rule *rule, int error)
{
	if (rule->kind == MODEL_GROUP_PATH)
		return error == -ENOENT || error == -ENOTDIR ||
		       error == -EACCES || error == -ELOOP;

	return error == -ENOENT && has(rule->rights, IF_PRESENT);
}

static int add_file(struct model *m, const struct model_rule *rule, int file,
		    uint64_t rights, bool is_quiet)
{
	struct fake_rule told = { .type = 1,
				  .allowed = rights,
				  .where = (uint64_t)file,
				  .flags = is_quiet };
	enum fake_kind kind = fake.files[file].kind;
	int r = kernel_add(m, told, kind);

	if (r != -EINVAL)
		return r;

	r = enter(FAKE_IS_DIR);
	if (r)
		return r;
	if (kind == FAKE_DIR || only_of_files(rights) == rights ||
	    !is_masked(rule))
		return -EINVAL;

	told.allowed = only_of_files(rights);

	return told.allowed || is_quiet ? kernel_add(m, told, kind) : 0;
}

static int add_path(struct model *m, const struct model_rule *rule,
		    uint64_t rights, bool is_quiet)
{
	int file = open_path(rule->path), r, closed;

	if (file < 0)
		return is_forgiven(rule, file) ? 0 : file;

	r = add_file(m, rule, file, rights, is_quiet);
	closed = enter(FAKE_CLOSE);

	return r ? r : closed;
}

static int add_port(struct model *m, const struct model_rule *rule,
		    uint64_t rights, bool is_quiet)
{
	struct fake_rule told = { .type = 2,
				  .allowed = rights >> 32,
				  .where = rule->port,
				  .flags = is_quiet };
	int r = kernel_add(m, told, FAKE_CLOSED);

	return r == -EAFNOSUPPORT ? 0 : r;
}

static int load_rule(struct model *m, const struct model_rule *rule)
{
	uint64_t rights =
		in_zone(rule->rights, zone_of(rule)) & handled_here(m);
	bool is_quiet = has(rule->rights, QUIET) &&
			in_zone(quiet_here(m), zone_of(rule));

	if (!rights && !is_quiet)
		return 0;
	if (rule->kind == MODEL_PORT)
		return add_port(m, rule, rights, is_quiet);
	if (rule->kind == MODEL_FD)
		return add_file(m, rule, rule->file, rights, is_quiet);

	return add_path(m, rule, rights, is_quiet);
}

static void tell_words(struct model *m)
{
	uint64_t handled = handled_here(m), quiet = quiet_here(m);

	memset(&m->words, 0, sizeof(m->words));
	m->words.attr.handled_access_fs = in_zone(handled, FS);
	m->words.attr.handled_access_net = in_zone(handled, NET) >> 32;
	m->words.attr.scoped = in_zone(handled, SCOPE) >> 44;
	m->words.attr.quiet_access_fs = in_zone(quiet, FS);
	m->words.attr.quiet_access_net = in_zone(quiet, NET) >> 32;
	m->words.attr.quiet_scoped = in_zone(quiet, SCOPE) >> 44;
}

/* The kernel's ruleset; what RHEL 9 refuses on ABI 6 is cut */
static int create(struct model *m, unsigned int flags)
{
	int outcome = outcome_of(m, flags), r;

	if (outcome != 0 && outcome != 1)
		return outcome;

	tell_words(m);
	r = kernel_create(&m->words);
	if (r != -EINVAL || m->refused || reported(m) != 6 ||
	    !has(handled_here(m), SIGNAL))
		return r ? r : outcome;

	m->refused = 1ULL << SIGNAL;

	return create(m, flags);
}

static int build(struct model *m, unsigned int flags)
{
	int outcome, r = 0;

	m->refused = 0;
	m->answer = version_query();
	outcome = create(m, flags);
	if (outcome < 0 || outcome == 2)
		return outcome;

	for (int i = 0; i < m->n_rules && !r; i++)
		r = load_rule(m, &m->rules[i]);

	return r ? r : outcome;
}

/* A quiet rule in whose zone nothing is quiet */
static bool has_idle_quiet(const struct model *m)
{
	for (int i = 0; i < m->n_rules; i++)
		if (has(m->rules[i].rights, QUIET) &&
		    !in_zone(m->quiet, zone_of(&m->rules[i])))
			return true;

	return false;
}

/* What stands in the way before the kernel is asked: 0 or -errno */
static int check(struct model *m)
{
	if (m->is_null)
		return -ENOMEM;

	m->begins = m->state == MODEL_SPENT ? failed : bug;
	if (m->state == MODEL_SPENT)
		return -EBADF;
	if (m->mistake)
		return m->mistake;

	return has_idle_quiet(m) ? -EINVAL : 0;
}

static const char *beginning_of(int result)
{
	return result < 0 ? failed : result == 2 ? not_enforced : loaded;
}

int model_load(struct model *m)
{
	int r = check(m);

	if (r)
		return r;

	if (m->state == MODEL_LOADED)
		r = outcome_of(m, 0);
	else
		r = build(m, 0);
	m->begins = beginning_of(r);
	if (m->state == MODEL_BUILDING && (r == 0 || r == 1)) {
		m->state = MODEL_LOADED;
		m->n_dups = 0;
	}

	return r;
}

/* --- enforcing ------------------------------------------------------------- */

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Whether the library met the injected failure while it listed the tasks */
static bool has_listing_failed(void)
{
	return fake.failed &&
	       (fake.failed_call == FAKE_LIST || fake.failed_call == FAKE_NEXT);
}

/*
 * None that is listed lives, and none but those listed is counted. The tasks
 * don't change here, so one look is as good as a hundred.
 */
static bool is_one_by_listing(int n_counted)
{
	bool is_clear = true;

	if (fake.proc == FAKE_PROC_DENIES_LISTING || has_listing_failed())
		return false;

	for (int i = 1; i < fake.n_tasks; i++) {
		const struct llki_sys_task *task = &fake.tasks[i];
		bool is_worker = task->flags & 0x10;

		if (!task->state ||
		    (is_worker && !has_prefix(task->name, "iou-")))
			is_clear = false;
		if (task->state && !strchr("ZX", task->state) &&
		    !(task->flags & 0x4) &&
		    (!is_worker || has_prefix(task->name, "iou-sqp-")))
			return false;
	}

	return is_clear && n_counted == fake.n_tasks;
}

/*
 * Whether this process may be taken for one of a single thread. The library
 * ran before, so @fake.failed tells whether it met a failure on its way.
 */
static bool is_one_thread(const struct model *m)
{
	bool libc_knows = fake.libc_knows == 1;
	int n = fake.count >= 0 ? fake.count : fake.n_tasks;

	if (m->threads != MODEL_AS_THEY_ARE)
		return m->threads == MODEL_ONE;
	if (fake.proc == FAKE_PROC_MISSING || n < 1 || enter(FAKE_COUNT))
		return libc_knows;
	if (n == 1 && libc_knows)
		return true;
	if (fake.proc == FAKE_PROC_OTHER || enter(FAKE_ARE_PROC))
		return libc_knows;

	return n == 1 || is_one_by_listing(n);
}

static uint32_t flags_here(const struct model *m, unsigned int flags)
{
	uint32_t wanted = flags & LOG_FLAGS;

	if (!(flags & THIS_THREAD))
		wanted |= TSYNC;
	if (!(flags & SKIP))
		wanted |= ATOMIC;

	return wanted & known_flags(reported(m));
}

static int uncovered(const struct model *m)
{
	return m->is_best_effort && !m->required ? 2 : -EOPNOTSUPP;
}

/* A lack of descriptors or memory passes: it says nothing of the threads */
static int end_several(const struct model *m)
{
	int error = injected.error;

	if (has_listing_failed() &&
	    (error == EMFILE || error == ENFILE || error == ENOMEM))
		return -error;

	return uncovered(m);
}

/* Signals between the threads have to go on: erratum 2 */
static bool is_scope_in_the_way(const struct model *m)
{
	if (!has(handled_here(m), SIGNAL))
		return false;

	return enter(FAKE_ERRATA) || fake.abi < 6 || !(fake.errata & 2);
}

static int enforce_by_signal(struct model *m, unsigned int flags)
{
	int r;

	if (is_scope_in_the_way(m))
		return uncovered(m);
	r = enter(FAKE_ALL);
	if (r)
		return r;
	m->has_no_new_privs |= !(flags & SKIP);

	return kernel_restrict(m);
}

/* Threads, no_new_privs, the layer: 0, LLK_NOT_ENFORCED or -errno */
static int enforce(struct model *m, unsigned int flags)
{
	int r;

	m->flags = flags_here(m, flags);
	if (!(flags & THIS_THREAD) && !(m->flags & TSYNC) && !is_one_thread(m))
		return flags & BY_SIGNAL ? enforce_by_signal(m, flags)
					 : end_several(m);

	if (!(flags & SKIP) && !(m->flags & ATOMIC)) {
		r = enter(FAKE_NO_NEW_PRIVS);
		if (r)
			return r;
		m->has_no_new_privs = true;
	}
	r = enter(FAKE_RESTRICT);

	return r ? r : kernel_restrict(m);
}

int model_restrict_self(struct model *m, unsigned int flags)
{
	int outcome = check(m), r;

	if (outcome)
		return outcome;
	if (flags & ~(LOG_FLAGS | THIS_THREAD | BY_SIGNAL | SKIP) ||
	    (flags & THIS_THREAD && flags & BY_SIGNAL))
		return -EINVAL;

	if (m->state == MODEL_LOADED)
		outcome = outcome_of(m, flags);
	else
		outcome = build(m, flags);
	m->begins = beginning_of(outcome);
	if (outcome < 0 || outcome == 2)
		return outcome;

	r = enforce(m, flags);
	if (r) {
		m->begins = beginning_of(r);
		return r;
	}

	m->begins = outcome ? partly : enforced;

	m->has_no_new_privs |= (m->flags & ATOMIC) != 0;
	m->n_layers++;
	m->n_dups = 0;
	m->state = MODEL_SPENT;

	return outcome;
}

/* --- comparing ------------------------------------------------------------- */

static void compare_words(const struct fake_ruleset *told,
			  const struct fake_ruleset *expected)
{
	int n = expected->n_rules < FAKE_MAX_RULES ? expected->n_rules
						   : FAKE_MAX_RULES;

	insist(!memcmp(&told->attr, &expected->attr, sizeof(told->attr)),
	       "the kernel's words differ:\n%s", fake.log);
	insist(told->n_rules == expected->n_rules, "%d rules, not %d:\n%s",
	       told->n_rules, expected->n_rules, fake.log);

	for (int i = 0; i < n; i++) {
		const struct fake_rule *a = &told->rules[i];
		const struct fake_rule *b = &expected->rules[i];

		insist(a->type == b->type && a->allowed == b->allowed &&
			       a->where == b->where && a->flags == b->flags,
		       "rule %d differs:\n%s", i, fake.log);
	}
}

static uint64_t expected_handled(const struct model *m)
{
	uint64_t handled = handled_here(m);

	if (m->is_null || m->state == MODEL_BUILDING)
		return 0;

	return in_zone(handled, FS) ? handled | 1ULL << REFER : handled;
}

static const char *expected_beginning(const struct model *m)
{
	if (m->is_null)
		return "failed: out of memory.";
	if (m->state == MODEL_SPENT || !m->mistake)
		return m->begins;

	return m->mistake_begins;
}

static void compare_explanation(const struct model *m,
				const struct llk_ruleset *rs)
{
	const char *begins = expected_beginning(m);
	char line[1024];
	int len = llk_ruleset_explain(rs, line, sizeof(line));

	insist(len > 0, "explain says nothing");
	insist(fuzz_is_harmless(line), "explain is no line: %s", line);
	insist(has_prefix(line, begins), "\"%s\" does not begin with \"%s\"",
	       line, begins);
}

static void compare_descriptors(const struct model *m, int fd)
{
	bool is_loaded = !m->is_null && m->state == MODEL_LOADED;
	int n = m->n_dups + is_loaded;

	insist(fake_n_open() == n, "%d descriptors and not %d:\n%s",
	       fake_n_open(), n, fake.log);
	insist(!fake.n_bad_closes, "closed what it doesn't own:\n%s", fake.log);
	if (!is_loaded) {
		insist(fd == -EBADF, "descriptor %d", fd);
		return;
	}

	insist(fd >= FAKE_FIRST_FD && fd < FAKE_FIRST_FD + fake.n_fds &&
		       fake.fds[fd - FAKE_FIRST_FD].kind == FAKE_RULESET,
	       "%d is no ruleset", fd);
	compare_words(&fake.rulesets[fake.fds[fd - FAKE_FIRST_FD].index],
		      &m->words);
}

void model_compare(const struct model *m, const struct llk_ruleset *rs)
{
	int error = llk_ruleset_error(rs);
	uint64_t handled = llk_ruleset_handled(rs);

	insist(error == (m->is_null ? -ENOMEM : m->mistake),
	       "mistake %d and not %d", error, m->mistake);
	insist(handled == expected_handled(m), "handled %llx and not %llx",
	       (unsigned long long)handled,
	       (unsigned long long)expected_handled(m));
	insist(fake.n_layers == m->n_layers, "%d layers and not %d",
	       fake.n_layers, m->n_layers);
	insist(fake.has_no_new_privs == m->has_no_new_privs,
	       "no_new_privs is %d:\n%s", fake.has_no_new_privs, fake.log);
	compare_descriptors(m, llk_ruleset_fd(rs));
	compare_explanation(m, rs);
}

void model_compare_enforced(const struct model *m)
{
	compare_words(&fake.enforced, &m->words);
	insist(fake.enforced_flags == m->flags, "flags %x and not %x",
	       fake.enforced_flags, m->flags);
}
