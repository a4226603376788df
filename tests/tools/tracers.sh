#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# A program that restricts its threads by signal, under strace, gdb, valgrind.
# usage: tracers.sh PROGRAM LANDLOCK_RUN
# shellcheck disable=SC2154,SC2317 # lib.sh has scratch and calls functions
set -eu
# shellcheck source=tests/build/lib.sh
. "$(dirname "$0")/../build/lib.sh"

program=$1
abi=$("$2" --abi 2>/dev/null | sed -n 's/^Landlock ABI: //p')
wanted='8 of 8 denied; enforced: all that was asked.'

# works COMMAND ... : it says what the program says alone
works()
{
	timeout 100 "$@" >"$scratch/said" 2>&1 || :
	grep -qF "$wanted" "$scratch/said" || {
		tail -n 20 "$scratch/said"
		return 1
	}
}

# under NAME COMMAND ... : the same by a tool, where it is installed
under()
{
	name=$1
	shift
	if has "$1"; then
		check "works $name" works "$@" "$program" /etc/passwd
	else
		skipped "works $name" "not installed"
	fi
}

# gdb's own commands: threads and their stacks at the end of the call
by_gdb()
{
	works gdb -q -batch -nx -ex 'set confirm off' -ex "$1" -ex run \
		-ex 'info threads' -ex continue --args "$program" /etc/passwd
}

# In the handler of each thread gdb finds the way back to the program
finds_the_program()
{
	timeout 100 gdb -q -batch -nx -ex 'set breakpoint pending on' \
		-ex 'break stand_still' -ex run -ex 'thread apply all backtrace' \
		--args "$program" /etc/passwd >"$scratch/said" 2>&1 || :
	tail -n 40 "$scratch/said"
	grep -q 'signal handler called' "$scratch/said" &&
		grep -q 'try_file' "$scratch/said"
}

check_gdb()
{
	if ! has gdb; then
		skipped "works under gdb" "not installed"
		return
	fi
	check "works under gdb" by_gdb 'handle all nostop noprint pass'
	check "works under gdb as it is" by_gdb 'show version'
	if [ "$abi" -lt 8 ]; then
		check "gdb finds the way back from the handler" finds_the_program
	else
		skipped "gdb finds the way back from the handler" \
			"ABI $abi covers all threads"
	fi
}

# Before 3.20 it does not know Landlock's calls
check_valgrind()
{
	if has valgrind && valgrind --quiet "$2" --abi 2>/dev/null | grep -q 'ABI: [1-9]'; then
		under "under valgrind" valgrind --quiet --error-exitcode=99
	else
		skipped "works under valgrind" "no valgrind that knows Landlock"
	fi
}

if [ "${abi:-0}" -lt 1 ]; then
	skipped "tracers" "this kernel has no Landlock"
	finish
fi
check "works alone" works "$program" /etc/passwd
under "under strace" strace -f -o "$scratch/trace"
check_gdb
check_valgrind "$@"
finish
