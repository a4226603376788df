/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * The names of rights: one table, read both ways.
 */
#include "tables.h"

#include <errno.h>
#include <string.h>

/* Whole zones come first: format takes them before their single bits */
static const struct right_name {
	uint64_t rights;
	char name[24];
} right_names[] = {
	{ LLK_FS, "fs" },
	{ LLK_NET, "net" },
	{ LLK_SCOPE, "scope" },
	{ LLK_FS_EXECUTE, "execute" },
	{ LLK_FS_WRITE_FILE, "write_file" },
	{ LLK_FS_READ_FILE, "read_file" },
	{ LLK_FS_READ_DIR, "read_dir" },
	{ LLK_FS_REMOVE_DIR, "remove_dir" },
	{ LLK_FS_REMOVE_FILE, "remove_file" },
	{ LLK_FS_MAKE_CHAR, "make_char" },
	{ LLK_FS_MAKE_DIR, "make_dir" },
	{ LLK_FS_MAKE_REG, "make_reg" },
	{ LLK_FS_MAKE_SOCK, "make_sock" },
	{ LLK_FS_MAKE_FIFO, "make_fifo" },
	{ LLK_FS_MAKE_BLOCK, "make_block" },
	{ LLK_FS_MAKE_SYM, "make_sym" },
	{ LLK_FS_REFER, "refer" },
	{ LLK_FS_TRUNCATE, "truncate" },
	{ LLK_FS_IOCTL_DEV, "ioctl_dev" },
	{ LLK_FS_RESOLVE_UNIX, "resolve_unix" },
	{ LLK_NET_BIND_TCP, "bind_tcp" },
	{ LLK_NET_CONNECT_TCP, "connect_tcp" },
	{ LLK_NET_BIND_UDP, "bind_udp" },
	{ LLK_NET_CONNECT_SEND_UDP, "connect_send_udp" },
	{ LLK_SCOPE_ABSTRACT_UNIX_SOCKET, "abstract_unix_socket" },
	{ LLK_SCOPE_SIGNAL, "signal" },
	{ LLK_PRESET, "preset" },
	{ LLK_IF_PRESENT, "if_present" },
	{ LLK_QUIET, "quiet" },
	/* read, never written */
	{ LLK_ALL, "all" },
	{ LLK_READ, "read" },
	{ LLK_WRITE, "write" },
	{ LLK_RO_FILES, "ro_files" },
	{ LLK_RO_DIRS, "ro_dirs" },
	{ LLK_RW_FILES, "rw_files" },
	{ LLK_RW_DIRS, "rw_dirs" },
};

#define N_NAMES (sizeof(right_names) / sizeof(right_names[0]))
#define N_WRITTEN (N_NAMES - 7)

/* The rights of the name of @len bytes at @s, 0 if there is none */
static uint64_t find_name(const char *s, size_t len)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		const char *name = right_names[i].name;

		if (strlen(name) == len && !memcmp(name, s, len))
			return right_names[i].rights;
	}

	return 0;
}

int llk_rights_parse(const char *list, uint64_t *ret_rights)
{
	uint64_t rights = 0, found;
	size_t len;

	if (!list || !ret_rights)
		return -EINVAL;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		found = find_name(list, len);
		if (!found)
			return -EINVAL;

		rights |= found;
		if (!list[len])
			break;
	}
	*ret_rights = rights;

	return 0;
}

/* Write a comma where it isn't the first item, counted from @start */
static void put_comma(struct llki_text *t, size_t start, const char *comma)
{
	if (t->len > start)
		llki_text_put(t, comma);
}

static void put_list(struct llki_text *t, uint64_t rights, const char *comma)
{
	size_t start = t->len;

	for (size_t i = 0; i < N_WRITTEN; i++) {
		uint64_t item = right_names[i].rights;

		if ((rights & item) != item)
			continue;
		put_comma(t, start, comma);
		llki_text_put(t, right_names[i].name);
		rights &= ~item;
	}

	for (unsigned int bit = 0; rights; bit++, rights >>= 1) {
		if (!(rights & 1))
			continue;
		put_comma(t, start, comma);
		llki_text_put(t, "1<<");
		llki_text_put_number(t, bit);
	}
}

/* For sentences: a blank after each comma */
void llki_rights_put(struct llki_text *t, uint64_t rights)
{
	put_list(t, rights, ", ");
}

int llk_rights_format(uint64_t rights, char *buf, size_t size)
{
	struct llki_text t = { .buf = buf, .size = size };

	put_list(&t, rights, ",");

	return llki_text_end(&t);
}
