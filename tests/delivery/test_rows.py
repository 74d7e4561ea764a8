"""What becomes of the rows: typed, keyed, split, told apart, and found again with their line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from flis_semantic.contracts.landing import SCHEMA_FILE, landing_columns
from flis_semantic.contracts.load import load_contracts
from flis_semantic.contracts.model import Contract
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.warehouse import connect
from tests.delivery.parcel import MEASURES_HEADER, MEASURES_ROWS, POPULATION, POPULATION_HEADER, POPULATION_ROWS, ROOT, Desk, table
from tests.delivery.test_bad_input import accept

QUARTER = 2020 * 4
MONTH = 2026 * 12 + 6


def test_population_is_typed_and_keyed(desk: Desk):
    assert desk.population().verdict == "accepted"
    found = desk.rows(
        "bor_folketal", "kommunekode, kommunenavn, periode, folketal, line_number, unit_code, base_period_key, series, is_control"
    )
    first = date(2020, 1, 1)
    assert found == [
        ("0101", "København", first, 632340, 2, "0101", QUARTER, "", False),
        ("0147", "Frederiksberg", first, 104305, 3, "0147", QUARTER, "", False),
        ("0411", "Christiansø", first, 84, 4, "0411", QUARTER, "", False),
    ]


def test_measures_are_split_and_blanks_kept_and_the_total_is_a_control(desk: Desk):
    result = desk.measures()
    assert (result.verdict, result.rows_accepted, result.rows_control) == ("accepted", 4, 1)
    found = desk.rows("bes_jobindsats", "unit_code, series, periode, kategori, vaerdi, base_period_key, is_control")
    first = date(2026, 7, 1)
    assert found == [
        ("0000", "unemployment.total", first, None, Decimal("91583.00"), MONTH, True),
        ("0101", "unemployment.total", first, None, Decimal("11962.00"), MONTH, False),
        ("0101", "unemployment.totalRate", first, None, Decimal("3.10"), MONTH, False),
        ("0147", "cashVisitation.fullTime", first, "Åbenlys uddannelsesparat", None, MONTH, False),
    ]


def test_a_year_is_its_first_quarter(desk: Desk):
    rows = table("kommune_kode,kommune_navn,folketal,aar", ["101,København,671714,2026"])
    assert desk.deliver("population_2026.csv", rows).form == "first_of_year"
    assert desk.rows("bor_folketal", "periode, base_period_key, folketal") == [(date(2026, 1, 1), 2026 * 4, 671714)]


def test_the_order_of_columns_is_free(desk: Desk):
    desk.put("population_by_quarter_a.csv", table("folketal,kvartal,navn,kommunekode", ["5,2020Q1,København,101"]))
    desk.put("population_by_quarter_b.csv", table(POPULATION_HEADER, ["147,Frederiksberg,2020Q1,6"]))
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["accepted", "accepted"]
    assert desk.rows("bor_folketal", "unit_code, kommunenavn, folketal") == [("0101", "København", 5), ("0147", "Frederiksberg", 6)]


def test_lines_are_counted_through_quoted_line_ends_and_blank_lines(desk: Desk):
    content = f'{POPULATION_HEADER}\r\n101,"Køben\r\n\r\nhavn",2020Q1,5\r\n\r\n147,"Fre""d""",2020Q1,6\r\n999,x,2020Q1,7\r\n'
    result = desk.deliver(POPULATION, content)
    assert (result.rows_delivered, result.rows_accepted) == (3, 2)
    assert desk.rows("bor_folketal", "line_number, kommunenavn") == [(2, "Køben\n\nhavn"), (6, 'Fre"d"')]
    assert [row[0] for row in desk.set_aside("bor_folketal")] == [7]


def test_a_quotation_mark_inside_a_plain_value_is_text(desk: Desk):
    assert desk.population('101,12" rør,2020Q1,5').verdict == "accepted"
    assert desk.rows("bor_folketal", "kommunenavn") == [('12" rør',)]


def test_a_set_aside_row_is_kept_as_it_was_delivered(desk: Desk):
    desk.population('999,"a, ""b""\nc",2020Q1,5')
    assert [row[3] for row in desk.set_aside("bor_folketal")] == ['999,"a, ""b""\nc",2020Q1,5']


def test_a_byte_order_mark_is_no_part_of_the_first_column(desk: Desk):
    assert desk.deliver(POPULATION, table(POPULATION_HEADER, POPULATION_ROWS).encode("utf-8-sig")).verdict == "accepted"


def test_windows_1252_is_read_where_it_is_accepted(desk: Desk):
    accept(desk, "utf-8", "windows-1252")
    assert desk.deliver(POPULATION, table(POPULATION_HEADER, ["101,Købmand €,2020Q1,5"]).encode("cp1252")).verdict == "accepted"
    assert desk.rows("bor_folketal", "kommunenavn") == [("Købmand €",)]
    with desk.ledger() as ledger:
        assert [delivery.encoding for delivery in ledger.deliveries()] == ["windows-1252"]


def test_a_decimal_comma_is_read_where_the_form_says_so(desk: Desk):
    contract = desk.contracts["bes_jobindsats"]
    form = contract.forms["rolling_file"].model_copy(update={"decimal": ",", "delimiter": ";"})
    desk.contracts["bes_jobindsats"] = contract.model_copy(update={"forms": {"rolling_file": form}})
    rows = ["101;x;unemployment;totalRate;2026M07;3,1", "147;x;unemployment;totalRate;2026M07;3.1", "751;x;activation;degree;2026M07;1,005"]
    result = desk.deliver("jobindsats_2026-08-22.csv", table(MEASURES_HEADER.replace(",", ";"), rows))
    assert (result.rows_accepted, dict(result.rule_counts)) == (1, {"V-BES-29": 2})
    assert desk.rows("bes_jobindsats", "vaerdi") == [(Decimal("3.10"),)]


def test_the_same_row_twice_is_kept_once(desk: Desk):
    result = desk.population(*POPULATION_ROWS, POPULATION_ROWS[0], "0101,København,2020Q1,632340")
    assert (result.rows_delivered, result.rows_accepted, dict(result.rule_counts)) == (5, 3, {"V-BOR-26": 2})
    assert desk.rows("bor_folketal", "line_number") == [(2,), (3,), (4,)]
    assert [(row[0], row[2]) for row in desk.set_aside("bor_folketal")] == [
        (5, "the row repeats line 2, which has the same key"),
        (6, "the row repeats line 2, which has the same key"),
    ]


def test_rows_that_contradict_each_other_are_all_set_aside(desk: Desk):
    result = desk.population(*POPULATION_ROWS, "101,København,2020Q1,1")
    assert (result.rows_accepted, dict(result.rule_counts)) == (2, {"V-BOR-26": 2})
    assert [(row[0], row[2]) for row in desk.set_aside("bor_folketal")] == [
        (2, "the row contradicts line 5, which has the same key"),
        (5, "the row contradicts line 2, which has the same key"),
    ]


def test_rows_of_the_same_key_with_an_empty_category_are_found_too(desk: Desk):
    result = desk.measures(MEASURES_ROWS[1], MEASURES_ROWS[1])
    assert dict(result.rule_counts) == {"V-BES-36": 1}


def test_the_same_key_in_two_files_is_no_repetition(desk: Desk):
    desk.put("population_by_quarter_a.csv", table(POPULATION_HEADER, POPULATION_ROWS))
    desk.put("population_by_quarter_b.csv", table(POPULATION_HEADER, [*POPULATION_ROWS, "751,Aarhus,2020Q1,5"]))
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["accepted", "accepted"]


def test_a_unit_that_is_no_member_is_set_aside_by_its_own_rule(desk: Desk):
    result = desk.measures(*MEASURES_ROWS, "411,Christiansø,unemployment,total,2026M07,3")
    assert dict(result.rule_counts) == {"V-BES-23": 1}
    assert desk.set_aside("bes_jobindsats")[0][2] == "kommunekode '411' is a unit that is not one of the members"


def test_a_row_without_required_values_is_set_aside(desk: Desk):
    result = desk.population(*POPULATION_ROWS, ",x,2020Q1,5", "751,x,,5", ",,,")
    assert dict(result.rule_counts) == {"V-BOR-21": 2, "V-BOR-22": 2}
    assert [row[2] for row in desk.set_aside("bor_folketal")] == [
        "kommunekode is empty",
        "periode is empty",
        "kommunekode is empty; periode is empty",
    ]


def test_values_out_of_range_are_set_aside(desk: Desk):
    rows = ["101,x,unemployment,totalRate,2026M07,100.01", "101,x,unemployment,total,2026M07,-1", "147,x,unemployment,total,2026M07,101"]
    assert dict(desk.measures(*rows).rule_counts) == {"V-BES-31": 1, "V-BES-30": 1}
    assert [row[2] for row in desk.set_aside("bes_jobindsats")] == ["vaerdi '100.01' is above 100", "vaerdi '-1' is below 0"]


def test_a_category_belongs_to_its_series(desk: Desk):
    rows = [
        "101,x,cashVisitation,fullTime,2026M07|Løntilskud,5",
        "101,x,offers,activated,2026M07|Jobparat,5",
        "101,x,offers,courses,2026M07,5",
        "101,x,unemployment,total,2026M07|Jobparat,5",
        "101,x,offers,courses,2026M07|Løntilskud,5",
        "101,x,offers,courses,2026M07|Virksomhedspraktik,5",
    ]
    result = desk.measures(*rows)
    assert dict(result.rule_counts) == {"V-BES-32": 1, "V-BES-33": 1, "V-BES-34": 1, "V-BES-35": 1}
    assert result.rows_accepted == 2


def test_a_file_is_recognised_by_its_header(desk: Desk):
    result = desk.deliver("export.csv", table(MEASURES_HEADER, MEASURES_ROWS))
    assert (result.contract, result.form, result.rows_accepted) == ("bes_jobindsats", "rolling_file", 4)
    with desk.ledger() as ledger:
        assert [delivery.extracted_from for delivery in ledger.deliveries()] == ["receipt"]


def test_a_header_that_half_agrees_is_told_what_is_wrong(desk: Desk):
    result = desk.deliver("export.csv", "kommunekode,navn,quarter,inhabitants\n101,København,2020Q1,5\n")
    assert (result.contract, result.code) == ("bor_folketal", "FILE-HEADER")
    assert "column 'kvartal' is missing" in result.message


def test_a_name_that_fits_one_form_and_a_header_that_is_anothers_is_read_by_the_header(desk: Desk):
    result = desk.deliver("population_2020.csv", table(POPULATION_HEADER, POPULATION_ROWS))
    assert (result.form, result.verdict) == ("by_quarter", "accepted")


def test_the_contract_can_be_given(desk: Desk):
    result = desk.deliver("export.csv", "a,b\n1,2\n", contract="bor_folketal")
    assert (result.contract, result.code) == ("bor_folketal", "FILE-HEADER")


def test_landing_files_have_the_contracts_types_and_order(desk: Desk):
    desk.population(POPULATION_ROWS[1], POPULATION_ROWS[2], "101,København,2020Q1,632340", "101,København,2019Q4,5", "147,x,2019Q4,5")
    folder = desk.landing / "bor_folketal"
    connection = connect()
    try:
        for name in (SCHEMA_FILE, "00000001.parquet"):
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(folder / name)]).fetchall()
            assert {row[0]: row[1] for row in described} == landing_columns(desk.contracts["bor_folketal"])
        assert connection.execute("SELECT count(*) FROM read_parquet(?)", [str(folder / SCHEMA_FILE)]).fetchall() == [(0,)]
        sql = "SELECT unit_code, base_period_key FROM read_parquet(?)"
        found = connection.execute(sql, [str(folder / "00000001.parquet")]).fetchall()
    finally:
        connection.close()
    assert found == [("0101", QUARTER - 1), ("0101", QUARTER), ("0147", QUARTER - 1), ("0147", QUARTER), ("0411", QUARTER)]


def test_the_same_files_make_the_same_landing_bytes(desk: Desk, tmp_path):
    desk.measures(*MEASURES_ROWS, "999,x,unemployment,total,2026M07,5")
    first = {name: (desk.landing / name).read_bytes() for name in desk.files()}
    desk.work = tmp_path / "again"
    desk.receive(desk.inbox)
    assert {name: (desk.landing / name).read_bytes() for name in desk.files()} == first


def test_dates_yes_or_no_and_patterns_are_judged_by_their_shape(desk: Desk, tmp_path: Path):
    desk.contracts = contracts_of(tmp_path, VISITS)
    rows = [
        "101,2026-03-14,true,AB12",
        "147,2024-02-29,0,",
        "751,2023-02-29,true,AB12",
        "101,14-03-2026,true,AB12",
        "101,2026-3-14,true,AB12",
        "147,2026-03-14,yes,AB12",
        "751,2026-03-14,,AB123",
        "751,,false,AB12",
    ]
    result = desk.deliver("visits_1.csv", table("unit,day,first,room", rows))
    assert dict(result.rule_counts) == {"R-4": 3, "R-5": 1, "R-6": 1, "R-8": 1}
    assert desk.rows("visits", "unit_code, day, is_first, room, base_period_key") == [
        ("0101", date(2026, 3, 14), True, "AB12", 2026 * 12 + 2),
        ("0147", date(2024, 2, 29), False, None, 2024 * 12 + 1),
    ]
    assert [row[2] for row in desk.set_aside("visits")] == [
        "day '2023-02-29' is not a period in the form {year}-{month}-{day}",
        "day '14-03-2026' is not a period in the form {year}-{month}-{day}",
        "day '2026-3-14' is not a period in the form {year}-{month}-{day}",
        "is_first 'yes' is not true or false",
        "room 'AB123' does not look like [A-Z]{2}[0-9]{2}",
        "day is empty",
    ]


def test_a_manifest_says_a_part_in_the_words_of_a_declared_calendar(desk: Desk, tmp_path: Path):
    desk.contracts = contracts_of(
        tmp_path, VISITS.replace("base_period: month\nstarts: 2024-01", "base_period: school_year\nstarts: 2023/24")
    )
    named = [{"unit": "0101", "period": "2023/24"}, {"unit": "0147", "period": "2023/24"}]
    assert desk.deliver("visits_1.csv", table("unit,day,first,room", ["101,2024-02-01,true,AB12"]), {"parts": named}).verdict == "accepted"
    with desk.ledger() as ledger:
        assert [(p.unit_code, p.base_period_key, p.rows) for p in ledger.active_partitions("visits")] == [
            ("0101", 2023, 1),
            ("0147", 2023, 0),
        ]
    wrong = desk.deliver(
        "visits_2.csv", table("unit,day,first,room", ["101,2024-02-01,true,AB13"]), {"parts": [{"unit": "101", "period": "2023"}]}
    )
    assert wrong.message == "The manifest says period '2023', which is no school_year."


def test_a_date_that_is_none_is_set_aside(desk: Desk, tmp_path: Path):
    desk.contracts = contracts_of(
        tmp_path,
        VISITS.replace("room: {type: text,", "room: {type: date,").replace('check: pattern, pattern: "[A-Z]{2}[0-9]{2}",', "check: typed,"),
    )
    rows = ["101,2026-03-14,true,2024-02-29", "147,2026-03-14,true,2023-02-29", "751,2026-03-14,true,1-2-25"]
    result = desk.deliver("visits_1.csv", table("unit,day,first,room", rows))
    assert (result.rows_accepted, dict(result.rule_counts)) == (1, {"R-6": 2})
    assert desk.rows("visits", "room") == [(date(2024, 2, 29),)]


VISITS = """\
table: visits
title: {da: Besøg, en: Visits}
description: {da: Besøg, en: Visits}
publisher: Somebody
licence: free
owner: us
base_period: month
starts: 2024-01
absent: zero
blank: missing
key: [unit, day]
columns:
  unit: {type: unit_code, role: unit, title: {da: Enhed, en: Unit}}
  day: {type: period, role: period, required: true, title: {da: Dag, en: Day}}
  is_first: {type: boolean, title: {da: Første, en: First}}
  room: {type: text, title: {da: Rum, en: Room}}
forms:
  plain:
    file_name: "visits_*.csv"
    mode: full
    extracted_at: receipt
    header: {unit: unit, day: day, first: is_first, room: room}
    period: ["{year}-{month}-{day}"]
rules:
  - {id: R-1, check: row_shape, title: {da: a, en: a}}
  - {id: R-2, check: known_unit, column: unit, title: {da: a, en: a}}
  - {id: R-3, check: member_unit, column: unit, title: {da: a, en: a}}
  - {id: R-4, check: known_period, column: day, title: {da: a, en: a}}
  - {id: R-5, check: typed, column: is_first, title: {da: a, en: a}}
  - {id: R-6, check: pattern, pattern: "[A-Z]{2}[0-9]{2}", column: room, title: {da: a, en: a}}
  - {id: R-7, check: unique_key, title: {da: a, en: a}}
  - {id: R-8, check: required, column: day, title: {da: a, en: a}}
"""


def contracts_of(folder: Path, text: str) -> dict[str, Contract]:
    """The contracts of a project that has only this one."""
    (folder / "contracts").mkdir()
    (folder / "contracts" / "visits.yml").write_text(text)
    vocabulary = load_vocabulary(ROOT / "catalogue")
    return load_contracts(folder / "contracts", vocabulary, Calendar(vocabulary))
