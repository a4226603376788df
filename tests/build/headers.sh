#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# The public headers: each compiles alone in every C and C++ standard, and
# brings no name and no header but its own.
# usage: headers.sh SOURCE_ROOT
# shellcheck disable=SC2317 # functions are called through check
set -eu

root=$1
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

warnings='-Wall -Wextra -Wpedantic -pedantic-errors -Werror -Wundef -Wshadow'

# compiles COMPILER STANDARD LANGUAGE TEXT
compiles()
{
	more=
	[ "$3" != c ] || more=-Wstrict-prototypes
	# shellcheck disable=SC2086 # lists of options
	echo "$4" | "$1" $warnings $more "-std=$2" -x "$3" -I "$root/include" \
		-fsyntax-only -
}

refuses()
{
	! compiles "$@"
}

# knows COMPILER STANDARD LANGUAGE
knows()
{
	compiles "$1" "$2" "$3" 'extern int x;' >/dev/null 2>&1
}

check_headers()
{
	what="$1 -std=$2"
	sys='#include <liblandlock/sys.h>'
	high='#include <liblandlock.h>'

	check "liblandlock.h compiles alone: $what" compiles "$1" "$2" "$3" "$high"
	check "sys.h compiles alone: $what" compiles "$1" "$2" "$3" "$sys"
	check "both compile, twice: $what" \
		compiles "$1" "$2" "$3" "$high
$sys
$high
$sys"
	check "an extension is refused: $what" \
		refuses "$1" "$2" "$3" "$high
int empty_array[0];"
}

# The last standard goes by two names
newest_c()
{
	if knows "$1" c23 c; then
		echo c23
	elif knows "$1" c2x c; then
		echo c2x
	fi
}

check_c()
{
	has "$1" || {
		skipped "headers as C with $1" "not installed"
		return
	}
	for standard in c99 c11 c17; do
		check_headers "$1" "$standard" c
	done
	standard=$(newest_c "$1")
	if [ -n "$standard" ]; then
		check_headers "$1" "$standard" c
	else
		skipped "headers as C23 with $1" "the compiler is too old"
	fi
}

check_cxx()
{
	has "$1" || {
		skipped "headers as C++ with $1" "not installed"
		return
	}
	for standard in c++11 c++14 c++17 c++20; do
		check_headers "$1" "$standard" c++
	done
}

foreign_includes()
{
	grep -hE '^[[:space:]]*#[[:space:]]*include' \
		"$root/include/liblandlock.h" "$root/include/liblandlock/sys.h" |
		grep -vxE '#include <(stdint.h|stddef.h|liblandlock.h)>' || true
}

# Macros that are there after the header and were not before
macros()
{
	printf '#include <stdint.h>\n#include <stddef.h>\n%s\n' "$1" |
		cc -I "$root/include" -dM -E - | sort
}

foreign_macros()
{
	macros '' >"$scratch/before"
	macros '#include <liblandlock/sys.h>' >"$scratch/after"
	grep -q '#define LLK_ALL ' "$scratch/after" || echo "no macro was found"
	comm -13 "$scratch/before" "$scratch/after" |
		grep -vE '^#define (LLK_|LIBLANDLOCK_)' || true
}

check_c gcc
check_c clang
check_cxx g++
check_cxx clang++
check_empty "headers include stdint.h and stddef.h only" "$(foreign_includes)"
check_empty "headers define LLK_ macros only" "$(foreign_macros)"
finish
