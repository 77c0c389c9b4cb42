#!/usr/bin/env python3
"""Changes one constant, comparison, operator or rounding call at a time, and lists what no test sees.

    tests/mutate.py --clone /tmp/clone                      # every mutant of the default files
    tests/mutate.py --clone /tmp/clone --list               # what would be changed, and nothing run
    tests/mutate.py --clone /tmp/clone --sample 12 --seed 3 # a dozen, drawn by the seed
    tests/mutate.py --clone /tmp/clone --only src/value/rounding.rs --part 1/4

The clone is a working copy of its own, warm from an earlier build: its files are changed and put
back, so nobody else may work in it. A mutant is *killed* when a command fails or takes too long,
*unbuildable* when it does not compile, and a *survivor* when every command passes.
Leaves with 1 when there are survivors, with 2 when the tests fail before anything is changed.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

FILES = [
    "src/clear.rs",
    "src/clear",
    "src/value/allot.rs",
    "src/value/exact.rs",
    "src/value/money.rs",
    "src/value/points.rs",
    "src/value/rounding.rs",
    "src/value/version.rs",
    "src/value/period.rs",
    "src/detect/cap.rs",
]

# Quick before thorough: the first command that fails spares the others.
COMMANDS = [
    "cargo test --offline --quiet --lib -- clear:: value:: detect::",
    "HUTONG_WORLDS=300 cargo test --offline --quiet --test it -- "
    "worlds::pinned worked_example cases worlds::random_",
]

# What is looked for, and what stands there instead. Every group of a line is tried by itself.
SWAPS = [
    (r"(?<= )<=(?= )", "<"),
    (r"(?<= )>=(?= )", ">"),
    (r"(?<= )<(?= )", "<="),
    (r"(?<= )>(?= )", ">="),
    (r"(?<= )==(?= )", "!="),
    (r"(?<= )!=(?= )", "=="),
    (r"(?<=[\w)\]?] )\+(?= )", "-"),
    (r"(?<=[\w)\]?] )-(?= )", "+"),
    (r"(?<=[\w)\]?] )\*(?= )", "+"),
    (r"(?<=[\w)\]?] )/(?= )", "*"),
    (r"(?<=[\w)\]?] )%(?= )", "/"),
    (r"(?<= )\+=(?= )", "-="),
    (r"(?<= )-=(?= )", "+="),
    (r"(?<= )&&(?= )", "||"),
    (r"(?<=[\w)\]?] )\|\|(?= )", "&&"),
    (r"(?<=[(= ])!(?=[\w(])", ""),
    (r"(?<=[(= ])-(?=[a-z(])", ""),
    (r"\bchecked_add\b", "checked_sub"),
    (r"\bchecked_sub\b", "checked_add"),
    (r"\bchecked_mul\b", "checked_add"),
    (r"\bchecked_neg\(\)", "checked_abs()"),
    (r"\bdiv_euclid\b", "rem_euclid"),
    (r"\brem_euclid\b", "div_euclid"),
    (r"\bmin\(", "max("),
    (r"\bmax\(", "min("),
    (r"\bmin_by_key\b", "max_by_key"),
    (r"\bmax_by_key\b", "min_by_key"),
    (r"\.abs\(\)", ""),
    (r"\.rev\(\)", ""),
    (r"\.any\(", ".all("),
    (r"\.all\(", ".any("),
    (r"\bis_some\(\)", "is_none()"),
    (r"\bis_none\(\)", "is_some()"),
    (r"\bis_some_and\b", "is_none_or"),
    (r"\bis_none_or\b", "is_some_and"),
    (r"\bis_empty\(\)", "len() == 1"),
    (r"\.first\(\)", ".last()"),
    (r"\.last\(\)", ".first()"),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"\bLess\b", "Greater"),
    (r"\bGreater\b", "Less"),
    (r"\bHalfUp\b", "HalfEven"),
    (r"\bHalfEven\b", "HalfUp"),
    (r"\bDown\b", "Up"),
    (r"\bUp\b", "Down"),
    (r"\bMidpointAwayFromZero\b", "MidpointNearestEven"),
    (r"\bMidpointNearestEven\b", "MidpointAwayFromZero"),
    (r"\bToZero\b", "AwayFromZero"),
    (r"\bAwayFromZero\b", "ToZero"),
    (r"\bfloor\(\)", "ceil()"),
    (r"\bceil\(\)", "floor()"),
    (r"\bParty::A\b", "Party::B"),
    (r"\bParty::B\b", "Party::A"),
    (r"\.partner\(\)", ""),
]

NUMBER = re.compile(r"(?<![\w.\"'])(\d[\d_]*)(?![\w.\"'])")


def sources(clone, only):
    """The files that are changed, in order."""
    found = []
    for name in only or FILES:
        path = clone / name
        if path.is_dir():
            found += sorted(path.rglob("*.rs"))
        elif path.is_file():
            found.append(path)
    return [path for path in found if path.name != "tests.rs"]


def blanked(line):
    """The line with strings and the comment at its end blanked, place for place."""
    blank = lambda match: '"' + " " * (len(match.group()) - 2) + '"'
    line = re.sub(r'"(?:[^"\\]|\\.)*"', blank, line)
    comment = line.find("//")
    return line if comment < 0 else line[:comment]


def mutants_of(path):
    """(line number, column, the old text, the new text) of every mutant of a file."""
    found = []
    for number, line in enumerate(path.read_text().split("\n"), 1):
        text = blanked(line)
        if line.strip().startswith("#[cfg(test)]"):
            break
        # Attributes and declarations decide nothing.
        if line.strip().startswith(("#", "use ", "mod ", "pub mod ")):
            continue
        for pattern, other in SWAPS:
            for match in re.finditer(pattern, text):
                found.append((number, match.start(), match.group(), other))
        for match in NUMBER.finditer(text):
            value = int(match.group().replace("_", ""))
            for other in {0: [1], 1: [0, 2]}.get(value, [value + 1]):
                found.append((number, match.start(), match.group(), str(other)))
    return found


class Clone:
    """A working copy in which one file at a time is changed and put back."""

    def __init__(self, folder, commands, limit):
        self.folder, self.commands, self.limit = folder, commands, limit

    def run(self, command):
        """True when the command passes in time, and what it said."""
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
        try:
            said, _ = process.communicate(timeout=self.limit)
            return process.returncode == 0, said
        except subprocess.TimeoutExpired:
            # The command and what it started, and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return False, "took too long"

    def verdict(self):
        """What the commands make of the files as they stand."""
        for command in self.commands:
            passed, said = self.run(command)
            if not passed:
                failed_to_build = "could not compile" in said
                return "unbuildable" if failed_to_build else "killed", said
        return "survivor", ""

    def try_mutant(self, path, mutant):
        number, column, old, new = mutant
        original = path.read_text()
        lines = original.split("\n")
        line = lines[number - 1]
        lines[number - 1] = line[:column] + new + line[column + len(old):]
        try:
            path.write_text("\n".join(lines))
            return self.verdict()[0], line.strip(), lines[number - 1].strip()
        finally:
            path.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--clone", type=Path, required=True, help="a working copy of its own")
    parser.add_argument("--only", action="append", help="a file or folder; may stand several times")
    parser.add_argument("--test", action="append", help="a command; may stand several times")
    parser.add_argument("--limit", type=int, default=900, help="seconds for each command")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="what draws them")
    parser.add_argument("--part", default="1/1", help="this part of the mutants, such as 2/4")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    order = parser.parse_args()
    clone = order.clone.resolve()
    mutants = [(path, m) for path in sources(clone, order.only) for m in mutants_of(path)]
    if order.sample is not None:
        mutants = sorted(random.Random(order.seed).sample(mutants, min(order.sample, len(mutants))))
    part, parts = (int(number) for number in order.part.split("/"))
    mutants = mutants[part - 1::parts]
    if order.list:
        for path, (number, column, old, new) in mutants:
            print(f"{path.relative_to(clone)}:{number}:{column + 1}: {old} -> {new or 'nothing'}")
        print(f"{len(mutants)} mutants")
        return 0
    # A kill leaves no mutant behind: it becomes an exception, and the file is put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = Clone(clone, order.test or COMMANDS, order.limit)
    verdict, said = work.verdict()
    if verdict != "survivor":
        print(f"the tests fail before anything is changed:\n{said[-3000:]}")
        return 2
    counts, survivors = {"killed": 0, "unbuildable": 0, "survivor": 0}, []
    for path, mutant in mutants:
        began = time.monotonic()
        verdict, before, after = work.try_mutant(path, mutant)
        counts[verdict] += 1
        place = f"{path.relative_to(clone)}:{mutant[0]}:{mutant[1] + 1}"
        print(f"{verdict:<12}{time.monotonic() - began:5.0f} s  {place}  {after}", flush=True)
        if verdict == "survivor":
            survivors.append(f"{place}\n  - {before}\n  + {after}")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    print("\n".join(survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
