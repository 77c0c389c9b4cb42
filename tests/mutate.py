#!/usr/bin/env python3
"""Changes one constant, comparison, operator or rounding call at a time, and lists what no test sees.

    pip install tree-sitter==0.26.1 tree-sitter-rust==0.24.2
    tests/mutate.py --clone /tmp/clone                      # every mutant of the default files
    tests/mutate.py --clone /tmp/clone --list               # what would be changed, and nothing run
    tests/mutate.py --clone /tmp/clone --sample 12 --seed 3 # a dozen, drawn by the seed
    tests/mutate.py --clone /tmp/clone --only src/value/rounding.rs

The clone is a working copy of its own, warm from an earlier build: its files are changed and put
back, so nobody else may work in it. Every change is compiled in at once behind a switch, and the
tests run once for each with that switch on; what cannot stand behind one (a constant, a pattern, a
branch of another type) is compiled by itself.
A mutant is *killed* when a test fails or takes too long, *unbuildable* when it does not compile,
and a *survivor* when every test passes.
Leaves with 1 when there are survivors, with 2 when the tests fail before anything is changed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import tree_sitter_rust
from tree_sitter import Language, Parser

FILES = [
    "src/clear",
    "src/value/allot.rs",
    "src/value/exact.rs",
    "src/value/money.rs",
    "src/value/period.rs",
    "src/value/points.rs",
    "src/value/price.rs",
    "src/value/rounding.rs",
    "src/value/version.rs",
    "src/statement.rs",
    "src/detect/cap.rs",
]

# Quick before thorough: the first that fails spares the others.
UNIT = ["clear::", "value::", "detect::", "statement::", "ruling::", "past::"]
WHOLE = [
    ["worked_example", "ratio_change", "three_months", "roundings"],
    ["worlds::random_"],
    ["cases::"],
    ["laws::"],
]
WORLDS, LAWS = "100", "8"

BINARY = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&&": "||", "||": "&&",
}
COMPOUND = {"+=": "-=", "-=": "+=", "*=": "+=", "&=": "|=", "|=": "&="}
# A call becomes another, or what it was called on.
CALLS = {
    "checked_add": "checked_sub", "checked_sub": "checked_add", "checked_mul": "checked_add",
    "div_euclid": "rem_euclid", "rem_euclid": "div_euclid", "min": "max", "max": "min",
    "min_by_key": "max_by_key", "max_by_key": "min_by_key", "any": "all", "all": "any",
    "is_some": "is_none", "is_none": "is_some", "is_some_and": "is_none_or",
    "is_none_or": "is_some_and", "first": "last", "last": "first", "floor": "ceil",
    "ceil": "floor", "is_ok": "is_err", "is_err": "is_ok", "abs": None, "rev": None,
    "partner": None, "checked_neg": None, "normalize": None,
}
NAMES = {
    "Less": "Greater", "Greater": "Less", "HalfUp": "HalfEven", "HalfEven": "HalfUp",
    "Down": "Up", "Up": "Down", "MidpointAwayFromZero": "MidpointNearestEven",
    "MidpointNearestEven": "MidpointAwayFromZero", "ToZero": "AwayFromZero",
    "AwayFromZero": "ToZero", "ZERO": "ONE", "ONE": "ZERO",
}
SUFFIXES = ("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "i128", "usize")

# Where an expression cannot be an `if`, and what decides nothing.
FIXED = ("const_item", "static_item", "array_type", "match_pattern", "type_arguments",
         "tuple_pattern", "tuple_struct_pattern", "or_pattern", "range_pattern", "slice_pattern")
IGNORED = ("attribute_item", "inner_attribute_item", "macro_invocation", "macro_definition",
           "use_declaration", "scoped_type_identifier", "line_comment", "block_comment")

SWITCH = b"""
/// Whether a mutant is on.
#[doc(hidden)]
#[must_use]
pub fn mutated(number: u32) -> bool {
    static ON: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *ON.get_or_init(|| {
        std::env::var("HUTONG_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(u32::MAX)
    }) == number
}
"""


class Mutant:
    """One change: the expression that is replaced, and what stands there instead."""

    def __init__(self, path, node, text, switchable):
        self.path, self.text, self.switchable = path, text, switchable
        self.old = node.text.decode()
        self.start, self.end = node.start_byte, node.end_byte
        self.line, self.column = node.start_point[0] + 1, node.start_point[1] + 1
        self.number = None

    def words(self, root):
        place = f"{self.path.relative_to(root)}:{self.line}:{self.column}"
        return f"{place}  {' '.join(self.old.split())}  ->  {' '.join(self.text.split())}"


def text(node):
    return node.text.decode()


def is_test(node):
    """Whether an attribute before the item says that it is only for tests."""
    before = node.prev_named_sibling
    while before is not None and before.type == "attribute_item":
        if b"cfg(test)" in before.text:
            return True
        before = before.prev_named_sibling
    return False


def changes(node):
    """What may stand in the place of a node."""
    field = node.child_by_field_name
    if node.type in ("binary_expression", "compound_assignment_expr"):
        others = BINARY if node.type == "binary_expression" else COMPOUND
        if other := others.get(text(field("operator"))):
            yield f"{text(field('left'))} {other} {text(field('right'))}"
    elif node.type == "unary_expression" and node.text[:1] in (b"-", b"!"):
        yield text(node)[1:]
    elif node.type == "integer_literal":
        digits = text(node).replace("_", "")
        suffix = next((suffix for suffix in SUFFIXES if digits.endswith(suffix)), "")
        number = digits.removesuffix(suffix)
        if number.isdigit():
            for other in {0: [1], 1: [0, 2]}.get(int(number), [int(number) + 1]):
                yield f"{other}{suffix and '_' + suffix}"
    elif node.type == "boolean_literal":
        yield "false" if text(node) == "true" else "true"
    elif node.type == "call_expression" and field("function").type == "field_expression":
        name = text(field("function").child_by_field_name("field"))
        called_on = text(field("function").child_by_field_name("value"))
        if name in CALLS:
            other = CALLS[name]
            yield f"{called_on}.{other}{text(field('arguments'))}" if other else called_on
    elif node.type == "scoped_identifier":
        name = text(field("name"))
        if name in NAMES:
            yield text(node).removesuffix(name) + NAMES[name]


def may_switch(node, child):
    """Whether a child of a node that could be an `if` could be one too."""
    field = node.child_by_field_name
    if node.type in ("assignment_expression", "compound_assignment_expr"):
        return child != field("left")
    if node.type in ("match_arm", "let_condition", "let_declaration"):
        return child != field("pattern")
    return not (node.type == "reference_expression" and node.text.startswith(b"&mut"))


def mutants_of(path):
    """The mutants of a file, outermost first."""
    tree = Parser(Language(tree_sitter_rust.language())).parse(path.read_bytes())
    found = []

    def walk(node, switchable):
        if node.type in IGNORED or is_test(node):
            return
        switchable = switchable and node.type not in FIXED
        found.extend(Mutant(path, node, other, switchable) for other in changes(node))
        for child in node.children:
            # The path of a called function is no expression by itself.
            is_callee = node.type == "call_expression" and child.type == "scoped_identifier"
            if not is_callee:
                walk(child, switchable and may_switch(node, child))

    walk(tree.root_node, True)
    return found


def render(source, mutants):
    """The source with every mutant behind its switch. What is inside a mutated branch stays as it
    was, because one switch is on at a time."""
    at = {}
    for mutant in mutants:
        at.setdefault((mutant.start, -mutant.end), []).append(mutant)
    order = sorted(at.items())

    def piece(start, end, index):
        """The text from start to end; `index` is the next place that may lie in it."""
        out, position = [], start
        while index < len(order) and order[index][0][0] < end:
            (begin, negative), here = order[index]
            stop = -negative
            if begin < position or stop > end:
                index += 1
                continue
            out.append(source[position:begin])
            kept, index = piece(begin, stop, index + 1)
            for mutant in here:
                kept = b"(if crate::mutated(%d) { %s } else { %s })" % (
                    mutant.number, mutant.text.encode(), kept)
            out.append(kept)
            position = stop
        out.append(source[position:end])
        return b"".join(out), index

    return piece(0, len(source), 0)[0]


def closing(source, at):
    """Where the parenthesis that opens there is closed."""
    depth = 0
    for index in range(at, len(source)):
        depth += {0x28: 1, 0x29: -1}.get(source[index], 0)
        if depth == 0:
            return index
    return len(source)


class Clone:
    """A working copy whose files are changed and put back."""

    def __init__(self, folder, limit):
        self.folder, self.limit, self.originals = folder, limit, {}

    def original(self, path):
        return self.originals.setdefault(path, path.read_bytes())

    def write(self, path, source):
        self.original(path)
        path.write_bytes(source)

    def restore(self):
        for path, source in self.originals.items():
            path.write_bytes(source)
        self.originals.clear()

    def run(self, command, mutant):
        """(whether it passed in time, what it said)."""
        switches = {"RUST_BACKTRACE": "0", "HUTONG_WORLDS": WORLDS, "PROPTEST_CASES": LAWS}
        if mutant is not None:
            switches["HUTONG_MUTANT"] = str(mutant)
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", start_new_session=True, env={**os.environ, **switches},
        )
        try:
            said, _ = process.communicate(timeout=self.limit)
            return process.returncode == 0, said
        except subprocess.TimeoutExpired:
            # The command and what it started, and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return False, "took too long"

    def build(self):
        """(the two test programs, or None; the places of what does not compile)."""
        command = ["cargo", "test", "--offline", "--no-run", "--lib", "--test", "it",
                   "--message-format", "json"]
        process = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        programs, places = {}, set()
        for line in process.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable") and message["profile"]["test"]:
                programs[message["target"]["kind"][0]] = message["executable"]
            if message["reason"] == "compiler-message" and message["message"]["level"] == "error":
                for part in [message["message"], *message["message"]["children"]]:
                    for span in part["spans"]:
                        place = (span["byte_start"], span["byte_end"])
                        places.add((self.folder / span["file_name"], *place))
        return (programs if process.returncode == 0 else None), places

    def verdict(self, programs, mutant=None):
        commands = [[programs["lib"], *UNIT]]
        commands += [[programs["test"], *filters] for filters in WHOLE]
        for command in commands:
            passed, said = self.run(command, mutant)
            if not passed:
                return "killed", said
        return "survivor", ""

    def switched(self, mutants):
        """Compiles every mutant behind its switch. What does not compile so is left out."""
        library = self.folder / "src/lib.rs"
        within, left_out = list(mutants), []
        while True:
            self.write(library, self.original(library) + SWITCH)
            rendered = {}
            for path in {mutant.path for mutant in mutants}:
                here = [mutant for mutant in within if mutant.path == path]
                rendered[path] = render(self.original(path), here)
                self.write(path, rendered[path])
            programs, places = self.build()
            if programs:
                return programs, within, left_out
            wrong = set()
            for path, start, end in (place for place in places if place[0] in rendered):
                # The innermost switch around what is wrong, and every one inside it.
                around = (-1, None)
                for mutant in (mutant for mutant in within if mutant.path == path):
                    at = rendered[path].find(b"(if crate::mutated(%d) {" % mutant.number)
                    if start <= at < end:
                        wrong.add(mutant.number)
                    elif around[0] < at <= start < closing(rendered[path], at):
                        around = (at, mutant.number)
                wrong.add(around[1])
            wrong.discard(None)
            if not wrong:
                return None, within, left_out
            left_out += [mutant for mutant in within if mutant.number in wrong]
            within = [mutant for mutant in within if mutant.number not in wrong]

    def alone(self, mutant):
        """What becomes of a mutant that is compiled by itself."""
        source = self.original(mutant.path)
        self.write(mutant.path, source[:mutant.start] + mutant.text.encode() + source[mutant.end:])
        programs, _ = self.build()
        verdict = self.verdict(programs)[0] if programs else "unbuildable"
        self.restore()
        return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clone", type=Path, required=True, help="a working copy of its own")
    parser.add_argument("--only", action="append", help="a file or folder; may stand several times")
    parser.add_argument("--limit", type=int, default=300, help="seconds for each test program")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="what draws them")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    parser.add_argument("--switched-only", action="store_true",
                        help="leave out what has to be compiled by itself, and count it")
    order = parser.parse_args()
    root = order.clone.resolve()
    paths = []
    for name in order.only or FILES:
        path = root / name
        paths += sorted(path.rglob("*.rs")) if path.is_dir() else [path]
    mutants = [m for path in paths if path.name != "tests.rs" for m in mutants_of(path)]
    if order.sample is not None:
        count = min(order.sample, len(mutants))
        mutants = [mutants[n] for n in
                   sorted(random.Random(order.seed).sample(range(len(mutants)), count))]
    for number, mutant in enumerate(mutants):
        mutant.number = number
    if order.list:
        print("\n".join(mutant.words(root) for mutant in mutants), f"\n{len(mutants)} mutants")
        return 0
    # A kill leaves no mutant behind: it becomes an exception, and the files are put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clone = Clone(root, order.limit)
    counts, survivors = {}, []

    def tell(mutant, judge):
        began = time.monotonic()
        verdict = judge()
        counts[verdict] = counts.get(verdict, 0) + 1
        print(f"{verdict:<12}{time.monotonic() - began:5.0f} s  {mutant.words(root)}", flush=True)
        if verdict == "survivor":
            survivors.append(mutant.words(root))

    try:
        programs, within, left_out = clone.switched([m for m in mutants if m.switchable])
        if programs is None:
            print("the switches do not compile")
            return 2
        left_out += [mutant for mutant in mutants if not mutant.switchable]
        print(f"{len(within)} behind switches, {len(left_out)} by themselves", flush=True)
        verdict, said = clone.verdict(programs)
        if verdict != "survivor":
            print(f"the tests fail before anything is changed:\n{said[-3000:]}")
            return 2
        for mutant in within:
            tell(mutant, lambda: clone.verdict(programs, mutant.number)[0])
        clone.restore()
        for mutant in left_out:
            tell(mutant, lambda: "not tried" if order.switched_only else clone.alone(mutant))
    finally:
        clone.restore()
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    print("\n".join(survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
