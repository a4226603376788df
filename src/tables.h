/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Pure data and text: which rights each ABI has, their names, the groups of
 * paths, and a writer with snprintf's manners. Knows no kernel and no ruleset.
 */
#ifndef LLKI_TABLES_H
#define LLKI_TABLES_H

#include <liblandlock/sys.h>

#include <stdbool.h>

/* abi.c: what each ABI has. Each row holds all that the rows before it hold. */
struct llki_abi {
	uint64_t rights;  /* that it knows */
	uint64_t quiet;	  /* rights whose denials it can leave out of the log */
	uint64_t implied; /* denied with any other of the zone, never granted */
	uint64_t suspects; /* that some kernels of this ABI know and refuse */
	uint32_t flags;	   /* of restrict_self, LLK_SYS_RESTRICT_SELF_ */
	char since[8];	   /* the Linux that brought it */
};

#define LLKI_ABI_NEWEST LLK_V11

/* The row of @abi: the newest for newer ones, an empty one for 0 and below */
const struct llki_abi *llki_abi_row(int abi);

/* Rights that fit a file that is no directory */
#define LLKI_ABI_FILE_RIGHTS                                     \
	(LLK_FS_EXECUTE | LLK_FS_WRITE_FILE | LLK_FS_READ_FILE | \
	 LLK_FS_TRUNCATE | LLK_FS_IOCTL_DEV | LLK_FS_RESOLVE_UNIX)

/* The top bit of each zone is no right: it makes the zone a whole one */
#define LLKI_ABI_TOP_FS 0x0000000080000000ULL
#define LLKI_ABI_TOP_NET 0x0000080000000000ULL
#define LLKI_ABI_TOP_SCOPE 0x0008000000000000ULL
#define LLKI_ABI_TOP (LLKI_ABI_TOP_FS | LLKI_ABI_TOP_NET | LLKI_ABI_TOP_SCOPE)

/* The zones that have their top bit in @rights, all bits */
uint64_t llki_abi_whole_zones(uint64_t rights);

/* The zones of which any bit is in @rights, all bits */
uint64_t llki_abi_zones(uint64_t rights);

/* What is in @rights by itself, not as part of a whole zone */
static inline uint64_t llki_abi_plain(uint64_t rights)
{
	if (!(rights & LLKI_ABI_TOP))
		return rights;

	return rights & ~llki_abi_whole_zones(rights);
}

#define LLKI_ABI_MODIFIERS (LLK_PRESET | LLK_IF_PRESENT | LLK_QUIET)

/* text.c: a line that grows in a buffer of a fixed size */
struct llki_text {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, whether it fits or not */
};

void llki_text_put(struct llki_text *t, const char *s);
void llki_text_put_number(struct llki_text *t, uint64_t n);
void llki_text_put_quoted(struct llki_text *t, const char *s);
int llki_text_end(struct llki_text *t);

/* rights.c */
void llki_rights_put(struct llki_text *t, uint64_t rights);

/* groups.c: the paths of a group, each ended by NUL, the list by an empty one
 */
#define LLKI_GROUPS                                              \
	(LLK_GROUP_LOADER | LLK_GROUP_RESOLVER | LLK_GROUP_TLS | \
	 LLK_GROUP_LOCALE)

const char *llki_groups_paths(unsigned int group);

#endif
