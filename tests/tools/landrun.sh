#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run by the name landrun: each row of landrun's command line, with
# landrun's meaning.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landrun.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

ln -s "$run" landrun
ln -s "$run" not-landrun
landrun=$here/landrun

# Less is accepted, or older kernels could show nothing
land()
{
	# shellcheck disable=SC2046 # one word or none
	"$landrun" --best-effort --rox /usr,/bin,/lib$(
		[ ! -e /lib64 ] || echo ,/lib64
	) --ro /etc --env PATH "$@"
}

land_probe()
{
	land --rox "$(dirname "$probe")" "$@"
}

test_command_line()
{
	with_landlock "the command begins at the first word" \
		prints "--ro x" land echo --ro x
	with_landlock "after --" prints "--ro" land -- echo --ro
	with_landlock "--name=value" prints content land --ro=in cat in/file
	with_landlock "one dash" prints content land -ro in cat in/file
	with_landlock "one dash and =" prints content land -ro=in cat in/file
	with_landlock "@ begins no file" says 1 '"@x": not found' land @x
	with_landlock "=true and =false, the last one counts" status 0 \
		"$landrun" --unrestricted-network --unrestricted-scoped \
		--unrestricted-filesystem=false --unrestricted-filesystem=true true
	check "version" tells 0 "landrun version 0.1.18 (landlock-run " \
		"$landrun" --version
	check "help, one letter" tells 0 "usage: landrun" "$landrun" -h
	check "version, one dash" status 0 "$landrun" -version
	check "help" tells 0 "usage: landrun " "$landrun" --help
	check "another name is landlock-run" \
		tells 0 "usage: landlock-run " "$here/not-landrun" --help
	with_landlock "by a path, and by PATH" env PATH="$here:$PATH" \
		landrun --best-effort --rox / true
}

test_files()
{
	with_landlock "ro: reads" prints content land --ro in cat in/file
	with_landlock "ro: lists" prints file land --ro in ls in
	with_landlock "ro: reads nothing else" status 1 land --ro in cat out/file
	with_landlock "ro: does not write" \
		status 2 land --ro in sh -c 'echo x >in/new'
	with_landlock "ro: a list" \
		prints "content${newline}content" land --ro in,out cat in/file out/file
	with_landlock "ro: a file" prints content land --ro in/file cat in/file
	cp /bin/true in/true
	with_landlock "ro: starts nothing" status 1 land --ro in in/true
	with_landlock "rox: starts" status 0 land --rox in in/true
	with_landlock "rox: does not write" \
		status 2 land --rox in sh -c 'echo x >in/new'
	with_landlock "rw: writes, makes and removes" status 0 land --rw in sh -c \
		'echo x >in/new && mkdir in/d && mv in/new in/new2 && rm -r in/d in/new2'
	with_landlock "rw: writes nowhere else" \
		status 2 land --rw in sh -c 'echo x >out/new'
	with_landlock "rw: starts nothing" status 1 land --rw in in/true
	with_landlock "rw: a file" \
		status 0 land --rw in/file sh -c 'echo content >in/file'
	mkdir -p in/a in/b
	: >in/a/moved
	since 2 "rw: moves between directories" \
		status 0 land --rw in mv in/a/moved in/b/moved
	since 5 "rw: ioctl" status 25 land_probe --rw /dev/null "$probe" ioctl /dev/null
	with_landlock "rwx: starts" status 0 land --rwx in in/true
	with_landlock "rwx: writes" \
		status 0 land --rwx in sh -c 'echo x >in/new && rm in/new'
	with_landlock "options repeat" \
		prints content land --ro in --rw in --ro out cat out/file
}

newline='
'

test_sockets()
{
	serve unix "$probe" serve unix "$here/out/socket"
	since 9 "unix: connects" prints hello \
		land_probe --unix out/socket "$probe" connect unix out/socket
	since 9 "unix: else denied" \
		status 13 land_probe --ro out "$probe" connect unix out/socket
	with_landlock "unix: reads, and lists" \
		prints content land --unix out cat out/file
	with_landlock "unix: ignored without restricted files" status 0 \
		land --unix nowhere --unrestricted-filesystem true
	with_landlock "unix: which is told at level info" says 0 "--unix" \
		land --unix nowhere --unrestricted-filesystem --log-level info true
	serve abstract "$probe" serve abstract "llk-$$"
	since 6 "scoped: abstract sockets are denied" \
		status 1 land_probe "$probe" connect abstract "llk-$$"
	since 6 "scoped: signals are denied" \
		status 1 land sh -c 'kill -0 $0' $$
	since 6 "unrestricted-scoped: both are free" status 0 land_probe \
		--unrestricted-scoped sh -c 'kill -0 $0 && $1 connect abstract llk-$0' \
		$$ "$probe"
	stop_servers
}

test_ports()
{
	serve tcp "$probe" serve tcp 0
	tcp=$(cat "$scratch/tcp")
	since 4 "connect-tcp: allowed" prints hello \
		land_probe --connect-tcp "$tcp" "$probe" connect tcp "$tcp"
	since 4 "connect-tcp: a list" prints hello \
		land_probe --connect-tcp "9,$tcp" "$probe" connect tcp "$tcp"
	since 4 "connect-tcp: another is denied" status 13 \
		land_probe --connect-tcp 9 "$probe" connect tcp "$tcp"
	since 4 "bind-tcp: allowed" \
		status 0 land_probe --bind-tcp 80,0 "$probe" bind tcp 0
	since 4 "bind-tcp: another is denied" \
		status 13 land_probe --bind-tcp 80 "$probe" bind tcp 0
	with_landlock "unrestricted-network: all ports" prints hello \
		land_probe --unrestricted-network "$probe" connect tcp "$tcp"
	serve udp "$probe" serve udp 0
	with_landlock "UDP is not restricted" prints hello \
		land_probe "$probe" connect udp "$(cat "$scratch/udp")"
	stop_servers
}

test_environment()
{
	A=1 B=2
	export A B
	with_landlock "env: empty without" prints "" \
		"$landrun" --best-effort --rox / env
	with_landlock "env: a name" prints A=1 \
		"$landrun" --best-effort --rox / --env A env
	with_landlock "env: a list, and values" prints "A=1${newline}B=3=4" \
		"$landrun" --best-effort --rox / --env A,B=3=4 env
	with_landlock "env: a name that isn't set is left out" prints A=1 \
		"$landrun" --best-effort --rox / --env LLK_NOT_SET,A env
	with_landlock "the command is found in the caller's PATH" prints "" \
		"$landrun" --best-effort --rox / env
}

test_modes()
{
	if [ "$abi" -ge 9 ]; then
		check "all rights to ABI 9 are required" status 0 "$landrun" --rox / true
	else
		check "less is an error" status 1 "$landrun" --rox / true
		check "in one line" [ "$(wc -l <"$scratch/stderr")" -eq 1 ]
	fi
	check "best-effort: less is accepted, in silence" prints "" \
		"$landrun" --best-effort --rox / true
	check "best-effort: nothing said" [ ! -s "$scratch/stderr" ]
	check "best-effort: even nothing" prints "" \
		"$without" 38 "$landrun" --best-effort --rox / true
	check "nothing is an error else" \
		status 1 "$without" 38 "$landrun" --rox / true
	# From ABI 6 on what is left restricted is there
	since 6 "what is unrestricted is not required" status 0 \
		"$landrun" --unrestricted-filesystem true
	check "all three unrestricted: the command runs" prints content "$landrun" \
		--unrestricted-filesystem --unrestricted-network \
		--unrestricted-scoped cat in/file
	check "all three unrestricted: on any kernel" status 0 \
		"$without" 38 "$landrun" --unrestricted-filesystem \
		--unrestricted-network --unrestricted-scoped true
	with_landlock "unrestricted-filesystem: paths have nothing to add" \
		prints content land --unrestricted-filesystem --ro nowhere cat in/file
	with_landlock "ignore-missing" \
		prints content land --ignore-missing --ro in,nowhere cat in/file
	with_landlock "a missing path is an error" \
		says 1 '--ro "nowhere"' land --ro in,nowhere cat in/file
	# The quirk of landrun on ABI 1 is kept out: the rest is enforced
	with_landlock "best-effort: rw does not end the sandbox" \
		status 1 land --rw in cat out/file
}

test_executables()
{
	with_landlock "add-exec: the command's own file" status 0 \
		"$landrun" --best-effort --ro /usr,/bin,/lib --add-exec \
		--ignore-missing --rox "$(loader)" /bin/true
	with_landlock "add-exec: without it denied" status 1 \
		"$landrun" --best-effort --ro /usr,/bin,/lib \
		--ignore-missing --rox "$(loader)" /bin/true
	if is_of_one_size; then
		with_landlock "ldd: its libraries" status 0 \
			"$landrun" --best-effort --add-exec --ldd /bin/true
	else
		skipped "ldd" "landrun's word size is not that of the programs here"
	fi
	with_landlock "ldd: without it denied" status 1 \
		"$landrun" --best-effort --add-exec /bin/true
}

# That /bin/true names; nothing for a static one
loader()
{
	"$without" 1 sh -c 'for f in /lib64/ld-linux-x86-64.so.2 /lib/ld-*.so.*
		do [ ! -e "$f" ] || { echo "$f"; exit; }; done'
}

test_log()
{
	since 7 "log flags are taken" status 0 land --log-disable-originating \
		--log-enable-subprocesses --log-disable-subdomains true
	with_landlock "log-level info tells" \
		says 0 "enforced: " land --log-level info true
	with_landlock "log-level debug tells" \
		says 0 "enforced: " land --log-level=debug true
	with_landlock "log-level error is silent" \
		prints "" land --log-level error true
	check "log-level error: nothing said" [ ! -s "$scratch/stderr" ]
	with_landlock "LANDRUN_LOG_LEVEL" says 0 "enforced: " \
		env LANDRUN_LOG_LEVEL=info "$landrun" --best-effort --rox / true
	with_landlock "LANDRUN_LOG_LEVEL: the option counts" says_not 0 "enforced" \
		env LANDRUN_LOG_LEVEL=info "$landrun" --best-effort --rox / \
		--log-level error true
	check "an unknown level" says 1 '--log-level "loud"' \
		"$landrun" --log-level loud true
}

test_failures()
{
	check "1: no command" says 1 "no command" "$landrun" --ro in
	check "1: not found" says 1 "not found" "$landrun" llk-no-such-command
	with_landlock "1: exec refused" \
		says 1 "can't be executed" land --ro in in/file
	check "1: an unknown option" says 1 "unknown option" "$landrun" --nope true
	check "1: an option of landlock-run" \
		says 1 "unknown option" "$landrun" --strict true
	check "1: an abbreviation" says 1 "abbreviated" "$landrun" --best true
	check "1: a port" says 1 '--bind-tcp "x"' "$landrun" --bind-tcp 80,x true
	check "1: an empty item" says 1 "a path is empty" "$landrun" --ro in,, true
	check "1: neither true nor false" says 1 "neither true nor false" \
		"$landrun" --best-effort=maybe true
	with_landlock "the command's own status" status 42 land sh -c 'exit 42'
}

test_command_line
test_files
test_sockets
test_ports
test_environment
test_modes
test_executables
test_log
test_failures
finish
