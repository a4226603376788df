/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Counts what a program does in user space before it executes another one: one
 * step, one instruction, whatever else the machine has to do.
 * usage: steps COMMAND [ARGUMENT ...]
 */
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number, or -1 if it ends without executing anything */
static long count_steps(pid_t pid)
{
	long n = 0;
	int status;

	for (;; n++) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return -1;
		if (status >> 16 == PTRACE_EVENT_EXEC)
			return n;
	}
}

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? fork() : -1;
	int status;
	long n;

	if (pid < 0)
		return 2;
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) < 0)
		return 77;

	n = count_steps(pid);
	if (n < 0)
		return 1;
	printf("%ld\n", n);

	return 0;
}
