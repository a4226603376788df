/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The layers that each thread is in, as its own calls make them: the sandbox of
 * this run, and those of programs that sandbox themselves. Each layer is a
 * ruleset of the library, so that its model answers for all of them.
 */
#include "tracee.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LAYERS 16
#define MAX_HELD 256 /* rulesets whose descriptor is held */

/* A ruleset that a process has created */
struct made {
	struct made *next; /* created before */
	struct llk_ruleset *rs;
	int fd;	       /* a duplicate of ours, or -1 */
	pid_t process; /* where duplicates can't be had */
	int number;
	bool is_enforced; /* later rules don't change what is in place */
};

/* A thread's layer, on those below it */
struct domain {
	struct domain *below;
	struct llk_ruleset *rs;
	unsigned int n_users;
	unsigned int depth; /* 1: the outermost */
	bool is_own;	    /* the program's, not this run's */
};

static struct made *made;

/*
 * Domains
 */

struct domain *domain_ref(struct domain *domain)
{
	if (domain)
		domain->n_users++;

	return domain;
}

struct domain *domain_unref(struct domain *domain)
{
	while (domain && --domain->n_users == 0) {
		struct domain *below = domain->below;

		free(domain);
		domain = below;
	}

	return NULL;
}

static void set_domain(struct tracee *t, struct domain *domain)
{
	domain_ref(domain);
	domain_unref(t->domain);
	t->domain = domain;
}

static void enter_layer(struct tracee *t, struct llk_ruleset *rs)
{
	struct domain *domain = grow(NULL, 0, sizeof(*domain));

	*domain = (struct domain){ .below = domain_ref(t->domain), .rs = rs };
	domain->depth = t->domain ? t->domain->depth + 1 : 1;
	domain->is_own = observation.is_begun;
	set_domain(t, domain);
}

void layers_begin(struct tracee *t, struct llk_ruleset *rs)
{
	enter_layer(t, rs);
}

/* All threads of the process are put where the caller is */
static void enter_all(const struct tracee *caller)
{
	for (struct tracee *t = observation.tracees; t; t = t->next)
		if (t->process == caller->process && t != caller)
			set_domain(t, caller->domain);
}

/*
 * Rulesets: found again by the open file behind a descriptor, since numbers
 * are duplicated, inherited and used again
 */

static bool is_same_file(const struct made *m, const struct tracee *t,
			 int number)
{
	long r = m->fd < 0 ? -1
			   : syscall(SYS_kcmp, getpid(), t->id, 0 /* files */,
				     m->fd, number);

	if (m->fd < 0 || (r < 0 && errno == ENOSYS))
		return m->process == t->process && m->number == number;

	return r == 0;
}

static struct made *find_made(const struct tracee *t, int number)
{
	struct made *m = made;

	while (m && !is_same_file(m, t, number))
		m = m->next;

	return m;
}

static void let_go_of_oldest(void)
{
	struct made *m = made;

	for (int n = 0; m && n < MAX_HELD; n++)
		m = m->next;
	if (m && m->fd >= 0) {
		close(m->fd);
		m->fd = -1;
		m->number = -1;
	}
}

static void add_made(const struct tracee *t, uint64_t handled, int number)
{
	struct made *m = grow(NULL, 0, sizeof(*m));

	*m = (struct made){
		.next = made,
		.rs = llk_ruleset_new(NEWEST, handled & llk_abi_rights(NEWEST),
				      LLK_BEST_EFFORT),
		.fd = tracee_duplicate_fd(t, number),
		.process = t->process,
		.number = number,
	};
	made = m;
	let_go_of_oldest();
}

/* The kernel's words: files, ports, scopes */
void layers_see_create(struct tracee *t, int64_t result)
{
	uint64_t words[3] = { 0 }, size = t->call.args[1];

	if (result < 0 || t->call.args[2])
		return;
	if (size > sizeof(words))
		size = sizeof(words);
	if (tracee_read(t, t->call.args[0], words, (size_t)size) == 0)
		add_made(t, words[0] | words[1] << 32 | words[2] << 44,
			 (int)result);
}

/* One that is no builder's: what it is about was looked up already */
static void add_rule(struct llk_ruleset *rs, const struct llki_rule *rule)
{
	struct llki_rule *copy = llki_rules_room(rs, sizeof(*copy));

	if (!copy)
		die(EXIT_FAILED, NULL, NULL, "out of memory");
	*copy = *rule;
	copy->next = NULL;
	copy->file_epoch = rs->epoch;
	*rs->last = copy;
	rs->last = &copy->next;
}

/* What is in place stays as it is: from now on there is another ruleset */
static void split_made(struct made *m)
{
	struct llk_ruleset *old = m->rs;

	m->rs = llk_ruleset_new(NEWEST, old->asked, LLK_BEST_EFFORT);
	m->is_enforced = false;
	for (const struct llki_rule *rule = old->rules; rule; rule = rule->next)
		add_rule(m->rs, rule);
}

static int read_path_rule(const struct tracee *t, struct llki_rule *rule)
{
	struct __attribute__((packed)) {
		uint64_t rights;
		int32_t fd;
	} attr = { 0 };
	int r = tracee_read(t, t->call.args[2], &attr, sizeof(attr)), fd;

	if (r < 0)
		return r;
	fd = tracee_open_fd(t, attr.fd);
	if (fd < 0)
		return fd;

	rule->kind = LLKI_PATH;
	rule->rights = attr.rights;
	r = llki_sys_identify(fd, &rule->file);
	close(fd);

	return r;
}

static int read_port_rule(const struct tracee *t, struct llki_rule *rule)
{
	uint64_t attr[2] = { 0 };
	int r = tracee_read(t, t->call.args[2], attr, sizeof(attr));

	rule->kind = LLKI_PORT;
	rule->rights = r ? 0 : attr[0] << 32;
	rule->number = r ? 0 : attr[1];

	return r;
}

void layers_see_add(struct tracee *t, int64_t result)
{
	struct llki_rule rule = { .fd = -1 };
	struct made *m = result ? NULL : find_made(t, (int)t->call.args[0]);
	bool is_path = t->call.args[1] == 1;

	if (!m ||
	    (is_path ? read_path_rule(t, &rule) : read_port_rule(t, &rule)) < 0)
		return;
	if (m->is_enforced)
		split_made(m);
	add_rule(m->rs, &rule);
}

void layers_see_restrict(struct tracee *t, int64_t result)
{
	int number = (int)t->call.args[0];
	struct made *m = result ? NULL : find_made(t, number);

	if (m) {
		m->is_enforced = true;
		enter_layer(t, m->rs);
	}
	if (result == 0 && t->call.args[1] & LLK_SYS_RESTRICT_SELF_TSYNC)
		enter_all(t);
}

/*
 * What is missing. The outermost layer that denies is told: what it lacks is
 * to be granted before any other is asked.
 */

/* From the outermost to the innermost; NULL ends them */
struct list {
	struct domain *domains[MAX_LAYERS + 1];
	struct llk_ruleset *rs[MAX_LAYERS + 1];
	unsigned int n;
};

static struct list list_layers(const struct tracee *t)
{
	struct list list = { .n = t->domain ? t->domain->depth : 0 };

	if (list.n > MAX_LAYERS)
		list.n = 0;
	for (struct domain *d = t->domain; d && list.n; d = d->below) {
		list.domains[d->depth - 1] = d;
		list.rs[d->depth - 1] = d->rs;
	}

	return list;
}

static void blame_layer(struct event *event, const struct list *list,
			unsigned int i)
{
	event->n_layers = list->n;
	if (event->is_denied)
		return;

	event->is_denied = true;
	event->layer = i + 1;
	event->is_own = list->domains[i]->is_own;
}

void layers_check_need(const struct tracee *t, struct event *event,
		       struct need *need, const struct llki_trail_place *place)
{
	struct list list = list_layers(t);
	struct llki_fit fit;

	/* The kernel stops at the first need that a layer denies: others are
	   told where the same layer denies them */
	for (unsigned int i = 0; i < list.n && !need->missing; i++) {
		if (event->is_denied && event->layer != i + 1)
			continue;
		if (llki_check_fit(list.rs[i], observation.query, &fit) == 0)
			need->missing = llki_check_missing(list.rs[i], &fit,
							   need->rights, place);
		if (need->missing)
			blame_layer(event, &list, i);
	}
}

/* The layers below are asked along, since the kernel's answer depends on all */
void layers_check_move(const struct tracee *t, struct event *event,
		       const struct llki_trail_place *from,
		       const struct llki_trail_place *to)
{
	struct llki_check_places places = { event->move, from, to };
	struct llki_check_view view = { .query = observation.query,
					.errata = observation.errata };
	struct list list = list_layers(t), below = list;

	for (unsigned int i = 0; i < list.n && !event->is_denied; i++) {
		struct llki_check_verdict v = { 0 };

		below.rs[i + 1] = NULL;
		if (llki_check_places(below.rs, &view, &places, &v) < 0)
			return;
		below.rs[i + 1] = list.rs[i + 1];
		if (!v.error)
			continue;
		blame_layer(event, &list, i);
		event->needs[0].missing = v.missing_from;
		event->needs[1].missing = v.missing_to;
		event->gained = v.gained;
	}
}

static uint64_t missing_on_port(const struct llk_ruleset *rs, uint64_t rights,
				unsigned int port)
{
	uint64_t missing =
		rights & rs->asked & llk_abi_rights(observation.query);

	for (const struct llki_rule *rule = rs->rules; rule; rule = rule->next)
		if (rule->kind == LLKI_PORT && rule->number == port)
			missing &= ~rule->rights;

	return missing;
}

void layers_check_port(const struct tracee *t, struct event *event)
{
	struct list list = list_layers(t);

	for (unsigned int i = 0; i < list.n && !event->missing; i++) {
		event->missing =
			missing_on_port(list.rs[i], event->rights, event->port);
		if (event->missing)
			blame_layer(event, &list, i);
	}
}

static bool is_in(const struct domain *domain, const struct domain *layer)
{
	while (domain && domain != layer)
		domain = domain->below;

	return domain != NULL;
}

/* LLK_FS stands for any right of files: whether the layer has some, of ptrace
   and 0 any layer has a say */
void layers_check_scope(const struct tracee *t, struct event *event,
			uint64_t rights, const struct tracee *target)
{
	struct list list = list_layers(t);

	for (unsigned int i = 0; i < list.n && !event->is_denied; i++) {
		bool has_a_say = !rights || list.rs[i]->asked & rights;

		if (!has_a_say ||
		    (target && is_in(target->domain, list.domains[i])))
			continue;
		event->missing = rights == LLK_FS ? 0 : rights;
		blame_layer(event, &list, i);
	}
}
