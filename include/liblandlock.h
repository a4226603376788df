/* SPDX-License-Identifier: 0BSD OR MIT */
#ifndef LIBLANDLOCK_H
#define LIBLANDLOCK_H

/*
 * liblandlock: a process locks itself down with Linux Landlock
 *
 * Pick the Landlock version that the program was tested with, say what is
 * restricted, list the exceptions, and restrict the whole process:
 *
 *	struct llk_ruleset *rs = llk_ruleset_new(LLK_V5, LLK_FS, LLK_BEST_EFFORT);
 *	char buf[512];
 *	int r;
 *
 *	llk_ruleset_allow_path(rs, LLK_RO_DIRS, "/usr");
 *	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, "/opt/theme");
 *	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE, "/tmp");
 *	r = llk_ruleset_restrict_self(rs, 0);
 *	if (r) {			// less than was asked
 *		llk_ruleset_explain(rs, buf, sizeof(buf));
 *		fprintf(stderr, "sandbox: %s\n", buf);
 *	}
 *	llk_ruleset_free(rs);
 *	if (r && r != LLK_PARTLY_ENFORCED)
 *		exit(1);
 *
 * What Landlock can't restrict: stat, chdir, chmod, chown, extended
 * attributes, utime, flock, fcntl; files that are already open; and io_uring
 * SQPOLL rings made before. There is no deny rule: rules add up, and a rule
 * below an allowed directory takes nothing away ("all of $HOME but ~/.ssh"
 * can't be said; list what is allowed instead).
 *
 * Two consequences of restricting files that surprise:
 *   - any file-system right at all denies mount, umount, remount, move_mount
 *     and pivot_root;
 *   - moving or linking a file into another directory needs LLK_FS_REFER,
 *     handled and granted on both directories, in every layer of the process.
 *     A second ruleset of ports or scopes alone, before or after one of files,
 *     denies it too. Restrict everything in one ruleset; where that can't be,
 *     and only beside a layer of files, handle LLK_NET | LLK_FS_REFER in the
 *     other one and allow LLK_FS_REFER on "/" there.
 *
 * All functions are there since 0.1 unless they say otherwise. The library
 * has no global state (but for a signal handler while LLK_RESTRICT_BY_SIGNAL is
 * at work), reads no environment variable and prints nothing. One
 * thread at a time may use a ruleset. It sets no_new_privs (see
 * llk_ruleset_restrict_self), so setuid programs started later gain nothing.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * LLK_API stands before each prototype. A program that carries its own copy of
 * the library may define it as it likes, as static for example.
 */
#ifndef LLK_API
#ifdef __GNUC__
#define LLK_API __attribute__((visibility("default")))
#else
#define LLK_API
#endif
#endif

#ifdef __GNUC__
#define LLK_MUST_CHECK __attribute__((warn_unused_result))
#else
#define LLK_MUST_CHECK
#endif

/* clang-format off */
/*
 * Versions
 *
 * A version is a number of the kernel's Landlock ABI, and stands for the
 * rights that this ABI knows. Which one?
 *   LLK_V3   files
 *   LLK_V4   files and TCP ports
 *   LLK_V6   files, TCP ports and other processes (signals, abstract sockets)
 *   LLK_V9   and sockets of syslog, nscd, D-Bus: grant LLK_FS_RESOLVE_UNIX
 *   LLK_V10  and UDP: DNS needs its ports granted
 * A higher number denies more and is never needed for a newer kernel. Write
 * the newest version that the program was tested with, never llk_abi(): a
 * program must not change what it restricts when it meets a new kernel.
 */
#define LLK_V1 1	/* Linux 5.13 */
#define LLK_V2 2	/* Linux 5.19: refer */
#define LLK_V3 3	/* Linux 6.2: truncate */
#define LLK_V4 4	/* Linux 6.7: bind_tcp, connect_tcp */
#define LLK_V5 5	/* Linux 6.10: ioctl_dev */
#define LLK_V6 6	/* Linux 6.12: abstract_unix_socket, signal */
#define LLK_V7 7	/* Linux 6.15: log flags */
#define LLK_V8 8	/* Linux 7.0: all threads at once */
#define LLK_V9 9	/* Linux 7.1: resolve_unix */
#define LLK_V10 10	/* Linux 7.2: bind_udp, connect_send_udp, quiet rules */
#define LLK_V11 11	/* Linux 7.3: atomic no_new_privs */

/*
 * Rights
 *
 * One 64-bit word holds rights of three zones: bits 0 to 31 the file system,
 * 32 to 43 network ports, 44 to 51 scopes. A right of one zone in a rule of
 * another is a mistake, never something else. The words are not the kernel's;
 * <liblandlock/sys.h> has macros that turn them into those.
 *
 * A right that a ruleset handles is denied to the process, but where a rule
 * grants it. Scopes have no rules: a scope that is handled is closed.
 */

/* Rights of files and directories */
#define LLK_FS_EXECUTE      0x0000000000000001ULL /* start a program; it must be readable too */
#define LLK_FS_WRITE_FILE   0x0000000000000002ULL /* open for writing (O_TRUNC needs truncate too) */
#define LLK_FS_READ_FILE    0x0000000000000004ULL /* open for reading */
#define LLK_FS_TRUNCATE     0x0000000000004000ULL /* truncate, ftruncate, O_TRUNC; since V3 */
#define LLK_FS_IOCTL_DEV    0x0000000000008000ULL /* ioctl on a device opened later; since V5 */
#define LLK_FS_RESOLVE_UNIX 0x0000000000010000ULL /* connect to a socket by its path; since V9 */

/* Rights of directories: they hold for the names beneath */
#define LLK_FS_READ_DIR     0x0000000000000008ULL /* list */
#define LLK_FS_REMOVE_DIR   0x0000000000000010ULL /* remove or rename an empty directory */
#define LLK_FS_REMOVE_FILE  0x0000000000000020ULL /* unlink or rename a file */
#define LLK_FS_MAKE_CHAR    0x0000000000000040ULL /* make, rename or link a character device */
#define LLK_FS_MAKE_DIR     0x0000000000000080ULL /* make or rename a directory */
#define LLK_FS_MAKE_REG     0x0000000000000100ULL /* make, rename or link a regular file */
#define LLK_FS_MAKE_SOCK    0x0000000000000200ULL /* make, rename or link a socket */
#define LLK_FS_MAKE_FIFO    0x0000000000000400ULL /* make, rename or link a FIFO */
#define LLK_FS_MAKE_BLOCK   0x0000000000000800ULL /* make, rename or link a block device */
#define LLK_FS_MAKE_SYM     0x0000000000001000ULL /* make, rename or link a symbolic link */
#define LLK_FS_REFER        0x0000000000002000ULL /* move or link between directories; since V2 */

/*
 * Rights of ports
 *
 * They see TCP and UDP sockets only, no Multipath TCP, and a server that calls
 * listen without bind escapes bind_tcp. Port 0 in a bind rule means "a port
 * that the kernel picks". A UDP socket that connects or sends without a bind
 * binds itself: where bind_udp is handled, a client needs it on port 0 beside
 * connect_send_udp on the port it talks to. Sockets connected before keep
 * sending.
 */
#define LLK_NET_BIND_TCP         0x0000000100000000ULL /* since V4 */
#define LLK_NET_CONNECT_TCP      0x0000000200000000ULL /* since V4 */
#define LLK_NET_BIND_UDP         0x0000000400000000ULL /* since V10 */
#define LLK_NET_CONNECT_SEND_UDP 0x0000000800000000ULL /* since V10 */

/*
 * Scopes
 *
 * What is handled ends at the border of the sandbox: connecting to abstract
 * sockets made outside of it, and signals to processes outside. A child forked
 * before is outside, and so is the process's own socket made before.
 */
#define LLK_SCOPE_ABSTRACT_UNIX_SOCKET 0x0000100000000000ULL /* since V6 */
#define LLK_SCOPE_SIGNAL               0x0000200000000000ULL /* since V6 */

/*
 * Whole zones
 *
 * The top bit of a zone is no right; with it set, the zone stands for what is
 * known where it is used: in llk_ruleset_new all rights of the version, so
 * LLK_FS & ~LLK_FS_IOCTL_DEV is "all but"; in a rule all that the ruleset
 * handles and that fits the file; in require and quiet all that was asked for
 * in new. A zone in which nothing is known there is -EINVAL (LLK_NET with
 * LLK_V3), unless it is LLK_ALL.
 */
#define LLK_FS    0x00000000ffffffffULL /* files */
#define LLK_NET   0x00000fff00000000ULL /* ports */
#define LLK_SCOPE 0x000ff00000000000ULL /* scopes */
#define LLK_ALL   0x000fffffffffffffULL /* all three */

/*
 * Modifiers of rules
 */
#define LLK_PRESET     0x0100000000000000ULL /* mask the rights instead of checking them */
#define LLK_IF_PRESENT 0x0200000000000000ULL /* a path that isn't there (ENOENT) is skipped */
#define LLK_QUIET      0x0400000000000000ULL /* denials below this are not logged; see quiet */

/*
 * Presets
 *
 * Rights of a preset that the ruleset does not handle, or that do not fit a
 * file that is no directory, are dropped: the rule works on any file and with
 * any version, and presets never change. A set without LLK_PRESET is checked
 * instead: each right must be handled and fit the file, else -EINVAL tells of
 * the mistake. Own sets may carry LLK_PRESET too; it covers the whole word.
 *
 * LLK_READ | LLK_WRITE is a workspace in which nothing may be started;
 * LLK_RO_DIRS is for programs and libraries. The last four include execute.
 * refer, ioctl_dev and resolve_unix are in no preset: add them by |. A named
 * refer is always checked.
 */
#define LLK_READ     0x010000000000000cULL /* read_file, read_dir */
#define LLK_WRITE    0x01000000000041b2ULL /* write_file, truncate, make_reg, make_dir,
					      remove_file, remove_dir */
#define LLK_RO_FILES 0x0100000000000005ULL /* execute, read_file */
#define LLK_RO_DIRS  0x010000000000000dULL /* execute, read_file, read_dir */
#define LLK_RW_FILES 0x0100000000004007ULL /* execute, write_file, read_file, truncate */
#define LLK_RW_DIRS  0x0100000000005fffULL /* every right of V3 but refer */

/*
 * Groups of paths, for llk_ruleset_allow_group
 *
 * What dynamic programs need and hand-written lists get wrong, for Debian,
 * Fedora, openSUSE, Arch, Alpine and NixOS. The last three load modules: use
 * them together with the first. Private keys are in none.
 */
#define LLK_GROUP_LOADER   1U /* shared libraries, ld.so.cache, ld.so.preload */
#define LLK_GROUP_RESOLVER 2U /* nsswitch.conf, resolv.conf, hosts, services ... */
#define LLK_GROUP_TLS      4U /* certificates, crypto policies, openssl.cnf */
#define LLK_GROUP_LOCALE   8U /* locales, time zones, gconv */

/* Flags of llk_ruleset_new */
#define LLK_BEST_EFFORT 1U /* less than asked is an outcome, no error */

/* Outcomes of load and restrict_self; the positive ones with LLK_BEST_EFFORT only */
#define LLK_ENFORCED        0 /* all that was asked */
#define LLK_PARTLY_ENFORCED 1 /* some right asked for is not denied */
#define LLK_NOT_ENFORCED    2 /* nothing was done */

/* Flags of llk_ruleset_restrict_self */
#define LLK_RESTRICT_LOG_SAME_EXEC_OFF     0x1U /* until the next exec, denials aren't logged */
#define LLK_RESTRICT_LOG_NEW_EXEC_ON       0x2U /* after an exec they are */
#define LLK_RESTRICT_LOG_SUBDOMAINS_OFF    0x4U /* those of layers made later aren't */
#define LLK_RESTRICT_THIS_THREAD       0x10000U /* the calling thread alone */
#define LLK_RESTRICT_BY_SIGNAL         0x20000U /* all threads before Linux 7.0 too */
#define LLK_RESTRICT_SKIP_NO_NEW_PRIVS 0x40000U /* leave no_new_privs alone */

/* clang-format on */

struct llk_ruleset;

/*
 * Building
 *
 * Builders return nothing: the first mistake sticks in the object, load and
 * restrict_self return it, and llk_ruleset_error tells it at once. A NULL
 * ruleset (out of memory) is ignored by builders, and -ENOMEM later. So a
 * program checks once, in the end.
 *
 * Rights are checked against what was asked for in llk_ruleset_new, never
 * against the running kernel: a mistake is one on every kernel. Paths are
 * looked at only when the ruleset is loaded or enforced.
 *
 * Errors of all builders: -EINVAL for an argument as each describes, -ENOMEM,
 * -EBUSY once the ruleset was loaded or enforced.
 */

/*
 * llk_ruleset_new: make a ruleset that denies @handled and allows nothing yet
 * @version: LLK_V1 .. LLK_V11
 * @handled: rights, or whole zones
 * @flags: 0 for strict: what the kernel lacks is an error; or LLK_BEST_EFFORT
 *
 * Returns NULL for lack of memory only. The caller owns the result, and ends
 * it by llk_ruleset_free. Sticks -EINVAL for a version or right that this
 * library or the version does not know, for an empty zone, a modifier, no
 * rights, or an unknown flag.
 */
LLK_API struct llk_ruleset *llk_ruleset_new(int version, uint64_t handled,
					    unsigned int flags);

/*
 * llk_ruleset_free: end @rs, close its descriptors; NULL is fine
 *
 * Does not undo a restriction. Returns NULL always.
 */
LLK_API struct llk_ruleset *llk_ruleset_free(struct llk_ruleset *rs);

/*
 * llk_ruleset_allow_path: grant @rights on the file or directory @path, and on
 * all beneath it
 *
 * The string is copied. A relative path and symbolic links are resolved when
 * the ruleset is loaded or enforced, with the working directory and root of
 * then; the rule holds for the file that is found, not for its name. Rules on
 * directories don't reach a file system that is mounted there later. O_PATH
 * triggers no automount: end such a path by a slash.
 *
 * Sticks -EINVAL for NULL, an empty path, no rights (unless LLK_QUIET is
 * set), rights of another zone, a plain right that the ruleset does not
 * handle, and for a ruleset that handles no right of files (or but refer).
 */
LLK_API void llk_ruleset_allow_path(struct llk_ruleset *rs, uint64_t rights,
				    const char *path);

/*
 * llk_ruleset_allow_paths: the same for each of @paths; NULL ends the list
 */
LLK_API void llk_ruleset_allow_paths(struct llk_ruleset *rs, uint64_t rights,
				     const char *const paths[]);

/*
 * llk_ruleset_allow_fd: the same for the file or directory open as @fd
 *
 * The descriptor is duplicated (close-on-exec) and stays the caller's. Sticks
 * -EBADF where it is not open, -EMFILE, and -EINVAL for LLK_IF_PRESENT.
 */
LLK_API void llk_ruleset_allow_fd(struct llk_ruleset *rs, uint64_t rights,
				  int fd);

/*
 * llk_ruleset_allow_port: grant @rights of the network zone on a port
 * @port: 0 .. 65535 in host byte order: no htons
 *
 * Sticks -EINVAL for a larger number, another zone, LLK_PRESET, LLK_IF_PRESENT,
 * a right that is not handled, and a ruleset without rights of ports.
 */
LLK_API void llk_ruleset_allow_port(struct llk_ruleset *rs, uint64_t rights,
				    uint64_t port);

/*
 * llk_ruleset_allow_group: grant @rights on each path of @groups that is there
 * @groups: LLK_GROUP_LOADER | ...
 *
 * LLK_READ is right for most, with | LLK_FS_EXECUTE for the loader's where
 * programs are to be started. The rights are always a preset, and paths that
 * can't be reached are skipped. Sticks -EINVAL for no group or an unknown one.
 */
LLK_API void llk_ruleset_allow_group(struct llk_ruleset *rs, uint64_t rights,
				     unsigned int groups);

/*
 * llk_ruleset_require: set a floor under best effort
 *
 * Where any of @rights is not enforced, load and restrict_self return
 * -EOPNOTSUPP instead of a positive outcome. Calls add up. Floor and ceiling,
 * all that this kernel has and never less than V3, are:
 *
 *	rs = llk_ruleset_new(LLK_V11, LLK_ALL, LLK_BEST_EFFORT);
 *	llk_ruleset_require(rs, llk_abi_rights(LLK_V3));
 *
 * Sticks -EINVAL for a right that llk_ruleset_new did not ask for, an empty
 * zone, a modifier, or no rights.
 */
LLK_API void llk_ruleset_require(struct llk_ruleset *rs, uint64_t rights);

/*
 * llk_ruleset_quiet: leave denials of @rights out of the audit log (Linux 7.2)
 *
 * Rights of files and ports are quiet below the rules that carry LLK_QUIET,
 * scopes everywhere. A rule with LLK_QUIET in whose zone nothing is quiet is
 * -EINVAL from load and restrict_self. Calls add up. It grants nothing.
 *
 * Sticks -EINVAL as llk_ruleset_require does.
 */
LLK_API void llk_ruleset_quiet(struct llk_ruleset *rs, uint64_t rights);

/*
 * llk_ruleset_error: the first mistake so far as -errno, 0 if none
 *
 * -ENOMEM for NULL.
 */
LLK_API int llk_ruleset_error(const struct llk_ruleset *rs);

/*
 * Enforcing
 *
 * The outcome is LLK_ENFORCED (0), a positive LLK_PARTLY_ENFORCED or
 * LLK_NOT_ENFORCED (with LLK_BEST_EFFORT only), or -errno, and then no
 * restriction was added, but for -ENOTRECOVERABLE of LLK_RESTRICT_BY_SIGNAL.
 * "if (r)" is every outcome that is less than asked. An error leaves the ruleset
 * as it was, so that the call may be repeated.
 *
 * Best effort forgives what the kernel's Landlock version lacks, and threads
 * that can't be covered. It never forgives mistakes, missing paths or any
 * other error.
 *
 * load and restrict_self return, beside what each describes:
 *   -EINVAL      a mistake of a builder; a plain right that doesn't fit the
 *                file; LLK_QUIET without quiet
 *   -ENOENT -EACCES -ELOOP -ENOTDIR -ENAMETOOLONG ...  a path can't be opened
 *   -EBADFD      a rule for a pipe, a socket or a file of a kernel-internal kind
 *   -EOPNOTSUPP  strict or required, and the kernel lacks a right or flag, has
 *                Landlock off at boot, or there are other threads
 *   -ENOSYS      strict, and the kernel has no Landlock
 *   -EMFILE -ENFILE -ENOMEM  no descriptor or memory left
 *   -EBADF       the ruleset is spent: it was enforced already
 *   -EBUSY       a builder was called on a loaded ruleset
 *   any other    what a seccomp filter answered
 * llk_ruleset_explain tells which it was.
 */

/*
 * llk_ruleset_load: open the paths and build the kernel's ruleset; restrict
 * nothing yet
 *
 * Returns the outcome that restrict_self would, as far as rights go. For
 * servers: load once, fork, and let each child call llk_ruleset_restrict_self,
 * which then costs two to five system calls. Loading again is no error and
 * returns the first outcome; LLK_NOT_ENFORCED loads nothing. A loaded ruleset
 * takes no more rules. It is a snapshot of files: one that is replaced by
 * rename later is not granted; grant its directory.
 */
LLK_API int llk_ruleset_load(struct llk_ruleset *rs) LLK_MUST_CHECK;

/*
 * llk_ruleset_fd: the descriptor of a loaded ruleset, borrowed; -EBADF if not
 * loaded
 *
 * Who holds it can add rules to it, from inside a sandbox too, and the next
 * process to enforce it enforces the widened ruleset. restrict_self closes it
 * in the calling process; a child that does not enforce closes it by close(2)
 * and leaves the object alone.
 */
LLK_API int llk_ruleset_fd(const struct llk_ruleset *rs);

/*
 * llk_ruleset_restrict_self: restrict this process, for good
 * @flags: 0, or LLK_RESTRICT_ flags
 *
 * All threads are restricted, or the result says that none was: from Linux 7.0
 * on by the kernel (a thread that was restricted more becomes less so, and
 * siblings may see EINTR in epoll_wait, semop, sigwaitinfo); below, a process
 * with other threads is -EOPNOTSUPP, or LLK_NOT_ENFORCED in best effort. Call
 * it before the first thread is started, allow the library to stop all threads
 * by LLK_RESTRICT_BY_SIGNAL, or ask for the calling thread alone by
 * LLK_RESTRICT_THIS_THREAD. The threads are counted in /proc/self/task, and by
 * libc's own knowledge where there is no /proc.
 *
 * LLK_RESTRICT_BY_SIGNAL has no effect with one thread and from Linux 7.0 on.
 * Below, each thread is stopped by the signal that libc keeps for itself, and
 * restricts itself before it runs on: all of them, or nothing happened. Each
 * then has a domain of its own, on top of its own earlier layers. Siblings may
 * see EINTR in sleeps, poll, select, epoll_wait; liblandlock(7) tells what else.
 * It takes some 15 to 40 us a thread. Together with LLK_RESTRICT_THIS_THREAD it is
 * -EINVAL. Its own answers, where one thread is named by explain:
 *   -EOPNOTSUPP  no list of the threads in /proc, an io_uring poll thread, a
 *                processor that isn't known; the signal scope on kernels where
 *                threads could then no longer signal each other
 *   -ETIMEDOUT   a thread did not stop: it blocks all signals by raw calls,
 *                waits in vfork, or is stopped by a debugger
 *   -EPERM -ENOSYS -EBADF ...  a thread would be refused; no layer was added,
 *                but no_new_privs may be set on all threads
 *   -ENOTRECOVERABLE  a thread was refused when others were restricted already
 *                (it alone had 16 layers, memory ran out, a seccomp filter
 *                ended it): the process must exit; the ruleset is spent
 * The first two are LLK_NOT_ENFORCED in best effort, unless a right is required.
 *
 * no_new_privs is set, last of all, or atomically from Linux 7.3 on; below, it
 * stays set where the kernel then refuses the layer. With
 * LLK_RESTRICT_SKIP_NO_NEW_PRIVS it is left alone, and the caller needs it set
 * or CAP_SYS_ADMIN. LLK_RESTRICT_LOG_ flags need Linux 6.15; best effort drops
 * them. An unknown flag is -EINVAL.
 *
 * Afterwards the ruleset is spent: its descriptors are closed, only explain
 * and handled still answer. Between fork and exec (not vfork) this function,
 * llk_ruleset_fd, llk_ruleset_handled and llk_ruleset_explain may be called.
 *
 * Further errors: -E2BIG the process has 16 layers already; -EPERM no_new_privs
 * is neither set nor to be set, or a seccomp filter refused.
 */
LLK_API int llk_ruleset_restrict_self(struct llk_ruleset *rs,
				      unsigned int flags) LLK_MUST_CHECK;

/*
 * llk_ruleset_handled: the rights that the loaded or enforced ruleset denies by
 * default on this kernel; 0 before
 *
 * Holds LLK_FS_REFER whenever it holds any right of files, for so the kernel
 * acts.
 */
LLK_API uint64_t llk_ruleset_handled(const struct llk_ruleset *rs);

/*
 * llk_ruleset_explain: say in English what happened and what to do about it
 * @buf: gets one line, ended by NUL, no newline; may be NULL if @size is 0
 * @size: size of @buf in bytes
 *
 * As snprintf: cut to @size, and returns the length of the whole line in bytes
 * without the NUL. Begins with the outcome of the last load or restrict_self;
 * names the rule, the path and the rights concerned. Control characters,
 * quotes and backslashes of paths are escaped as \xHH, \" and \\.
 */
LLK_API int llk_ruleset_explain(const struct llk_ruleset *rs, char *buf,
				size_t size);

/*
 * Will this be allowed?
 *
 * A model of what the kernel would decide under a ruleset that is still being
 * built; nothing is restricted, and nothing opened but as O_PATH. It is fitted
 * to the running kernel as llk_ruleset_load would do it: what this kernel does
 * not restrict is not missing, and where load would fail (a mistake, a rule's
 * path that isn't there, in strict a right that the kernel lacks) the check
 * returns that error. Earlier layers of the process are not looked at: ask
 * their rulesets too, each must allow it.
 *
 * It speaks of the files that the names mean now. The files of the rules are
 * looked up by the first check and kept until the next builder call. It
 * allocates: not for use between fork and exec. llk_ruleset_explain doesn't
 * speak of it.
 *
 * What it can't see: file permissions and other policies; in a chroot, rules
 * above the root, which the kernel still counts; a pipe or socket that is
 * opened through /proc/self/fd is never denied. Moving or linking a file into
 * another directory has conditions beyond LLK_FS_REFER: it must not gain
 * rights there.
 */

/*
 * llk_ruleset_check_path: tell which of @rights would be denied on @path
 * @rights: rights of files; of a preset or whole zone on a file that is no
 *	directory, those of directories are left out
 * @path: for make_ and remove_ rights and refer, the directory that holds the
 *	name. A link is followed. Where the last name is not there (the target
 *	of a dangling link too) the answer is for its directory, as for an open
 *	with O_CREAT.
 * @ret_missing: those denied, 0 if none; left untouched on error
 *
 * Refer is denied as soon as any right of files is handled. Returns 0 whatever
 * is missing. -EINVAL for NULL, an empty path, no rights, rights of another
 * zone or unknown ones, LLK_IF_PRESENT, LLK_QUIET; -EBUSY once the ruleset is
 * loaded or enforced; -ENOENT a missing directory, or a link of /proc to a file
 * that is deleted or out of reach; -EACCES a directory on the way or above can't
 * be searched, so there is no answer; -ENOTDIR, -ELOOP, -ENAMETOOLONG, -ENOMEM,
 * -EMFILE; and errors of llk_ruleset_load.
 */
LLK_API int llk_ruleset_check_path(struct llk_ruleset *rs, uint64_t rights,
				   const char *path, uint64_t *ret_missing);

/*
 * llk_ruleset_check_port: tell which of @rights would be denied on a port
 * @port: 0 .. 65535 in host byte order: no htons
 * @ret_missing: as above
 *
 * -EINVAL for a larger number, rights of another zone, none, a modifier; the
 * others as above.
 */
LLK_API int llk_ruleset_check_port(struct llk_ruleset *rs, uint64_t rights,
				   uint64_t port, uint64_t *ret_missing);

/*
 * Asking
 */

/*
 * llk_abi: the Landlock ABI of the running kernel
 *
 * May be higher than this library knows. -ENOSYS: the kernel has none (or a
 * filter says so); -EOPNOTSUPP: built in, but off at boot; other errors are of
 * a seccomp filter.
 */
LLK_API int llk_abi(void);

/*
 * llk_abi_rights: the rights that are used on a kernel of @abi
 *
 * Those of the newest ABI that the library knows for newer ones, 0 for 0 and
 * below.
 */
LLK_API uint64_t llk_abi_rights(int abi);

/*
 * llk_rights_parse: turn a list of names into rights
 * @list: names with a comma between, no blanks: read_file, bind_tcp, signal ...
 *	as the constants without their zone, in lower case; fs, net, scope, all;
 *	read, write, ro_files, ro_dirs, rw_files, rw_dirs; preset, if_present,
 *	quiet; all matched whole
 * @ret_rights: the result; left untouched on error
 *
 * -EINVAL for an unknown or empty name, or NULL.
 */
LLK_API int llk_rights_parse(const char *list, uint64_t *ret_rights);

/*
 * llk_rights_format: turn rights into a list of names that parse reads
 * @buf: gets the list, ended by NUL; may be NULL if @size is 0
 * @size: size of @buf in bytes
 *
 * As snprintf: cut to @size, and returns the length of the whole list in bytes
 * without the NUL. Presets are written by their rights and "preset", a whole
 * zone by its name, an unknown bit n as 1<<n.
 */
LLK_API int llk_rights_format(uint64_t rights, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
