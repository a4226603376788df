/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Calls on files: which rights on which file or directory.
 */
#include "calls.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif

/*
 * What the run has made: a rule can't name it before the next run
 */

struct made_file {
	struct made_file *next;
	uint64_t device, inode;
};

#define N_BUCKETS 1024

static struct made_file *made_files[N_BUCKETS];

static struct made_file **find_made_file(const struct llki_sys_identity *file)
{
	struct made_file **m = &made_files[file->inode % N_BUCKETS];

	while (*m &&
	       ((*m)->inode != file->inode || (*m)->device != file->device))
		m = &(*m)->next;

	return m;
}

static void keep_made_file(const struct llki_sys_identity *file)
{
	struct made_file **m = find_made_file(file);

	if (*m || !file->kind)
		return;

	*m = grow(NULL, 0, sizeof(**m));
	**m = (struct made_file){ .device = file->device,
				  .inode = file->inode };
}

/* Its number may become another file's */
static void forget_made_file(const struct llki_sys_identity *file)
{
	struct made_file **m = find_made_file(file), *old = *m;

	if (!old)
		return;

	*m = old->next;
	free(old);
}

static unsigned int count_made(const struct llki_trail *dir)
{
	unsigned int n = 0;

	for (; dir && *find_made_file(&dir->file); dir = dir->above)
		n++;

	return n;
}

/*
 * Needs
 */

static void set_need(struct need *need, uint64_t rights,
		     const struct spot *spot, bool is_beneath)
{
	const struct llki_trail_place *place = &spot->place;

	need->rights = rights;
	need->path = strdup(is_beneath ? spot->dir_path : spot->path);
	need->file = is_beneath ? place->dir->file : place->file;
	need->n_made = count_made(place->dir);
	if (!is_beneath && *spot->end.name)
		need->n_made =
			*find_made_file(&place->file) ? need->n_made + 1 : 0;
}

/* On the file itself, or, with @is_beneath or where it isn't there, on its
   directory */
static void add_need(const struct tracee *t, struct event *event,
		     uint64_t rights, const struct spot *spot, bool is_beneath)
{
	struct llki_trail_place place = spot->place;
	struct need *need = &event->needs[event->n_needs];

	if (!rights || event->n_needs == MAX_NEEDS)
		return;
	if (is_beneath)
		place.file.kind = 0;

	set_need(need, rights, spot, is_beneath || !place.file.kind);
	event->n_needs++;
	layers_check_need(t, event, need, &place);
}

static void keep_path(struct event *event, int i, const char *path)
{
	free((char *)event->paths[i]);
	event->paths[i] = strdup(path);
}

/* Find what @path is, and keep its name in the event: as it is found, or, where
   that isn't known or it is about a process, as it was given */
static int find(const struct tracee *t, struct event *event,
		const struct name *name, bool follows, struct spot *spot)
{
	int i = event->paths[0] && event->kind == EVENT_MOVE, r;

	keep_path(event, i, name->path);
	r = tracee_find(t, name->dir, name->path, follows, spot);
	if (r == 0 && strncmp(name->path, "/proc/", 6) != 0)
		keep_path(event, i, spot->path);

	return r;
}

int need_on(const struct tracee *t, struct event *event, uint64_t rights,
	    const struct name *name)
{
	bool is_beneath = rights & ~LLKI_ABI_FILE_RIGHTS;
	struct spot spot;
	int r = find(t, event, name, !is_beneath, &spot);

	if (r == 0 && (is_beneath || spot.place.file.kind))
		add_need(t, event, rights, &spot, is_beneath);
	event->moved[0].file = spot.place.file;
	spot_end(&spot);

	return r;
}

/* From the row's columns @at on */
static int read_name(const struct tracee *t, int at, struct name *name)
{
	name->dir = t->call.row->at[at] < 0 ? TRACEE_CWD : (int)call_arg(t, at);

	return tracee_read_string(t, call_arg(t, at + 1), name->path,
				  sizeof(name->path));
}

static int look_name_for(const struct tracee *t, struct event *event,
			 uint64_t rights)
{
	struct name name;
	int r = read_name(t, 0, &name);

	return r ? r : need_on(t, event, rights, &name);
}

int look_name(const struct tracee *t, struct event *event)
{
	return look_name_for(t, event, t->call.row->rights);
}

int look_node(const struct tracee *t, struct event *event)
{
	struct llki_sys_identity file = { .kind = call_arg(t, 2) & S_IFMT };

	file.is_whiteout = S_ISCHR(file.kind) && !call_arg(t, 3);

	return look_name_for(t, event,
			     llki_check_making(&file, observation.errata));
}

int look_unlinkat(const struct tracee *t, struct event *event)
{
	bool is_dir = call_arg(t, 2) & AT_REMOVEDIR;

	return look_name_for(t, event,
			     is_dir ? LLK_FS_REMOVE_DIR : LLK_FS_REMOVE_FILE);
}

/*
 * open
 */

/* Rights of what is opened; 3 as a mode asks for neither */
static uint64_t opening(uint64_t flags, unsigned int kind)
{
	static const uint64_t by_mode[] = { LLK_FS_READ_FILE, LLK_FS_WRITE_FILE,
					    LLK_FS_READ_FILE |
						    LLK_FS_WRITE_FILE,
					    0 };
	uint64_t rights = by_mode[flags & O_ACCMODE];

	if (S_ISDIR(kind) && (flags & O_TMPFILE) != O_TMPFILE)
		return rights & LLK_FS_READ_FILE ? LLK_FS_READ_DIR : 0;
	if (S_ISREG(kind) && flags & O_TRUNC)
		rights |= LLK_FS_TRUNCATE;

	return rights;
}

static void need_open(const struct tracee *t, struct event *event,
		      uint64_t flags, const struct spot *spot)
{
	unsigned int kind = spot->place.file.kind;

	if (kind && !S_ISLNK(kind))
		add_need(t, event, opening(flags, kind), spot, false);
	else if (!kind && flags & O_CREAT)
		add_need(t, event, LLK_FS_MAKE_REG | opening(flags, kind), spot,
			 true);
}

static int look_open_flags(const struct tracee *t, struct event *event,
			   uint64_t flags)
{
	bool is_new = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	struct name name;
	struct spot spot;
	int r = read_name(t, 0, &name);

	if (r < 0)
		return r;

	r = find(t, event, &name, !is_new && !(flags & O_NOFOLLOW), &spot);
	if (r == 0 && !(flags & O_PATH))
		need_open(t, event, flags, &spot);
	spot_end(&spot);

	return r;
}

int look_open(const struct tracee *t, struct event *event)
{
	bool has_flags = t->call.row->at[2] >= 0;

	return look_open_flags(t, event,
			       has_flags ? call_arg(t, 2)
					 : O_CREAT | O_WRONLY | O_TRUNC);
}

int look_open_how(const struct tracee *t, struct event *event)
{
	uint64_t flags;
	int r = tracee_read(t, call_arg(t, 2), &flags, sizeof(flags));

	return r ? r : look_open_flags(t, event, flags);
}

/*
 * Descriptors
 */

static int look_fd_of(const struct tracee *t, struct event *event, bool devices)
{
	struct spot spot;
	int number = (int)call_arg(t, 0);
	int r = tracee_find_fd(t, number, &spot);
	unsigned int kind = r ? 0 : spot.place.file.kind;

	if (r == 0)
		keep_path(event, 0, spot.path);
	if (r == 0 && (!devices || S_ISCHR(kind) || S_ISBLK(kind)) &&
	    !observe_is_inherited(t, number, &spot.place.file))
		add_need(t, event, t->call.row->rights, &spot, false);
	spot_end(&spot);

	return r;
}

int look_fd(const struct tracee *t, struct event *event)
{
	return look_fd_of(t, event, false);
}

/* What the kernel lets pass on any device, as it doesn't come to the driver */
static bool is_free_ioctl(uint32_t number)
{
	static const uint32_t numbers[] = {
		0x5450,	    0x5451,	0x5421,	    0x5452,	0x5460,
		0xc0045877, 0xc0045878, 0xc020660b, 0x00000002, 0x40049409,
		0x4020940d, 0xc0189436, 0x80111500, 0x80811501,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (number == numbers[i])
			return true;

	return false;
}

int look_ioctl(const struct tracee *t, struct event *event)
{
	return is_free_ioctl((uint32_t)call_arg(t, 1))
		       ? 0
		       : look_fd_of(t, event, true);
}

/*
 * execve: the program, its interpreters, its loader
 */

/* The only file that is opened to be read: a regular one, whatever takes its
   name meanwhile */
static int open_regular(const struct spot *spot)
{
	int fd = llki_sys_open_at(spot->end.dir, spot->end.name), r = -1;
	struct llki_sys_identity file;
	char path[32];

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (llki_sys_identify(fd, &file) == 0 && S_ISREG(file.kind))
		r = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	close(fd);

	return r;
}

static ssize_t read_head(const struct spot *spot, char *buf, size_t size)
{
	int fd = open_regular(spot);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = pread(fd, buf, size - 1, 0);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';

	return n;
}

/* After #!, up to the first blank */
static bool find_script_interpreter(char *head, char *path)
{
	char *name;

	if (head[0] != '#' || head[1] != '!')
		return false;

	name = head + 2 + strspn(head + 2, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	snprintf(path, PATH_MAX, "%s", name);

	return *name != '\0';
}

/* Words of the ELF header; of the machine's own byte order */
static uint64_t elf_word(const char *head, size_t at, size_t size)
{
	union {
		uint16_t of_2;
		uint32_t of_4;
		uint64_t of_8;
	} word;

	memcpy(&word, head + at, size);

	return size == 2 ? word.of_2 : size == 4 ? word.of_4 : word.of_8;
}

/* What PT_INTERP says, if it is in the file's beginning */
static bool find_loader(const char *head, size_t len, char *path)
{
	bool is_64 = len > EI_CLASS && head[EI_CLASS] == ELFCLASS64;
	size_t word = is_64 ? 8 : 4, n, size, at;

	if (len < sizeof(Elf64_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
		return false;

	at = (size_t)elf_word(head, is_64 ? 32 : 28, word);
	size = (size_t)elf_word(head, is_64 ? 54 : 42, 2);
	n = (size_t)elf_word(head, is_64 ? 56 : 44, 2);
	for (; n && at < len && size <= len - at; n--, at += size) {
		size_t offset;

		if (size < 32 || elf_word(head, at, 4) != PT_INTERP)
			continue;
		offset = (size_t)elf_word(head, at + (is_64 ? 8 : 4), word);
		if (offset >= len)
			return false;
		snprintf(path, PATH_MAX, "%s", head + offset);
		return true;
	}

	return false;
}

/* The next file that the kernel opens, or false at the end */
static bool find_next_program(const struct spot *spot, char path[PATH_MAX],
			      bool *ret_is_loader)
{
	char head[4096];
	ssize_t n = read_head(spot, head, sizeof(head));

	*ret_is_loader = false;
	if (n < 4)
		return false;
	if (find_script_interpreter(head, path))
		return true;
	*ret_is_loader = true;

	return find_loader(head, (size_t)n, path);
}

static int look_exec_name(const struct tracee *t, struct event *event,
			  struct name *name)
{
	const uint64_t rights = LLK_FS_EXECUTE | LLK_FS_READ_FILE;
	bool goes_on = true, is_loader = false;
	struct spot spot;
	int r = find(t, event, name, true, &spot);

	while (r == 0 && goes_on && event->n_needs < MAX_NEEDS) {
		add_need(t, event, rights, &spot, false);
		goes_on = !is_loader &&
			  find_next_program(&spot, name->path, &is_loader);
		if (!goes_on)
			break;
		spot_end(&spot);
		r = tracee_find(t, TRACEE_CWD, name->path, true, &spot);
	}
	spot_end(&spot);

	return r;
}

int look_exec(const struct tracee *t, struct event *event)
{
	bool is_fd = call_arg(t, 2) & 0x1000; /* AT_EMPTY_PATH */
	struct name name;
	int r = read_name(t, 0, &name);

	if (r == 0 && is_fd && !*name.path)
		snprintf(name.path, sizeof(name.path), "/proc/self/fd/%d",
			 name.dir);

	return r ? r : look_exec_name(t, event, &name);
}

/*
 * Moves
 */

static void want_move(struct event *event, const struct spot *from,
		      const struct spot *to, uint64_t rights[2])
{
	const struct llki_sys_identity *a = &from->place.file;
	const struct llki_sys_identity *b = &to->place.file;
	const struct llki_sys_identity *c = &from->place.dir->file;
	const struct llki_sys_identity *d = &to->place.dir->file;

	rights[1] = llki_check_making(a, observation.errata);
	rights[0] = event->move == LLKI_CHECK_EXCHANGE
			    ? llki_check_making(b, observation.errata)
			    : 0;
	if (event->move != LLKI_CHECK_LINK) {
		rights[0] |= llki_check_removing(a);
		rights[1] |= llki_check_removing(b);
	}
	if (c->inode != d->inode || c->device != d->device) {
		rights[0] |= LLK_FS_REFER;
		rights[1] |= LLK_FS_REFER;
	}
}

static void need_move(const struct tracee *t, struct event *event,
		      const struct spot *from, const struct spot *to)
{
	uint64_t rights[2];

	want_move(event, from, to, rights);
	set_need(&event->needs[0], rights[0], from, true);
	set_need(&event->needs[1], rights[1], to, true);
	event->n_needs = 2;
	set_need(&event->moved[0], 0, from, false);
	if (event->move == LLKI_CHECK_EXCHANGE)
		set_need(&event->moved[1], 0, to, false);
	layers_check_move(t, event, &from->place, &to->place);
}

static int look_two(const struct tracee *t, struct event *event, bool follows)
{
	struct spot from = { .end.dir = -1 }, to = { .end.dir = -1 };
	struct name name;
	int r = read_name(t, 0, &name);

	event->kind = EVENT_MOVE;
	if (r == 0)
		r = find(t, event, &name, follows, &from);
	if (r == 0)
		r = read_name(t, 2, &name);
	if (r == 0)
		r = find(t, event, &name, false, &to);
	if (r == 0 && from.place.file.kind)
		need_move(t, event, &from, &to);
	spot_end(&from);
	spot_end(&to);

	return r;
}

int look_move(const struct tracee *t, struct event *event)
{
	bool exchanges = call_arg(t, 4) & 2; /* RENAME_EXCHANGE */

	event->move = exchanges ? LLKI_CHECK_EXCHANGE : LLKI_CHECK_RENAME;

	return look_two(t, event, false);
}

int look_link(const struct tracee *t, struct event *event)
{
	event->move = LLKI_CHECK_LINK;

	return look_two(t, event, call_arg(t, 4) & 0x400 /* follow */);
}

/*
 * Afterwards
 */

#define MAKING                                                     \
	(LLK_FS_MAKE_CHAR | LLK_FS_MAKE_DIR | LLK_FS_MAKE_REG |    \
	 LLK_FS_MAKE_SOCK | LLK_FS_MAKE_FIFO | LLK_FS_MAKE_BLOCK | \
	 LLK_FS_MAKE_SYM)
#define REMOVING (LLK_FS_REMOVE_DIR | LLK_FS_REMOVE_FILE)

/* By the path that was found before: what stands there now */
static void note_made(const struct event *event)
{
	struct llki_sys_identity file;
	int fd = event->paths[0] ? llki_sys_open_at(TRACEE_CWD, event->paths[0])
				 : -1;

	if (fd < 0)
		return;
	if (llki_sys_identify(fd, &file) == 0)
		keep_made_file(&file);
	close(fd);
}

/* Files that made the run: only where all calls are seen */
static void note_success(const struct event *event)
{
	uint64_t rights = event->kind == EVENT_FILES && event->n_needs
				  ? event->needs[0].rights
				  : 0;

	if (rights & MAKING)
		note_made(event);
	/* By its new name it is there in this run alone */
	if (event->kind == EVENT_MOVE && event->move == LLKI_CHECK_RENAME)
		keep_made_file(&event->moved[0].file);
	if (rights & REMOVING)
		forget_made_file(&event->moved[0].file);
}

/* Whether file permissions, asked from outside, let pass what it needs */
static bool is_denied_by_files(const struct need *need)
{
	static const struct {
		uint64_t rights;
		int mode;
	} rows[] = {
		{ LLK_FS_READ_FILE | LLK_FS_READ_DIR, R_OK },
		{ LLK_FS_WRITE_FILE | LLK_FS_TRUNCATE | LLK_FS_RESOLVE_UNIX,
		  W_OK },
		{ LLK_FS_EXECUTE, X_OK },
		{ MAKING | REMOVING | LLK_FS_REFER, W_OK | X_OK },
	};
	int mode = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (need->rights & rows[i].rights)
			mode |= rows[i].mode;
	if (S_ISDIR(need->file.kind) && !(need->rights & LLK_FS_READ_DIR))
		mode &= ~R_OK;

	/* Elsewhere in another mount namespace: nothing is known then */
	return mode && access(need->path, mode) < 0 &&
	       (errno == EACCES || errno == EROFS);
}

void files_settle(const struct tracee *t, struct event *event)
{
	if (!event->error && observation.observer->sees_all)
		note_success(event);
	for (size_t i = 0; event->error && i < event->n_needs; i++) {
		struct need *need = &event->needs[i];

		need->is_denied_by_files = is_denied_by_files(need);
		event->is_denied_by_files |= need->is_denied_by_files;
	}
}
