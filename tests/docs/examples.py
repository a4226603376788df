#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""The code in the documents, as it stands there: each example of the manual
pages is compiled and run, and prints what its page says; each block of a guide
is compiled, and run where it is a program.
usage: examples.py SOURCE_ROOT"""
import os
import pathlib
import re
import sys
import tempfile

from counting import SKIP, Count, build_library, run

WARNINGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
            "-Wno-unused-function"]
# What the examples of the manual print, by the outcome on any kernel with Landlock
PRINTED = {
    "llk_abi.3": r"ABI \d+: (fs|execute,write_file,read_file).*\n",
    "llk_rights_parse.3": r"read_file,read_dir,refer,preset\n-22\n",
    "llk_ruleset_allow_path.3": r"denied\nallowed\n",
    "llk_ruleset_allow_port.3": r"(enforced: all that was asked\."
        r"|(partly|not) enforced: Linux \d\.\d+ is needed for .*connect_send_udp\.)\n",
    "llk_ruleset_check_path.3": r"/etc: the sandbox would deny read_file\n",
    "llk_ruleset_explain.3": r'sandbox: failed: "/no/such/path": no such file or '
        r"directory \(LLK_IF_PRESENT skips a path that is not there\)\.\n",
    "llk_ruleset_load.3": r"3 workers were sandboxed\n",
    "llk_ruleset_new.3": r"0 -22\n",
    "llk_ruleset_quiet.3": r"denied\n",
    "llk_ruleset_require.3": r"denied\n",
    "llk_ruleset_restrict_self.3": r"denied\n",
    "llk_sys.3": r"denied\n",
}
PRELUDE = """
#include <errno.h>
#include <fcntl.h>
#include <liblandlock.h>
#include <liblandlock/sys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
"""

GIVEN = [("struct llk_ruleset *rs = NULL;", r"\*rs ="),
         ("int r = 0;", r"^int r;"), ("char buf[512];", r"^char buf")]


class Code:
    """Compiles and runs, in a folder of its own, with a library of its own"""

    def __init__(self, root, folder):
        self.root = root
        self.folder = folder
        self.library = build_library(root, folder)

    def compile(self, compiler, text, name, options):
        source = self.folder / name
        source.write_text(text)
        return run(*compiler, f"-I{self.root}/include", source, *options)

    def program(self, text, compiler=("cc", *WARNINGS), suffix="c"):
        """Its path, or what the compiler said"""
        status, _, errors = self.compile(
            compiler, text, f"program.{suffix}",
            ["-o", self.folder / "program", self.library,
             f"-Wl,-rpath,{self.folder}"])
        return (self.folder / "program", "") if status == 0 else (None, errors)

    def run(self, program, *words):
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            (pathlib.Path(place) / "allowed").write_text("allowed\n")
            return run(program, *words, cwd=place)


def blocks(text, language=""):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def of_page(text):
    """scdoc writes a backslash twice"""
    return [block.replace("\\\\", "\\") for block in blocks(text)]


def check_manual(count, code, page):
    text = page.read_text()
    example = of_page(text[text.index("# EXAMPLES"):])
    count.check(f"{page.stem} has one example", len(example), 1)
    program, errors = code.program(example[0])
    count.check(f"{page.stem}: the example compiles", errors, "")
    if not program:
        return
    status, out, errors = code.run(program)
    wanted = PRINTED.get(page.stem, "nothing is known of this page")
    count.check(f"{page.stem}: it prints what the page says ({out.strip()})",
                (status, bool(re.fullmatch(wanted, out))), (0, True))


def is_file_scope(block):
    return re.search(r"^(\{|static .*= \{)$", block, re.M)


def as_file(block):
    """A block of a document as a source: statements get a function around them,
    and the variables that they take for given"""
    if is_file_scope(block):
        return PRELUDE + block
    block = re.sub(r"^#include .*$", "", block, flags=re.M)
    given = "".join(line for line, own in GIVEN if not re.search(own, block, re.M))
    return f"{PRELUDE}void fragment(void); void fragment(void)\n{{{given}\n{block}}}\n"


def check_blocks(count, code, name, found):
    for number, block in enumerate(found, 1):
        status, _, errors = code.compile(
            ["cc", *WARNINGS, "-Wno-unused-variable", "-Wno-unused-but-set-variable"],
            as_file(block), "block.c", ["-fsyntax-only"])
        count.check(f"{name}: block {number} compiles", (status, errors), (0, ""))


def check_onboarding(count, code):
    """The program, and each step of its sandbox put before it"""
    name = "onboarding.md"
    program, *steps = blocks((code.root / "docs" / name).read_text(), "c")
    steps = [step for step in steps if "static int sandbox(" in step]
    count.check(f"{name} has steps", len(steps) >= 3)
    free = program.replace("sandbox(", "no_sandbox(").replace(
        "static int no_sandbox(const char *dir);",
        "static int no_sandbox(const char *dir) { return dir == NULL; }")
    for number, step in enumerate([free, *steps]):
        text = step if step is free else program + step
        path, errors = code.program(text)
        count.check(f"{name}: step {number} compiles", errors, "")
        status, out, told = code.run(path, "allowed", "/etc/passwd") if path else 3 * ("",)
        wanted = r"allowed\nroot:.*\n" if step is free else r"allowed\n/etc/passwd: .*\n"
        count.check(f"{name}: step {number} allows and denies what it says",
                    (bool(re.fullmatch(wanted, out + told)), status),
                    (True, 0 if step is free else 1))


def check_bindings(count, code):
    name = "bindings.md"
    text = (code.root / "docs" / name).read_text()
    path, errors = code.program(
        blocks(text, r"c\+\+")[0],
        ("c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"), "cc")
    count.check(f"{name}: C++ compiles", errors, "")
    if path:
        count.check(f"{name}: C++ restricts itself", code.run(path),
                    (0, "allowed\ndenied\n", ""))
    script = code.folder / "binding.py"
    script.write_text(blocks(text, "python")[0])
    env = {**os.environ, "LD_LIBRARY_PATH": str(code.folder)}
    status, out, errors = run(sys.executable, script, env=env, cwd=code.folder)
    count.check(f"{name}: Python restricts itself", (status, out, errors),
                (0, "allowed\ndenied\n", ""))


def check_can_fail(count, code):
    count.check("code that does not compile is found",
                code.program("int main(void) { return llk_nothing(); }")[0], None)


def has_landlock(code):
    path, errors = code.program(
        "#include <liblandlock.h>\nint main(void) { return llk_abi() < 0; }")
    return path and not errors and code.run(path)[0] == 0


def main(root):
    count = Count()
    with tempfile.TemporaryDirectory() as folder:
        code = Code(root, pathlib.Path(folder))
        if not has_landlock(code):
            print("this kernel has no Landlock, which the examples need")
            sys.exit(SKIP)
        check_can_fail(count, code)
        for page in sorted((root / "docs").glob("*.3.scd")):
            check_manual(count, code, page)
        tour = root / "docs/liblandlock.7.scd"
        check_blocks(count, code, tour.stem, [
            block for block in of_page(tour.read_text()) if not block.startswith("/")])
        for guide in [*sorted((root / "docs").glob("*.md")), root / "README.md"]:
            if guide.name != "onboarding.md":
                check_blocks(count, code, guide.name, blocks(guide.read_text(), "c"))
        check_onboarding(count, code)
        check_bindings(count, code)
    count.finish()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
