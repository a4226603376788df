#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# What landlock-run costs: system calls, processes, instructions beside those of
# setpriv, and that it can be linked statically. All is counted, nothing timed.
# shellcheck disable=SC2317 # check calls
# usage: landlock-run-cost.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}"
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

# build NAME OPTION ...: without what the tested one is instrumented with
build()
{
	target=$1
	shift
	"${CC:-cc}" -std=c11 "$@" -D_GNU_SOURCE '-DRUN_VERSION="test"' \
		-I"$source/include" -o "$target" "$source"/tools/*.c \
		"$source"/src/*.c "$source"/src/sys/*.c
}

build_empty()
{
	echo 'int main(void) { return 0; }' >empty.c
	"${CC:-cc}" -O1 -static -o empty empty.c
}

is_static()
{
	! LC_ALL=C readelf -d static | grep NEEDED
}

# calls COMMAND ...: how many system calls it makes until it executes another
# program, or ends
calls()
{
	strace -o trace "$@" >/dev/null 2>&1
	awk '/^execve/ { n++ } n == 1 { calls++ } END { print calls }' trace
}

few_calls()
{
	start=$(($(calls ./empty) - 1)) # but its exit
	all=$(calls ./static --rox /usr --rox /bin --rox /lib --ro /etc --rw "$here" \
		-- /bin/true)
	# execve itself is one
	echo "$((all - start + 1)) system calls from main to exec"
	[ $((all - start + 1)) -lt 40 ]
}

# processes N OPTION ...: that many are made before the command
processes()
{
	wanted=$1
	shift
	strace -f -e trace=%process -o trace "$run" "$@" >/dev/null 2>&1 || :
	found=$(grep -cE '(clone3?|v?fork)\(' trace || :)
	[ "$found" -eq "$wanted" ] || {
		cat trace
		return 1
	}
}

test_static()
{
	if ! has "${CC:-cc}" || [ ! -e "$source/tools" ]; then
		for name in "links" "needs nothing" "few system calls"; do
			skipped "static: $name" "a compiler is not here"
		done
		return
	fi
	check "static: links" build static -O1 -static
	check "static: needs nothing" is_static
	with_landlock "static: runs" status 0 ./static --rwx / -- true
	if ! has strace; then
		skipped "fewer than 40 system calls from main to exec" "strace is not here"
		return
	fi
	build_empty
	with_landlock "fewer than 40 system calls from main to exec" few_calls
	sed -n 's/^ok: /&/p; /system calls from/p' "$scratch/output"
}

test_processes()
{
	with strace "no process is made" processes 0 --rwx / -- /bin/true
	with strace "no process is made by presets" \
		processes 0 --system --dns --tls --tty --add-exec -- /bin/true
	with strace "no process is made by a look" \
		processes 0 --system --dry-run --tmp -- /bin/true
	with strace "tmp makes one" processes 1 --rwx / --tmp -- /bin/true
	if is_of_one_size; then
		with strace "ldd makes one: ld.so" \
			processes 1 --ldd --add-exec -- /bin/true
	else
		skipped "ldd makes one: ld.so" \
			"landlock-run's word size is not that of the programs here"
	fi
}

# Debian 13's, by its own loader where it is not this machine's; landlock-run is
# started by the same one
find_setpriv()
{
	if setpriv --help 2>/dev/null | grep -q landlock-access; then
		setpriv=setpriv
		return
	fi
	root=$("$source/tests/tools/fetch-setpriv") || return
	loader=$(find "$root/usr" -name 'ld-*.so.*' | head -n 1)
	with="$loader --library-path $(dirname "$(find "$root" -name libc.so.6)")"
	setpriv=$root/usr/bin/setpriv
	# shellcheck disable=SC2086 # words
	$with "$setpriv" --help | grep -q landlock-access
}

# by_setpriv COMMAND ..., by_us COMMAND ...: the same five rules, counted by it
by_setpriv()
{
	rule=path-beneath:read-file,read-dir
	# shellcheck disable=SC2086
	"$@" $with "$setpriv" --no-new-privs --landlock-access fs \
		--landlock-rule path-beneath:execute,read-file,read-dir:/ \
		--landlock-rule path-beneath:execute,read-file,read-dir:/usr \
		--landlock-rule $rule:/etc --landlock-rule $rule:/var \
		--landlock-rule $rule:/tmp /bin/true
}

by_us()
{
	# shellcheck disable=SC2086
	"$@" $with ./plain --version-abi 3 --rox / --rox /usr --ro /etc --ro /var \
		--ro /tmp -- /bin/true
}

# words OF: what the kernel is told, in any order
words()
{
	"$1" strace -X raw -o trace -e trace=landlock_create_ruleset,landlock_add_rule \
		>/dev/null 2>&1
	grep -o -e 'handled_access_fs=[0-9a-fx]*' -e 'allowed_access=[0-9a-fx]*' \
		trace | sort
}

same_rules()
{
	words by_setpriv >theirs && words by_us >ours && diff theirs ours &&
		[ "$(wc -l <ours)" -eq 6 ]
}

# fewer WHAT THEIRS OURS
fewer()
{
	echo "$1: $3, setpriv $2"
	[ "$3" -gt 0 ] && [ "$3" -lt "$2" ]
}

fewer_calls()
{
	fewer "system calls to exec" "$(by_setpriv calls)" "$(by_us calls)"
}

fewer_steps()
{
	theirs=$(by_setpriv "$steps") && ours=$(by_us "$steps") || return
	fewer "instructions to exec" "$theirs" "$ours"
}

# compares NAME COMMAND: with the figures
compares()
{
	since 3 "$@"
	sed -n '/to exec: [0-9]/p' "$scratch/output"
}

test_setpriv()
{
	set -- "as setpriv: the same rules" "fewer system calls than setpriv" \
		"fewer instructions than setpriv"
	steps=$(dirname "$probe")/steps
	with='' reason=
	if ! has strace || ! has "${CC:-cc}" || ! build plain -O2; then
		reason="strace or a compiler is not here"
	elif ! find_setpriv >"$scratch/output" 2>&1; then
		reason="no setpriv with Landlock: $(tail -n 1 "$scratch/output")"
	fi
	if [ -n "$reason" ]; then
		for name in "$@"; do
			skipped "$name" "$reason"
		done
		return
	fi
	since 3 "$1" same_rules
	compares "$2" fewer_calls
	compares "$3" fewer_steps
}

test_static
test_processes
test_setpriv
finish
