#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# The completions know each option, and no other, and where the command begins;
# and the manual has each.
# shellcheck disable=SC2016,SC2317 # for the other shells; check calls
# usage: completions.sh LANDLOCK_RUN FOLDER MANUAL
set -eu
# shellcheck source=tests/build/lib.sh
. "$(dirname "$0")/../build/lib.sh"

export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
options=$("$1" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort)
folder=$(realpath "$2")
manual=$(realpath "$3")
cd "$scratch"
mkdir folder-of-files

# Prints what the word after $line becomes, one a line
in_bash()
{
	bash --norc -c '
		source "$0/landlock-run.bash"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_landlock_run
		printf "%s\n" "${COMPREPLY[@]}"' "$folder" "$@" 2>/dev/null | sort
}

in_fish()
{
	fish -N -c 'source $argv[1]/landlock-run.fish
		complete -c llk-command -l almost-all
		complete -C $argv[2]' "$folder" "$1" | sed 's/	.*//' | sort
}

# has_word WORD COMMAND ...
has_word()
{
	word=$1
	shift
	"$@" >words || :
	grep -qxF -e "$word" words || {
		cat words
		return 1
	}
}

has_not()
{
	! has_word "$@"
}

test_bash()
{
	check_same "bash: all options" "$options" "$(in_bash landlock-run --)"
	check "bash: a path" has_word folder-of-files in_bash landlock-run --ro fol
	check "bash: a right in a list" has_word execute,refer \
		in_bash landlock-run --require execute,ref
	check "bash: a right" has_word read_file in_bash landlock-run --allow read_
	check "bash: a version" has_word 11 in_bash landlock-run --version-abi 1
	check "bash: the command" has_word ls in_bash landlock-run --ro / ls
	check "bash: the command, after --" has_word ls in_bash landlock-run -- ls
	check "bash: no option behind the command" \
		has_not --strict in_bash landlock-run --ro / ls --s
	check "bash: a value is not the command" \
		has_word --strict in_bash landlock-run --ro ls --s
	check "bash: an @FILE" has_word @folder-of-files in_bash landlock-run @fol
}

test_fish()
{
	check_same "fish: all options" "$options" "$(in_fish 'landlock-run --')"
	check "fish: a path" has_word folder-of-files/ in_fish 'landlock-run --ro fol'
	check "fish: a right" \
		has_word read_file in_fish 'landlock-run --require read_'
	check "fish: a version" has_word 11 in_fish 'landlock-run --version-abi 1'
	check "fish: the command's own" \
		has_word --almost-all in_fish 'landlock-run --ro / llk-command --al'
	check "fish: the command's own, after --" \
		has_word --almost-all in_fish 'landlock-run -- llk-command --al'
	check "fish: no option behind the command" \
		has_not --strict in_fish 'landlock-run --ro / llk-command --s'
	check "fish: a value is not the command" \
		has_word --strict in_fish 'landlock-run --ro ls --s'
}

test_zsh()
{
	check_same "zsh: all options" "$options" "$(
		sed -n "s/^	'\*\{0,1\}\(--[a-z-]*\)\[.*/\1/p" "$folder/_landlock-run" | sort
	)"
	if has zsh; then
		check "zsh: can be read" zsh -n "$folder/_landlock-run"
	else
		skipped "zsh: can be read" "zsh is not here"
	fi
}

check "help: has options" [ -n "$options" ]
for shell in bash fish; do
	if has $shell; then
		test_$shell
	else
		skipped "$shell" "$shell is not here"
	fi
done
test_zsh
check_same "manual: all options" "$options" "$(
	sed -n '/^# OPTIONS/,/^# MODES/s/^\*--/&/p' "$manual" |
		grep -o -e '--[a-z-]*\*' | tr -d '*' | sort -u
)"
finish
