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

# swapping HOW COMMAND ...: another one swaps the directory meanwhile; the
# command itself starts without the library
swapping()
{
	how=$1
	shift
	SWAP=$how LD_PRELOAD="$here/swap.so" "$@"
}

make_swap()
{
	cat >swap.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <unistd.h>
		static char made[4096];
		char *mkdtemp(char *name)
		{
			char *(*real)(char *) = (char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp");
			char *dir = real(name);
			if (!strcmp(getenv("SWAP"), "mode"))
				chmod(dir, 0755);
			if (!strcmp(getenv("SWAP"), "full") && rmdir(dir) == 0)
				rename("precious", dir);
			strcpy(made, dir);
			return dir;
		}
		pid_t fork(void)
		{
			pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
			if (!strcmp(getenv("SWAP"), "link") &&
			    rename(made, "moved") == 0 && symlink(getenv("TO"), made) == 0)
				puts("swapped"), fflush(stdout);
			unsetenv("LD_PRELOAD");
			return real();
		}
	END
	set --
	is_of_one_size || # whose headers lie with those of 64 bits
		set -- -m32 -idirafter "/usr/include/$(gcc -print-multiarch)"
	gcc "$@" -shared -fPIC -o swap.so swap.c -ldl
}

clear_swapped()
{
	rm -rf tmp/landlock-run.* moved
}

swapped_link()
{
	export TO="$here/out"
	status "$@" || return 1
	grep -q swapped "$scratch/stdout"
}

test_swaps()
{
	if ! has gcc; then
		skipped "tmp: swapped directories" "gcc is not here"
		return
	fi
	if ! make_swap ||
		! swapping none "$run" --version >/dev/null 2>&1; then
		skipped "tmp: swapped directories" "no library can be preloaded"
		return
	fi
	with_landlock "tmp: what a swapped path leads to is denied" \
		swapped_link 1 swapping link system --tmp -- \
		sh -c 'cat $TMPDIR/file'
	clear_swapped
	with_landlock "tmp: it is allowed where it is granted" \
		swapped_link 0 swapping link system --tmp --ro out -- \
		sh -c 'cat $TMPDIR/file'
	clear_swapped
	with_landlock "125: tmp: one that others may enter" \
		says 125 "can't be used" swapping mode system --tmp -- true
	clear_swapped
	mkdir -m 700 precious && : >precious/file
	with_landlock "125: tmp: one that is not empty" \
		says 125 "can't be used" swapping full system --tmp -- true
	clear_swapped
	with_landlock "tmp: not swapped, it runs" \
		cleans 0 -- true
}

# For what waits until a command ends, which a lost signal would keep from it
limited()
{
	timeout -k 5 60 "$@"
}

ends_as()
{
	prints "$1" limited "$probe" wait "$run" --rwx / --tmp -- sh -c "$2"
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

state_of()
{
	sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

# Ended, whether somebody has waited for it or not
is_gone()
{
	! kill -0 "$1" || [ "$(state_of "$1")" = Z ]
}

# wait_parent WANTED: ten seconds at most, then it is killed
wait_parent()
{
	got=0
	until_is is_gone "$parent" || kill -s KILL "$parent"
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

is_stopped()
{
	[ "$(state_of "$parent")" = T ]
}

# As a shell's job, which the terminal may stop
stops_and_goes_on()
{
	rm -f waiting
	python3 -c 'import os, sys
os.setpgid(0, 0)
os.execv(sys.argv[1], sys.argv[1:])' "$run" --rwx / --tmp -- \
		sh -c 'echo ready; sleep 0.3; kill -TSTP $$; exit 5' \
		>waiting 2>/dev/null </dev/null &
	parent=$!
	until_is is_stopped || return 1
	kill -s CONT "$parent"
	wait_parent 5
}

is_stopped_child()
{
	[ "$(state_of "$child")" = T ]
}

# Who stopped it continues it, and knows of no parent
stopped_by_itself()
{
	start_waiting 'echo $$; echo ready; sleep 0.3; kill -STOP $$; exit 5'
	child=$(head -n 1 waiting)
	until_is is_stopped_child || return 1
	sleep 0.2
	! is_stopped || return 1
	kill -s CONT "$child"
	wait_parent 5
}

# ends_by_timer WHICH SIGNAL: set before, it ends the command, as without --tmp
ends_by_timer()
{
	prints "signal $2" limited "$probe" wait python3 -c 'import os, signal, sys
signal.setitimer(int(sys.argv[1]), 0.3)
os.execv(sys.argv[2], sys.argv[2:])' "$1" "$run" --rwx / --tmp -- sleep 20
	nothing_left
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
	# Not INT and QUIT, which a shell has its background ignore, nor HUP: nohup
	for signal in TERM USR1 USR2 ALRM URG; do
		with_landlock "tmp: forwards $signal" forwards "$signal"
	done
	with_landlock "tmp: dies of a signal, and nothing is left" dies_of TERM 143
	with python3 "tmp: stops and goes on with the command" stops_and_goes_on
	with_landlock "tmp: goes on when the command alone was stopped" \
		stopped_by_itself
	with python3 "tmp: an alarm set before ends the command" ends_by_timer 0 14
	with_landlock "tmp: killed, it takes the command along" killed
	with_landlock "tmp: signals ignored before stay so" prints ignored \
		sh -c 'trap "" INT; "$0" --rwx / --tmp -- sh -c "kill -INT \$\$
			echo ignored"' "$run"
}

test_directory
test_removal
test_swaps
test_signals
finish
