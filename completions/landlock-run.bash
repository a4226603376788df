# SPDX-License-Identifier: 0BSD OR MIT
# shellcheck shell=bash
# bash completion for landlock-run

_landlock_run_rights='execute write_file read_file read_dir remove_dir
	remove_file make_char make_dir make_reg make_sock make_fifo make_block
	make_sym refer truncate ioctl_dev resolve_unix bind_tcp connect_tcp
	bind_udp connect_send_udp abstract_unix_socket signal fs net scope all
	read write ro_files ro_dirs rw_files rw_dirs'
_landlock_run_options='--ro --rox --rw --rwx --unix --ioctl --refer --allow
	--ignore-missing --bind-tcp --connect-tcp --bind-udp --connect-udp
	--system --dns --tls --tty --tmp --add-exec --ldd --env --clear-env
	--strict --best-effort --require --version-abi --unrestricted-filesystem
	--unrestricted-network --unrestricted-scoped --allow-new-privs --quiet
	--log-same-exec-off --log-new-exec-on --log-subdomains-off --abi
	--dry-run --check --why --learn --tight --json --verbose --version --help'

_landlock_run_words()
{
	local word
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <(compgen "$@")
}

# The last of a list of rights, or the path behind its colon
_landlock_run_list()
{
	local list=$1 before=
	if [[ $list == *:* ]]; then
		compopt -o filenames
		_landlock_run_words -f -- "${list#*:}"
		return
	fi
	[[ $list != *,* ]] || before=${list%,*},
	_landlock_run_words -W "$_landlock_run_rights" -P "$before" -- "${list##*,}"
	compopt -o nospace
}

# readline breaks words at = and : too. Those of the line into words, and where
# each begins in COMP_WORDS into begins.
_landlock_run_join()
{
	local i word line=$COMP_LINE last=-1
	words=() begins=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $last -ge 0 && -n $word && $line == "$word"* ]]; then
			words[last]+=$word
		else
			last=$((last + 1))
			words[last]=$word
			begins[last]=$i
		fi
		line=${line#*"$word"}
	done
}

# How many words an option is: 2 with its value, 1 without, 0 for no option
_landlock_run_length()
{
	case $1 in
	--ro | --rox | --rw | --rwx | --unix | --ioctl | --refer | --allow | \
		--bind-tcp | --connect-tcp | --bind-udp | --connect-udp | \
		--env | --require | --version-abi | --quiet | --check)
		echo 2
		;;
	-* | @*) echo 1 ;;
	*) echo 0 ;;
	esac
}

# Where the command begins in COMP_WORDS, or nothing
_landlock_run_command()
{
	local i=1 n
	while [ "$i" -lt $((${#words[@]} - 1)) ]; do
		if [ "${words[i]}" = -- ]; then
			echo "${begins[i + 1]}"
			return
		fi
		n=$(_landlock_run_length "${words[i]}")
		if [ "$n" -eq 0 ]; then
			echo "${begins[i]}"
			return
		fi
		i=$((i + n))
	done
}

_landlock_run()
{
	local words begins cur prev begin
	_landlock_run_join
	cur=${words[${#words[@]} - 1]} prev=${words[${#words[@]} - 2]}
	COMPREPLY=()
	begin=$(_landlock_run_command)
	if [ -n "$begin" ]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$begin"
		elif [ "$begin" -eq "$COMP_CWORD" ]; then
			_landlock_run_words -c -- "$cur"
		else
			_landlock_run_words -f -- "$cur"
		fi
		return
	fi
	if [[ $cur == --*=* ]]; then
		prev=${cur%%=*}
		cur=${cur#*=}
	fi
	case $prev in
	--ro | --rox | --rw | --rwx | --unix | --ioctl | --refer)
		compopt -o filenames
		_landlock_run_words -f -- "$cur"
		return
		;;
	--bind-tcp | --connect-tcp | --bind-udp | --connect-udp) return ;;
	--env)
		_landlock_run_words -e -- "$cur"
		return
		;;
	--version-abi)
		_landlock_run_words -W "1 2 3 4 5 6 7 8 9 10 11" -- "$cur"
		return
		;;
	--allow | --check | --require | --quiet)
		_landlock_run_list "$cur"
		return
		;;
	esac
	case $cur in
	-*) _landlock_run_words -W "$_landlock_run_options" -- "$cur" ;;
	@*) _landlock_run_words -f -P @ -- "${cur#@}" ;;
	*) _landlock_run_words -c -- "$cur" ;;
	esac
}

complete -F _landlock_run landlock-run
