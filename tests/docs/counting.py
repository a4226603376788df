# SPDX-License-Identifier: 0BSD OR MIT
"""Each check of a test is named, told and counted; the source tree and its
library, built once for programs of the documents."""
import pathlib
import re
import subprocess
import sys

SKIP = 77


class Count:
    def __init__(self):
        self.n = {"ok": 0, "FAILED": 0, "skipped": 0}

    def tell(self, verdict, what, why=""):
        self.n[verdict] += 1
        print(f"{verdict}: {what}" + (f": {why}" if why else ""))

    def check(self, what, found, wanted=True):
        good = found == wanted
        self.tell("ok" if good else "FAILED", what,
                  "" if good else f"{found!r}, not {wanted!r}")

    def empty(self, what, found):
        self.check(what, sorted(found), [])

    def skip(self, what, why):
        self.tell("skipped", what, why)

    def finish(self):
        print(f"{self.n['ok']} passed, {self.n['FAILED']} failed, "
              f"{self.n['skipped']} skipped")
        if self.n["FAILED"] or not any(self.n.values()):
            sys.exit(1)
        sys.exit(0 if self.n["ok"] else SKIP)


def run(*command, **more):
    """Exit status, standard output, standard error"""
    done = subprocess.run([str(word) for word in command], text=True,
                          capture_output=True, timeout=240,
                          stdin=subprocess.DEVNULL, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def headers(root):
    return [root / "include/liblandlock.h", root / "include/liblandlock/sys.h"]


def prototypes(root):
    """name -> declaration in the headers, with single blanks, no attributes"""
    found = {}
    for header in headers(root):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for line in re.findall(r"^LLK_API ([^;]*);", text, re.M):
            line = re.sub(r" LLK_MUST_CHECK$", "", " ".join(line.split()))
            found[re.search(r"(llk_\w+)\(", line)[1]] = line
    return found


def build_library(root, folder):
    """The library as one shared object, without meson"""
    library = pathlib.Path(folder) / "liblandlock.so.0"
    sources = [*(root / "src").glob("*.c"), *(root / "src/sys").glob("*.c")]
    status, _, errors = run(
        "cc", "-std=c11", "-O1", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64",
        f"-I{root}/include", "-fPIC", "-shared", "-Wl,-soname,liblandlock.so.0",
        "-o", library, *sources)
    if status:
        sys.exit(f"the library does not compile: {errors}")
    return library
