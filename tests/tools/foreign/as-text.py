#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""Turn denials that landlock-run --why --json tells into the lines of --why."""
import json
import sys

OTHERS = {
    "port": ("port {port}", " -> it needs a rule for the port"),
    "signal": ("process {process}", ": the process is outside of the sandbox"
               " -> the program restricts the scope itself"),
}


def own_sandbox(line):
    assert line["own_sandbox"], line
    return f"by its own sandbox (layer {line['layer']} of {line['layers']})"


def of_files(head, line):
    path = line["paths"][0]
    for need in line["needs"]:
        assert not need["file_permissions"] and "option" not in need, line
        where = "" if need["path"] == path else f" on {need['path']}"
        yield (f"{head} {path}: denied {','.join(need['denied'])}"
               f" {own_sandbox(line)}{where} -> it needs a rule for {need['path']}")


def of_other(head, line):
    target, advice = OTHERS[line["kind"]]
    yield (f"{head} {target.format(**line)}: denied {','.join(line['denied'])}"
           f" {own_sandbox(line)}{advice}")


for text in sys.stdin:
    denial = json.loads(text)
    assert denial["type"] == "denied", denial
    start = f"{denial['program']}: {denial['call']}"
    kind = of_files if denial["kind"] == "files" else of_other
    print("\n".join(kind(start, denial)))
