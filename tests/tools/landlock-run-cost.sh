#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# What landlock-run costs: system calls, processes, and that it can be linked
# statically.
# shellcheck disable=SC2317 # check calls
# usage: landlock-run-cost.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

build_static()
{
	"${CC:-cc}" -std=c11 -O1 -static -D_GNU_SOURCE '-DRUN_VERSION="static"' \
		-I"$source/include" -o static "$source"/tools/*.c \
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
	check "static: links" build_static
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
	with strace "ldd makes one: ld.so" processes 1 --ldd --add-exec -- /bin/true
}

test_static
test_processes
finish
