/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The system calls that Landlock has a say in: one row for each, and what it
 * needs, by the kind of its arguments.
 */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* Calls that newer architectures don't have */
#ifdef SYS_open
#define OLD(name) SYS_##name
#else
#define OLD(name) -1
#endif
#ifdef SYS_renameat
#define RENAMEAT SYS_renameat
#else
#define RENAMEAT -1
#endif
#define NEW(number) (LLKI_SYS_BASE + (number))

#define NO (-1)
#define AT(...) .at = { __VA_ARGS__ }

/* clang-format off */
static const struct call_row rows[] = {
	{ "open", OLD(open), 5, look_open, AT(NO, 0, 1) },
	{ "openat", SYS_openat, 295, look_open, AT(0, 1, 2) },
	{ "openat2", NEW(437), 437, look_open_how, AT(0, 1, 2) },
	{ "creat", OLD(creat), 8, look_open, AT(NO, 0, NO) },
	{ "truncate", SYS_truncate, 92, look_name, AT(NO, 0), LLK_FS_TRUNCATE },
	{ "truncate64", NO, 193, look_name, AT(NO, 0), LLK_FS_TRUNCATE },
	{ "ftruncate", SYS_ftruncate, 93, look_fd, AT(0), LLK_FS_TRUNCATE },
	{ "ftruncate64", NO, 194, look_fd, AT(0), LLK_FS_TRUNCATE },
	{ "ioctl", SYS_ioctl, 54, look_ioctl, AT(0, 1), LLK_FS_IOCTL_DEV },
	{ "execve", SYS_execve, 11, look_exec, AT(NO, 0, NO) },
	{ "execveat", SYS_execveat, 358, look_exec, AT(0, 1, 4) },

	{ "mkdir", OLD(mkdir), 39, look_name, AT(NO, 0), LLK_FS_MAKE_DIR },
	{ "mkdirat", SYS_mkdirat, 296, look_name, AT(0, 1), LLK_FS_MAKE_DIR },
	{ "mknod", OLD(mknod), 14, look_node, AT(NO, 0, 1, 2) },
	{ "mknodat", SYS_mknodat, 297, look_node, AT(0, 1, 2, 3) },
	{ "symlink", OLD(symlink), 83, look_name, AT(NO, 1), LLK_FS_MAKE_SYM },
	{ "symlinkat", SYS_symlinkat, 304, look_name, AT(1, 2), LLK_FS_MAKE_SYM },
	{ "rmdir", OLD(rmdir), 40, look_name, AT(NO, 0), LLK_FS_REMOVE_DIR },
	{ "unlink", OLD(unlink), 10, look_name, AT(NO, 0), LLK_FS_REMOVE_FILE },
	{ "unlinkat", SYS_unlinkat, 301, look_unlinkat, AT(0, 1, 2) },

	{ "rename", OLD(rename), 38, look_move, AT(NO, 0, NO, 1, NO) },
	{ "renameat", RENAMEAT, 302, look_move, AT(0, 1, 2, 3, NO) },
	{ "renameat2", SYS_renameat2, 353, look_move, AT(0, 1, 2, 3, 4) },
	{ "link", OLD(link), 9, look_link, AT(NO, 0, NO, 1, NO) },
	{ "linkat", SYS_linkat, 303, look_link, AT(0, 1, 2, 3, 4) },

	{ "bind", SYS_bind, 361, look_bind, AT(0, 1, 2, NO) },
	{ "connect", SYS_connect, 362, look_send, AT(0, 1, 2, NO) },
	{ "sendto", SYS_sendto, 369, look_send, AT(0, 4, 5, 3) },
	{ "sendmsg", SYS_sendmsg, 370, look_message, AT(0, 1, 2) },
	{ "sendmmsg", SYS_sendmmsg, 345, look_message, AT(0, 1, 3) },

	{ "socketcall", NO, 102, look_socketcall, AT(0, 1) },

	{ "kill", SYS_kill, 37, look_signal, AT(0), LLK_SCOPE_SIGNAL },
	{ "tkill", SYS_tkill, 238, look_signal, AT(0), LLK_SCOPE_SIGNAL },
	{ "tgkill", SYS_tgkill, 270, look_signal, AT(0), LLK_SCOPE_SIGNAL },
	{ "rt_sigqueueinfo", SYS_rt_sigqueueinfo, 178, look_signal, AT(0),
	  LLK_SCOPE_SIGNAL },
	{ "rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, 335, look_signal, AT(0),
	  LLK_SCOPE_SIGNAL },
	{ "pidfd_send_signal", NEW(424), 424, look_signal_fd, AT(0),
	  LLK_SCOPE_SIGNAL },
	{ "ptrace", SYS_ptrace, 26, look_ptrace, AT(0, 1) },

	{ "mount", SYS_mount, 21, look_mount, AT(1) },
	{ "umount2", SYS_umount2, 52, look_mount, AT(0) },
	{ "umount", NO, 22, look_mount, AT(0) },
	{ "pivot_root", SYS_pivot_root, 217, look_mount, AT(0) },
	{ "move_mount", NEW(429), 429, look_mount, AT(NO) },
	{ "fsconfig", NEW(431), 431, look_mount, AT(NO) },

	{ "landlock_create_ruleset", LLKI_SYS_CREATE_RULESET, 444, NULL,
	  AT(0), 0, layers_see_create },
	{ "landlock_add_rule", LLKI_SYS_ADD_RULE, 445, NULL, AT(0), 0,
	  layers_see_add },
	{ "landlock_restrict_self", LLKI_SYS_RESTRICT_SELF, 446, NULL, AT(0), 0,
	  layers_see_restrict },
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

uint64_t call_arg(const struct tracee *t, int i)
{
	int at = t->call.row->at[i];

	return at < 0 ? 0 : t->call.args[at];
}

const struct call_row *calls_named(const char *name)
{
	const struct call_row *row = rows;

	while (strcmp(row->name, name) != 0)
		row++;

	return row;
}

static int number_of(const struct call_row *row, bool is_32_bit)
{
	return is_32_bit ? row->compat : row->native;
}

size_t calls_list(bool is_32_bit, uint32_t *numbers, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ROWS && n < max; i++)
		if (number_of(&rows[i], is_32_bit) >= 0)
			numbers[n++] = (uint32_t)number_of(&rows[i], is_32_bit);

	return n;
}

const struct call_row *calls_find(uint64_t number, bool is_32_bit)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (number_of(&rows[i], is_32_bit) == (int)number)
			return &rows[i];

	return NULL;
}

/*
 * What a call asks for, and what became of it
 */

static void free_need(struct need *need)
{
	free(need->path);
	*need = (struct need){ 0 };
}

void event_free(struct event *event)
{
	if (!event)
		return;

	for (size_t i = 0; i < MAX_NEEDS; i++)
		free_need(&event->needs[i]);
	free_need(&event->moved[0]);
	free_need(&event->moved[1]);
	free((char *)event->paths[0]);
	free((char *)event->paths[1]);
	free((char *)event->program);
	free(event);
}

/* What Landlock answers where it denies */
static bool is_of_landlock(int error)
{
	return error == EACCES || error == EPERM || error == EXDEV;
}

static struct event *look(const struct tracee *t)
{
	const struct call_row *row = t->call.row;
	struct event *event = grow(NULL, 0, sizeof(*event));
	char name[32];
	int r;

	tracee_name(t, name, sizeof(name));
	*event = (struct event){
		.pid = t->process,
		.program = strdup(name),
		.call = row->name,
		.is_32_bit = t->call.is_32_bit,
	};
	r = row->look(t, event);
	if (r == -EPERM)
		event->kind = EVENT_UNREADABLE;

	return event;
}

/* Landlock has agreed before: denied, the call would fail in another way. A file
   without #! is a shell's to read. */
static bool is_after_landlock(int error)
{
	return error == ENOEXEC || error == ENOTTY || error == ENXIO ||
	       error == ENODEV || error == ENOTEMPTY || error == EBUSY;
}

/* What failed is told where Landlock fails like that, what worked if it needs
   something. Connections fail for many reasons after Landlock has agreed. */
static bool is_told(const struct event *event)
{
	int error = event->error;

	if (is_of_landlock(error))
		return true;
	if (!observation.observer->sees_all ||
	    !(event->n_needs || event->rights ||
	      event->kind == EVENT_UNREADABLE))
		return false;
	if (event->kind == EVENT_PORT || event->kind == EVENT_SOCKET)
		return error != EFAULT && error != EBADF;

	return !error || is_after_landlock(error);
}

/* What landlock-run itself does before is not told */
void calls_enter(struct tracee *t)
{
	if (t->id == observation.command && t->call.row->look == look_exec)
		observation.is_begun = true;
	if (observation.is_begun && observation.observer->sees_all &&
	    t->call.row->look)
		t->event = look(t);
}

static void leave(const struct request *req, struct tracee *t, int error)
{
	void (*tell)(const struct request *, const struct event *) =
		observation.observer->tell;
	struct event *event = t->event;

	if (!event && !is_of_landlock(error))
		return;
	if (!event)
		event = look(t);
	t->event = NULL;
	event->error = error;
	files_settle(t, event);
	others_settle(t, event);
	if (is_told(event))
		tell(req, event);
	if (others_also_bind(t, event))
		tell(req, event);
	event_free(event);
}

void calls_leave(const struct request *req, struct tracee *t, int64_t result)
{
	const struct call_row *row = t->call.row;

	if (row->note)
		row->note(t, result);
	else if (observation.is_begun)
		leave(req, t, result < 0 ? (int)-result : 0);
	t->call.row = NULL;
}
