/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Descriptors, for the library alone: open a path, duplicate, close, identify.
 *
 * By raw system calls, since libc's open and close are cancellation points: a
 * thread that is cancelled in the middle would leave a descriptor behind, and
 * the ruleset's is a way to widen the sandbox.
 */
#include "seam.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "compile with -D_FILE_OFFSET_BITS=64");

int llki_sys_open_path(const char *path)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);

	return fd < 0 ? -errno : (int)fd;
}

int llki_sys_dup(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}

int llki_sys_close(int fd)
{
	return syscall(SYS_close, fd) < 0 ? -errno : 0;
}

int llki_sys_is_dir(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;

	return S_ISDIR(st.st_mode);
}
