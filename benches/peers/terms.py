"""What the peers know of the agreement that `hutong generate` declares, and of its words."""

from decimal import Decimal
from pathlib import Path

START = "2026-02-28T16:00:00+00:00"
CHANGE = "2026-03-15T16:00:00+00:00"
CUT = "2026-03-31T16:00:00+00:00"

# A's word, B's word, role (i issuer's leg, c acceptor's leg, o own, r as its original), flow,
# whether it moves the balance.
KINDS = [
    ("跨店兑换", "xburn", "i", "redemption", True),
    ("转出", "xout", "i", "conversion", True),
    ("跨店累积", "xearn", "i", "sale", True),
    ("跨店受理", "xaccept", "c", "redemption", False),
    ("转入", "xin", "c", "conversion", True),
    ("跨店发放", "xaward", "c", "sale", False),
    ("累积", "earn", "o", None, True),
    ("兑换", "burn", "o", None, True),
    ("失效", "expire", "o", None, True),
    ("调账", "adjust", "o", None, True),
    ("合并", "merge", "o", None, True),
    ("冻结", "freeze", "o", None, False),
    ("解冻", "unfreeze", "o", None, False),
    ("冲正", "reversal", "r", None, None),
]

# By issuer and whether it is the version from the change on: since when, numerator, denominator.
RATIOS = {
    ("a", False): ("2026-01-01", 40, 100),
    ("a", True): ("2026-03-16", 50, 100),
    ("b", False): ("2026-01-01", 100, 40),
    ("b", True): ("2026-03-16", 100, 50),
}

RATES = {
    ("a", "redemption"): Decimal("0.008000"),
    ("a", "conversion"): Decimal("0.007500"),
    ("a", "sale"): Decimal("0.010000"),
    ("b", "redemption"): Decimal("0.020000"),
    ("b", "conversion"): Decimal("0.018500"),
    ("b", "sale"): Decimal("0.024000"),
}

OPENING_CARRY = Decimal("125.40")


def key(data):
    """The key of the contact data."""
    return (Path(data) / "keys" / "contact.key").read_bytes().strip()


def pads(data):
    """The two blocks of HMAC-SHA256: before the message, and before the inner digest."""
    block = key(data).ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
