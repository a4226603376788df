# SPDX-License-Identifier: 0BSD OR MIT
# fish completion for landlock-run

set -l options complete -c landlock-run -n __fish_landlock_run_is_option

# The command's own words, once it has begun
function __fish_landlock_run_command
	set -l with_value --ro --rox --rw --rwx --unix --ioctl --refer --allow \
		--bind-tcp --connect-tcp --bind-udp --connect-udp --env --require \
		--version-abi --quiet --check
	set -l words (commandline -opc) (commandline -ct)
	set -e words[1]
	while set -q words[2]
		if test "$words[1]" = --
			set -e words[1]
			break
		else if contains -- "$words[1]" $with_value
			set -e words[1]
		else if not string match -qr '^[-@]' -- "$words[1]"
			break
		end
		set -e words[1]
	end
	printf '%s\n' $words
end

# The last of a list of rights, or the path behind its colon
function __fish_landlock_run_list
	set -l rights execute write_file read_file read_dir remove_dir remove_file \
		make_char make_dir make_reg make_sock make_fifo make_block make_sym refer \
		truncate ioctl_dev resolve_unix bind_tcp connect_tcp bind_udp \
		connect_send_udp abstract_unix_socket signal fs net scope all read write \
		ro_files ro_dirs rw_files rw_dirs
	set -l word (string replace -r '^--[a-z]+=' '' -- (commandline -ct))
	if string match -q '*:*' -- $word
		set -l grant (string split -m 1 : -- $word)
		printf '%s\n' $grant[1]:(__fish_complete_path $grant[2])
	else
		printf '%s\n' (string replace -rf '[^,]*$' '' -- $word)$rights
	end
end

function __fish_landlock_run_file
	set -l word (commandline -ct)
	string match -q '@*' -- $word; and printf '%s\n' @(__fish_complete_path (string sub -s 2 -- $word))
end

# Whether the last word may still be an option or the command
function __fish_landlock_run_is_option
	set -l words (commandline -opc)
	not contains -- -- $words; and test (count (__fish_landlock_run_command)) -le 1
end

complete -c landlock-run -n 'not __fish_landlock_run_is_option' \
	-xa '(complete -C (string join " " -- (__fish_landlock_run_command)))'
complete -c landlock-run -n __fish_landlock_run_is_option -a '(__fish_complete_command)'
complete -c landlock-run -n __fish_landlock_run_is_option -a '(__fish_landlock_run_file)'
$options -l ro -rF -d 'read'
$options -l rox -rF -d 'read, and start programs'
$options -l rw -rF -d 'read, write, create, remove, move; start nothing'
$options -l rwx -rF -d 'the same, and start programs'
$options -l unix -rF -d 'connect to a socket'
$options -l ioctl -rF -d 'ioctl on a device'
$options -l refer -rF -d 'move and link to and from other directories'
$options -l allow -xa '(__fish_landlock_run_list)' -d 'exactly these rights'
$options -l ignore-missing -f -d 'skip paths that aren\'t there'
$options -l bind-tcp -x -d 'listen on it (0: any that is free)'
$options -l connect-tcp -x -d 'connect to it'
$options -l bind-udp -x -d 'receive on it; clients need 0'
$options -l connect-udp -x -d 'send to it'
$options -l system -f -d 'the system\'s programs: libraries, locale, /dev/null'
$options -l dns -f -d 'names resolve'
$options -l tls -f -d 'certificates'
$options -l tty -f -d 'the terminal'
$options -l tmp -f -d 'a directory for this run, in TMPDIR; removed after'
$options -l add-exec -f -d 'the command\'s own file'
$options -l ldd -f -d 'the command\'s shared libraries'
$options -l env -xa '(set -xn)' -d 'this variable, and none but those named'
$options -l clear-env -f -d 'none but those named'
$options -l strict -f -d 'an error if anything can\'t be enforced'
$options -l best-effort -f -d 'run even if nothing can be enforced'
$options -l require -xa '(__fish_landlock_run_list)' -d 'an error if these can\'t be enforced'
$options -l version-abi -xa '1 2 3 4 5 6 7 8 9 10 11' -d 'restrict what Landlock ABI N knows, no more'
$options -l unrestricted-filesystem -f -d 'leave files alone'
$options -l unrestricted-network -f -d 'leave ports alone'
$options -l unrestricted-scoped -f -d 'leave signals and abstract sockets alone'
$options -l allow-new-privs -f -d 'let setuid programs work (needs privilege)'
$options -l quiet -xa '(__fish_landlock_run_list)' -d 'don\'t log denials of these'
$options -l log-same-exec-off -f -d 'don\'t log denials of the command itself'
$options -l log-new-exec-on -f -d 'log denials of programs that it executes'
$options -l log-subdomains-off -f -d 'don\'t log denials of sandboxes within'
$options -l abi -f -d 'tell what this kernel can restrict'
$options -l dry-run -f -d 'tell what would be enforced; run nothing'
$options -l check -xa '(__fish_landlock_run_list)' -d 'tell whether it is allowed, or RIGHTS:PORT'
$options -l why -f -d 'tell at the end what was denied, and which option allows it'
$options -l learn -f -d 'restrict nothing; tell which options it needed'
$options -l tight -f -d 'those of each file, not of its directory'
$options -l json -f -d 'tell it for programs'
$options -l verbose -f -d 'tell what was enforced, and run'
$options -l version -f -d 'show the version'
$options -l help -f -d 'show the options'
