#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# Programs of others, outside of the tree: they find the installed library by
# pkg-config, shared and static, or carry it as a meson subproject, and each
# restricts itself and checks a denial.
# usage: downstream.sh SOURCE_ROOT
# shellcheck disable=SC2317 # functions are called through check
set -eu

root=$(cd "$1" && pwd)
here=$root/tests/build/downstream
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

warnings='-Wall -Wextra -Wpedantic -Werror'
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS DESTDIR LD_LIBRARY_PATH
cd "$scratch"
echo allowed >allowed
echo denied >denied

# install_with COMPILER: a build and a prefix of its own
install_with()
{
	CC=$1 meson setup -Dtests=false --prefix="$scratch/$1" --libdir=lib \
		"$scratch/build-$1" "$root" &&
		meson compile -C "$scratch/build-$1" &&
		meson install -C "$scratch/build-$1" --no-rebuild
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
	check "the library builds and installs: gcc" install_with gcc
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
	check "the library builds and installs: $1" install_with "$1"
	check "fully static: prog.c with $1, its own library" \
		fully_static "$1" prog.c "$1"
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

check_subproject()
{
	make_superproject
	for kind in shared static; do
		check "a meson subproject restricts itself: $kind" \
			subproject "$kind"
		check "it is linked as asked: $kind" is_linked "$kind"
	done
}

check_gcc
check_other_library clang
check_other_library musl-gcc
check_ctypes
check_destdir
check_subproject
finish
