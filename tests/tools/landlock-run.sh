#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run as a user meets it: what is allowed, what denied, what it says,
# how it exits.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landlock-run.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

test_files()
{
	with_landlock "ro: reads" prints content system --ro in -- cat in/file
	with_landlock "ro: lists" prints file system --ro in -- ls in
	with_landlock "ro: reads nothing else" \
		says 1 "Permission denied" system --ro in -- cat out/file
	with_landlock "ro: does not write" \
		status 2 system --ro in -- sh -c 'echo x > in/new'
	check "ro: the file was not made" [ ! -e in/new ]
	with_landlock "rw: writes" \
		status 0 system --rw in -- sh -c 'echo x > in/new && rm in/new'
	with_landlock "rw: writes nowhere else" \
		status 2 system --rw in -- sh -c 'echo x > out/new'
	check "rw: the file was not made" [ ! -e out/new ]
	cp /bin/true in/true
	with_landlock "rw: starts nothing" \
		says 126 "--rox" system --rw in -- in/true
	with_landlock "ro: starts nothing" status 126 system --ro in -- in/true
	with_landlock "rox: starts" status 0 system --rox in -- in/true
	with_landlock "rox: does not write" \
		status 2 system --rox in -- sh -c 'echo x > in/new'
	with_landlock "rwx: starts" status 0 system --rwx in -- in/true
	with_landlock "rwx: writes" \
		status 0 system --rwx in -- sh -c 'echo x > in/new && rm in/new'
	with_landlock "a file alone is granted" \
		prints content system --ro in/file -- cat in/file
	with_landlock "a file alone: not its directory" \
		status 2 system --ro in/file -- ls in
	# bug class U
	with_landlock "options add up in any order" prints content \
		system --rw in --ro out/file -- cat out/file
	with_landlock "without options nothing starts" \
		says 126 "--rox" "$run" -- cat in/file
	since 3 "ro: does not truncate" \
		status 13 probing --ro in -- "$probe" truncate in/file
	since 3 "rw: truncates" status 0 probing --rw in -- sh -c \
		'echo x >in/short && "$0" truncate in/short' "$probe"
}

test_moves()
{
	mkdir -p in/a in/b both
	: >in/a/moved
	since 2 "rw: moves between directories" \
		status 0 system --rw in -- mv in/a/moved in/b/moved
	since 2 "rw: moves not from elsewhere" \
		status 1 system --ro out --rw in -- mv out/file in/b/moved2
	: >both/file
	# No mv: it would copy
	since 2 "refer: links into another directory" status 0 \
		probing --allow make_reg:both --allow make_reg:in \
		--refer both --refer in -- "$probe" link both/file in/linked
	since 2 "refer: without it, EXDEV" status 18 \
		probing --allow make_reg:both --allow make_reg:in \
		-- "$probe" link both/file in/linked2
	since 2 "refer: on one of both, EXDEV" status 18 \
		probing --allow make_reg:both --allow make_reg:in \
		--refer in -- "$probe" link both/file in/linked2
	# ABI 1 and no Landlock refuse before the file is looked at
	since 2 "refer: on a file is an error" \
		says 125 '--refer "in/file": not a directory' \
		"$run" --refer in/file -- true
}

test_exact_rights()
{
	with_landlock "allow: exactly these" \
		prints content system --allow read_file:in -- cat in/file
	with_landlock "allow: and no others" \
		status 2 system --allow read_file:in -- ls in
	with_landlock "allow: a preset's name" \
		prints file system --allow read:out -- ls out
	mkdir -p 'a,b:c' ./-dash
	echo content >'a,b:c/file'
	echo content >./-dash/file
	with_landlock "allow: split at the first colon" prints content \
		system --allow 'read_file:a,b:c' -- cat 'a,b:c/file'
	with_landlock "a path may contain a comma" \
		prints content system --ro 'a,b:c' -- cat 'a,b:c/file'
	with_landlock "a path may begin with a dash" \
		prints content system --ro -dash -- cat ./-dash/file
	with_landlock "the same after =" \
		prints content system --ro=-dash -- cat ./-dash/file
	with_landlock "allow: if_present skips that path alone" status 0 \
		system --allow read_file,if_present:nowhere -- true
	with_landlock "allow: if_present skips no other" says 125 '--ro "nowhere"' \
		system --allow read_file,if_present:none --ro nowhere -- true
	with_landlock "allow: all rights of files" \
		prints content system --allow fs:in -- cat in/file
	check "125: allow: no colon" says 125 "colon" "$run" --allow read -- true
	check "125: allow: an unknown right" says 125 '--allow "read_fiel"' \
		"$run" --allow read_fiel:in -- true
	check "125: allow: a right of ports" says 125 "--bind-tcp" \
		"$run" --allow bind_tcp:80 -- true
	check "125: allow: no right" says 125 "no right" \
		"$run" --allow preset:in -- true
	check "125: allow: no path" says 125 "path is empty" \
		"$run" --allow read: -- true
	with_landlock "125: allow: a directory's right on a file" \
		says 125 '--allow "in/file": not a directory: read_dir' \
		"$run" --allow read_file,read_dir:in/file -- true
	check "125: allow: quiet without --quiet" says 125 "--quiet" \
		"$run" --allow quiet,read:in -- true
}

test_devices()
{
	since 5 "ioctl: allowed" \
		status 25 probing --rw /dev --ioctl /dev/null -- "$probe" ioctl /dev/null
	since 5 "ioctl: else denied" \
		status 13 probing --rw /dev -- "$probe" ioctl /dev/null
	since 5 "ioctl: not beside it" \
		status 13 probing --rw /dev --ioctl /dev/zero -- "$probe" ioctl /dev/null
}

test_sockets()
{
	serve unix "$probe" serve unix "$here/out/socket"
	serve abstract "$probe" serve abstract "llk-$$"
	since 9 "unix: allowed" prints hello \
		probing --unix out/socket -- "$probe" connect unix out/socket
	since 9 "unix: by its directory" prints hello \
		probing --unix out -- "$probe" connect unix out/socket
	since 9 "unix: else denied" \
		status 13 probing -- "$probe" connect unix out/socket
	since 9 "unix: rw does not connect" \
		status 13 probing --rw out -- "$probe" connect unix out/socket
	since 6 "abstract sockets are denied" \
		status 1 probing -- "$probe" connect abstract "llk-$$"
	since 6 "abstract sockets: unrestricted" prints hello \
		probing --unrestricted-scoped -- "$probe" connect abstract "llk-$$"
	since 6 "signals to processes outside are denied" \
		status 1 system -- sh -c 'kill -0 $0' $$
	since 6 "signals: unrestricted" status 0 \
		system --unrestricted-scoped -- sh -c 'kill -0 $0' $$
	with_landlock "signals within the sandbox" status 143 \
		system -- sh -c 'sh -c "kill \$\$"'
	stop_servers
}

test_ports()
{
	serve tcp "$probe" serve tcp 0
	tcp=$(cat "$scratch/tcp")
	serve udp "$probe" serve udp 0
	udp=$(cat "$scratch/udp")
	since 4 "connect-tcp: allowed" prints hello \
		probing --connect-tcp "$tcp" -- "$probe" connect tcp "$tcp"
	since 4 "connect-tcp: another port is denied" status 13 \
		probing --connect-tcp 10 -- "$probe" connect tcp "$tcp"
	since 4 "connect-tcp: without it denied" status 13 \
		probing -- "$probe" connect tcp "$tcp"
	since 4 "connect-tcp: repeatable" prints hello \
		probing --connect-tcp 9 --connect-tcp "$tcp" \
		-- "$probe" connect tcp "$tcp"
	since 4 "bind-tcp: allowed" status 0 \
		probing --bind-tcp 0 -- "$probe" bind tcp 0
	since 4 "bind-tcp: another port is denied" status 13 \
		probing --bind-tcp 80 -- "$probe" bind tcp 0
	since 4 "connect-tcp does not let bind" status 13 \
		probing --connect-tcp 0 -- "$probe" bind tcp 0
	since 10 "connect-udp: allowed" prints hello probing --bind-udp 0 \
		--connect-udp "$udp" -- "$probe" connect udp "$udp"
	since 10 "connect-udp: another port is denied" status 13 \
		probing --bind-udp 0 --connect-udp 10 -- "$probe" connect udp "$udp"
	since 10 "connect-udp: not by connect-tcp" status 13 \
		probing --bind-udp 0 --connect-tcp "$udp" \
		-- "$probe" connect udp "$udp"
	since 10 "bind-udp: allowed" status 0 \
		probing --bind-udp 0 -- "$probe" bind udp 0
	since 10 "bind-udp: another port is denied" status 13 \
		probing --bind-udp 53 -- "$probe" bind udp 0
	with_landlock "unrestricted-network: all ports" prints hello \
		probing --unrestricted-network -- "$probe" connect tcp "$tcp"
	with_landlock "unrestricted-network: files stay restricted" \
		status 1 system --unrestricted-network -- cat in/file
	stop_servers
}

test_unrestricted()
{
	# The kernel alone shows that something is enforced: ports from ABI 4 on
	since 4 "unrestricted-filesystem: all files" \
		prints content "$run" --unrestricted-filesystem -- cat in/file
	since 4 "unrestricted-filesystem: ports stay restricted" status 13 \
		"$run" --unrestricted-filesystem -- "$probe" bind tcp 0
	since 4 "unrestricted-filesystem: rules of files have nothing to add" \
		prints content "$run" --unrestricted-filesystem --ro nowhere \
		-- cat in/file
	check "125: nothing is left to restrict" says 125 "nothing is left" \
		"$run" --unrestricted-filesystem --unrestricted-network \
		--unrestricted-scoped -- true
	check "125: nor by best effort" says 125 "nothing is left" \
		"$run" --unrestricted-filesystem --version-abi 3 --best-effort -- true
}

test_environment()
{
	A=1
	B=2
	export A B
	with_landlock "without env: the caller's" \
		prints 12 system -- sh -c 'echo $A$B'
	with_landlock "env NAME: that alone" \
		prints 1- system --env A -- sh -c 'echo $A-$B'
	with_landlock "env NAME=VALUE" \
		prints 3=4 system --env A=3=4 -- sh -c 'echo $A'
	with_landlock "env: a comma is part of the value" \
		prints A=1,B=2 system --env A=1,B=2 -- env
	with_landlock "env: the last one counts" \
		prints A=6 system --env A=5 --env A=6 -- env
	with_landlock "env: a NAME that isn't set is left out" \
		prints "" system --env LLK_NOT_SET -- env
	with_landlock "env: a NAME that isn't set takes an earlier one away" \
		prints "" system --env LLK_NOT_SET=1 --env LLK_NOT_SET -- env
	with_landlock "env: the others stay when one is taken away" prints B=2 \
		system --env LLK_NOT_SET=1 --env B --env LLK_NOT_SET -- env
	with_landlock "env: a name that begins the same is another" \
		prints AB=7 system --env AB=7 --env LLK_NOT_SET -- env
	with_landlock "env: PATH finds the command before it is gone" \
		prints A=1 system --env A -- env
	with_landlock "clear-env: nothing" prints "" system --clear-env -- env
	with_landlock "clear-env: but what is named, in any order" \
		prints B=2 system --env B --clear-env -- env
}

test_exit_status()
{
	with_landlock "the command's own status" \
		status 42 system -- sh -c 'exit 42'
	with_landlock "a signal is the command's own" \
		status 143 sh -c "\"\$0\" --rox / -- sh -c 'kill \$\$'; exit \$?" "$run"
	with_landlock "127: not found in PATH" \
		says 127 "not found in PATH" system -- llk-no-such-command
	with_landlock "127: a path that isn't there" \
		status 127 system --ro in -- in/no-such-command
	with_landlock "126: not executable" status 126 system --ro in -- in/file
	mkdir path
	echo >path/llk-not-executable
	PATH=path:$PATH check "126: in PATH, but not executable" \
		says 126 "not executable" "$run" -- llk-not-executable
	printf '#!/no/such/interpreter\n' >in/script
	chmod +x in/script
	with_landlock "127: the interpreter is missing, and that is said" \
		says 127 "its interpreter is missing" system --rox in -- in/script
	cp /bin/true in/copy
	with_landlock "126: a program without --rox: it is advised" \
		says 126 "need --rox" "$run" --ro in -- in/copy
	with_landlock "126: not for what isn't executable anyway" \
		says_not 126 "need --rox" "$run" --ro in -- in/file
	with_landlock "126: nor for a directory" \
		says_not 126 "need --rox" "$run" --ro in -- ./in
	check "125: no room to write to" status 125 sh -c '"$0" --help >/dev/full' "$run"
	check "125: no room for --abi" status 125 sh -c '"$0" --abi >/dev/full' "$run"
	if [ -e /dev/full ]; then
		with_landlock "125: what is missing can't be told" sh -c '
			"$0" --rwx / --verbose -- touch in/untold 2>/dev/full
			[ $? -eq 125 ] && [ ! -e in/untold ]' "$run"
		with_landlock "0: it can be told" sh -c '
			"$0" --rwx / --verbose -- touch in/told 2>/dev/null
			[ $? -eq 0 ] && [ -e in/told ]' "$run"
	fi
	check "0: help" status 0 "$run" --help
	check "0: version" status 0 "$run" --version
}

test_mistakes()
{
	newline='
'
	check "125: what the user wrote is escaped" \
		says 125 '--bind-tcp "a\x0ab": not a' \
		"$run" --bind-tcp "a${newline}b" -- true
	check "125: an unknown option is escaped" says 125 '"--a\x0ab": unknown' \
		"$run" "--a${newline}b" -- true
	check "127: a command is escaped" says 127 '"a\x0ab\"": not found' \
		"$run" -- "a${newline}b\""
	check "125: a control of 8 bits is escaped" says 125 '"a\x9b2J"' \
		"$run" --bind-tcp "$(printf 'a\2332J')" -- true
	check "125: the same in UTF-8" says 125 '"a\xc2\x9b2J"' \
		"$run" --bind-tcp "$(printf 'a\302\2332J')" -- true
	check "125: and in an overlong form" says 125 '\x80\x9b2J"' \
		"$run" --bind-tcp "$(printf 'a\340\200\2332J')" -- true
	check "125: what turns the text is escaped" says 125 '"a\xe2\x80\xaab"' \
		"$run" --bind-tcp "$(printf 'a\342\200\252b')" -- true
	check "125: and what overrides its order" says 125 '"a\xe2\x80\xaeb"' \
		"$run" --bind-tcp "$(printf 'a\342\200\256b')" -- true
	check "125: an isolate is escaped" says 125 '"a\xe2\x81\xa6b"' \
		"$run" --bind-tcp "$(printf 'a\342\201\246b')" -- true
	check "125: letters are left as they are" says 125 '"äÀ→😀"' \
		"$run" --bind-tcp 'äÀ→😀' -- true
	check "125: no command" says 125 "no command" "$run" --ro in
	check "125: an unknown option" says 125 "--help" "$run" --nope
	check "125: a short option" says 125 "unknown option" "$run" -r -- true
	check "125: an option without its value" says 125 '"--ro": a value' "$run" --ro
	check "125: a value where there is none" \
		says 125 '"--dns=1": the option takes no value' "$run" --dns=1 -- true
	# --best means another option as soon as there is another --best
	for option in --best --best-effor --bind-t=80 --h; do
		check "125: $option is no option" \
			says 125 "can't be abbreviated; write --" "$run" "$option" 80 -- true
	done
	check "125: --b is ambiguous, so unknown" \
		says 125 "unknown option" "$run" --b 80 -- true
	with_landlock "125: a path that isn't there" \
		says 125 '--ro "no-such-path": No such file or directory (--ignore-missing' \
		"$run" --ro no-such-path -- true
	with_landlock "125: no constant of C in it" says_not 125 LLK_ \
		"$run" --ro no-such-path -- true
	with_landlock "125: a path through a file" \
		says 125 '--rw "in/file/x": Not a directory' "$run" --rw in/file/x -- true
	with_landlock "ignore-missing: skips it" \
		prints content system --ro in --ro no-such-path --ignore-missing \
		-- cat in/file
	with_landlock "ignore-missing: no other error" \
		says 125 "Not a directory" "$run" --ignore-missing --ro in/file/x -- true
	check "125: an empty path" says 125 "a path is empty" "$run" --ro "" -- true
	check "125: an empty path, skipping" says 125 "a path is empty" \
		"$run" --ignore-missing --ro "" -- true
	for number in 65536 66000 99999999999999999999 http "" -1 " 1" 1x 0x50 +1; do
		check "125: port '$number'" says 125 "--bind-tcp \"$number\"" \
			"$run" --bind-tcp "$number" -- true
	done
	check "125: a variable without name" \
		says 125 '--env "=1"' "$run" --env =1 -- true
	check "125: best effort and strict" says 125 "exclude each other" \
		"$run" --best-effort --strict -- true
	check "125: json without something to tell" says 125 "--json is for" \
		"$run" --json -- true
	check "127: a command that begins with a dash" says 127 '"-x": not found' \
		"$run" -- -x
}

test_modes()
{
	if [ "$abi" -ge 10 ]; then
		check "all is enforced in silence" prints "" system -- true
		check "strict: enforced" status 0 system --strict -- true
	else
		with_landlock "what is missing is told, and the command runs" \
			says 0 "partly enforced: Linux" system -- true
		with_landlock "best effort: told too" \
			says 0 "partly enforced: Linux" system --best-effort -- true
		with_landlock "strict: anything missing is an error" \
			says 125 "failed: Linux" system --strict -- true
		check "strict: the command did not run" \
			status 1 sh -c '"$0" --strict --rwx / -- touch ran; [ -e ran ]' "$run"
	fi
	for error in 1 38 95; do
		check "nothing to enforce is an error (errno $error)" \
			says 125 "not enforced: " "$without" "$error" "$run" -- true
		check "nothing to enforce, strict (errno $error)" \
			says 125 "failed: " "$without" "$error" "$run" --strict -- true
		check "nothing to enforce, best effort: told and run (errno $error)" \
			says 0 "not enforced: " \
			"$without" "$error" "$run" --best-effort -- true
		check "nothing to enforce, required: an error (errno $error)" \
			says 125 "failed: " "$without" "$error" \
			"$run" --best-effort --require execute -- true
	done
	check "nothing to enforce: what to do is told" says 125 "--best-effort" \
		"$without" 38 "$run" -- true
	check "off at boot: says how to turn it on" says 125 "lsm=" \
		"$without" 95 "$run" -- true
	# bug class V
	with_landlock "best effort does not forgive a missing path" \
		says 125 "No such file" "$run" --best-effort --ro no-such-path -- true
	with_landlock "verbose: tells what was done, and runs" \
		says 0 'runs "' system --verbose -- true
	with_landlock "verbose: the outcome too" \
		says 0 "enforced: " system --verbose -- true
}

test_files
test_moves
test_exact_rights
test_devices
test_sockets
test_ports
test_unrestricted
test_environment
test_exit_status
test_mistakes
test_modes
finish
