#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run's presets, with real programs: what they need is there, and what
# they don't is not; and --add-exec, --ldd, --tmp.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landlock-run-presets.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

# Nothing of the machine's user in it
export GIT_CONFIG_NOSYSTEM=1 HOME="$here/in" PYTHONDONTWRITEBYTECODE=1

silent()
{
	prints "$@" && ! grep -v '^landlock-run: partly enforced' "$scratch/stderr"
}

# readable PATH NAME COMMAND ...: only a denial of what could be read shows one
readable()
{
	path=$1
	shift
	if [ ! -e "$path" ]; then
		skipped "$1" "$path is not here"
	elif [ ! -r "$path" ]; then
		skipped "$1" "$path is not readable here anyway: Permission denied"
	else
		with_landlock "$@"
	fi
}

test_shell()
{
	with_landlock "system: a shell and its programs" silent "file" \
		"$run" --system --ro in -- sh -c 'ls in | grep file'
	with_landlock "system: /dev/null and the like" silent "" "$run" --system -- \
		sh -c 'echo x >/dev/null && head -c 1 /dev/urandom >/dev/null'
	with_landlock "system: no file of the user" \
		status 1 "$run" --system -- cat in/file
	with_landlock "system: writes nowhere" \
		status 2 "$run" --system -- sh -c 'echo x >/usr/llk-new'
	since 4 "system: no ports" status 13 \
		"$run" --system --rox "$(dirname "$probe")" -- "$probe" bind tcp 0
	readable /etc/shadow "system: not all of /etc" \
		status 1 "$run" --system -- cat /etc/shadow
	with_landlock "without system nothing starts" status 126 "$run" -- ls
}

test_python()
{
	echo 'print(open("in/file").read(), end="")' >in/script.py
	with /usr/bin/python3 "python3: runs, without a word" silent content \
		"$run" --system --ro in -- /usr/bin/python3 in/script.py
	with /usr/bin/python3 "python3: its modules" silent '{"a": 1}' "$run" --system -- \
		/usr/bin/python3 -c 'import json, ssl, socket, locale, subprocess
print(json.dumps({"a": 1}))'
	with /usr/bin/python3 "python3: no file of the user" says 1 PermissionError \
		"$run" --system -- /usr/bin/python3 -c 'open("in/file")'
	with /usr/bin/python3 "python3: starts programs" silent hi "$run" --system -- \
		/usr/bin/python3 -c 'import os
os.system("echo hi")'
}

# A server that may bind one port only
test_server()
{
	bind='import http.server as h
h.HTTPServer(("127.0.0.1", 0), h.SimpleHTTPRequestHandler)'
	if ! has /usr/bin/python3; then
		skipped "python3: a server binds its port" "/usr/bin/python3 is not here"
		skipped "python3: and no other" "/usr/bin/python3 is not here"
		return
	fi
	since 4 "python3: a server binds its port" status 0 \
		"$run" --system --bind-tcp 0 -- /usr/bin/python3 -c "$bind"
	since 4 "python3: and no other" says 1 PermissionError \
		"$run" --system --bind-tcp 8080 -- /usr/bin/python3 -c "$bind"
}

fetch()
{
	/usr/bin/python3 -c 'import sys, urllib.request as u
print(u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read().decode(), end="")' \
		"$1"
}

# It looks at /etc/mime.types before it answers
test_web_server()
{
	if ! has /usr/bin/python3; then
		skipped "python3: a web server serves a page" "/usr/bin/python3 is not here"
		skipped "python3: and none of another folder" "/usr/bin/python3 is not here"
		return
	fi
	ln -s ../out/file in/outside
	serve web "$run" --best-effort --system --ro in --bind-tcp 0 -- \
		/usr/bin/python3 -u -m http.server --bind 127.0.0.1 -d in 0
	until_is grep -q port "$scratch/web"
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$scratch/web")
	with_landlock "python3: a web server serves a page" \
		prints content fetch "$url/file"
	with_landlock "python3: and none of another folder" \
		says 1 "File not found" fetch "$url/outside"
	stop_servers
}

make_repository()
{
	git init -q repository &&
		git -C repository -c user.name=n -c user.email=e@example.org \
			commit -q --allow-empty -m first
}

test_git()
{
	if has git; then
		make_repository
	fi
	with git "git: reads" prints first \
		"$run" --system --ro repository -- git -C repository log --format=%s
	with git "git: commits" status 0 "$run" --system --rw repository -- \
		git -C repository -c user.name=n -c user.email=e@example.org \
		commit -q --allow-empty -m second
	with git "git: with ro it can't" status 128 \
		"$run" --system --ro repository -- \
		git -C repository -c user.name=n -c user.email=e@example.org \
		commit -q --allow-empty -m third
	with git "git: clones" status 0 "$run" --system --ro repository --rw in -- \
		git clone -q repository in/clone
	with git "git: not what isn't granted" status 128 \
		"$run" --system --rw in -- git clone -q repository in/clone2
}

test_gcc()
{
	echo 'int main(void) { return 42; }' >in/program.c
	with gcc "gcc: compiles" status 0 \
		"$run" --system --tmp --rw in -- gcc -o in/program in/program.c
	with gcc "gcc: what it made runs, if that is granted" \
		status 42 "$run" --system --rox in -- in/program
	with gcc "gcc: and else not" \
		status 126 "$run" --system --rw in -- in/program
	with gcc "gcc: a build may start what it made, if that is granted" \
		status 42 "$run" --system --tmp --rwx in -- \
		sh -c 'gcc -o in/made in/program.c && in/made'
	with gcc "gcc: not where it may not write" status 1 \
		"$run" --system --tmp --ro in -- gcc -o in/other in/program.c
}

test_tar()
{
	with tar "tar: packs" \
		status 0 "$run" --system --ro out --rw in -- tar -cf in/a.tar out
	with tar "tar: unpacks" \
		status 0 "$run" --system --rw in -- tar -xf in/a.tar -C in
	with tar "tar: not to elsewhere" \
		status 2 "$run" --system --ro in -- tar -xf in/a.tar -C out
	with tar "tar: what was packed" prints content cat in/out/file
}

# A name of the loopback that curl doesn't know by itself, as localhost
local_name()
{
	awk '$1 == "127.0.0.1" || $1 == "127.0.1.1" {
		for (i = 2; i <= NF && $i !~ /^#/; i++)
			if ($i != "localhost") { print $i; exit }
	}' /etc/hosts
}

test_dns()
{
	host=$(local_name)
	if ! has curl || ! has /usr/bin/python3 || [ -z "$host" ]; then
		for name in "resolves" "not without --dns" "not another port"; do
			skipped "curl: $name" "curl, python3 or a local name is not here"
		done
		return
	fi
	(cd in && exec /usr/bin/python3 -u -m http.server --bind "$host" 0) \
		>"$scratch/http" 2>&1 </dev/null &
	servers="$servers $!"
	until_is grep -q port "$scratch/http"
	http=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$scratch/http" | head -n 1)
	set -- curl -sS --noproxy '*' --max-time 10 "http://$host:$http/file"
	since 4 "curl: resolves and connects" prints content \
		"$run" --system --dns --connect-tcp "$http" -- "$@"
	since 4 "curl: not without --dns" status 6 \
		"$run" --system --connect-tcp "$http" -- "$@"
	since 4 "curl: not another port" status 7 \
		"$run" --system --dns --connect-tcp 9 -- "$@"
	stop_servers
}

test_resolver()
{
	if ! getent ahostsv4 localhost >/dev/null 2>&1; then
		skipped "dns: getent resolves" "getent resolves nothing here anyway"
		skipped "dns: without it not" "getent resolves nothing here anyway"
		return
	fi
	with getent "dns: getent resolves" tells 0 127.0.0.1 \
		"$run" --system --dns -- getent ahostsv4 localhost
	with getent "dns: without it not" status 2 \
		"$run" --system -- getent ahostsv4 "$(local_name)"
}

# A name server of the test's own, where it may have a network and mounts
resolving()
{
	"$(dirname "$probe")/resolver" "$@"
}

# looks_up WAY OPTION ...: by a getent that has these
looks_up()
{
	domain=$1.test
	shift
	resolving "$run" --system "$@" -- getent hosts "$domain"
}

test_name_server()
{
	printf '%s\n' 'nameserver 127.0.0.53' 'options timeout:1 attempts:1' >resolv.conf
	echo 'hosts: files dns' >nsswitch.conf
	if ! found=$(resolving getent --version 2>&1); then
		for name in "UDP" "TCP" "not without it" "not without its ports"; do
			skipped "dns: a name server: $name" "$(echo "$found" | tail -n 1)"
		done
		return
	fi
	check "dns: the name server is there" \
		tells 0 127.0.0.2 resolving getent hosts udp.test
	for way in udp tcp; do
		with_landlock "dns: a name server by $way" \
			tells 0 127.0.0.2 looks_up $way --dns
		with_landlock "dns: none without it, by $way" status 2 looks_up $way
	done
	set -- --ro /etc/resolv.conf --ro /etc/nsswitch.conf
	since 10 "dns: its files are not enough, by udp" \
		status 2 looks_up udp "$@" --connect-tcp 53
	since 10 "dns: nor is its port without 0 to bind" \
		status 2 looks_up udp "$@" --connect-udp 53
	set -- "$@" --connect-udp 53 --bind-udp 0
	since 10 "dns: its files and ports are, by udp" \
		tells 0 127.0.0.2 looks_up udp "$@"
	# The answer by UDP is that it is too long for it
	since 4 "dns: the same is not enough, by tcp" status 2 looks_up tcp "$@"
	since 4 "dns: its port of TCP is, too" \
		tells 0 127.0.0.2 looks_up tcp "$@" --connect-tcp 53
}

test_tls()
{
	certificate=/etc/ssl/certs/ca-certificates.crt
	if [ ! -e $certificate ]; then
		skipped "tls: certificates" "$certificate is not here"
		return
	fi
	with_landlock "tls: certificates" \
		status 0 system_without_etc --tls -- cat $certificate
	with_landlock "tls: without it denied" \
		status 1 system_without_etc -- cat $certificate
	readable /etc/ssl/private "tls: private keys aren't among them" \
		status 2 system_without_etc --tls -- ls /etc/ssl/private
}

system_without_etc()
{
	if [ -e /lib64 ]; then
		set -- --rox /lib64 "$@"
	fi
	"$run" --rox /usr --rox /bin --rox /lib "$@"
}

# on_terminal COMMAND: with a terminal of its own, as script(1) makes it
on_terminal()
{
	script -qec "$1" "$scratch/typescript" </dev/null
}

test_tty()
{
	open='sh -c "echo >/dev/tty"'
	with script "tty: can be opened" \
		status 0 on_terminal "'$run' --system --tty -- $open"
	with script "tty: else not" \
		status 2 on_terminal "'$run' --system -- $open"
	with script "tty: by its own name" status 0 \
		on_terminal "'$run' --system --tty -- sh -c 'echo >\"\$0\"' \"\$(tty)\""
	with script "tty: no other terminal" status 2 on_terminal \
		"name=\$(tty); script -qec \"'$run' --system --tty -- sh -c 'echo >\$name'\" /dev/null"
	with script "tty: ioctl" status 0 \
		on_terminal "'$run' --system --tty -- stty -F /dev/tty size"
}

test_add_exec()
{
	with_landlock "add-exec: libraries are not in it" \
		status 126 "$run" --add-exec -- /bin/true
	printf '#!/bin/sh\necho hi\n' >in/script
	chmod +x in/script
	check "ldd: a script is an error" \
		says 125 '--ldd "in/script": no ELF program' "$run" --ldd -- in/script
	check "125: ldd without a command" says 125 "need the command" \
		"$run" --ldd --dry-run
	if is_of_one_size; then
		test_ldd
	else
		skipped "ldd" "landlock-run's word size is not that of the programs here"
		check "ldd: a program of another word size is an error" \
			says 125 '--ldd "/bin/true": damaged, or not of' \
			"$run" --ldd -- /bin/true
	fi
}

test_ldd()
{
	echo 'int main(void) { return 0; }' >in/main.c
	with_landlock "add-exec and ldd: nothing else is needed" \
		status 0 "$run" --add-exec --ldd -- /bin/true
	with_landlock "ldd: by PATH" prints content \
		"$run" --add-exec --ldd --ro in -- cat in/file
	with_landlock "ldd: starts no other program" status 126 \
		"$run" --add-exec --ldd -- sh -c 'exec ls'
	with_landlock "ldd: the program is not in it" \
		status 126 "$run" --ldd -- /bin/true
	check "ldd: ld.so is not run without a sandbox" \
		says 125 "ld.so can't be sandboxed" \
		"$without" 38 "$run" --best-effort --ldd --dry-run -- /bin/true
	with_landlock "ldd: a caller that ignores SIGCHLD" tells 0 libc \
		sh -c 'trap "" CHLD; exec "$0" --ldd --dry-run -- /bin/true' "$run"
	for option in --add-exec --ldd; do
		check "127: $option: the command isn't there" says 127 '"in/nowhere": can' \
			"$run" "$option" -- in/nowhere
		check "126: $option: it can't be executed" says 126 "no executable file" \
			"$run" "$option" -- in/file
	done
	if has musl-gcc; then
		musl-gcc -o in/musl in/main.c
		with_landlock "ldd: a program of another libc" \
			status 0 "$run" --add-exec --ldd -- in/musl
	else
		skipped "ldd: a program of another libc" "musl-gcc is not here"
	fi
	mkdir -p ./--list
	cp /bin/true ./--list/--verify
	with_landlock "ldd: a command that begins with a dash" \
		tells 0 libc "$run" --ldd --dry-run -- --list/--verify
	test_evil_interpreter
	if has gcc && has python3; then
		test_audit
	else
		skipped "ldd: audit modules" "gcc or python3 is not here"
	fi
}

# A program whose interpreter is the user's own: only exec starts it, in the
# sandbox, and not --ldd
test_evil_interpreter()
{
	if ! has gcc; then
		skipped "ldd: the program's own interpreter is not started" \
			"gcc is not here"
		return
	fi
	cat >in/evil.c <<-END
		#include <fcntl.h>
		#include <unistd.h>
		__attribute__((constructor)) static void started(void)
		{
			close(open("$here/out/started", O_CREAT | O_WRONLY, 0600));
		}
		int main(void) { return 0; }
	END
	gcc -o in/interpreter -static-pie in/evil.c 2>/dev/null ||
		gcc -static -o in/interpreter in/evil.c
	gcc -o in/evil -Wl,--dynamic-linker="$here/in/interpreter" in/evil.c
	with_landlock "ldd: libraries of a program of another interpreter" \
		tells 0 "libc" "$run" --ldd --dry-run -- in/evil
	check "ldd: the program's own interpreter is not started" [ ! -e out/started ]
	gcc -o in/plain in/evil.c
	with_landlock "ldd: libraries of a program with constructors" \
		tells 0 "libc" "$run" --ldd --dry-run -- in/plain
	check "ldd: nor its constructors" [ ! -e out/started ]
	in/plain
	check "ldd: which do start else" [ -e out/started ]
}

# Whatever the module could do is told as a library
make_audit()
{
	cat >in/audit.c <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/socket.h>
		#include <unistd.h>
		static void tell(const char *name, int could)
		{
			if (could)
				dprintf(1, "x => " WHERE "/%s (0x1)\n", name);
		}
		unsigned int la_version(unsigned int version)
		{
			pid_t pid;

			tell("ran", 1);
			tell("socket", socket(AF_INET, SOCK_DGRAM, 0) >= 0);
			tell("kill", kill(getppid(), 0) == 0);
			tell("open", fcntl(9, F_GETFD) >= 0);
			pid = fork();
			if (!pid)
				_exit(0);
			tell("fork", pid > 0);
			if (HANG)
				for (;;)
					pause();
			return version;
		}
	END
	for n in 0 1; do
		gcc -shared -fPIC -DHANG=$n -DWHERE="\"$here/in/could\"" \
			-o in/audit$n.so in/audit.c
		gcc -o in/audited$n in/main.c -Wl,--audit="$here/in/audit$n.so"
	done
	mkdir in/could
	for name in ran socket kill open fork; do
		cp /bin/true in/could/$name
	done
}

# Where the dynamic section is said to be is the loader's business by address,
# not by offset: 8 bytes into the file there are zeros
hide_dynamic()
{
	python3 - "$1" "$2" <<-'END'
		import struct, sys
		data = bytearray(open(sys.argv[1], 'rb').read())
		at, = struct.unpack_from('<Q', data, 32)
		size, n = struct.unpack_from('<HH', data, 54)
		for i in range(n):
		    if struct.unpack_from('<I', data, at + i * size)[0] == 2:
		        struct.pack_into('<Q', data, at + i * size + 8, 8)
		open(sys.argv[2], 'wb').write(data)
	END
	chmod +x "$2"
}

loader()
{
	for ld in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
		[ ! -e "$ld" ] || break
	done
	"$ld" --list "$1" 9</dev/null
}

could()
{
	"$run" --ldd --dry-run -- "$1" 9</dev/null
}

could_not()
{
	tells 0 "could/ran\"" could in/hidden0 || return 1
	! grep -e "could/$1\"" "$scratch/stdout"
}

test_audit()
{
	make_audit
	with_landlock "ldd: an audit module is refused" \
		says 125 '--ldd "in/audited0": it names an audit module' \
		"$run" --ldd --dry-run -- in/audited0
	if ! hide_dynamic in/audited0 in/hidden0 || ! tells 0 could/ran loader in/hidden0
	then
		skipped "ldd: a hidden audit module" "this loader runs none"
		return
	fi
	for call in socket kill open fork; do
		check "ldd: unrestricted, an audit module could: $call" \
			tells 0 "could/$call" loader in/hidden0
		with_landlock "ldd: a hidden audit module can't: $call" could_not $call
	done
	hide_dynamic in/audited1 in/hidden1
	with_landlock "ldd: one that hangs is ended" \
		says 125 "did not end in 10 seconds" "$run" --ldd --dry-run -- in/hidden1
}

test_shell
test_python
test_server
test_web_server
test_git
test_gcc
test_tar
test_dns
test_resolver
test_name_server
test_tls
test_tty
test_add_exec
finish
