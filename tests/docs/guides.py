#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD OR MIT
"""The guides: each link within the tree leads somewhere, each constant and function
that they name is the headers', and each test of parity.md exists.
usage: guides.py SOURCE_ROOT"""
import pathlib
import re
import sys

from counting import Count, headers, prototypes

GUIDES = {"bindings.md", "coming-from.md", "groups.md", "onboarding.md", "parity.md",
          "upgrading.md", "vendoring.md"}


def anchors(text):
    """As they are made of headings"""
    return {re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
            for line in re.findall(r"^#+ (.*)$", text, re.M)}


def broken(path, text):
    """The links of one document that lead nowhere"""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            yield link


def check_links(count, documents):
    n_links = 0
    for path in documents:
        text = path.read_text()
        n_links += len(re.findall(r"\]\(", text))
        count.empty(f"{path.name}: each link leads somewhere", broken(path, text))
    count.check("there are links", n_links > 20)
    path = documents[0]
    count.check("a broken link is found",
                list(broken(path, "[a](no-such-file) [b](#no-such-heading)")),
                ["no-such-file", "#no-such-heading"])


def check_names(count, root, documents):
    text = "".join(path.read_text() for path in headers(root))
    known = set(re.findall(r"#define (LLK_\w+)", text)) | set(prototypes(root))
    known |= set(re.findall(r"struct (llk_\w+)", text)) | {"LLK_NO_EXPLAIN"}
    for path in documents:
        if path.name == "testing.md":  # has variables of the tests
            continue
        named = set(re.findall(r"\b(?:llk|LLK)_\w*[A-Za-z0-9]\b(?![*_])", path.read_text()))
        count.empty(f"{path.name}: the names are the headers'", named - known)


def rows(text):
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 3 and cells[0] != "there" and not cells[0].startswith("---"):
            yield cells


def check_parity(count, root):
    tests = "".join(path.read_text() for path in (root / "tests").glob("*.c"))
    known = set(re.findall(r"START_TEST\((\w+)\)", tests))
    found = list(rows((root / "docs/parity.md").read_text()))
    count.check("parity.md has its rows", len(found) > 40)
    for what, _, shown_by in found:
        name = shown_by.strip("`")
        count.check(f"parity: {what}: {shown_by}",
                    name in known or ("/" in name and (root / name).exists()))
    public = set(prototypes(root))
    missing = public - set(re.findall(r"llk_\w+", "".join(
        path.read_text() for path in (root / "docs").glob("*.md"))))
    count.empty("each public function is in a guide", missing)


def main(root):
    count = Count()
    documents = [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]
    count.empty("the guides are there", GUIDES - {path.name for path in documents})
    check_links(count, documents)
    check_names(count, root, documents)
    check_parity(count, root)
    count.finish()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
