"""The ledgers of both parties as lazy frames under one set of names, and instants."""

import sys
from datetime import datetime
from pathlib import Path

import polars as pl

from terms import CHANGE, CUT, KINDS, START

data = Path(sys.argv[1])
INSTANT = pl.Datetime("us", "UTC")


def instant(text):
    return pl.lit(datetime.fromisoformat(text)).cast(INSTANT)


start, cut, change = instant(START), instant(CUT), instant(CHANGE)
FAR, LONG_AGO = instant("9999-12-31T00:00:00+00:00"), instant("0001-01-01T00:00:00+00:00")


def collect(frame):
    return frame.collect(engine="streaming")


def within(column):
    return (pl.col(column) >= start) & (pl.col(column) < cut)


def scan(*names):
    return pl.scan_parquet(data.joinpath(*names))


NAMES = {
    "a": {
        "event_id": "流水号", "member": "会员号", "kind": "类型", "points": "积分",
        "occurred_at": "交易时间", "posted_at": "入账时间", "counter": "对方流水号",
        "original": "原流水号", "order_no": "订单号", "status": "状态",
    },
    "b": {
        "event_id": "event_id", "member": "member_no", "kind": "kind", "points": "points",
        "occurred_at": "occurred_at", "posted_at": "occurred_at", "counter": "counter_event_id",
        "original": "original_event_id", "order_no": "order_no", "status": "status",
    },
}
POSTED = {"a": "已入账", "b": "posted"}
WORDS = {
    party: {words[column]: (role, flow, moves) for *words, role, flow, moves in KINDS}
    for column, party in enumerate("ab")
}


def ledger(party):
    rows = scan(party, "2026-03", "ledger*.parquet")
    rows = rows.select(pl.col(column).alias(name) for name, column in NAMES[party].items())
    posted = pl.coalesce("posted_at", "occurred_at").alias("posted_at")
    return rows.with_columns(posted, party=pl.lit(party))


def known(party):
    words = WORDS[party]
    return pl.LazyFrame(
        {
            "kind": list(words),
            "role": [role for role, *_ in words.values()],
            "flow": [flow for _, flow, _ in words.values()],
            "moves": [moves for *_, moves in words.values()],
        }
    )
