/* SPDX-License-Identifier: 0BSD OR MIT */
/*
 * Groups of paths, each proven by what it is for: the same call or program
 * without a sandbox, with the group, and in a sandbox without the group.
 */
#include "live.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPENSSL "/usr/bin/openssl"
#define PYTHON "/usr/bin/python3"
#define CERT "cert.pem" /* of the tree, taken from the system's bundle */

#define ALL_GROUPS                                               \
	(LLK_GROUP_LOADER | LLK_GROUP_RESOLVER | LLK_GROUP_TLS | \
	 LLK_GROUP_LOCALE)

/* Prints what it finds; nothing if it does not work */
typedef void probe(const char *arg);

/*
 * Resolver
 */

static void resolve(const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	char host[128];

	if (getaddrinfo(name, "80", &hints, &list))
		return;
	for (ai = list; ai; ai = ai->ai_next)
		if (!getnameinfo(ai->ai_addr, ai->ai_addrlen, host,
				 sizeof(host), NULL, 0, NI_NUMERICHOST))
			printf("%s ", host);
	freeaddrinfo(list);
}

static void look_up_service(const char *name)
{
	struct servent *s = getservbyname(name, "tcp");

	if (s)
		printf("%d", ntohs((uint16_t)s->s_port));
}

static void look_up_protocol(const char *name)
{
	struct protoent *p = getprotobyname(name);

	if (p)
		printf("%d", p->p_proto);
}

/* The last name in a line of /etc/hosts that is no form of localhost */
static void take_name(char *line, char *name, size_t size)
{
	char *save, *word = strtok_r(line, " \t\n", &save);

	if (!word || !isdigit((unsigned char)*word))
		return;
	while ((word = strtok_r(NULL, " \t\n", &save)) && *word != '#')
		if (!strstr(word, "localhost"))
			snprintf(name, size, "%s", word);
}

/* A name that only /etc/hosts has; its file is read before restricting */
static const char *name_of_hosts(void)
{
	static char name[256];
	char line[512];
	FILE *f = fopen("/etc/hosts", "re");

	while (f && fgets(line, sizeof(line), f))
		take_name(line, name, sizeof(name));
	if (f)
		fclose(f);
	return *name ? name : NULL;
}

/*
 * Locale
 */

static void format_time(const char *name)
{
	time_t then = 1720000000;
	struct tm tm;
	char text[256];

	localtime_r(&then, &tm);
	if (!strftime(text, sizeof(text), "%A %B %c", &tm))
		*text = '\0';
	printf("%s %s %s", name, nl_langinfo(CODESET), text);
}

static void set_locale(const char *name)
{
	if (setlocale(LC_ALL, name))
		format_time(name);
}

static void tell_time(const char *zone)
{
	time_t then = 1720000000;
	struct tm tm;

	if (zone)
		setenv("TZ", zone, 1);
	else
		unsetenv("TZ");
	tzset();
	localtime_r(&then, &tm);
	printf("%s %ld %d", tm.tm_zone, tm.tm_gmtoff, tm.tm_hour);
}

static void convert(const char *charset)
{
	iconv_t cd = iconv_open(charset, "UTF-8");
	char in[] = "a\303\244", out[64] = "";
	char *from = in, *to = out;
	size_t n_in = 3, n_out = sizeof(out) - 1;

	if (cd == (iconv_t)-1)
		return;
	if (iconv(cd, &from, &n_in, &to, &n_out) != (size_t)-1)
		for (char *c = out; c < to; c++)
			printf("%02x", (unsigned char)*c);
	iconv_close(cd);
}

/*
 * Certificates
 */

static void count_certificates(const char *bundle)
{
	char line[4096];
	FILE *f = fopen(bundle, "re");
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !strncmp(line, "-----BEGIN CERTIFICATE", 22);
	if (f)
		fclose(f);
	if (n)
		printf("%d certificates", n);
}

/* What it prints and its exit status are the answer */
static void start(char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	dup2(null, 2);
	execv(argv[0], argv);
	_exit(127);
}

/* The certificate is one of the system's own: its store must be found */
static void verify(const char *cert)
{
	char *const argv[] = { OPENSSL, "verify", (char *)cert, NULL };

	start(argv);
}

/*
 * Programs
 */

static void start_true(const char *path)
{
	char *const argv[] = { (char *)path, NULL };

	start(argv);
}

static void start_python(const char *path)
{
	char *const argv[] = { (char *)path, "-c", "print(6 * 7)", NULL };

	start(argv);
}

/*
 * Run a probe in a child and take what it prints, and how it ends
 */

struct answer {
	char text[4096];
	int status;
};

static void run_probe(probe *fn, const char *arg, int fd)
{
	dup2(fd, 1);
	close(fd);
	fn(arg);
	fflush(stdout);
	_exit(0);
}

static struct answer ask(probe *fn, const char *arg)
{
	struct answer a = { "", 0 };
	int ends[2];
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	IS(pipe(ends), 0);
	pid = fork();
	OK(pid >= 0);
	if (!pid)
		run_probe(fn, arg, ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], a.text + len, sizeof(a.text) - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	a.status = live_wait(pid);
	return a;
}

/*
 * @fn: tried with @arg, where @with is granted and where @without is
 * @program: what it starts, granted both times
 */
struct row {
	const char *name;
	probe *fn;
	const char *arg;
	unsigned int with, without;
	const char *program;
};

static void restrict_to(const struct row *row, unsigned int groups)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);
	uint64_t rights = row->program ? LLK_READ | LLK_FS_EXECUTE : LLK_READ;

	if (groups)
		llk_ruleset_allow_group(rs, rights, groups);
	if (row->program)
		llk_ruleset_allow_path(rs, LLK_RO_FILES, row->program);
	/* No group has these */
	llk_ruleset_allow_path(rs, LLK_READ | LLK_WRITE, "/dev/null");
	llk_ruleset_allow_path(rs, LLK_READ | LLK_IF_PRESENT, CERT);
	live_restrict(rs);
}

/* Without a sandbox, or it can't be shown here */
static struct answer ask_free(const struct row *row)
{
	struct answer a;

	if (row->program && access(row->program, X_OK))
		live_cannot("%s is not here", row->program);
	a = ask(row->fn, row->arg);
	if (a.status || (!*a.text && row->fn != start_true))
		live_cannot("does not work here without a sandbox either");
	return a;
}

static void with_the_group(const void *arg)
{
	const struct row *row = arg;
	struct answer free, inside;

	live_about("%s", row->name);
	free = ask_free(row);
	restrict_to(row, row->with);
	inside = ask(row->fn, row->arg);
	IS(inside.status, free.status);
	if (strcmp(inside.text, free.text))
		live_fail("\"%s\" became \"%s\"", free.text, inside.text);
}

static void without_the_group(const void *arg)
{
	const struct row *row = arg;
	struct answer free, inside;

	live_about("%s, without the group", row->name);
	free = ask_free(row);
	restrict_to(row, row->without);
	inside = ask(row->fn, row->arg);
	OK(inside.status != free.status || strcmp(inside.text, free.text));
}

#define LOADER LLK_GROUP_LOADER
#define RESOLVER (LLK_GROUP_RESOLVER | LLK_GROUP_LOADER)
#define TLS LLK_GROUP_TLS
#define LOCALE LLK_GROUP_LOCALE

/* A sandbox without the group is noticed by these */
/* clang-format off */
static struct row rows[] = {
	{ "a name of /etc/hosts", resolve, NULL, RESOLVER, LOADER, NULL },
	{ "service https", look_up_service, "https", RESOLVER, LOADER, NULL },
	{ "protocol tcp", look_up_protocol, "tcp", RESOLVER, LOADER, NULL },
	{ "locale C.UTF-8", set_locale, "C.UTF-8", LOCALE, 0, NULL },
	{ "locale of this machine", set_locale, NULL, LOCALE, 0, NULL },
	{ "zone Europe/Berlin", tell_time, "Europe/Berlin", LOCALE, 0, NULL },
	{ "charset EUC-JP", convert, "EUC-JP", LOCALE | LOADER, 0, NULL },
	{ "charset ISO-8859-15", convert, "ISO-8859-15", LOCALE | LOADER, 0, NULL },
	{ "Debian's bundle", count_certificates, "/etc/ssl/certs/ca-certificates.crt", TLS, 0, NULL },
	{ "Fedora's bundle", count_certificates, "/etc/pki/tls/certs/ca-bundle.crt", TLS, 0, NULL },
	{ "OpenSSL's bundle", count_certificates, "/etc/ssl/cert.pem", TLS, 0, NULL },
	{ "openssl verify", verify, CERT, TLS | LOADER, LOADER, OPENSSL },
	{ "true", start_true, "/bin/true", LOADER, 0, "/bin/true" },
	{ "python3", start_python, PYTHON, LOADER, 0, PYTHON },
	/* libc knows these by itself, or they may be the default */
	{ "localhost", resolve, "localhost", RESOLVER, 0, NULL },
	{ "an address", resolve, "127.0.0.1", RESOLVER, 0, NULL },
	{ "local time", tell_time, NULL, LOCALE, 0, NULL },
};
/* clang-format on */
#define N_ROWS (int)(sizeof(rows) / sizeof(rows[0]))
#define N_KNOWING 3

/* A locale that is installed beside C and POSIX */
static const char *installed_locale(void)
{
	static char name[128];
	FILE *f = popen("locale -a 2>/dev/null", "re");

	while (f && fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		if (*name && *name != 'C' && strcmp(name, "POSIX"))
			break;
		*name = '\0';
	}
	if (f)
		pclose(f);
	return *name ? name : NULL;
}

/* The first certificate of the system's own bundle */
static void take_certificate(void)
{
	const char *end = "-----END CERTIFICATE-----";
	FILE *in = fopen("/etc/ssl/certs/ca-certificates.crt", "re");
	FILE *out = fopen(CERT, "we");
	char line[4096];

	if (!out)
		live_fail("%s: %s", CERT, strerror(errno));
	if (!in)
		in = fopen("/etc/pki/tls/certs/ca-bundle.crt", "re");
	while (in && fgets(line, sizeof(line), in)) {
		fputs(line, out);
		if (!strncmp(line, end, strlen(end)))
			break;
	}
	if (in)
		fclose(in);
	fclose(out);
}

/* What depends on the machine; false if it has nothing of the kind */
static bool fill_in(struct row *row)
{
	if (row->fn == verify)
		take_certificate();
	if (row->fn == resolve && !row->arg)
		return (row->arg = name_of_hosts());
	if (row->fn == set_locale && !row->arg)
		return (row->arg = installed_locale());
	return true;
}

START_TEST(with_its_group_it_works_as_without_a_sandbox)
{
	struct row row = rows[_i];

	NEEDS_ABI(1);
	live_tree();
	SKIP_IF(!fill_in(&row), "%s: there is none", row.name);
	RUN(with_the_group, &row);
}
END_TEST

/* musl reads no file for these, so that no sandbox is in the way */
static bool is_in_libc(const struct row *row)
{
#ifdef __GLIBC__
	(void)row;

	return false;
#else
	return row->fn == look_up_protocol || row->fn == set_locale ||
	       row->fn == convert;
#endif
}

START_TEST(without_its_group_it_does_not_work)
{
	struct row row = rows[_i];

	NEEDS_ABI(1);
	SKIP_IF(is_in_libc(&row), "%s: this libc needs no file for it",
		row.name);
	live_tree();
	SKIP_IF(!fill_in(&row), "%s: there is none", row.name);
	RUN(without_the_group, &row);
}
END_TEST

/*
 * What no group may open
 */

static const char *const secrets[] = {
	"/etc/shadow",
	"/etc/gshadow",
	"/etc/ssl/private",
	"/etc/ssl",
	"/etc/pki/tls/private",
	"/etc/pki",
	"/etc/passwd",
	"/boot",
	"/home",
	"/etc/machine-id",
	"/etc",
	"/",
};
#define N_SECRETS (int)(sizeof(secrets) / sizeof(secrets[0]))

static void secret_stays_closed(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);
	int r = live_open(arg, O_RDONLY);

	live_about("%s", (const char *)arg);
	if (r)
		live_cannot("not readable here anyway: %s", strerror(r));
	llk_ruleset_allow_group(rs, LLK_READ, ALL_GROUPS);
	live_restrict(rs);
	IS(live_open(arg, O_RDONLY), EACCES);
}

START_TEST(secrets_stay_closed_under_all_groups)
{
	NEEDS_ABI(1);
	RUN(secret_stays_closed, secrets[_i]);
}
END_TEST

static void key_beside_certificates(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);

	live_unshare_mounts();
	if (access("/etc/ssl/private", F_OK))
		live_cannot("there is no /etc/ssl/private");
	if (mount("none", "/etc/ssl/private", "tmpfs", 0, NULL))
		live_cannot("no tmpfs: %s", strerror(errno));
	IS(live_open("/etc/ssl/private/key.pem", O_WRONLY | O_CREAT), 0);
	IS(live_open("/etc/ssl/private/key.pem", O_RDONLY), 0);
	llk_ruleset_allow_group(rs, LLK_READ, ALL_GROUPS);
	live_restrict(rs);
	IS(live_open("/etc/ssl/private/key.pem", O_RDONLY), EACCES);
}

START_TEST(a_private_key_stays_closed_under_all_groups)
{
	NEEDS_ABI(1);
	RUN(key_beside_certificates, NULL);
}
END_TEST

/* What lies beside resolv.conf: NetworkManager's keys of this boot */
static void key_beside_resolv_conf(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);
	const char *key = "/run/NetworkManager/system-connections/wg0";

	live_unshare_mounts();
	if (mount("none", "/run", "tmpfs", 0, NULL))
		live_cannot("no tmpfs: %s", strerror(errno));
	live_dir("/run/NetworkManager");
	live_dir("/run/NetworkManager/system-connections");
	live_file(key, "private-key=1");
	live_file("/run/NetworkManager/resolv.conf", "nameserver ::1");
	llk_ruleset_allow_group(rs, LLK_READ, ALL_GROUPS);
	live_restrict(rs);
	IS(live_open("/run/NetworkManager/resolv.conf", O_RDONLY), 0);
	IS(live_open(key, O_RDONLY), EACCES);
}

START_TEST(keys_beside_resolv_conf_stay_closed)
{
	NEEDS_ABI(1);
	RUN(key_beside_resolv_conf, NULL);
}
END_TEST

/* Paths of groups that aren't there are no error, and explain is silent */
static void groups_in_strict(const void *arg)
{
	struct llk_ruleset *rs = llk_ruleset_new(live_version(), LLK_FS, 0);

	llk_ruleset_allow_group(rs, LLK_READ, ALL_GROUPS);
	SAYS(rs, llk_ruleset_restrict_self(rs, 0), LLK_ENFORCED,
	     "enforced: all that was asked.");
	llk_ruleset_free(rs);
	IS(live_open("/etc/ld.so.cache", O_WRONLY), EACCES);
}

START_TEST(groups_are_fine_where_most_of_their_paths_are_missing)
{
	NEEDS_ABI(1);
	RUN(groups_in_strict, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live-groups");

	live_add(s, with_its_group_it_works_as_without_a_sandbox, N_ROWS);
	live_add(s, without_its_group_it_does_not_work, N_ROWS - N_KNOWING);
	live_add(s, secrets_stay_closed_under_all_groups, N_SECRETS);
	live_add(s, a_private_key_stays_closed_under_all_groups, 1);
	live_add(s, keys_beside_resolv_conf_stay_closed, 1);
	live_add(s, groups_are_fine_where_most_of_their_paths_are_missing, 1);
	return live_main(s);
}
