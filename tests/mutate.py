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
The tests stand in stages, the quick ones first: all mutants go through one stage before what is
left goes through the next. A mutant is *killed* when a test fails, *slow* when the tests take
several times as long as without it, *unbuildable* when it does not compile, and a *survivor* when
every test passes.
What was found is kept in `target/mutants.jsonl` of the clone, and a second start goes on from
there: what was killed stays so while its file is what it was, and a stage that was passed is
passed while the commit is what it was.
Leaves with 1 when there are survivors, with 2 when the tests fail before anything is changed.
"""

import argparse
import collections
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
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

# Each stage is a test program, what filters its tests, and how many worlds they try. The laws of
# the oracle are left out: nothing of the oracle is changed.
STAGES = [
    ("lib", ["clear::", "value::", "detect::", "statement::", "ruling::", "past::"], 1),
    ("test", ["worked_example", "ratio_change", "three_months", "roundings", "closed::"], 1),
    ("test", ["worlds::random_"], 60),
    ("test", ["cases::", "worlds::pinned"], 1),
    ("test", ["worlds::random_", "laws::", "--skip", "of_the_oracle"], 300),
]
MEMORY = 12 << 30

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
        # It is the same mutant while its file is the same, but for the tests in it.
        said = f"{path.name} {self.start} {self.end} {text}".encode()
        source = path.read_bytes().partition(b"#[cfg(test)]\nmod tests {")[0]
        self.key = hashlib.sha256(source + said).hexdigest()[:16]

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


class Results:
    """What was found before: a line of JSON for each thing that became known."""

    def __init__(self, clone):
        self.path = clone / "target/mutants.jsonl"
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True)
        self.commit = head.stdout.strip()
        self.ends, self.passed, self.apart = {}, {}, set()
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            known = json.loads(line)
            if known["verdict"] != "passed" or known["commit"] == self.commit:
                self.take(known)

    def take(self, known):
        if known["verdict"] == "passed":
            self.passed[known["key"]] = known["stage"]
        elif known["verdict"] == "apart":
            self.apart.add(known["key"])
        else:
            self.ends[known["key"]] = known["verdict"]

    def add(self, mutant, verdict, stage=None):
        known = {"key": mutant.key, "verdict": verdict, "stage": stage, "commit": self.commit}
        self.take(known)
        with self.path.open("a") as file:
            file.write(json.dumps(known) + "\n")

    def is_apart(self, mutant):
        """Whether it has to be compiled by itself."""
        return not mutant.switchable or mutant.key in self.apart

    def is_open(self, mutant, stage):
        """Whether a stage still has to be run."""
        return mutant.key not in self.ends and self.passed.get(mutant.key, -1) < stage

    def verdict(self, mutant):
        if mutant.key in self.ends:
            return self.ends[mutant.key]
        stage = self.passed.get(mutant.key, -1) + 1
        return "survivor" if stage == len(STAGES) else f"passed {stage}" if stage else "not tried"


class Clone:
    """A working copy whose files are changed and put back."""

    def __init__(self, folder, limit):
        self.folder, self.originals = folder, {}
        self.limits = [limit] * len(STAGES)

    def original(self, path):
        return self.originals.setdefault(path, path.read_bytes())

    def write(self, path, source):
        self.original(path)
        path.write_bytes(source)

    def restore(self):
        for path, source in self.originals.items():
            path.write_bytes(source)
        self.originals.clear()

    def run(self, programs, stage, mutant):
        """What becomes of a mutant in a stage, and what the tests said."""
        program, filters, worlds = STAGES[stage]
        # A mutant is killed by its change and not by what happened to be drawn.
        switches = {"RUST_BACKTRACE": "0", "HUTONG_WORLDS": str(worlds), "HUTONG_FIRST": "1",
                    "PROPTEST_RNG_SEED": "1"}
        if mutant is not None:
            switches["HUTONG_MUTANT"] = str(mutant)
        with tempfile.TemporaryFile("w+", errors="replace") as out:
            process = subprocess.Popen(
                [programs[program], *filters], cwd=self.folder, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **switches},
                # A loop without an end must not take the machine's memory with it.
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
            )
            ends = time.monotonic() + self.limits[stage]
            while True:
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
                said = os.pread(out.fileno(), 1 << 20, 0).decode(errors="replace")
                if process.poll() is not None:
                    return ("passed" if process.returncode == 0 else "killed"), said
                # The first test that fails says enough.
                failed = "... FAILED" in said
                if failed or time.monotonic() > ends:
                    # The command and what it started, and nothing else.
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    return ("killed" if failed else "slow"), said

    def build(self, targets=("--lib", "--test", "it")):
        """(the test programs, or None; the places of what does not compile)."""
        command = ["cargo", "test", "--offline", "--no-run", *targets, "--message-format", "json"]
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

    def measure(self, programs, stage):
        """Runs a stage without any mutant, and allows it several times what it took."""
        began = time.monotonic()
        verdict, said = self.run(programs, stage, None)
        took = time.monotonic() - began
        print(f"stage {stage} takes {took:.0f} s", flush=True)
        self.limits[stage] = min(self.limits[stage], 60 + 4 * took)
        return None if verdict == "passed" else said

    def switched(self, mutants, results, targets):
        """Compiles every mutant behind its switch. What does not compile so is left out."""
        library = self.folder / "src/lib.rs"
        within = [mutant for mutant in mutants if not results.is_apart(mutant)]
        while True:
            self.write(library, self.original(library) + SWITCH)
            rendered = {}
            for path in {mutant.path for mutant in mutants}:
                here = [mutant for mutant in within if mutant.path == path]
                rendered[path] = render(self.original(path), here)
                self.write(path, rendered[path])
            programs, places = self.build(targets)
            if programs:
                return programs, within
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
                return None, within
            for mutant in within:
                if mutant.number in wrong:
                    results.add(mutant, "apart")
            within = [mutant for mutant in within if mutant.number not in wrong]

    def alone(self, mutant, stages):
        """What becomes of a mutant that is compiled by itself."""
        source = self.original(mutant.path)
        self.write(mutant.path, source[:mutant.start] + mutant.text.encode() + source[mutant.end:])
        try:
            programs, _ = self.build(("--lib",))
            if not programs:
                return "unbuildable"
            for stage in range(stages):
                if STAGES[stage][0] not in programs:
                    programs, _ = self.build()
                verdict, _ = self.run(programs, stage, None)
                if verdict != "passed":
                    return verdict
            return "passed"
        finally:
            self.restore()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clone", type=Path, required=True, help="a working copy of its own")
    parser.add_argument("--only", action="append", help="a file or folder; may stand several times")
    parser.add_argument("--limit", type=int, default=900, help="seconds for each stage, at most")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="what draws them")
    parser.add_argument("--stages", type=int, default=len(STAGES), help="so many stages only")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    parser.add_argument("--switched-only", action="store_true",
                        help="leave out what has to be compiled by itself, and count it")
    parser.add_argument("--alone", type=int,
                        help="only what has to be compiled by itself: so many, drawn at random")
    order = parser.parse_args()
    root = order.clone.resolve()
    paths = []
    for name in order.only or FILES:
        path = root / name
        paths += sorted(path.rglob("*.rs")) if path.is_dir() else [path]
    paths = [path for path in paths if path.name != "tests.rs" and path.parent.name != "tests"]
    mutants = [m for path in paths for m in mutants_of(path)]
    draw = random.Random(order.seed)
    if order.sample is not None:
        count = min(order.sample, len(mutants))
        mutants = [mutants[n] for n in sorted(draw.sample(range(len(mutants)), count))]
    for number, mutant in enumerate(mutants):
        mutant.number = number
    if order.list:
        print("\n".join(mutant.words(root) for mutant in mutants), f"\n{len(mutants)} mutants")
        return 0
    # A kill leaves no mutant behind: it becomes an exception, and the files are put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clone, results = Clone(root, order.limit), Results(root)
    print(f"{len(mutants)} mutants of {results.commit[:12]}", flush=True)

    def tell(mutant, stage, judge):
        began = time.monotonic()
        verdict = judge()
        results.add(mutant, verdict, stage)
        took = time.monotonic() - began
        print(f"{verdict:<12}{stage} {took:5.0f} s  {mutant.words(root)}", flush=True)

    try:
        if order.alone is None:
            # The unit tests alone are compiled sooner.
            units = all(program == "lib" for program, *_ in STAGES[:order.stages])
            targets = ("--lib",) if units else ("--lib", "--test", "it")
            programs, within = clone.switched(mutants, results, targets)
            if programs is None:
                print("the switches do not compile")
                return 2
            for stage in range(order.stages):
                if said := clone.measure(programs, stage):
                    print(f"the tests fail before anything is changed:\n{said[-3000:]}")
                    return 2
                left = [m for m in within if results.is_open(m, stage)]
                print(f"stage {stage}: {len(left)} mutants", flush=True)
                for mutant in left:
                    tell(mutant, stage, lambda: clone.run(programs, stage, mutant.number)[0])
            clone.restore()
        apart = [mutant for mutant in mutants if results.is_apart(mutant)]
        if order.alone is not None:
            apart = draw.sample(apart, min(order.alone, len(apart)))
        last = order.stages - 1
        for mutant in apart if not order.switched_only else []:
            if results.is_open(mutant, last):
                tell(mutant, last, lambda: clone.alone(mutant, order.stages))
    finally:
        clone.restore()
    survivors = [m for m in mutants if results.verdict(m) == "survivor"]
    counts = collections.Counter(results.verdict(mutant) for mutant in mutants)
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    print("\n".join(mutant.words(root) for mutant in survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
