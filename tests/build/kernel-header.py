#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""Compare every constant, struct and system call number of ours with a current
<linux/landlock.h>, whose names are enumerated: one that we lack is a failure.
usage: kernel-header.py SOURCE_ROOT"""
import os
import re
import subprocess
import sys
import tempfile

NEWEST_KNOWN = 0x070300  # the Linux that has the newest ABI we know
SKIP = 77

# What the compiler must think it is to read one architecture's headers
ARCHES = [
    ("x86", "x86_64", "-D__x86_64__"),
    ("x86", "x32", "-D__x86_64__ -D__ILP32__"),
    ("x86", "i386", "-D__i386__"),
    ("alpha", "alpha", "-D__alpha__"),
    ("arm", "arm", "-D__arm__ -D__ARM_EABI__"),
    ("arm64", "arm64", "-D__aarch64__"),
    ("loongarch", "loong64", "-D__loongarch__ -D__BITS_PER_LONG=64"),
    ("m68k", "m68k", "-D__mc68000__"),
    ("mips", "mips o32", "-D__mips__ -D_MIPS_SIM=1"),
    ("mips", "mips n32", "-D__mips__ -D_MIPS_SIM=2"),
    ("mips", "mips n64", "-D__mips__ -D_MIPS_SIM=3"),
    ("parisc", "hppa", "-D__hppa__"),
    ("powerpc", "ppc64", "-D__powerpc__ -D__powerpc64__"),
    ("riscv", "riscv64", "-D__riscv -D__riscv_xlen=64"),
    ("s390", "s390x", "-D__s390__ -D__s390x__"),
    ("sh", "sh4", "-D__sh__"),
    ("sparc", "sparc64", "-D__sparc__ -D__arch64__"),
]
UNDEFINED = ["-U__x86_64__", "-U__i386__", "-U__aarch64__", "-U__arm__",
             "-U__ILP32__", "-U__riscv", "-U__powerpc__", "-U__powerpc64__",
             "-U__s390__", "-U__s390x__"]
CALLS = ["create_ruleset", "add_rule", "restrict_self"]


class Count:
    def __init__(self):
        self.n = {"ok": 0, "FAILED": 0, "skipped": 0}

    def tell(self, verdict, what):
        self.n[verdict] += 1
        print(f"{verdict}: {what}")

    def same(self, what, ours, kernels):
        same = ours == kernels
        self.tell("ok" if same else "FAILED",
                  what if same else f"{what}: ours {ours}, the kernel's {kernels}")

    def one_sided(self, what, may_differ):
        self.tell("skipped" if may_differ else "FAILED", what)

    def finish(self):
        print(f"{self.n['ok']} passed, {self.n['FAILED']} failed, "
              f"{self.n['skipped']} skipped")
        if self.n["FAILED"]:
            return 1
        return 0 if self.n["ok"] else SKIP if self.n["skipped"] else 1


def run(*argv, stdin=None):
    return subprocess.run(argv, input=stdin, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


class Headers:
    """Both headers, for the C compiler of this machine"""

    def __init__(self, root, uapi):
        self.root, self.uapi = root, uapi
        self.include = ["-I", os.path.join(root, "include"),
                        "-I", os.path.join(root, "src"),
                        "-I", os.path.join(uapi, "usr/include")]
        self.kernel = "#include <linux/landlock.h>\n"
        self.ours = "#include <liblandlock/sys.h>\n"
        self.version = self.macro("#include <linux/version.h>\n",
                                  "LINUX_VERSION_CODE")

    def text(self, source):
        return run("cc", *self.include, "-E", "-P", "-", stdin=source)

    def macro(self, include, name):
        return int(self.text(include + name).split("\n")[-2], 0)

    def macros(self, include):
        text = run("cc", *self.include, "-dM", "-E", "-", stdin=include)
        return set(re.findall(r"^#define (\w+) \S", text, re.M))

    def kernel_constants(self):
        defined = {n for n in self.macros(self.kernel) if n.startswith("LANDLOCK_")}
        return defined | set(re.findall(r"\bLANDLOCK_\w+", self.text(self.kernel)))

    def our_constants(self):
        right = re.compile(r"LLK_(FS|NET|SCOPE)_\w+$|LLK_SYS_(?!PACKED)\w+$"
                           r"|LLK_RESTRICT_LOG_\w+$")
        return {n for n in self.macros(self.ours) if right.match(n)}

    def structs(self, include, prefix):
        pattern = r"struct " + prefix + r"(\w+) \{(.*?)\}"
        found = re.findall(pattern, self.text(include), re.S)
        return {name: re.findall(r"(\w+);", body) for name, body in found}

    def evaluate(self, expressions):
        """The values that a compiled program gives to the expressions"""
        lines = "".join(f'\tprintf("%llu\\n", (unsigned long long)({e}));\n'
                        for e in expressions)
        source = ("#include <stdio.h>\n#include <stddef.h>\n" + self.kernel +
                  self.ours + "int main(void)\n{\n" + lines + "}\n")
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "values")
            run("cc", *self.include, "-x", "c", "-", "-o", program, stdin=source)
            return [int(v) for v in run(program).split()]

    def arch(self, folder):
        return os.path.join(self.uapi, "usr/lib/linux/uapi", folder)

    def has_arch(self, folder):
        """Without it the compiler would find the machine's own header"""
        return os.path.exists(os.path.join(self.arch(folder), "asm/unistd.h"))

    def call_numbers(self, folder, defines):
        """Ours and the kernel's, for another architecture"""
        names = [f"LLKI_SYS_{c.upper()} : __NR_landlock_{c}" for c in CALLS]
        source = '#include "sys/seam.h"\n#include <asm/unistd.h>\n' + \
            "".join(f"\nCALL {n}" for n in names) + "\n"
        text = run("cc", "-ffreestanding", *UNDEFINED, *defines.split(), "-I",
                   self.arch(folder), *self.include, "-E", "-P", "-", stdin=source)
        pairs = re.findall(r"^CALL (.*) : (.*)$", text, re.M)
        return [(arithmetic(a), arithmetic(b)) for a, b in pairs]


def arithmetic(text):
    """The value of a sum of numbers, as macros leave it; else the text"""
    plain = text.replace("(", " ").replace(")", " ").split("+")
    try:
        return sum(int(part.strip(), 0) for part in plain)
    except ValueError:
        return text


def our_names(kernel_name):
    """Our constants that hold a kernel's, each with its expression"""
    name = kernel_name[len("LANDLOCK_"):]
    for zone in "FS", "NET":
        if name.startswith(f"ACCESS_{zone}_"):
            ours = f"LLK_{zone}_{name[len('ACCESS_' + zone + '_'):]}"
            return [(ours, f"LLK_SYS_{zone}({ours})")]
    if name.startswith("SCOPE_"):
        return [(f"LLK_{name}", f"LLK_SYS_SCOPE(LLK_{name})")]
    names = [(f"LLK_SYS_{name}", f"LLK_SYS_{name}")]
    if name.startswith("RESTRICT_SELF_LOG_"):
        short = f"LLK_{name.replace('SELF_', '')}"
        names.append((short, short))
    return names


def compare_constants(headers, count):
    theirs, ours = headers.kernel_constants(), headers.our_constants()
    wanted = [(k, o, e) for k in sorted(theirs) for o, e in our_names(k)]
    both = [w for w in wanted if w[1] in ours]

    values = headers.evaluate([v for k, _, e in both for v in (e, k)])
    for i, (kernel, our, _) in enumerate(both):
        count.same(f"{our} is {kernel}", values[2 * i], values[2 * i + 1])
    for kernel, our, _ in (w for w in wanted if w[1] not in ours):
        count.one_sided(f"{our} for {kernel} is missing",
                        headers.version > NEWEST_KNOWN + 0xff)
    for our in sorted(ours - {w[1] for w in wanted}):
        count.one_sided(f"{our} is not in this kernel's header",
                        headers.version < NEWEST_KNOWN)


def layout(prefix, struct, members):
    name = f"struct {prefix}{struct}"
    sizes = [f"sizeof({name})"]
    for m in members:
        sizes += [f"offsetof({name}, {m})", f"sizeof((({name} *)0)->{m})",
                  f"(__typeof__((({name} *)0)->{m}))-1 < 0"]
    return sizes


def compare_struct(headers, count, struct, theirs, ours):
    common = [m for m in theirs if m in ours]
    if theirs != ours:
        newer = headers.version > NEWEST_KNOWN + 0xff and common == ours
        older = headers.version < NEWEST_KNOWN and common == theirs
        count.one_sided(f"members of {struct}: ours {ours}, the kernel's {theirs}",
                        newer or older)
        return
    a = headers.evaluate(layout("llk_sys_", struct, ours))
    b = headers.evaluate(layout("landlock_", struct, theirs))
    count.same(f"struct llk_sys_{struct}: size, members, offsets, signs", a, b)


def compare_structs(headers, count):
    theirs = headers.structs(headers.kernel, "landlock_")
    ours = headers.structs(headers.ours, "llk_sys_")
    for struct in sorted(set(theirs) | set(ours)):
        if struct in ours and struct in theirs:
            compare_struct(headers, count, struct, theirs[struct], ours[struct])
        else:
            side = "the kernel" if struct in theirs else "us"
            count.one_sided(f"struct {struct} is known to {side} alone",
                            headers.version > NEWEST_KNOWN + 0xff)


def compare_calls(headers, count):
    for folder, name, defines in ARCHES:
        if not headers.has_arch(folder):
            count.tell("skipped", f"no system call numbers of {name} here")
            continue
        try:
            pairs = headers.call_numbers(folder, defines)
        except subprocess.CalledProcessError:
            pairs = []
        count.same(f"system call numbers of {name}",
                   [ours for ours, _ in pairs] or "unknown",
                   [kernels for _, kernels in pairs])


def fetch(root):
    tool = os.path.join(root, "tests/build/fetch-kernel-header")
    result = subprocess.run([tool], stdout=subprocess.PIPE, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else None


def main(root):
    count = Count()
    uapi = fetch(root)
    if uapi is None:
        count.tell("skipped", "no current kernel header could be fetched")
        return count.finish()
    headers = Headers(root, uapi)
    print(f"kernel header of Linux {headers.version >> 16}."
          f"{headers.version >> 8 & 255}.{headers.version & 255}")
    compare_constants(headers, count)
    compare_structs(headers, count)
    compare_calls(headers, count)
    return count.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
