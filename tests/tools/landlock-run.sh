#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run as a user meets it: what is allowed, what denied, what it says,
# how it exits.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landlock-run.sh LANDLOCK_RUN WITHOUT_LANDLOCK PORT
set -eu
# shellcheck source=tests/build/lib.sh
. "$(dirname "$0")/../build/lib.sh"

# LeakSanitizer needs /proc, which the sandbox denies
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

run=$(realpath "$1")
without=$(realpath "$2")
port=$(realpath "$3")
here=$scratch/here
mkdir -p "$here/in" "$here/out"
echo content >"$here/in/file"
echo content >"$here/out/file"
cd "$here"

abi=$("$run" --abi 2>/dev/null | sed -n 's/^Landlock ABI: //p')
[ -n "$abi" ] || abi=0

# Programs and their libraries, wherever this system keeps them
system()
{
	if [ -e /lib64 ]; then
		set -- --rox /lib64 "$@"
	fi
	"$run" --rox /usr --rox /bin --rox /lib --ro /etc "$@"
}

# status WANTED COMMAND ...: the exit status, and what was printed is kept
status()
{
	wanted=$1
	shift
	got=0
	"$@" >"$scratch/stdout" 2>"$scratch/stderr" || got=$?
	[ "$got" -eq "$wanted" ] || {
		echo "exit status $got, wanted $wanted: $*"
		cat "$scratch/stdout" "$scratch/stderr"
		return 1
	}
}

# says WANTED WORDS COMMAND ...: the same, and stderr has the words
says()
{
	words=$2
	wanted=$1
	shift 2
	status "$wanted" "$@" || return 1
	grep -qF -e "$words" "$scratch/stderr" || {
		echo "stderr does not say \"$words\": $*"
		cat "$scratch/stderr"
		return 1
	}
}

# prints LINE COMMAND ...: the whole of stdout
prints()
{
	line=$1
	shift
	status 0 "$@" || return 1
	[ "$(cat "$scratch/stdout")" = "$line" ] || {
		echo "stdout is not \"$line\": $*"
		cat "$scratch/stdout"
		return 1
	}
}

# On this kernel; elsewhere there is nothing to deny
with_landlock()
{
	if [ "$abi" -ge 1 ]; then
		check "$@"
	else
		skipped "$1" "this kernel has no Landlock"
	fi
}

# since ABI NAME COMMAND ...
since()
{
	needed=$1
	shift
	if [ "$abi" -ge "$needed" ]; then
		check "$@"
	else
		skipped "$1" "needs ABI $needed, this kernel has $abi"
	fi
}

test_files()
{
	with_landlock "ro: reads" prints content system --ro in -- cat in/file
	with_landlock "ro: reads nothing else" \
		says 1 "Permission denied" system --ro in -- cat out/file
	with_landlock "ro: does not write" \
		status 2 system --ro in -- sh -c 'echo x > in/new'
	check "ro: the file was not made" [ ! -e in/new ]
	with_landlock "rw: writes" \
		status 0 system --rw in -- sh -c 'echo x > in/new && rm in/new'
	with_landlock "rw: writes nowhere else" \
		status 2 system --rw in -- sh -c 'echo x > out/new'
	check "rw: the file was not made" [ ! -e out/new ]
	cp /bin/true in/true
	with_landlock "rw: starts nothing" \
		status 126 system --rw in -- in/true
	with_landlock "ro: starts nothing" status 126 system --ro in -- in/true
	with_landlock "rox: starts" status 0 system --rox in -- in/true
	with_landlock "rox: does not write" \
		status 2 system --rox in -- sh -c 'echo x > in/new'
	with_landlock "rwx: starts" status 0 system --rwx in -- in/true
	with_landlock "rwx: writes" \
		status 0 system --rwx in -- sh -c 'echo x > in/new && rm in/new'
	mkdir -p in/a in/b
	: >in/a/moved
	since 2 "rw: moves between directories" \
		status 0 system --rw in -- mv in/a/moved in/b/moved
	with_landlock "a file alone is granted" \
		prints content system --ro in/file -- cat in/file
	# bug class U
	with_landlock "options add up in any order" prints content \
		system --rw in --ro out/file -- cat out/file
	with_landlock "without options nothing starts" \
		says 126 "--rox" "$run" -- cat in/file
}

# tries OPTION ... -- bind|connect PORT: 0 it may, 13 denied
tries()
{
	system --rox "$(dirname "$port")" "$@"
}

test_ports()
{
	since 4 "connect-tcp: allowed" status 0 \
		tries --connect-tcp 9 -- "$port" connect tcp 9
	since 4 "connect-tcp: another port is denied" status 13 \
		tries --connect-tcp 10 -- "$port" connect tcp 9
	since 4 "bind-tcp: allowed" status 0 \
		tries --bind-tcp 0 -- "$port" bind tcp 0
	since 4 "bind-tcp: another port is denied" status 13 \
		tries --bind-tcp 80 -- "$port" bind tcp 0
	since 4 "connect-tcp does not let bind" status 13 \
		tries --connect-tcp 0 -- "$port" bind tcp 0
}

test_environment()
{
	A=1
	B=2
	export A B
	with_landlock "without env: the caller's" \
		prints 12 system -- sh -c 'echo $A$B'
	with_landlock "env NAME: that alone" \
		prints 1- system --env A -- sh -c 'echo $A-$B'
	with_landlock "env NAME=VALUE" \
		prints 3=4 system --env A=3=4 -- sh -c 'echo $A'
	with_landlock "env: the last one counts" \
		prints A=6 system --env A=5 --env A=6 -- env
	with_landlock "env: a NAME that isn't set is left out" \
		prints "" system --env LLK_NOT_SET -- env
	with_landlock "env: a NAME that isn't set takes an earlier one away" \
		prints "" system --env LLK_NOT_SET=1 --env LLK_NOT_SET -- env
	with_landlock "env: the others stay when one is taken away" prints B=2 \
		system --env LLK_NOT_SET=1 --env B --env LLK_NOT_SET -- env
	with_landlock "env: a name that begins the same is another" \
		prints AB=7 system --env AB=7 --env LLK_NOT_SET -- env
	with_landlock "env: PATH finds the command before it is gone" \
		prints A=1 system --env A -- env
}

test_exit_status()
{
	with_landlock "the command's own status" \
		status 42 system -- sh -c 'exit 42'
	with_landlock "a signal is the command's own" \
		status 143 sh -c "\"\$0\" --rox / -- sh -c 'kill \$\$'; exit \$?" "$run"
	with_landlock "127: not found in PATH" \
		says 127 "not found in PATH" system -- llk-no-such-command
	with_landlock "127: a path that isn't there" \
		status 127 system --ro in -- in/no-such-command
	with_landlock "126: not executable" status 126 system --ro in -- in/file
	mkdir path
	echo >path/llk-not-executable
	PATH=path:$PATH check "126: in PATH, but not executable" \
		says 126 "not executable" "$run" -- llk-not-executable
	newline='
'
	check "125: what the user wrote is escaped" says 125 '"a\x0ab": not a port' \
		"$run" --bind-tcp "a${newline}b" -- true
	check "125: an unknown option is escaped" says 125 '"--a\x0ab": unknown' \
		"$run" "--a${newline}b" -- true
	check "127: a command is escaped" says 127 '"a\x0ab\"": not found' \
		"$run" -- "a${newline}b\""
	check "125: no room to write to" status 125 sh -c '"$0" --help >/dev/full' "$run"
	check "125: no room for --abi" status 125 sh -c '"$0" --abi >/dev/full' "$run"
	check "125: no command" says 125 "no command" "$run" --ro in
	check "125: an unknown option" says 125 "--help" "$run" --nope
	check "125: an option without its value" status 125 "$run" --ro
	with_landlock "125: a path that isn't there" \
		says 125 "no such file" "$run" --ro no-such-path -- true
	check "125: an empty path" says 125 "a path is empty" "$run" --ro "" -- true
	for port in 65536 66000 99999999999999999999 http "" -1 " 1" 1x; do
		check "125: port '$port'" \
			says 125 "port" "$run" --bind-tcp "$port" -- true
	done
	check "125: a variable without name" \
		says 125 "name" "$run" --env =1 -- true
	check "125: best effort and strict" says 125 "exclude each other" \
		"$run" --best-effort --strict -- true
	check "0: help" status 0 "$run" --help
	check "0: version" status 0 "$run" --version
}

test_modes()
{
	if [ "$abi" -ge 10 ]; then
		check "all is enforced in silence" prints "" system -- true
		check "strict: enforced" status 0 system --strict -- true
	else
		with_landlock "what is missing is told, and the command runs" \
			says 0 "partly enforced: Linux" system -- true
		with_landlock "best effort: told too" \
			says 0 "partly enforced: Linux" system --best-effort -- true
		with_landlock "strict: anything missing is an error" \
			says 125 "failed: Linux" system --strict -- true
	fi
	for error in 1 38 95; do
		check "nothing to enforce is an error (errno $error)" \
			says 125 "not enforced: " "$without" "$error" "$run" -- true
		check "nothing to enforce, strict (errno $error)" \
			says 125 "failed: " "$without" "$error" "$run" --strict -- true
		check "nothing to enforce, best effort: told and run (errno $error)" \
			says 0 "not enforced: " \
			"$without" "$error" "$run" --best-effort -- true
	done
	check "off at boot: says how to turn it on" says 125 "lsm=" \
		"$without" 95 "$run" -- true
	# bug class V
	with_landlock "best effort does not forgive a missing path" \
		says 125 "no such file" "$run" --best-effort --ro no-such-path -- true
}

test_abi()
{
	with_landlock "abi: tells" status 0 "$run" --abi
	check "abi: no Landlock is told" \
		says 125 "no Landlock" "$without" 38 "$run" --abi
}

test_files
test_ports
test_environment
test_exit_status
test_modes
test_abi
finish
