/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What costs.sh counts: build and enforce a ruleset of @n rules. A call of
 * getppid marks the begin and the end of what is to be counted by strace; what
 * callgrind counts is in measured(). Allocations are counted here, and told.
 * usage: counted path|preset|loaded N FILE
 * Built with PRETENDED_ABI it answers Landlock's calls itself, for a valgrind
 * that does not know them.
 */
#include <liblandlock/sys.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int n_allocations, n_frees;

/* The linker puts these in the place of libc's */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	n_allocations++;

	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	n_allocations++;

	return __real_calloc(n, size);
}

void __wrap_free(void *p)
{
	n_frees++;
	__real_free(p);
}

#ifdef PRETENDED_ABI
/* As landlock.c, but for the number of the call */
static int pretend(void)
{
	long r = syscall(SYS_getuid, 0, 0, 0, 0);

	return r < 0 ? -errno : 0;
}

int llk_sys_create_ruleset(const struct llk_sys_ruleset_attr *attr, size_t size,
			   uint32_t flags)
{
	(void)size;
	(void)flags;

	return attr ? open("/dev/null", O_RDONLY | O_CLOEXEC) : PRETENDED_ABI;
}

int llk_sys_add_rule(int ruleset_fd, int rule_type, const void *rule_attr,
		     uint32_t flags)
{
	(void)ruleset_fd;
	(void)rule_type;
	(void)rule_attr;
	(void)flags;

	return pretend();
}

int llk_sys_restrict_self(int ruleset_fd, uint32_t flags)
{
	(void)ruleset_fd;
	(void)flags;

	return pretend();
}

int llk_sys_no_new_privs(void)
{
	return pretend();
}
#endif

static struct llk_ruleset *build(const char *kind, int n, const char *file)
{
	struct llk_ruleset *rs = llk_ruleset_new(LLK_V1, LLK_FS, 0);
	uint64_t rights = strcmp(kind, "preset") ? LLK_FS_READ_FILE : LLK_READ;

	for (int i = 0; i < n; i++)
		llk_ruleset_allow_path(rs, rights, file);

	return rs;
}

static struct {
	int result, n_building, n_enforcing;
} found;

void measured(const char *kind, int n, const char *file);

__attribute__((noinline)) void measured(const char *kind, int n,
					const char *file)
{
	struct llk_ruleset *rs = build(kind, n, file);
	int n_before;

	found.n_building = n_allocations;
	if (!strcmp(kind, "loaded"))
		found.result = llk_ruleset_load(rs);
	n_before = n_allocations + n_frees;
	syscall(SYS_getppid);
	if (found.result == 0)
		found.result = llk_ruleset_restrict_self(rs, 0);
	syscall(SYS_getppid);
	found.n_enforcing = n_allocations + n_frees - n_before;
	llk_ruleset_free(rs);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;

	measured(argv[1], atoi(argv[2]), argv[3]);
	printf("%d allocations building, %d enforcing\n", found.n_building,
	       found.n_enforcing);

	return found.result != LLK_ENFORCED;
}
