#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# What the library costs: system calls on this kernel, instructions in user
# space, allocations. All is counted, nothing timed.
# shellcheck disable=SC2317 # check calls
# usage: library-cost.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

file=$here/in/file
# meson has libc overwrite what is freed, at some instructions a rule
unset MALLOC_PERTURB_
# glibc 2.32 and later
libc_knows_threads()
{
	echo 'extern char __libc_single_threaded;
	int main(void) { return __libc_single_threaded; }' >knows.c
	"${CC:-cc}" -o knows knows.c 2>/dev/null
}

# What a restriction takes beside its rules, and what a prepared one takes
set_wanted()
{
	fixed=6 enforcing=4
	if [ "$abi" -ge 11 ]; then
		fixed=4 enforcing=2
	elif [ "$abi" -ge 8 ]; then
		fixed=5 enforcing=3
	elif ! libc_knows_threads; then
		fixed=7 enforcing=5
	fi
}

# build NAME OPTION ...: without what the tested library is instrumented with
build()
{
	target=$1
	shift
	"${CC:-cc}" -std=c11 -O2 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
		-I"$source/include" -Wl,-z,now \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=free \
		-o "$target" "$@" "$source/tests/tools/counted.c" \
		"$source"/src/*.c "$source"/src/sys/[!l]*.c
}

# calls WANTED KIND N: between the two marks
calls()
{
	strace -o trace ./counted "$2" "$3" "$file" >/dev/null || return
	found=$(awk '/^getppid/ { marks++; next } marks == 1 { n++ }
		END { print n + 0 }' trace)
	[ "$found" -eq "$1" ] || {
		echo "$found system calls, wanted $1"
		cat trace
		return 1
	}
}

# allocations KIND N MOST: one for the ruleset, and up to one for each rule
allocations()
{
	read -r building _ _ enforcing_ _ <<-EOT
		$(./counted "$1" "$2" "$file")
	EOT
	echo "$2 rules: $building allocations, $enforcing_ while enforcing"
	[ "$building" -ge 1 ] && [ "$building" -le "$3" ] && [ "$enforcing_" -eq 0 ]
}

# steps N: instructions from the first builder to the end of free
steps()
{
	valgrind --tool=callgrind --callgrind-out-file=callgrind \
		--toggle-collect=measured ./pretending path "$1" "$file" \
		>output 2>&1 || {
		cat output >&2
		return 1
	}
	awk '/Collected/ { print $NF }' output
}

# As many for each of many rules as for each of few
count_steps()
{
	none=$(steps 0) few=$(steps 1000) many=$(steps 100000) || return
	of_few=$(((few - none) / 1000)) of_many=$(((many - none) / 100000))
	echo "instructions a rule: $of_few of 1,000 and $of_many of 100,000"
	[ "$of_many" -gt 0 ] && [ "$of_few" -lt 400 ] && [ "$of_many" -lt 400 ] &&
		[ $((of_many * 100)) -lt $((of_few * 105)) ]
}

# told NAME COMMAND ...: with what the check said
told()
{
	check "$@"
	sed -n 's/^[0-9i].*/  &/p' "$scratch/output"
}

test_calls()
{
	with strace "a restriction: $fixed system calls" calls "$fixed" path 0
	with strace "a path rule: 3 more" calls $((fixed + 3)) path 1
	with strace "1,000 path rules: 3 each" calls $((fixed + 3000)) path 1000
	with strace "a directory preset on a file: 5" \
		calls $((fixed + 5)) preset 1
	with strace "a prepared ruleset: $enforcing" calls "$enforcing" loaded 0
	with strace "a prepared ruleset of 1,000 rules: $enforcing" \
		calls "$enforcing" loaded 1000
}

test_allocations()
{
	told "one allocation for a ruleset" allocations path 0 1
	told "at most one for each rule" allocations path 1 2
	told "few for many rules" allocations path 1000 100
	told "none while a prepared ruleset is enforced" \
		allocations loaded 1000 100
}

if ! has "${CC:-cc}" || [ ! -e "$source/src" ]; then
	skipped "what the library costs" "a compiler is not here"
	finish
fi
build counted "$source/src/sys/landlock.c"
set_wanted
test_calls
if [ "$abi" -ge 1 ]; then
	test_allocations
else
	skipped "allocations" "this kernel has no Landlock"
fi
if has valgrind; then
	build pretending -DPRETENDED_ABI=7
	told "instructions a path rule: below 400, however many" count_steps
else
	skipped "instructions a path rule" "valgrind is not here"
fi
finish
