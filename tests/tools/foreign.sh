#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run --why on programs that sandbox themselves by go-landlock and by
# rust-landlock: each denial is told as the program's own, and nothing else is.
# usage: foreign.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE, in what
# tests/platforms/release has set up with Debian's compilers and libraries
# shellcheck disable=SC2154,SC2317 # run-lib.sh has scratch and calls functions
set -eu

export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/tmp HOME=/tmp
source=$(realpath "$(dirname "$0")/foreign")
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

# build_go TARGET CGO: with the libraries that Debian has as source
build_go()
{
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$scratch/go \
		CGO_ENABLED=$2 go build -p 2 -o "$scratch/$1" \
		"$source/restricted.go"
}

build_rust()
{
	mkdir -p "$scratch/rust"
	cp "$source/Cargo.toml" "$source/restricted.rs" "$scratch/rust"
	(cd "$scratch/rust" && cargo build -q -j 2 --offline \
		--config 'source.crates-io.replace-with="debian"' \
		--config 'source.debian.directory="/usr/share/cargo/registry"') &&
		cp "$scratch/rust/target/debug/restricted-rust" "$scratch"
}

# Folders of one's own for each run
make_folders()
{
	rm -rf "$here"
	mkdir -p "$here/ro" "$here/rw" "$here/outside"
	for file in ro/file outside/file outside/earlier outside/earlier-1 \
		outside/earlier-2 outside/earlier-3 outside/later; do
		echo content >"$here/$file"
	done
}

# alone OPTIONS -- COMMAND ...: nothing is denied but what it denies itself
alone()
{
	make_folders
	"$run" --unrestricted-filesystem --unrestricted-network \
		--unrestricted-scoped --why "$@" >"$scratch/stdout" 2>"$scratch/stderr"
}

# With one name for calls that differ between architectures, and for the parent
lines()
{
	sed 's/^\([^:]*: [a-z]*\)at2\{0,1\} /\1 /
		s/ process [0-9]*:/ process PARENT:/' "$1"
}

# own LAYER OF
own()
{
	echo "by its own sandbox (layer $1 of $2)"
}

# on_files PROGRAM OWN FILE ...: what is told of these in outside, and of others
on_files()
{
	who=$1
	by=$2
	shift 2
	echo "$who: open $here/ro/new: denied write_file,make_reg $by on $here/ro -> it needs a rule for $here/ro"
	echo "$who: mkdir $here/ro/dir: denied make_dir $by on $here/ro -> it needs a rule for $here/ro"
	for file in "$@"; do
		echo "$who: open $here/outside/$file: denied read_file $by -> it needs a rule for $here/outside/$file"
	done
}

# on_others PROGRAM OWN_OF_PORT OWN_OF_SIGNAL
on_others()
{
	echo "$1: connect port 9: denied connect_tcp $2 -> it needs a rule for the port"
	echo "$1: kill process PARENT: denied signal $3: the process is outside of the sandbox -> the program restricts the scope itself"
}

lines_of_go()
{
	on_files "$1" "$(own 1 3)" file earlier-1 earlier-2 earlier-3 later
	on_others "$1" "$(own 2 3)" "$(own 3 3)"
}

# Its other threads aren't restricted
lines_of_rust()
{
	on_files restricted-rust "$(own 1 1)" file later
	on_others restricted-rust "$(own 1 1)" "$(own 1 1)"
}

# lines_are FILE COMMAND ...: the lines that COMMAND prints, and no others
lines_are()
{
	lines "$1" | sort >"$scratch/told"
	shift
	"$@" | sort >"$scratch/wanted"
	diff "$scratch/wanted" "$scratch/told"
}

# tells PROGRAM COMMAND ...
tells()
{
	alone -- "$scratch/$1" "$here" || {
		cat "$scratch/stderr"
		return 1
	}
	shift
	lines_are "$scratch/stderr" "$@"
}

# What the program has seen itself in that run
has_seen()
{
	cat "$scratch/stdout"
	[ "$(cut -d ' ' -f 1 "$scratch/stdout" | sort | uniq -c | tr -s ' \n' ' ')" = \
		" $2 allowed $1 denied " ]
}

# tells_json PROGRAM COMMAND ...: the same in JSON
tells_json()
{
	alone --json -- "$scratch/$1" "$here" &&
		"$source/as-text.py" <"$scratch/stderr" >"$scratch/text" || return
	shift
	lines_are "$scratch/text" "$@"
}

# tells_of_cat COMMAND ...: a sandbox around cat; what it denies is told once
tells_of_cat()
{
	! alone -- "$@" /usr/bin/cat "$here/ro/file" "$here/outside/file" ||
		return
	grep -qx content "$scratch/stdout" || return
	[ "$(lines "$scratch/stderr" | grep ': denied ')" = "cat: open $here/outside/file: denied read_file $(own 1 1) -> it needs a rule for $here/outside/file" ] || {
		cat "$scratch/stderr"
		return 1
	}
}

# test_program PROGRAM DENIED ALLOWED COMMAND ...
test_program()
{
	program=$1 denied=$2 allowed=$3
	shift 3
	since 6 "$program: what it denies is told, and nothing else" \
		tells "$program" "$@"
	since 6 "$program: it has seen that itself" has_seen "$denied" "$allowed"
	since 6 "$program: as JSON" tells_json "$program" "$@"
}

check "Go: is built" build_go restricted-go 0
check "Go: is built with C's threads" build_go restricted-cgo 1
check "Rust: is built" build_rust
test_program restricted-go 9 5 lines_of_go restricted-go
test_program restricted-cgo 9 5 lines_of_go restricted-cgo
test_program restricted-rust 6 6 lines_of_rust
with_landlock "landlock-restrict: what it denies is told" tells_of_cat \
	landlock-restrict -3 -ro /usr /etc "$here/ro" --
with_landlock "landrun: what it denies is told" tells_of_cat \
	landrun --best-effort --rox /usr --ro /etc,"$here/ro"
finish
