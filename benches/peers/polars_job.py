"""The nightly job in polars: the steps of nightly.sql as lazy frames, streamed into Parquet.

What several outputs share is collected once, as the temporary tables of nightly.sql are.
"""

import hashlib
import hmac
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from polars_rows import (
    FAR, INSTANT, LONG_AGO, POSTED, WORDS, change, collect, cut, data, known, ledger, scan, start,
    within,
)
from terms import OPENING_CARRY, RATES, RATIOS, key

out, cleared_too = Path(sys.argv[2]), "--cleared" in sys.argv

# EVT-03: which rows stand more than once. Only the few numbers that do are looked at whole.
twice = []
for party in "ab":
    often = collect(ledger(party).group_by("event_id").len().filter(pl.col("len") > 1))
    rows = ledger(party).join(often.lazy().select("event_id"), on="event_id", how="semi")
    columns = rows.collect_schema().names()
    twice.append(collect(rows.group_by(columns).agg(extras=pl.len().cast(pl.Int64) - 1)))
twice = pl.concat(twice)

# One of each row that crosses programmes or reverses something.
crossing = []
for party in "ab":
    words = [word for word, (role, *_) in WORDS[party].items() if role != "o"]
    rows = ledger(party).filter(pl.col("kind").is_in(words), pl.col("status") == POSTED[party])
    rows = rows.join(known(party), on="kind").drop("kind", "status")
    ids = twice.lazy().filter(pl.col("party") == party).select("event_id")
    crossing.append(rows.join(ids, on="event_id", how="anti"))
    crossing.append(rows.join(ids, on="event_id", how="semi").unique())
crossing = collect(pl.concat(crossing))

# A reversal takes after its original. One without is an orphan.
reversing = crossing.filter(pl.col("role") == "r")
originals = []
for party in "ab":
    wanted = reversing.lazy().filter(pl.col("party") == party).select(event_id="original").unique()
    rows = ledger(party).select("party", "event_id", "kind").join(wanted, on="event_id", how="semi")
    rows = rows.join(known(party), on="kind").filter(pl.col("role") != "r").drop("kind")
    originals.append(rows.unique())
originals = collect(pl.concat(originals))
alone = pl.col("counter").is_null()
reversals = (
    reversing.drop("role", "flow", "moves")
    .join(originals.rename({"event_id": "original"}), on=["party", "original"], how="left")
    .with_columns(
        orphan=pl.col("role").is_null(),
        role=pl.coalesce("role", pl.when(alone).then(pl.lit("i")).otherwise(pl.lit("c"))),
        moves=pl.coalesce("moves", alone),
        reversal=pl.lit(True),
    )
)
LEG = ["party", "role", "event_id", "member", "points", "occurred_at", "counter", "original",
       "order_no", "flow", "reversal", "orphan"]
legs = pl.concat(
    [
        crossing.lazy()
        .filter(pl.col("role") != "r")
        .with_columns(reversal=pl.lit(False), orphan=pl.lit(False))
        .select(LEG),
        reversals.lazy().filter(pl.col("role") != "o").select(LEG),
    ]
)

# Links, and tokens that stand once on either side among members whom no record names.
links = collect(
    scan("shared", "2026-03", "links.parquet").with_columns(pl.col("unbound_at").fill_null(FAR))
)
unlinked = collect(
    scan("a", "2026-03", "members.parquet")
    .select(a_member="会员号", mobile=pl.col("手机号").str.replace_all(" ", "", literal=True)
            .str.strip_prefix("+86"))
    .filter(pl.len().over("mobile") == 1)
    .join(links.lazy(), on="a_member", how="anti")
)
secret = key(data)
tokens = [
    hmac.new(secret, b"mobile\0" + mobile.encode(), hashlib.sha256).hexdigest()
    for mobile in unlinked["mobile"]
]
inferred = (
    scan("b", "2026-03", "members.parquet")
    .select(b_member="member_no", token="mobile_token")
    .join(links.lazy(), on="b_member", how="anti")
    .join(unlinked.lazy().with_columns(token=pl.Series(tokens, dtype=pl.String)), on="token")
)
# Uniqueness on B's side is that of all members with the token.
among_all = (
    scan("b", "2026-03", "members.parquet").group_by(token="mobile_token").len()
    .filter(pl.col("len") == 1)
)
inferred = inferred.join(among_all, on="token", how="semi")
LINK = ["a_member", "b_member", "method", "bound_at", "unbound_at"]
none = pl.lit(None, dtype=INSTANT)
pl.concat(
    [
        links.lazy().select(
            *LINK[:4],
            pl.when(pl.col("unbound_at") < FAR).then("unbound_at").alias("unbound_at"),
        ),
        inferred.select(
            "a_member", "b_member", method=pl.lit("inferred"), bound_at=none, unbound_at=none
        ),
    ]
).sink_parquet(out / "links.parquet", compression="snappy")

# What a link allows, from and until when, seen from either member.


def stopped(status, good, since):
    return pl.when(pl.col(status) == good).then(FAR).otherwise(pl.col(since).fill_null(LONG_AGO))


consents = (
    scan("shared", "2026-03", "consents.parquet")
    .filter(pl.col("purpose") == "互通结算")
    .group_by("a_member", "b_member")
    .agg(pl.col("granted_at").min(), pl.col("withdrawn_at").fill_null(FAR).max())
)
a_members = scan("a", "2026-03", "members.parquet").select(
    a_member="会员号", a_stop=stopped("状态", "正常", "状态生效时间")
)
b_members = scan("b", "2026-03", "members.parquet").select(
    b_member="member_no", b_stop=stopped("status", "active", "status_since")
)
standing = collect(
    links.lazy()
    .join(a_members, on="a_member", how="left")
    .join(b_members, on="b_member", how="left")
    .join(consents, on=["a_member", "b_member"], how="left")
    .with_columns(
        absent_a=pl.col("a_stop").is_null(),
        absent_b=pl.col("b_stop").is_null(),
        stopped_at=pl.min_horizontal("a_stop", "b_stop"),
    )
)
SOUND = ["issuer", "i_member", "partner", "bound_at", "unbound_at", "absent_a", "absent_b",
         "stopped_at", "granted_at", "withdrawn_at"]
authorised = standing.lazy().filter(pl.col("method") != "inferred")
sound = pl.concat(
    [
        authorised.rename({"a_member": "i_member", "b_member": "partner"})
        .with_columns(issuer=pl.lit("a")).select(SOUND),
        authorised.rename({"b_member": "i_member", "a_member": "partner"})
        .with_columns(issuer=pl.lit("b")).select(SOUND),
    ]
)
in_force = (pl.col("i_at") >= pl.col("bound_at")) & (pl.col("i_at") < pl.col("unbound_at"))

# The four versions are few enough to be told by the instant.
ratio_rows = [
    {"issuer": issuer, "later": later, "ratio_from": since, "r_num": num, "r_den": den,
     "o_num": RATIOS[issuer, not later][1], "o_den": RATIOS[issuer, not later][2],
     "q_num": RATIOS["ba"["ab".index(issuer)], later][1],
     "q_den": RATIOS["ba"["ab".index(issuer)], later][2]}
    for (issuer, later), (since, num, den) in RATIOS.items()
]
ratios = pl.LazyFrame(ratio_rows)


def at_version(frame):
    return frame.with_columns(later=pl.col("i_at") >= change).join(ratios, on=["issuer", "later"])


def toward_zero(number, num, den):
    scaled = number * num
    return scaled.abs() // den * scaled.sign()


# Pairs by the acceptor's reference: one outer join, whose one-sided rows go on to the rest.
PART = {"event": "event_id", "member": "member", "points": "points", "at": "occurred_at",
        "counter": "counter", "original": "original", "order": "order_no", "flow": "flow",
        "reversal": "reversal", "orphan": "orphan"}


def side(letter, issuer):
    rows = legs.filter(pl.col("role") == letter)
    columns = (pl.col(column).alias(f"{letter}_{name}") for name, column in PART.items())
    return rows.select(issuer, *columns)


partner = pl.when(pl.col("party") == "a").then(pl.lit("b")).otherwise(pl.lit("a"))
named = collect(
    side("i", pl.col("party").alias("issuer"))
    .join(
        side("c", partner.alias("issuer")),
        left_on=["issuer", "i_event"],
        right_on=["issuer", "c_counter"],
        how="full",
        coalesce=False,
    )
    .with_columns(issuer=pl.coalesce("issuer", "issuer_right"))
    .drop("issuer_right")
)
rest_i = named.filter(pl.col("c_event").is_null()).select("issuer", pl.col("^i_.*$")).lazy()
rest_c = named.filter(pl.col("i_event").is_null()).select("issuer", pl.col("^c_.*$")).lazy()

# Of the rest: the issuer's reference, the order, the window. Each only where one meets one.
KEYS = ["issuer", "i_event", "c_event"]
back = collect(
    rest_i.join(rest_c.with_columns(i_counter="c_event"), on=["issuer", "i_counter"]).select(KEYS)
)
left_i = rest_i.join(back.lazy(), on=["issuer", "i_event"], how="anti")
left_c = rest_c.join(back.lazy(), on=["issuer", "c_event"], how="anti")
ORDER = ["issuer", "i_order", "i_flow", "i_reversal"]
ordered = collect(
    left_i.filter(~pl.col("i_orphan"))
    .join(
        left_c.filter(~pl.col("c_orphan")),
        left_on=ORDER,
        right_on=["issuer", "c_order", "c_flow", "c_reversal"],
    )
    .filter(pl.len().over(ORDER) == 1)
    .select(KEYS)
)
left_i = left_i.join(ordered.lazy(), on=["issuer", "i_event"], how="anti")
left_c = left_c.join(ordered.lazy(), on=["issuer", "c_event"], how="anti")
apart = pl.col("c_at") - pl.col("i_at")
mirror = (
    pl.when(pl.col("i_flow") == "sale")
    .then("i_points")
    .otherwise(toward_zero(-pl.col("i_points"), pl.col("r_num"), pl.col("r_den")))
)
window = collect(
    at_version(
        left_i.filter(~pl.col("i_reversal"))
        .join(sound, on=["issuer", "i_member"])
        .filter(in_force)
    )
    .with_columns(mirror=mirror)
    .join(
        left_c.filter(~pl.col("c_reversal"), pl.col("c_counter").is_null()),
        left_on=["issuer", "partner", "i_flow", "mirror"],
        right_on=["issuer", "c_member", "c_flow", "c_points"],
    )
    .filter(apart >= -timedelta(minutes=5), apart <= timedelta(hours=2))
    .filter(
        pl.len().over("issuer", "i_event") == 1, pl.len().over("issuer", "c_event") == 1
    )
    .select(KEYS)
)
later = pl.concat(
    frame.with_columns(matched_by=pl.lit(rule))
    for frame, rule in ((back, "reference"), (ordered, "order"), (window, "window"))
)
pairs = pl.concat(
    [
        named.lazy()
        .filter(pl.col("i_event").is_not_null(), pl.col("c_event").is_not_null())
        .with_columns(matched_by=pl.lit("reference")),
        later.lazy()
        .join(rest_i, on=["issuer", "i_event"])
        .join(rest_c, on=["issuer", "c_event"]),
    ],
    how="diagonal",
)

# Spends are positive and their reversals negative, as they are cleared. The members must be
# linked, in good standing and have consented when a spend happens.
barred = (
    pl.when("i_reversal").then(None)
    .when(~in_force.fill_null(False)).then(pl.lit("MBR-07"))
    .when("absent_a").then(pl.lit("MBR-01"))
    .when("absent_b").then(pl.lit("MBR-02"))
    .when((pl.col("partner") != pl.col("c_member")) | (pl.col("stopped_at") <= pl.col("i_at")))
    .then(pl.lit("MBR-07"))
    .when(pl.col("granted_at").is_null() | (pl.col("granted_at") > pl.col("i_at")))
    .then(pl.lit("CON-01"))
    .when(pl.col("withdrawn_at") <= pl.col("i_at")).then(pl.lit("CON-02"))
)
valued = collect(
    pairs.join(sound, on=["issuer", "i_member"], how="left").select(
        "issuer", "i_event", "c_event", "i_member", "c_member", "i_at", "c_at", "i_order",
        "i_original", "matched_by",
        flow="i_flow",
        recorded="c_points",
        cleared=pl.when(pl.col("i_flow") == "sale").then("i_points").otherwise(-pl.col("i_points")),
        reversal="i_reversal",
        orphan=pl.col("i_orphan") | pl.col("c_orphan"),
        barred=barred,
    )
)

# The agreed mirror at the version of the spend, and for what differs the ratio that explains it.
sale = pl.col("flow") == "sale"
recorded, cleared, num, den = (pl.col(c) for c in ("recorded", "cleared", "num", "den"))


def gives(num, den):
    return recorded == toward_zero(cleared, pl.col(num), pl.col(den))


amiss = (
    pl.when(recorded == pl.col("agreed")).then(None)
    .when((recorded * den - cleared * num).abs() < den).then(pl.lit("AMT-04"))
    .when(sale).then(pl.lit("AMT-01"))
    .when(gives("o_num", "o_den")).then(pl.lit("AMT-03"))
    .when(gives("r_den", "r_num") | gives("q_num", "q_den") | gives("q_den", "q_num")
          | (recorded == cleared)).then(pl.lit("AMT-02"))
    .otherwise(pl.lit("AMT-01"))
)
BASE = valued.columns + ["ratio_from", "num", "den", "agreed", "amiss", "too_much", "held"]
spends = collect(
    at_version(valued.lazy().filter(~pl.col("reversal"), ~pl.col("orphan")))
    .with_columns(
        num=pl.when(sale).then(1).otherwise("r_num"), den=pl.when(sale).then(1).otherwise("r_den")
    )
    .with_columns(agreed=toward_zero(cleared, num, den))
    .with_columns(amiss=amiss, too_much=pl.lit(None, dtype=pl.String))
    .with_columns(
        held=pl.coalesce("barred", pl.when(pl.col("amiss") != "AMT-04").then("amiss"))
    )
    .select(BASE)
)

# Partial reversals accumulate, and the parts' mirrors sum to the whole's (domain.md, 3.6).
whole, so_far = pl.col("whole"), pl.col("so_far")
clean = pl.col("with_original").is_null()
originals = spends.lazy().select(
    "issuer", "ratio_from", "num", "den", i_original="i_event", whole="cleared",
    with_original="held",
)
taken_back = (
    valued.lazy()
    .filter("reversal", ~pl.col("orphan"))
    .join(originals, on=["issuer", "i_original"])
    .sort("i_at", "i_event")
    .with_columns(so_far=(-cleared).cum_sum().over("issuer", "i_original"))
    .with_columns(
        agreed=toward_zero(whole - so_far, num, den)
        - toward_zero(whole - so_far - cleared, num, den)
    )
    .with_columns(
        amiss=pl.when(clean & (recorded != pl.col("agreed"))).then(pl.lit("AMT-01")),
        too_much=pl.when(clean & (so_far > whole)).then(pl.lit("REV-02")),
    )
    .with_columns(held=pl.coalesce("with_original", "amiss", "too_much"))
    .select(BASE)
)
judged = collect(pl.concat([spends.lazy(), taken_back]).filter(within("i_at")))

rates = pl.LazyFrame(
    {
        "issuer": [issuer for issuer, _ in RATES],
        "flow": [flow for _, flow in RATES],
        "rate": pl.Series([str(rate) for rate in RATES.values()]).str.to_decimal(scale=6),
    }
)
counted = (
    judged.lazy()
    .filter(pl.col("held").is_null())
    .join(rates, on=["issuer", "flow"])
    .with_columns(ratio_from=pl.when(~sale).then("ratio_from"))
)

# LED-01, LED-02: what each account should be and is.
moved = []
for party in "ab":
    words = [word for word, (*_, moves) in WORDS[party].items() if moves]
    moving = pl.col("kind").is_in(words) & (pl.col("status") == POSTED[party]) & within("posted_at")
    moved.append(ledger(party).filter(moving).select("party", "member", "points"))
    moved.append(
        twice.lazy()
        .filter(pl.col("party") == party, moving)
        .select("party", "member", -pl.col("points") * pl.col("extras"))
    )
moved.append(
    reversals.lazy().filter("moves", within("posted_at")).select("party", "member", "points")
)
movements = pl.concat(moved).group_by("party", "member").agg(pl.col("points").sum())


def balances(name, a_column):
    return pl.concat(
        [
            scan("a", "2026-03", name).select(
                party=pl.lit("a"), member="会员号", balance=a_column
            ),
            scan("b", "2026-03", name).select(
                party=pl.lit("b"), member="member_no", balance="balance"
            ),
        ]
    )


PERSON = ["party", "member"]
accounts = (
    balances("opening.parquet", "期初余额")
    .join(movements, on=PERSON, how="full", coalesce=True)
    .join(balances("accounts.parquet", "期末余额").rename({"balance": "actual"}), on=PERSON,
          how="full", coalesce=True)
    .with_columns(expected=pl.col("balance").fill_null(0) + pl.col("points").fill_null(0))
)

# Discrepancies, each with what stands on either side.
TOLD = {"code": pl.String, "issuer": pl.String, "issuer_event_id": pl.String,
        "acceptor_event_id": pl.String, "issuer_member": pl.String, "acceptor_member": pl.String,
        "expected": pl.Int64, "actual": pl.Int64}


def told(frame, **columns):
    nothing = {name: pl.lit(None) for name in TOLD if name not in columns}
    columns = {**nothing, **columns}
    return frame.select(
        (pl.lit(v) if isinstance(v, str) and "-" in v else pl.col(v) if isinstance(v, str) else v)
        .cast(TOLD[name]).alias(name)
        for name, v in ((name, columns[name]) for name in TOLD)
    ).filter(pl.col("code").is_not_null())


ofpair = {"issuer": "issuer", "issuer_event_id": "i_event", "acceptor_event_id": "c_event",
          "issuer_member": "i_member", "acceptor_member": "c_member", "actual": "recorded"}
rows = judged.lazy()
absent = pl.col("barred").is_in(["MBR-01", "MBR-02"])
crossed = pl.col("held").is_null() & (pl.col("c_at") >= cut)


def one_sided(letter, rows, code):
    column = {name: pl.col(f"{letter}_{name}") for name in PART}
    found = (
        pl.when(column["orphan"]).then(pl.lit("REV-01"))
        .when(column["at"] + timedelta(days=2) > cut).then(pl.lit("EVT-07"))
        .when(column["reversal"]).then(pl.lit("REV-03"))
        .otherwise(pl.lit(code))
    )
    who = "issuer" if letter == "i" else "acceptor"
    frame = rows.join(later.lazy(), on=["issuer", f"{letter}_event"], how="anti")
    return told(
        frame.filter(within(f"{letter}_at")),
        code=found, issuer="issuer", actual=column["points"],
        **{f"{who}_event_id": column["event"], f"{who}_member": column["member"]},
    )


overlapping = standing.lazy().filter(pl.col("bound_at") < cut, pl.col("unbound_at") > start)
pair_of = {"issuer_member": "a_member", "acceptor_member": "b_member"}
account = {"issuer": "party", "issuer_member": "member", "expected": "expected", "actual": "actual"}
pl.concat(
    [
        told(rows, code=pl.col("amiss"), expected="agreed", **ofpair),
        told(rows, code=pl.col("too_much"), expected="agreed", **ofpair),
        told(rows.filter(~absent), code=pl.col("barred"), expected="agreed", **ofpair),
        told(rows.filter(crossed), code="EVT-06", expected="agreed", **ofpair),
        told(valued.lazy().filter("orphan", within("i_at")), code="REV-01", **ofpair),
        one_sided("i", rest_i, "EVT-01"),
        one_sided("c", rest_c, "EVT-02"),
        told(
            twice.lazy().filter(within("occurred_at"))
            .select(pl.exclude("extras").repeat_by("extras")).explode(pl.all()),
            code="EVT-03", issuer="party", issuer_event_id="event_id", issuer_member="member",
            actual="points",
        ),
        told(overlapping.filter("absent_a"), code="MBR-01", **pair_of),
        told(overlapping.filter("absent_b"), code="MBR-02", **pair_of),
        told(accounts.filter(pl.col("actual").ne_missing(pl.col("expected"))), code="LED-01",
             **account),
        told(accounts.filter((pl.col("actual") < 0) | (pl.col("expected") < 0)), code="LED-02",
             **account),
    ]
).sink_parquet(out / "discrepancies.parquet", compression="snappy")

# The statement: gross by issuer, flow and versions, fee and tax from what is rounded, half up.


def half_up(units, divisor):
    """Whole units of a hundredth; Python's integers have no end."""
    return (abs(units) * 2 + divisor) // (2 * divisor) * (1 if units >= 0 else -1)


lines = []
gross = collect(
    counted.group_by("issuer", "flow", "ratio_from", "rate")
    .agg(events=pl.len(), points=pl.col("cleared").sum())
)
for issuer, flow, since, rate, events, points in gross.iter_rows():
    # A rate has six decimals and an amount two.
    amount = half_up(points * int(rate.scaleb(6)), 10**4)
    fee = half_up(amount * 2, 100)
    tax = half_up(fee * 6, 100)
    pays = issuer if flow != "sale" else "ba"["ab".index(issuer)]
    for kind, cents, payer in (("gross", amount, pays), ("fee", fee, issuer), ("tax", tax, issuer)):
        lines.append((kind, issuer, flow, since, events, points, cents, payer))
lines.append(("carry", None, None, None, 0, 0, int(OPENING_CARRY.scaleb(2)), "a"))
texts = [str(Decimal(cents).scaleb(-2)) for *_, cents, _ in lines]
frame = pl.DataFrame(
    [line[:6] + line[7:] for line in lines],
    schema={"type": pl.String, "issuer": pl.String, "flow": pl.String, "ratio_from": pl.String,
            "events": pl.Int64, "points": pl.Int64, "payer": pl.String},
    orient="row",
).with_columns(amount=pl.Series(texts).str.to_decimal(scale=2))
frame.write_parquet(out / "statement_lines.parquet", compression="snappy")
signed = pl.when(pl.col("payer") == "a").then("amount").otherwise(-pl.col("amount"))
frame.select(net=signed.sum()).write_parquet(out / "statement.parquet", compression="snappy")
counted.group_by("issuer", "matched_by").agg(pairs=pl.len()).sink_parquet(
    out / "pairs.parquet", compression="snappy"
)

if cleared_too:
    counted.select(
        "issuer", "flow", issuer_event_id="i_event", acceptor_event_id="c_event",
        original_event_id="i_original", order_no="i_order", issuer_member="i_member",
        acceptor_member="c_member", occurred_at="i_at", accepted_at="c_at",
        matched_by="matched_by", points="cleared", exact_numerator=cleared * num,
        exact_denominator=den, agreed_mirror="agreed", recorded_mirror="recorded",
        ratio_from="ratio_from", rate="rate",
        amount=cleared.cast(pl.Decimal(12, 0)) * pl.col("rate"),
    ).sink_parquet(out / "cleared_events.parquet", compression="snappy")
