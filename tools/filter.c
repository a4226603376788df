/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The filters of system calls, for ld.so and for the observer. The kernel's headers, which not each
 * libc can include, are not needed for its few numbers.
 */
#include "run.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* AUDIT_ARCH_ of linux/audit.h */
#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE 0xc000003eU
#elif defined(__i386__)
#define ARCHITECTURE 0x40000003U
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE 0xc00000b7U
#elif defined(__arm__) && defined(__ARMEL__) && defined(__ARM_EABI__)
#define ARCHITECTURE 0x40000028U
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE 0xc00000f3U
#elif defined(__s390x__)
#define ARCHITECTURE 0x80000016U
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE 0xc0000015U
#elif defined(__mips64) && defined(__MIPSEL__) && _MIPS_SIM == _ABI64
#define ARCHITECTURE 0xc0000008U
#else
#define ARCHITECTURE 0 /* ld.so is not asked */
#endif

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* From 424 on the numbers are the same on each architecture, but for the place
   where they begin */
#define NEW_CALL(number) ((number) + SYS_close_range - 436)

/* What Landlock doesn't restrict, or not on every kernel, and a loader needs
   not. Numbers differ by architecture, and some have no such call. */
static const uint32_t denied[] = {
	SYS_socket,
	SYS_socketpair,
	SYS_connect,
	SYS_bind,
	SYS_sendto,
	SYS_sendmsg,
	SYS_clone,
	SYS_ptrace,
	SYS_kill,
	SYS_tkill,
	SYS_tgkill,
	SYS_rt_sigqueueinfo,
	SYS_rt_tgsigqueueinfo,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_execveat,
	SYS_unshare,
	SYS_setns,
	SYS_mount,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_mq_open,
	SYS_mq_unlink,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_fchownat,
	SYS_setxattr,
	SYS_lsetxattr,
	SYS_fsetxattr,
	SYS_removexattr,
	SYS_lremovexattr,
	SYS_fremovexattr,
	SYS_truncate,
	SYS_setpriority,
#ifdef SYS_fork
	SYS_fork,
#endif
#ifdef SYS_vfork
	SYS_vfork,
#endif
#ifdef SYS_clone3
	SYS_clone3,
#endif
#ifdef SYS_socketcall
	SYS_socketcall,
#endif
#ifdef SYS_ipc
	SYS_ipc,
#endif
#ifdef SYS_shmget
	SYS_shmget,
	SYS_msgget,
	SYS_semget,
	SYS_shmat,
	SYS_shmctl,
	SYS_msgsnd,
	SYS_msgrcv,
	SYS_msgctl,
	SYS_semctl,
#endif
#ifdef SYS_semop
	SYS_semop,
#endif
#ifdef SYS_chmod
	SYS_chmod,
	SYS_chown,
	SYS_lchown,
	SYS_utime,
	SYS_utimes,
	SYS_futimesat,
#endif
#ifdef SYS_utimensat
	SYS_utimensat,
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
#endif
#ifdef SYS_pidfd_open
	SYS_pidfd_open,
#endif
#ifdef SYS_pidfd_send_signal
	SYS_pidfd_send_signal,
#endif
#ifdef SYS_truncate64
	SYS_truncate64,
#endif
#ifdef SYS_chown32
	SYS_chown32,
	SYS_lchown32,
	SYS_fchown32,
#endif
	NEW_CALL(412), /* utimensat, on 32 bits */
	NEW_CALL(452), /* fchmodat2 */
	NEW_CALL(463), /* setxattrat */
	NEW_CALL(466), /* removexattrat */
};

#define N_DENIED (sizeof(denied) / sizeof(denied[0]))

/* The kernel's struct sock_filter, sock_fprog and struct seccomp_data */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false; /* instructions to skip */
	uint32_t value;
};

struct program {
	unsigned short len;
	struct instruction *code;
};

enum { LOAD = 0x20, IF_EQUAL = 0x15, IF_AT_LEAST = 0x35, RETURN = 0x06 };
enum { AT_NUMBER = 0, AT_ARCHITECTURE = 4 };

#define ALLOW 0x7fff0000U
#define REFUSE (0x00050000U | EPERM)

bool filter_is_known(void)
{
	return ARCHITECTURE != 0;
}

/* A program of another architecture has other numbers: it can call nothing */
bool filter_calls(void)
{
	struct instruction code[2 * N_DENIED + 8] = {
		{ LOAD, 0, 0, AT_ARCHITECTURE },
		{ IF_EQUAL, 1, 0, ARCHITECTURE },
		{ RETURN, 0, 0, REFUSE },
		{ LOAD, 0, 0, AT_NUMBER },
		{ IF_AT_LEAST, 0, 1, 0x40000000 }, /* x32, on x86-64 */
		{ RETURN, 0, 0, REFUSE },
	};
	struct program program = { 6, code };

	for (size_t i = 0; i < N_DENIED; i++) {
		code[program.len++] =
			(struct instruction){ IF_EQUAL, 0, 1, denied[i] };
		code[program.len++] =
			(struct instruction){ RETURN, 0, 0, REFUSE };
	}
	code[program.len++] = (struct instruction){ RETURN, 0, 0, ALLOW };

	return filter_is_known() &&
	       prctl(PR_SET_SECCOMP, 2, &program, 0, 0) == 0;
}

/*
 * The observer's
 */

#define MAX_TRACED 64
#define ARCHITECTURE_I386 0x40000003U
#define TRACE 0x7ff00000U
#define LACK (0x00050000U | ENOSYS)

/* One architecture's: io_uring does its work behind each tracer's back */
static void add_traced(struct program *program, const uint32_t *numbers,
		       size_t n, uint32_t io_uring)
{
	struct instruction *at = program->code + program->len;

	*at++ = (struct instruction){ LOAD, 0, 0, AT_NUMBER };
	*at++ = (struct instruction){ IF_EQUAL, 0, 1, io_uring };
	*at++ = (struct instruction){ RETURN, 0, 0, LACK };
	for (size_t i = 0; i < n; i++) {
		*at++ = (struct instruction){ IF_EQUAL, 0, 1, numbers[i] };
		*at++ = (struct instruction){ RETURN, 0, 0, TRACE };
	}
	*at++ = (struct instruction){ RETURN, 0, 0, ALLOW };
	program->len = (unsigned short)(at - program->code);
}

bool filter_trace(const uint32_t *numbers, size_t n, const uint32_t *compat,
		  size_t n_compat)
{
	struct instruction code[4 * MAX_TRACED + 16] = {
		{ LOAD, 0, 0, AT_ARCHITECTURE },
		{ IF_EQUAL, 0, (uint8_t)(2 * n_compat + 4), ARCHITECTURE_I386 },
	};
	struct program program = { 0, code };

	if (sizeof(long) == 8 && ARCHITECTURE == 0xc000003eU) {
		program.len = 2;
		add_traced(&program, compat, n_compat, 425);
	} else {
		program.len = 1;
	}
	if (filter_is_known()) {
		code[program.len++] =
			(struct instruction){ IF_EQUAL, 1, 0, ARCHITECTURE };
		code[program.len++] =
			(struct instruction){ RETURN, 0, 0, ALLOW };
	}
	add_traced(&program, numbers, n, NEW_CALL(425));

	return prctl(PR_SET_SECCOMP, 2, &program, 0, 0) == 0;
}
