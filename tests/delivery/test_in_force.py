"""Which delivery is in force: unchanged, newer, older, superseded, and put in force on purpose."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.delivery.parcel import MEASURES_HEADER, MEASURES_ROWS, POPULATION_HEADER, POPULATION_ROWS, Desk, day, table

TWO_MONTHS = ["101,x,unemployment,total,2026M06,6", "101,x,unemployment,total,2026M07,7"]
JULY = ["101,x,unemployment,total,2026M07,70"]
VALUES = "CAST(vaerdi AS INTEGER)"


def deliver(desk: Desk, extract: str, *rows: str, **options):
    return desk.measures(*rows, name=f"jobindsats_{extract}.csv", **options)


def test_the_same_file_twice_changes_nothing(desk: Desk):
    desk.measures()
    before = (desk.files(), desk.ledger_path.read_bytes())
    result = desk.measures()
    assert (result.verdict, result.code, result.exit_code) == ("unchanged", "FILE-UNCHANGED", 0)
    assert "The same content as delivery 1 (jobindsats_2026-08-22.csv), which is in force" in result.message
    assert (desk.files(), desk.ledger_path.read_bytes()) == before


def test_the_same_content_under_another_name_changes_nothing(desk: Desk):
    desk.measures()
    assert desk.measures(name="jobindsats_2026-08-30.csv").verdict == "unchanged"


def test_the_same_content_twice_in_one_receive_is_received_once(desk: Desk):
    for name in ("a", "b"):
        desk.put(f"population_by_quarter_{name}.csv", table(POPULATION_HEADER, POPULATION_ROWS))
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["accepted", "unchanged"]


def test_the_same_file_named_twice_is_received_once(desk: Desk):
    path = desk.put("population_by_quarter_a.csv", table(POPULATION_HEADER, POPULATION_ROWS))
    assert len(desk.receive(path, desk.inbox, path).results) == 1


def test_a_newer_extract_replaces_only_the_parts_that_it_contains(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS)
    assert deliver(desk, "2026-08-02", *JULY).verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]
    assert len(desk.rows("bes_jobindsats", "1")) == 3


def test_at_the_same_extract_time_the_later_receipt_wins(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS)
    assert desk.measures(*JULY, name="jobindsats_2026-08-01.csv.gz").verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]


def test_an_older_extract_that_would_be_in_force_nowhere_is_refused(desk: Desk):
    deliver(desk, "2026-08-02", *TWO_MONTHS)
    result = deliver(desk, "2026-08-01", *JULY)
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-OLDER", 1)
    assert "extracted 2026-08-01" in result.message and "2026-08-02, delivery 1" in result.message
    assert "--supersede" in result.hint
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (7,)]
    assert len(desk.files()) == 1


@pytest.mark.parametrize("order", list(permutations(["2026-08-01", "2026-08-03", "2026-08-05"])))
def test_content_that_comes_again_from_a_newer_extract_outlives_what_lies_between(desk: Desk, order: tuple[str, ...]):
    for extract in order:
        deliver(desk, extract, *(JULY if extract == "2026-08-03" else TWO_MONTHS[1:]))
    assert desk.active("bes_jobindsats", VALUES) == [(7,)]


def test_a_confirmation_is_told_kept_and_known_from_its_receipt(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS, received_at=day("2026-08-06T08:00"))
    again = deliver(desk, "2026-08-05", *TWO_MONTHS, received_at=day("2026-08-07T08:00"))
    assert again.verdict == "unchanged" and again.message.endswith("nothing changed. It now counts as of 2026-08-05.")
    # An extract from the future, and one that is no newer, confirm nothing.
    for extract in ("2026-08-09", "2026-08-05", "2026-08-02"):
        assert deliver(desk, extract, *TWO_MONTHS, received_at=day("2026-08-07T09:00")).message.endswith("nothing changed.")
    with desk.ledger() as ledger:
        for known_on, extracted in ((None, day("2026-08-05")), (day("2026-08-06T12:00"), day("2026-08-01"))):
            assert [d.extracted_at for d in ledger.deliveries(known_on=known_on)] == [extracted]
            assert {p.rank_at for p in ledger.active_partitions("bes_jobindsats", known_on)} == {extracted}


def test_an_older_extract_fills_what_is_not_there_yet(desk: Desk):
    deliver(desk, "2026-08-02", *JULY)
    result = deliver(desk, "2026-08-01", *TWO_MONTHS)
    assert result.verdict == "accepted"
    assert "newer extracts stay in force for 1 of 2 parts" in result.message
    assert desk.active("bes_jobindsats", VALUES) == [(70,), (6,)]


def test_an_older_extract_is_put_in_force_on_purpose(desk: Desk):
    deliver(desk, "2026-08-02", *TWO_MONTHS)
    assert deliver(desk, "2026-08-01", *JULY, supersede=True).verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]
    assert deliver(desk, "2026-08-03", *TWO_MONTHS[1:]).verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (7,)]


def test_superseded_content_is_refused_unless_it_says_that_it_is_newer(desk: Desk):
    deliver(desk, "2026-08-01", *JULY)
    deliver(desk, "2026-08-02", *TWO_MONTHS)
    result = deliver(desk, "2026-08-01", *JULY)
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-SUPERSEDED", 1)
    assert "content of delivery 1 (jobindsats_2026-08-01.csv), which was replaced" in result.message
    assert deliver(desk, "2026-08-03", *JULY).verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]


def test_superseded_content_without_an_extract_time_is_refused_unless_on_purpose(desk: Desk):
    other = [row.replace("632340", "632341") for row in POPULATION_ROWS]
    desk.population(*POPULATION_ROWS)
    assert desk.population(*other).verdict == "accepted"
    assert desk.population(*POPULATION_ROWS).code == "FILE-SUPERSEDED"
    assert desk.active("bor_folketal", "folketal")[0] == (632341,)
    assert desk.population(*POPULATION_ROWS, supersede=True).verdict == "accepted"
    assert desk.active("bor_folketal", "folketal")[0] == (632340,)
    assert desk.population(*POPULATION_ROWS).verdict == "unchanged"


def test_content_that_is_still_in_force_in_part_changes_nothing(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS)
    deliver(desk, "2026-08-02", *JULY)
    result = deliver(desk, "2026-08-01", *TWO_MONTHS)
    assert (result.verdict, result.exit_code) == ("unchanged", 0)
    assert "1 of 2 parts are in force" in result.message


def test_files_of_one_receive_are_judged_in_the_order_of_their_extracts(desk: Desk):
    newer = desk.put("jobindsats_2026-08-02.csv", table(MEASURES_HEADER, JULY))
    older = desk.put("jobindsats_2026-08-01.csv", table(MEASURES_HEADER, TWO_MONTHS))
    assert [result.verdict for result in desk.receive(newer, older).results] == ["accepted", "accepted"]
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]


def test_an_unchanged_file_after_a_changed_one_is_judged_after_it(desk: Desk):
    deliver(desk, "2026-08-01", *JULY)
    other = desk.put("jobindsats_2026-08-02.csv", table(MEASURES_HEADER, TWO_MONTHS))
    again = desk.put("jobindsats_2026-08-03.csv", table(MEASURES_HEADER, JULY))
    assert [result.verdict for result in desk.receive(other, again).results] == ["accepted", "accepted"]
    assert desk.active("bes_jobindsats", VALUES) == [(6,), (70,)]


def test_a_part_of_which_every_row_is_set_aside_is_not_delivered(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS)
    result = deliver(desk, "2026-08-02", "101,x,unemployment,total,2026M07,many", "101,x,unemployment,total,2026M06,60")
    assert (result.rows_accepted, result.rows_set_aside) == (1, 1)
    assert desk.active("bes_jobindsats", VALUES) == [(7,), (60,)]


def test_a_file_of_which_every_row_is_set_aside_is_refused_and_its_rows_are_kept(desk: Desk):
    rows = ["999,x,unemployment,total,2026M07,1", "101,x,unemployment,total,2026M07"]
    result = deliver(desk, "2026-08-02", *rows)
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-NOTHING", 1)
    assert (result.rows_delivered, result.rows_accepted, result.rows_set_aside) == (2, 0, 2)
    assert sorted(result.rule_counts.values()) == [1, 1, 1] and result.rule_counts["FILE-NOTHING"] == 1
    assert result.message.startswith("None of the 2 rows could be accepted: ") and "first line 2: " in result.message
    assert desk.active("bes_jobindsats", VALUES) == []
    assert [row[0] for row in desk.set_aside("bes_jobindsats")] == [2, 3]
    with desk.ledger() as ledger:
        kept = ledger.deliveries()[0]
        assert (kept.verdict, kept.code, kept.rows_delivered, kept.rows_set_aside) == ("refused", "FILE-NOTHING", 2, 2)
        assert ledger.active_partitions("bes_jobindsats") == [] and dict(result.rule_counts) == ledger.rule_counts()[1]


def test_a_file_of_which_no_row_is_accepted_is_judged_again_when_the_code_list_was_corrected(desk: Desk):
    row = "851,Aalborg,unemployment,total,2026M07,9"
    assert deliver(desk, "2026-08-02", row).code == "FILE-NOTHING"
    assert deliver(desk, "2026-08-02", row).code == "FILE-NOTHING"
    desk.units["0851"] = "member"
    assert deliver(desk, "2026-08-02", row).verdict == "accepted"
    assert desk.active("bes_jobindsats", VALUES) == [(9,)]


def test_a_file_of_which_no_row_is_accepted_replaces_nothing_and_lies_beside_others(desk: Desk):
    deliver(desk, "2026-08-01", *JULY)
    bad = desk.put("jobindsats_2026-08-02.csv", table(MEASURES_HEADER, ["101,x,unemployment,total,2026M07,many"]))
    good = desk.put("jobindsats_2026-08-03.csv", table(MEASURES_HEADER, TWO_MONTHS[:1]))
    report = desk.receive(bad, good)
    assert ([result.verdict for result in report.results], report.exit_code) == (["refused", "accepted"], 1)
    assert desk.active("bes_jobindsats", VALUES) == [(70,), (6,)]
    assert len(desk.set_aside("bes_jobindsats")) == 1


def test_rows_set_aside_are_judged_again_on_purpose_after_a_code_list_was_corrected(desk: Desk):
    rows = [*MEASURES_ROWS, "851,Aalborg,unemployment,total,2026M07,9"]
    assert desk.measures(*rows).rows_set_aside == 1
    desk.units["0851"] = "member"
    assert desk.measures(*rows).verdict == "unchanged"
    assert desk.measures(*rows, supersede=True).verdict == "accepted"
    assert len(desk.active("bes_jobindsats", VALUES)) == 5


def test_the_higher_sequence_wins_at_the_same_extract_time(desk: Desk):
    extracted = {"extracted_at": "2026-08-02T06:00:00+02:00"}
    desk.measures(*JULY, name="jobindsats_a.csv", manifest={**extracted, "sequence": 2})
    assert desk.measures(*TWO_MONTHS[1:], name="jobindsats_b.csv", manifest={**extracted, "sequence": 1}).code == "FILE-OLDER"
    assert desk.active("bes_jobindsats", VALUES) == [(70,)]


def test_what_was_in_force_on_an_earlier_day_can_be_asked(desk: Desk):
    deliver(desk, "2026-08-01", *TWO_MONTHS, received_at=day("2026-08-05T08:00"))
    deliver(desk, "2026-08-02", *JULY, received_at=day("2026-08-06T08:00"))
    with desk.ledger() as ledger:
        then = ledger.active_partitions("bes_jobindsats", known_on=day("2026-08-05T12:00"))
        now = ledger.active_partitions("bes_jobindsats")
        assert [partition.delivery_id for partition in then] == [1, 1]
        assert [partition.delivery_id for partition in now] == [1, 2]
        assert ledger.active_files("bes_jobindsats", known_on=day("2026-08-05T12:00")) == ["00000001.parquet"]
        assert ledger.active_partitions("bes_jobindsats", known_on=day("2026-08-01T12:00")) == []


def test_the_extract_time_comes_from_the_manifest_then_the_name_then_the_receipt(desk: Desk):
    received = day("2026-09-01T10:00")
    desk.measures(
        *TWO_MONTHS, name="jobindsats_2026-08-01.csv", manifest={"extracted_at": "2026-08-03T06:00:00+02:00"}, received_at=received
    )
    desk.measures(*JULY, name="jobindsats_20260804.csv", received_at=received)
    desk.population(received_at=received)
    with desk.ledger() as ledger:
        found = [(d.extracted_from, d.extracted_at, d.received_at) for d in ledger.deliveries()]
    assert found == [
        ("manifest", day("2026-08-03T04:00"), received),
        ("file name", day("2026-08-04T00:00"), received),
        ("receipt", received, received),
    ]


def test_an_extract_from_the_future_is_accepted_with_a_warning(desk: Desk):
    result = deliver(desk, "2026-08-02", *JULY, received_at=day("2026-08-01T08:00"))
    assert (result.verdict, dict(result.rule_counts), result.exit_code) == ("accepted_with_warnings", {"FILE-FUTURE": 1}, 0)
    assert "the extract date 2026-08-02 is later than the receipt" in result.message


def test_rows_before_the_declared_window_are_kept_with_a_warning(desk: Desk):
    result = desk.measures("101,x,unemployment,total,2026M07,7", "101,x,unemployment,total,2021M07,7", "101,x,unemployment,total,2021M06,7")
    assert (result.rows_accepted, dict(result.rule_counts)) == (3, {"FILE-WINDOW": 1})
    assert "1 row before the window of 61 periods (month)" in result.message
