/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The model against the kernel: random rulesets, in one to three layers, on
 * random trees with links, and random operations on them. Each is foretold by
 * the model, then done; denied and allowed, and the errno of a denial, have to
 * be the same.
 *
 * LLK_SEED repeats a run, LLK_OPERATIONS says how many operations it has.
 */
#include "../src/trail.h"
#include "live.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPERATIONS 20000    /* by default, over all file systems */
#define OPERATIONS_EACH 150 /* under one ruleset */
#define MAX_LAYERS 3
#define FS LLK_FS

/* What an operation is foretold to answer, beside an errno */
#define ALLOWED 0
#define UNDECIDED (-1) /* refused before or without Landlock */

/*
 * Chance
 */

static uint64_t chance_state;

static uint64_t chance(void)
{
	uint64_t x = chance_state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;

	return x ^ (x >> 31);
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(chance() % n);
}

static bool percent(unsigned int n)
{
	return below(100) < n;
}

#define PICK(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

static uint64_t seed(void)
{
	const char *s = getenv("LLK_SEED");

	if (s && *s)
		return strtoull(s, NULL, 0);

	return (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
}

/*
 * The tree: three levels of directories, files, links of both kinds
 */

static const char *const dirs[] = {
	".",	 "a",	  "b",	   "a/a",   "a/b",   "b/a",   "b/b",
	"a/a/a", "a/a/b", "a/b/a", "b/a/a", "b/b/a", "b/b/b", "lib",
};
/* Directories by another way, a file, and one that isn't there */
static const char *const ways[] = {
	"to-a", "to-bb", "a/up", "b/../a", "./a/b/.", "a/f", "none", "loop",
};
static const char *const names[] = {
	"f", "f", "f",	      "g", "g", "h",  "s",  "e",  "k",
	"l", "m", "dangling", "a", "b", "n1", "n2", "n3", "n4",
};

enum special_kind {
	SCRIPT,
	ELF,
};

/* Files that are more than data, by their inode: a rename moves them */
static struct special {
	enum special_kind kind;
	ino_t inode;
	off_t size;
	char interpreter[64];
} specials[32];
static int n_specials;
static ino_t sockets[8]; /* made before the sandbox */
static int n_sockets;

static void make_file(const char *path, const void *content, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);

	OK(fd >= 0);
	IS(write(fd, content, size), size);
	close(fd);
}

static void add_special(enum special_kind kind, const char *path,
			const char *interpreter)
{
	struct special *s = &specials[n_specials++];
	struct stat st;

	IS(stat(path, &st), 0);
	s->kind = kind;
	s->inode = st.st_ino;
	s->size = st.st_size;
	snprintf(s->interpreter, sizeof(s->interpreter), "%s", interpreter);
}

static void make_script(const char *path, const char *interpreter)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "#!%s\n%32s", interpreter, "");

	make_file(path, text, (size_t)n);
	add_special(SCRIPT, path, interpreter);
}

/* A program of this machine with a loader that is none: never started */
static void make_elf(const char *path, const char *loader)
{
	struct {
		ElfW(Ehdr) e;
		ElfW(Phdr) p;
		char loader[64];
	} elf = { 0 };
	int fd = open(live_self(), O_RDONLY | O_CLOEXEC);

	IS(read(fd, &elf.e, sizeof(elf.e)), sizeof(elf.e));
	close(fd);
	elf.e.e_phoff = sizeof(elf.e);
	elf.e.e_phnum = 1;
	elf.e.e_phentsize = sizeof(elf.p);
	elf.p.p_type = PT_INTERP;
	elf.p.p_offset = sizeof(elf.e) + sizeof(elf.p);
	elf.p.p_filesz = strlen(loader) + 1;
	snprintf(elf.loader, sizeof(elf.loader), "%s", loader);
	make_file(path, &elf, sizeof(elf));
	add_special(ELF, path, loader);
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);

	return sun;
}

static void make_socket(const char *path)
{
	struct sockaddr_un sun = address(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat st;

	IS(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	IS(stat(path, &st), 0);
	sockets[n_sockets++] = st.st_ino; /* and stays open */
}

static void make_in(const char *dir)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "%s/f", dir);
	make_file(path, "data", 4);
	if (percent(50)) {
		snprintf(path, sizeof(path), "%s/g", dir);
		make_file(path, "data", 4);
	}
	if (percent(40)) {
		snprintf(path, sizeof(path), "%s/h", dir);
		snprintf(target, sizeof(target), "%s/f", PICK(dirs));
		if (link(target, path) && errno != ENOENT)
			live_fail("link: %s", strerror(errno));
	}
	if (percent(40)) {
		snprintf(path, sizeof(path), "%s/l", dir);
		IS(symlink(percent(50) ? "f" : "../f", path), 0);
	}
	snprintf(path, sizeof(path), "%s/dangling", dir);
	IS(symlink(percent(50) ? "n1" : "../n2", path), 0);
	if (percent(30)) {
		snprintf(path, sizeof(path), "%s/s", dir);
		snprintf(target, sizeof(target), "%s/%s", PICK(dirs),
			 percent(70) ? "f" : "s");
		make_script(path, target);
	}
	if (percent(20)) {
		snprintf(path, sizeof(path), "%s/e", dir);
		make_elf(path, "loader/ld");
	}
}

static void make_trees(void)
{
	n_specials = 0;
	n_sockets = 0;
	for (size_t i = 1; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		IS(mkdir(dirs[i], 0777), 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_in(dirs[i]);
	IS(mkdir("loader", 0777), 0); /* nothing is moved here */
	make_file("loader/ld", "data", 4);
	IS(symlink("a", "to-a"), 0);
	IS(symlink("b/b", "to-bb"), 0);
	IS(symlink("..", "a/up"), 0);
	IS(symlink("loop", "loop"), 0);
	make_socket("a/k");
	make_socket("b/b/k");
}

/*
 * Paths
 */

/* The directory part: all paths here have one */
static const char *dir_of(const char *path)
{
	static char dir[64];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';

	return dir;
}

static void random_path(char path[64])
{
	snprintf(path, 64, "%s/%s", percent(90) ? PICK(dirs) : PICK(ways),
		 PICK(names));
}

enum wish {
	NEW,
	THERE,
	REGULAR,
};

static bool is_wished(const char *path, enum wish wish)
{
	struct stat st;
	bool is_there = !lstat(path, &st);

	if (wish == NEW)
		return !is_there && !stat(dir_of(path), &st);

	return is_there &&
	       (wish == THERE || (!stat(path, &st) && S_ISREG(st.st_mode)));
}

/* Mostly one that has something to show */
static void likely_path(char path[64], enum wish wish)
{
	for (int i = 0; i < 12; i++) {
		random_path(path);
		if (is_wished(path, wish) || percent(3))
			return;
	}
}

/*
 * Rulesets
 */

static struct llk_ruleset *layers[MAX_LAYERS + 1];
static char told[4096]; /* the layers in words */
static size_t told_len;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(told + told_len, sizeof(told) - told_len, format, ap);
	va_end(ap);
	if (n > 0 && told_len + (size_t)n < sizeof(told))
		told_len += (size_t)n;
}

static uint64_t some_of(uint64_t rights)
{
	return rights & (percent(50) ? chance() : chance() | chance());
}

static uint64_t random_handled(void)
{
	uint64_t fs = live_rights(FS);
	uint64_t net = live_rights(LLK_NET), scope = live_rights(LLK_SCOPE);
	uint64_t handled = fs;

	if (percent(20))
		handled = some_of(fs);
	else if (percent(10))
		handled = fs & ~LLK_FS_REFER;
	else if (percent(10))
		handled = percent(50) ? net : scope;
	else if (percent(5))
		handled = (net | LLK_FS_REFER) & live_rights(LLK_ALL);
	if (percent(10))
		handled |= net;

	return handled ? handled : fs;
}

/* Directories, files, what is above and beside them */
static void random_target(char path[64])
{
	static const char *const wide[] = {
		".",	     "..",   "/",	  "loader",
		"loader/ld", "/dev", "/dev/zero", "to-bb",
	};

	if (percent(25))
		snprintf(path, 64, "%s", PICK(wide));
	else if (percent(60))
		snprintf(path, 64, "%s", PICK(dirs));
	else
		likely_path(path, THERE);
}

static void random_rule(struct llk_ruleset *rs, uint64_t rights,
			const char *path)
{
	uint64_t refer = rights & LLK_FS_REFER;
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || !rights || fstat(fd, &st))
		return;
	/* It stays open: the inode of a file that goes is used again */
	if (rights != refer)
		rights |= LLK_PRESET;
	else if (!S_ISDIR(st.st_mode))
		return;
	if (percent(20))
		llk_ruleset_allow_fd(rs, rights, fd);
	else
		llk_ruleset_allow_path(rs, rights, path);
	tell(" %llx:%s", (unsigned long long)rights, path);
}

static uint64_t all_but_few(uint64_t rights)
{
	static const unsigned int n_bits = 17;

	while (percent(40))
		rights &= ~(1ULL << below(n_bits));

	return rights;
}

/* All on "/", and something of it again further down: the kernel counts the
   first on the root mount alone */
static void redundant_rules(struct llk_ruleset *rs, uint64_t grantable)
{
	uint64_t wide = grantable & ~(1ULL << below(2));

	random_rule(rs, wide, "/");
	random_rule(rs, wide & (1ULL << (2 * below(2))), PICK(dirs));
}

static struct llk_ruleset *random_ruleset(void)
{
	static const char *const wide[] = { ".", "..", "/", "/" };
	uint64_t handled = random_handled(), grantable = handled & FS;
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), handled, 0);
	unsigned int n = 1 + below(7);
	char path[64];

	tell("; handled %llx:", (unsigned long long)handled);
	if (live_abi() == 1)
		grantable &= ~LLK_FS_REFER;
	if (percent(15)) {
		redundant_rules(rs, grantable);
		n = below(2);
	} else if (percent(55)) {
		random_rule(rs, all_but_few(grantable), PICK(wide));
	}
	while (n--) {
		random_target(path);
		random_rule(rs,
			    percent(50) ? all_but_few(grantable)
					: some_of(grantable),
			    path);
	}
	IS(llk_ruleset_error(rs), 0);

	return rs;
}

/* Each is made twice with the same chances: to enforce, and to ask */
static struct llk_ruleset *ruleset_twice(struct llk_ruleset **ret_other)
{
	uint64_t state = chance_state;
	struct llk_ruleset *rs = random_ruleset();
	size_t len = told_len;

	chance_state = state;
	*ret_other = random_ruleset();
	told_len = len;
	told[len] = '\0';

	return rs;
}

static void restrict_all(void)
{
	unsigned int n = 1 + (percent(40) ? 0 : below(MAX_LAYERS));
	struct llk_ruleset *enforced[MAX_LAYERS];
	uint64_t missing;

	told_len = 0;
	memset(layers, 0, sizeof(layers));
	for (unsigned int i = 0; i < n; i++) {
		enforced[i] = ruleset_twice(&layers[i]);
		/* The model looks its files up, as load does */
		IS(llk_ruleset_check_path(layers[i], FS, ".", &missing), 0);
		IS(llk_ruleset_load(enforced[i]), LLK_ENFORCED);
	}
	for (unsigned int i = 0; i < n; i++)
		live_restrict(enforced[i]);
}

/*
 * What the model says
 */

/* 0 or what any layer denies, as errno; or why there is no answer */
static int ask(uint64_t rights, const char *path)
{
	uint64_t all = 0, missing;

	for (int i = 0; layers[i]; i++) {
		int r = llk_ruleset_check_path(layers[i], rights, path,
					       &missing);

		if (r < 0)
			return -r;
		all |= missing;
	}

	return all ? EACCES : ALLOWED;
}

/* Erratum 4: a character device 0:0 is a whiteout, and no device */
static int errata(void)
{
	return llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);
}

static int stat_errno(const char *path, struct stat *st)
{
	return stat(path, st) ? errno : 0;
}

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static uint64_t open_rights(const struct stat *st, int flags)
{
	int mode = flags & O_ACCMODE;
	uint64_t rights = 0;

	if (S_ISDIR(st->st_mode))
		return LLK_FS_READ_DIR;
	if (mode != O_WRONLY)
		rights |= LLK_FS_READ_FILE;
	if (mode != O_RDONLY)
		rights |= LLK_FS_WRITE_FILE;
	if (flags & O_TRUNC && S_ISREG(st->st_mode))
		rights |= LLK_FS_TRUNCATE;

	return rights;
}

static int foretell_new(const char *path, int flags)
{
	struct stat none = { .st_mode = S_IFREG }, st;

	if (flags & O_EXCL && !lstat(path, &st))
		return EEXIST;

	return ask(LLK_FS_MAKE_REG | open_rights(&none, flags & ~O_TRUNC),
		   path);
}

static int foretell_open(const char *path, int flags)
{
	struct stat st;
	int error = stat_errno(path, &st);

	if (error == ENOENT && flags & O_CREAT)
		return foretell_new(path, flags);
	if (error)
		return flags & O_EXCL && !lstat(path, &st) ? EEXIST : error;
	if (flags & O_EXCL)
		return EEXIST;
	if (flags & O_DIRECTORY && !S_ISDIR(st.st_mode))
		return ENOTDIR;
	if (S_ISDIR(st.st_mode) && flags & (O_ACCMODE | O_CREAT | O_TRUNC))
		return EISDIR;
	if (is_device(&st)) /* of a mount with nodev: EACCES too */
		return UNDECIDED;

	return ask(open_rights(&st, flags), path);
}

static int foretell_make(uint64_t right, const char *path)
{
	struct stat st;
	int error = stat_errno(dir_of(path), &st);

	if (error)
		return error;
	if (!lstat(path, &st))
		return EEXIST;
	if (errno != ENOENT)
		return errno;

	return ask(right, dir_of(path));
}

static int foretell_remove(uint64_t right, const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno;

	return !strcmp(strrchr(path, '/'), "/.") ? EINVAL
						 : ask(right, dir_of(path));
}

static int foretell_truncate(uint64_t rights, const char *path, int on_others)
{
	struct stat st;
	int error = stat_errno(path, &st);

	if (error)
		return error;
	if (S_ISDIR(st.st_mode))
		return EISDIR;

	return S_ISREG(st.st_mode) ? ask(rights, path) : on_others;
}

static const struct special *find_special(const struct stat *st)
{
	for (int i = 0; i < n_specials; i++)
		if (specials[i].inode == st->st_ino &&
		    specials[i].size == st->st_size)
			return &specials[i];

	return NULL;
}

/* The program, its #! and its loader: each is executed and read */
static int foretell_exec(const char *path)
{
	const struct special *s;
	struct stat st;
	int error;

	for (int i = 0; i < 4; i++) {
		error = stat_errno(path, &st);
		if (error)
			return error;
		if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			return UNDECIDED; /* EACCES without Landlock */
		error = ask(LLK_FS_EXECUTE | LLK_FS_READ_FILE, path);
		s = find_special(&st);
		if (error || !s)
			return error;
		path = s->interpreter;
	}

	return UNDECIDED;
}

static int foretell_move(enum llki_check_kind kind, const char *from,
			 const char *to)
{
	struct llki_check_view view = { llk_abi(),
					{ .root = -1, .dir = -1 },
					errata() };
	struct llki_check_move move = { kind, from, to };
	struct llki_check_verdict v;
	struct stat st;
	int r;

	if (kind == LLKI_CHECK_LINK && lstat(from, &st))
		return errno;

	r = llki_check_move(layers, &view, &move, &v);

	return r < 0 ? -r : -v.error;
}

static int foretell_connect(const char *path)
{
	struct stat st;
	int error = stat_errno(path, &st);

	if (error)
		return error;
	if (!S_ISSOCK(st.st_mode))
		return ECONNREFUSED;
	for (int i = 0; i < n_sockets; i++)
		if (sockets[i] == st.st_ino)
			return ask(LLK_FS_RESOLVE_UNIX, path);

	return ALLOWED; /* made inside the sandbox */
}

/*
 * What the kernel says
 */

static int try_ftruncate(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	int error;

	if (fd < 0)
		return errno;
	error = ftruncate(fd, below(2)) ? errno : 0;
	close(fd);

	return error;
}

static int try_ioctl(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC), error;
	char answer[256];

	if (fd < 0)
		return errno;
	error = ioctl(fd, TCGETS, answer) ? errno : 0;
	close(fd);

	return error;
}

/* Nothing here can be started: it is refused by format, if not before */
static int try_exec(const char *path)
{
	char *const none[] = { NULL }, *const argv[] = { "x", NULL };

	execve(path, argv, none);

	return errno;
}

static int try_socket(const char *path, bool connects)
{
	struct sockaddr_un sun = address(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r, error;

	r = connects ? connect(fd, (struct sockaddr *)&sun, sizeof(sun))
		     : bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	error = r ? errno : 0;
	close(fd);

	return error == EADDRINUSE ? EEXIST : error;
}

static int try_exchange(const char *a, const char *b)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2) ? errno : 0;
}

/*
 * Operations
 */

enum operation {
	OPEN,
	READ_DIR,
	TRUNCATE,
	FTRUNCATE,
	MAKE_DIR,
	MAKE_NODE,
	MAKE_LINK,
	MAKE_SOCKET,
	REMOVE_DIR,
	REMOVE_FILE,
	RENAME,
	EXCHANGE,
	LINK,
	EXEC,
	IOCTL,
	CONNECT,
	N_OPERATIONS,
};

static const char *const operation_names[] = {
	"open",	   "readdir", "truncate", "ftruncate", "mkdir",	 "mknod",
	"symlink", "bind",    "rmdir",	  "unlink",    "rename", "exchange",
	"link",	   "exec",    "ioctl",	  "connect",
};

/* What happens how often, of all */
static const enum operation often[] = {
	OPEN,	   OPEN,      OPEN,	 OPEN,	      OPEN,	  OPEN,
	READ_DIR,  TRUNCATE,  FTRUNCATE, FTRUNCATE,   MAKE_DIR,	  MAKE_DIR,
	MAKE_NODE, MAKE_NODE, MAKE_LINK, MAKE_SOCKET, REMOVE_DIR, REMOVE_FILE,
	RENAME,	   RENAME,    RENAME,	 RENAME,      RENAME,	  EXCHANGE,
	EXCHANGE,  EXCHANGE,  LINK,	 LINK,	      EXEC,	  EXEC,
	IOCTL,	   CONNECT,
};

static const int open_flags[] = {
	O_RDONLY,
	O_RDONLY,
	O_WRONLY,
	O_RDWR,
	O_WRONLY | O_TRUNC,
	O_RDWR | O_TRUNC,
	O_RDONLY | O_TRUNC,
	O_WRONLY | O_CREAT,
	O_RDWR | O_CREAT,
	O_RDONLY | O_CREAT,
	O_WRONLY | O_CREAT | O_TRUNC,
	O_WRONLY | O_CREAT | O_EXCL,
};

/* What is counted, over all children */
static struct counts {
	unsigned long n, denied[N_OPERATIONS], allowed[N_OPERATIONS];
	unsigned long other[N_OPERATIONS], undecided;
} * counts;

struct act {
	enum operation operation;
	char path[64], to[64];
	int flags;
	mode_t mode;
};

static enum wish wish_of(enum operation operation, int flags)
{
	switch (operation) {
	case OPEN:
		return flags & O_CREAT && percent(70) ? NEW : THERE;
	case MAKE_DIR:
	case MAKE_NODE:
	case MAKE_LINK:
	case MAKE_SOCKET:
		return NEW;
	case TRUNCATE:
	case FTRUNCATE:
	case EXEC:
		return REGULAR;
	default:
		return THERE;
	}
}

static enum wish wish_of_target(enum operation operation)
{
	return operation == EXCHANGE || (operation == RENAME && percent(30))
		       ? THERE
		       : NEW;
}

static struct act random_act(void)
{
	static const mode_t modes[] = { S_IFIFO, S_IFIFO, S_IFREG, S_IFCHR,
					S_IFBLK };
	struct act act = { .operation = PICK(often) };

	act.flags = PICK(open_flags);
	act.mode = PICK(modes);
	likely_path(act.path, wish_of(act.operation, act.flags));
	likely_path(act.to, wish_of_target(act.operation));
	if (percent(20)) /* in one directory */
		snprintf(act.to, sizeof(act.to), "%.50s/%s", dir_of(act.path),
			 PICK(names));
	if (act.operation == READ_DIR || act.operation == REMOVE_DIR)
		snprintf(act.path, sizeof(act.path), "./%.50s",
			 percent(90) ? PICK(dirs) : PICK(ways));
	if (act.operation == IOCTL)
		snprintf(act.path, sizeof(act.path), "/dev/zero");
	if (act.operation == CONNECT)
		snprintf(act.path, sizeof(act.path), "%s/k",
			 percent(50) ? "a" : "b/b");

	return act;
}

static uint64_t making_right(mode_t mode)
{
	switch (mode) {
	case S_IFIFO:
		return LLK_FS_MAKE_FIFO;
	case S_IFCHR: /* made as 0:0, for which no privilege is needed */
		return errata() > 0 && errata() & 8 ? LLK_FS_MAKE_REG
						    : LLK_FS_MAKE_CHAR;
	case S_IFBLK:
		return LLK_FS_MAKE_BLOCK;
	default:
		return LLK_FS_MAKE_REG;
	}
}

static int foretell(const struct act *a)
{
	switch (a->operation) {
	case OPEN:
		return foretell_open(a->path, a->flags);
	case READ_DIR:
		return foretell_open(a->path, O_RDONLY | O_DIRECTORY);
	case TRUNCATE:
		return foretell_truncate(LLK_FS_TRUNCATE, a->path, EINVAL);
	case FTRUNCATE:
		return foretell_truncate(LLK_FS_TRUNCATE | LLK_FS_WRITE_FILE,
					 a->path, UNDECIDED);
	case MAKE_DIR:
		return foretell_make(LLK_FS_MAKE_DIR, a->path);
	case MAKE_NODE:
		return foretell_make(making_right(a->mode), a->path);
	case MAKE_LINK:
		return foretell_make(LLK_FS_MAKE_SYM, a->path);
	case MAKE_SOCKET:
		return foretell_make(LLK_FS_MAKE_SOCK, a->path);
	case REMOVE_DIR:
		return foretell_remove(LLK_FS_REMOVE_DIR, a->path);
	case REMOVE_FILE:
		return foretell_remove(LLK_FS_REMOVE_FILE, a->path);
	case RENAME:
		return foretell_move(LLKI_CHECK_RENAME, a->path, a->to);
	case EXCHANGE:
		return foretell_move(LLKI_CHECK_EXCHANGE, a->path, a->to);
	case LINK:
		return foretell_move(LLKI_CHECK_LINK, a->path, a->to);
	case EXEC:
		return foretell_exec(a->path);
	case IOCTL:
		return ask(LLK_FS_READ_FILE | LLK_FS_IOCTL_DEV, a->path);
	default:
		return foretell_connect(a->path);
	}
}

static int act_out(const struct act *a)
{
	switch (a->operation) {
	case OPEN:
		return live_open(a->path, a->flags | O_NONBLOCK);
	case READ_DIR:
		return live_open(a->path, O_RDONLY | O_DIRECTORY);
	case TRUNCATE:
		return truncate(a->path, below(2)) ? errno : 0;
	case FTRUNCATE:
		return try_ftruncate(a->path);
	case MAKE_DIR:
		return mkdir(a->path, 0777) ? errno : 0;
	case MAKE_NODE:
		return mknod(a->path, a->mode | 0777, 0) ? errno : 0;
	case MAKE_LINK:
		return symlink("f", a->path) ? errno : 0;
	case MAKE_SOCKET:
		return try_socket(a->path, false);
	case REMOVE_DIR:
		return rmdir(a->path) ? errno : 0;
	case REMOVE_FILE:
		return unlink(a->path) ? errno : 0;
	case RENAME:
		return rename(a->path, a->to) ? errno : 0;
	case EXCHANGE:
		return try_exchange(a->path, a->to);
	case LINK:
		return link(a->path, a->to) ? errno : 0;
	case EXEC:
		return try_exec(a->path);
	case IOCTL:
		return try_ioctl();
	default:
		return try_socket(a->path, true);
	}
}

static bool is_denial(int error)
{
	return error == EACCES || error == EXDEV;
}

/* The whole path of a name, through no link; the last one is kept */
static bool resolve(const char *path, char whole[PATH_MAX])
{
	size_t n;

	if (!realpath(dir_of(path), whole))
		return false;
	n = strlen(whole);
	snprintf(whole + n, PATH_MAX - n, "%s/", strrchr(path, '/'));

	return true;
}

/* A move of a directory into itself or over what it is in is refused before
   Landlock is asked; the tree is as before */
static bool is_refused_before(const struct act *a, int error)
{
	char from[PATH_MAX], to[PATH_MAX];

	return (a->operation == RENAME || a->operation == EXCHANGE) &&
	       (error == EINVAL || error == ENOTEMPTY) &&
	       resolve(a->path, from) && resolve(a->to, to) &&
	       (!strncmp(from, to, strlen(from)) ||
		!strncmp(from, to, strlen(to)));
}

/* Whether the kernel answered as foretold */
static bool is_as_foretold(const struct act *a, int foretold, int error)
{
	if (foretold == UNDECIDED)
		return true;
	if (foretold == ALLOWED)
		return !is_denial(error);
	if (is_refused_before(a, error))
		return true;
	/* Under a ceiling of ABI 1 the kernel is a newer one, with EACCES */
	if (live_abi() == 1 && is_denial(foretold))
		return is_denial(error);

	return error == foretold;
}

static void count(const struct act *a, int foretold, int error)
{
	counts->n++;
	if (foretold == UNDECIDED || (is_denial(foretold) && !is_denial(error)))
		counts->undecided++;
	else if (foretold == ALLOWED)
		counts->allowed[a->operation]++;
	else if (is_denial(foretold))
		counts->denied[a->operation]++;
	else
		counts->other[a->operation]++;
}

static const char *word(int error)
{
	return error == UNDECIDED ? "undecided"
	       : error == ALLOWED ? "allowed"
				  : strerror(error);
}

static void compare_one(unsigned int number)
{
	struct act a = random_act();
	int foretold = foretell(&a);
	int error = act_out(&a);

	count(&a, foretold, error);
	if (!is_as_foretold(&a, foretold, error))
		live_fail("operation %u: %s %s %s (flags %#x, mode %#o): "
			  "foretold %s, was %s%s",
			  number, operation_names[a.operation], a.path, a.to,
			  (unsigned int)a.flags, (unsigned int)a.mode,
			  word(foretold), word(error), told);
}

/* In a child of its own, since it can't leave the sandbox */
static int compare_under_one(const void *arg)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "tree%u", *(const unsigned int *)arg);
	IS(mkdir(dir, 0777), 0);
	IS(chdir(dir), 0);
	make_trees();
	restrict_all();
	for (unsigned int i = 0; i < OPERATIONS_EACH; i++)
		compare_one(i);

	return 0;
}

/*
 * File systems
 */

static void go_nowhere(void)
{
}

static void go_to_tmpfs(void)
{
	live_unshare_mounts();
	IS(mkdir("mnt", 0777), 0);
	if (mount("none", "mnt", "tmpfs", 0, "mode=777"))
		live_cannot("no tmpfs: %s", strerror(errno));
	IS(chdir("mnt"), 0);
}

/* A tree that is seen a second time, at the other end of another directory */
static void go_to_bind_mount(void)
{
	live_unshare_mounts();
	IS(mkdir("here", 0777), 0);
	IS(mkdir("there", 0777), 0);
	IS(mkdir("there/mnt", 0777), 0);
	if (mount("here", "there/mnt", NULL, MS_BIND, NULL))
		live_cannot("no bind mount: %s", strerror(errno));
	IS(chdir("there/mnt"), 0);
}

static const struct place {
	const char *name;
	void (*go)(void);
} places[] = {
	{ "the file system of the tests", go_nowhere },
	{ "a tmpfs", go_to_tmpfs },
	{ "a bind mount", go_to_bind_mount },
};
#define N_PLACES (int)(sizeof(places) / sizeof(places[0]))

static unsigned int n_rulesets(void)
{
	const char *s = getenv("LLK_OPERATIONS");
	int n = s && *s ? atoi(s) : live_tries(OPERATIONS);

	return (unsigned int)n / OPERATIONS_EACH / N_PLACES + 1;
}

/* Each ruleset has a seed that follows from that of the run */
static void compare_all(const void *arg)
{
	const struct place *place = arg;
	uint64_t first = seed() + 1000000007ULL * (uint64_t)(place - places);

	umask(0);
	place->go();
	for (unsigned int i = 0; i < n_rulesets(); i++) {
		live_about("LLK_SEED=%llu, %s, ruleset %u",
			   (unsigned long long)seed(), place->name, i);
		chance_state = first + i * 0x100000001b3ULL;
		IS(live_fork(compare_under_one, &i), 0);
	}
}

static bool may_tell(enum operation operation)
{
	if (operation == CONNECT)
		return live_rights(LLK_FS_RESOLVE_UNIX);
	if (operation == IOCTL)
		return live_rights(LLK_FS_IOCTL_DEV);
	if (operation == TRUNCATE)
		return live_rights(LLK_FS_TRUNCATE);

	return true;
}

static void report_counts(const char *name)
{
	unsigned long denied = 0, allowed = 0, other = 0;
	bool is_enough = counts->n >= 5000;

	for (int i = 0; i < N_OPERATIONS; i++) {
		denied += counts->denied[i];
		allowed += counts->allowed[i];
		other += counts->other[i];
		printf("  %s: %lu allowed, %lu denied, %lu of another errno\n",
		       operation_names[i], counts->allowed[i],
		       counts->denied[i], counts->other[i]);
		/* What is never denied or never allowed shows nothing */
		if (is_enough && may_tell((enum operation)i))
			ck_assert_msg(counts->denied[i] && counts->allowed[i],
				      "%s was always the same",
				      operation_names[i]);
	}
	printf("%s: LLK_SEED=%llu, %lu operations, %lu allowed, %lu denied, "
	       "%lu of another errno, as foretold, %lu undecided, "
	       "no difference\n",
	       name, (unsigned long long)seed(), counts->n, allowed, denied,
	       other, counts->undecided);
	/* Mostly moves of a directory into itself, and devices */
	ck_assert_uint_le(counts->undecided, counts->n / 5);
}

START_TEST(the_kernel_answers_as_the_model)
{
	NEEDS_ABI(1);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(counts, MAP_FAILED);
	live_tree();
	RUN(compare_all, &places[_i]);
	if (counts->n)
		report_counts(places[_i].name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("differential");
	char text[32];

	/* One for all, whoever asks */
	snprintf(text, sizeof(text), "%llu", (unsigned long long)seed());
	setenv("LLK_SEED", text, 1);
	live_add(suite, the_kernel_answers_as_the_model, N_PLACES);

	return live_main(suite);
}
