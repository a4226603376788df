/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Groups of paths that dynamic programs need, for Debian, Fedora, openSUSE,
 * Arch, Alpine and NixOS. A rule holds for what a path leads to: where links
 * in a directory lead out of it, the file is named too. No private key, and no
 * directory that holds one, may ever stand here.
 */
#include "tables.h"

/* Strings in a row, no table of pointers: nothing to relocate at start */
static const char loader_paths[] =
	"/lib\0"
	"/lib32\0"
	"/lib64\0"
	"/libx32\0"
	"/usr/lib\0"
	"/usr/lib32\0"
	"/usr/lib64\0"
	"/usr/libx32\0"
	"/usr/local/lib\0"
	"/usr/local/lib32\0"
	"/usr/local/lib64\0"
	"/nix/store\0"
	"/run/opengl-driver/lib\0"
	"/etc/ld.so.cache\0"
	"/etc/ld.so.preload\0"
	"/etc/ld-musl-aarch64.path\0" /* Alpine: the loader's directories */
	"/etc/ld-musl-armhf.path\0"
	"/etc/ld-musl-i386.path\0"
	"/etc/ld-musl-loongarch64.path\0"
	"/etc/ld-musl-powerpc64le.path\0"
	"/etc/ld-musl-riscv64.path\0"
	"/etc/ld-musl-s390x.path\0"
	"/etc/ld-musl-x86_64.path\0";

static const char resolver_paths[] =
	"/etc/nsswitch.conf\0"
	"/etc/host.conf\0"
	"/etc/resolv.conf\0"
	"/etc/hosts\0"
	"/etc/gai.conf\0"
	"/etc/services\0"
	"/etc/protocols\0"
	"/etc/mdns.allow\0"
	"/usr/etc/nsswitch.conf\0" /* openSUSE: defaults below /usr/etc */
	"/usr/etc/host.conf\0"
	"/usr/etc/gai.conf\0"
	"/usr/etc/services\0"
	"/usr/etc/protocols\0"
	/* What /etc/resolv.conf leads to, and the sockets of resolvers */
	"/run/systemd/resolve\0"
	"/run/NetworkManager/resolv.conf\0" /* beside it are keys */
	"/run/NetworkManager/no-stub-resolv.conf\0"
	"/run/resolvconf\0"
	"/run/netconfig\0"
	"/run/connman/resolv.conf\0"
	"/run/nscd\0"
	"/run/avahi-daemon\0";

static const char tls_paths[] =
	"/etc/ssl/certs\0"
	"/etc/ssl/certs/ca-certificates.crt\0"
	"/etc/ssl/certs/ca-bundle.crt\0"
	"/etc/ssl/cert.pem\0"
	"/etc/ssl/ca-bundle.pem\0"
	"/etc/ssl/openssl.cnf\0"
	"/etc/ssl/openssl.cnf.d\0"
	"/usr/lib/ssl/cert.pem\0"
	"/usr/lib/ssl/openssl.cnf\0"
	"/usr/share/ca-certificates\0"
	"/usr/local/share/ca-certificates\0"
	"/etc/ca-certificates/extracted\0" /* Arch */
	"/etc/pki/tls/certs\0"		   /* Fedora; keys are in private */
	"/etc/pki/tls/certs/ca-bundle.crt\0"
	"/etc/pki/tls/cert.pem\0"
	"/etc/pki/tls/openssl.cnf\0"
	"/etc/pki/tls/openssl.d\0"
	"/etc/pki/ca-trust/extracted\0"
	"/usr/share/pki/ca-trust-source\0"
	"/etc/pki/trust/anchors\0" /* openSUSE */
	"/usr/share/pki/trust\0"
	"/var/lib/ca-certificates\0"
	"/etc/crypto-policies\0"
	"/usr/share/crypto-policies\0"
	"/etc/gnutls/config\0"
	"/etc/gnutls/default-priorities\0"
	"/etc/pkcs11/pkcs11.conf\0"
	"/etc/pkcs11/modules\0"
	"/usr/share/p11-kit/modules\0";

static const char locale_paths[] =
	"/usr/lib/locale\0"
	"/usr/share/locale\0"
	"/usr/share/locale-langpack\0"
	"/usr/share/i18n\0"
	"/etc/locale.alias\0"
	"/usr/share/zoneinfo\0"
	"/etc/zoneinfo\0"
	"/etc/localtime\0"
	"/etc/timezone\0"
	"/run/current-system/sw/lib/locale\0" /* NixOS */
	"/usr/lib/gconv\0"
	"/usr/lib64/gconv\0"
	"/usr/lib/aarch64-linux-gnu/gconv\0"
	"/usr/lib/arm-linux-gnueabihf/gconv\0"
	"/usr/lib/i386-linux-gnu/gconv\0"
	"/usr/lib/loongarch64-linux-gnu/gconv\0"
	"/usr/lib/mips64el-linux-gnuabi64/gconv\0"
	"/usr/lib/powerpc64le-linux-gnu/gconv\0"
	"/usr/lib/riscv64-linux-gnu/gconv\0"
	"/usr/lib/s390x-linux-gnu/gconv\0"
	"/usr/lib/x86_64-linux-gnu/gconv\0";

const char *llki_groups_paths(unsigned int group)
{
	switch (group) {
	case LLK_GROUP_LOADER:
		return loader_paths;
	case LLK_GROUP_RESOLVER:
		return resolver_paths;
	case LLK_GROUP_TLS:
		return tls_paths;
	case LLK_GROUP_LOCALE:
		return locale_paths;
	default:
		return "";
	}
}
