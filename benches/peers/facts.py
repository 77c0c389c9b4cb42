"""Counts and sums of what an engine wrote, as sorted JSON lines that are compared as text.

Every engine writes the same names for the same things; Hutong's tables have more columns.
"""

import json
import sys
from pathlib import Path

import duckdb

FACTS = {
    "links": "SELECT method, count(*) FROM {} GROUP BY ALL",
    "discrepancies": "SELECT code, count(*) FROM {} GROUP BY ALL",
    "statement_lines": """SELECT type, issuer, flow, ratio_from, payer, events, points, amount
        FROM {}""",
    "statement": "SELECT net FROM {}",
    "pairs": "SELECT issuer, matched_by, pairs FROM {}",
    "cleared_events": """SELECT issuer, flow, ratio_from, matched_by, count(*), sum(points),
        sum(agreed_mirror), sum(recorded_mirror), sum(amount),
        bit_xor(hash(issuer_event_id, acceptor_event_id)) FROM {} GROUP BY ALL""",
}

folder = Path(sys.argv[1])
base = duckdb.connect()
facts = {}
for name, query in FACTS.items():
    path = folder / f"{name}.parquet"
    if name == "pairs" and not path.exists():
        # Hutong says it in its cleared events.
        path = folder / "cleared_events.parquet"
        query = "SELECT issuer, matched_by, count(*) FROM {} GROUP BY ALL"
    if path.exists():
        rows = base.execute(query.format(f"read_parquet('{path}')")).fetchall()
        facts[name] = sorted("|".join("-" if v is None else str(v) for v in row) for row in rows)
if "discrepancies" in facts:
    # What the joined ledgers alone can tell: spends and sales whose mirror differs.
    told = (line.split("|") for line in facts["discrepancies"])
    facts["amiss"] = [str(sum(int(count) for code, count in told if code.startswith("AMT-0")))]
alone = folder / "datacompy.json"
if alone.exists():
    facts.update(json.loads(alone.read_text(encoding="utf-8")))
json.dump(facts, sys.stdout, ensure_ascii=False)
