"""Money as people read it."""

from decimal import Decimal

import pytest

from bot.models import Total, dollars


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "unknown"),
        (Decimal(0), "$0.00"),
        (Decimal("0.012"), "$0.01"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0.00999"), "$0.0100"),
        (Decimal("0.004035"), "$0.0040"),
        (Decimal("0.0000000000015"), "$0.0000000000015"),
        (Decimal("1E+3"), "$1,000.00"),
    ],
)
def test_a_little_is_not_shown_as_nothing(amount, shown):
    assert dollars(amount) == shown


def test_a_sum_says_how_sure_it_is():
    assert str(Total()) == "$0.00"
    assert str(Total(known=Decimal("0.5"), calls=2)) == "$0.50"
    assert str(Total(known=Decimal("0.5"), calls=2, unknown=1)) == "at least $0.50"
    assert str(Total(calls=2, unknown=1)) == "unknown"
