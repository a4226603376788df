#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# Machines that are not fit: another system, a meson that is too old, and a
# distribution without apt-get each get one clear sentence, and nothing is begun.
# usage: refused.sh SOURCE_ROOT
# shellcheck disable=SC2154,SC2317 # lib.sh has scratch and calls functions
set -eu

root=$(cd "$1" && pwd)
# shellcheck disable=SC1091
. "$root/tests/build/lib.sh"

# says_one_error PATTERN COMMAND ...: it fails, and says "ERROR:" once, with that
says_one_error()
{
	pattern=$1
	shift
	! "$@" >"$scratch/said" 2>&1 || return 1
	cat "$scratch/said"
	[ "$(grep -c 'ERROR:' "$scratch/said")" -eq 1 ] &&
		grep -q "ERROR: $pattern" "$scratch/said"
}

on_another_system()
{
	cat >"$scratch/cross" <<-'END'
		[binaries]
		c = 'cc'
		[host_machine]
		system = 'freebsd'
		cpu_family = 'x86_64'
		cpu = 'x86_64'
		endian = 'little'
	END
	says_one_error '.*liblandlock is for Linux' meson setup -Dtests=false \
		--cross-file "$scratch/cross" "$scratch/other" "$root"
}

# As if meson were of before the version that is asked for
with_old_meson()
{
	mkdir -p "$scratch/old"
	sed "s/meson_version: '>= [0-9.]*'/meson_version: '>= 99.1'/" \
		"$root/meson.build" >"$scratch/old/meson.build"
	cp "$root/meson_options.txt" "$scratch/old/"
	grep -q '>= 99.1' "$scratch/old/meson.build" &&
		says_one_error '.*Meson version is .* but project requires >= 99.1' \
			meson setup "$scratch/old-build" "$scratch/old"
}

# Another distribution: what any has, and neither apt-get nor compilers
other_distribution()
{
	mkdir -p "$scratch/bin"
	for name in awk bash cat cksum cp cut dirname env find git grep head ls \
		mkdir mktemp nproc rm sed sh sort tail tr uname; do
		! has "$name" || ln -s "$(command -v "$name")" "$scratch/bin/$name"
	done
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$scratch/bin/python3"
}

# in_other_distribution SCRIPT ...: it ends in a few seconds, says what is missing
# and what to install, and no command is looked for in vain
in_other_distribution()
{
	! timeout 60 env PATH="$scratch/bin" "$@" >"$scratch/said" 2>&1 </dev/null ||
		return 1
	cat "$scratch/said"
	grep -q 'no apt-get here, and these are missing: .' "$scratch/said" &&
		grep -q 'install what Debian calls: .' "$scratch/said" &&
		! grep -q -e 'not found' -e Traceback "$scratch/said"
}

# Those that need more than a shell and Python
scripts()
{
	(cd "$root/scripts" && ls) | grep -vxE 'amalgamate|count-checks|install-packages'
}

check "another system is refused" on_another_system
check "a meson that is too old is refused" with_old_meson
other_distribution
for script in $(scripts); do
	check "without apt-get, scripts/$script says what to install" \
		in_other_distribution "$root/scripts/$script"
done
finish
