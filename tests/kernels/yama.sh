#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run under each setting of Yama, which forbids ptrace. The last one can't
# be taken back until the next boot: for the end of a test machine alone.
# shellcheck disable=SC2016,SC2317 # $0 is for the other shell; check calls
# usage: yama.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE, as root
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/../tools/run-lib.sh"
# Another user's, too
cd /
setting=/proc/sys/kernel/yama/ptrace_scope

as_root()
{
	"$run" --best-effort --rwx / "$@"
}

as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		"$run" --best-effort --rwx / "$@"
}

works()
{
	for user in "$@"; do
		check "$level: $user works" status 3 "$user" -- sh -c 'exit 3'
		for option in --why --learn; do
			check "$level: $user $option works" status 3 "$user" $option -- \
				sh -c 'exit 3'
		done
	done
}

# Nothing is run
is_refused()
{
	for option in --why --learn; do
		check "$level: $1 $option is refused" says 125 \
			"ptrace_scope is $level, and allows it $2" \
			"$1" $option -- touch /tmp/was-run
	done
	check "$level: nothing was run" test ! -e /tmp/was-run
}

set_level()
{
	level=$1
	check "$level: is set" sh -c 'echo "$0" >"$1" && [ "$(cat "$1")" = "$0" ]' \
		"$level" "$setting"
}

for level in 0 1; do
	set_level $level
	works as_root as_nobody
done
set_level 2
works as_root
is_refused as_nobody "to root alone"
check "2: as_nobody works without" status 0 as_nobody -- true
set_level 3
for user in as_root as_nobody; do
	is_refused $user "to nobody"
	check "3: $user works without" status 0 $user -- true
done
check "3: can't be taken back" sh -c '! echo 0 >"$0" 2>/dev/null' "$setting"
finish
