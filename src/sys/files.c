/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Descriptors, for the library alone: open, duplicate, close, identify, read
 * a link.
 *
 * By raw system calls, since libc's open and close are cancellation points: a
 * thread that is cancelled in the middle would leave a descriptor behind, and
 * the ruleset's is a way to widen the sandbox.
 */
#include "seam.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOUNT_ID 0x1000U  /* STATX_MNT_ID, since Linux 5.8 */
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH */

/* The kernel's struct statx: old libcs have none, and musl's has no mount */
struct statx_answer {
	uint32_t mask;
	uint32_t others[35];
	uint64_t mount;
	uint64_t rest[13];
};

_Static_assert(sizeof(struct statx_answer) == 256 &&
		       offsetof(struct statx_answer, mount) == 0x90,
	       "as the kernel has it");
#if AT_FDCWD != LLKI_SYS_CWD
#error "as Linux has it everywhere"
#endif
_Static_assert(sizeof(off_t) == 8, "compile with -D_FILE_OFFSET_BITS=64");

static int open_o_path(int dir, const char *path, int flags)
{
	long fd = syscall(SYS_openat, dir, path, O_PATH | O_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : (int)fd;
}

int llki_sys_open_path(const char *path)
{
	return open_o_path(AT_FDCWD, path, 0);
}

int llki_sys_open_at(int dir, const char *name)
{
	return open_o_path(dir, name, O_NOFOLLOW);
}

int llki_sys_open_dir(int dir, const char *path)
{
	return open_o_path(dir, path, O_DIRECTORY);
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

/* Which mount the file is seen through, 0 where the kernel doesn't tell */
static uint64_t mount_of(int fd)
{
	struct statx_answer answer = { 0 };
#ifdef SYS_statx
	long r = syscall(SYS_statx, fd, "", EMPTY_PATH, MOUNT_ID, &answer);
#else
	long r = -1;
#endif

	return r == 0 && answer.mask & MOUNT_ID ? answer.mount : 0;
}

int llki_sys_identify(int fd, struct llki_sys_identity *ret_identity)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;

	*ret_identity = (struct llki_sys_identity){
		.device = (uint64_t)st.st_dev,
		.inode = (uint64_t)st.st_ino,
		.mount = mount_of(fd),
		/* Files without a type are the kernel's own: eventfd ... */
		.is_whiteout = S_ISCHR(st.st_mode) && st.st_rdev == 0,
		.kind = (st.st_mode & S_IFMT) ? st.st_mode & S_IFMT : 1,
	};

	return 0;
}

int llki_sys_read_link(int fd, char *buf, size_t size)
{
	long n = syscall(SYS_readlinkat, fd, "", buf, size);

	return n < 0 ? -errno : (int)n;
}
