#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run --why: each kind of line word for word, programs of all kinds that
# are followed, and that nothing else changes.
# shellcheck disable=SC2016,SC2317 # $$ is for the sandboxed shell; check calls
# usage: observer.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE OBSERVED EXAMPLES SOURCE
set -eu
observed=$(realpath "$4")
examples=$(realpath "$5")
source=$(realpath "$6")
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

here=$(realpath "$here")
# A 32-bit landlock-run doesn't see the calls of 64-bit programs
if ! is_of_one_size; then
	check "a 32-bit one says that it does not see them" says 125 \
		"does not see 64-bit" "$run" --why -- true
	skipped "all of --why" "the programs here have words of another size"
	finish
	exit
fi

chmod 755 "$scratch" "$here" in out
chmod 644 in/file out/file

# Some architectures have only the newer of two calls: "openat" becomes "open".
# And each libc has its own words.
shorten_calls()
{
	sed 's/^\([^:]*: [a-z]*\)at2\{0,1\} /\1 /
		s/: Invalid cross-device link,/: Cross-device link,/' stderr >lines
}

why()
{
	code=0
	system --ro /proc --rw /dev/null --rox "$(dirname "$probe")" --rox "$examples" --why "$@" \
		>stdout 2>stderr </dev/null || code=$?
	shorten_calls
	return "$code"
}

# Nothing of this run is denied, but what the program does itself
alone()
{
	code=0
	"$run" --unrestricted-filesystem --unrestricted-network \
		--unrestricted-scoped --why "$@" >stdout 2>stderr </dev/null ||
		code=$?
	shorten_calls
	return "$code"
}

has_line()
{
	grep -qxF -e "$1" lines || {
		echo "no such line: $1"
		cat lines
		return 1
	}
}

# told LINE OPTIONS -- COMMAND: it fails, and the line is there
told()
{
	line=$1
	shift
	! why "$@" || {
		echo "it did not fail: $*"
		return 1
	}
	has_line "$line"
}

# told_alone LINE COMMAND ...: of a program's own sandbox
told_alone()
{
	line=$1
	shift
	alone -- "$@" || :
	has_line "$line"
}

# silent OPTIONS -- COMMAND: it succeeds, and no line tells of anything
silent()
{
	why "$@" || {
		cat lines
		return 1
	}
	! grep -E ': (denied|.*not by this)' lines
}

#
# Each kind of line
#

test_files()
{
	with_landlock "told: a file" told \
		"cat: open $here/in/file: denied read_file -> --ro $here/in/file" \
		-- cat in/file
	with_landlock "silent: a file that may be read" silent --ro in -- cat in/file
	with_landlock "told: a directory" told \
		"ls: open $here/in: denied read_dir -> --ro $here/in" -- ls in
	with_landlock "told: a new directory" told \
		"mkdir: mkdir $here/in/new: denied make_dir on $here/in -> --rw $here/in" \
		-- mkdir in/new
	with_landlock "told: a new device" told \
		"probe: mknod $here/in/new: denied make_char on $here/in -> --rw $here/in" \
		-- "$probe" mknod c in/new
	with_landlock "told: a whiteout" told \
		"probe: mknod $here/in/new: denied $(making_whiteouts) on $here/in -> --rw $here/in" \
		-- "$probe" mknod w in/new
	with_landlock "told: a new file" told \
		"sh: open $here/in/new: denied write_file,make_reg on $here/in -> --rw $here/in" \
		-- sh -c ': >in/new'
	since 3 "told: a file to be written anew" told \
		"sh: open $here/in/file: denied write_file,truncate -> --rw $here/in/file" \
		-- sh -c ': >in/file'
	with_landlock "told: a file to be removed" told \
		"rm: unlink $here/in/file: denied remove_file on $here/in -> --rw $here/in" \
		-- rm -f in/file
	with_landlock "told: a file to be linked to" told \
		"ln: symlink $here/in/link: denied make_sym on $here/in -> --rw $here/in" \
		-- ln -s file in/link
	ln -s in/file "a link"
	with_landlock "told: what a link leads to" told \
		"cat: open $here/in/file: denied read_file -> --ro $here/in/file" \
		-- cat "a link"
	since 5 "told: a device" told \
		"probe: ioctl /dev/null: denied ioctl_dev -> --ioctl /dev/null" \
		--rw /dev/null -- "$probe" ioctl /dev/null
}

# By erratum 4
making_whiteouts()
{
	"$run" --abi | grep -q "^fixed errata:.* 4" && echo make_reg || echo make_char
}

test_names()
{
	mkdir "it's a"
	echo x >"it's a/file"
	with_landlock "told: as a word of the shell" told \
		"cat: open '$here/it'\\''s a/file': denied read_file -> --ro '$here/it'\\''s a/file'" \
		-- cat "it's a/file"
	name=$(printf 'new\nline\033[0m')
	echo x >"in/$name"
	with_landlock "told: without control characters" told \
		"cat: open \$'$here/in/new\\012line\\033[0m': denied read_file -> --ro \$'$here/in/new\\012line\\033[0m'" \
		-- cat "in/$name"
	with_landlock "told: one's own place in /proc" sh -c '
		"$0" --rox / --why -- cat /proc/self/mem 2>&1 >/dev/null | grep -q . &&
		"$0" --rox /usr --rox /bin --rox /lib --rox /lib64 --why -- \
			cat /proc/self/status 2>&1 |
		grep -qx "cat: openat /proc/self/status: denied read_file -> --ro /proc"' \
		"$run"
}

test_programs()
{
	cp /bin/true in/program
	printf '#!%s/in/interpreter\n' "$here" >in/script
	cp /bin/sh in/interpreter
	chmod 755 in/program in/script in/interpreter
	with_landlock "told: a program" told \
		"sh: execve $here/in/program: denied execute -> --rox $here/in/program" \
		--ro in -- sh -c 'in/program; exit $?'
	with_landlock "told: the command itself" told \
		"landlock-run: execve $here/in/program: denied execute,read_file -> --rox $here/in/program" \
		-- in/program
	with_landlock "told: a script's interpreter" told \
		"sh: execve $here/in/script: denied execute,read_file on $here/in/interpreter -> --rox $here/in/interpreter" \
		--rox in/script -- sh -c 'in/script; exit $?'
	with_landlock "126 suggests --why" says 126 "and --why for what is missing" \
		"$run" --ro in -- in/program
}

test_moves()
{
	with_landlock "told: a move that is denied" told \
		"mv: rename $here/in/file to $here/out/new: denied remove_file,refer on $here/in -> --rw $here/in" \
		--rw out -- mv in/file out/new
	since 2 "told: a move without refer" told \
		"ln: link $here/in/file to $here/out/new: denied refer on $here/out -> --refer $here/out" \
		--rw in --allow make_reg:out -- ln in/file out/new
	since 2 "told: what would be gained" told \
		"ln: link $here/in/file to $here/out/new: denied refer: the file would gain execute by moving from $here/in to $here/out -> give both the same rights: --rwx $here/in" \
		--rw in --allow make_reg,refer,execute:out -- ln in/file out/new
	since 2 "silent: a move between equals" silent --rw in --rw out -- \
		mv in/file out/new
	[ -e in/file ] || mv out/new in/file
	with_landlock "told: other file systems" other_file_systems
}

other_file_systems()
{
	[ "$(stat -c %d /dev)" != "$(stat -c %d in)" ] || {
		echo "one file system only"
		return 77
	}
	told "ln: link $here/in/file to /dev/llk-file: Cross-device link, not by this sandbox (different file systems)" \
		--rwx / -- ln in/file /dev/llk-file
}

test_others()
{
	since 4 "told: a port to connect to" told \
		"probe: connect port 9: denied connect_tcp -> --connect-tcp 9" \
		-- "$probe" connect tcp 9
	since 4 "told: a port to listen on" told \
		"probe: bind port 9999: denied bind_tcp -> --bind-tcp 9999" \
		-- "$probe" bind tcp 9999
	since 10 "told: a datagram" told \
		"probe: connect port 9: denied connect_send_udp -> --connect-udp 9" \
		-- "$probe" connect udp 9
	since 6 "told: a signal" told \
		"sh: kill process $$: denied signal: the process is outside of the sandbox -> --unrestricted-scoped" \
		-- sh -c "kill -0 $$"
	serve abstract "$probe" serve abstract "llk-$$"
	since 6 "told: an abstract socket" told \
		"probe: connect @llk-$$: denied abstract_unix_socket: the socket is outside of the sandbox -> --unrestricted-scoped" \
		-- "$probe" connect abstract "llk-$$"
	serve unix "$probe" serve unix "$here/in/socket"
	since 9 "told: a socket" told \
		"probe: connect $here/in/socket: denied resolve_unix -> --unix $here/in/socket" \
		-- "$probe" connect unix "$here/in/socket"
	stop_servers
}

# as_other COMMAND ...: without root's privilege
as_other()
{
	[ "$(id -u)" -eq 0 ] || {
		echo "only root can be another user"
		return 77
	}
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		"$@" >stdout 2>stderr </dev/null || code=$?
	shorten_calls
}

not_by_this()
{
	chmod 600 in/file
	as_other "$run" --rox / --why -- cat in/file || return
	has_line "cat: open $here/in/file: Permission denied, not by this sandbox (file permissions or another policy)"
}

by_both()
{
	as_other "$run" --rox / --why -- mkdir in/new || return
	has_line "mkdir: mkdir $here/in/new: denied make_dir on $here/in (file permissions deny it too) -> --rw $here/in"
}

not_readable()
{
	cp "$observed" in/observed
	chmod 755 in/observed
	chmod 600 in/file
	as_other "$run" --rox / --why -- in/observed closed in/file || return
	has_line "observed: 1 failed call not readable (the program can't be looked into)"
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		with_landlock "$@"
	else
		skipped "$1" "only root can do it"
	fi
}

in_chroot()
{
	mkdir -p jail/dir
	echo x >jail/dir/file
	ln -sf /dir jail/link
	told "observed: open $here/jail/dir/file: denied read_file -> --ro $here/jail/dir/file" \
		-- "$observed" chroot jail /../link/file
}

in_mount_namespace()
{
	alone -- unshare -m sh -c "mount -t tmpfs none in && echo x >in/new &&
		exec $observed by-hand /usr in/new" || :
	has_line "observed: open $here/in/new: denied read_file by its own sandbox (layer 1 of 1) -> it needs a rule for $here/in/new" ||
		has_line "observed: open /new: denied read_file by its own sandbox (layer 1 of 1) -> it needs a rule for /new"
}

test_privilege()
{
	with_landlock "told: not by this sandbox" not_by_this
	chmod 644 in/file
	with_landlock "told: file permissions, too" by_both
	with_landlock "told: what can't be read" not_readable
	as_root "told: in a chroot" in_chroot
	as_root "told: in a mount namespace" in_mount_namespace
	as_root "told: a mount" told \
		"observed: mount in: denied: nothing is mounted where files are restricted -> --unrestricted-filesystem" \
		-- "$observed" mount in
	as_root "told: the inside of another process" told \
		"cat: open /proc/$$/cwd/in/file: denied ptrace: the process is outside of the sandbox -> no option allows it" \
		--ro in -- cat "/proc/$$/cwd/in/file"
	as_root "told: the same of a file that is denied, too" told \
		"cat: open /proc/$$/cwd/in/file: denied ptrace: the process is outside of the sandbox -> no option allows it" \
		-- cat "/proc/$$/cwd/in/file"
}

#
# What is followed
#

forks()
{
	mkdir many
	for i in 0 1 2 3 4 5 6 7 8 9; do
		for k in 0 1 2 3 4 5 6 7 8 9; do
			touch "many/$i$k" "many/1$i$k" "many/2$i$k" "many/300"
		done
	done
	rename_zeros
	n=300
	[ -z "${LLK_LIVE_BRIEF:-}" ] || n=60
	why -- "$observed" forks $n many || return
	[ "$(grep -c "^observed: open $here/many/[0-9]*: denied read_file -> " lines)" -eq $n ]
}

# 07 is 7 for the program
rename_zeros()
{
	for i in 1 2 3 4 5 6 7 8 9; do
		mv "many/0$i" "many/$i"
	done
}

in_threads()
{
	why -- "$observed" threads in/file || return
	[ "$(grep -cxF -e "observed: open $here/in/file: denied read_file -> --ro $here/in/file" lines)" -eq 1 ]
}

in_32_bits()
{
	case $(uname -m) in
	x86_64) ;;
	*)
		echo "not on this processor"
		return 77
		;;
	esac
	has gcc || {
		echo "gcc is not here"
		return 77
	}
	gcc -m32 -idirafter "/usr/include/$(gcc -print-multiarch)" -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I "$source/include" \
		-o "$here/observed-32" "$source/tests/tools/observed.c" \
		"$source"/src/*.c "$source"/src/sys/*.c -pthread >/dev/null 2>&1 || {
		echo "no 32-bit programs can be built here"
		return 77
	}
	[ "$abi" -lt 4 ] ||
		told "observed-32: connect port 9: denied connect_tcp -> --connect-tcp 9" \
			--rox observed-32 -- ./observed-32 socketcall 9 || return
	told "observed-32: open $here/in/file: denied read_file -> --ro $here/in/file" \
		--rox observed-32 -- ./observed-32 by-hand /usr in/file || return
	told_alone "observed-32: open $here/in/file: denied read_file by its own sandbox (layer 1 of 1) -> it needs a rule for $here/in/file" \
		./observed-32 by-hand /usr in/file
}

test_followed()
{
	with_landlock "follows threads" in_threads
	with_landlock "follows an exec from a thread" told \
		"cat: open $here/in/file: denied read_file -> --ro $here/in/file" \
		-- "$observed" exec /bin/cat in/file
	with_landlock "follows forks side by side" forks
	with_landlock "follows a 32-bit program" in_32_bits
	with_landlock "follows what outlives the command" follows_orphans
	check "io_uring is not there" sh -c \
		'"$0" --best-effort --rwx / --why -- "$1" io_uring 2>/dev/null; [ $? -eq 38 ]' \
		"$run" "$observed"
}

follows_orphans()
{
	why -- sh -c '(sleep 1; cat in/file) & exit 0' || return
	until_is grep -q 'cat: openat* .*: denied' stderr
	shorten_calls
	has_line "cat: open $here/in/file: denied read_file -> --ro $here/in/file"
}

test_own_sandboxes()
{
	own="by its own sandbox (layer 1 of 1) -> it needs a rule for"
	with_landlock "its own sandbox: by hand" told_alone \
		"observed: open $here/in/file: denied read_file $own $here/in/file" \
		"$observed" by-hand /usr in/file
	with_landlock "its own sandbox: a thread's second layer" told_alone \
		"observed: open $here/in/file: denied read_file by its own sandbox (layer 2 of 2) -> it needs a rule for $here/in/file" \
		"$observed" two-layers / /usr in/file
	with_landlock "its own sandbox: of a first layer" told_alone \
		"observed: open $here/in/file: denied read_file $own $here/in/file" \
		"$observed" two-layers /usr / in/file
	with_landlock "its own sandbox: loaded before the fork" told_alone \
		"observed: open $here/in/file: denied read_file $own $here/in/file" \
		"$observed" prefork /usr in/file
	with_landlock "its own sandbox: of all threads" told_alone \
		"observed: open $here/in/file: denied read_file $own $here/in/file" \
		"$observed" all-threads /usr in/file
	with_landlock "its own sandbox: within this one" told \
		"observed: open $here/in/file: denied read_file by its own sandbox (layer 2 of 2) -> it needs a rule for $here/in/file" \
		--ro in -- "$observed" by-hand /usr in/file
	with_landlock "its own sandbox: an example's" told_alone \
		"self-sandbox: open /etc: denied read_dir $own /etc" \
		"$examples/self-sandbox" /etc
}

#
# Nothing else changes
#

# ends WANTED COMMAND ...
ends()
{
	wanted=$1
	shift
	got=0
	system --why -- "$@" >/dev/null 2>&1 || got=$?
	[ "$got" -eq "$wanted" ]
}

stops_and_goes_on()
{
	"$run" --best-effort --rwx / --why -- \
		sh -c 'echo $$ >pid; kill -STOP $$; echo on >on' 2>/dev/null &
	job=$!
	until_is test -s pid
	[ "$(cat pid)" -eq "$job" ] || return
	sleep 0.5
	[ ! -e on ] || return
	kill -CONT "$job"
	wait "$job"
	grep -q on on
}

# What a shell sees of a job: by waitpid
sees_the_stop()
{
	has python3 || {
		echo "python3 is not here"
		return 77
	}
	python3 - "$run" <<-'END'
		import os, signal, sys
		pid = os.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1], "--best-effort", "--rwx", "/",
		        "--why", "--", "sh", "-c", "kill -STOP $$; exit 7"])
		_, status = os.waitpid(pid, os.WUNTRACED)
		assert os.WIFSTOPPED(status), status
		assert os.WSTOPSIG(status) == signal.SIGSTOP, status
		os.kill(pid, signal.SIGCONT)
		_, status = os.waitpid(pid, 0)
		assert os.WEXITSTATUS(status) == 7, status
	END
}

# With the last line before the shell goes on
tells_before_the_end()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! why -- cat in/file || return
		has_line "cat: open $here/in/file: denied read_file -> --ro $here/in/file" ||
			return
	done
}

leaves_pipes_alone()
{
	[ "$("$run" --best-effort --rwx / --why -- echo piped 2>/dev/null | cat)" = piped ]
}

removes_tmp()
{
	mkdir -p tmp
	TMPDIR=$here/tmp why --tmp -- sh -c 'cat in/file; touch $TMPDIR/x' ||
		return
	has_line "cat: open $here/in/file: denied read_file -> --ro $here/in/file" &&
		[ -z "$(ls tmp)" ]
}

# No other process, no tracing, no filter
runs_plainly()
{
	has strace || {
		echo "strace is not here"
		return 77
	}
	strace -f -o trace -e trace=ptrace,seccomp,prctl,fork,vfork,clone,clone3 \
		"$run" --best-effort --rwx / -- true 2>/dev/null || return
	! grep -E 'ptrace\(|seccomp\(|SECCOMP|PTRACER|fork|clone' trace
}

test_unchanged()
{
	for status in 0 3; do
		with_landlock "ends with $status" ends $status sh -c "exit $status"
	done
	with_landlock "ends by SIGTERM" ends 143 sh -c 'kill -TERM $$'
	with_landlock "ends by SIGKILL" ends 137 sh -c 'kill -KILL $$'
	with_landlock "takes signals" ends 5 \
		sh -c 'trap "exit 5" USR1; kill -USR1 $$; sleep 5'
	with_landlock "127: not found" ends 127 /llk-nowhere
	check "stops and goes on" stops_and_goes_on
	check "its parent sees it stop" sees_the_stop
	with_landlock "tells before the end" tells_before_the_end
	check "leaves pipes alone" leaves_pipes_alone
	with_landlock "with --tmp" removes_tmp
	check "plain landlock-run observes nothing" runs_plainly
}

yama()
{
	unshare -m sh -c '
		mount -t tmpfs none /proc/sys/kernel || exit 77
		mkdir /proc/sys/kernel/yama
		echo 2 >/proc/sys/kernel/yama/ptrace_scope
		exec "$0" refused ptrace "$1" --best-effort --rwx / --why -- true' \
		"$observed" "$run"
}

test_refused()
{
	check "125: ptrace is forbidden" says 125 "(a seccomp filter or another" \
		"$observed" refused ptrace "$run" --best-effort --rwx / --why -- true
	check "125: a filter is forbidden" says 125 "of its own is refused" \
		"$observed" refused seccomp "$run" --best-effort --rwx / --why -- true
	check "125: observed already" says 125 "a debugger or another observer" \
		"$run" --best-effort --rwx / --why -- \
		"$run" --best-effort --rwx / --why -- true
	if [ "$(id -u)" -eq 0 ]; then
		check "125: Yama" says 125 "kernel.yama.ptrace_scope is 2" yama
	else
		skipped "125: Yama" "only root can mount"
	fi
	check "125: --why and --abi" says 125 "exclude each other" \
		"$run" --why --abi
}

#
# Against the kernel
#

make_places()
{
	rm -rf places
	for place in rw ro rwx none some rw/inner; do
		mkdir -p "places/$place/dir"
		echo x >"places/$place/file"
		ln -s file "places/$place/link"
	done
}

# All that the kernel denied is told, and nothing else
agrees()
{
	make_places
	some=make_reg,remove_file,write_file
	[ "$abi" -lt 2 ] || some=$some,refer
	why --rw places/rw --ro places/ro --rwx places/rwx \
		--allow "$some:places/some" -- "$observed" random "$1" \
		"$([ -n "${LLK_LIVE_BRIEF:-}" ] && echo 60 || echo 500)" places/rw \
		places/ro places/rwx places/none places/some places/rw/inner || return
	sort -u stdout >by-kernel
	sed -n 's/^\(op-[0-9]*\): .*: denied .*/\1/p' stderr | sort -u >by-model
	[ -s by-kernel ] && [ "$(cat by-kernel)" = "$(cat by-model)" ]
}

# What each line says is enough: from no option to the end
leads_to_success()
{
	set --
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		make_places
		! system "$@" --why -- sh -c 'mv places/ro/file places/rw/new &&
			cat places/none/file >places/some/new && mkdir places/some/x' \
			>stdout 2>stderr || return 0
		line=$(grep ': denied' stderr | tail -n 1)
		# shellcheck disable=SC2086 # an option and its value
		set -- "$@" ${line##*-> }
		echo "$*"
	done
	return 1
}

json_is_valid()
{
	has python3 || {
		echo "python3 is not here"
		return 77
	}
	why --json -- sh -c "cat in/file; mkdir in/new; kill -0 $$; mv in/file out/x
		$probe connect tcp 9" || :
	grep '^{' stderr >json
	[ "$(wc -l <json)" -ge 3 ] || return
	python3 - json "$source/docs/observer.schema.json" <<-'END'
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		schema = json.load(open(sys.argv[2]))
		known = schema["$defs"]["call"]
		for line in lines:
		    assert set(known["required"]) <= set(line), line
		    assert set(line) <= set(known["properties"]), line
		assert any(need.get("option", "").startswith("--ro=")
		           for line in lines for need in line.get("needs", [])), lines
		try:
		    import jsonschema
		except ImportError:
		    sys.exit(0)
		for line in lines:
		    jsonschema.validate(line, schema)
	END
}

test_against_kernel()
{
	for seed in 1 2 3; do
		with_landlock "agrees with the kernel: seed $seed" agrees $seed
	done
	since 2 "each option that is told helps" leads_to_success
	with_landlock "JSON: as the schema says" json_is_valid
}

test_files
test_names
test_programs
test_moves
test_others
test_privilege
test_followed
test_own_sandboxes
test_unchanged
test_refused
test_against_kernel
finish
