"""The nightly job in DuckDB: sets the variables of nightly.sql and runs it."""

import sys
from pathlib import Path

import duckdb

from terms import CUT, START, pads

data, out, cleared = sys.argv[1], sys.argv[2], "--cleared" in sys.argv
here = Path(__file__).parent
base = duckdb.connect()
base.execute("SET TimeZone = 'UTC'")
ipad, opad = pads(data)
for name, value in (("data", data), ("out", out), ("ipad", ipad), ("opad", opad)):
    base.execute(f"SET VARIABLE {name} = ?", [value])
for name, value in (("start", START), ("cut", CUT)):
    base.execute(f"SET VARIABLE {name} = ?::TIMESTAMPTZ", [value])
base.execute((here / "nightly.sql").read_text(encoding="utf-8"))
if cleared:
    base.execute((here / "cleared.sql").read_text(encoding="utf-8"))
