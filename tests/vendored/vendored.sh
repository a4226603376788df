#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# The forms of the library as one file: each compiles alone as C11 and C17, gnu
# and strict, shows the symbols that it should, and restricts a program.
# usage: vendored.sh SOURCE_ROOT
# shellcheck disable=SC2154,SC2317 # lib.sh has scratch and calls functions
set -eu

root=$(cd "$1" && pwd)
here=$root/tests/vendored
prog=$root/tests/downstream/prog.c
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

warnings='-Wall -Wextra -Wpedantic -pedantic-errors -Wshadow -Werror'
statically='-DLLK_API=static -Wno-unused-function'
unset CFLAGS CPPFLAGS LDFLAGS

amalgamate()
{
	"$root/scripts/amalgamate" "$scratch" && cd "$scratch"
}

# Alone: no folder of the tree is at hand
compile()
{
	compiler=$1
	shift
	# shellcheck disable=SC2086 # a list of options
	"$compiler" $warnings "$@" -c liblandlock.c -o all.o
}

knows()
{
	echo 'int x;' | "$@" -x c -c - -o /dev/null 2>/dev/null
}

# check_forms WHAT COMPILER [OPTION ...]
check_forms()
{
	what=$1
	shift
	# shellcheck disable=SC2086
	{
		check "compiles: $what" compile "$@"
		check "compiles: $what, static" compile "$@" $statically
		check "compiles: $what, no sentences" \
			compile "$@" -DLLK_NO_EXPLAIN
		check "compiles: $what, no system calls" \
			compile "$@" -DLLK_NO_SYS
	}
}

check_standards()
{
	for standard in c11 c17 gnu11 gnu17 c2x; do
		if knows "$@" "-std=$standard"; then
			check_forms "$family, $standard" "$@" "-std=$standard"
		else
			skipped "$family, $standard" "the compiler does not know it"
		fi
	done
	check_forms "$family, optimized" "$@" -std=c11 -O2
}

# Two files that a program is given
restricts_itself()
{
	echo allowed >allowed
	echo denied >denied
	./prog allowed denied
}

# Two files, as most programs would have them
hidden_program()
{
	# shellcheck disable=SC2086
	"$@" -I. $warnings liblandlock.c "$prog" -o prog && restricts_itself
}

static_program()
{
	# shellcheck disable=SC2086
	"$@" -I. $warnings $statically -include liblandlock.c "$prog" -o prog &&
		restricts_itself
}

# check_compiler FAMILY COMPILER [OPTION ...]
check_compiler()
{
	family=$1
	shift
	can_run "$@" || {
		skipped "$family" "not at hand"
		return
	}
	check_standards "$@"
	check "restricts a program: $family, a file of its own" hidden_program "$@"
	check "restricts a program: $family, in another file" static_program "$@"
}

globals()
{
	gcc -O2 "$@" -c liblandlock.c -o all.o &&
		nm -g --defined-only all.o | awk '{ print $3 }'
}

map_names()
{
	sed -n '/global:/,/local:/s/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' \
		"$root/src/liblandlock.map"
}

exports()
{
	gcc -fPIC -shared "$@" liblandlock.c -o shared.so &&
		nm -D --defined-only shared.so | awk '{ print $3 }' | grep llk
}

check_symbols()
{
	check_same "its symbols are the public ones" "$(map_names | sort)" \
		"$(globals | sort)"
	check_same "a shared library with it shows none" "" "$(exports || true)"
	check_same "but as many as LLK_API says" "$(map_names | sort)" \
		"$(exports '-DLLK_API=__attribute__((visibility("default")))' | sort)"
	check_same "static, it has none" "" \
		"$(globals -DLLK_API=static -Wno-unused-function)"
}

check_explain()
{
	for words in sentences numbers; do
		option=
		[ "$words" = sentences ] || option=-DLLK_NO_EXPLAIN
		# shellcheck disable=SC2086
		check "compiles to explain by $words" \
			gcc -I. $option liblandlock.c "$here/explain.c" -o explain
		check "explains by $words" ./explain "$words"
	done
	check "numbers leave the sentences out" has_no_sentences
}

# Which the other form has
has_no_sentences()
{
	gcc -c liblandlock.c -o with.o && grep -q 'lsm= boot' with.o &&
		gcc -DLLK_NO_EXPLAIN -c liblandlock.c -o without.o &&
		! grep -q 'lsm= boot' without.o
}

# Included behind a header that has made off_t small
too_late()
{
	echo '#include <sys/types.h>
#include "liblandlock.c"' >late.c
	! gcc -m32 -idirafter "/usr/include/$(gcc -print-multiarch)" -c late.c 2>late &&
		grep 'include liblandlock.c first' late
}

has_licence()
{
	for file in liblandlock.c liblandlock.h; do
		grep -q 'SPDX-License-Identifier: 0BSD OR MIT' "$file" &&
			grep -q 'BSD Zero Clause' "$file" &&
			grep -q 'Permission is hereby granted' "$file" || return 1
	done
}

is_the_same_again()
{
	"$root/scripts/amalgamate" again && cmp liblandlock.c again/liblandlock.c &&
		cmp liblandlock.h again/liblandlock.h
}

amalgamate
check "it is written the same twice" is_the_same_again
check "both files hold the licence" has_licence
check_compiler gcc gcc
check_compiler clang clang
check_compiler musl musl-gcc -static
check_compiler "32 bit" gcc -m32 -idirafter "/usr/include/$(gcc -print-multiarch)"
check_symbols
check_explain
if can_run gcc -m32; then
	check "32 bit: a small off_t is told" too_late
else
	skipped "32 bit: a small off_t is told" "no 32-bit compiler and libc"
fi
finish
