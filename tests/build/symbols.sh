#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# What the built libraries export, need and hold.
# usage: symbols.sh SOURCE_ROOT SHARED_LIBRARY STATIC_LIBRARY INSTRUMENTED OPTIMIZED
# INSTRUMENTED is "none", or what makes the compiler add symbols of its own;
# OPTIMIZED is meson's word.
# shellcheck disable=SC2154,SC2317 # lib.sh has scratch and calls functions
set -eu

root=$1 shared=$2 static=$3 instrumented=$4 optimized=$5
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

# Builders and the model may allocate; no other object, for between fork and
# exec the allocator may be locked. These have to be among the others.
allocating='^(ruleset|rules|check|trail)$'
enforcing='fit load restrict threads explain'

# All that the library may ask of libc: strings without a locale, and plain
# system calls; what compilers, hardening and C23 make of them
allowed='^(__errno_location|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail(_local)?|'\
'__[a-z]+_chk|__open(at)?(64)?_2|__libc_single_threaded|'\
'memcpy|memmove|memset|memcmp|bcmp|memchr|strlen|strnlen|strcmp|strncmp|strchr|'\
'strrchr|strstr|strspn|strcspn|strcat|strncat|(__isoc23_)?strtou?ll?|'\
'syscall|prctl|open(64)?|openat(64)?|close|fcntl(64)?|read|readlink(at)?|'\
'fstat(64)?|fstatat(64)?|stat(64)?|fstatfs(64)?|statfs(64)?|__fxstat(64)?|'\
'__xstat(64)?|nanosleep|clock_nanosleep|clock_gettime|getpid|sched_yield|'\
'mmap(64)?|munmap)$'
allocator='^(malloc|calloc|free)$'
stdio='printf|puts|putc|fwrite|^write$|fopen|^std(in|out|err)$|strerror|perror'
never="$stdio|getenv|setenv|pthread_|realloc|strdup|asprintf|syslog|^abort\$"

# Symbol versions newer than the calls are: glibc 2.28, 2.33 and 2.38 gave a tag
# of their own to calls that were inline, or had another name, before
retagged='^(fcntl64|fstat(64)?|stat(64)?|fstatat(64)?|__isoc23_strtou?ll?)$'

exports()
{
	nm -D --defined-only --extern-only "$shared" |
		awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

unversioned()
{
	nm -D --defined-only --extern-only "$shared" |
		awk '$2 != "A" && $3 !~ /@@LIBLANDLOCK_[0-9.]+$/ { print $3 }'
}

map_names()
{
	sed -n '/global:/,/local:/s/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' \
		"$root/src/liblandlock.map" | sort
}

# One declaration a line, as the preprocessor leaves them
declarations()
{
	echo '#include <liblandlock/sys.h>' |
		cc -I "$root/include" -DLLK_API=EXPORTED -E -P - |
		tr '\n' ' ' | tr ';' '\n'
}

# names_of PATTERN: the functions that declarations with it declare
names_of()
{
	declarations | grep -E "$1" | grep -oE '\<llk_[a-z0-9_]+ *\(' |
		tr -d ' (' | sort
}

dynamic()
{
	readelf -dW "$shared" | sed -n "s/.*($1).*\[\(.*\)\]/\1/p"
}

static_globals()
{
	nm -g --defined-only "$static" | awk 'NF == 3 { print $3 }'
}

# Each object's symbols that others must define: "object symbol"
undefined()
{
	nm -u "$static" | awk '
		/:$/ { object = $0; sub(/^.*src_/, "", object)
			sub(/\.c\.o:$/, "", object) }
		NF == 2 { sub(/@.*/, "", $2); print object, $2 }'
}

# The same without what the library itself defines
needed()
{
	static_globals | sort -u >"$scratch/own"
	undefined | while read -r object symbol; do
		grep -qxF "$symbol" "$scratch/own" || echo "$object $symbol"
	done
}

# needed_matching OPTIONS PATTERN [OBJECT]
needed_matching()
{
	needed | awk -v object="${3:-}" 'object == "" || $1 == object { print $2 }' |
		sort -u | grep "$1" "$2" || true
}

objects()
{
	ar t "$static" | sed -n 's/.*src_\(.*\)\.c\.o$/\1/p'
}

check_object()
{
	check_empty "no allocator in $1" \
		"$(needed_matching -E "$allocator" "$1")"
}

check_allocator()
{
	check "the allocator is seen where it is used" \
		[ -n "$(needed_matching -E "$allocator")" ]
	for object in $enforcing; do
		check "there is an object $object" grep -qx "$object" "$scratch/objects"
	done
	grep -vE "$allocating" "$scratch/objects" >"$scratch/others"
	while read -r object; do
		check_object "$object"
	done <"$scratch/others"
}

# Sections that a program could write to, of more than no bytes. A signal handler
# belongs to the process, and so does what it shares with the call.
writable_data()
{
	objdump -hw "$static" | awk '
		/file format/ { object = $1 }
		object ~ /by-signal/ { next }
		$2 ~ /^\.(data|bss|tdata|tbss)(\..*)?$/ && $3 !~ /^0+$/ &&
			$2 !~ /^\.data\.rel\.ro/ { print object, $2, $3 }'
	nm "$static" | awk '$2 ~ /^[CcBbSs]$/ && $3 != "shared" {
		print "common or bss:", $3 }'
}

# "symbol version" of each versioned call that is newer than 2.17 of glibc
newer_than_2_17()
{
	nm -D --undefined-only "$shared" |
		sed -n 's/^ *[Uw] *\(.*\)@GLIBC_\([0-9]*\)\.\([0-9]*\).*/\1 \2 \3/p' |
		awk '$2 > 2 || $3 > 17 { print $1 }' |
		grep -vE "$retagged" | grep -vx __libc_single_threaded || true
}

# The signal handler runs on small stacks, and threads return through it
has_flags()
{
	readelf -dW "$shared" | grep 'FLAGS_1' | grep 'NOW' | grep -q 'NODELETE'
}

strong_single_threaded()
{
	nm -u "$static" | grep -E ' U __libc_single_threaded' || true
}

check_glibc()
{
	if ! readelf -VW "$shared" | grep -q GLIBC_2.2.5; then
		skipped "nothing is newer than glibc 2.17" \
			"this architecture's oldest glibc is newer, or it is another libc"
		return
	fi
	check_empty "nothing is newer than glibc 2.17" "$(newer_than_2_17)"
}

# What every process that loads it pays for
size_of_text_and_data()
{
	strip -o "$scratch/stripped" "$shared"
	size "$scratch/stripped" | awk 'NR == 2 { print $1 + $2 }'
}

is_small()
{
	size=$(size_of_text_and_data)
	echo "$size bytes"
	[ "$size" -gt 0 ] && [ "$size" -lt $((48 * 1024)) ]
}

# Kinds of relocations of FILE, one a line, with the symbol if there is one
relocations()
{
	readelf -rW "$1" | awk '$3 ~ /^R_/ {
		print $3, ($4 ~ /^[0-9a-f]+$/ && NF > 4 ? $5 : "") }'
}

own_lookups()
{
	relocations "$shared" | awk '{ sub(/@.*/, "", $2); print $2 }' |
		grep -E '^llk' || true
}

# Those without a symbol: tables of pointers would have one for each
count_relative()
{
	relocations "$1" | awk 'NF == 1' | wc -l
}

check_start()
{
	case $optimized in
	0 | g) skipped "text and data below 48 KiB" "not optimized" ;;
	*)
		check "text and data below 48 KiB" is_small
		echo "  $(tail -n 1 "$scratch/output")"
		;;
	esac
	check_empty "the loader looks up no function of the library's own" \
		"$(own_lookups)"
	echo 'int nothing;' >"$scratch/empty.c"
	cc -shared -fPIC -o "$scratch/empty.so" "$scratch/empty.c"
	check "symbols to look up are seen" \
		[ "$(relocations "$shared" | awk 'NF > 1' | wc -l)" -gt 10 ]
	check_same "relocations: no more than an empty library has" \
		"$(count_relative "$scratch/empty.so")" "$(count_relative "$shared")"
}

check_exports()
{
	check_same "the .so exports what the map says" "$(map_names)" "$(exports)"
	check_same "the map says what the headers declare" \
		"$(names_of EXPORTED)" "$(map_names)"
	check_same "each declaration carries LLK_API" \
		"$(names_of .)" "$(names_of EXPORTED)"
	check_empty "each export is versioned" "$(unversioned)"
	check_same "the soname" liblandlock.so.0 "$(dynamic SONAME)"
	check_empty "the static library defines llk_ and llki_ only" \
		"$(static_globals | grep -vE '^(llk_|llki_)' || true)"
	check "the static library has its functions" \
		grep -qx llk_ruleset_new "$scratch/globals"
}

check_needs()
{
	check_same "the .so needs libc alone" libc.so "$(dynamic NEEDED |
		sed 's/^\(libc\.so\|libc\.musl.*\.so\).*/libc.so/')"
	check_empty "calls of libc are on the list" \
		"$(needed_matching -vE "$allowed|$allocator")"
	check_empty "nothing printed, no environment, no lock" \
		"$(needed_matching -E "$never")"
	check_empty "no writable data" "$(writable_data)"
	check "all is bound at start, and the library stays" has_flags
	check_glibc
	check_empty "__libc_single_threaded is weak" "$(strong_single_threaded)"
}

if [ "$instrumented" != none ]; then
	skipped "symbols" "built with $instrumented, which adds its own"
	finish
fi
static_globals >"$scratch/globals"
objects >"$scratch/objects"
check_exports
check_needs
check_start
check_allocator
finish
