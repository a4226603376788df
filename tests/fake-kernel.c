/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The kernel for tests. What each ABI has is written down here a second time,
 * from the kernel's documentation and not from src/abi.c.
 */
#include "fake-kernel.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fake fake;

/* clang-format off */
static const struct fake_abi fake_rows[FAKE_NEWEST_ABI + 1] = {
	[1]  = { 0x01fff, 0x0, 0x0,  8, 0x00, false, false },
	[2]  = { 0x03fff, 0x0, 0x0,  8, 0x00, false, false },
	[3]  = { 0x07fff, 0x0, 0x0,  8, 0x00, false, false },
	[4]  = { 0x07fff, 0x3, 0x0, 16, 0x00, false, false },
	[5]  = { 0x0ffff, 0x3, 0x0, 16, 0x00, false, false },
	[6]  = { 0x0ffff, 0x3, 0x3, 24, 0x00, false, false },
	[7]  = { 0x0ffff, 0x3, 0x3, 24, 0x07, false, true },
	[8]  = { 0x0ffff, 0x3, 0x3, 24, 0x0f, false, true },
	[9]  = { 0x1ffff, 0x3, 0x3, 24, 0x0f, false, true },
	[10] = { 0x1ffff, 0xf, 0x3, 48, 0x0f, true, true },
	[11] = { 0x1ffff, 0xf, 0x3, 48, 0x1f, true, true },
	/* not there yet: as before, with a higher number */
	[12] = { 0x1ffff, 0xf, 0x3, 48, 0x1f, true, true },
};
/* clang-format on */

/* execute write_file read_file truncate ioctl_dev resolve_unix */
#define FITS_A_FILE 0x1c007ULL

#define ADD_QUIET 0x1U
#define LOG_SUBDOMAINS 0x4U
#define TSYNC 0x8U
#define ATOMIC_NNP 0x10U
#define MAX_LAYERS 16

const struct fake_abi *fake_abi_row(int abi)
{
	return &fake_rows[abi];
}

static uint64_t one_word(uint64_t fs, uint64_t net, uint64_t scope)
{
	return fs | net << 32 | scope << 44;
}

uint64_t fake_abi_rights(int abi)
{
	const struct fake_abi *row = fake_abi_row(abi);

	return one_word(row->fs, row->net, row->scope);
}

/* The fake must not be used wrongly: a test that does is no test */
static void fake_insist(bool ok, const char *what)
{
	if (ok)
		return;

	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

void fake_add_file(const char *path, enum fake_kind kind, int error)
{
	struct fake_file *file = &fake.files[fake.n_files++];

	fake_insist(fake.n_files <= FAKE_MAX_FILES, "too many files");
	fake_insist(strlen(path) < sizeof(file->path), "name too long");
	strcpy(file->path, path);
	file->kind = kind;
	file->error = error;
	file->inode = (uint64_t)fake.n_files;
}

void fake_add_link(const char *path, const char *target)
{
	fake_add_file(path, FAKE_LINK, 0);
	fake_insist(strlen(target) < sizeof(fake.files[0].target),
		    "target too long");
	strcpy(fake.files[fake.n_files - 1].target, target);
}

void fake_add_task(const char *name, char state, unsigned int flags)
{
	struct llki_sys_task *task = &fake.tasks[fake.n_tasks];

	fake_insist(fake.n_tasks < FAKE_MAX_TASKS, "too many threads");
	memset(task, 0, sizeof(*task));
	task->id = 1000ULL + (unsigned int)fake.n_tasks;
	task->state = state;
	task->flags = flags;
	task->is_self = fake.n_tasks == 0;
	strncat(task->name, name, sizeof(task->name) - 1);
	fake.n_tasks++;
}

void fake_reset(int abi)
{
	memset(&fake, 0, sizeof(fake));
	fake.abi = abi;
	fake.no_landlock = ENOSYS;
	fake.query_answer = INT_MIN;
	fake.count = -1;
	fake.first_fd = FAKE_FIRST_FD;
	fake.libc_knows = 1;
	fake.fail_call = FAKE_ANY;
	fake_add_task("main", 'R', 0);
	fake_add_file("/dir", FAKE_DIR, 0);
	fake_add_file("/dir2", FAKE_DIR, 0);
	fake_add_file("/usr", FAKE_DIR, 0);
	fake_add_file("/tmp", FAKE_DIR, 0);
	fake_add_file("/file", FAKE_FILE, 0);
	fake_add_file("/file2", FAKE_FILE, 0);
	fake_add_file("/etc/passwd", FAKE_FILE, 0);
	fake_add_file("/etc/hosts", FAKE_FILE, 0);
	fake_add_file("/pipe", FAKE_PIPE, 0);
	fake_add_file("/denied", FAKE_FILE, EACCES);
	fake_add_file("/loop", FAKE_FILE, ELOOP);
	fake_add_file("/file/below", FAKE_FILE, ENOTDIR);
}

void fake_forget(void)
{
	fake.n_calls = 0;
	memset(fake.n_of, 0, sizeof(fake.n_of));
	fake.log_len = 0;
	fake.log[0] = '\0';
}

void fake_fail(enum fake_call call, int at, int error)
{
	fake_insist(at > 0, "calls are counted from 1");
	fake.fail_call = call;
	fake.fail_at = at;
	fake.fail_error = error;
	fake.failed = false;
}

__attribute__((format(printf, 2, 3))) static int
log_call(int result, const char *format, ...)
{
	size_t left = sizeof(fake.log) - fake.log_len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(fake.log + fake.log_len, left, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < left && result < 0)
		n += snprintf(fake.log + fake.log_len + n, left - (size_t)n,
			      " = %d", result);
	if (n >= 0 && (size_t)n + 1 < left)
		n += snprintf(fake.log + fake.log_len + n, left - (size_t)n,
			      "\n");
	if (n >= 0 && (size_t)n < left)
		fake.log_len += (size_t)n;

	return result;
}

/* Count the call; whether it is the one to fail */
static bool enter(enum fake_call call)
{
	if (fake.before)
		fake.before(call);

	fake.n_of[call]++;
	if (call == FAKE_LIBC)
		return false;

	fake.n_calls++;
	if (!fake.fail_at || fake.failed)
		return false;

	if (fake.fail_call != FAKE_ANY && fake.fail_call != call)
		return false;

	if (--fake.fail_at)
		return false;

	fake.failed = true;
	fake.failed_call = call;
	fake.failed_at_log = fake.log_len;
	fake.failed_at_layer = fake.n_enforced;

	return true;
}

/* --- descriptors ------------------------------------------------------- */

/* Numbers aren't used twice, so that a second close is always found */
static int new_fd(enum fake_kind kind, int index)
{
	struct fake_fd *fd = &fake.fds[fake.n_fds];

	fake_insist(fake.n_fds < FAKE_MAX_FDS, "too many descriptors");
	memset(fd, 0, sizeof(*fd));
	fd->kind = kind;
	fd->index = index;

	return fake.first_fd + fake.n_fds++;
}

static struct fake_fd *get_fd(int fd)
{
	static struct fake_fd closed;

	if (fd < fake.first_fd || fd >= fake.first_fd + fake.n_fds)
		return &closed;

	return &fake.fds[fd - fake.first_fd];
}

static const char *fd_name(int fd, char buf[80])
{
	const struct fake_fd *f = get_fd(fd);

	switch (f->kind) {
	case FAKE_CLOSED:
		return "closed";
	case FAKE_RULESET:
		return "ruleset";
	case FAKE_PROC:
		return "proc";
	default:
		snprintf(buf, 80, "%s%s", f->is_dup ? "dup:" : "",
			 fake.files[f->index].path);
		return buf;
	}
}

int fake_n_open(void)
{
	int n = 0;

	for (int i = 0; i < fake.n_fds; i++)
		n += fake.fds[i].kind != FAKE_CLOSED && !fake.fds[i].is_users;

	return n;
}

/* Whether @path is above @below */
static bool is_above(const char *path, const char *below)
{
	size_t n = strlen(path);

	return !strcmp(path, "/") ||
	       (!strncmp(path, below, n) && below[n] == '/');
}

/* The index of @path; what is above a file is a directory. -1: not there */
static int find_file(const char *path)
{
	for (int i = 0; i < fake.n_files; i++)
		if (!strcmp(fake.files[i].path, path))
			return i;

	for (int i = 0; i < fake.n_files; i++)
		if (fake.files[i].kind != FAKE_CLOSED &&
		    fake.files[i].error != ENOTDIR &&
		    is_above(path, fake.files[i].path)) {
			fake_add_file(path, FAKE_DIR, 0);
			return fake.n_files - 1;
		}

	return -1;
}

void fake_add_name(const char *path, const char *of)
{
	int i = find_file(of);

	fake_insist(i >= 0, "no such file");
	fake_add_file(path, fake.files[i].kind, 0);
	fake.files[fake.n_files - 1].inode = fake.files[i].inode;
}

void fake_mount(const char *path, uint64_t mount, uint64_t device)
{
	int i = find_file(path);

	fake_insist(i >= 0 && fake.files[i].kind == FAKE_DIR, "no directory");
	fake.files[i].mount = mount;
	fake.files[i].device = device;
}

static const char *linked_to(const char *target)
{
	static const char *const of_proc[][2] = {
		{ "pipe:[1]", "/pipe" },
		{ "socket:[1]", "/socket" },
		{ "anon_inode:[eventfd]", "/eventfd" },
		{ "net:[1]", "/file" },
		{ "/gone (deleted)", "/file" },
		{ "/gone-pipe (deleted)", "/pipe" },
	};

	for (size_t i = 0; i < sizeof(of_proc) / sizeof(of_proc[0]); i++)
		if (!strcmp(target, of_proc[i][0]))
			return of_proc[i][1];

	return target;
}

static int open_named(const char *path, bool follows)
{
	int i = find_file(path);

	if (i >= 0 && follows && fake.files[i].kind == FAKE_LINK)
		return open_named(linked_to(fake.files[i].target), follows);
	if (i >= 0)
		return fake.files[i].error ? -fake.files[i].error
					   : new_fd(fake.files[i].kind, i);

	return strlen(path) >= PATH_MAX ? -ENAMETOOLONG : -ENOENT;
}

#define MAX_LINKS 40

/* Take the first name of @rest to the end of @done */
static void next_name(char done[256], char rest[256])
{
	size_t start = strspn(rest, "/");
	size_t n = strcspn(rest + start, "/");

	if (n == 2 && !strncmp(rest + start, "..", 2))
		*(strrchr(done, '/') ? strrchr(done, '/') : done) = '\0';
	else if (n > 1 || (n && rest[start] != '.'))
		snprintf(done + strlen(done), 256 - strlen(done), "/%.*s",
			 (int)n, rest + start);
	memmove(rest, rest + start + n, strlen(rest + start + n) + 1);
}

/* Replace the link that @done ends with; what it says comes before @rest */
static void follow_link(char done[256], char rest[256], const char *target)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", rest);
	snprintf(rest, 256, "%s%.190s", target, text);
	done[*target == '/' ? 0 : strrchr(done, '/') - done] = '\0';
}

/* Put @path into @done without links: how many there were */
static int follow_links(const char *path, char done[256])
{
	char rest[256];
	int n_links = 0;

	snprintf(rest, sizeof(rest), "%s%.240s", *path == '/' ? "" : "/dir/",
		 path);
	*done = '\0';
	while (*rest) {
		int i;

		next_name(done, rest);
		i = *done ? find_file(done) : -1;
		if (i < 0 || fake.files[i].kind != FAKE_LINK)
			continue;
		if (++n_links > MAX_LINKS)
			return -ELOOP;
		follow_link(done, rest, linked_to(fake.files[i].target));
	}

	return n_links;
}

static int open_file(const char *path)
{
	char done[256];
	int i = find_file(path), r;

	if ((i >= 0 && fake.files[i].kind != FAKE_LINK) || strlen(path) > 240)
		return open_named(path, true);

	/* Names that need no link are known as they are written, or not at all */
	r = follow_links(path, done);
	if (r <= 0)
		return r < 0 ? r : open_named(path, true);

	return open_named(*done ? done : "/", true);
}

int fake_open(const char *path)
{
	int fd = open_file(path);

	if (fd >= 0)
		get_fd(fd)->is_users = true;

	return fd;
}

void fake_close(int fd)
{
	fake_insist(get_fd(fd)->is_users, "not a descriptor of the test");
	get_fd(fd)->kind = FAKE_CLOSED;
}

int llki_sys_open_path(const char *path)
{
	int fd = enter(FAKE_OPEN) ? -fake.fail_error : open_file(path);

	if (fd >= 0)
		get_fd(fd)->is_path = true;

	return log_call(fd, "open %.80s", path);
}

int llki_sys_dup(int fd)
{
	bool fails = enter(FAKE_DUP);
	char name[80];
	int copy;

	if (fails)
		return log_call(-fake.fail_error, "dup");

	if (get_fd(fd)->kind == FAKE_CLOSED)
		return log_call(-EBADF, "dup closed");

	copy = new_fd(get_fd(fd)->kind, get_fd(fd)->index);
	get_fd(copy)->is_path = get_fd(fd)->is_path;
	get_fd(copy)->is_dup = true;

	return log_call(copy, "dup %s", fd_name(fd, name));
}

int llki_sys_close(int fd)
{
	int r = enter(FAKE_CLOSE) ? -fake.fail_error : 0;
	struct fake_fd *f = get_fd(fd);
	char name[80];

	if (f->kind == FAKE_CLOSED || f->is_users) {
		fake.n_bad_closes++;
		return log_call(-EBADF, "close of another's");
	}

	log_call(r, "close %s", fd_name(fd, name));
	f->kind = FAKE_CLOSED;

	return r;
}

int llki_sys_is_dir(int fd)
{
	int r = enter(FAKE_IS_DIR) ? -fake.fail_error : 0;
	char name[80];

	if (!r)
		r = get_fd(fd)->kind == FAKE_CLOSED
			    ? -EBADF
			    : get_fd(fd)->kind == FAKE_DIR;

	return log_call(r, "is_dir %s", fd_name(fd, name));
}

/* The innermost mount at or above @path */
static const struct fake_file *mount_at(const char *path)
{
	static const struct fake_file root = { .mount = 1, .device = 1 };
	const struct fake_file *mount = &root;
	size_t deepest = 0;

	for (int i = 0; i < fake.n_files; i++) {
		const struct fake_file *f = &fake.files[i];

		if (f->mount && strlen(f->path) >= deepest &&
		    (!strcmp(f->path, path) || is_above(f->path, path))) {
			mount = f;
			deepest = strlen(f->path);
		}
	}

	return mount;
}

int llki_sys_identify(int fd, struct llki_sys_identity *ret_identity)
{
	static const unsigned int kinds[] = {
		[FAKE_DIR] = S_IFDIR,	  [FAKE_FILE] = S_IFREG,
		[FAKE_PIPE] = S_IFIFO,	  [FAKE_LINK] = S_IFLNK,
		[FAKE_CHAR] = S_IFCHR,	  [FAKE_BLOCK] = S_IFBLK,
		[FAKE_SOCKET] = S_IFSOCK, [FAKE_WHITEOUT] = S_IFCHR,
		[FAKE_RULESET] = 1,	  [FAKE_PROC] = S_IFDIR,
	};
	bool fails = enter(FAKE_IDENTIFY);
	const struct fake_fd *f = get_fd(fd);
	const struct fake_file *file = &fake.files[f->index];
	char name[80];

	if (fails || f->kind == FAKE_CLOSED)
		return log_call(fails ? -fake.fail_error : -EBADF, "identify");

	*ret_identity = (struct llki_sys_identity){
		.device = mount_at(file->path)->device,
		.inode = file->inode,
		.mount = fake.has_no_mounts ? 0 : mount_at(file->path)->mount,
		.kind = kinds[f->kind],
		.is_whiteout = f->kind == FAKE_WHITEOUT,
	};

	return log_call(0, "identify %s", fd_name(fd, name));
}

/* Put the path of @name in the directory @dir together */
static int path_in(int dir, const char *name, char path[128])
{
	const struct fake_fd *f = get_fd(dir);
	char *slash;

	if (dir == LLKI_SYS_CWD || *name == '/')
		return snprintf(path, 128, "%s", *name == '/' ? name : "/dir");
	if (f->kind == FAKE_CLOSED)
		return -EBADF;
	if (f->kind != FAKE_DIR)
		return -ENOTDIR;

	snprintf(path, 128, "%s", fake.files[f->index].path);
	slash = strrchr(path, '/');
	if (!strcmp(name, ".."))
		slash[slash == path] = '\0';
	else if (strcmp(name, "."))
		snprintf(path + strlen(path), 128 - strlen(path), "%s%s",
			 path[1] ? "/" : "", name);

	return 0;
}

int llki_sys_open_at(int dir, const char *name)
{
	bool fails = enter(FAKE_OPEN_AT);
	char path[128];
	int fd = fails ? -fake.fail_error : path_in(dir, name, path);

	if (fd >= 0)
		fd = open_named(path, false);
	if (fd >= 0)
		get_fd(fd)->is_path = true;

	return log_call(fd, "open_at %.80s", name);
}

int llki_sys_open_dir(int dir, const char *path)
{
	bool fails = enter(FAKE_OPEN_DIR);
	char whole[128];
	int fd = fails ? -fake.fail_error : path_in(dir, path, whole);

	if (fd >= 0)
		fd = open_named(whole, true);
	if (fd >= 0)
		get_fd(fd)->is_path = true;

	return log_call(fd, "open_dir %.80s", path);
}

int llki_sys_read_link(int fd, char *buf, size_t size)
{
	int r = enter(FAKE_READ_LINK) ? -fake.fail_error : 0;
	const struct fake_fd *f = get_fd(fd);

	if (r == 0 && f->kind != FAKE_LINK)
		r = -EINVAL;
	if (r == 0) {
		const char *target = fake.files[f->index].target;

		r = (int)strlen(target);
		if ((size_t)r > size)
			r = (int)size;
		memcpy(buf, target, (size_t)r);
	}

	return log_call(r, "read_link");
}

/* --- Landlock ---------------------------------------------------------- */

static int query(uint32_t flags)
{
	if (flags == 1 && fake.query_answer != INT_MIN)
		return fake.query_answer;

	if (!fake.abi)
		return -fake.no_landlock;

	if (flags == 1)
		return fake.abi;

	return flags == 2 && fake_abi_row(fake.abi)->has_errata ? fake.errata
								: -EINVAL;
}

/* What the kernel copies of the struct, or its answer */
static int copy_attr(const void *attr, size_t size,
		     struct llk_sys_ruleset_attr *ret_attr)
{
	size_t known = fake_abi_row(fake.abi)->attr_size;

	if (size < 8)
		return -EINVAL;

	if (size > 4096)
		return -E2BIG;

	if (!attr)
		return -EFAULT;

	for (size_t i = known; i < size; i++)
		if (((const unsigned char *)attr)[i])
			return -E2BIG;

	memset(ret_attr, 0, sizeof(*ret_attr));
	memcpy(ret_attr, attr, size < known ? size : known);

	return 0;
}

static int check_attr(const struct llk_sys_ruleset_attr *attr)
{
	const struct fake_abi *row = fake_abi_row(fake.abi);
	uint64_t all = one_word(attr->handled_access_fs,
				attr->handled_access_net, attr->scoped);

	if ((attr->handled_access_fs & ~row->fs) ||
	    (attr->handled_access_net & ~row->net) ||
	    (attr->scoped & ~row->scope) || (all & fake.refuses))
		return -EINVAL;

	if ((attr->quiet_access_fs & ~attr->handled_access_fs) ||
	    (attr->quiet_access_net & ~attr->handled_access_net) ||
	    (attr->quiet_scoped & ~attr->scoped))
		return -EINVAL;

	return all ? 0 : -ENOMSG;
}

static int create(const struct llk_sys_ruleset_attr *attr, size_t size)
{
	struct llk_sys_ruleset_attr copy;
	int r;

	if (!fake.abi)
		return -fake.no_landlock;

	r = copy_attr(attr, size, &copy);
	if (!r)
		r = check_attr(&copy);
	if (r < 0)
		return r;

	fake_insist(fake.n_rulesets < 16, "too many rulesets");
	memset(&fake.rulesets[fake.n_rulesets], 0, sizeof(fake.rulesets[0]));
	fake.rulesets[fake.n_rulesets].attr = copy;

	return new_fd(FAKE_RULESET, fake.n_rulesets++);
}

int llk_sys_create_ruleset(const struct llk_sys_ruleset_attr *attr, size_t size,
			   uint32_t flags)
{
	static const struct llk_sys_ruleset_attr none;
	const struct llk_sys_ruleset_attr *a = attr ? attr : &none;
	bool is_query = flags && !attr && !size;
	bool fails = enter(!is_query	? FAKE_CREATE
			   : flags == 2 ? FAKE_ERRATA
					: FAKE_QUERY);
	int r = fails	   ? -fake.fail_error
		: is_query ? query(flags)
		: flags	   ? -EINVAL
			   : create(attr, size);

	if (is_query)
		return log_call(r, flags == 2 ? "errata" : "query");

	return log_call(
		r, "create fs=%llx net=%llx scope=%llx quiet=%llx,%llx,%llx",
		(unsigned long long)a->handled_access_fs,
		(unsigned long long)a->handled_access_net,
		(unsigned long long)a->scoped,
		(unsigned long long)a->quiet_access_fs,
		(unsigned long long)a->quiet_access_net,
		(unsigned long long)a->quiet_scoped);
}

/* What both kinds of rules are checked for */
static int check_rule(uint64_t allowed, uint64_t handled, uint64_t quiet,
		      uint32_t flags)
{
	if (!allowed && !flags)
		return -ENOMSG;

	if (allowed & ~handled)
		return -EINVAL;

	return flags && !quiet ? -EINVAL : 0;
}

static int add_path(struct fake_ruleset *rs,
		    const struct llk_sys_path_beneath_attr *attr,
		    uint32_t flags, struct fake_rule *ret_rule)
{
	const struct fake_fd *parent = get_fd(attr->parent_fd);
	int r = check_rule(attr->allowed_access, rs->attr.handled_access_fs,
			   rs->attr.quiet_access_fs, flags);

	if (r < 0)
		return r;

	if (parent->kind == FAKE_CLOSED)
		return -EBADF;

	if (parent->kind == FAKE_PIPE || parent->kind == FAKE_RULESET)
		return -EBADFD;

	if (parent->kind == FAKE_FILE && (attr->allowed_access & ~FITS_A_FILE))
		return -EINVAL;

	ret_rule->allowed = attr->allowed_access;
	ret_rule->where = (uint64_t)parent->index;

	return 0;
}

static int add_port(struct fake_ruleset *rs,
		    const struct llk_sys_net_port_attr *attr, uint32_t flags,
		    struct fake_rule *ret_rule)
{
	int r = check_rule(attr->allowed_access, rs->attr.handled_access_net,
			   rs->attr.quiet_access_net, flags);

	if (r < 0)
		return r;

	if (attr->port > 65535)
		return -EINVAL;

	if (fake.has_no_tcp)
		return -EAFNOSUPPORT;

	ret_rule->allowed = attr->allowed_access;
	ret_rule->where = attr->port;

	return 0;
}

/* The ruleset behind @fd for a call, or its answer */
static int get_ruleset(int fd, struct fake_ruleset **ret_rs)
{
	const struct fake_fd *f = get_fd(fd);

	if (f->kind == FAKE_CLOSED || f->is_path)
		return -EBADF;

	if (f->kind != FAKE_RULESET)
		return -EBADFD;

	*ret_rs = &fake.rulesets[f->index];

	return 0;
}

static int add(int fd, int type, const void *attr, uint32_t flags)
{
	const struct fake_abi *row = fake_abi_row(fake.abi);
	struct fake_rule rule = { .type = type, .flags = flags };
	struct fake_ruleset *rs;
	int r;

	if (!fake.abi)
		return -fake.no_landlock;

	if (flags & ~(row->has_quiet ? ADD_QUIET : 0))
		return -EINVAL;

	r = get_ruleset(fd, &rs);
	if (r < 0)
		return r;

	if (type == 1)
		r = add_path(rs, attr, flags, &rule);
	else if (type == 2 && row->net)
		r = add_port(rs, attr, flags, &rule);
	else
		r = -EINVAL;
	if (r < 0)
		return r;

	if (rs->n_rules < FAKE_MAX_RULES)
		rs->rules[rs->n_rules] = rule;
	rs->n_rules++;

	return 0;
}

int llk_sys_add_rule(int ruleset_fd, int rule_type, const void *rule_attr,
		     uint32_t flags)
{
	int r = enter(FAKE_ADD) ? -fake.fail_error
				: add(ruleset_fd, rule_type, rule_attr, flags);
	const struct llk_sys_path_beneath_attr *path = rule_attr;
	const struct llk_sys_net_port_attr *port = rule_attr;
	char name[80];

	if (rule_type == 2)
		return log_call(r, "add port %llu net=%llx flags=%x",
				(unsigned long long)port->port,
				(unsigned long long)port->allowed_access,
				flags);

	return log_call(r, "add path %s fs=%llx flags=%x",
			fd_name(path->parent_fd, name),
			(unsigned long long)path->allowed_access, flags);
}

/* Whether the flags are known, and the caller may do it at all */
static int check_restrict(uint32_t flags)
{
	uint32_t unknown = flags & ~fake_abi_row(fake.abi)->restrict_flags;
	bool may = fake.is_admin || fake.has_no_new_privs ||
		   (!unknown && (flags & ATOMIC_NNP));

	/* From Linux 7.3 on the flags are looked at first */
	if (fake.abi >= 11 && unknown)
		return -EINVAL;

	if (!may)
		return -EPERM;

	return unknown ? -EINVAL : 0;
}

static int restrict_self(int fd, uint32_t flags)
{
	struct fake_ruleset *rs;
	int r;

	if (!fake.abi)
		return -fake.no_landlock;

	r = check_restrict(flags);
	if (r < 0)
		return r;

	if (fd == -1 && (flags & LOG_SUBDOMAINS) &&
	    !(flags & ~(LOG_SUBDOMAINS | TSYNC | ATOMIC_NNP)))
		return 0;

	r = get_ruleset(fd, &rs);
	if (r < 0)
		return r;

	if (fake.n_layers >= MAX_LAYERS)
		return -E2BIG;

	fake.n_layers++;
	fake.n_enforced++;
	fake.enforced = *rs;
	fake.enforced_flags = flags;
	if (flags & ATOMIC_NNP)
		fake.has_no_new_privs = true;

	return 0;
}

int llk_sys_restrict_self(int ruleset_fd, uint32_t flags)
{
	int r = enter(FAKE_RESTRICT) ? -fake.fail_error
				     : restrict_self(ruleset_fd, flags);

	return log_call(r, "restrict flags=%x", flags);
}

int llk_sys_no_new_privs(void)
{
	int r = enter(FAKE_NO_NEW_PRIVS) ? -fake.fail_error : 0;

	if (!r)
		fake.has_no_new_privs = true;

	return log_call(r, "no_new_privs");
}

/* --- threads ----------------------------------------------------------- */

int llki_sys_single_threaded(void)
{
	enter(FAKE_LIBC);

	return fake.libc_knows;
}

int llki_sys_count_tasks(void)
{
	int r = enter(FAKE_COUNT) ? -fake.fail_error : 0;

	if (!r && fake.proc == FAKE_PROC_MISSING)
		r = -ENOENT;
	else if (!r)
		r = fake.count >= 0 ? fake.count : fake.n_tasks;

	return log_call(r, "count");
}

int llki_sys_tasks_are_proc(void)
{
	int r = enter(FAKE_ARE_PROC) ? -fake.fail_error : 0;

	if (!r)
		r = fake.proc == FAKE_PROC_MISSING
			    ? -ENOENT
			    : fake.proc != FAKE_PROC_OTHER;

	return log_call(r, "are_proc");
}

void llki_sys_nap(void)
{
	enter(FAKE_NAP);
	log_call(0, "nap");
}

int llki_sys_tasks_open(struct llki_sys_tasks *it)
{
	int r = enter(FAKE_LIST) ? -fake.fail_error : 0;

	memset(it, 0, sizeof(*it));
	it->fd = -1;
	if (!r && fake.proc == FAKE_PROC_MISSING)
		r = -ENOENT;
	if (!r && fake.proc == FAKE_PROC_DENIES_LISTING)
		r = -EACCES;
	if (!r)
		it->fd = new_fd(FAKE_PROC, 0);

	return log_call(r, "list");
}

int llki_sys_tasks_next(struct llki_sys_tasks *it,
			struct llki_sys_task *ret_task)
{
	int r = enter(FAKE_NEXT) ? -fake.fail_error : 0;

	fake_insist(get_fd(it->fd)->kind == FAKE_PROC, "listing isn't open");
	if (r < 0)
		return log_call(r, "next");

	if (it->at >= (size_t)fake.n_tasks)
		return 0;

	*ret_task = fake.tasks[it->at++];

	return 1;
}

/* As one call: what each thread does for itself is src/sys/by-signal.c's */
static int restrict_all(int fd, uint32_t flags, int options)
{
	if (fake.all.end)
		return fake.all_answer;

	if (options)
		fake.has_no_new_privs = true;

	return restrict_self(fd, flags);
}

int llki_sys_restrict_all(int ruleset_fd, uint32_t flags, int options,
			  struct llki_sys_all *ret_all)
{
	int r = enter(FAKE_ALL) ? -fake.fail_error
				: restrict_all(ruleset_fd, flags, options);

	*ret_all = fake.all;
	if (r < 0 && !fake.all.end)
		*ret_all = (struct llki_sys_all){ .end = LLKI_SYS_ALL_SELF,
						  .error = r };

	return log_call(r, "restrict all flags=%x options=%d", flags, options);
}

/* --- the log ------------------------------------------------------------ */

static bool is_main(const char *line)
{
	static const char *const others[] = { "close ", "list\n", "list ",
					      "next ",	"count",  "are_proc",
					      "nap\n" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(line, others[i], strlen(others[i])))
			return false;

	return true;
}

const char *fake_log_main(void)
{
	static char text[FAKE_LOG_SIZE];
	const char *end;
	size_t len = 0;

	for (const char *line = fake.log; *line; line = end) {
		end = strchr(line, '\n');
		end = end ? end + 1 : line + strlen(line);
		if (!is_main(line))
			continue;

		memcpy(text + len, line, (size_t)(end - line));
		len += (size_t)(end - line);
	}
	text[len] = '\0';

	return text;
}
