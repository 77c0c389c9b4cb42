#!/usr/bin/env python3
"""Hutong beside DuckDB, polars and datacompy on the same data: time, CPU, memory, agreement.

    cargo build --release
    python3 benches/compare.py --members 100000 --events 1000000 --rounds 5

Generates the data with `hutong generate`, installs the pinned peers under target/bench, runs all of
them interleaved, a whole process each, and prints a Markdown table of medians. It ends with 1 where
two engines disagree on a count or sum that both have, and asserts no time.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "target" / "bench"
PEERS = HERE / "peers"
AS_OF, PERIOD = "2026-03-31", "2026-03"
# Nothing is written beside the sources; what pip compiled of the packages is used.
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

# The codes that the plain job of the peers finds. The data has these faults and no others.
CODES = [
    "MBR-01", "MBR-02", "MBR-07", "CON-01", "CON-02", "LED-01", "LED-02", "EVT-01", "EVT-02",
    "EVT-03", "EVT-06", "EVT-07", "AMT-01", "AMT-02", "AMT-03", "AMT-04", "REV-01", "REV-02",
    "REV-03",
]
# What the nightly job writes, apart from the cleared events.
NIGHTLY = ["links", "discrepancies", "pairs", "statement_lines", "statement"]


class Trouble(Exception):
    """The comparison cannot go on, or the engines disagree."""


class Engine:
    """A command that reads the data and writes into a folder of its own."""

    def __init__(self, name, command, tables=".", owes=()):
        self.name, self.command, self.tables = name, command, tables
        # The facts without which it has not done its job.
        self.owes = owes
        self.wall, self.cpu, self.peak = [], [], []
        self.out = WORK / "out" / name.replace(" ", "-")

    def run(self):
        """One whole process, and what it took; the kernel says it of this child alone. What it
        wrote to its standard output is given back."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        with (
            open(WORK / "errors.txt", "w+", encoding="utf-8") as errors,
            open(WORK / "said.txt", "w+", encoding="utf-8") as said,
        ):
            began = time.perf_counter()
            child = subprocess.Popen(
                self.command, stdout=said, stderr=errors, env=ENVIRONMENT
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                errors.seek(0)
                raise Trouble(f"{self.name} ended with {child.returncode}:\n{errors.read()}")
            said.seek(0)
            output = said.read()
        self.wall.append(wall)
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        # Linux says KiB, macOS bytes.
        self.peak.append(usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))
        return output

    def middles(self):
        """The medians of wall time, CPU time and peak memory."""
        return [statistics.median(figures) for figures in (self.wall, self.cpu, self.peak)]

    def facts(self, python):
        """Counts and sums of what was written, by table."""
        command = [python, PEERS / "facts.py", self.out / self.tables]
        return json.loads(
            subprocess.check_output(command, encoding="utf-8", env=ENVIRONMENT)
        )


def python_with(requirements):
    """An interpreter that has exactly these packages; it is made where it is not there yet."""
    wanted = (PEERS / requirements).read_text(encoding="utf-8")
    folder = WORK / f"venv-{Path(requirements).stem}"
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.check_call([sys.executable, "-m", "venv", folder])
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.check_call([*pip, "--requirement", PEERS / requirements])
        installed.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def generated(asked, folder):
    """Writes the data where it is not there yet."""
    if (folder / "truth.parquet").exists():
        return
    subprocess.check_call(
        [
            asked.generator or asked.hutong, "generate", "--quiet",
            "--members", str(asked.members), "--events", str(asked.events),
            "--seed", str(asked.seed), "--faults", asked.faults, "--codes", ",".join(CODES),
            "--format", "parquet", "--first-period", PERIOD, "--to", folder,
        ]
    )


def warm(folder):
    """Reads every file once, so that no engine pays for the disk; the bytes read."""
    total = 0
    for path in sorted(folder.rglob("*.parquet")):
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                total += len(block)
    return total


def disagreements(engines, python):
    """Lines that tell where an engine has other counts or sums than the first one."""
    first, *others = engines
    expected = first.facts(python)
    told = []
    for other in others:
        found = other.facts(python)
        told += [f"{table}: {other.name} has none" for table in other.owes if table not in found]
        for table, lines in found.items():
            if lines != expected.get(table):
                ours, theirs = set(expected.get(table, [])), set(lines)
                told += [f"{table}: only {first.name}: {line}" for line in sorted(ours - theirs)]
                told += [f"{table}: only {other.name}: {line}" for line in sorted(theirs - ours)]
    return told


def interleaved(engines, rounds, held):
    """Runs all engines round by round; the load before each run. `held` gets what each engine has
    said, in its order, after every round."""
    loads = []
    for turn in range(rounds):
        # Each goes first in its turn, so that what others leave behind falls upon all.
        shift = turn % len(engines)
        said = {}
        for engine in engines[shift:] + engines[:shift]:
            loads.append(os.getloadavg()[0])
            said[engine.name] = engine.run()
            print(f"round {turn + 1}: {engine.name}: {engine.wall[-1]:.2f} s", file=sys.stderr)
        held([said[engine.name] for engine in engines])
    return loads


def circumstances(engines, loads):
    """The day, the machine, and how busy others kept it."""
    spread = max(engines, key=lambda engine: max(engine.wall) / min(engine.wall))
    return (
        f"{date.today()}; {machine()}; load average {min(loads):.1f} to {max(loads):.1f} (runs "
        f"differed by up to {max(spread.wall) / min(spread.wall):.1f} times: {spread.name})."
    )


def machine():
    """Processor, cores, memory and system."""
    processor = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        processor = next(
            line.split(":", 1)[1].strip() for line in info.splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def version(asked):
    """What Hutong says of itself, and the day of its build: two builds may have one number."""
    said = subprocess.check_output([asked.hutong, "--version"], encoding="utf-8").strip()
    return f"{said} (built {date.fromtimestamp(asked.hutong.stat().st_mtime)})"


def pinned():
    """The peers with their versions."""
    lines = []
    for name in ("nightly.txt", "datacompy.txt"):
        for line in (PEERS / name).read_text(encoding="utf-8").split():
            package, number = line.split("==")
            if package == "datacompy" or name == "nightly.txt":
                lines.append(f"{package} {number}")
    return ", ".join(lines)


def table(asked, engines, loads, size):
    """The Markdown table."""
    hutong = engines[0]
    rows = [
        "| engine, whole process | wall s | CPU s | peak MiB | Hutong ÷ it: wall | CPU | memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for engine in engines:
        figures = engine.middles()
        ratios = [our / figure for our, figure in zip(hutong.middles(), figures)]
        cells = [f"{figures[0]:.2f}", f"{figures[1]:.2f}", f"{figures[2]:,.0f}"]
        cells += ["1" if engine is hutong else f"{ratio:.2f}" for ratio in ratios]
        rows.append(f"| {engine.name} | " + " | ".join(cells) + " |")
    return "\n".join(
        [
            *rows,
            "",
            f"{asked.members:,} members and {asked.events:,} ledger rows a side in Parquet "
            f"({size / 1024**2:,.0f} MiB), faults {asked.faults}, seed {asked.seed}; medians of "
            f"{asked.rounds}, interleaved, page cache warm; all agree on every count and sum that "
            "they have in common.",
            circumstances(engines, loads),
            f"{version(asked)}; {pinned()}; Python {platform.python_version()}.",
        ]
    )


def compare(asked):
    """Everything; the table."""
    if not asked.hutong.exists():
        raise Trouble(f"{asked.hutong} is not there: build it with `cargo build --release`")
    nightly, datacompy = python_with("nightly.txt"), python_with("datacompy.txt")
    data = WORK / f"data-{asked.members}-{asked.events}-{asked.seed}-{asked.faults}"
    try:
        generated(asked, data)
        run = [asked.hutong, "run", data / "pipeline.yaml", "--as-of", AS_OF, "--quiet", "--to"]
        tables = f"skyline-harbour/{PERIOD}/{AS_OF}"

        def ours(name, *more):
            engine = Engine(name, None, tables)
            engine.command = [*run, engine.out, *more]
            return engine

        def bare(name, python, script):
            engine = Engine(name, None)
            engine.command = [python, PEERS / script, data]
            return engine

        def peer(name, python, script, *more):
            owes = ["amiss"] if script.startswith("datacompy") else NIGHTLY
            owes = [*owes, "cleared_events"] if more else owes
            engine = Engine(name, None, owes=owes)
            engine.command = [python, PEERS / script, data, engine.out, *more]
            return engine

        engines = [
            ours("Hutong"),
            # Whatever the others read they read again the next night.
            ours("Hutong, nothing kept", "--no-cache"),
            ours("Hutong, one thread", "--threads", "1"),
            *(ours(f"Hutong, {memory}", "--memory", memory) for memory in asked.memory),
            bare("decoding and hashing alone", nightly, "duckdb_decode.py"),
            peer("DuckDB", nightly, "duckdb_job.py"),
            peer("DuckDB with cleared events", nightly, "duckdb_job.py", "--cleared"),
            peer("polars", nightly, "polars_job.py"),
            peer("polars with cleared events", nightly, "polars_job.py", "--cleared"),
            peer("datacompy, joined ledgers alone", datacompy, "datacompy_job.py"),
        ]
        size = warm(data)

        def held(_):
            told = disagreements(engines, nightly)
            if told:
                raise Trouble("the engines disagree:\n" + "\n".join(told[:40]))

        loads = interleaved(engines, asked.rounds, held)
        return table(asked, engines, loads, size)
    finally:
        shutil.rmtree(WORK / "out", ignore_errors=True)
        if not asked.keep:
            shutil.rmtree(data, ignore_errors=True)


def answered(reader, measure):
    """Reads the rest of the command line and prints what is measured; the exit code."""
    reader.add_argument("--seed", type=int, default=7)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--keep", action="store_true", help="leave the data for another time")
    asked = reader.parse_args()
    if asked.rounds < 1:
        reader.error("write at least one round")
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        print(measure(asked))
    except (Trouble, OSError, subprocess.CalledProcessError) as trouble:
        print(f"{Path(sys.argv[0]).stem}: {trouble}", file=sys.stderr)
        return 1
    return 0


def main():
    """Reads the command line, prints the table; the exit code."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--members", type=int, default=100_000, help="members a side")
    reader.add_argument("--events", type=int, default=1_000_000, help="ledger rows a side")
    reader.add_argument("--faults", default="0.001", help="share of members and events")
    reader.add_argument(
        "--memory", action="append", default=[], help="run Hutong in so much too, such as 2GiB"
    )
    reader.add_argument("--hutong", type=Path, default=ROOT / "target" / "release" / "hutong")
    reader.add_argument("--generator", type=Path, help="another build that writes the data")
    return answered(reader, compare)


if __name__ == "__main__":
    sys.exit(main())
