#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# Programs of others, outside of the tree: they find the installed library by
# pkg-config, CMake, autoconf, meson or ctypes, shared and static, or carry it as a
# meson subproject. Each restricts itself, and of two files can read the one that
# it granted.
# usage: downstream.sh SOURCE_ROOT
# shellcheck disable=SC2154,SC2317 # lib.sh has scratch and calls functions
set -eu

root=$(cd "$1" && pwd)
here=$root/tests/downstream
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$root/meson.build" | head -n 1)
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

warnings='-Wall -Wextra -Wpedantic -Werror'
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS DESTDIR LD_LIBRARY_PATH
cd "$scratch"
echo allowed >allowed
echo denied >denied

# install_with NAME COMPILER ...: a build and a prefix of its own
install_with()
{
	name_of_prefix=$1
	shift
	CC=$* meson setup -Dtests=false --prefix="$scratch/$name_of_prefix" \
		--libdir=lib "$scratch/build-$name_of_prefix" "$root" &&
		meson compile -C "$scratch/build-$name_of_prefix" &&
		meson install -C "$scratch/build-$name_of_prefix" --no-rebuild
}

# flags PREFIX OPTIONS ...: what pkg-config says of an installed library
flags()
{
	prefix=$1
	shift
	PKG_CONFIG_PATH="$scratch/$prefix/lib/pkgconfig" \
		pkg-config "$@" liblandlock
}

needs_library()
{
	readelf -dW "$1" | grep -q 'NEEDED.*\[liblandlock\.so\.0\]'
}

is_static()
{
	! readelf -lW "$1" | grep -q INTERP && ! readelf -dW "$1" | grep -q NEEDED
}

# shared PREFIX SOURCE COMPILER OPTIONS ...
shared()
{
	prefix=$1 source=$2
	shift 2
	# shellcheck disable=SC2046,SC2086 # lists of options
	"$@" $warnings "$here/$source" -o shared-prog \
		$(flags "$prefix" --cflags --libs) &&
		needs_library shared-prog &&
		LD_LIBRARY_PATH="$scratch/$prefix/lib" \
			./shared-prog allowed denied
}

# fully_static PREFIX SOURCE COMPILER OPTIONS ...
fully_static()
{
	prefix=$1 source=$2
	shift 2
	# shellcheck disable=SC2046,SC2086 # lists of options
	"$@" $warnings "$here/$source" -o static-prog \
		$(flags "$prefix" --cflags --static --libs) -static &&
		is_static static-prog && ./static-prog allowed denied
}

# Without a library path it does not run: no other copy was used
refuses_without_path()
{
	! ./shared-prog allowed denied
}

# check_programs PREFIX SOURCE COMPILER OPTIONS ...
check_programs()
{
	if has "$3"; then
		check "shared: $2 with $3" shared "$@"
		check "fully static: $2 with $3" fully_static "$@"
	else
		skipped "programs with $3" "not installed"
	fi
}

check_gcc()
{
	check "the library builds and installs: gcc" install_with gcc gcc
	check_programs gcc prog.c gcc
	check "it was the installed library: gcc" refuses_without_path
	check_programs gcc prog.c clang
	check_programs gcc prog.cc g++ -std=c++17
	check_programs gcc prog.cc clang++ -std=c++17
}

check_other_library()
{
	has "$1" || {
		skipped "the library builds and installs: $1" "not installed"
		return
	}
	check "the library builds and installs: $1" install_with "$1" "$1"
	check "fully static: prog.c with $1, its own library" \
		fully_static "$1" prog.c "$1"
}

check_32_bit()
{
	# <asm/...> serves both sizes
	m32="gcc -m32 -idirafter /usr/include/$(gcc -print-multiarch)"
	# shellcheck disable=SC2086 # a compiler and its options
	can_run $m32 || {
		skipped "32 bit" "no 32-bit compiler and libc"
		return
	}
	# shellcheck disable=SC2086
	{
		check "the library builds and installs: 32 bit" install_with m32 $m32
		check "shared: prog.c, 32 bit" shared m32 prog.c $m32
		check "fully static: prog.c, 32 bit" fully_static m32 prog.c $m32
	}
}

# A tree outside of ours, with the build system's own files; in a subshell, for
# what it exports
program_tree()
{
	rm -rf "$1" && cp -r "$here/$1" "$1" && cp "$here/prog.c" "$1/" &&
		export PKG_CONFIG_PATH="$scratch/gcc/lib/pkgconfig"
}

by_cmake()
(
	program_tree cmake && cmake -S cmake -B cmake/build &&
		cmake --build cmake/build && needs_library cmake/build/prog &&
		cmake/build/prog allowed denied
)

by_autoconf()
(
	program_tree autoconf &&
		(cd autoconf && autoreconf -i && ./configure && make) &&
		needs_library autoconf/prog &&
		LD_LIBRARY_PATH="$scratch/gcc/lib" autoconf/prog allowed denied
)

by_meson()
(
	program_tree meson && meson setup meson/build meson &&
		meson compile -C meson/build && needs_library meson/build/prog &&
		LD_LIBRARY_PATH="$scratch/gcc/lib" meson/build/prog allowed denied
)

by_meson_statically()
(
	program_tree meson && meson setup -Dstatic=true meson/build meson &&
		meson compile -C meson/build && ! needs_library meson/build/prog &&
		meson/build/prog allowed denied
)

# check_by TOOL NAME COMMAND
check_by()
{
	if has "$1"; then
		check "$2" "$3"
	else
		skipped "$2" "no $1"
	fi
}

check_build_systems()
{
	check_by cmake "CMake finds it, and the program restricts itself" by_cmake
	check_by autoreconf "autoconf finds it, and the program restricts itself" \
		by_autoconf
	check_by meson "meson finds it, and the program restricts itself" by_meson
	check_by meson "meson links it statically" by_meson_statically
}

check_ctypes()
{
	check "a Python program restricts itself by ctypes" \
		python3 "$here/prog.py" "$scratch/gcc/lib/liblandlock.so.0" \
		allowed denied
}

# The folders that a package would hold, and none of the build's
staged_is_right()
{
	DESTDIR="$scratch/stage" meson install -C build-stage --no-rebuild &&
		file=$(find stage -name liblandlock.pc) && cat "$file" &&
		grep -qx 'prefix=/usr' "$file" &&
		! grep -rq "$scratch" stage/usr/include "$file" &&
		[ -e stage/usr/include/liblandlock/sys.h ] &&
		[ -x stage/usr/bin/landlock-run ] &&
		[ -e stage/usr/share/bash-completion/completions/landlock-run ] &&
		[ -e stage/usr/share/zsh/site-functions/_landlock-run ] &&
		[ -e stage/usr/share/fish/vendor_completions.d/landlock-run.fish ]
}

check_destdir()
{
	check "a build for packages" meson setup -Dtests=false --prefix=/usr \
		--buildtype=plain build-stage "$root"
	check "it compiles" meson compile -C build-stage
	check "it installs below DESTDIR, with paths of /usr" staged_is_right
	check "a program is built with what is below DESTDIR" by_stage
}

# As cross builds do: what the .pc file says, below another root
by_stage()
{
	libdir=$(dirname "$(find "$scratch/stage" -name liblandlock.so.0)")
	options=$(PKG_CONFIG_LIBDIR=$libdir/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$scratch/stage \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		pkg-config --cflags --libs liblandlock)
	# shellcheck disable=SC2086 # lists of options
	gcc $warnings "$here/prog.c" -o staged-prog $options &&
		echo "$options" | grep -q "$scratch/stage/usr/include" &&
		LD_LIBRARY_PATH=$libdir ./staged-prog allowed denied
}

# A program's tree with the library below subprojects/, found by override only
make_superproject()
{
	mkdir -p super/subprojects
	ln -sfn "$root" super/subprojects/liblandlock
	cp "$here/prog.c" super/
	cat >super/meson.build <<-'END'
		project('super', 'c')
		subproject('liblandlock')
		dep = dependency('liblandlock', version: '>= 0.1', required: true)
		executable('prog', 'prog.c', dependencies: dep)
	END
}

# subproject KIND: of library
subproject()
{
	meson setup "-Ddefault_library=$1" --wrap-mode=forcefallback \
		"super-$1" super &&
		meson compile -C "super-$1" prog &&
		"super-$1/prog" allowed denied
}

is_linked()
{
	needed=no
	! needs_library "super-$1/prog" || needed=yes
	case $1-$needed in shared-yes | static-no) ;; *) return 1 ;; esac
}

# The files that git knows, or all of a tree without git
sources()
{
	cd "$root" && if [ -e .git ] && has git; then
		git -c safe.directory="$root" ls-files
	else
		find . -type f ! -path './build*'
	fi
}

# A wrap file, and the release beside it in the place of an address
make_wrapped()
{
	release=liblandlock-$version
	mkdir -p "$release" wrapped/subprojects/packagefiles
	(sources | tar -c -C "$root" -T - -f -) | tar -x -C "$release"
	tar -c -J -f "wrapped/subprojects/packagefiles/$release.tar.xz" "$release"
	hash=$(sha256sum "wrapped/subprojects/packagefiles/$release.tar.xz")
	sed -e "s/@VERSION@/$version/" -e "s/@HASH@/${hash%% *}/" \
		"$here/wrap/liblandlock.wrap.in" >wrapped/subprojects/liblandlock.wrap
	cp "$here/meson/meson.build" "$here/meson/meson_options.txt" "$here/prog.c" \
		wrapped/
}

# Nothing but the wrap file tells meson of it
by_wrap()
{
	make_wrapped && meson setup --wrap-mode=forcefallback wrapped/build wrapped &&
		meson compile -C wrapped/build prog &&
		[ -e "wrapped/subprojects/liblandlock-$version/meson.build" ] &&
		wrapped/build/prog allowed denied
}

check_subproject()
{
	make_superproject
	for kind in shared static; do
		check "a meson subproject restricts itself: $kind" \
			subproject "$kind"
		check "it is linked as asked: $kind" is_linked "$kind"
	done
	check "a wrap file brings the release" by_wrap
}

check_gcc
check_other_library clang
check_other_library musl-gcc
check_32_bit
check_build_systems
check_ctypes
check_destdir
check_subproject
finish
