#!/usr/bin/env python3
"""Loads every published table with the readers that BI tools are made of, and compares them.

    python3 tests/bi.py FOLDER [FOLDER ...]

FOLDER is a publication (it holds manifest.json). Readers: DuckDB, pyarrow, a pyarrow of 2018 to
2024 as a stand-in for old readers such as Power BI's, polars, and Hyper, which is Tableau's engine.
Each takes row counts and sums by itself; they must agree to the fen with one another, with the
manifest and with dictionary.parquet. Sums are integers and decimals, never floats.

`hutong query` (target/debug/hutong, or $HUTONG) is asked for the same sums, for the figures of the
worked example, and for what it must refuse.

Packages of fixed versions go to virtual environments under target/bi. Ends with 0 when all agree,
1 when anything differs, and 75 with a word why where Python or the packages cannot be had.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

SKIPPED = 75
HOME = Path(__file__).resolve().parent.parent / "target" / "bi"
NEW = ["duckdb==2.0.0", "pyarrow==26.0.1", "polars==2.1.0", "tableauhyperapi==0.0.26963",
       "openpyxl==3.1.5"]
# The oldest pyarrow that pip has a wheel of, by the Python that it needs; the first one that this
# machine has is taken.
OLD = [
    ("3.6", ["pyarrow==0.9.0", "numpy==1.14.6"]),
    ("3.7", ["pyarrow==0.11.0", "numpy==1.21.6"]),
    ("3.8", ["pyarrow==0.16.0", "numpy==1.24.4"]),
    ("3.10", ["pyarrow==6.0.0", "numpy==1.26.4"]),
    ("3.11", ["pyarrow==10.0.1", "numpy==1.26.4"]),
    ("3.12", ["pyarrow==14.0.0", "numpy==1.26.4"]),
    ("3.13", ["pyarrow==18.0.0", "numpy==2.1.3"]),
]


# -- Readers: each gives {table: {"rows": n, "columns": [[name, type, filled, sum], ...]}}, where the
# -- sum of a text is its characters, of a day its days and of an instant its microseconds since
# -- 1970, and of a flag how often it is true.


def tables_of(folder):
    return sorted(Path(folder).glob("*.parquet"))


def read_duckdb(folder):
    import duckdb

    link = duckdb.connect()
    link.execute("SET TimeZone = 'UTC'")
    found = {}
    for path in tables_of(folder):
        of = "read_parquet('%s')" % str(path).replace("'", "''")
        columns = []
        for name, kind, *_ in link.execute("DESCRIBE SELECT * FROM " + of).fetchall():
            c = '"%s"' % name
            total = {
                "VARCHAR": "sum(length(%s))",
                "DATE": "sum(date_diff('day', DATE '1970-01-01', %s))",
                "TIMESTAMP WITH TIME ZONE": "sum(epoch_us(%s))",
                "BOOLEAN": "sum(CASE WHEN %s THEN 1 ELSE 0 END)",
            }.get(kind, "sum(%s)") % c
            row = link.execute("SELECT count(%s), CAST(%s AS VARCHAR) FROM %s" % (c, total, of))
            columns.append([name, kind, *row.fetchone()])
        rows = link.execute("SELECT count(*) FROM " + of).fetchone()[0]
        found[path.stem] = {"rows": rows, "columns": columns}
    return found


def read_polars(folder):
    import polars as pl

    found = {}
    for path in tables_of(folder):
        frame = pl.read_parquet(path)
        columns = []
        for column in frame.iter_columns():
            kind = column.dtype
            if kind == pl.String:
                total = column.str.len_chars().cast(pl.Int64).sum()
            elif kind in (pl.Date, pl.Datetime):
                total = column.to_physical().cast(pl.Int64).sum()
            else:
                total = column.sum()
            name = str(kind).replace("precision=", "").replace("scale=", "")
            name = name.replace("time_unit=", "").replace("time_zone=", "").replace("'", "")
            columns.append([column.name, name, len(column) - column.null_count(), str(total)])
        found[path.stem] = {"rows": frame.height, "columns": columns}
    return found


def read_hyper(folder):
    from tableauhyperapi import Connection, HyperProcess, Telemetry

    found = {}
    with tempfile.TemporaryDirectory() as logs:
        told = {"log_dir": logs}
        sent = Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU
        with HyperProcess(telemetry=sent, parameters=told) as hyper:
            with Connection(endpoint=hyper.endpoint) as link:
                for path in tables_of(folder):
                    of = "external('%s', FORMAT => 'parquet')" % str(path).replace("'", "''")
                    with link.execute_query("SELECT * FROM %s LIMIT 0" % of) as nothing:
                        schema = [(c.name.unescaped, str(c.type)) for c in nothing.schema.columns]
                    columns = []
                    for name, kind in schema:
                        c = '"%s"' % name
                        value = {
                            "TEXT": "length(%s)",
                            "DATE": "(%s - DATE '1970-01-01')",
                            "BOOL": "(CASE WHEN %s THEN 1 ELSE 0 END)",
                            # Whole seconds and the microseconds within one, apart.
                            "TIMESTAMP_TZ": "CAST(EXTRACT(EPOCH FROM date_trunc('second', %s)) "
                            "AS BIGINT) * 1000000 + CAST(EXTRACT(MICROSECOND FROM %s) AS BIGINT) "
                            "%% 1000000",
                        }.get(kind, "%s")
                        value = value.replace("%s", c).replace("%%", "%")
                        scale = int(kind.split(",")[1].strip(" )")) if "," in kind else 0
                        query = "SELECT count(%s), CAST(sum(CAST(%s AS NUMERIC(38,%d))) AS TEXT) FROM %s"
                        with link.execute_query(query % (c, value, scale, of)) as result:
                            columns.append([name, kind, *next(iter(result))])
                    rows = link.execute_scalar_query("SELECT count(*) FROM " + of)
                    found[path.stem] = {"rows": rows, "columns": columns}
    return found


def read_pyarrow(folder):
    """Of any age: values are taken one by one, as Python has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {}
    for path in tables_of(folder):
        table = pq.read_table(str(path))
        columns = []
        for index, field in enumerate(table.schema):
            kind = str(field.type)
            column = table.column(index)
            chunks = column.chunks if hasattr(column, "chunks") else column.data.chunks
            if kind.startswith("timestamp"):
                chunks = [chunk.cast(pa.int64()) for chunk in chunks]
            values = [value for chunk in chunks for value in chunk.to_pylist() if value is not None]
            if kind in ("string", "utf8"):
                total = sum(len(value) for value in values)
            elif kind.startswith("date32"):
                total = sum(value.toordinal() - 719163 for value in values)
            else:
                total = sum(values)
            columns.append([field.name, kind, len(values), str(total)])
        found[path.stem] = {"rows": table.num_rows, "columns": columns}
    return found


READERS = {"duckdb": read_duckdb, "polars": read_polars, "hyper": read_hyper,
           "pyarrow": read_pyarrow}


def plain_type(kind):
    """A reader's name of a type as dictionary.parquet would write it."""
    upper = kind.upper().replace(" ", "")
    decimal = re.match(r"(?:DECIMAL|DECIMAL128|NUMERIC)\((\d+),(\d+)\)$", upper)
    if decimal:
        return "DECIMAL(%s,%s)" % decimal.groups()
    if upper.startswith(("TIMESTAMP", "DATETIME")):
        return "TIMESTAMP(us, UTC)" if "NS" not in upper and "MS" not in upper else kind
    if upper.startswith("DATE32") or upper == "DATE":
        return "DATE"
    return {"VARCHAR": "TEXT", "STRING": "TEXT", "UTF8": "TEXT", "BIGINT": "INT64",
            "BIG_INT": "INT64", "BOOL": "BOOLEAN"}.get(upper, upper)


# -- What the newest pyarrow tells of files, and what the manifest says.


def check_files(folder, complain):
    import pyarrow.parquet as pq

    may = {"PLAIN", "RLE", "BIT_PACKED", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
    for path in tables_of(folder):
        meta = pq.ParquetFile(path).metadata
        if not re.fullmatch("[a-z][a-z0-9_]*", path.stem):
            complain(path.name, "is no ASCII snake_case")
        for at in range(len(meta.schema)):
            column = meta.schema.column(at)
            where = "%s.%s" % (path.stem, column.path)
            if not re.fullmatch("[a-z][a-z0-9_]*", column.path):
                complain(where, "is no ASCII snake_case, or nested")
            if column.max_repetition_level or column.max_definition_level > 1:
                complain(where, "is nested or repeated")
            says = json.loads(column.logical_type.to_json())
            if says.get("isSigned") is False or says.get("Type") == "Null":
                complain(where, "is unsigned or null-typed: %s" % says)
        if meta.format_version != "1.0":
            complain(path.name, "is of Parquet %s" % meta.format_version)
        for group in range(meta.num_row_groups):
            for at in range(meta.num_columns):
                chunk = meta.row_group(group).column(at)
                where = "%s.%s" % (path.stem, chunk.path_in_schema)
                if not set(chunk.encodings) <= may:
                    complain(where, "is encoded as %s" % (chunk.encodings,))
                if chunk.compression not in ("SNAPPY", "UNCOMPRESSED"):
                    complain(where, "is packed with %s" % chunk.compression)


def check_manifest(folder, complain):
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    manifest = json.loads((Path(folder) / "manifest.json").read_text("utf-8"))
    read = lambda name: pq.read_table(Path(folder) / (name + ".parquet"))
    listed = {out["file"]: out["rows"] for out in manifest["outputs"]}
    for path in tables_of(folder):
        rows = pq.ParquetFile(path).metadata.num_rows
        if listed.get(path.name) != rows:
            complain(path.name, "has %d rows, the manifest %s" % (rows, listed.get(path.name)))
    codes = pc.value_counts(read("discrepancies").column("code")).to_pylist()
    codes = {code["values"]: code["counts"] for code in codes}
    if codes != manifest["discrepancies"]:
        complain("discrepancies", "are not those of the manifest: %s" % codes)
    statements = manifest["statements"]
    if statements:
        rows = {row["currency"]: row for row in read("statement").to_pylist()}
        for entry in statements:
            row = rows.pop(entry["currency"], {})
            for key, says in entry.items():
                stands = row.get(key)
                same = says == stands
                if isinstance(stands, Decimal):
                    same = Decimal(says) == stands
                if not same:
                    complain("statement." + key, "is %s, in the manifest %s" % (stands, says))
        if rows:
            complain("statement", "has currencies that the manifest has not: %s" % list(rows))
    check_workbook(folder, statements, complain)
    check_report(folder, statements, complain)


def check_workbook(folder, statements, complain):
    path = Path(folder) / "summary.xlsx"
    if not path.exists():
        return
    import openpyxl

    amounts, nets = 0, []
    for sheet in openpyxl.load_workbook(path):
        heads = [str(cell.value) for cell in sheet[1]]
        if sheet.freeze_panes != "A2":
            complain(sheet.title, "has no frozen header")
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                text = cell.value if isinstance(cell.value, str) else ""
                number = re.fullmatch(r"[-+]?[0-9.]+", text)
                if cell.data_type == "f" or (re.match("[=+\\-@\t\r]", text) and not number):
                    complain("%s %s" % (sheet.title, cell.coordinate), "is a formula")
                if heads[cell.column - 1].endswith("（文本）") and text:
                    amounts += 1
                    beside = row[cell.column - 2].value
                    digits = len(text.replace(".", "").strip("-0"))
                    # The one place where a float is read: its shortest text must be the exact one.
                    if digits <= 15 and Decimal(repr(beside)) != Decimal(text):
                        complain("%s %s" % (sheet.title, cell.coordinate),
                                 "is %s, beside %r" % (text, beside))
            if row[0].value == "net":
                nets.append((row[2].value, Decimal(row[4].value)))
    if sorted(nets) != sorted((one["currency"], Decimal(one["net"])) for one in statements):
        complain("summary.xlsx", "has the nets %s" % nets)
    if statements and not amounts:
        complain("summary.xlsx", "has no amounts")


def check_report(folder, statements, complain):
    path = Path(folder) / "report.html"
    if not path.exists():
        return
    page = path.read_text("utf-8")
    for asset in re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'> ]*""", page):
        complain("report.html", "asks the network for %s" % asset)
    for entry in statements:
        due = entry["amount_due"]
        if due not in page and format(Decimal(due), ",") not in page:
            complain("report.html", "does not say that %s is due" % due)


# -- What `hutong query` prints, asked in DuckDB.


def script(folder, sql, *options):
    """The script for a query, as `hutong query` prints it."""
    hutong = os.environ.get("HUTONG") or str(HOME.parent / "debug" / "hutong")
    told = subprocess.run([hutong, "query", str(folder), sql, *options], capture_output=True)
    if told.returncode:
        raise RuntimeError(told.stderr.decode())
    return told.stdout.decode()


def ask(folder, sql):
    """What DuckDB answers to a query. Lines that begin with a point are its shell's own."""
    import duckdb

    link = duckdb.connect()
    lines = script(folder, sql).split("\n")
    return link.execute("\n".join(line for line in lines if not line.startswith(".")))


# The example of the specification, whose figures everybody knows.
KNOWN = [
    ("SELECT a_payable, b_payable, net FROM statement", [("61.68", "14.71", "46.97")]),
    ("SELECT issuer, sum(points), sum(amount) FROM cleared_events GROUP BY ALL ORDER BY ALL",
     [("a", "7550", "60.400000"), ("b", "720", "14.400000")]),
    ("SELECT issuer, sum(amount) FROM held GROUP BY ALL ORDER BY ALL",
     [("a", "6.400000"), ("b", "20.000000")]),
    ("SELECT type, sum(amount) FROM statement_lines GROUP BY ALL ORDER BY ALL",
     [("fee", "1.50"), ("gross", "74.80"), ("tax", "0.09")]),
]


def check_query(folder, tables, complain):
    import duckdb

    bytes_of = lambda: {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    before, sums = bytes_of(), 0
    for table, found in tables.items():
        numbers = [one for one in found["columns"]
                   if one[1].startswith("DECIMAL") or one[1] == "BIGINT"]
        asked = ["count(*)"] + ['CAST(sum("%s") AS VARCHAR)' % one[0] for one in numbers]
        row = ask(folder, "SELECT %s FROM %s" % (", ".join(asked), table)).fetchone()
        if list(row) != [found["rows"]] + [one[3] for one in numbers]:
            complain("query of " + table, "gives %s" % (row,))
        sums += len(numbers)
    if json.loads(before["manifest.json"])["pipeline"] == "worked-example":
        for sql, known in KNOWN:
            rows = [tuple(map(str, row)) for row in ask(folder, sql).fetchall()]
            if rows != known:
                complain("query", "%s gives %s" % (sql, rows))
    refused = [
        ("SELEC 1", duckdb.ParserException),
        ("SELECT * FROM nothing", duckdb.CatalogException),
        ("SELECT nothing FROM statement", duckdb.BinderException),
        ("DELETE FROM statement", duckdb.Error),
        ("UPDATE statement SET net = 0", duckdb.Error),
        ("INSERT INTO held SELECT * FROM held", duckdb.Error),
    ]
    for sql, error in refused:
        try:
            complain("query", "%s gives %s" % (sql, ask(folder, sql).fetchall()))
        except error:
            pass
    if bytes_of() != before:
        complain("query", "has written to the publication")
    rows, answer = 0, ask(folder, "SELECT range FROM range(3000000)")
    # The oldest reader's Python parses this file too, and knows no `:=`.
    some = answer.fetchmany(100000)
    while some:
        rows += len(some)
        some = answer.fetchmany(100000)
    if rows != 3000000:
        complain("query", "gives %d of 3,000,000 rows" % rows)
    for mode in ["csv", "json", "markdown"]:
        if not script(folder, "SELECT 1", "--output-format", mode).startswith(".mode %s\n" % mode):
            complain("query", "has no mode " + mode)
    return sums


# -- The comparison.


def compare(folder, readings, complain):
    import pyarrow.parquet as pq

    rows = pq.read_table(Path(folder) / "dictionary.parquet").to_pylist()
    dictionary = {}
    for row in sorted(rows, key=lambda row: (row["table"], row["position"])):
        dictionary.setdefault(row["table"], []).append((row["column"], row["type"]))
    first, base = next(iter(readings.items()))
    sums = 0
    for reader, tables in readings.items():
        if set(tables) != set(base):
            complain(reader, "reads other tables than " + first)
        for table, found in tables.items():
            where = "%s reads %s" % (reader, table)
            if found["rows"] != base[table]["rows"]:
                complain(where, "with %s rows, %s with %s" % (
                    found["rows"], first, base[table]["rows"]))
            schema = [(name, plain_type(kind)) for name, kind, _, _ in found["columns"]]
            if schema != dictionary.get(table):
                odd = [pair for pair in zip(schema, dictionary.get(table, [])) if pair[0] != pair[1]]
                complain(where, "with other columns or types than the dictionary: %s" % odd[:3])
            for one, other in zip(found["columns"], base[table]["columns"]):
                filled, total = one[2], Decimal(one[3] or "0") if one[3] != "None" else Decimal(0)
                other_total = Decimal(other[3] or "0") if other[3] != "None" else Decimal(0)
                sums += 1
                if filled != other[2] or total != other_total:
                    complain("%s.%s" % (where, one[0]), "as %d cells of sum %s, %s as %d of %s" % (
                        filled, total, first, other[2], other_total))
    return len(base), sums


def environment(name, python, packages):
    """The interpreter of a virtual environment with these packages."""
    home = HOME / name
    found = home / "bin" / "python"
    stamp = home / "packages.txt"
    if stamp.exists() and stamp.read_text() == "\n".join(packages):
        return found
    for step in ([python, "-m", "venv", "--clear", str(home)],
                 [str(found), "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
                  "--disable-pip-version-check", *packages]):
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            print("bi.py: SKIPPED: %s cannot be installed (no network or no package index?)\n%s"
                  % (", ".join(packages), (done.stderr or done.stdout).strip()[-600:]))
            sys.exit(SKIPPED)
    stamp.write_text("\n".join(packages))
    return found


def old_python():
    """The oldest Python for which there is a pyarrow."""
    for version, packages in OLD:
        names = ["python" + version, sys.executable]
        names += sorted(map(str, Path.home().glob(".pyenv/versions/%s.*/bin/python" % version)))
        for name in names:
            try:
                asked = [name, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
                told = subprocess.run(asked, capture_output=True, text=True)
            except OSError:
                continue
            if told.stdout.strip() == version:
                return name, version, packages
    print("bi.py: SKIPPED: no Python that an old pyarrow has a wheel for")
    sys.exit(SKIPPED)


def gate(folders):
    """Runs within the newest environment."""
    name, version, packages = old_python()
    old = environment("old", name, packages)
    print("old reader: %s on Python %s" % (packages[0], version))
    wrong = []

    for folder in folders:
        def complain(where, what, folder=folder):
            wrong.append("%s: %s %s" % (folder, where, what))

        readings = {}
        for reader, python in [("duckdb", sys.executable), ("pyarrow", sys.executable),
                               ("old pyarrow", str(old)), ("polars", sys.executable),
                               ("hyper", sys.executable)]:
            asked = [python, __file__, "--reader", reader.split()[-1], str(folder)]
            told = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if told.returncode:
                complain(reader, "fails: " + told.stderr.decode().strip()[-800:])
            else:
                readings[reader] = json.loads(told.stdout.decode())
        check_files(folder, complain)
        check_manifest(folder, complain)
        if "duckdb" in readings:
            print("%s: %d sums by `hutong query`" % (
                folder, check_query(folder, readings["duckdb"], complain)))
        tables, sums = compare(folder, readings, complain) if readings else (0, 0)
        print("%s: %d tables, %d sums by %s" % (folder, tables, sums, ", ".join(readings)))
    for told in wrong:
        print("  " + told)
    print("bi.py: %s" % ("%d faults" % len(wrong) if wrong else "all readers agree"))
    return 1 if wrong else 0


def main(arguments):
    if arguments[:1] == ["--reader"]:
        print(json.dumps(READERS[arguments[1]](arguments[2])))
        return 0
    if arguments[:1] == ["--within"]:
        return gate(arguments[1:])
    if not arguments:
        print(__doc__)
        return 2
    for folder in arguments:
        if not (Path(folder) / "manifest.json").is_file():
            print("bi.py: %s is no publication: it has no manifest.json" % folder)
            return 2
    new = environment("new", sys.executable, NEW)
    folders = [str(Path(folder).resolve()) for folder in arguments]
    os.execv(str(new), [str(new), __file__, "--within", *folders])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
