# SPDX-License-Identifier: 0BSD OR MIT
# shellcheck shell=sh
# Counting for the tests of the build: each check is named, run and counted,
# and a script that ends before its end has failed.

export LC_ALL=C
n_passed=0
n_failed=0
n_skipped=0
is_finished=no
scratch=$(mktemp -d)
trap 'leave $?' EXIT
trap 'exit 1' HUP INT PIPE TERM

leave()
{
	rm -rf "$scratch"
	if [ "$is_finished" = no ]; then
		echo "the test ended early"
		[ "$1" -ne 0 ] || exit 1
	fi
}

passed()
{
	n_passed=$((n_passed + 1))
	echo "ok: $1"
}

failed()
{
	n_failed=$((n_failed + 1))
	echo "FAILED: $1"
}

skipped()
{
	n_skipped=$((n_skipped + 1))
	echo "skipped: $1: $2"
}

# check NAME COMMAND ...: exit status 0 passes, 77 skips, others fail
check()
{
	name=$1
	shift
	status=0
	"$@" >"$scratch/output" 2>&1 || status=$?
	case $status in
	0) passed "$name" ;;
	77) skipped "$name" "$(tail -n 1 "$scratch/output")" ;;
	*)
		failed "$name"
		sed 's/^/  | /' "$scratch/output"
		;;
	esac
}

# check_empty NAME LIST: what was found should not be there
check_empty()
{
	check "$1" refuse_output "$2"
}

refuse_output()
{
	[ -z "$1" ] || {
		echo "$1"
		return 1
	}
}

# check_same NAME WANTED FOUND: both sorted
check_same()
{
	echo "$2" >"$scratch/wanted"
	echo "$3" >"$scratch/found"
	check "$1" diff "$scratch/wanted" "$scratch/found"
}

has()
{
	command -v "$1" >/dev/null 2>&1
}

# can_run COMPILER [OPTION ...]: what it makes, with a libc
can_run()
{
	echo 'int main(void) { return 0; }' |
		"$@" -x c - -o "$scratch/empty" 2>/dev/null && "$scratch/empty"
}

# add_counts LINE: another's closing line
add_counts()
{
	counts=$(echo "$1" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	[ -n "$counts" ] || {
		failed "what is counted ended early: $1"
		return
	}
	# shellcheck disable=SC2086 # three numbers
	set -- $counts
	n_passed=$((n_passed + $1))
	n_failed=$((n_failed + $2))
	n_skipped=$((n_skipped + $3))
}

# Closing line and exit status: nothing but skips is meson's 77
finish()
{
	is_finished=yes
	echo "$n_passed passed, $n_failed failed, $n_skipped skipped"
	[ "$n_failed" -eq 0 ] || exit 1
	[ "$n_passed" -eq 0 ] || exit 0
	[ "$n_skipped" -eq 0 ] || exit 77
	exit 1
}
