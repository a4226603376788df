# SPDX-License-Identifier: 0BSD OR MIT
"""The same as prog.c by ctypes: prog.py LIBRARY ALLOWED DENIED"""
import ctypes
import sys
from ctypes import c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p

LLK_V1 = 1
LLK_FS = 0x00000000FFFFFFFF
LLK_READ = 0x010000000000000C
NO_LANDLOCK = 77


def load(path):
    lib = ctypes.CDLL(path)
    lib.llk_abi.restype = c_int
    lib.llk_abi.argtypes = []
    lib.llk_ruleset_new.restype = c_void_p
    lib.llk_ruleset_new.argtypes = [c_int, c_uint64, c_uint]
    lib.llk_ruleset_allow_path.restype = None
    lib.llk_ruleset_allow_path.argtypes = [c_void_p, c_uint64, c_char_p]
    lib.llk_ruleset_restrict_self.restype = c_int
    lib.llk_ruleset_restrict_self.argtypes = [c_void_p, c_uint]
    lib.llk_ruleset_explain.restype = c_int
    lib.llk_ruleset_explain.argtypes = [c_void_p, c_char_p, c_size_t]
    lib.llk_ruleset_free.restype = c_void_p
    lib.llk_ruleset_free.argtypes = [c_void_p]
    return lib


def can_read(path):
    try:
        with open(path, encoding="utf-8"):
            return True
    except PermissionError:
        return False


def restrict_to(lib, path):
    why = ctypes.create_string_buffer(512)
    ruleset = lib.llk_ruleset_new(LLK_V1, LLK_FS, 0)
    lib.llk_ruleset_allow_path(ruleset, LLK_READ, path.encode())
    result = lib.llk_ruleset_restrict_self(ruleset, 0)
    lib.llk_ruleset_explain(ruleset, why, len(why))
    lib.llk_ruleset_free(ruleset)
    if result != 0:
        sys.exit(f"prog.py: {why.value.decode()}")


def main(library, allowed, denied):
    lib = load(library)
    if lib.llk_abi() < 0:
        print("this kernel has no Landlock")
        return NO_LANDLOCK
    if not can_read(allowed) or not can_read(denied):
        return 1
    restrict_to(lib, allowed)
    return 0 if can_read(allowed) and not can_read(denied) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
