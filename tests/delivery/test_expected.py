"""The calendar of deliveries: workdays counted by hand, exemptions of the contract and of the register, and what came when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flis_semantic.contracts.model import Deadline, Exemption
from flis_semantic.quality.deadlines import by_period, expected_rows
from flis_semantic.quality.decisions import decide
from tests.delivery.ledger_desk import ledger_desk, month, posting
from tests.delivery.parcel import Desk, day


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Due six workdays after the month; 0147 need not deliver March 2019."""
    desk = ledger_desk(tmp_path)
    spared = Exemption.model_validate(
        {"unit": "0147", "from": "2019-03", "to": "2019-03", "reason": {"da": "Skifter system", "en": "Moves"}}
    )
    contract = desk.contracts["postings"].model_copy(update={"deadline": Deadline(workdays=6), "exemptions": (spared,)})
    desk.contracts["postings"] = contract
    return desk


def statuses(desk: Desk, on: date, period: str) -> dict[str, tuple[str, int, str | None]]:
    rows = expected_rows(desk, on)  # pyright: ignore[reportArgumentType]
    return {row["unit"]: (row["status"], row["days_late"], row["reason"]) for row in rows if row["period"] == period}


def test_workdays_and_exemptions(desk: Desk):
    # 31 March 2019 is a Sunday: Monday 1 to Friday 5 April are five workdays, Monday 8 April is the sixth.
    desk.deliver("postering_0101_2019-03.csv", month(posting()), received_at=day("2019-04-08T23:00"))
    assert statuses(desk, date(2019, 4, 8), "2019-03") == {
        "0101": ("in_time", 0, None),
        "0147": ("exempt", 0, "Skifter system"),
        "0751": ("awaited", 0, None),
    }
    assert statuses(desk, date(2019, 4, 9), "2019-03")["0751"] == ("overdue", 1, None)
    # The day before nobody had delivered, and it was no day late.
    assert {status for status, _, _ in statuses(desk, date(2019, 4, 7), "2019-03").values()} == {"awaited", "exempt"}
    desk.deliver("postering_0751_2019-03.csv", month(posting(kommunekode="0751")), received_at=day("2019-04-10"))
    assert statuses(desk, date(2019, 5, 1), "2019-03")["0751"] == ("late", 2, None)


def test_the_register_exempts_and_the_calendar_counts(desk: Desk):
    register = {"reason": "Agreed", "decided_by": "us", "decided_at": day("2019-03-02")}
    decide(desk, "exempt", "postings", ["0751"], ("2019-01", "2019-03"), **register)  # pyright: ignore[reportArgumentType]
    rows = by_period(expected_rows(desk, date(2019, 3, 15)))  # pyright: ignore[reportArgumentType]
    columns = ("period", "due_date", "expected", "overdue", "awaited", "exempt")
    # January ends on a Thursday, February too: their sixth workdays are Friday 8 February and Friday 8 March.
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("2019-01", date(2019, 2, 8), 2, 2, 0, 1),
        ("2019-02", date(2019, 3, 8), 2, 2, 0, 1),
        ("2019-03", date(2019, 4, 8), 1, 0, 1, 2),
    ]
