#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# Real programs: each learns its policy in one run, and then works under it as it
# does without, nothing denied; and with any option left out something is.
# With LLK_TABLE=FILE a row of a table for each goes there.
# shellcheck disable=SC2016 # $ is for the sandboxed shell
# usage: programs.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

here=$(realpath "$here")
export HOME="$here/home" LC_ALL=C.UTF-8
unset TMPDIR
table=${LLK_TABLE:-/dev/null}

# Everything a program may find, made anew for each run
make_work()
{
	rm -rf "$here/work" "$HOME"
	mkdir -p "$here/work" "$HOME"
	cd "$here/work"
	printf '[user]\n\tname = A\n\temail = a@example.org\n' >"$HOME/.gitconfig"
	printf 'b\na\nc\n' >list
	printf '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n' >a.c
	cp a.c b.c
	printf 'all: a b\n%%: %%.c\n\tcc -o $@ $<\n' >Makefile
	mkdir tree tree/sub
	for n in 1 2 3 4 5; do
		echo $n >tree/$n
		echo $n >tree/sub/$n
	done
	find tree -exec touch -d @1000000000 {} + # an archive holds it
	if has git; then
		git init -q repo
		cp a.c repo
		git -C repo add a.c
		git -C repo commit -q -m first
	fi
}

# run_in FILE COMMAND ...: its exit status, output and the files it leaves
run_in()
{
	out=$1
	shift
	make_work
	code=0
	timeout 120 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	{
		echo "exit status $code"
		cat "$scratch/out"
		find . -type f ! -path '*/.git/*' ! -path '*/__pycache__/*' \
			-exec cksum {} + | sort -k 3
	} >"$out"
	cd "$here"
}

# is_denied POLICY COMMAND ...: --why tells of a denial, or it does not work
is_denied()
{
	policy=$1
	shift
	run_in "$scratch/less" "$run" "@$policy" --why -- "$@"
	grep -q ': denied ' "$scratch/err" ||
		! cmp -s "$scratch/bare" "$scratch/less"
}

# Any option that is left out is missed
needs_each()
{
	n=0
	sed '/^#/d' "$scratch/policy" >"$scratch/options"
	while read -r option; do
		n=$((n + 1))
		grep -vxF -e "$option" "$scratch/options" >"$scratch/without" || :
		is_denied "$scratch/without" "$@" || {
			echo "not needed: $option"
			return 1
		}
	done <"$scratch/options"
}

works_under_its_policy()
{
	run_in "$scratch/bare" "$@"
	run_in "$scratch/learning" "$run" --learn="$scratch/policy" -- "$@"
	cmp "$scratch/bare" "$scratch/learning" || {
		cat "$scratch/err"
		return 1
	}
	n=$(sed '/^#/d' "$scratch/policy" | wc -l)
	if [ "$abi" -ge 1 ]; then
		run_in "$scratch/sandboxed" "$run" "@$scratch/policy" --why -- "$@"
		cmp "$scratch/bare" "$scratch/sandboxed" || {
			diff "$scratch/bare" "$scratch/sandboxed"
			cat "$scratch/err" "$scratch/policy"
			return 1
		}
		! grep ': denied ' "$scratch/err"
	fi
}

# program NAME COMMAND ...
program()
{
	title=$1
	shift
	has "$1" || {
		skipped "$title" "$1 is not here"
		return
	}
	failed_before=$n_failed
	check "$title: works under what it has learned" works_under_its_policy "$@"
	with_landlock "$title: needs each option" needs_each "$@"
	[ "$n_failed" -gt "$failed_before" ] ||
		echo "| $title | $(sed '/^#/d' "$scratch/policy" | wc -l) | yes | yes | yes |" >>"$table"
}

program "shell script" sh -c \
	'for f in tree/*; do [ -d $f ] || cat $f >>all; done; wc -l <all; rm all'
program "sort" sort -o sorted list
program "find" find tree -name 3 -print
program "tar" tar cf tree.tar tree
program "grep" grep -r 3 tree
program "python3 with ssl and sqlite3" python3 -c \
	'import ssl, sqlite3; d = sqlite3.connect("db"); d.execute("create table t (a)"); d.commit(); ssl.create_default_context(); print(1)'
program "perl" perl -e 'open my $f, "<", "list" or die; print sort <$f>'
program "gcc" gcc -o a a.c
program "make -j2" make -s -j2
program "git clone" git clone -q repo copy
program "git commit" sh -c \
	'cd repo && echo >>a.c && git commit -q -a -m second && git log --format=%s'
program "node" node -e \
	'require("fs").writeFileSync("new", require("fs").readFileSync("list")); console.log(1)'
program "a server with a socket" python3 -c \
	'import socket, os
s = socket.socket(); s.bind(("127.0.0.1", 47311)); s.listen()
if os.fork() == 0:
	c = socket.create_connection(("127.0.0.1", 47311)); print(c.recv(9)); os._exit(0)
c, _ = s.accept(); c.send(b"hello"); os.wait()'
program "curl from a local server" sh -c \
	'python3 -m http.server -b 127.0.0.1 47312 >/dev/null 2>&1 & p=$!
for n in 1 2 3 4 5 6 7 8 9; do curl -s http://127.0.0.1:47312/list && break; sleep 0.3; done
kill $p'
finish
