/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * What an observer has to follow: threads, forks, layers of the program's own.
 * Each opens files, and what is denied is to be told.
 *
 *	observed threads FILE		eight of them
 *	observed exec COMMAND ...	from a thread that is not the first
 *	observed forks N DIR		each opens DIR/1 to DIR/N, at once
 *	observed by-hand DIR FILE	a layer by system calls alone
 *	observed two-layers DIR1 DIR2 FILE
 *					of a thread in the second one, too
 *	observed prefork DIR FILE	each child enforces a loaded ruleset
 *	observed all-threads DIR FILE	a thread opens it after TSYNC
 *	observed closed FILE		once it can't be read
 *	observed random SEED N DIR ..	operations between these directories, and
 *					prints those that were denied: the process
 *					has that name then
 *	observed io_uring		the errno of io_uring_setup
 *	observed chroot DIR FILE	opens it in there
 *	observed mount DIR
 *	observed socketcall PORT	connects, on i386
 *	observed refused CALL COMMAND ...	ptrace or seccomp, by a filter
 */
#include <liblandlock.h>
#include <liblandlock/sys.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOW_WORD_OF_FIRST                                    \
	((unsigned int)offsetof(struct seccomp_data, args) + \
	 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

static int try_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);

	return 0;
}

static void *in_thread(void *path)
{
	try_file(path);

	return NULL;
}

static int run_thread(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, function, argument) ||
	       pthread_join(thread, NULL);
}

static int do_threads(char **args)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, in_thread, args[0]))
			return 2;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);

	return 0;
}

static void *execute(void *args)
{
	char **command = args;

	execv(command[0], command);
	_exit(errno);
}

static int do_exec(char **args)
{
	return run_thread(execute, args);
}

static int do_forks(char **args)
{
	int n = atoi(args[0]), status, pipe_fds[2];
	char path[4096], c;

	if (pipe(pipe_fds) < 0)
		return 2;
	for (int i = 1; i <= n; i++) {
		if (fork())
			continue;
		/* until all are there */
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &c, 1) != 0)
			_exit(2);
		snprintf(path, sizeof(path), "%s/%d", args[1], i);
		_exit(try_file(path));
	}
	close(pipe_fds[1]);
	while (wait(&status) > 0 && WIFEXITED(status))
		n -= WEXITSTATUS(status) == EACCES;

	return n;
}

/*
 * Layers
 */

/* By the kernel's own calls: all rights of ABI 1, and @dir may be read */
static int enter_layer(const char *dir)
{
	struct llk_sys_ruleset_attr attr = { .handled_access_fs = 0x1fff };
	struct llk_sys_path_beneath_attr rule = { .allowed_access = 0xd };
	int fd = llk_sys_create_ruleset(&attr, sizeof(attr), 0), r;

	rule.parent_fd = open(dir, O_PATH | O_CLOEXEC);
	r = llk_sys_add_rule(fd, 1, &rule, 0);
	close(rule.parent_fd);
	if (r == 0)
		r = llk_sys_no_new_privs();
	if (r == 0)
		r = llk_sys_restrict_self(fd, 0);
	close(fd);

	return r;
}

static int do_by_hand(char **args)
{
	return enter_layer(args[0]) ? 2 : try_file(args[1]);
}

static void *in_second_layer(void *argument)
{
	char **args = argument;

	if (enter_layer(args[1]) == 0)
		try_file(args[2]);

	return NULL;
}

static int do_two_layers(char **args)
{
	if (enter_layer(args[0]) < 0 || run_thread(in_second_layer, args))
		return 2;

	return try_file(args[2]);
}

static struct llk_ruleset *read_only(const char *dir)
{
	struct llk_ruleset *rs =
		llk_ruleset_new(LLK_V1, LLK_FS, LLK_BEST_EFFORT);

	llk_ruleset_allow_path(rs, LLK_RO_DIRS, dir);

	return rs;
}

static int do_prefork(char **args)
{
	struct llk_ruleset *rs = read_only(args[0]);
	int status, n_denied = 0;

	if (llk_ruleset_load(rs) < 0)
		return 2;
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		_exit(llk_ruleset_restrict_self(rs, 0) ? 2 : try_file(args[1]));
	}
	while (wait(&status) > 0)
		n_denied += WIFEXITED(status) && WEXITSTATUS(status) == EACCES;
	llk_ruleset_free(rs);

	return n_denied == 3 && try_file(args[1]) == 0 ? 0 : 1;
}

static pthread_barrier_t barrier;

static void *after_others(void *path)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	try_file(path);

	return NULL;
}

static int do_all_threads(char **args)
{
	struct llk_ruleset *rs = read_only(args[0]);
	pthread_t thread;
	int r;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, after_others, args[1]))
		return 2;
	pthread_barrier_wait(&barrier);
	r = llk_ruleset_restrict_self(rs, LLK_RESTRICT_BY_SIGNAL);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	llk_ruleset_free(rs);

	return r;
}

static int do_closed(char **args)
{
	prctl(PR_SET_DUMPABLE, 0);

	return try_file(args[0]);
}

static int do_io_uring(char **args)
{
	char params[256] = { 0 };

	return syscall(SYS_io_uring_setup, 1, params) < 0 ? errno : 0;
}

static int do_chroot(char **args)
{
	return chroot(args[0]) < 0 || chdir("/") < 0 ? 2 : try_file(args[1]);
}

static int do_mount(char **args)
{
	return mount("none", args[0], "tmpfs", 0, NULL) < 0 ? errno : 0;
}

/* All calls of sockets in one, as i386 has it */
static int do_socketcall(char **args)
{
#ifdef SYS_socketcall
	struct sockaddr_in peer = { .sin_family = AF_INET };
	unsigned long words[] = { (unsigned long)socket(AF_INET, SOCK_STREAM,
							0),
				  (unsigned long)&peer, sizeof(peer) };

	peer.sin_port = htons((unsigned short)atoi(args[0]));
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	return syscall(SYS_socketcall, 3, words) < 0 ? errno : 0;
#else
	return 2;
#endif
}

static int do_refused(char **args)
{
	unsigned int number =
		!strcmp(args[0], "ptrace") ? SYS_ptrace : SYS_prctl;
	/* Of prctl only what sets a filter */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_WORD_OF_FIRST),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		return 2;
	execvp(args[1], args + 1);

	return 2;
}

/*
 * Random operations
 */

static char **dirs;
static unsigned int n_dirs;

static const char *random_path(char buf[4096])
{
	static const char *const names[] = { "file", "dir",	 "link",
					     "new",  "dir/file", "dir/new" };

	snprintf(buf, 4096, "%s/%s", dirs[(unsigned int)random() % n_dirs],
		 names[(unsigned int)random() % 6]);

	return buf;
}

static int open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);

	return fd < 0 ? fd : close(fd);
}

static int operate(const char *a, const char *b)
{
	switch (random() % 13) {
	case 0:
		return open_and_close(a, O_RDONLY);
	case 1:
		return open_and_close(a, O_WRONLY | O_CREAT);
	case 2:
		return open_and_close(a, O_RDWR | O_TRUNC);
	case 3:
		return open_and_close(a, O_RDONLY | O_CREAT | O_TRUNC);
	case 4:
		return truncate(a, 0);
	case 5:
		return mkdir(a, 0700);
	case 6:
		return rmdir(a);
	case 7:
		return unlink(a);
	case 8:
		return symlink("file", a);
	case 9:
		return mknod(a, S_IFIFO | 0600, 0);
	case 10:
		return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
	case 11:
		return rename(a, b);
	default:
		return link(a, b);
	}
}

/* Under a name of its own, by which it is told */
static int do_random(char **args)
{
	char a[4096], b[4096], name[16];

	srandom((unsigned int)atoi(args[0]));
	for (dirs = args + 2; dirs[n_dirs]; n_dirs++)
		;
	for (int i = atoi(args[1]); i > 0; i--) {
		snprintf(name, sizeof(name), "op-%d", i);
		prctl(PR_SET_NAME, name);
		random_path(a);
		random_path(b);
		if (operate(a, b) < 0 && (errno == EACCES || errno == EXDEV))
			printf("%s\n", name);
	}

	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int n_args;
		int (*run)(char **args);
	} rows[] = {
		{ "threads", 1, do_threads },
		{ "exec", 1, do_exec },
		{ "forks", 2, do_forks },
		{ "by-hand", 2, do_by_hand },
		{ "two-layers", 3, do_two_layers },
		{ "prefork", 2, do_prefork },
		{ "all-threads", 2, do_all_threads },
		{ "closed", 1, do_closed },
		{ "random", 3, do_random },
		{ "io_uring", 0, do_io_uring },
		{ "chroot", 2, do_chroot },
		{ "socketcall", 1, do_socketcall },
		{ "mount", 1, do_mount },
		{ "refused", 2, do_refused },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(argv[1], rows[i].name) &&
		    argc - 2 >= rows[i].n_args) {
			int r = rows[i].run(argv + 2);

			fflush(stdout);
			_exit(r);
		}

	return 2;
}
