/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The first process of a test machine: brings the tests into a root that can
 * be pivoted, runs each as root and as nobody, then as root what can't be undone,
 * and ends the machine. What the tests say goes to the console; the reader needs
 * both the closing line and the exit status of qemu.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

/* qemu exits with twice the number plus one: 33, 35, 37 */
enum verdict {
	PASSED = 0x10,
	FAILED = 0x11,
	NO_TEST = 0x12,
};

static void end_machine(enum verdict verdict)
{
	fflush(stdout);
	sleep(1);
	if (iopl(3) == 0)
		outb((unsigned char)verdict, 0xf4);
	for (;;)
		pause();
}

static void must(int result, const char *what)
{
	if (result >= 0)
		return;

	printf("init: %s: %s\n", what, strerror(errno));
	end_machine(NO_TEST);
}

static void copy_payload(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		execl("/busybox", "cp", "-a", "/payload/.", "/new",
		      (char *)NULL);
		_exit(1);
	}
	must(pid, "fork");
	waitpid(pid, &status, 0);
	must(status ? -1 : 0, "copy");
}

/* pivot_root does not work on the first file system; a tmpfs moved over it is
   a root like others */
static void move_root(void)
{
	must(mkdir("/new", 0755), "mkdir");
	must(mount("root", "/new", "tmpfs", 0, "mode=0755,size=80%"), "tmpfs");
	copy_payload();
	must(chdir("/new"), "chdir");
	must(mount(".", "/", NULL, MS_MOVE, NULL), "move");
	must(chroot("."), "chroot");
	must(chdir("/"), "chdir");
}

static void mount_at(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options))
		printf("init: mount %s: %s\n", type, strerror(errno));
}

static void mount_all(void)
{
	mount_at("proc", "/proc", NULL);
	mount_at("sysfs", "/sys", NULL);
	mount_at("securityfs", "/sys/kernel/security", NULL);
	mount_at("tracefs", "/sys/kernel/tracing", NULL);
	mount_at("devtmpfs", "/dev", NULL);
	mount_at("devpts", "/dev/pts", "ptmxmode=0666,mode=0620,gid=5");
	mount_at("tmpfs", "/tmp", "mode=1777");
	mount_at("tmpfs", "/run", "mode=0755");
	chmod("/dev/pts/ptmx", 0666);
	if (symlink("/proc/self/fd", "/dev/fd"))
		perror("init: /dev/fd");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &ifr), "lo");
	close(fd);
}

static void become_nobody(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	/* By this machine's memory it would be too few for 2,000 threads that
	   start another one each */
	must(setrlimit(RLIMIT_NPROC, &all), "setrlimit");
	must(setgroups(0, NULL), "setgroups");
	must(setgid(NOBODY), "setgid");
	must(setuid(NOBODY), "setuid");
}

/* A line of the list: name, blank, command */
static int run_test(const char *command, int is_root)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		setsid();
		if (!is_root)
			become_nobody();
		alarm(600);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	must(pid, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_named(const char *name, const char *command, int is_root)
{
	const char *user = is_root ? "root" : "nobody";
	struct timespec before, after;
	int status;

	printf("=== begin %s %s\n", user, name);
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &before);
	status = run_test(command, is_root);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("\n=== end %s %s %d %ld\n", user, name, status,
	       (long)(after.tv_sec - before.tv_sec));
	fflush(stdout);

	return status;
}

static void run_list(const char *path, int is_root, int *n_run, int *n_bad)
{
	FILE *list = fopen(path, "re");
	char line[512], *command;
	int status;

	must(list ? 0 : -1, "list");
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		command = strchr(line, ' ');
		if (!command)
			continue;
		*command++ = '\0';
		status = run_named(line, command, is_root);
		++*n_run;
		*n_bad += status != 0 && status != 77;
	}
	fclose(list);
}

int main(void)
{
	int n_run = 0, n_bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(0022);
	move_root();
	mount_all();
	loopback_up();
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("HOME", "/tmp", 1);
	/* Fewer tries and threads, for which many machines make up */
	setenv("LLK_LIVE_BRIEF", "1", 1);

	run_list("/tests/list", 1, &n_run, &n_bad);
	run_list("/tests/list", 0, &n_run, &n_bad);
	run_list("/tests/last", 1, &n_run, &n_bad);
	printf("=== all %d run, %d bad\n", n_run, n_bad);
	end_machine(!n_run ? NO_TEST : n_bad ? FAILED : PASSED);
}
