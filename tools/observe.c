/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The source of events: ptrace over the command and all that come of it, woken
 * by a seccomp filter for the calls that Landlock has a say in.
 *
 * The command keeps its process, parent and terminal, so signals, job control
 * and its exit status are as without. The observer is a process of its own in
 * the background; the command's end is known to its parent only after the
 * observer has seen it, and so after the last line is told.
 */
#include "tracee.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_NUMBERS 64
#define ARCHITECTURE_I386 0x40000003U

/* linux/ptrace.h, which not each libc can include */
#define GET_SYSCALL_INFO 0x420e
#define EVENT_STOP 128
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct syscall_info {
	uint8_t op, pad[3];
	uint32_t architecture;
	uint64_t instruction, stack;
	union {
		struct {
			uint64_t number, args[6];
		} entry;
		int64_t result;
	};
	uint32_t data, reserved;
};

struct observation observation;

static const struct request *request;

/*
 * Threads
 */

static struct tracee *find_thread(pid_t id)
{
	struct tracee *t = observation.tracees;

	while (t && t->id != id)
		t = t->next;

	return t;
}

struct tracee *observe_find(pid_t process)
{
	struct tracee *t = observation.tracees;

	while (t && t->process != process && t->id != process)
		t = t->next;

	return t;
}

static struct tracee *add_thread(pid_t id)
{
	struct tracee *t = grow(NULL, 0, sizeof(*t));

	*t = (struct tracee){ .next = observation.tracees,
			      .id = id,
			      .process = id };
	observation.tracees = t;

	return t;
}

static void remove_thread(struct tracee *t)
{
	struct tracee **at = &observation.tracees;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	domain_unref(t->domain);
	event_free(t->event);
	free(t);
}

/* Each libc has a type of its own for the first argument */
static long trace(int what, pid_t id, size_t address, size_t data)
{
	return syscall(SYS_ptrace, what, id, address, data);
}

/* To the end of a call that is looked at, else until something happens */
static void go_on(const struct tracee *t, int sig)
{
	trace(t->call.row ? PTRACE_SYSCALL : PTRACE_CONT, t->id, 0,
	      (size_t)sig);
}

/* A new thread whose first stop came before the word of its maker */
static void release(struct tracee *t)
{
	if (!t->waits)
		return;

	t->waits = false;
	if (t->listens)
		trace(PTRACE_LISTEN, t->id, 0, 0);
	else
		go_on(t, 0);
	t->listens = false;
}

static void adopt(struct tracee *child, struct tracee *maker)
{
	bool is_thread = syscall(SYS_tgkill, maker->process, child->id, 0) == 0;

	domain_unref(child->domain);
	child->domain = domain_ref(maker->domain);
	child->process = is_thread ? maker->process : child->id;
	release(child);
}

/* A maker that is killed says no word. Of another's child that stands still at
   this moment its maker's word comes later, and counts. */
static void adopt_orphans(struct tracee *dead)
{
	for (struct tracee *t = observation.tracees; t; t = t->next)
		if (t->waits)
			adopt(t, dead);
}

/*
 * Stops
 */

static unsigned long message_of(const struct tracee *t)
{
	unsigned long message = 0;

	trace(PTRACE_GETEVENTMSG, t->id, 0, (size_t)&message);

	return message;
}

static void see_call(struct tracee *t)
{
	struct syscall_info info = { 0 };

	if (trace(GET_SYSCALL_INFO, t->id, sizeof(info), (size_t)&info) <= 0)
		return;

	t->call.is_32_bit =
		sizeof(long) == 8 && info.architecture == ARCHITECTURE_I386;
	memcpy(t->call.args, info.entry.args, sizeof(t->call.args));
	t->call.row = calls_find(info.entry.number, t->call.is_32_bit);
	if (t->call.row)
		calls_enter(t);
}

static void see_result(struct tracee *t)
{
	struct syscall_info info = { 0 };

	if (t->call.row &&
	    trace(GET_SYSCALL_INFO, t->id, sizeof(info), (size_t)&info) > 0)
		calls_leave(request, t, info.result);
	t->call.row = NULL;
	event_free(t->event);
	t->event = NULL;
}

static void see_child(struct tracee *maker)
{
	pid_t id = (pid_t)message_of(maker);
	struct tracee *child = find_thread(id);

	adopt(child ? child : add_thread(id), maker);
}

/* The thread that executes takes the number of the process; the others are
   gone without a word of the first */
static struct tracee *see_exec(struct tracee *t)
{
	struct tracee *former = find_thread((pid_t)message_of(t));

	if (!former || former == t)
		return t;

	former->id = t->id;
	remove_thread(t);

	return former;
}

/* Stopped as the shell wants it, or new, or continued */
static void see_event_stop(struct tracee *t, int sig)
{
	bool listens = sig != SIGTRAP;

	if (t->waits)
		t->listens = listens;
	else if (listens)
		trace(PTRACE_LISTEN, t->id, 0, 0);
	else
		go_on(t, 0);
}

static void see_stop(struct tracee *t, int status)
{
	int sig = WSTOPSIG(status);

	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		see_call(t);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		see_child(t);
		break;
	case PTRACE_EVENT_EXEC:
		t = see_exec(t);
		break;
	case PTRACE_EVENT_EXIT:
		if (t->id == observation.command)
			observation.observer->end(request);
		break;
	case EVENT_STOP:
		see_event_stop(t, sig);
		return;
	default:
		if (sig == SYSCALL_STOP)
			see_result(t);
		go_on(t, sig == SYSCALL_STOP ? 0 : sig);
		return;
	}
	go_on(t, 0);
}

static void see(pid_t id, int status)
{
	struct tracee *t = find_thread(id);

	if (!t && WIFSTOPPED(status)) {
		t = add_thread(id);
		t->waits = true;
	}
	if (!t)
		return;
	if (WIFSTOPPED(status)) {
		see_stop(t, status);
		return;
	}
	adopt_orphans(t);
	remove_thread(t);
}

static bool is_end(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED || info->si_code == CLD_KILLED ||
	       info->si_code == CLD_DUMPED;
}

/* The end of the command is only looked at, until all is told: then its parent
   may know */
static void watch(void)
{
	siginfo_t info;
	int status;

	while (observation.tracees) {
		if (waitid(P_ALL, 0, &info,
			   WEXITED | WSTOPPED | WNOWAIT | __WALL) < 0)
			break;
		if (is_end(&info) && info.si_pid == observation.command)
			observation.observer->end(request);
		if (waitpid(info.si_pid, &status, WNOHANG | __WALL) > 0)
			see(info.si_pid, status);
	}
	observation.observer->end(request);
}

/*
 * What the command has from the beginning
 */

#define MAX_INHERITED 64

static struct {
	struct llki_sys_identity file;
	int fd; /* a duplicate, where others may open the same file; or -1 */
} inherited[MAX_INHERITED];

static void note_inherited(void)
{
	int n = 0;

	for (int fd = 0; fd < 256 && n < MAX_INHERITED; fd++) {
		inherited[n].fd = -1;
		if (llki_sys_identify(fd, &inherited[n].file) == 0)
			n++;
	}
}

/* /dev/null is opened by programs, too. A terminal is not held open. */
static void hold_devices(void)
{
	for (int fd = 0, i = 0; fd < 256 && i < MAX_INHERITED; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		if (S_ISCHR(inherited[i].file.kind) && !isatty(fd))
			inherited[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 256);
		i++;
	}
}

static bool is_held(int fd)
{
	for (int i = 0; i < MAX_INHERITED; i++)
		if (inherited[i].file.kind && inherited[i].fd == fd)
			return true;

	return false;
}

bool observe_is_inherited(const struct tracee *t, int number,
			  const struct llki_sys_identity *file)
{
	for (int i = 0; observation.observer->sees_all && i < MAX_INHERITED;
	     i++)
		if (inherited[i].file.kind &&
		    inherited[i].file.inode == file->inode &&
		    inherited[i].file.device == file->device &&
		    (inherited[i].fd < 0 ||
		     syscall(SYS_kcmp, getpid(), t->id, 0 /* files */,
			     inherited[i].fd, number) <= 0))
			return true;

	return false;
}

/*
 * The observer's process
 */

/* What it would keep open for others: a pipe's reader waits for its end. Our
   own are closed on exec. */
static void close_inherited(void)
{
	int fd;

	hold_devices();
	for (fd = 0; fd < 1024; fd++)
		if (fd != STDERR_FILENO && fcntl(fd, F_GETFD) == 0 &&
		    !is_held(fd))
			close(fd);
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int seize(pid_t command)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
		       PTRACE_O_EXITKILL;

	/* All others of a container are killed before it has ended */
	if (command == 1)
		options |= PTRACE_O_TRACEEXIT;

	return trace(PTRACE_SEIZE, command, 0, (size_t)options) < 0 ? errno : 0;
}

/* What the two say to each other first */
struct word {
	pid_t observer;
	int error;
};

static bool hear(int fd, struct word *word)
{
	return read(fd, word, sizeof(*word)) == sizeof(*word);
}

static void speak(int fd, int error)
{
	struct word word = { getpid(), error };

	send(fd, &word, sizeof(word), MSG_NOSIGNAL);
}

__attribute__((noreturn)) static void observe(int fd, pid_t command)
{
	struct word word;
	sigset_t all;
	int error;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	speak(fd, 0);
	if (!hear(fd, &word))
		_exit(0);
	error = seize(command);
	if (error == 0) {
		close_inherited();
		raise_limit();
		add_thread(command);
		if (observation.given)
			layers_begin(observe_find(command), observation.given);
	}
	speak(fd, error);
	close(fd);
	watch();
	exit(0);
}

/*
 * The command's process
 */

__attribute__((noreturn)) static void die_untraced(int error)
{
	int yama =
		(int)proc_number("/proc/sys/kernel/yama/ptrace_scope", "", 10);
	int tracer = (int)proc_number("/proc/self/status", "TracerPid:", 10);

	if (yama >= 2)
		die(EXIT_FAILED, NULL, NULL,
		    "the command can't be observed: "
		    "kernel.yama.ptrace_scope is %d, and allows it %s",
		    yama, yama == 2 ? "to root alone" : "to nobody");
	if (tracer)
		die(EXIT_FAILED, NULL, NULL,
		    "the command can't be observed: process %d, a debugger "
		    "or another observer, does so already",
		    tracer);

	die(EXIT_FAILED, NULL, NULL,
	    "the command can't be observed: ptrace: %s (a seccomp filter or "
	    "another policy forbids it)",
	    strerror(error));
}

/* By a child that ends at once, so that the observer is no child of the
   command; without a signal of its end */
static int start_observer(void)
{
	pid_t command = getpid();
	int pair[2];
	long child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	fflush(NULL);
	child = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (child == 0) {
		close(pair[0]);
		if (fork() == 0)
			observe(pair[1], command);
		_exit(0);
	}
	close(pair[1]);
	if (child > 0)
		waitpid((pid_t)child, NULL, __WALL);

	return pair[0];
}

static void filter(const struct request *req)
{
	uint32_t numbers[MAX_NUMBERS], compat[MAX_NUMBERS];
	size_t n = calls_list(false, numbers, MAX_NUMBERS);
	size_t n_compat = calls_list(true, compat, MAX_NUMBERS);

	if (!(req->flags & LLK_RESTRICT_SKIP_NO_NEW_PRIVS) &&
	    llk_sys_no_new_privs() < 0)
		die(EXIT_FAILED, NULL, NULL, "no_new_privs can't be set");
	if (!filter_trace(numbers, n, compat, n_compat))
		die(EXIT_FAILED, NULL, NULL,
		    "the command can't be observed: a seccomp filter of its "
		    "own is refused: %s",
		    strerror(errno));
}

/* What is only looked at is looked at under the policy that was given */
static void begin_given(const struct request *req)
{
	struct llki_fit fit;
	int r;

	if (!observation.observer->sees_all)
		return;

	observation.given = policy_build(req);
	r = llki_check_fit(observation.given, observation.query, &fit);
	if (r < 0)
		policy_fail(req, observation.given, r);
}

/* Of a 64-bit program a 32-bit one sees no call: nothing would be told */
static void refuse_other_size(void)
{
	struct utsname name;

	if (sizeof(long) == 4 && uname(&name) == 0 &&
	    strstr(name.machine, "64"))
		die(EXIT_FAILED, NULL, NULL,
		    "the command can't be observed: this landlock-run is a "
		    "32-bit program, and does not see 64-bit ones");
}

void observe_begin(const struct request *req, const struct observer *observer)
{
	struct word word = { 0, EPERM };
	int fd;

	refuse_other_size();
	request = req;
	observation.observer = observer;
	observation.command = getpid();
	observation.query = llk_abi() > 0 ? llk_abi() : NEWEST;
	observation.errata =
		llk_sys_create_ruleset(NULL, 0, LLK_SYS_CREATE_RULESET_ERRATA);
	begin_given(req);
	note_inherited();
	fd = start_observer();
	if (fd < 0 || !hear(fd, &word))
		die(EXIT_FAILED, NULL, NULL,
		    "the command can't be observed: no process can be made");
	prctl(PR_SET_PTRACER, word.observer, 0, 0, 0);
	speak(fd, 0);
	if (!hear(fd, &word) || word.error)
		die_untraced(word.error ? word.error : EPERM);
	close(fd);
	prctl(PR_SET_PTRACER, 0, 0, 0, 0);
	filter(req);
}
