#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# The examples do what their first lines say.
# usage: examples.sh FOLDER LANDLOCK_RUN WITHOUT_LANDLOCK
# shellcheck disable=SC2317 # check calls
set -eu
# shellcheck source=tests/build/lib.sh
. "$(dirname "$0")/../build/lib.sh"

# LeakSanitizer needs /proc, which the sandbox denies
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

examples=$1
without=$3
abi=$("$2" --abi 2>/dev/null | sed -n 's/^Landlock ABI: //p')
[ -n "$abi" ] || abi=0
readable=$(mktemp /tmp/llk-example.XXXXXX)
trap 'rm -f "$readable"; leave $?' EXIT

# says LINE COMMAND ...: a line of the output, on stdout or stderr
says()
{
	line=$1
	shift
	"$@" >"$scratch/said" 2>&1 || :
	grep -q -e "$line" "$scratch/said" || {
		cat "$scratch/said"
		return 1
	}
}

since()
{
	if [ "$abi" -ge "$1" ]; then
		shift
		check "$@"
	else
		skipped "$2" "needs ABI $1, this kernel has $abi"
	fi
}

self=$examples/self-sandbox
since 1 "self-sandbox: what it may read" says "^allowed $readable" "$self" "$readable"
since 1 "self-sandbox: what it may not" says "^denied  /etc/passwd" "$self" /etc/passwd

# Nobody listens on the discard port: allowed is refused by the peer
client=$examples/client
since 4 "client: the port it may connect to" \
	says "Connection refused" "$client" 9 127.0.0.1 9
since 4 "client: another port" says "Permission denied" "$client" 9 127.0.0.1 10

floor=$examples/floor-and-ceiling
since 3 "floor-and-ceiling: what it denies" says "^denied: .*truncate" "$floor"
for error in 1 38 95; do
	check "floor-and-ceiling: below the floor it fails (errno $error)" \
		says "failed: " "$without" "$error" "$floor"
done

# Workers that were there before the sandbox
workers=$examples/glib-workers
if [ -x "$workers" ]; then
	since 1 "glib-workers: all threads are restricted" \
		says "^sandbox: .*enforced: all" "$workers" "$readable"
	since 1 "glib-workers: what a worker may read" \
		says "^allowed $readable" "$workers" /etc/passwd "$readable"
	since 1 "glib-workers: what a worker may not" \
		says "^denied  /etc/passwd" "$workers" "$readable" /etc/passwd
else
	skipped "glib-workers" "built without GLib"
fi
finish
