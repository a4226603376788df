/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Descriptors, for the library alone: open a path, duplicate, close, identify.
 */
#include "seam.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int llki_sys_open_path(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int llki_sys_dup(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

int llki_sys_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

int llki_sys_is_dir(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;

	return S_ISDIR(st.st_mode);
}
