/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * --ldd: the shared libraries of the command, as the system's own ld.so tells
 * them (loader.c). The program is not trusted: its own interpreter is never
 * started, what names an audit module is refused, and what ld.so answers is
 * granted only if it is a library.
 */
#include "run.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ENTRIES 65536 /* of a table in a program */

/* Each takes the programs of its architecture, and refuses others */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/lib/ld-linux.so.2",
	"/lib/ld-linux-armhf.so.3",
	"/lib/ld-linux-riscv64-lp64d.so.1",
	"/lib64/ld-linux-loongarch-lp64d.so.1",
	"/lib64/ld64.so.2", /* ppc64le */
	"/lib/ld64.so.1",   /* s390x */
	"/lib64/ld.so.1",   /* mips64el */
	"/libx32/ld-linux-x32.so.2",
	"/lib/ld-musl-x86_64.so.1",
	"/lib/ld-musl-aarch64.so.1",
	"/lib/ld-musl-armhf.so.1",
	"/lib/ld-musl-i386.so.1",
	"/lib/ld-musl-riscv64.so.1",
	"/lib/ld-musl-s390x.so.1",
	NULL,
};

/* What is read of an ELF file */
struct elf {
	bool is_elf;
	bool is_native; /* of this program's class, and tables that can be read */
	bool has_interpreter;
	bool has_audit;
};

static bool read_at(int fd, void *buf, size_t size, uint64_t at)
{
	return at <= INT64_MAX &&
	       pread(fd, buf, size, (off_t)at) == (ssize_t)size;
}

/* By the file, which can lie about where it is: then the loader's sandbox is
   left. The loader takes no notice of the size. */
static void read_dynamic(int fd, uint64_t at, struct elf *ret)
{
	ElfW(Dyn) entry;

	for (size_t i = 0; i < MAX_ENTRIES; i++, at += sizeof(entry)) {
		if (!read_at(fd, &entry, sizeof(entry), at) ||
		    entry.d_tag == DT_NULL)
			return;
		if (entry.d_tag == DT_AUDIT || entry.d_tag == DT_DEPAUDIT)
			ret->has_audit = true;
	}
}

static void read_segments(int fd, const ElfW(Ehdr) * header, struct elf *ret)
{
	ElfW(Phdr) segment;

	for (size_t i = 0; i < header->e_phnum; i++) {
		if (!read_at(fd, &segment, sizeof(segment),
			     header->e_phoff + i * sizeof(segment)))
			return;
		if (segment.p_type == PT_INTERP)
			ret->has_interpreter = true;
		if (segment.p_type == PT_DYNAMIC)
			read_dynamic(fd, segment.p_offset, ret);
	}
	ret->is_native = true;
}

static struct elf read_elf(const char *path)
{
	struct elf elf = { 0 };
	ElfW(Ehdr) header;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return elf;
	if (read_at(fd, &header, SELFMAG, 0))
		elf.is_elf = !memcmp(header.e_ident, ELFMAG, SELFMAG);
	if (elf.is_elf && read_at(fd, &header, sizeof(header), 0) &&
	    header.e_ident[EI_CLASS] ==
		    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	    header.e_phentsize == sizeof(ElfW(Phdr)))
		read_segments(fd, &header, &elf);
	close(fd);

	return elf;
}

static void refuse_audit(const char *path, const struct elf *elf)
{
	if (elf->has_audit)
		die(EXIT_FAILED, "ldd", path,
		    "it names an audit module, which is code that ld.so would "
		    "run");
}

/* "libc.so.6 => /lib/libc.so.6 (0x7f...)", or a path alone before the number */
static void add_library(struct request *req, char *line)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "ldd",
			       .rights = LLK_RO_FILES };
	char *arrow = strstr(line, " => ");
	char *path = arrow ? arrow + 4 : line + strspn(line, " \t");
	char *end = strrchr(path, '(');
	struct elf elf;

	if (*path != '/' || !end || end[-1] != ' ')
		return;

	end[-1] = '\0';
	elf = read_elf(path);
	refuse_audit(path, &elf);
	grant.path = elf.is_elf ? strdup(path) : NULL;
	if (grant.path)
		add_grant(&req->grants, &grant);
}

/* False for a program that is another loader's */
static bool list_libraries(struct request *req, const struct question *q)
{
	size_t before = req->grants.n;
	char *text, *rest = NULL;
	int status = loader_ask(q, &text);

	if (status == 0)
		for (char *line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			add_library(req, line);
	free(text);

	return req->grants.n > before;
}

/* Where libraries are looked up, if not in the system's folders */
static void add_index(struct request *req)
{
	struct grant grant = { .kind = GRANT_PATH,
			       .option = "ldd",
			       .rights = LLK_READ | LLK_IF_PRESENT,
			       .path = "/etc/ld.so.cache" };

	if (access(grant.path, F_OK) == 0)
		add_grant(&req->grants, &grant);
}

static void ask_loaders(struct request *req, struct question *q)
{
	for (size_t i = 0; loaders[i]; i++) {
		q->loader = loaders[i];
		if (access(q->loader, X_OK) < 0 || !list_libraries(req, q))
			continue;
		add_index(req);
		return;
	}
	die(EXIT_FAILED, "ldd", req->path,
	    "no ld.so of this system can list its libraries: is one missing?");
}

/* As ld.so takes it for a program and not for an option */
static char *program_of(const struct request *req)
{
	char *path;

	if (asprintf(&path, "%s%s", *req->path == '-' ? "./" : "", req->path) <
	    0)
		die(EXIT_FAILED, "ldd", NULL, "out of memory");

	return path;
}

static bool is_dynamic(const char *path)
{
	struct elf elf = read_elf(path);

	if (!elf.is_elf)
		die(EXIT_FAILED, "ldd", path,
		    "no ELF program: its interpreter needs --rox, or "
		    "--system");
	if (!elf.is_native)
		die(EXIT_FAILED, "ldd", path,
		    "damaged, or not of landlock-run's own word size");
	refuse_audit(path, &elf);

	return elf.has_interpreter;
}

/* The libraries depend on what the command will be told about them */
void ldd_add(struct request *req)
{
	struct question q = { 0 };
	char *program;
	int n = 0;

	if (!is_dynamic(req->path)) {
		say("--ldd: no shared libraries: the command is static\n");
		return;
	}

	q.env[n] = env_find(req, "LD_LIBRARY_PATH");
	n += q.env[n] != NULL;
	q.env[n] = env_find(req, "LD_PRELOAD");
	q.program = program = program_of(req);
	ask_loaders(req, &q);
	free(program);
}
