#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run --why against the kernel's own word: its audit records (Linux 6.15)
# and its tracepoints (Linux 7.3). No denial is missed, and none is told that was
# not one.
# shellcheck disable=SC2016,SC2317 # $0 is for the sandboxed shell; check calls
# shellcheck disable=SC2086 # a path of the kernel's, names of ours
# usage: kernel-word.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE OBSERVED FOLDER
#	FOLDER has audit-records
set -eu
observed=$(realpath "$4")
records=$(realpath "$5")/audit-records
compare=$(realpath "$(dirname "$0")")/kernel-word.awk
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

here=$(realpath "$here")
tracing=/sys/kernel/tracing

# Under both kinds of records, with --why's lines in why
watched()
{
	! traces || start_trace
	code=0
	"$records" by-audit sh -c 'exec "$@" >stdout 2>why' sh "$run" --why --json \
		--log-new-exec-on --ignore-missing --rox /usr --rox /bin --rox /lib \
		--rox /lib64 --ro /etc --rw /dev/null --rox "$(dirname "$probe")" \
		--rox "$(dirname "$observed")" "$@" 2>stderr </dev/null || code=$?
	[ "$code" -ne 125 ] || {
		cat stderr why
		return 1
	}
	ours=$(sed -n '$s/ status=deallocated .*//p' by-audit)
	! traces || stop_trace
}

traces()
{
	[ -d $tracing/events/landlock ]
}

start_trace()
{
	: >$tracing/trace
	for enable in "$tracing"/events/landlock/landlock_deny_*/enable \
		$tracing/events/landlock/landlock_free_domain/enable; do
		echo 1 >"$enable"
	done
}

stop_trace()
{
	until_is grep -q "landlock_free_domain: $ours " $tracing/trace
	echo 0 >$tracing/events/landlock/enable
	cp $tracing/trace by-trace
}

make_tree()
{
	mkdir -p given read moved none/dir
	for file in given/file read/file moved/file none/file none/removed none/truncated; do
		echo x >$file
	done
	cp /bin/true none/program
	echo "#!$here/none/program" >script
	chmod 755 script
}

each_kind()
{
	make_tree
	serve abstract "$probe" serve abstract "llk-$$"
	serve unix "$probe" serve unix "$here/socket"
	watched --rw given --ro read --rox script --connect-udp 64006 -- sh -c '
		cat none/file
		ls none
		true >>none/file
		true >none/file
		true >none/new
		mkdir none/new
		rmdir none/dir
		rm -f none/removed
		ln -s file none/link
		none/program
		./script
		for kind in p c b w; do
			"$0" mknod $kind none/$kind
		done
		"$0" truncate none/truncated
		"$0" ioctl /dev/null
		mv none/file given/new
		mv read/file given/new
		"$0" link read/file given/new
		"$0" link given/file moved/new
		"$0" bind unix none/socket
		"$0" bind tcp 64001
		"$0" connect tcp 64002
		"$0" bind udp 64003
		"$0" connect udp 64004
		"$0" send udp 64005
		"$0" send udp 64006
		"$0" connect udp 64006
		"$0" connect abstract "$1"
		"$0" connect unix socket
		kill -0 "$2"
		cat "/proc/$2/cwd/none/file"
		"$3" mount "$4"' "$probe" "llk-$$" $$ "$observed" "$here/none/dir"
	stop_servers
}

make_places()
{
	for place in rw ro none some rw/inner; do
		mkdir -p "places/$place/dir"
		echo x >"places/$place/file"
		ln -s file "places/$place/link"
	done
}

# 150 operations
at_random()
{
	make_places
	watched --rw places/rw --ro places/ro \
		--allow make_reg,remove_file,write_file,refer:places/some -- \
		"$observed" random "$1" 150 places/rw places/ro places/none \
		places/some places/rw/inner
	rm -r places
}

# agrees audit|trace [LINES]
agrees()
{
	awk -f "$compare" "${2:-why}" source="$1" ours="${ours#domain=}" "by-$1"
}

# Which kinds this kernel has
has_all_kinds()
{
	newer=
	[ "$abi" -lt 9 ] || newer=fs.resolve_unix
	[ "$abi" -lt 10 ] || newer="$newer net.bind_udp net.connect_send_udp"
	for right in fs.read_file fs.read_dir fs.write_file fs.truncate fs.make_reg \
		fs.make_dir fs.make_sym fs.make_fifo fs.make_char fs.make_block \
		fs.make_sock fs.remove_dir fs.remove_file fs.execute fs.ioctl_dev \
		fs.refer fs.change_topology net.bind_tcp net.connect_tcp \
		scope.abstract_unix_socket scope.signal ptrace $newer; do
		tr ' ,' '==' <by-audit | grep -qF "=$right=" || {
			echo "no record has $right"
			cat by-audit
			return 1
		}
	done
}

# The twin: what --why leaves out is missed
misses()
{
	sed "0,/\"kind\":\"$1\"/{/\"kind\":\"$1\"/d}" why >less
	for source in audit $(! traces || echo trace); do
		! agrees $source less >output && grep '^missed: ' output || return
	done
}

# ... and what it makes up is seen
sees_through()
{
	sed 's/"denied":\["read_dir"\]/"denied":["read_file"]/' why >other
	! agrees audit other >output && grep '^not denied by the kernel: ' output
}

# ... and a record that is lost
counts_records()
{
	cp by-audit all-records
	sed '0,/ blockers=/{/ blockers=/d}' all-records >by-audit
	! agrees audit >output && grep '^records: ' output || return
	mv all-records by-audit
}

# Where the kernel can be asked
asked()
{
	if [ -n "$silence" ]; then
		skipped "$1" "$silence"
	else
		check "$@"
	fi
}

asked_by_trace()
{
	if [ -z "$silence" ] && [ "$abi" -lt 11 ]; then
		skipped "$1" "needs ABI 11, this kernel has $abi"
	elif [ -z "$silence" ] && ! traces; then
		skipped "$1" "this machine shows no tracepoints of Landlock"
	else
		asked "$@"
	fi
}

silence=
if [ "$abi" -lt 7 ]; then
	silence="needs ABI 7, this kernel has $abi"
else
	"$records" 2>"$scratch/silence" || silence=$(cat "$scratch/silence")
fi

asked "each kind: runs" each_kind
asked "each kind: the kernel has a record of all" has_all_kinds
asked "each kind: agrees with the audit records" agrees audit
asked_by_trace "each kind: agrees with the tracepoints" agrees trace
for kind in files move port socket signal ptrace mount; do
	asked "twin: one of kind $kind is left out" misses $kind
done
asked "twin: a line is made up" sees_through
asked "twin: a record is lost" counts_records
for seed in 1 2; do
	asked "seed $seed: runs" at_random $seed
	asked "seed $seed: agrees with the audit records" agrees audit
	asked_by_trace "seed $seed: agrees with the tracepoints" agrees trace
done
finish
