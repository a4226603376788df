#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run --learn: the options word for word, the file that it writes, and
# that a run under them is as one without a sandbox.
# shellcheck disable=SC2016,SC2317 # $1 is for the sandboxed shell; check calls
# usage: learn.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

here=$(realpath "$here")
export HOME="$here/home"
mkdir "$HOME"
unset TMPDIR

# What every program here needs is given, so that one sees the rest
learn()
{
	code=0
	system --rox "$(dirname "$probe")" --rw /dev/null \
		--ro /proc/filesystems --learn "$@" \
		>stdout 2>stderr </dev/null || code=$?
	return "$code"
}

# learned OPTIONS -- COMMAND: these lines on stderr and no others
learned()
{
	wanted=$1
	shift
	learn "$@" || {
		cat stderr
		return 1
	}
	grep '^--' stderr >lines || :
	[ "$(cat lines)" = "$wanted" ] || {
		echo "wanted: $wanted"
		echo "not: $(cat stderr)"
		return 1
	}
}

looks_into_others()
{
	learn --ro in -- "$@" || return
	grep -q 'looked into them (1 times), which no option allows' stderr &&
		! grep -e ' /proc' stderr
}

looks_into_itself()
{
	! looks_into_others "$@" && grep -qx content stdout
}

test_lines()
{
	check "told: what no option allows" looks_into_others \
		cat "/proc/$$/cwd/in/file"
	check "told: the same by its task" looks_into_others \
		cat "/proc/$$/task/$$/environ"
	check "not told: its own" looks_into_itself cat /proc/self/cwd/in/file
	check "learned: a file" learned "--ro $here/in/file" -- cat in/file
	check "learned: nothing beyond what is given" learned "" --ro in -- \
		cat in/file
	grep -q 'no option was needed' stderr || check "nothing is told" false
	check "learned: a list of names" learned "--ro $here/in" -- ls in
	check "learned: a list of what is at the top" learned \
		"--allow read_dir:/" -- ls /
	check "learned: a new file goes to the directory that was there" learned \
		"--rw $here/out" -- sh -c 'mkdir out/new && echo >out/new/file'
	rm -r out/new
	check "learned: four of a kind" learned "--ro $here/four" -- \
		cat four/a four/b four/c four/d
	check "learned: four of a kind, each" learned "--ro $here/four/a
--ro $here/four/b
--ro $here/four/c
--ro $here/four/d" --tight -- cat four/a four/b four/c four/d
	check "learned: as words of the shell" learned "--ro '$here/four/it'\\''s'" \
		-- cat "four/it's"
	check "learned: a program" learned "--rox $here/own" -- ./own
	check "learned: a process is another one next time" learned \
		"--allow read_file:/proc" -- sh -c 'cat /proc/$$/stat'
	mkdir "$HOME/tmp"
	check "learned: a directory for temporary files is one" in_tmp \
		"$HOME/tmp" "--rw $HOME/tmp"
	check "learned: but not one for those of all" in_tmp \
		"${here%"${here#/*/}"}" "--ro $here/in/file"
	check "learned: what fails after Landlock has agreed" learned \
		"--rw $here" -- sh -c 'rmdir in 2>/dev/null || :'
	check "learned: by its new name it is not there next time" learned \
		"--rw $here/in
--rw $here/out" -- sh -c 'mv in/file out/file2; cat out/file2; mv out/file2 in/file'
	check "learned: a failure that is not ours" learned "" -- \
		sh -c 'cat missing || :'
}

# in_tmp DIRECTORY OPTION: as TMPDIR
in_tmp()
{
	export TMPDIR="$1"
	if [ "$2" = "--ro $here/in/file" ]; then
		learned "$2" -- cat in/file || return 1
	else
		learned "$2" -- sh -c 'echo >$TMPDIR/a; cat $TMPDIR/a' || return 1
	fi
	unset TMPDIR
}

# Of rights that both get one: what is moved may gain nothing
test_moves()
{
	check "learned: a move" learned "--rw $here/in
--rw $here/out" -- mv in/file out/moved
	mv out/moved in/file
	check "learned: a move within a directory" learned "--rw $here/in" -- \
		mv in/file in/moved
	mv in/moved in/file
	system --rw /dev/null --ro /proc/filesystems --learn=policy -- mv in/file out/moved 2>/dev/null
	mv out/moved in/file
	since 2 "a move runs as it was learned" status 0 "$run" @policy -- \
		mv in/file out/moved
	since 2 "a move back, with the same rights" status 0 "$run" @policy -- \
		mv out/moved in/file
}

test_ports()
{
	port=$(free_port)
	on_ports "learned: a port" learned "--bind-tcp $port" --ro /proc -- \
		"$probe" bind tcp "$port"
	on_ports "learned: a port that nobody listens on" refused "$port"
}

# What this kernel does not restrict is not learned, but where it has no Landlock
on_ports()
{
	if [ "$abi" -eq 0 ]; then
		check "$@"
	else
		since 4 "$@"
	fi
}

refused()
{
	! learn -- "$probe" connect tcp "$1" || return 1
	grep -qx -e "--connect-tcp $1" stderr
}

free_port()
{
	if "$probe" bind tcp 47113 >/dev/null 2>&1; then
		echo 47113
	else
		echo 47213
	fi
}

#
# The file
#

# The learned options alone
options_of()
{
	sed '1,/^# learned$/d' "$1"
}

test_file()
{
	rm -f policy
	check "a file is written" status 0 "$run" --ro /etc --env A=b \
		--learn=policy -- sh -c 'cat in/file'
	check "what was given is in it" grep -qx -e "--ro /etc" policy
	check "its environment too" grep -qx -e "--env A=b" policy
	check "and what was learned" grep -qx -e "--ro $here/in/file" policy
	with_landlock "it is read back" status 0 "$run" @policy -- \
		sh -c 'cat in/file'
	with_landlock "what it has not is denied" status 1 "$run" @policy -- \
		sh -c 'cat out/file'
	check "nobody else may read it" [ "$(stat -c %a policy)" = 600 ]
	check "no other file is left" [ "$(echo policy*)" = policy ]
}

test_bad_places()
{
	check "a directory is no file" says 125 "not a regular file" \
		"$run" --learn=in -- true
	check "a directory that is not there" says 125 "No such file" \
		"$run" --learn=missing/policy -- true
	check "no name" says 125 "a path is empty" "$run" --learn= -- true
	check "a given path that is not there" says 125 "No such file" \
		"$run" --ro "$here/missing" --learn -- true
	check "tight alone" says 125 "--tight is for --learn" \
		"$run" --tight -- true
	check "learn and why" says 125 "exclude each other" \
		"$run" --learn --why -- true
	check "nothing to restrict" says 125 "nothing is left to restrict" "$run" \
		--unrestricted-filesystem --unrestricted-network \
		--unrestricted-scoped --learn -- true
	echo old >policy
	check "until the end the file is the old one" status 0 "$run" \
		--learn=policy -- sh -c 'grep -qx old policy'
	check "then it is the new one" grep -q '^# learned$' policy
	name=$(printf 'new\nline')
	echo x >"$name"
	check "a name of two lines is told" says 0 "has no place in a file" \
		"$run" --learn=policy -- cat "$name"
	check "and in the file as a comment" grep -q '^# has no place' policy
}

test_status()
{
	check "the exit status is the command's" status 7 "$run" --learn -- \
		sh -c 'exit 7'
	check "what is not there" status 127 "$run" --learn -- "$here/missing"
	check "nothing is restricted" status 0 "$run" --learn -- \
		sh -c 'echo x >out/new && rm out/new && cat in/file'
}

# A program that sandboxes itself: its own denials are its own
test_own_sandbox()
{
	with_landlock "learned: not what the program denies itself" own_denial
}

own_denial()
{
	code=0
	"$run" --learn=policy -- "$run" --rox /usr --rox /bin --rox /lib \
		--ro /etc -- cat in/file >/dev/null 2>stderr || code=$?
	[ "$code" -eq 1 ] || return 1
	! options_of policy | grep -q "in/file"
}

mkdir four
for name in a b c d "it's"; do
	echo x >"four/$name"
done
printf '#!/bin/sh\nexit 0\n' >own
chmod +x own

if ! is_of_one_size; then
	check "a 32-bit one says that it does not see them" says 125 \
		"does not see 64-bit" "$run" --learn -- true
	skipped "all of --learn" "the programs here have words of another size"
elif "$run" --learn -- true 2>/dev/null; then
	test_lines
	test_moves
	test_ports
	test_file
	test_bad_places
	test_status
	test_own_sandbox
else
	skipped "all of --learn" "ptrace can't be used here"
fi
finish
