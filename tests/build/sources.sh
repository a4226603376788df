#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# The sources: all of them compile as one file, which a program can carry with
# it, need no kernel header, and their functions stay short.
# usage: sources.sh SOURCE_ROOT
# shellcheck disable=SC2317 # functions are called through check
set -eu

root=$1
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

warnings='-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow
	-Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter -Werror'
# A program that uses a part of its static copy leaves the rest unused
vendored='-DLLK_API=static -Wno-unused-function'

sources()
{
	(cd "$root" && ls src/*.c src/sys/*.c)
}

amalgamate()
{
	sources | sed 's/.*/#include "&"/'
}

# compile COMPILER OPTIONS ... : with the warnings and defines of the build
compile()
{
	compiler=$1
	shift
	# shellcheck disable=SC2086 # a list of options
	"$compiler" $warnings -O2 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
		-I "$root" -I "$root/include" "$@"
}

# A program with the library in it, restricting itself
run_vendored()
{
	compiler=$1
	shift
	echo allowed >"$scratch/allowed"
	echo denied >"$scratch/denied"
	# shellcheck disable=SC2086 # a list of options
	compile "$compiler" $vendored "$@" -include "$scratch/all.c" \
		"$root/tests/downstream/prog.c" -o "$scratch/vendored" &&
		"$scratch/vendored" "$scratch/allowed" "$scratch/denied"
}

check_amalgamation()
{
	has "$1" || {
		skipped "one file with $1" "not installed"
		return
	}
	# shellcheck disable=SC2086 # a list of options
	{
		check "all compiles as one file: $1" \
			compile "$1" -c "$scratch/all.c" -o "$scratch/all.o"
		check "the same with static functions: $1" \
			compile "$1" $vendored -c "$scratch/all.c" -o "$scratch/all.o"
	}
	check "a program with a static copy restricts itself: $1" run_vendored "$1"
}

check_32_bit()
{
	what="a program with a static copy restricts itself: 32 bit"
	if can_run cc -m32; then
		# <asm/...> serves both sizes
		check "$what" run_vendored cc -m32 \
			-idirafter "/usr/include/$(cc -print-multiarch)"
	else
		skipped "$what" "no 32-bit compiler and libc"
	fi
}

# What headers define is in each file that includes them
inline_names()
{
	(cd "$root" && sed -n 's/^static inline .*[ *]\([a-z_]*\)(.*/\1/p' \
		src/*.h src/sys/*.h)
}

# "name" of each function and object that only its own file sees
static_names()
{
	inline_names >"$scratch/inline"
	for source in $(sources); do
		compile cc -O0 -c "$root/$source" -o "$scratch/one.o" ||
			echo "$source does not compile alone"
		nm "$scratch/one.o" | awk '$2 ~ /^[tdbr]$/ { print $3 }' |
			grep -vE '^\.|\.[0-9]+$' | grep -vxFf "$scratch/inline" || true
	done
}

check_static_names()
{
	static_names >"$scratch/statics" 2>&1
	check "static functions were found" [ -s "$scratch/statics" ]
	check_empty "static names are unique over all files" \
		"$(sort "$scratch/statics" | uniq -d)"
	check_empty "each file compiles alone, static names without a prefix" \
		"$(grep -E ' |^llki?_' "$scratch/statics" || true)"
}

kernel_includes()
{
	(cd "$root" && grep -nE '#[[:space:]]*include[[:space:]]*<(linux|asm|asm-generic)/' \
		include/*.h include/*/*.h src/*.[ch] src/sys/*.[ch] tools/*.c) || true
}

landlock_header_read()
{
	compile cc -M "$scratch/all.c" >"$scratch/read" ||
		echo "the preprocessor failed"
	grep -o '[^ ]*linux/landlock[^ ]*' "$scratch/read" || true
}

# musl's own folder of headers has no kernel header
has_no_kernel_header()
{
	has musl-gcc &&
		! echo '#include <linux/landlock.h>' |
		musl-gcc -E - >/dev/null 2>&1
}

# bug class N
check_no_kernel_header()
{
	check_empty "no source includes a kernel header" "$(kernel_includes)"
	check_empty "<linux/landlock.h> is not read" "$(landlock_header_read)"
	if has_no_kernel_header; then
		check "all compiles where there is no kernel header" \
			compile musl-gcc -c "$scratch/all.c" -o "$scratch/all.o"
	else
		skipped "all compiles where there is no kernel header" \
			"no musl-gcc without kernel headers"
	fi
}

# "lines file:function" of each function's body
function_sizes()
{
	for source in $(sources); do
		awk -v file="$source" '
			/^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name)
				sub(/.*[ *]/, "", name) }
			/^{/ { start = NR }
			/^}/ && start { print NR - start - 1, file ":" name
				start = 0 }' "$root/$source"
	done | sort -n
}

check_sizes()
{
	function_sizes >"$scratch/sizes"
	awk '{ lines[NR] = $1; last = $0 }
		END { print "functions: " NR ", lines: median " lines[int((NR + 1) / 2)] \
			", 90 % within " lines[int(NR * 0.9 + 0.5)] ", longest " last }' \
		"$scratch/sizes"
	check "functions were found" [ -s "$scratch/sizes" ]
	check_empty "no function is over 40 lines" \
		"$(awk '$1 > 40' "$scratch/sizes")"
}

# The README shows the example that is built and run, line by line
# shellcheck disable=SC2016 # a pattern
check_readme()
{
	sed -n '/^```c$/,/^```$/p' "$root/README.md" | grep -v '^```' |
		grep . >"$scratch/readme"
	check "the README has an example" [ -s "$scratch/readme" ]
	tr '\n' ' ' <"$root/examples/self-sandbox.c" | tr -s '\t ' ' ' >"$scratch/example"
	check "the README shows the example that is built" \
		grep -qF "$(tr '\n' ' ' <"$scratch/readme" | tr -s ' ')" "$scratch/example"
}

# The form without a ruleset, as the manual shows it
check_manual()
{
	{
		echo "#include <liblandlock/sys.h>"
		echo "int form(void); int form(void) { int r;"
		sed -n '/r = llk_sys_no_new_privs/,/^```/p' \
			"$root/docs/liblandlock.7.scd" | grep -v '^```'
		echo "return r; }"
	} >"$scratch/form.c"
	check "the manual's form without a ruleset compiles" \
		cc -Werror -Wall -I"$root/include" -c "$scratch/form.c" -o "$scratch/form.o"
}

# row VERSION NAME ...: the version's row of the upgrade guide has the names
row()
{
	version=$1
	shift
	for name in "$@"; do
		check "the upgrade guide has $name at $version" \
			grep -q "^| $version |.*$name" "$root/docs/upgrading.md"
	done
}

check_upgrade_guide()
{
	row V1 execute read_file read_dir write_file 'make_\*' 'remove_\*'
	row V2 REFER
	row V3 truncate
	row V4 bind_tcp connect_tcp
	row V5 ioctl_dev
	row V6 abstract_unix_socket signal
	row V7 LOG_
	row V8 threads
	row V9 resolve_unix
	row V10 bind_udp connect_send_udp
	row V11 no_new_privs
}

# Each public function has its essay
check_essays()
{
	check_empty "each public function has its essay" "$(
		sed -n 's/^	\(llk_[a-z_]*\);$/\1/p' "$root/src/liblandlock.map" |
			while read -r name; do
				cat "$root/include/liblandlock.h" \
					"$root/include/liblandlock/sys.h" |
					grep -q "^ \* $name: " || echo "$name"
			done
	)"
}

check_goto()
{
	check_empty "no goto" "$(cd "$root" && grep -nw goto src/*.c src/sys/*.c tools/*.c)"
}

# The paths of the groups, as the code and as the manual have them
check_groups()
{
	check_same "the manual lists the paths of the groups" \
		"$(sed -n 's/^\t"\(\/[^"]*\)\\0".*/\1/p' "$root/src/groups.c")" \
		"$(sed -n '/^# GROUPS/,/^# WHAT IT/s/^\(\/.*\)/\1/p' \
			"$root/docs/liblandlock.7.scd")"
}

amalgamate >"$scratch/all.c"
check_amalgamation gcc
check_amalgamation clang
check_32_bit
check_static_names
check_no_kernel_header
check_sizes
check_groups
check_readme
check_manual
check_upgrade_guide
check_essays
check_goto
finish
