#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""Run the live tests of the library and the tests of landlock-run on real
kernels, in qemu, each as root and as nobody, and print a table.

usage: kernels.py BUILD_FOLDER [ROW ...]

Rows are those of MACHINES, by name; all by default. The number of skipped
checks is compared with the table: a test that silently never runs is a failure.
With LLK_KERNELS_LOG=FOLDER the consoles are kept there."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
AT_ONCE = 4  # on two processors: tests wait, too
BOOT_LIMIT = 900  # seconds, on a slow and shared machine


@dataclass
class Machine:
    """One boot: a kernel, and what is expected of it"""

    name: str
    series: str
    abi: int
    errata: set  # what the newest and older point releases answer
    skipped: tuple  # of root, of nobody
    options: str = ""
    # filled in by the run
    kernel: str = ""
    log: str = ""
    status: int = -1
    seconds: float = 0
    problems: list = field(default_factory=list)


NO = {"unknown"}
MACHINES = [
    Machine("5.10", "5.10", 0, set(), (1147, 1149)),
    Machine("6.1", "6.1", 2, {"", "3 4"} | NO, (338, 388)),
    Machine("6.12", "6.12", 6, {"1 2", "1 2 3 4"}, (168, 220)),
    Machine("6.18", "6.18", 7, {"1 2 3"}, (139, 217)),
    Machine("7.0", "7.0", 8, {"1 2 3"}, (181, 256)),
    Machine("7.1", "7.1", 9, {"1 2 3"}, (162, 237)),
    Machine("7.2", "7.2", 10, {"1 2 3 4"}, (114, 203)),
    Machine("7.3", "7.3", 11, {"1 2 3 4"}, (110, 202)),
    Machine("7.3-off", "7.3", 0, set(), (1147, 1149), "lsm=lockdown,yama"),
]

# Why a check may be skipped: the feature is newer than the kernel, or it is
# older; or this machine can't show it, and another row or the build machine does
REASONS = [
    r"needs (Landlock )?ABI \d+",
    r"ABI \d+ has no ",
    r"this kernel has no Landlock",
    r"only ABI \d+( to \d+)?(,|$)",
    r"ABI \d+ (covers all threads|needs no prctl)",
    r"threads aren't counted",  # from ABI 8 on
    r"TSYNC covers what it can",
    # privilege: the rows of root show it
    r"Operation not permitted",
    r"needs CAP_SYS_ADMIN",
    r"only root can (make one|be another user|do it|mount)",
    r"not readable here anyway: Permission denied",
    # the small system of the test machine: the build machine shows it
    r"locale of this machine: there is none",
    r"(/usr/bin/)?(python3|git|gcc|musl-gcc|curl|script|strace) is not here",
    r"curl, python3 or a local name is not here",
    r"strace can't be used",
    r"getent resolves nothing here anyway",
]
PROGRAMS = """awk basename cat chmod cp dash dirname echo env false find getent grep head id
kill ln ls mkdir mktemp mv printf realpath rm rmdir sed sh sleep sort tail touch tr
tar timeout true uname wc openssl mount setpriv stat unshare""".split()
RUN_TESTS = ["landlock-run", "landlock-run-look", "landlock-run-presets",
             "landlock-run-tmp", "landrun", "learn", "observer", "kernel-word"]
FILES = """/etc/nsswitch.conf /etc/host.conf /etc/services /etc/protocols
/etc/gai.conf /etc/ssl/openssl.cnf /etc/ssl/certs/ca-certificates.crt
/etc/debian_version /etc/os-release /usr/share/zoneinfo/Europe/Berlin
/usr/share/zoneinfo/UTC /usr/lib/locale/C.utf8""".split()
# Where other distributions keep what Debian keeps elsewhere
LINKS = {
    "usr/lib/ssl/openssl.cnf": "/etc/ssl/openssl.cnf",
    "usr/lib/ssl/certs": "/etc/ssl/certs",
    "usr/lib/ssl/cert.pem": "/etc/ssl/certs/ca-certificates.crt",
    "usr/lib/ssl/private": "/etc/ssl/private",
    "etc/ssl/cert.pem": "certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt": "/etc/ssl/certs/ca-certificates.crt",
    "etc/localtime": "/usr/share/zoneinfo/Europe/Berlin",
}
TEXTS = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:1::::::\n",
    "etc/gshadow": "root:*::\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
    "127.0.1.1 testmachine.example testmachine\n",
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
    "etc/machine-id": "00000000000000000000000000000001\n",
}


# What the test machine holds


def real_libraries(program):
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+) \(0x", out.stdout)


def put(payload, path, target=None):
    """Copy what @path leads to, under the same name but with /usr merged"""
    target = payload / (target or path).lstrip("/")
    if target.exists() or not os.path.exists(path):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.isdir(path):
        shutil.copytree(path, target)
    else:
        shutil.copy(os.path.realpath(path), target)


def put_program(payload, path, target):
    put(payload, path, target)
    for library in real_libraries(path):
        put(payload, library)


def merge_usr(payload):
    for name in ("bin", "sbin", "lib", "lib64"):
        (payload / "usr" / name).mkdir(parents=True, exist_ok=True)
        (payload / name).symlink_to(f"usr/{name}")


def put_system(payload):
    for name in PROGRAMS:
        path = shutil.which(name, path="/usr/bin:/bin")
        if path:
            put_program(payload, path, f"/usr/bin/{name}")
    for path in FILES:
        put(payload, path)
    found = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    for library in re.findall(r"libgcc_s.so.1 .*x86-64.* => (\S+)", found.stdout):
        put(payload, library)  # pthread_exit loads it
    for gconv in Path("/usr/lib").glob("*/gconv"):
        put(payload, str(gconv))
    for name, text in TEXTS.items():
        (payload / name).parent.mkdir(parents=True, exist_ok=True)
        (payload / name).write_text(text, encoding="utf-8")
    for name in ("root", "boot", "home", "proc", "sys", "dev", "tmp", "run", "mnt",
                 "etc/ssl/private", "etc/pki/tls/private"):
        (payload / name).mkdir(parents=True, exist_ok=True)
    for name in ("root", "etc/ssl/private", "etc/pki/tls/private"):
        (payload / name).chmod(0o700)
    for name, target in LINKS.items():
        (payload / name).parent.mkdir(parents=True, exist_ok=True)
        (payload / name).symlink_to(target)
    (payload / "etc/shadow").chmod(0o600)
    (payload / "etc/gshadow").chmod(0o600)


def put_tests(payload, build):
    """The test programs, and the lists that init reads: name and command"""
    lines = []
    for live in sorted((build / "tests").glob("live-*")):
        if live.is_file() and os.access(live, os.X_OK):
            put_program(payload, str(live), f"/tests/{live.name}")
            lines.append(f"{live.name} /tests/{live.name}")
    put(payload, str(build / "tests/plugin.so"), "/tests/plugin.so")
    library = (build / "liblandlock.so.0").resolve()
    put(payload, str(library), "/usr/lib/liblandlock.so.0")
    put(payload, str(build / "landlock-run"), "/usr/bin/landlock-run")
    put_program(payload, str(build / "examples/self-sandbox"), "/usr/bin/self-sandbox")
    put_program(payload, str(build / "tests/tools/observed"), "/usr/bin/observed")
    for tool in ("without-landlock", "probe", "resolver", "audit-records"):
        put(payload, str(build / "tests/tools" / tool), f"/usr/bin/{tool}")
    for name in ("build/lib.sh", "kernels/yama.sh", "tools/run-lib.sh",
                 "tools/kernel-word.awk"):
        put(payload, str(HERE.parent / name), f"/tests/{name}")
    lines.append("abi landlock-run --abi || :")
    for name in RUN_TESTS:
        put(payload, str(HERE.parent / f"tools/{name}.sh"), f"/tests/tools/{name}.sh")
        lines.append(f"{name} sh /tests/tools/{name}.sh /usr/bin/landlock-run"
                     " /usr/bin/without-landlock /usr/bin/probe"
                     " /usr/bin/observed /usr/bin /tests")
    (payload / "tests/list").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (payload / "tests/last").write_text(
        "yama sh /tests/kernels/yama.sh /usr/bin/landlock-run"
        " /usr/bin/without-landlock /usr/bin/probe\n", encoding="utf-8")


def make_initramfs(build, root):
    root.chmod(0o755)
    payload = root / "payload"
    payload.mkdir(mode=0o755)
    merge_usr(payload)
    put_system(payload)
    put_tests(payload, build)
    subprocess.run(["ldconfig", "-r", str(payload)], check=True, stderr=subprocess.DEVNULL)
    shutil.copy(shutil.which("busybox"), root / "busybox")
    subprocess.run(["gcc", "-static", "-O1", "-D_GNU_SOURCE", "-o", root / "init",
                    HERE / "init.c"], check=True)
    image = root.with_suffix(".cpio")
    with open(image, "wb") as out:
        names = subprocess.run(["find", ".", "-print0"], cwd=root, check=True,
                               capture_output=True).stdout
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                       cwd=root, input=names, stdout=out, check=True)
    return image


# A boot


def qemu(machine, image, log):
    return ["qemu-system-x86_64", "-M", "pc", "-accel", "tcg",
            # A newer one's wide registers and fifth page table take an eighth more
            "-cpu", "qemu64,+rdrand",
            "-smp", "1", "-m", "768", "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-serial", f"file:{log}",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
            "-kernel", machine.kernel, "-initrd", str(image),
            # A busy host lets the check of the timer fail, and the kernel panics
            # and code that lies at another address in each process is translated
            # again for each: a third of all time
            "-append", "console=ttyS0 panic=-1 quiet audit=1 "
            # Else the kernel tells of records that nobody takes, amid the tests
            "audit_backlog_limit=8192 no_timer_check "
            f"norandmaps {machine.options}"]


def boot(machine, image, folder):
    log = folder / f"{machine.name}.log"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    try:
        done = subprocess.run(qemu(machine, image, log), timeout=BOOT_LIMIT, check=False,
                              stdin=subprocess.DEVNULL)
        machine.status = done.returncode
    except subprocess.TimeoutExpired:
        machine.problems.append(f"no end after {BOOT_LIMIT} s")
    machine.seconds = time.monotonic() - began
    if log.exists():
        machine.log = log.read_text(errors="replace").replace("\r", "")


# What it said

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
TEST = re.compile(r"^=== begin (\w+) (\S+)\n(.*?)\n=== end \1 \2 (\d+) (\d+)$", re.M | re.S)
TOO_OLD = re.compile(r"(?:needs (?:Landlock )?ABI (\d+)|ABI (\d+) has no)")


def tests_of(machine):
    return [(user, name, text, int(status)) for user, name, text, status, _ in
            TEST.findall(machine.log)]


def counts_of(machine, user):
    """passed, failed, skipped; a test without a closing line has failed"""
    total = [0, 0, 0]
    for who, name, text, status in tests_of(machine):
        if who != user or name == "abi":
            continue
        closing = CLOSING.findall(text)
        if closing:
            total = [a + int(b) for a, b in zip(total, closing[-1])]
        if not closing or (status not in (0, 77) and not int(closing[-1][1])):
            total[1] += 1
            machine.problems.append(f"{user} {name}: ended with status {status}")
    return total


def said(machine, pattern):
    found = re.search(pattern, machine.log, re.M)
    return found.group(1).strip() if found else ""


def judge_abi(machine):
    abi = int(said(machine, r"^Landlock ABI: (\d+)$") or 0)
    errata = said(machine, r"^fixed errata:(.*)$").split(" (")[0]
    errata = "" if errata == "none" else errata
    if abi != machine.abi:
        machine.problems.append(f"ABI {abi}, expected {machine.abi}")
    if machine.abi and errata not in machine.errata:
        machine.problems.append(f"errata '{errata}', expected one of {sorted(machine.errata)}")
    return abi, errata


def judge(machine):
    """The numbers of a row; what is wrong goes into machine.problems"""
    abi, errata = judge_abi(machine)
    root, nobody = counts_of(machine, "root"), counts_of(machine, "nobody")
    if machine.status != 33:
        machine.problems.append(f"qemu's exit status is {machine.status}, not 33")
    if not re.search(r"^=== all \d+ run, 0 bad$", machine.log, re.M):
        machine.problems.append("no closing line without bad tests")
    if (root[2], nobody[2]) != machine.skipped:
        machine.problems.append(f"skipped {root[2]}, {nobody[2]}; expected"
                                f" {machine.skipped[0]}, {machine.skipped[1]}")
    judge_reasons(machine)
    return abi, errata, [a + b for a, b in zip(root, nobody)]


def judge_reasons(machine):
    for line in re.findall(r"^(?:SKIP|skipped:) (.*)$", machine.log, re.M):
        if not any(re.search(reason, line) for reason in REASONS):
            machine.problems.append(f"skipped for no known reason: {line}")


def failures(machine):
    return re.findall(r"^(?:\S*:[FE]:.*|FAILED: .*)$", machine.log, re.M)


# The table

PRINT = threading.Lock()


def progress(machines, done, text):
    with PRINT:
        print(f"[{done}/{len(machines)}] {text}", flush=True)


def run_all(machines, image, folder):
    done = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        def one(machine):
            nonlocal done
            progress(machines, done, f"{machine.name}: booting")
            boot(machine, image, folder)
            done += 1
            progress(machines, done, f"{machine.name}: ended after {machine.seconds:.0f} s")
        # Those with little to do fill what is left at the end
        list(pool.map(one, sorted(machines, key=lambda m: m.abi == 0)))


def report(machines):
    total = [0, 0, 0]
    print(f"\n{'machine':<9} {'kernel':<24} {'ABI':>3} {'errata':<8} "
          f"{'passed':>6} {'failed':>6} {'skipped':>7} {'seconds':>7}")
    for m in machines:
        if not m.kernel:
            print(f"{m.name:<9} not tested: the archive has no kernel {m.series} any more")
            total[2] += 1
            continue
        abi, errata, counts = judge(m)
        counts[1] += bool(m.problems) and not counts[1]
        version = Path(m.kernel).name.split("_")[1].removesuffix(".vmlinuz")
        print(f"{m.name:<9} {version:<24} {abi or '-':>3} {errata or '-':<8} "
              f"{counts[0]:>6} {counts[1]:>6} {counts[2]:>7} {m.seconds:>7.0f}")
        total = [a + b for a, b in zip(total, counts)]
    for m in machines:
        for line in m.problems + failures(m):
            print(f"  {m.name}: {line}")
    return total


def skips(machines):
    """Each reason once, with the machines that have it"""
    reasons = {}
    for m in machines:
        for line in re.findall(r"^(?:SKIP|skipped:) (.*)$", m.log, re.M):
            line = re.sub(r"\[\d+\]", "", line)
            line = re.sub(r", (?:this kernel )?has \d+", "", line)
            reasons.setdefault(re.sub(r"^ABI \d+ has", "too old:", line), {})[m.name] = 1
    print("\nskipped:")
    for reason, names in sorted(reasons.items()):
        print(f"  {reason} ({', '.join(names)})")


def find_kernels(machines):
    series = sorted({m.series for m in machines})
    out = subprocess.run([HERE / "fetch", *series], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    found = {line.split()[0]: line.split()[3] for line in out.splitlines()
             if len(line.split()) == 4}
    for m in machines:
        m.kernel = found.get(m.series, "")


def main(build, names):
    machines = [m for m in MACHINES if not names or m.name in names]
    find_kernels(machines)
    with tempfile.TemporaryDirectory() as scratch:
        keep = os.environ.get("LLK_KERNELS_LOG")
        folder = Path(keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        root = Path(scratch) / "root"
        root.mkdir()
        image = make_initramfs(Path(build).resolve(), root)
        print(f"test machine: {image.stat().st_size >> 20} MiB", flush=True)
        run_all([m for m in machines if m.kernel], image, folder)
    total = report(machines)
    skips(machines)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 0 if total[0] and not total[1] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
