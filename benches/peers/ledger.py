"""Writes a ledger as a partner exports one: sorted by time, with words and names in Chinese.

The rows follow from the seed alone, so that every writing of them holds the same table.
"""

import gzip
import random
from datetime import datetime, timedelta

HEADER = (
    "流水号,会员号,类型,积分,交易时间,入账时间,对方流水号,订单号,金额,币种,批准人,状态"
)
KINDS = ["累积"] * 6 + ["跨店兑换"] * 3 + ["受理"] * 2 + ["冲正"]
STORES = ["人民广场店", "滨江一号", "虹桥机场T2", "SKY counter 12", "Harbour Mall (L3)", "电话中心"]
NAMES = ["", "", "", "王芳", "李伟", "欧阳娜娜", "J. Smith"]
SPAN = 31 * 24 * 3600


def lines(rows, seed):
    """The lines of the file, header first."""
    chance = random.Random(seed)
    pick, draw = chance.choice, chance.random
    began = datetime(2026, 3, 1)
    yield HEADER
    for row in range(rows):
        at = began + timedelta(seconds=SPAN * row // rows)
        posted = at + timedelta(seconds=int(draw() * 90_000))
        kind = pick(KINDS)
        points = int(draw() ** 3 * 90_000) + 1
        if kind != "累积":
            points = -points
        counter = f"HBR{row * 7919 % 100_000_000:010d}" if kind in ("跨店兑换", "受理") else ""
        order = f"SO{at:%Y%m%d}-{int(draw() * 1_000_000):06d}" if draw() < 0.7 else ""
        amount = f"{abs(points) * 0.008:.2f}" if counter else ""
        who = f"{pick(STORES)} {pick(NAMES)}".strip() if draw() < 0.3 else ""
        yield (
            f"SKY2603-{row:09d},80{int(draw() * 1_000_000):08d},{kind},{points},"
            f"{at},{posted},{counter},{order},{amount},{'CNY' if counter else ''},{who},已入账"
        )


def write(folder, rows, seed):
    """Writes the ledger in UTF-8, in GB18030 and in UTF-8 packed with gzip."""
    text = "\n".join(lines(rows, seed)) + "\n"
    written = {"utf-8": text.encode(), "gb18030": text.encode("gb18030")}
    for encoding, content in written.items():
        (folder / f"ledger.{encoding}.csv").write_bytes(content)
    packed = gzip.compress(written["utf-8"], compresslevel=6, mtime=0)
    (folder / "ledger.utf-8.csv.gz").write_bytes(packed)
