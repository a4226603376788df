#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""Let each system call of the library fail on the real kernel, at each place,
with each errno: the right error and words, nothing enforced, no descriptor
left, and the call can be repeated.

usage: inject.py INJECT_PROGRAM"""
import errno as numbers
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ERRORS = """EPERM ENOENT EINTR EIO EBADF ENOMEM EACCES EINVAL ENFILE EMFILE E2BIG
ENOSYS ELOOP EOPNOTSUPP EAFNOSUPPORT""".split()
SKIP = 77
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


def strace(program, mode, options):
    with tempfile.NamedTemporaryFile("r") as log:
        done = subprocess.run(["strace", "-o", log.name, *options, program, *mode],
                              capture_output=True, text=True, check=False, timeout=60)
        return done, Path(log.name).read_text(encoding="utf-8")


def calls_between_marks(log):
    """(name, its number since the start, the line) of each call that counts"""
    seen, found, n_marks = {}, [], 0
    for line in log.splitlines():
        call = CALL.match(line)
        if not call:
            continue
        name = call.group(1)
        seen[name] = seen.get(name, 0) + 1
        if name == "getppid":
            n_marks += 1
        elif n_marks == 1:
            found.append((name, seen[name], line))
    return found


class Case:
    """One run with one failure, and what has to come of it"""

    def __init__(self, mode, call, is_last, error):
        self.is_strict = mode[0] == "strict"
        self.name, self.nth, self.line = call
        self.is_last = is_last
        self.error = error
        self.number = getattr(numbers, error)

    def kind(self):
        if self.name == "landlock_create_ruleset":
            return "query" if "NULL" in self.line else "create"
        if self.name == "landlock_add_rule" and re.search(r"NET_PORT|, 0x2 ", self.line):
            return "port"
        if self.name == "landlock_add_rule" and "= -1 EINVAL" in self.line:
            return "preset on a file"
        if "/proc/self/task" in self.line:
            return "task"
        return self.name

    def wanted(self):
        """The result of the first call"""
        kind = self.kind()
        if kind == "query" and not self.is_strict:
            return 2
        if kind == "port" and self.error == "EAFNOSUPPORT":
            return 0  # no TCP/IP: nothing to restrict
        if kind == "preset on a file" and self.error == "EINVAL":
            return 0  # as the kernel says itself: rights are dropped, and it is asked again
        if kind == "task":
            return 0  # libc knows of one thread
        if self.name == "statx" and self.error == "ENOSYS":
            return 0  # a 32-bit glibc asks by fstatat64 then
        if kind == "close" and self.is_last:
            return 0  # after the rules are in the kernel it changes no outcome
        return -self.number

    def words(self):
        """What explain has to say of a failure"""
        special = {("landlock_restrict_self", "EPERM"): "no_new_privs is not set",
                   ("landlock_restrict_self", "E2BIG"): "16 layers",
                   ("query", "ENOSYS"): "no Landlock",
                   ("query", "EOPNOTSUPP"): "lsm=",
                   ("openat", "ENOENT"): "no such file or directory"}
        known = {"EPERM": "not permitted", "ENOENT": "no such file",
                 "EINTR": "interrupted", "EIO": "input or output",
                 "EBADF": "is not open", "ENOMEM": "out of memory", "EACCES": "permission",
                 "EINVAL": "invalid", "ENFILE": "in the system", "EMFILE": "in this process",
                 "ENOSYS": "no such system call", "ELOOP": "symbolic links",
                 "EOPNOTSUPP": "not supported"}
        return (special.get((self.kind(), self.error)) or
                known.get(self.error, str(self.number)), f"errno {self.number}")

    def enforced(self):
        return self.wanted() == 0

    def left(self):
        """Descriptors that stay: what wasn't closed since the close failed.
        Those of allow_fd are closed by success, and counted from before."""
        return 1 if self.name == "close" else 0


def problems(case, lines):
    first = lines.get("first")
    if not first:
        return ["no answer"]
    result, left, restricted, nnp = map(int, first[:4])
    found = []
    if result != case.wanted():
        found.append(f"result {result}, wanted {case.wanted()}")
    if restricted != case.enforced():
        found.append(f"restricted {restricted}")
    if not case.enforced() and case.kind() != "landlock_restrict_self" and nnp:
        found.append("no_new_privs is set")
    duplicates = 0 if case.enforced() else 1
    if left != duplicates + case.left():
        found.append(f"{left} descriptors more, wanted {duplicates + case.left()}")
    if not re.match(r"(failed|not enforced|enforced): .*\.$", first[4]):
        found.append(f"explain says '{first[4]}'")
    if not case.enforced() and not any(words in first[4] for words in case.words()):
        found.append(f"explain says '{first[4]}', not '{case.words()[0]}'")
    if not case.enforced():
        again = lines.get("again")
        if not again or int(again[0]) != 0 or again[2] != "1":
            found.append(f"again: {again}")
    return found


def answers(done):
    lines = {}
    for line in done.stdout.splitlines():
        what, *fields = line.split("\t")
        lines[what] = fields
    return lines


def run_case(program, mode, case):
    inject = f"inject={case.name}:error={case.error}:when={case.nth}"
    done, _ = strace(program, mode, ["-e", "trace=" + case.name, "-e", inject])
    return problems(case, answers(done))


def last_calls(calls):
    """The numbers of those closes that come after all rules were added"""
    rules = [i for i, call in enumerate(calls) if call[0] == "landlock_add_rule"]
    return set(range(rules[-1] + 1, len(calls)))


def cases_of(program, mode):
    done, log = strace(program, mode, [])
    calls = calls_between_marks(log)
    if not any(name == "landlock_restrict_self" for name, _, _ in calls):
        print(f"SKIP {' '.join(mode)}: this strace does not know Landlock, or this kernel")
        return []
    if "first\t0\t" not in done.stdout:
        print(f"SKIP {' '.join(mode)}: without a failure it is: {done.stdout}{done.stderr}")
        return []
    last = last_calls(calls)
    return [Case(mode, call, i in last, error)
            for i, call in enumerate(calls) for error in ERRORS]


def main(program):
    counts = [0, 0, 0]
    for mode in [(a, b) for a in ("strict", "lenient") for b in ("load", "at-once")]:
        cases = cases_of(program, mode)
        counts[2] += not cases
        for case in cases:
            found = run_case(program, mode, case)
            counts[bool(found)] += 1
            if found:
                print(f"FAILED: {' '.join(mode)}: {case.name} #{case.nth} {case.error}:"
                      f" {'; '.join(found)}\n  {case.line}")
        print(f"{' '.join(mode)}: {len(cases)} failures injected", flush=True)
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    if not counts[0] and not counts[1]:
        return SKIP
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
