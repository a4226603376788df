# SPDX-License-Identifier: 0BSD OR MIT
# Compares what the kernel says it denied with what --why --json tells:
#	awk -f kernel-word.awk WHY source=audit ours=DOMAIN RECORDS
#	awk -f kernel-word.awk WHY source=trace ours=DOMAIN EVENTS
# At its end the domain tells how often it denied. Prints what differs, and fails
# then; "N denials" if nothing does.

# Text between @before and @after, which may be a bracket or a quote
function between(line, before, after,    start)
{
	start = index(line, before)
	if (!start)
		return ""
	line = substr(line, start + length(before))
	return index(line, after) ? substr(line, 1, index(line, after) - 1) : line
}

function tell(right, object)
{
	told["any", right, object] = told["any", right, object] " " n_events
	told[pid, right, object] = told[pid, right, object] " " n_events
}

function tell_all(rights, object,    n, i, names)
{
	gsub(/"/, "", rights)
	n = split(rights, names, ",")
	for (i = 1; i <= n; i++)
		tell(names[i], object)
}

function directory_of(path)
{
	sub(/\/[^\/]*$/, "", path)
	return path
}

/^[{]"type":"denied"/ {
	events[++n_events] = $0
	kind = between($0, "\"kind\":\"", "\"")
	pid = between($0, "\"pid\":", ",")
	n_paths = split(between($0, "\"paths\":[\"", "\"]"), paths, "\",\"")
	denied = between($0, "\"denied\":[", "]")
	if (kind == "port")
		tell_all(denied, between($0, "\"port\":", ","))
	else if (kind == "socket")
		tell_all(denied, paths[1])
	else if (kind == "mount")
		tell("change_topology", paths[1])
	else if (kind == "signal" || kind == "ptrace")
		tell(kind, between($0, "\"process\":", ",") + 0)
	for (i = 1; kind == "move" && i <= n_paths; i++)
		tell("move", directory_of(paths[i]))
	needs = between($0, "\"needs\":[", "}]")
	while (needs != "") {
		tell_all(between(needs, "\"denied\":[", "]"), between(needs, "\"path\":\"", "\""))
		needs = index(needs, "},{") ? substr(needs, index(needs, "},{") + 3) : ""
	}
}

# An abstract name is in hexadecimal digits, its leading null byte too
function abstract_name(digits,    i, name, code)
{
	for (i = 3; i < length(digits); i += 2) {
		code = 16 * (index(hexadecimal, substr(digits, i, 1)) - 1)
		code += index(hexadecimal, substr(digits, i + 1, 1)) - 1
		name = name sprintf("%c", code)
	}
	return "@" name
}

function object_of(line)
{
	sub(/ (saddr|daddr)=[^ ]*/, "", line)
	if (line ~ / path="/)
		return between(line, " path=\"", "\"")
	if (line ~ / sun_path=/)
		return "@" between(line, " sun_path=", " ")
	if (line ~ /scope\.abstract_unix_socket/)
		return abstract_name(between(line, " path=", " "))
	# An audit record leaves port 0 out
	if (!match(line, / (path|src|dest|port|opid|target_pid|tracee_pid)=/))
		return 0
	return between(line, substr(line, RSTART, RLENGTH), " ")
}

function remember(pid, rights, object)
{
	record_pid[++n_records] = pid
	record_rights[n_records] = rights
	record_object[n_records] = object
}

source != "" && between($0, "domain=", " ") != ours { next }

source == "audit" && / blockers=/ {
	rights = between($0, " blockers=", " ")
	gsub(/(fs|net|scope)\./, "", rights)
	remember("any", rights, object_of($0))
}

source == "trace" && /: landlock_deny_/ {
	pid = $0
	sub(/ *\[[0-9]*\] .*/, "", pid)
	sub(/.*-/, "", pid)
	rights = between($0, " blockers=", " ")
	if (rights == "")
		rights = between($0, "landlock_deny_", ":")
	sub(/^scope_/, "", rights)
	gsub(/\|/, ",", rights)
	remember(pid, rights, object_of($0))
}

source && / denials=/ { wanted = between($0, " denials=", " ") }

BEGIN { hexadecimal = "0123456789ABCDEF" }

# A move that is denied has all rights that the directories lack in its records
function find(i,    n, k, names, found, all)
{
	n = split(record_rights[i], names, ",")
	for (k = 1; k <= n; k++) {
		found = told[record_pid[i], names[k], record_object[i]]
		if (found == "")
			break
		all = all found
	}
	if (k > n)
		return all
	return n > 1 ? told[record_pid[i], "move", record_object[i]] : ""
}

function differ(words)
{
	print words
	differs = 1
}

END {
	for (i = 1; i <= n_records; i++) {
		n = split(find(i), numbers, " ")
		if (!n)
			differ("missed: " record_rights[i] " " record_object[i])
		for (k = 1; k <= n; k++)
			is_denied[numbers[k]] = 1
	}
	for (i = 1; i <= n_events; i++)
		if (!is_denied[i])
			differ("not denied by the kernel: " events[i])
	if (!n_records || n_records != wanted)
		differ("records: " n_records + 0 ", denials: " wanted)
	if (differs)
		exit 1
	print n_records " denials"
}
