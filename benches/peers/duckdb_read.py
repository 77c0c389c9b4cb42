"""Reads a ledger with DuckDB's `read_csv` into a table, and says what it holds.

    duckdb_read.py FILE ENCODING

Names and types are declared as Hutong's pipeline declares them, and nothing is sniffed.
"""

import json
import sys

import duckdb

TYPES = {
    "流水号": "VARCHAR",
    "会员号": "VARCHAR",
    "类型": "VARCHAR",
    "积分": "BIGINT",
    "交易时间": "TIMESTAMP",
    "入账时间": "TIMESTAMP",
    "对方流水号": "VARCHAR",
    "订单号": "VARCHAR",
    # Money in millionths, of 64 bits, as Hutong holds it.
    "金额": "DECIMAL(18, 6)",
    "币种": "VARCHAR",
    "批准人": "VARCHAR",
    "状态": "VARCHAR",
}

path, encoding = sys.argv[1:]
base = duckdb.connect()
base.execute(
    f"""CREATE TABLE ledger AS FROM read_csv(
        '{path}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        encoding = '{encoding}', columns = {TYPES},
        timestampformat = '%Y-%m-%d %H:%M:%S'
    )"""
)
rows, points = base.execute('SELECT count(*), sum("积分") FROM ledger').fetchone()
json.dump({"rows": rows, "points": int(points), "rejects": 0}, sys.stdout)
