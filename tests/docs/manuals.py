#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""The manual pages: each public function has one, found by its name, with the
header's declaration; all are clean to man and mandoc, and each errno that they
claim has a test.
usage: manuals.py SOURCE_ROOT BUILD_ROOT"""
import os
import pathlib
import re
import shutil
import sys
import tempfile

from counting import Count, prototypes, run

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUE", "ERRORS",
            "VERSIONS", "EXAMPLES", "SEE ALSO"]
OTHERS_PAGES = {  # of the kernel, libc and other programs
    "accept(2)", "bind(2)", "chdir(2)", "chmod(2)", "chown(2)", "clone(2)",
    "close(2)", "connect(2)", "epoll_wait(2)", "execve(2)", "fcntl(2)", "flock(2)",
    "fork(2)", "htons(3)", "io_uring_enter(2)", "kill(2)", "landlock(7)",
    "landlock_add_rule(2)", "landlock_create_ruleset(2)",
    "landlock_restrict_self(2)", "listen(2)", "mount(2)", "msgrcv(2)", "open(2)",
    "pause(2)", "pivot_root(2)", "poll(2)", "prctl(2)", "process_vm_readv(2)",
    "pthread_cancel(3)", "ptrace(2)", "read(2)", "recv(2)", "seccomp(2)",
    "select(2)", "sem_timedwait(3)", "semop(2)", "setpriv(1)", "setsid(1)",
    "setuid(2)", "setxattr(2)", "sigwaitinfo(2)", "snprintf(3)", "stat(2)",
    "umount(2)", "utime(2)", "vfork(2)", "waitpid(2)", "write(2)",
}


def section(text, name):
    found = re.search(rf"^# {name}$(.*?)(?=^# |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def synopsis(text):
    """name -> declaration, from a page's SYNOPSIS"""
    found = {}
    code = re.sub(r"/\*.*?\*/", "", section(text, "SYNOPSIS"))
    for line in re.findall(r"^(?!struct \w+ \{)\w[^;{}]*\([^;]*\);", code, re.M):
        found[re.search(r"(llk_\w+)\(", line)[1]] = " ".join(line.split())[:-1]
    return found


def structs(text):
    """The members of each struct, without comments"""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return {name: body.split() for name, body in
            re.findall(r"^struct (\w+) \{(.*?)^\}", text, re.M | re.S)}


def check_sources(count, root, pages):
    declared = prototypes(root)
    told = {}
    for page, text in pages.items():
        told.update(synopsis(text))
        count.check(f"{page} has its sections in order",
                    re.findall(r"^# (.*)$", text, re.M), SECTIONS)
        names = section(text, "NAME").split(" - ")[0].replace("\n", " ")
        count.check(f"{page} names the functions of its synopsis",
                    sorted(re.findall(r"\w+", names)), sorted(synopsis(text)))
    count.check("there are public functions", len(declared) > 20)
    for name, line in sorted(declared.items()):
        count.check(f"{name}: as the header declares it", told.get(name), line)
    count.empty("no page tells of a function that is not there",
                set(told) - set(declared))
    for name, body in structs((root / "include/liblandlock/sys.h").read_text()).items():
        count.check(f"struct {name}: as the header declares it",
                    structs(pages["llk_sys.3"]).get(name), body)


def check_constants(count, root, pages):
    text = " ".join(pages.values()) + (root / "docs/liblandlock.7.scd").read_text()
    header = "".join(path.read_text() for path in (root / "include").rglob("*.h"))
    defined = set(re.findall(r"#define (LLK_\w+)", header))
    used = set(re.findall(r"\bLLK_[A-Z0-9_]*[A-Z0-9]\b", text))
    count.empty("the pages name constants of the headers alone",
                used - defined - {"LLK_SYS"})
    rest = {name for name in defined - used if not re.match(
        r"LLK_(V\d+|API|MUST_CHECK|SYS_PACKED)$", name)}
    count.empty("each constant of the headers is on a page", rest)


def check_references(count, root, pages, installed):
    count.check("pages were installed", len(installed) > 20)
    for path in sorted((root / "docs").glob("*.scd")):
        refers = set(re.findall(r"\*(\w[\w-]*)\*\((\d)\)", path.read_text()))
        wrong = {f"{name}({number})" for name, number in refers
                 if f"{name}.{number}" not in installed}
        count.empty(f"{path.name} refers to pages that are there",
                    wrong - OTHERS_PAGES)
    for name in prototypes(root):
        count.check(f"man {name} finds a page", f"{name}.3" in installed)


def check_rendered(count, path):
    name = path.name
    if shutil.which("mandoc"):
        count.check(f"mandoc -Tlint has nothing on {name}",
                    run("mandoc", "-Tlint", "-Wwarning", path)[:2], (0, ""))
    else:
        count.skip(f"mandoc -Tlint on {name}", "no mandoc")
    if shutil.which("man"):
        status, _, errors = run("man", "--warnings", "-Tutf8", "-l", path)
        count.check(f"man --warnings has nothing on {name}", (status, errors), (0, ""))
    else:
        count.skip(f"man --warnings on {name}", "no man")


def check_can_fail(count, folder):
    """What lint would have to find"""
    page = folder / "bad.7"
    page.write_text('.TH BAD 7 2026-01-01\n.SH NAME\n.PP\n.PP\nbad \\- page\n')
    if shutil.which("mandoc"):
        count.check("mandoc -Tlint finds an empty paragraph",
                    run("mandoc", "-Tlint", "-Wwarning", page)[0] != 0)


def check_man_finds(count, manuals, names):
    if not shutil.which("man"):
        count.skip("man finds pages by name", "no man")
        return
    for name in names:
        status, out, _ = run("man", "-M", manuals, "3", name,
                             env={**os.environ, "MANPAGER": "cat"})
        count.check(f"man 3 {name} shows its declaration",
                    (status, f" {name}(" in out or f"*{name}(" in out), (0, True))


def errors_of(text):
    """The errnos that begin an item of ERRORS"""
    lines = re.findall(r"^\*-E.*$", section(text, "ERRORS"), re.M)
    return {error for line in lines for error in re.findall(r"-E[A-Z0-9]+", line)}


def file_of(tests, name):
    """The text of the file that has the test"""
    return next((text for text in tests if f"START_TEST({name})" in text), "")


def check_errors(count, root, pages):
    """errors.txt has a test for each errno of each page, in a file that names it"""
    tests = [path.read_text() for path in sorted((root / "tests").glob("*.c"))]
    lines = (root / "tests/docs/errors.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    claimed = {(page, error) for page, text in pages.items()
               for error in errors_of(text)}
    count.check("errnos are claimed", len(claimed) > 40)
    count.check("each claimed errno has a test, and no other is listed",
                sorted(claimed ^ {(page, error) for page, error, _ in rows}), [])
    for page, error, name in rows:
        if name != "-":
            count.check(f"{page}: {error}: {name}",
                        bool(re.search(rf"\b{error[1:]}\b", file_of(tests, name))))


def install(root, build, folder):
    status, out, errors = run("meson", "install", "-C", build, "--no-rebuild",
                              env={**os.environ, "DESTDIR": str(folder)})
    if status:
        sys.exit(out + errors)
    pages = list(pathlib.Path(folder).rglob("llk_abi.3"))
    return pages[0].parent.parent if pages else None


def main(root, build):
    count = Count()
    pages = {path.stem: path.read_text()
             for path in sorted((root / "docs").glob("*.3.scd"))}
    check_sources(count, root, pages)
    check_constants(count, root, pages)
    check_errors(count, root, pages)
    with tempfile.TemporaryDirectory() as folder:
        manuals = install(root, build, folder)
        if not manuals:
            count.skip("the pages as man shows them", "no scdoc")
            count.finish()
        installed = {path.name for path in manuals.rglob("*.[0-9]")}
        check_references(count, root, pages, installed)
        check_man_finds(count, manuals, prototypes(root))
        for path in sorted(manuals.rglob("*.[0-9]")):
            if not path.is_symlink():
                check_rendered(count, path)
        check_can_fail(count, pathlib.Path(folder))
    count.finish()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
