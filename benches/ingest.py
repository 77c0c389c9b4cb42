#!/usr/bin/env python3
"""Hutong's reading of delimited text beside DuckDB's `read_csv`: time, CPU, memory, agreement.

    cargo bench --bench ingest --no-run
    python3 benches/ingest.py --rows 2000000 --rounds 5

Writes one ledger in UTF-8, in GB18030 and packed with gzip, reads each with both, interleaved, a
whole process each, and prints a Markdown table of medians. It ends with 1 where they disagree on
the rows or the sum of their points, and asserts no time.
"""

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

from compare import (
    AS_OF, PEERS, ROOT, WORK, Engine, Trouble, answered, circumstances, interleaved, python_with,
)

sys.path.insert(0, str(PEERS))

from ledger import write  # noqa: E402  (it stands beside the peers)

# What is read: the file, how it is declared to Hutong, and what DuckDB may be told of it.
WRITINGS = {
    "UTF-8": ("ledger.utf-8.csv", "utf-8", None),
    "GB18030": ("ledger.gb18030.csv", "gb18030", None),
    "UTF-8 in gzip": ("ledger.utf-8.csv.gz", "utf-8", "gzip"),
}
PIPELINE = """\
pipeline: ingest
root: .
agreement:
  id: HT-BENCH
  timezone: Asia/Shanghai
  currency: CNY
  term: {{ from: 2026-01-01, to: 2027-01-01 }}
  cycle: monthly
parties:
  a: {{ code: SKY, name: 云航里程 }}
  b: {{ code: HBR, name: 海港商城 }}
feeds:
  a:
    ledger:
      files: {file}
      {unpack}
      format: {{ csv: {{ encoding: {encoding} }} }}
      columns: {columns}
  b:
    ledger:
      files: b.csv
      format: {{ csv: {{}} }}
      columns: {columns}
  shared:
    links:
      files: links.csv
      format: {{ csv: {{}} }}
      columns: {{ a_member: a, b_member: b, bound_at: at }}
terms:
  ratios:
    - {{ issuer: a, points: "100:40", from: 2026-01-01 }}
    - {{ issuer: b, points: "40:100", from: 2026-01-01 }}
  rates:
    - {{ issuer: a, per_point: "0.008", from: 2026-01-01 }}
    - {{ issuer: b, per_point: "0.020", from: 2026-01-01 }}
publish: {{ to: out }}
"""
TIME = "%Y-%m-%d %H:%M:%S"
COLUMNS = {
    "event_id": "流水号",
    "member_no": "会员号",
    "kind": {
        "from": "类型",
        "values": {"累积": "earn", "跨店兑换": "xburn", "受理": "xaccept", "冲正": "reversal"},
    },
    "points": "积分",
    "occurred_at": {"from": "交易时间", "format": TIME},
    "posted_at": {"from": "入账时间", "format": TIME},
    "counter_event_id": "对方流水号",
    "order_no": "订单号",
    "amount": "金额",
    "currency": "币种",
    "authority": "批准人",
    "status": {"from": "状态", "values": {"已入账": "posted"}},
}


def bench():
    """The bench that reads a feed, built where it is not up to date."""
    said = subprocess.check_output(
        [
            "cargo", "bench", "--locked", "--bench", "ingest", "--no-run",
            "--message-format", "json",
        ],
        cwd=ROOT, encoding="utf-8",
    )
    for line in said.splitlines():
        built = json.loads(line)
        if built.get("executable") and built["target"]["name"] == "ingest":
            return Path(built["executable"])
    raise Trouble("cargo built no `ingest`")


def engines(data, hutong, python):
    """By writing, those that read it; Hutong first."""
    asked = {}
    for name, (file, encoding, unpack) in WRITINGS.items():
        pipeline = data / f"{file}.yaml"
        pipeline.write_text(
            PIPELINE.format(
                file=file, encoding=encoding, unpack=f"unpack: {unpack}" if unpack else "",
                columns=json.dumps(COLUMNS, ensure_ascii=False),
            ),
            encoding="utf-8",
        )
        ours = [hutong, pipeline, AS_OF]
        duckdb = [python, PEERS / "duckdb_read.py"]
        if encoding == "utf-8":
            theirs = Engine(f"{name}: DuckDB", [*duckdb, data / file, encoding])
        else:
            # DuckDB reads it with an extension that is not part of it and comes from the network.
            turned = f"iconv -f {encoding} -t utf-8 '{data / file}' > '{data}/turned.csv'"
            read = " ".join(f"'{word}'" for word in [*duckdb, data / "turned.csv", "utf-8"])
            theirs = Engine(f"{name}: iconv, then DuckDB", ["sh", "-ec", f"{turned}; {read}"])
        asked[name] = [
            Engine(f"{name}: Hutong", ours),
            Engine(f"{name}: Hutong, one thread", [*ours, "1"]),
            theirs,
        ]
    return asked


def held(rows):
    """Makes sure that all have read the same."""
    def hold(said):
        found = {text.strip() for text in map(json.dumps, map(json.loads, said))}
        if len(found) != 1 or json.loads(said[0])["rows"] != rows:
            raise Trouble("the engines disagree:\n" + "\n".join(sorted(found)))
    return hold


def table(asked, data, rows):
    """The Markdown table."""
    lines = [
        "| whole process | wall s | CPU s | peak MiB | rows/s | MB/s | Hutong ÷ it: wall | CPU |"
        " memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, readers in asked.items():
        size = (data / WRITINGS[name][0]).stat().st_size / 1e6
        ours = readers[0].middles()
        for engine in readers:
            wall, cpu, peak = engine.middles()
            cells = [f"{wall:.2f}", f"{cpu:.2f}", f"{peak:,.0f}"]
            cells += [f"{rows / wall:,.0f}", f"{size / wall:,.0f}"]
            ratios = [our / figure for our, figure in zip(ours, (wall, cpu, peak))]
            cells += ["1" if engine is readers[0] else f"{ratio:.2f}" for ratio in ratios]
            lines.append(f"| {engine.name} | " + " | ".join(cells) + " |")
    return lines


def written(data, rows, seed):
    """Writes the ledgers in a process of its own: a child's peak memory begins with its parent's."""
    writer = multiprocessing.get_context("spawn").Process(target=write, args=(data, rows, seed))
    writer.start()
    writer.join()
    if writer.exitcode != 0:
        raise Trouble("the ledgers could not be written")


def measure(asked):
    """Everything; the text."""
    hutong, python = asked.reader or bench(), asked.python or python_with("nightly.txt")
    data = WORK / f"ingest-{asked.rows}-{asked.seed}"
    data.mkdir(parents=True, exist_ok=True)
    try:
        if not (data / "written").exists():
            written(data, asked.rows, asked.seed)
            (data / "written").touch()
        for file, _, _ in WRITINGS.values():
            # Once, so that nobody pays for the disk.
            with open(data / file, "rb") as whole:
                while whole.read(1 << 20):
                    pass
        readers = engines(data, hutong, python)
        everyone = [engine for some in readers.values() for engine in some]
        loads = interleaved(everyone, asked.rounds, held(asked.rows))
        duckdb = subprocess.check_output(
            [python, "-c", "import duckdb; print(duckdb.__version__)"], encoding="utf-8"
        ).strip()
        sizes = ", ".join(
            f"{name} {(data / file).stat().st_size / 1e6:,.0f} MB"
            for name, (file, _, _) in WRITINGS.items()
        )
        return "\n".join(
            [
                *table(readers, data, asked.rows),
                "",
                f"{asked.rows:,} rows of {len(COLUMNS)} columns ({sizes}), seed {asked.seed}; "
                f"medians of {asked.rounds}, interleaved, page cache warm; all agree on the rows "
                "and the sum of their points. MB/s is of the file as it was sent.",
                circumstances(everyone, loads) + f" duckdb {duckdb}.",
            ]
        )
    finally:
        shutil.rmtree(WORK / "out", ignore_errors=True)
        if not asked.keep:
            shutil.rmtree(data, ignore_errors=True)


def main():
    """Reads the command line, prints the table; the exit code."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--rows", type=int, default=2_000_000)
    reader.add_argument("--reader", type=Path, help="a build of the bench `ingest` that is there")
    reader.add_argument("--python", type=Path, help="an interpreter that has DuckDB already")
    return answered(reader, measure)


if __name__ == "__main__":
    sys.exit(main())
