#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""Build and test the library for other platforms: 32-bit, musl, other
processors under emulation, an old userland; and print a table.

usage: platforms.py BUILD_FOLDER [--brief] [ROW ...]

Rows are those of ROWS, by name; all by default. A row whose compiler, emulator
or libcheck can't be had counts as one skipped check. With --brief a part of the
long matrix of versions, kernels and rules is run under emulation."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKIP = 77
CALLS = ["create_ruleset", "add_rule", "restrict_self"]


class Skipped(Exception):
    """What this machine can't have"""


class Failed(Exception):
    """A step that ended badly"""


@dataclass
class Row:
    """One platform and compiler"""

    name: str
    compiler: list  # command and options; in a chroot the name alone
    suites: list
    triplet: str = ""
    family: str = ""  # meson's name of the processor's family
    endian: str = "little"
    emulator: str = ""  # qemu-user's name of the processor
    base: int = 0  # of the system call numbers
    abis: list = field(default_factory=list)  # options for ABIs compiled alone
    chroot: str = ""  # a Debian release
    # filled in by the run
    is_brief: bool = False
    version: str = "-"
    counts: list = field(default_factory=lambda: [0, 0, 0])
    seconds: float = 0
    notes: list = field(default_factory=list)

    def folder(self, build):
        return build / self.name

    def sysroot(self):
        return f"/usr/{self.triplet}"

    def qemu(self):
        name = f"qemu-{self.emulator}"
        return shutil.which(name) or shutil.which(f"{name}-static")


def multiarch():
    done = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip()


def cross(triplet):
    """Debian's cross compiler of the same version as the machine's own gcc,
    which, unlike the package without a version, lives beside others"""
    done = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True,
                          check=False)
    return [f"{triplet}-gcc-{done.stdout.strip()}"]


# <asm/...> of the machine serves x86 of all sizes
ASM = ["-idirafter", f"/usr/include/{multiarch()}"]
LIVE = ["unit", "live", "tools"]
UNIT = ["unit"]
OLD = ["unit", "live", "tools", "symbols"]
ROWS = [
    Row("i386", ["gcc", "-m32", *ASM], LIVE, "i686-linux-gnu", "x86", abis=["-mx32"]),
    Row("musl", ["musl-gcc", "-static"], ["unit", "live"], "x86_64-linux-musl", "x86_64"),
    Row("arm64", cross("aarch64-linux-gnu"), UNIT, "aarch64-linux-gnu", "aarch64",
        emulator="aarch64"),
    Row("s390x", cross("s390x-linux-gnu"), UNIT, "s390x-linux-gnu", "s390x", "big",
        emulator="s390x"),
    Row("mips64el", cross("mips64el-linux-gnuabi64"), UNIT, "mips64el-linux-gnuabi64",
        "mips64", emulator="mips64el", base=5000, abis=["-mabi=n32", "-mabi=32"]),
    Row("debian11-gcc", ["gcc"], OLD, chroot="bullseye"),
    Row("debian11-clang", ["clang"], OLD, chroot="bullseye"),
]


# Steps


def run(row, build, name, command, env=None):
    """Run @command with its output in a log of that name; its exit status"""
    log = row.folder(build).with_name(f"{row.name}-{name}.log")
    with open(log, "w", encoding="utf-8") as out:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, cwd=ROOT,
                              stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, **(env or {})})
    return done.returncode, log.read_text(encoding="utf-8", errors="replace")


def must(row, build, name, command, env=None):
    status, text = run(row, build, name, command, env)
    if status:
        tail = "\n".join(text.splitlines()[-40:])
        raise Failed(f"{name} ended with status {status}:\n{tail}")
    return text


def needs_compiler(row):
    if not shutil.which(row.compiler[0]):
        raise Skipped(f"no {row.compiler[0]}")
    done = subprocess.run([*row.compiler, "-x", "c", "-", "-o", "/dev/null"], text=True,
                          input="#include <stdio.h>\nint main(void) { return 0; }\n",
                          capture_output=True, check=False)
    if done.returncode:
        raise Skipped(f"{' '.join(row.compiler)} has no libc")
    if row.emulator and not row.qemu():
        raise Skipped(f"no qemu-{row.emulator}")


def compiler_version(row):
    done = subprocess.run([row.compiler[0], "-dumpfullversion"], capture_output=True,
                          text=True, check=False)
    return f"{row.compiler[0].rsplit('-', 1)[0] if row.emulator else row.compiler[0]}" \
           f" {done.stdout.strip()}"


def kernel_headers(build):
    """musl has none of its own: the machine's, and nothing else beside them"""
    folder = build / "kernel-headers"
    folder.mkdir(exist_ok=True)
    for name, place in (("linux", "linux"), ("asm-generic", "asm-generic"),
                        ("asm", f"{multiarch()}/asm")):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"/usr/include/{place}")
    return ["-idirafter", str(folder)]


def libcheck(row):
    done = subprocess.run([HERE / "libcheck", row.name, row.triplet, *row.compiler],
                          stdout=subprocess.PIPE, text=True, check=False)
    said = done.stdout.strip()
    if done.returncode == SKIP:
        raise Skipped(said)
    if done.returncode:
        raise Failed("libcheck can't be built")
    return said


def cross_file(row, prefix):
    """Meson's description of the platform"""
    wrapper = [row.qemu(), "-L", row.sysroot()] if row.emulator else []
    binutils = f"{row.triplet}-" if row.emulator else ""
    return "\n".join([
        "[binaries]", f"c = {row.compiler!r}", f"ar = '{binutils}ar'",
        f"strip = '{binutils}strip'",
        "pkgconfig = 'pkg-config'", f"exe_wrapper = {wrapper!r}" if wrapper else "",
        "[properties]", f"pkg_config_libdir = '{prefix}/lib/pkgconfig'",
        f"needs_exe_wrapper = {'true' if wrapper else 'false'}",
        "[host_machine]", "system = 'linux'", f"cpu_family = '{row.family}'",
        f"cpu = '{row.family}'", f"endian = '{row.endian}'", ""])


def set_up(row, build, text):
    """Anew when the platform's description is another"""
    folder, described = row.folder(build), build / f"{row.name}.ini"
    if not described.exists() or described.read_text(encoding="utf-8") != text:
        shutil.rmtree(folder, ignore_errors=True)
        described.write_text(text, encoding="utf-8")
    if not (folder / "build.ninja").exists():
        must(row, build, "setup", ["meson", "setup", folder, "--cross-file", described,
                                   "--werror", "-Dman=disabled"])
    # Of an older tree it doesn't know the tests that have come since
    must(row, build, "setup", ["ninja", "-C", folder, "build.ninja"])


def of_suites(test, suites):
    return any(name.split(":")[-1] in suites for name in test["suite"])


def test_programs(row, build):
    """The programs of the suites, below the build folder"""
    folder = row.folder(build)
    text = (folder / "meson-info/intro-tests.json").read_text(encoding="utf-8")
    found = {word for test in json.loads(text) if of_suites(test, row.suites)
             for word in test["cmd"] if word.startswith(f"{folder}/")}
    if not found:
        raise Failed("there are no tests")
    return sorted(str(Path(word).relative_to(folder)) for word in found
                  if Path(word).suffix != ".p")


def add(row, counts):
    row.counts = [a + b for a, b in zip(row.counts, counts)]


def count(row, log):
    """Add up a run of meson test; note what was skipped and what failed"""
    done = subprocess.run([ROOT / "scripts/count-checks", log], text=True, check=False,
                          stdout=subprocess.PIPE)
    lines = done.stdout.splitlines()
    closing = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", lines[-1])
    if not closing:
        raise Failed("no count of the tests")
    add(row, map(int, closing.groups()))
    row.notes += [line.strip() for line in lines
                  if re.match(r"  (SKIP|skipped:) |  \S+ +(FAIL|ERROR|TIMEOUT)", line)]
    if done.returncode and not int(closing[2]):
        raise Failed("; ".join(lines[-2:]))


def meson_test(row, build):
    env = {"CK_TIMEOUT_MULTIPLIER": "10"} if row.emulator else {}
    if row.is_brief:
        env["LLK_MATRIX_BRIEF"] = "1"
    suites = [word for name in row.suites for word in ("--suite", name)]
    log = row.folder(build) / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    _, text = run(row, build, "test",
                  ["meson", "test", "-C", row.folder(build), "--no-rebuild",
                   "--timeout-multiplier", "10" if row.emulator else "3",
                   "--print-errorlogs", *suites], env)
    if not log.exists():
        raise Failed(text[-2000:])
    before = row.counts[1]
    count(row, log)
    if row.counts[1] > before:
        row.notes.append(f"see build/platforms/{row.name}-test.log")


# Numbers and structs


def check(row, what, good, why=""):
    add(row, (1, 0, 0) if good else (0, 1, 0))
    if not good:
        row.notes.append(f"FAILED: {what}: {why}")


def compile_numbers(row, build, name, options, sources):
    return run(row, build, name, [*row.compiler, "-std=c11", "-Wall", "-Wextra", "-Werror",
                                  "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-Iinclude",
                                  "-Isrc", *options, *sources])


def expected_structs(row):
    end = "<" if row.endian == "little" else ">"
    word = 0x0102030405060708
    return {"ruleset": struct.pack(f"{end}6Q", word, 0, 0, 0, 0, 9).hex(),
            "path": struct.pack(f"{end}Qi", word, -2).hex(),
            "port": struct.pack(f"{end}2Q", word, 443).hex()}


def check_numbers(row, build):
    """Against the kernel's header and, by the emulator, as they are made"""
    program = build / f"{row.name}-numbers"
    status, text = compile_numbers(row, build, "numbers", ["-o", program],
                                   ["tests/platforms/numbers.c", "src/sys/landlock.c"])
    check(row, "the numbers are the kernel header's", not status, text)
    if status:
        return
    wrapper = [row.qemu(), "-L", row.sysroot(), "-strace"] if row.emulator else []
    _, text = run(row, build, "strace", [*wrapper, program])
    if "header yes\n" not in text:
        add(row, (-1, 0, 1))
        row.notes.append("SKIP numbers: the kernel's header is older than Landlock")
    for name, wanted in expected_structs(row).items():
        check(row, f"bytes of the struct {name}", f"{name} {wanted}\n" in text, text)
    if row.emulator:
        made = [int(n) for n in re.findall(r"Unknown syscall (\d+)$", text, re.M)]
        for n, name in enumerate(CALLS, row.base + 444):
            check(row, f"{name} is call {n}", n in made, str(made))


def check_other_abis(row, build):
    """By the compiler alone: numbers and structs need no libc, though glibc's
    headers ask for its list of stubs"""
    stubs = row.folder(build) / "no-libc/gnu"
    stubs.mkdir(parents=True, exist_ok=True)
    for name in ("o32_hard", "n32_hard"):
        (stubs / f"stubs-{name}.h").touch()
    for option in row.abis:
        status, text = compile_numbers(
            row, build, f"numbers{option}",
            [option, "-ffreestanding", "-fsyntax-only", f"-I{stubs.parent}"],
            ["tests/platforms/numbers.c"])
        check(row, f"numbers and structs with {option}", not status, text)


# Rows


def run_cross(row, build, say):
    needs_compiler(row)
    row.version = compiler_version(row)
    check = libcheck(row)  # one for all trees: before a folder of this one comes in
    if row.name == "musl":
        row.compiler = row.compiler + kernel_headers(build)
    set_up(row, build, cross_file(row, check))
    say("building")
    programs = test_programs(row, build) if "-static" in row.compiler else []
    must(row, build, "build", ["ninja", "-C", row.folder(build), *programs])
    say("testing")
    check_numbers(row, build)
    check_other_abis(row, build)
    meson_test(row, build)


def run_chroot(row, build, say):
    say("preparing the chroot, building, testing")
    folder = row.folder(build)
    folder.mkdir(exist_ok=True)
    (folder / "testlog.json").unlink(missing_ok=True)
    status, text = run(row, build, "test", [HERE / "old-userland", row.chroot, folder,
                                            row.compiler[0], *row.suites])
    if status == SKIP:
        raise Skipped(text.splitlines()[-1])
    version = re.search(r"^compiler: (.*)$", text, re.M)
    row.version = version[1] if version else "-"
    if not (folder / "testlog.json").exists():
        raise Failed("\n".join(text.splitlines()[-40:]))
    count(row, folder / "testlog.json")
    if row.counts[1]:
        row.notes.append(f"see build/platforms/{row.name}-test.log")
    elif status:
        raise Failed(f"a step in the chroot ended with status {status}")


def run_row(row, build, say):
    began = time.monotonic()
    try:
        (run_chroot if row.chroot else run_cross)(row, build, say)
    except Skipped as reason:
        add(row, (0, 0, 1))
        row.notes.append(f"SKIP not tested: {reason}")
    except Failed as reason:
        add(row, (0, 1, 0))
        row.notes.append(f"FAILED: {reason}")
    row.seconds = time.monotonic() - began


def run_all(rows, build):
    for n, row in enumerate(rows, 1):
        def say(text, n=n, row=row):
            print(f"[{n}/{len(rows)}] {row.name}: {text}", flush=True)
        say("preparing")
        run_row(row, build, say)
        say(f"ended after {row.seconds:.0f} s: {row.counts[0]} passed,"
            f" {row.counts[1]} failed, {row.counts[2]} skipped")


def report(rows):
    """The table, and under it each reason once, with the rows that have it"""
    print(f"\n{'platform':<15} {'compiler':<32} {'passed':>6} {'failed':>6}"
          f" {'skipped':>7} {'seconds':>7}")
    notes = {}
    for row in rows:
        if row.is_brief:
            row.notes.append("brief: one in seven combinations of the matrix")
        print(f"{row.name:<15} {row.version:<32} {row.counts[0]:>6} {row.counts[1]:>6}"
              f" {row.counts[2]:>7} {row.seconds:>7.0f}")
        for line in row.notes:
            notes.setdefault(re.sub(r"\[\d+\]", "", line), {})[row.name] = 1
    for line, names in sorted(notes.items()):
        print(f"  {line} ({', '.join(names)})")


def main(build, names):
    is_brief = "--brief" in names
    names = [name for name in names if name != "--brief"]
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        print(f"no such platform: {' '.join(sorted(unknown))}; there are"
              f" {' '.join(row.name for row in ROWS)}", file=sys.stderr)
        return 2
    rows = [row for row in ROWS if not names or row.name in names]
    for row in rows:
        row.is_brief = is_brief and bool(row.emulator)
    build = Path(build).resolve()
    build.mkdir(parents=True, exist_ok=True)
    run_all(rows, build)
    report(rows)
    total = [sum(column) for column in zip(*(row.counts for row in rows))]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
