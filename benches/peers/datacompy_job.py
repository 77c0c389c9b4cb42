"""The joined ledgers alone, compared by datacompy: spends and sales whose acceptor names the
issuer's event. No links, no discrepancies, no statement."""

import json
import sys
from datetime import datetime
from pathlib import Path

import datacompy
import polars as pl

from terms import CHANGE, KINDS, RATIOS

data, out = Path(sys.argv[1]), Path(sys.argv[2])
change = pl.lit(datetime.fromisoformat(CHANGE)).cast(pl.Datetime("us", "UTC"))
words = {(party, role): {kind[column]: kind[3] for kind in KINDS if kind[2] == role}
         for column, party in enumerate("ab") for role in "ic"}
FILES = {"a": "ledger-*.parquet", "b": "ledger.parquet"}
NAMES = {
    "a": {"event_id": "流水号", "kind": "类型", "points": "积分", "at": "交易时间",
          "counter": "对方流水号"},
    "b": {"event_id": "event_id", "kind": "kind", "points": "points", "at": "occurred_at",
          "counter": "counter_event_id"},
}


def legs(party, role):
    rows = pl.scan_parquet(data / party / "2026-03" / FILES[party])
    rows = rows.select(pl.col(column).alias(name) for name, column in NAMES[party].items())
    flows = words[party, role]
    rows = rows.filter(pl.col("kind").is_in(list(flows)))
    return rows.with_columns(flow=pl.col("kind").replace_strict(flows, return_dtype=pl.String))


def issued(party):
    later = pl.col("at") >= change
    (_, num, den), (_, late_num, late_den) = RATIOS[party, False], RATIOS[party, True]
    mirror = -pl.col("points") * pl.when(later).then(late_num).otherwise(num)
    mirror = mirror // pl.when(later).then(late_den).otherwise(den)
    agreed = pl.when(pl.col("flow") == "sale").then("points").otherwise(mirror)
    return legs(party, "i").select("event_id", "flow", points=agreed)


def accepted(party):
    rows = legs(party, "c").filter(pl.col("counter").is_not_null())
    return rows.select("flow", "points", event_id="counter")


issuers = pl.concat([issued("a"), issued("b")]).collect(engine="streaming")
acceptors = pl.concat([accepted("b"), accepted("a")]).collect(engine="streaming")
found = datacompy.PolarsCompare(issuers, acceptors, join_columns="event_id")
amiss = found.intersect_rows.height - found.count_matching_rows()
(out / "datacompy.json").write_text(json.dumps({"amiss": [str(amiss)]}), encoding="utf-8")
