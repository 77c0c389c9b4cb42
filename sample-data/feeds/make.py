"""Writes the files of `pipelines/feeds/*.yaml`: one month of one airline and one mall, with the
airline's ledger in every layout that a partner may send.

    python sample-data/feeds/make.py

It needs pyarrow and duckdb for the tables alone. The text files are the same on every machine; what
stands in a Parquet file besides its rows is up to the writer's version.
"""

import hashlib
import hmac
import io
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent

# event, member, kind, points on A's book, local time, the partner's event
LEDGER = [
    ("SKY26030001", "00710001", "累积", 500, "2026-03-02 09:15:00", ""),
    ("SKY26030002", "00710001", "跨店兑换", -1000, "2026-03-05 10:30:00", ""),
    ("SKY26030003", "00710002", "跨店兑换", -2550, "2026-03-09 18:42:10", ""),
    ("SKY26030004", "00710003", "累积", 1200, "2026-03-12 12:00:00", ""),
    ("SKY26030005", "00710003", "跨店兑换", -300, "2026-03-20 20:05:59", ""),
    ("SKY26030006", "00710002", "受理", 1500, "2026-03-25 08:00:30", "HBR-9004"),
]
POINTS = sum(row[3] for row in LEDGER)
MEMBERS = [
    ("00710001", "张伟", "13900000001", "H1"),
    ("00710002", "李娜", "13900000002", "H2"),
    ("00710003", "王芳", "13900000003", "H3"),
]


def put(name, content):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def shared():
    put(
        "b-ledger.csv",
        "event_id,member_no,kind,points,occurred_at,counter_event_id\n"
        "HBR-9001,H1,xaccept,400,2026-03-05T10:30:08+08:00,SKY26030002\n"
        "HBR-9002,H2,xaccept,1020,2026-03-09T18:42:11+08:00,SKY26030003\n"
        "HBR-9003,H3,xaccept,120,2026-03-20T20:06:00+08:00,SKY26030005\n"
        "HBR-9004,H2,xburn,-600,2026-03-25T08:00:28+08:00,\n",
    )
    rows = "".join(f"{a},{b},2026-01-05\n" for a, _, _, b in MEMBERS)
    put("links.csv", "a_member,b_member,bound_at\n" + rows)


def wechat():
    """Backticks before each value, and a summary of two lines."""
    lines = ["交易时间,会员号,业务流水号,对方流水号,交易类型,积分变动,备注"]
    for event, member, kind, points, at, counter in LEDGER:
        note = "满100,返5" if kind == "累积" else ""
        cells = [at, member, event, counter, kind, str(points), note.replace(",", "，")]
        lines.append(",".join("`" + cell for cell in cells))
    lines.append("总交易单数,积分变动总额,手续费总额")
    lines.append(f"`{len(LEDGER)},`{POINTS},`0.00")
    put("wechat/bill-2026-03.csv", "\ufeff" + "\r\n".join(lines) + "\r\n")


def zipped(entries):
    """A zip archive whose names are GBK and do not say so, as Windows writes them."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name, content in entries:
        raw = name.encode("gbk")
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflate.compress(content) + deflate.flush()
        head = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 0x5C61, zlib.crc32(content), len(packed), len(content),
            len(raw), 0,
        )
        at = body.tell()
        body.write(b"PK\x03\x04" + head + raw + packed)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 20) + head)
        directory.write(struct.pack("<HHHII", 0, 0, 0, 0, at) + raw)
    directory = directory.getvalue()
    end = struct.pack(
        "<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), body.tell(), 0
    )
    return body.getvalue() + directory + b"PK\x05\x06" + end


def alipay():
    """GB18030 in a zip with GBK names, comment lines with totals, tabs behind ids."""
    lines = [
        "#支付宝业务明细查询",
        "#账号：[20880000000000000156]",
        "#起始日期：[2026年03月01日 00:00:00]   终止日期：[2026年04月01日 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
        "业务流水号,会员号,业务类型,积分（分）,完成时间,对方流水号,门店名称",
    ]
    for event, member, kind, points, at, counter in LEDGER:
        lines.append(f"{event}\t,{member}\t,{kind},{points},{at},{counter}\t,海港商城（外滩店）")
    lines += [
        "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#业务明细合计：{len(LEDGER)}笔，积分合计：{POINTS}分",
        "#导出时间：[2026年04月01日 09:12:33]",
    ]
    detail = ("\r\n".join(lines) + "\r\n").encode("gb18030")
    summary = "业务类型,笔数\r\n跨店兑换,3\r\n累积,2\r\n受理,1\r\n".encode("gb18030")
    put(
        "alipay/20880000000000000156_202603.zip",
        zipped([("业务明细(汇总).csv", summary), ("20260331_业务明细.csv", detail)]),
    )


def unionpay():
    """Bytes at fixed places, GB18030, fen with a sign by C and D, no year in the time."""
    lines = []
    for event, member, kind, points, at, counter in LEDGER:
        day = at[5:].replace("-", "").replace(":", "").replace(" ", "")
        cells = [
            (event, 16), (member, 19), (day, 10), (kind, 12),
            (("C" if points > 0 else "D") + f"{abs(points) * 100:012}", 13), (counter, 16),
        ]
        lines.append(b"".join(text.encode("gb18030").ljust(width) for text, width in cells))
    put("unionpay/IND26033100ZM_CLEAR", b"\r\n".join(lines) + b"\r\n")


def overpunched(points, width):
    digits = f"{abs(points):0{width}}"
    last = int(digits[-1])
    return digits[:-1] + ("{ABCDEFGHI" if points >= 0 else "}JKLMNOPQR")[last]


def airline():
    """A header and a trailer record around fixed places, points with an overpunched sign."""
    lines = [f"H20260401SKYHBR{'ACCRUAL':10}"]
    for event, member, kind, points, at, counter in LEDGER:
        code = {"累积": "ERN", "跨店兑换": "RDM", "受理": "ACP"}[kind]
        time = at.replace("-", "").replace(":", "").replace(" ", "")
        lines.append(f"D{event:12}{member:10}{code}{overpunched(points, 9)}{time}{counter:12}")
    lines.append(f"T{len(LEDGER):08}{overpunched(POINTS, 12)}")
    put("airline/ACCRUAL_20260401.txt", "\n".join(lines) + "\n")


def percent():
    """Two characters between values, a trailer, and what stands beside the file."""
    lines = []
    for event, member, kind, points, at, counter in LEDGER:
        time = at.replace("-", "").replace(":", "").replace(" ", "")
        lines.append("%%".join([event, member, kind, str(points), time, counter or "-"]))
    lines.append(f"T%%{len(LEDGER)}%%{POINTS}")
    content = ("\n".join(lines) + "\n").encode("utf-8")
    put("percent/ledger_20260331.txt", content)
    digest = hashlib.sha256(content).hexdigest()
    put("percent/ledger_20260331.txt.sha256", f"{digest}  ledger_20260331.txt\n")
    put("percent/ledger_20260331.txt.ok", "")


def json_lines():
    lines = []
    for event, member, kind, points, at, counter in LEDGER:
        row = {
            "id": event,
            "member": {"no": member, "level": "金卡"},
            "type": kind,
            "points": points,
            "at": at.replace(" ", "T") + "+08:00",
            "tags": ["app"],
        }
        if counter:
            row["partner"] = {"event": counter}
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    put("json/ledger.jsonl", "\n".join(lines) + "\n")


def tables():
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    zone = "Asia/Shanghai"
    at = pa.array([row[4] for row in LEDGER]).cast(pa.timestamp("us"))
    at = pa.compute.assume_timezone(at, zone)
    columns = {
        "event_id": pa.array([row[0] for row in LEDGER]),
        "member_no": pa.array([row[1] for row in LEDGER]),
        "kind": pa.array([row[2] for row in LEDGER]).dictionary_encode(),
        "points": pa.array([row[3] for row in LEDGER], pa.int64()),
        "occurred_at": at,
        "counter_event_id": pa.array([row[5] or None for row in LEDGER]),
    }
    table = pa.table(columns)
    (HERE / "arrow").mkdir(exist_ok=True)
    with pa.OSFile(str(HERE / "arrow/ledger.arrow"), "wb") as sink:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=4)
    # Spark writes names that hold no blank, decimals for points, and snappy.
    spark = table.set_column(3, "points", table["points"].cast(pa.decimal128(20, 0)))
    spark = spark.set_column(2, "kind", spark["kind"].cast(pa.string()))
    (HERE / "spark").mkdir(exist_ok=True)
    pq.write_table(
        spark, HERE / "spark/part-00000-6f1a.c000.snappy.parquet", flavor="spark",
        compression="snappy", use_deprecated_int96_timestamps=False,
        coerce_timestamps="us",
    )
    (HERE / "duckdb").mkdir(exist_ok=True)
    plain = spark.set_column(3, "points", table["points"])
    base = duckdb.connect()
    base.execute("SET TimeZone = 'Asia/Shanghai'")
    base.register("ledger", plain)
    target = (HERE / "duckdb/ledger.parquet").as_posix()
    base.execute(f"COPY ledger TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def tmall():
    """Members with mobiles in three spellings, and the mall's with tokens keyed by the mall."""
    spelt = ["+8613900000001", "tel:86-139 0000 0002", "13900000003"]
    lines = ["会员卡号\t昵称\t手机\t等级"]
    for (member, name, _, _), mobile in zip(MEMBERS, spelt):
        lines.append(f"{member}\t{name}\t{mobile}\t金卡")
    put("tmall/members.tsv", "\n".join(lines) + "\n")
    key = b"a key for this sample, and for nothing else"
    put("tmall/contact.key", key + b"\n")
    lines = ["会员号,手机号HMAC"]
    for _, _, mobile, member in MEMBERS:
        token = hmac.new(key, b"mobile\0" + mobile.encode(), hashlib.sha256).hexdigest()
        lines.append(f"{member},{token.upper()}")
    put("tmall/b-members.csv", "\n".join(lines) + "\n")


if __name__ == "__main__":
    shared()
    wechat()
    alipay()
    unionpay()
    airline()
    percent()
    json_lines()
    tmall()
    tables()
