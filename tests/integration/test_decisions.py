"""Holds, approvals, exemptions, findings and deadlines, from the command to the answer, now and as it was known."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.build import build
from flis_semantic.errors import ArgumentError, FlisError
from flis_semantic.generate import generate
from flis_semantic.ledger import Ledger
from flis_semantic.quality.deadlines import expected_rows, late_rows
from flis_semantic.quality.decisions import decide
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.integration.streams import JANUARY, START, Row, Sent, make_project, receive

ONE, TWO = ("0001", JANUARY, ""), ("0002", JANUARY, "")
FEBRUARY = ("0001", JANUARY + 1, "")
BEFORE, BETWEEN = "2020-02-03", "2020-02-05"


def flis(project: Project, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", "from flis_semantic.cli import main; main()", *arguments, "--project", str(project.root)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def table(project: Project, *arguments: str) -> list[dict[str, Any]]:
    code, out, err = flis(project, *arguments, "--format", "json")
    assert code == 0, err
    return json.loads(out)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@dataclass
class Decided:
    project: Project

    def answers(self, *arguments: str) -> dict[str, tuple[float | None, str]]:
        """Shop → turnover of January and its status."""
        january = ("--by", "shop", "--grain", "month", "--from", "2020-01", "--to", "2020-01")
        rows = table(self.project, "query", "trade.turnover", *january, *arguments)
        return {row["area"]: (row["value"], row["status"]) for row in rows}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    project = make_project(tmp_path_factory.mktemp("shops"))
    generate(project)
    first = (Row(ONE, 1, 10), Row(ONE, 2, 0), Row(TWO, 1, 2000))
    receive(project, [Sent(1, "full", first, START, day(1))])

    def on(number: int, kind: Any, unit: str, reason: str) -> None:
        decide(project, kind, "ledger", [unit], ("2020-01", "2020-01"), reason=reason, decided_by="Ida", decided_at=day(number))

    on(3, "approve", "0002", "Seen")
    on(3, "hold", "0001", "Wrong")
    on(3, "exempt", "0003", "Shut")
    # Newer numbers than those that were approved, and again too large; and the hold is answered.
    receive(project, [Sent(2, "full", (Row(TWO, 1, 3000),), day(4), day(5)), Sent(3, "full", (Row(FEBRUARY, 1, 7),), day(35), day(36))])
    on(40, "approve", "0001", "Mended")
    assert build(project).version is not None
    return Decided(project)


def test_states_now(shops: Decided) -> None:
    connection = open_current(shops.project.versions, shops.project.pointer)
    rows = connection.sql("SELECT base_period_key - 24240, shop_key, state, state_reason, due_date FROM coverage ORDER BY ALL").fetchall()
    connection.close()
    assert rows == [
        (0, 1, "approved", "Mended", date(2020, 2, 10)),
        (0, 2, "held", "V-L-20", date(2020, 2, 10)),
        (0, 3, "exempt", "Shut", date(2020, 2, 10)),
        (1, 1, "delivered", None, date(2020, 3, 10)),
        (1, 2, "missing", None, date(2020, 3, 10)),
        (1, 3, "exempt", "Closed for repairs.", date(2020, 3, 10)),
    ]


def test_answers_carry_the_states(shops: Decided) -> None:
    assert shops.answers() == {"0001": (10.0, "approved"), "0002": (None, "held"), "0003": (None, "exempt")}


def test_what_was_known_before_and_between(shops: Decided) -> None:
    current = shops.project.pointer.read_text()
    # Before any decision: shop 2's finding holds it, shop 3 is simply not there.
    assert shops.answers("--known-on", BEFORE) == {"0001": (10.0, "validated"), "0002": (None, "held"), "0003": (None, "missing")}
    # Then: shop 1 held, shop 2's 2000 approved, shop 3 exempt.
    assert shops.answers("--known-on", BETWEEN) == {"0001": (None, "held"), "0002": (2000.0, "approved"), "0003": (None, "exempt")}
    assert shops.project.pointer.read_text() == current
    assert shops.answers() == {"0001": (10.0, "approved"), "0002": (None, "held"), "0003": (None, "exempt")}
    known = shops.project.versions / "known_20200205T235959999999.duckdb"
    built_at = known.stat().st_mtime_ns
    code, _, said = flis(shops.project, "query", "trade.turnover", "--grain", "month", "--known-on", BETWEEN)
    assert code == 0
    assert "As it was known on 2020-02-05 23:59:59 UTC, under today's definitions (built before from the same input)." in said
    assert known.stat().st_mtime_ns == built_at
    code, text, said = flis(shops.project, "sql", "trade.turnover", "--grain", "month", "--known-on", BETWEEN)
    assert (code, "fct_ledger" in text, "As it was known on" in said) == (0, True, True)


def test_a_known_version_is_built_anew_when_a_definition_changed(tmp_path: Path) -> None:
    from flis_semantic.build.known import read_inputs
    from flis_semantic.build.received import read_received

    project = make_project(tmp_path)
    receive(project, [Sent(1, "full", (Row(ONE, 1, 10),), START, day(1))])

    def digest(known_on: datetime) -> str:
        with Ledger(project.ledger_path) as ledger:
            return read_inputs(project, read_received(ledger, project.contracts, known_on)).digest

    before = digest(day(2))
    receive(project, [Sent(2, "full", (Row(ONE, 1, 11),), day(3), day(3))])
    decide(project, "hold", "ledger", ["0001"], ("2020-01", "2020-01"), reason="Late", decided_by="Ida", decided_at=day(4))
    assert digest(day(2)) == before
    assert len({digest(day(2)), digest(day(3)), digest(day(4))}) == 3
    for name in ("models/fct_ledger.sql", "seeds/shops.csv", "contracts/ledger.yml", "catalogue/trade/turnover.yml", "dbt_project.yml"):
        path = tmp_path / name
        kept = path.read_text()
        path.write_text(kept + "\n")
        assert digest(day(2)) != before, name
        path.write_text(kept)
    assert digest(day(2)) == before


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("2020-02-01", "Nothing had been received by 2020-02-01 23:59:59 UTC. The first delivery came on 2020-02-02 00:00:00 UTC."),
        ("2999-01-01", "2999-01-01 is still to come"),
        ("yesterday", "'yesterday' is no day and no time. Write 2025-03-31 or 2025-03-31T12:00."),
    ],
)
def test_a_time_at_which_nothing_was_known_is_refused_in_one_sentence(shops: Decided, then: str, words: str) -> None:
    for command in (("query", "trade.turnover"), ("build",)):
        code, out, err = flis(shops.project, *command, "--known-on", then)
        assert (code, out, err.count("\n"), words in err) == (2, "", 1, True), err


def test_a_time_whose_files_are_gone_is_refused_in_one_sentence(shops: Decided) -> None:
    file = shops.project.landing / "ledger" / "batch_1.parquet"
    away = file.rename(file.with_suffix(".away"))
    try:
        code, _, err = flis(shops.project, "query", "trade.turnover", "--known-on", BEFORE)
    finally:
        away.rename(file)
    assert (code, err.count("\n")) == (1, 1)
    assert "1 landing file with rows known on 2020-02-03 23:59:59 UTC is gone: ledger/batch_1.parquet." in err


def test_coverage_counts_lists_and_shows_the_register(shops: Decided) -> None:
    (row,) = table(shops.project, "coverage")
    counts = {name: row[name] for name in ("expected", "delivered", "approved", "missing", "exempt", "held")}
    assert counts == {"expected": 6, "delivered": 2, "approved": 1, "missing": 1, "exempt": 2, "held": 1}
    listed = table(shops.project, "coverage", "--missing")
    assert [(row["unit"], row["period"], row["state"], row["reason"]) for row in listed] == [
        ("0002", "2020-01", "held", "V-L-20"),
        ("0002", "2020-02", "missing", None),
    ]
    register = table(shops.project, "coverage", "--decisions")
    assert [(row["decided_at"], row["decision"], row["unit"], row["from"], row["to"], row["reason"]) for row in register] == [
        ("2020-02-04T00:00:00", "approve", "0002", "2020-01", "2020-01", "Seen"),
        ("2020-02-04T00:00:00", "hold", "0001", "2020-01", "2020-01", "Wrong"),
        ("2020-02-04T00:00:00", "exempt", "0003", "2020-01", "2020-01", "Shut"),
        ("2020-03-12T00:00:00", "approve", "0001", "2020-01", "2020-01", "Mended"),
    ]


def test_overdue_is_what_had_not_come_by_a_day(shops: Decided) -> None:
    def overdue(day: str) -> list[tuple[str, str, str, int]]:
        rows = table(shops.project, "expected", "--overdue", "--on", day)
        return [(row["unit"], row["period"], row["due_date"], row["days_late"]) for row in rows]

    # January was due on 10 February: by then shop 3 was exempt. February was due on 10 March; shop 1's came on 8 March.
    assert overdue("2020-02-11") == []
    assert overdue("2020-03-10") == []
    assert overdue("2020-03-15") == [("0002", "2020-02", "2020-03-10", 5)]
    assert [row[1] for row in overdue("2020-04-12")] == ["2020-03", "2020-02", "2020-03", "2020-03"]
    assert flis(shops.project, "expected", "--overdue", "--on", "March")[0] == 2
    assert flis(shops.project, "expected", "--unit", "0009")[0] == 2


def test_the_calendar_says_of_every_period_who_came_when(shops: Decided) -> None:
    columns = ("period", "due_date", "expected", "in_time", "late", "overdue", "awaited", "exempt")
    calendar = table(shops.project, "expected", "--on", "2020-03-15")
    # Shop 3 is exempt in January by the register, in February by its contract. March has begun.
    assert [tuple(row[name] for name in columns) for row in calendar] == [
        ("2020-01", "2020-02-10", 2, 2, 0, 0, 0, 1),
        ("2020-02", "2020-03-10", 2, 1, 0, 1, 0, 1),
        ("2020-03", "2020-04-10", 3, 0, 0, 0, 3, 0),
    ]
    of_one = table(shops.project, "expected", "--unit", "0003", "--on", "2020-03-15")
    assert [(row["period"], row["status"], row["reason"]) for row in of_one] == [
        ("2020-01", "exempt", "Shut"),
        ("2020-02", "exempt", "Closed for repairs."),
        ("2020-03", "awaited", None),
    ]


def test_quality_shows_cross_rules_with_their_action_and_the_chain_adds_up(shops: Decided) -> None:
    code, out, err = flis(shops.project, "quality", "--on", "2020-03-15", "--format", "json")
    report = json.loads(out)
    assert code == 0
    assert [(row["delivery_id"], row["stage"], row["rule_id"], row["action"], row["rows"], row["title"]) for row in report["rules"]] == [
        (1, "cross", "V-L-21", "set_aside", 1, "A line of zero"),
        (2, "cross", "V-L-20", "hold", 1, "More than a shop can sell"),
    ]
    stages = ("delivered", "accepted", "superseded", "landed", "staged", "left_out", "mart")
    assert [tuple(row[stage] for stage in stages) for row in report["deliveries"]] == [
        (3, 3, 1, 2, 2, 1, 1),
        (1, 1, 0, 1, 1, 0, 1),
        (1, 1, 0, 1, 1, 0, 1),
    ]
    assert [(row["unit"], row["status"]) for row in report["deadlines"]] == [("0002", "overdue")]
    assert flis(shops.project, "quality", "--on", "2020-03-15")[0] == 0


def test_late_and_overdue_of_a_source_that_nobody_delivered(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    rows = [row for row in expected_rows(project, date(2020, 2, 12)) if row["status"] == "overdue"]
    assert [(row["unit"], row["period"], row["due_date"], row["days_late"]) for row in rows] == [
        (unit, "2020-01", date(2020, 2, 10), 2) for unit in ("0001", "0002", "0003")
    ]
    receive(project, [Sent(1, "full", (Row(ONE, 1, 1),), day(10), day(13)), Sent(2, "full", (Row(ONE, 1, 2),), day(14), day(14))])
    rows = [(row["unit"], row["status"], row["received_on"], row["days_late"]) for row in late_rows(project, date(2020, 2, 20))]
    assert rows == [("0001", "late", date(2020, 2, 14), 4), ("0002", "overdue", None, 10), ("0003", "overdue", None, 10)]
    # A side period and a delta deliver nothing.
    receive(project, [Sent(3, "full", (Row(("0002", JANUARY, "13"), 1, 1),), day(15), day(15))])
    receive(project, [Sent(4, "delta", (Row(TWO, 1, 1),), day(16), day(16), 1)])
    assert [row["unit"] for row in late_rows(project, date(2020, 2, 20)) if row["status"] == "overdue"] == ["0002", "0003"]


def test_what_lies_after_the_calendar_is_never_overdue(tmp_path: Path) -> None:
    # The shops' calendar ends with 2021: 24 months of three shops, of which one need not deliver February 2020.
    rows = late_rows(make_project(tmp_path), date.max)
    assert len(rows) == 3 * 24 - 1
    assert {row["period"] for row in rows if row["period"] > "2021-11"} == {"2021-12"}


def test_the_newest_decision_counts_and_a_lifted_one_leaves_the_one_before_of_another_kind(tmp_path: Path) -> None:
    from tests.integration.streams import landed

    project = make_project(tmp_path)
    receive(project, [Sent(1, "full", (Row(ONE, 1, 10),), START, day(1))])

    def stands(number: int, kind: Any, *, is_lifted: bool = False, periods: tuple[str, str] = ("2020-01", "2020-01")) -> tuple[Any, ...]:
        decide(project, kind, "ledger", ["0001"], periods, reason=kind, decided_by="Ida", decided_at=day(number), is_lifted=is_lifted)
        with landed(project) as connection:
            sql = "SELECT exempt_reason, held_reason, approved_reason FROM landing.coverage WHERE unit_code = '0001'"
            return tuple(connection.execute(sql).fetchall()[0])

    assert stands(2, "hold") == (None, "hold", None)
    assert stands(3, "approve") == (None, None, "approve")
    assert stands(4, "hold", periods=("2020", "2020")) == (None, "hold", "approve")
    assert stands(5, "hold", is_lifted=True) == (None, None, "approve")
    assert stands(6, "exempt") == ("exempt", None, "approve")
    assert stands(7, "exempt", is_lifted=True) == (None, None, "approve")
    assert stands(8, "approve", is_lifted=True) == (None, None, None)
    # Two at the same moment: the later one in the register.
    assert stands(9, "approve") == (None, None, "approve")
    assert stands(9, "hold") == (None, "hold", "approve")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contract": "legder"}, "There is no contract 'legder'. Did you mean 'ledger'?"),
        ({"unit": "9999"}, "'9999' delivers no ledger."),
        ({"unit": ","}, "A decision is about at least one unit."),
        ({"from": "2020-13"}, "'2020-13' is not a period."),
        ({"from": "2020-01-01"}, "'2020-01-01' is not made of whole base periods: ledger comes by month. Write one such as 2020-01."),
        ({"to": "2019-12"}, "'2019-12' ends before '2020-01' begins."),
        ({"reason": " "}, "A decision needs a reason."),
        ({"lift": ""}, "Nothing to lift: no decision to hold stands for 0001 there."),
    ],
)
def test_a_decision_that_cannot_be_meant_is_refused_in_one_sentence(tmp_path: Path, change: dict[str, str], words: str) -> None:
    project = make_project(tmp_path)
    options = {"contract": "ledger", "unit": "0001", "from": "2020-01", "to": "2020-02", "reason": "Wrong"} | change
    arguments = [part for name, value in options.items() for part in ((f"--{name}", value) if value else (f"--{name}",))]
    code, out, err = flis(project, "hold", *arguments)
    assert (code, out, err.count("\n"), words in err) == (2, "", 1, True), err
    assert not project.ledger_path.is_file() or not _decisions(project)


def test_the_commands_write_one_decision_per_unit(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    about = ("--contract", "ledger", "--from", "2020-01", "--to", "2020-Q1")
    code, _, said = flis(project, "hold", *about, "--unit", "0001,0002", "--unit", "0001", "--reason", "Wrong", "--decided-by", "Ida")
    assert (code, said.splitlines()[-1]) == (0, "It counts from the next `flis build`.")
    assert flis(project, "hold", *about, "--unit", "0002", "--reason", "Right after all", "--lift", "--decided-by", "Per")[0] == 0
    assert flis(project, "approve", *about, "--unit", "0002", "--reason", "Seen")[0] == 0
    assert flis(project, "exempt", *about, "--unit", "0003", "--reason", "Shut")[0] == 0
    decisions = [(d.kind, d.is_lifted, d.unit_code, d.first_key, d.last_key, d.reason) for d in _decisions(project)]
    assert decisions == [
        ("hold", False, "0001", JANUARY, JANUARY + 2, "Wrong"),
        ("hold", False, "0002", JANUARY, JANUARY + 2, "Wrong"),
        ("hold", True, "0002", JANUARY, JANUARY + 2, "Right after all"),
        ("approve", False, "0002", JANUARY, JANUARY + 2, "Seen"),
        ("exempt", False, "0003", JANUARY, JANUARY + 2, "Shut"),
    ]
    assert [d.decided_by for d in _decisions(project)][:3] == ["Ida", "Ida", "Per"]


def test_a_version_of_before_a_column_was_there_is_named(tmp_path: Path) -> None:
    from flis_semantic.warehouse import open_for_build

    project = make_project(tmp_path)
    with open_for_build(project.versions / "20200101T000000000000.duckdb") as connection:
        connection.execute("CREATE TABLE coverage (source VARCHAR); CREATE TABLE source_status (source VARCHAR)")
    project.pointer.write_text("20200101T000000000000.duckdb")
    code, _, err = flis(project, "coverage")
    assert (code, err.count("\n"), "was built by another flis" in err) == (1, 1, True), err


def test_python_asks_for_what_was_known_too(shops: Decided) -> None:
    import flis_semantic

    with flis_semantic.open(shops.project.root, known_on=datetime(2020, 2, 4, 12)) as session:
        with pytest.raises(FlisError, match="There is no version yet that holds what was known on 2020-02-04 12:00:00 UTC"):
            session.query("trade.turnover", grain="month")
    with pytest.raises(ArgumentError, match="Nothing had been received by"):
        build(shops.project, known_on=datetime(2020, 1, 1))


def _decisions(project: Project) -> list[Any]:
    with Ledger(project.ledger_path) as ledger:
        return ledger.decisions()
