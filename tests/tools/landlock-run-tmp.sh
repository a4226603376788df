#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run --tmp: the directory, its end, and signals.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landlock-run-tmp.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

mkdir tmp
export TMPDIR="$here/tmp"

nothing_left()
{
	left=$(find tmp -mindepth 1)
	[ -z "$left" ] || {
		echo "$left"
		return 1
	}
}

# cleans WANTED COMMAND ...: in a sandbox with --tmp, and nothing is left
cleans()
{
	wanted=$1
	shift
	status "$wanted" system --tmp "$@" && nothing_left
}

test_directory()
{
	with_landlock "tmp: below the caller's TMPDIR" \
		tells 0 "$TMPDIR/landlock-run." system --tmp -- sh -c 'echo $TMPDIR'
	with_landlock "tmp: for its owner alone" \
		tells 0 "drwx------" system --tmp -- sh -c 'ls -ld $TMPDIR'
	with_landlock "tmp: can be written to" cleans 0 -- sh -c \
		'mkdir $TMPDIR/d && echo x >$TMPDIR/d/f && mv $TMPDIR/d/f $TMPDIR'
	since 2 "tmp: moves between its directories" cleans 0 -- sh -c \
		'cd $TMPDIR && mkdir d && echo x >d/f && ln d/f f'
	with_landlock "tmp: starts nothing" cleans 126 -- sh -c \
		'cp /bin/true $TMPDIR/t && exec $TMPDIR/t'
	with_landlock "tmp: nothing beside it" \
		cleans 2 -- sh -c 'echo x >$TMPDIR/../new'
	with_landlock "tmp: each run has its own" sh -c '
		a=$("$0" --rwx / --tmp -- sh -c "echo \$TMPDIR" 2>/dev/null)
		b=$("$0" --rwx / --tmp -- sh -c "echo \$TMPDIR" 2>/dev/null)
		[ -n "$a" ] && [ "$a" != "$b" ]' "$run"
	with_landlock "tmp: in an empty environment" \
		tells 0 "TMPDIR=$TMPDIR/" system --tmp --clear-env -- env
	with_landlock "tmp: counts more than env" \
		tells 0 "TMPDIR=$TMPDIR/" system --tmp --env TMPDIR=/x -- env
	with_landlock "tmp: a relative TMPDIR is not used" tells 0 "/tmp/landlock-run." \
		env TMPDIR=tmp "$run" --rwx / --tmp -- sh -c 'echo $TMPDIR'
	check "125: tmp: nowhere to make it" says 125 '--tmp "/llk-nowhere"' \
		env TMPDIR=/llk-nowhere "$run" --tmp --rwx / -- true
}

# 1500 levels, with files among them
make_deep()
{
	cat <<-'END'
		cd "$TMPDIR"
		some=d/d/d/d/d/d/d/d/d/d/d/d/d/d/d
		i=0
		while [ $i -lt 20 ]; do
			p=$some/$some/$some/$some/$some
			mkdir -p "$p" && cd "$p" && : >f || exit 9
			i=$((i + 1))
		done
	END
}

test_removal()
{
	with_landlock "tmp: removed after" cleans 0 -- sh -c ': >$TMPDIR/f'
	with_landlock "tmp: removed after a failure" \
		cleans 3 -- sh -c ': >$TMPDIR/f; exit 3'
	with_landlock "tmp: removed where nothing ran" cleans 127 -- ./nowhere
	with_landlock "tmp: removed where a path is missing" \
		cleans 125 --ro nowhere -- true
	with_landlock "tmp: removed after best effort" sh -c '
		"$0" 38 "$1" --best-effort --tmp -- true 2>/dev/null && [ -z "$(ls tmp)" ]' \
		"$without" "$run"
	with_landlock "tmp: odd names" cleans 0 -- sh -c \
		'cd $TMPDIR && touch -- -rf "a b" .hidden "$(printf "n\nl")" && mkdir ./-d .d'
	with_landlock "tmp: links are removed, not followed" cleans 0 -- sh -c \
		'ln -s "$0" $TMPDIR/dir && mkdir $TMPDIR/d && ln -s "$0/file" $TMPDIR/d/file' \
		"$here/out"
	check "tmp: what they lead to stays" [ -e out/file ]
	with_landlock "tmp: closed directories" cleans 0 -- sh -c 'cd $TMPDIR &&
		mkdir -p a/b/c e && : >a/b/c/f && chmod 0 a/b/c a/b a e && chmod 0 .'
	with_landlock "tmp: deep ones" cleans 0 -- sh -c "$(make_deep)"
	with_landlock "tmp: a directory that took its place is not emptied" \
		replaced
}

# With the right to move what stands beside it, the command can put another
# directory there: it is left as it is
replaced()
{
	mkdir -p precious && : >precious/file
	status 0 "$run" --rwx / --tmp -- sh -c \
		'mv $TMPDIR $TMPDIR.old && mv precious $TMPDIR'
	find tmp -path '*/landlock-run.??????/file' | grep -q . || return 1
	rm -r tmp/landlock-run.*
}

ends_as()
{
	prints "$1" "$probe" wait "$run" --rwx / --tmp -- sh -c "$2"
}

# The parent's process; its child has said "ready" then
start_waiting()
{
	rm -f waiting
	# What the command is becomes the parent of its child
	"$run" --rwx / --tmp -- sh -c "$1" >waiting 2>/dev/null </dev/null &
	parent=$!
	until_is grep -q ready waiting
}

wait_parent()
{
	got=0
	wait "$parent" || got=$?
	[ "$got" -eq "$1" ] || {
		echo "status $got and not $1"
		return 1
	}
	nothing_left
}

forwards()
{
	start_waiting 'trap "echo got; exit 7" '"$1"'; echo ready
		while :; do sleep 0.1; done'
	kill -s "$1" "$parent"
	wait_parent 7 && grep -q got waiting
}

dies_of()
{
	start_waiting 'echo ready; while :; do sleep 0.1; done'
	kill -s "$1" "$parent"
	wait_parent "$2"
}

state_of()
{
	sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

is_stopped()
{
	[ "$(state_of "$parent")" = T ]
}

stops_and_goes_on()
{
	start_waiting 'echo $$; echo ready; sleep 0.3; kill -STOP $$; exit 5'
	until_is is_stopped || return 1
	kill -s CONT "$parent"
	wait_parent 5
}

# Ended, whether somebody has waited for it or not
is_gone()
{
	! kill -0 "$1" || [ "$(state_of "$1")" = Z ]
}

# The directory is left behind then: nobody is there to remove it
killed()
{
	start_waiting 'echo $$; echo ready; while :; do sleep 0.1; done'
	child=$(head -n 1 waiting)
	kill -s KILL "$parent"
	wait "$parent" || :
	rm -r tmp/landlock-run.*
	until_is is_gone "$child"
}

test_signals()
{
	with_landlock "tmp: the command's status" ends_as "exit 42" 'exit 42'
	for signal in 1 2 3 6 9 11 13 15; do
		with_landlock "tmp: ends by the command's signal $signal" \
			ends_as "signal $signal" "kill -$signal \$\$"
	done
	# Not INT and QUIT: a shell has its background ignore them
	for signal in TERM HUP USR1 USR2 ALRM; do
		with_landlock "tmp: forwards $signal" forwards "$signal"
	done
	with_landlock "tmp: dies of a signal, and nothing is left" dies_of TERM 143
	with_landlock "tmp: stops and goes on with the command" stops_and_goes_on
	with_landlock "tmp: killed, it takes the command along" killed
	with_landlock "tmp: signals ignored before stay so" prints ignored \
		sh -c 'trap "" INT; "$0" --rwx / --tmp -- sh -c "kill -INT \$\$
			echo ignored"' "$run"
}

test_directory
test_removal
test_signals
finish
