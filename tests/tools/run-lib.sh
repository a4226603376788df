# SPDX-License-Identifier: 0BSD OR MIT
# shellcheck shell=sh
# What the tests of landlock-run share: a place to work in, the kernel's ABI,
# and commands for check. Read it with LANDLOCK_RUN WITHOUT_LANDLOCK PROBE as
# the arguments.
# shellcheck source=tests/build/lib.sh
. "$(dirname "$0")/../build/lib.sh"

# LeakSanitizer needs /proc, which the sandbox denies
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
# What the test is not about
unset LANDRUN_LOG_LEVEL HOME

run=$(realpath "$1")
# shellcheck disable=SC2034 # of the scripts
without=$(realpath "$2")
# shellcheck disable=SC2034
probe=$(realpath "$3")
here=$scratch/here
mkdir -p "$here/in" "$here/out"
echo content >"$here/in/file"
echo content >"$here/out/file"
cd "$here" || exit

servers=
trap 'stop_servers; leave $?' EXIT

abi=$("$run" --abi 2>/dev/null | sed -n 's/^Landlock ABI: //p')
[ -n "$abi" ] || abi=0

# Whether landlock-run and the programs here have words of one size, as --ldd needs
is_of_one_size()
{
	[ "$(head -c 5 "$run" | tail -c 1)" = "$(head -c 5 /bin/true | tail -c 1)" ]
}

# Programs and their libraries, wherever this system keeps them
system()
{
	if [ -e /lib64 ]; then
		set -- --rox /lib64 "$@"
	fi
	"$run" --rox /usr --rox /bin --rox /lib --ro /etc "$@"
}

# The same, and the probe may be started
probing()
{
	system --rox "$(dirname "$probe")" "$@"
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

# says_not WANTED WORDS COMMAND ...: stderr hasn't
says_not()
{
	words=$2
	wanted=$1
	shift 2
	status "$wanted" "$@" || return 1
	! grep -F -e "$words" "$scratch/stderr"
}

# prints LINES COMMAND ...: the whole of stdout
prints()
{
	line=$1
	shift
	status 0 "$@" || return 1
	[ "$(cat "$scratch/stdout")" = "$line" ] || {
		echo "stdout is not \"$line\": $*"
		cat "$scratch/stdout" "$scratch/stderr"
		return 1
	}
}

# tells WANTED WORDS COMMAND ...: stdout has the words
tells()
{
	words=$2
	wanted=$1
	shift 2
	status "$wanted" "$@" || return 1
	grep -qF -e "$words" "$scratch/stdout" || {
		echo "stdout does not say \"$words\": $*"
		cat "$scratch/stdout" "$scratch/stderr"
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

# with PROGRAM NAME COMMAND ...: where the machine has it, and Landlock
with()
{
	program=$1
	shift
	if has "$program"; then
		with_landlock "$@"
	else
		skipped "$1" "$program is not here"
	fi
}

# until_is COMMAND ...: waits up to ten seconds
until_is()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.5
	done
	return 1
}

# serve NAME COMMAND ...: in the background; its first line is in $scratch/NAME
serve()
{
	server=$scratch/$1
	shift
	"$@" >"$server" 2>&1 </dev/null &
	servers="$servers $!"
	until_is grep -q . "$server"
}

stop_servers()
{
	for pid in $servers; do
		kill "$pid" 2>/dev/null || :
	done
	servers=
}
