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
# With a value, and without
valued=$("$1" --help | sed -n 's/^  \(--[a-z-]*\) [A-Z].*/\1/p')
plain=$(echo "$options" | grep -vxF -e "$valued")
folder=$(realpath "$2")
manual=$(realpath "$3")
words=$(cd "$(dirname "$0")" && pwd)/zsh-words
cd "$scratch"
mkdir folder-of-files

# Prints what the last word of a line becomes, one a line; readline's part is to
# break the line at blanks, = and :
in_bash()
{
	bash --norc -c '
		source "$0/landlock-run.bash"
		COMP_LINE=$1 rest=$1 COMP_WORDS=()
		while [[ $rest =~ ^[[:space:]]*([=:]+|[^[:space:]=:]+)(.*)$ ]]; do
			COMP_WORDS+=("${BASH_REMATCH[1]}")
			rest=${BASH_REMATCH[2]}
		done
		[[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_landlock_run
		printf "%s\n" "${COMPREPLY[@]}"' "$folder" "$1" 2>/dev/null | sort
}

in_fish()
{
	fish -N -c 'source $argv[1]/landlock-run.fish
		complete -c llk-command -l almost-all
		complete -C $argv[2]' "$folder" "$1" | sed 's/	.*//' | sort
}

in_zsh()
{
	timeout 60 zsh -f "$words" "$folder" "$1" | grep . | sort
}

# has_word WORD SHELL LINE
has_word()
{
	"in_$2" "$3" >found || :
	grep -qxF -e "$1" found || {
		cat found
		return 1
	}
}

has_not()
{
	! has_word "$@"
}

# After an option with a value the next word is the value, after others not
values_are_known()
{
	for option in $valued; do
		has_word --json "$1" "landlock-run $option x --js" || return 1
	done
	for option in $plain; do
		[ "$option" = --json ] ||
			has_not --json "$1" "landlock-run $option x --js" || return 1
	done
}

# What the shells replace differs: fish the whole word, bash what is behind the
# last = or :, zsh what its functions have not set aside
test_shell()
{
	slash=$2
	check_same "$1: all options" "$options" "$("in_$1" 'landlock-run --')"
	check "$1: which have a value" values_are_known "$1"
	check "$1: a path" \
		has_word "folder-of-files$slash" "$1" 'landlock-run --ro fol'
	check "$1: a path behind =" \
		has_word "${3}folder-of-files$slash" "$1" 'landlock-run --ro=fol'
	check "$1: a right" has_word read_file "$1" 'landlock-run --require read_'
	check "$1: a right in a list" \
		has_word "${4}refer" "$1" 'landlock-run --require execute,ref'
	check "$1: a right to allow" \
		has_word read_file "$1" 'landlock-run --allow read_'
	check "$1: the path behind rights" has_word "${5}folder-of-files$slash" "$1" \
		'landlock-run --allow read_file:fol'
	check "$1: a version" has_word 11 "$1" 'landlock-run --version-abi 1'
	check "$1: an @FILE" \
		has_word "${6}folder-of-files$slash" "$1" 'landlock-run @fol'
	check "$1: the command" has_word ls "$1" 'landlock-run --ro / ls'
	check "$1: the command, after --" has_word ls "$1" 'landlock-run -- ls'
	check "$1: no option behind the command" \
		has_not --strict "$1" 'landlock-run --ro / ls --s'
	for before in '--ro ls' '--ro=ls' '--allow read:/usr' '--env A=1' '@x'; do
		check "$1: $before is not the command" \
			has_word --strict "$1" "landlock-run $before --s"
	done
}

test_bash()
{
	test_shell bash '' '' execute, '' @
}

test_fish()
{
	test_shell fish / --ro= execute, read_file: @
	check "fish: the command's own" \
		has_word --almost-all fish 'landlock-run --ro / llk-command --al'
	check "fish: the command's own, after --" \
		has_word --almost-all fish 'landlock-run -- llk-command --al'
}

test_zsh()
{
	if zsh -f -c 'zmodload zsh/zpty' 2>/dev/null; then
		test_shell zsh '' '' '' '' ''
	else
		skipped "zsh" "it has no zpty here"
	fi
}

check "help: has options" [ -n "$options" ]
for shell in bash fish zsh; do
	if has $shell; then
		test_$shell
	else
		skipped "$shell" "$shell is not here"
	fi
done
check_same "manual: all options" "$options" "$(
	sed -n '/^# OPTIONS/,/^# MODES/s/^\*--/&/p' "$manual" |
		grep -o -e '--[a-z-]*\*' | tr -d '*' | sort -u
)"
finish
