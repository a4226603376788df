#!/bin/sh
# SPDX-License-Identifier: 0BSD OR MIT
# landlock-run: options from a file, what it tells without running anything,
# versions, required rights, and the audit log.
# shellcheck disable=SC2016,SC2317 # $A is for the sandboxed shell; check calls
# usage: landlock-run-look.sh LANDLOCK_RUN WITHOUT_LANDLOCK PROBE
set -eu
# shellcheck source=tests/tools/run-lib.sh
. "$(dirname "$0")/run-lib.sh"

# file NAME LINE ...: made in the working directory
file()
{
	target=$1
	shift
	printf '%s\n' "$@" >"$target"
}

# reads_file WANTED N: the Nth read and all after it fail
reads_file()
{
	{
		yes '# fill' | head -n 800
		echo '--ro in'
	} >long
	ASAN_OPTIONS=detect_leaks=0 status "$1" \
		strace -o "$scratch/trace" -P "$(realpath long)" -e trace=read \
		-e inject=read:error=EIO:when="$2+" \
		"$run" @long --best-effort --dry-run
}

test_options_files()
{
	mkdir -p 'a b'
	echo content >'a b/file'
	file programs '# what programs need' '' '--rox /usr' '  --rox=/bin' \
		'--rox	/lib' '--ro /etc' '--ignore-missing' '--rox /lib64'
	file spaces '@programs' '--ro   a b'
	file quiet_env '--env A=1 2 # 3' '--clear-env '
	file itself '--ro in' '@itself'
	file one '@two'
	file two '@one'
	file bad '--ro in' '' '--bind-tcp 8x'
	file command '--ro in' 'cat'
	file end '--' '--ro in'
	file spill '--dns --rw /'
	file missing '--ro'
	file short '-x'
	file abbreviated '--best'
	file deep8 '--ro in'
	for n in 7 6 5 4 3 2 1 0; do
		file "deep$n" "@deep$((n + 1))"
	done
	printf '%s' '--ro in' >no-end
	printf '%s\0' '--ro in' >nul
	: >empty
	with_landlock "@FILE: options, comments, blanks" \
		prints content "$run" @programs --ro in -- cat in/file
	with_landlock "@FILE: after other options, in any order" \
		prints content "$run" --ro in @programs -- cat in/file
	with_landlock "@FILE: denied what none grants" \
		says 1 "Permission denied" "$run" @programs -- cat in/file
	with_landlock "@FILE: a file names another; values have blanks" \
		prints content "$run" @spaces -- cat 'a b/file'
	with_landlock "@FILE: eight that name each other" \
		prints content "$run" @programs @deep1 -- cat in/file
	check "125: @FILE: nine" \
		says 125 '"deep7":1: "deep8": files may name' "$run" @deep0 -- true
	with_landlock "@FILE: the last line may have no end" \
		prints content "$run" @programs @no-end -- cat in/file
	with_landlock "@FILE: an empty one adds nothing" \
		prints content "$run" @programs @empty --ro in -- cat in/file
	if has strace && strace true 2>/dev/null; then
		check "@FILE: read without an error" reads_file 0 9
		check "125: @FILE: a read error in the middle" reads_file 125 2
		check "125: @FILE: it names the file" grep -qF \
			'"long": can'"'"'t be read: Input/output error' "$scratch/stderr"
	else
		skipped "125: @FILE: a read error in the middle" "strace can't be used"
	fi
	with_landlock "@FILE: no quoting, no comment behind a value" \
		prints 'A=1 2 # 3' "$run" @programs @quiet_env -- env
	with_landlock "@FILE: from a pipe" prints content \
		sh -c 'echo "--ro in" | "$0" @programs @/proc/self/fd/0 -- cat in/file' "$run"
	with_landlock "@FILE: not behind --" says 127 '"@programs"' \
		"$run" -- @programs
	with_landlock "@FILE: not among the command's arguments" \
		prints @nowhere "$run" @programs printf @nowhere
	check "125: @FILE: the line is told" \
		says 125 '"bad":3: --bind-tcp "8x": not a number' "$run" @bad -- true
	check "125: @FILE: no command in it" \
		says 125 '"command":2: "cat": not an option' "$run" @command -- true
	check "125: @FILE: no end of options in it" \
		says 125 '"end":1: "--": not an option' "$run" @end -- true
	check "125: @FILE: one option a line" \
		says 125 'takes no value' "$run" @spill -- true
	check "125: @FILE: a value can't come from the next line" \
		says 125 '"missing":1: "--ro": a value is missing' "$run" @missing -- true
	check "125: @FILE: no short options" \
		says 125 'unknown option' "$run" @short -- true
	check "125: @FILE: no abbreviations" \
		says 125 "can't be abbreviated" "$run" @abbreviated -- true
	check "125: @FILE: one that names itself" \
		says 125 "does it name itself?" "$run" @itself -- true
	check "125: @FILE: two that name each other" \
		says 125 "8 deep" "$run" @one -- true
	check "125: @FILE: a NUL character" says 125 "NUL" "$run" @nul -- true
	check "125: @FILE: not there" \
		says 125 '"nowhere": can'"'"'t be read: No such file' "$run" @nowhere -- true
	check "125: @FILE: a directory" \
		says 125 "can't be read: Is a directory" "$run" @in -- true
	check "125: @FILE: after an error inside, the place is not kept" \
		says 125 'landlock-run: --bind-tcp "x"' "$run" @empty --bind-tcp x
}

test_abi()
{
	with_landlock "abi: tells" tells 0 "Landlock ABI: $abi" "$run" --abi
	with_landlock "abi: what it can restrict" \
		tells 0 "can restrict: execute," "$run" --abi
	check "abi: no Landlock is told" \
		says 125 "no Landlock" "$without" 38 "$run" --abi
	with_landlock "abi: json" tells 0 "{\"abi\":$abi,\"errata\":" \
		"$run" --abi --json
	check "abi: json without Landlock" tells 125 '{"abi":0,"explanation":"' \
		"$without" 38 "$run" --abi --json
	with_landlock "abi: runs nothing" says_not 0 ran \
		"$run" --abi -- sh -c 'echo ran >&2'
	check "125: abi and dry-run" says 125 "exclude each other" \
		"$run" --abi --dry-run
}

ran_nothing()
{
	! grep -q ran "$scratch/stdout" "$scratch/stderr" && [ ! -e in/ran ]
}

test_dry_run()
{
	with_landlock "dry-run: needs no command" \
		tells 0 "denied unless allowed: execute," "$run" --dry-run
	with_landlock "dry-run: the rules, with their option" \
		tells 0 'read_file,read_dir: "in" (--ro)' "$run" --dry-run --ro in
	with_landlock "dry-run: the command" \
		tells 0 'command: "' "$run" --dry-run --rwx / -- touch in/ran
	with_landlock "dry-run: does not run it" ran_nothing
	check "dry-run: a command that isn't there" \
		says 127 "not found" "$run" --dry-run -- llk-no-such-command
	with_landlock "127: dry-run: a command's path that isn't there" \
		says 127 '"./nowhere": can' "$run" --dry-run -- ./nowhere
	with_landlock "126: dry-run: a command that can't be executed" \
		says 126 "no executable file" "$run" --dry-run -- in/file
	with_landlock "126: dry-run: a directory for a command" \
		says 126 "no executable file" "$run" --dry-run -- ./in
	check "125: dry-run: too little comes before the command" \
		status 125 "$without" 38 "$run" --dry-run -- ./nowhere
	with_landlock "dry-run: a command's path" \
		status 0 "$run" --dry-run -- /bin/true
	with_landlock "125: dry-run: no TMPDIR for tmp" \
		says 125 '--tmp "/llk-nowhere"' \
		env TMPDIR=/llk-nowhere "$run" --dry-run --tmp
	with_landlock "125: dry-run: a TMPDIR that is a file" \
		says 125 'Not a directory' env TMPDIR="$here/in/file" "$run" --dry-run --tmp
	with_landlock "dry-run: a path that isn't there" \
		says 125 '--ro "nowhere"' "$run" --dry-run --ro nowhere
	check "dry-run: nothing would be enforced" \
		tells 125 "outcome: not enforced" "$without" 38 "$run" --dry-run
	check "dry-run: by best effort it would run" tells 0 \
		"outcome: not enforced" "$without" 38 "$run" --best-effort --dry-run
	if [ "$abi" -lt 10 ]; then
		with_landlock "dry-run: what is missing" tells 0 \
			"not restricted on this kernel: " "$run" --dry-run
		with_landlock "dry-run: strict fails as a run would" \
			says 125 "failed: Linux" "$run" --dry-run --strict
	else
		check "dry-run: nothing is missing" tells 0 \
			"not restricted on this kernel: none" "$run" --dry-run --strict
	fi
	since 4 "dry-run: ports" tells 0 "allow bind_tcp: port 80 (--bind-tcp)" \
		"$run" --dry-run --bind-tcp 80
	with_landlock "dry-run: no directory is made" sh -c \
		'mkdir tmp && TMPDIR=$PWD/tmp "$0" --dry-run --tmp && [ -z "$(ls tmp)" ]' "$run"
}

# Python's parser is the judge: with python3 json-of WANTED COMMAND ...
valid_json()
{
	wanted=$1
	shift
	status "$wanted" "$@" || return 1
	/usr/bin/python3 -c '
import json, sys
text = open(sys.argv[1], "rb").read().decode("utf-8", "strict")
json.loads(text)
assert text.count("\n") == 1 and text.isprintable() is False' "$scratch/stdout"
}

# member COMMAND ...: what $expression says of the JSON
member()
{
	expression=$1
	shift
	status 0 "$@" || return 1
	/usr/bin/python3 -c '
import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
if not eval(f"({sys.argv[2]})"):
	sys.exit("no: " + sys.argv[2] + ": " + repr(d))' "$scratch/stdout" "$expression"
}

test_json()
{
	odd=$(printf 'q"b\\n\nt\tc1\302\233bad\377\355\240\200\360\237\220\247end')
	mkdir -p "$odd"
	python=/usr/bin/python3
	with $python "json: abi" valid_json 0 "$run" --abi --json
	with $python "json: dry-run" \
		valid_json 0 "$run" --dry-run --json --system --dns --tmp -- true a b
	with $python "json: any bytes in a path" \
		valid_json 0 "$run" --dry-run --json --ro "$odd"
	with $python "json: any bytes among the arguments" \
		valid_json 0 "$run" --dry-run --json -- true "$odd"
	with $python "json: any bytes in a check" \
		valid_json 1 "$run" --check "read_file:$odd" --json
	with $python "json: not enforced" \
		valid_json 125 "$without" 38 "$run" --dry-run --json
	with $python "json: abi's members" member "d['abi'] == $abi
		and 'execute' in d['can_restrict'] and d['newest_known_abi'] == 11
		and isinstance(d['needs_newer_kernel'], list) and 'errata' in d" \
		"$run" --abi --json
	with $python "json: dry-run's members" member "
		d['outcome'] in ('enforced', 'partly enforced')
		and 'read_file' in d['denied'] and isinstance(d['not_restricted'], list)
		and d['rules'] == [{'option': 'ro', 'path': 'in',
			'rights': ['read_file', 'read_dir']}]
		and d['command'] == ['true', 'x'] and d['executes'].endswith('/true')
		and d['tmp'] is False and d['abi'] == $abi" \
		"$run" --dry-run --ro in --json -- true x
	with $python "json: a byte that is no UTF-8 is \\xHH, a backslash two" \
		member 'd["rules"][0]["path"] == "q\"b\\\\n\nt\tc1\x9bbad\\xff\\xed\\xa0\\x80\U0001f427end"' \
		"$run" --dry-run --ro "$odd" --json
	with $python "json: groups are named" \
		member "any(r.get('group') == 'loader' for r in d['rules'])" \
		"$run" --dry-run --dns --json
	with $python "json: check's members" member "
		d['checks'] == [{'path': 'in/file', 'rights': ['read_file'], 'denied': []}]" \
		"$run" --ro in --check read_file:in/file --json
	check "125: nothing on stdout after a failure" sh -c \
		'! "$0" --dry-run --json --ro "" >out.json 2>err && [ ! -s out.json ]' "$run"
}

test_checks()
{
	with_landlock "check: allowed" prints '"in/file": allowed' \
		"$run" --ro in --check read_file:in/file
	with_landlock "check: denied" tells 1 '"out/file": denied: read_file' \
		"$run" --ro in --check read_file:out/file
	with_landlock "check: what of it is denied" \
		tells 1 '"in/file": denied: write_file' \
		"$run" --ro in --check read_file,write_file:in/file
	with_landlock "check: a preset's name" prints '"in": allowed' \
		"$run" --ro in --check read:in
	with_landlock "check: several, and one denied" status 1 \
		"$run" --ro in --check read_file:in/file --check read_file:out/file
	since 4 "check: a port" prints 'port 80: allowed' \
		"$run" --bind-tcp 80 --check bind_tcp:80
	since 4 "check: a port that is denied" \
		tells 1 'port 81: denied: bind_tcp' \
		"$run" --bind-tcp 80 --check bind_tcp:81
	since 2 "check: foretells a link" tells 1 '"out": denied: refer' \
		"$run" --refer in --allow make_reg:out --check refer,make_reg:out
	since 2 "check: as the kernel then decides" status 18 probing \
		--refer in --allow make_reg:out -- "$probe" link in/file out/linked
	with_landlock "check: add-exec is known" status 0 \
		"$run" --add-exec --check execute,read_file:/bin/true -- /bin/true
	with_landlock "check: runs nothing" ran_nothing
	with_landlock "check: no answer is no allowance" \
		says 125 "there is no answer" "$run" --check read_file:nowhere/file
	check "check: nothing would be enforced" says 125 "not enforced" \
		"$without" 38 "$run" --ro in --check read_file:in/file
	check "check: unless that is accepted" status 0 \
		"$without" 38 "$run" --best-effort --check read_file:in/file
	for bad in read_file in :in signal:in bind_tcp,read_file:80 bind_tcp:x \
		read_file: nothing:in quiet,read_file:in preset:in; do
		check "125: check $bad" says 125 "--check \"" "$run" --check "$bad"
	done
}

test_versions()
{
	since 4 "version-abi: ports of a later one are free" status 0 \
		probing --version-abi 3 -- "$probe" bind tcp 0
	since 4 "version-abi: ports of this one are denied" status 13 \
		probing --version-abi 4 -- "$probe" bind tcp 0
	with_landlock "version-abi: files of this one are denied" \
		status 1 system --version-abi 1 -- cat in/file
	if [ "$abi" -ge 4 ]; then
		check "version-abi: nothing is missing of an older one" \
			prints "" system --version-abi 4 --strict -- true
	else
		skipped "version-abi: nothing is missing of an older one" \
			"needs ABI 4, this kernel has $abi"
	fi
	check "125: a port that isn't restricted can't be granted" \
		says 125 '--bind-tcp "80": bind_tcp: not restricted' \
		"$run" --version-abi 3 --bind-tcp 80 -- true
	check "125: unix before it is restricted" says 125 'resolve_unix: not' \
		"$run" --version-abi 8 --unix in -- true
	check "125: allow of a later right" says 125 'ioctl_dev: not restricted' \
		"$run" --version-abi 4 --allow ioctl_dev:in -- true
	with_landlock "version-abi: presets fit themselves" \
		status 0 system --version-abi 1 --dns --tls --tty -- true
	check "125: version-abi: two, in either order" \
		says 125 '--version-abi "3": it was 4 before' \
		"$run" --version-abi 4 --version-abi 3 -- true
	with_landlock "version-abi: the same one twice" status 0 \
		system --version-abi 1 --version-abi 1 -- true
	for bad in 0 12 x "" -1; do
		check "125: version-abi '$bad'" says 125 "--version-abi \"$bad\"" \
			"$run" --version-abi "$bad" -- true
	done
}

test_required()
{
	with_landlock "require: what is there" \
		status 0 system --require execute,write_file -- true
	with_landlock "require: with best effort" \
		status 0 system --best-effort --require execute -- true
	if [ "$abi" -lt 10 ]; then
		with_landlock "require: what isn't is an error" \
			says 125 "for bind_udp, connect_send_udp" \
			"$run" --require bind_udp -- true
		with_landlock "require: by best effort too" \
			says 125 "Linux 7.2" "$run" --best-effort --require net -- true
		with_landlock "require: all" \
			says 125 "failed: Linux" "$run" --require all -- true
	else
		check "require: all" status 0 system --require all -- true
	fi
	with_landlock "require: a preset's rights" \
		status 0 system --require read -- true
	check "125: require: what isn't restricted" \
		says 125 "--require: bind_tcp: not restricted" \
		"$run" --version-abi 3 --require bind_tcp -- true
	check "125: require: a zone that isn't" says 125 "--require: " \
		"$run" --version-abi 3 --require truncate,net -- true
	check "125: require: unrestricted" says 125 "not restricted" \
		"$run" --unrestricted-network --require connect_tcp -- true
	for bad in if_present quiet preset nothing ""; do
		check "125: require '$bad'" says 125 "--require \"$bad\"" \
			"$run" --require "$bad" -- true
	done
}

# the_flags WORDS OPTION ...: of landlock_restrict_self, as strace shows them
the_flags()
{
	words=$1
	shift
	strace -f -X raw -e trace=landlock_restrict_self -o "$scratch/trace" \
		"$run" --rwx / "$@" -- true 2>/dev/null
	grep -q "landlock_restrict_self([0-9a-fx]*, $words) *= 0" "$scratch/trace" || {
		cat "$scratch/trace"
		return 1
	}
}

# without ABI, skipped; with strace only
flags()
{
	needed=$1
	shift
	if has strace; then
		since "$needed" "$@"
	else
		skipped "$1" "strace is not here"
	fi
}

no_new_privs()
{
	tells 0 "NoNewPrivs:	$1" "$run" --rwx / "$2" -- \
		grep NoNewPrivs /proc/self/status
}

test_log()
{
	if [ "$abi" -lt 11 ]; then
		zero=0
	else
		zero=0x10 # no_new_privs
	fi
	if [ "$abi" -lt 11 ]; then
		flags 7 "log flags: none" the_flags "$zero"
		flags 7 "log-same-exec-off" the_flags 0x1 --log-same-exec-off
		flags 7 "log-new-exec-on" the_flags 0x2 --log-new-exec-on
		flags 7 "log-subdomains-off" the_flags 0x4 --log-subdomains-off
		flags 7 "log flags add up" the_flags 0x7 \
			--log-subdomains-off --log-same-exec-off --log-new-exec-on
	else
		flags 11 "log flags: none" the_flags "$zero"
		flags 11 "log flags add up" the_flags 0x17 \
			--log-subdomains-off --log-same-exec-off --log-new-exec-on
	fi
	if [ "$abi" -lt 7 ]; then
		with_landlock "log flags that are missing are told" \
			says 0 "log_new_exec_on" system --version-abi 1 \
			--log-new-exec-on -- true
	fi
	if [ "$abi" -lt 10 ]; then
		with_landlock "quiet that is missing is told" says 0 "quiet" \
			system --version-abi 1 --quiet read_file -- true
		with_landlock "quiet that is missing: strict is an error" \
			says 125 "quiet" system --version-abi 1 --strict \
			--quiet read_file -- true
	else
		check "quiet: files" prints "" system --quiet read_file -- true
		check "quiet: all" prints "" system --quiet all -- true
		check "quiet: ports that are named" prints "" \
			system --quiet bind_tcp --connect-tcp 80 -- true
		check "quiet: below one directory" prints "" system \
			--quiet write_file --allow read_file,quiet:in -- true
	fi
	since 10 "quiet: grants nothing" \
		status 1 system --quiet all -- cat in/file
	check "125: quiet: ports that none names" says 125 "--quiet: rights of ports" \
		"$run" --quiet bind_tcp -- true
	check "125: quiet: what isn't restricted" says 125 "--quiet: bind_tcp" \
		"$run" --version-abi 3 --quiet bind_tcp -- true
}

test_new_privs()
{
	with_landlock "no_new_privs is set" no_new_privs 1 --verbose
	if [ "$(id -u)" -eq 0 ]; then
		with_landlock "allow-new-privs: is not set" \
			no_new_privs 0 --allow-new-privs
	else
		with_landlock "allow-new-privs: an error without privilege" \
			says 125 "CAP_SYS_ADMIN" "$run" --allow-new-privs --rwx / -- true
	fi
}

test_options_files
test_abi
test_dry_run
test_json
test_checks
test_versions
test_required
test_log
test_new_privs
finish
