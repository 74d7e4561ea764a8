"""A part is replaced whole: a file that leaves series out of it says so. Every expected number is counted by hand."""

from __future__ import annotations

from tests.delivery.parcel import MEASURES_HEADER, POPULATION_ROWS, Desk, table

TABLE = "bes_jobindsats"
SERIES = [
    ("unemployment", "total"),
    ("unemployment", "totalRate"),
    ("unemployment", "dagpenge"),
    ("unemployment", "kontanthjaelp"),
    ("longterm", "total"),
    ("cashAssistance", "persons"),
    ("activation", "degree"),
]


def rows(units: list[str], months: list[int], series: list[tuple[str, str]], value: int = 5) -> list[str]:
    return [f"{unit},x,{name},{field},2026M{month:02},{value}" for unit in units for month in months for name, field in series]


def deliver(desk: Desk, extract: str, lines: list[str], **options):
    return desk.measures(*lines, name=f"jobindsats_{extract}.csv", **options)


def test_a_correction_of_one_row_says_which_series_it_drops(desk: Desk):
    deliver(desk, "2026-08-01", rows(["101", "147"], [6, 7], SERIES[:3]))
    result = deliver(desk, "2026-08-02", rows(["101"], [7], SERIES[:1], 6))
    assert (result.verdict, dict(result.rule_counts), result.exit_code) == ("accepted_with_warnings", {"FILE-SERIES": 1}, 0)
    assert (
        "1 part (unit × month) no longer has series unemployment.dagpenge, unemployment.totalRate that were there: "
        "deliver all series of a month together"
    ) in result.message
    with desk.ledger() as ledger:
        assert ledger.rule_counts()[2] == {"FILE-SERIES": 1}
    # The rule stays: the part is the new file's, the others are the old one's.
    assert len(desk.active(TABLE, "series")) == 3 * 3 + 1


def test_a_row_that_is_kept_with_a_warning_is_there(desk: Desk):
    # A negative number is a finding of the row, and from now on one that only warns.
    contract = desk.contracts[TABLE]
    rules = [rule.model_copy(update={"action": "warn"}) if rule.check == "range" else rule for rule in contract.rules]
    desk.contracts[TABLE] = contract.model_copy(update={"rules": tuple(rules)})
    deliver(desk, "2026-08-01", rows(["101"], [7], SERIES[:2], -1))
    result = deliver(desk, "2026-08-02", rows(["101"], [7], SERIES[:2], -2))
    assert result.rows_accepted == 2 and "FILE-SERIES" not in result.rule_counts
    assert result.rule_counts, "nothing warned: the test shows nothing"


def test_five_series_are_named_at_most(desk: Desk):
    deliver(desk, "2026-08-01", rows(["101", "147"], [6, 7], SERIES))
    result = deliver(desk, "2026-08-02", rows(["101", "147"], [6, 7], SERIES[:1]))
    assert dict(result.rule_counts) == {"FILE-SERIES": 4}
    named = "activation.degree, cashAssistance.persons, longterm.total, unemployment.dagpenge, unemployment.kontanthjaelp, …"
    assert f"4 parts (unit × month) no longer have series {named} that were there" in result.message
    assert len(result.message) <= 400


def test_a_window_that_moved_drops_nothing(desk: Desk):
    deliver(desk, "2026-07-01", rows(["101", "147"], [4, 5, 6], SERIES))
    assert deliver(desk, "2026-08-01", rows(["101", "147"], [5, 6, 7], SERIES)).verdict == "accepted"
    assert len(desk.active(TABLE, "series")) == 2 * 4 * len(SERIES)


def test_more_series_than_before_drop_nothing(desk: Desk):
    deliver(desk, "2026-07-01", rows(["101"], [6], SERIES[:1]))
    assert deliver(desk, "2026-08-01", rows(["101"], [6], SERIES)).verdict == "accepted"


def test_only_what_is_in_force_is_compared(desk: Desk):
    deliver(desk, "2026-08-01", rows(["101"], [6], SERIES[:3]))
    assert deliver(desk, "2026-08-02", rows(["101"], [6], SERIES[:1])).rule_counts == {"FILE-SERIES": 1}
    assert deliver(desk, "2026-08-03", rows(["101"], [6], SERIES[:1], 7)).verdict == "accepted"


def test_an_older_extract_that_takes_over_nothing_there_drops_nothing(desk: Desk):
    deliver(desk, "2026-08-02", rows(["101"], [7], SERIES[:3]))
    assert deliver(desk, "2026-08-01", rows(["101"], [6, 7], SERIES[:1])).verdict == "accepted"


def test_files_of_one_receive_replace_each_other(desk: Desk):
    first = desk.put("jobindsats_2026-08-01.csv", table(MEASURES_HEADER, rows(["101"], [6, 7], SERIES[:2])))
    second = desk.put("jobindsats_2026-08-02.csv", table(MEASURES_HEADER, rows(["101"], [7], SERIES[1:2])))
    results = desk.receive(second, first).results
    assert [dict(result.rule_counts) for result in results] == [{"FILE-SERIES": 1}, {}]
    assert "1 part (unit × month) no longer has series unemployment.total that" in results[0].message


def test_a_series_whose_row_is_set_aside_is_not_there_any_more(desk: Desk):
    deliver(desk, "2026-08-01", rows(["101"], [7], SERIES[:2]))
    result = deliver(desk, "2026-08-02", ["101,x,unemployment,total,2026M07,7", "101,x,unemployment,totalRate,2026M07,many"])
    assert result.rule_counts["FILE-SERIES"] == 1 and result.rows_set_aside == 1


def test_a_published_total_has_series_too(desk: Desk):
    deliver(desk, "2026-08-01", rows(["000"], [7], SERIES[:2]))
    assert deliver(desk, "2026-08-02", rows(["000"], [7], SERIES[:1])).rule_counts == {"FILE-SERIES": 1}


def test_a_landing_file_that_was_lost_does_not_keep_its_replacement_out(desk: Desk):
    deliver(desk, "2026-08-01", rows(["101"], [7], SERIES[:2]))
    (desk.landing / TABLE / "00000001.parquet").unlink()
    assert deliver(desk, "2026-08-02", rows(["101"], [7], SERIES[:1])).verdict == "accepted"


def test_a_contract_without_series_drops_none(desk: Desk):
    desk.population(*POPULATION_ROWS)
    assert desk.population("101,København,2020Q1,5").verdict == "accepted"
