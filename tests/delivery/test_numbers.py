"""Personal numbers are judged by what the vocabulary says of them, and kept as what the key makes of them."""

from __future__ import annotations

import hmac
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from flis_semantic.delivery.pseudonyms import PseudonymKey
from flis_semantic.vocabulary.personal_numbers import PersonalNumber
from flis_semantic.warehouse import connect
from tests.delivery.parcel import Desk
from tests.delivery.person_desk import CONTRACT, KEY, entry, person_desk, register
from tests.oracle.danish_number import judge
from tests.sampling import many

JANUARY = "register_2024-02-01.csv"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return person_desk(tmp_path)


def pseudonym(number: str, key: str = KEY) -> int:
    """By the standard's own words: the first 64 bits of the HMAC, with a sign."""
    return int.from_bytes(hmac.new(key.encode(), number.encode(), "sha256").digest()[:8], "big", signed=True)


def fate(desk: Desk, *numbers: str, name: str = JANUARY) -> dict[str, list[str]]:
    """Rules that the row of each number failed; those that only warn are told by the counts, not here."""
    result = desk.deliver(name, register(*(entry(number) for number in numbers)))
    assert result.rows_delivered == len(numbers)
    failed = {line: rules for line, rules, *_ in desk.set_aside("register")}
    return {number: failed.get(line, []) for line, number in enumerate(numbers, start=2)}


def candidates(count: int) -> list[str]:
    """Numbers of every kind, most of them nearly right; each once."""
    draw = random.Random(11)  # noqa: S311 - a sample, not a secret
    found: dict[str, None] = {}
    while len(found) < count:
        day = date(1858, 1, 1) + timedelta(days=draw.randrange(73_000))
        text = f"{day:%d%m%y}{draw.randrange(10_000):04}"
        match draw.randrange(9):
            case 0:
                text = f"{draw.randrange(100):02}{text[2:]}"
            case 1:
                text = f"{text[:2]}{draw.randrange(14):02}{text[4:]}"
            case 2:
                text = f"{int(text[:2]) + 60}{text[2:]}"
            case 3:
                place = draw.randrange(10)
                text = text[:place] + draw.choice("AZaåØ ?-") + text[place + 1 :]
            case 4:
                text = text[: draw.choice([9, 11])] if draw.random() < 0.5 else text + draw.choice("0A")
            case 5:
                text = f"0101{text[4:]}"
            case _:
                pass
        cut = draw.choice([0, 0, 6, 6, 5])
        found[text[:cut] + draw.choice("-- .") + text[cut:] if cut else text] = None
    return list(found)


def test_every_number_has_the_fate_that_the_published_rules_give_it(desk: Desk):
    numbers = candidates(many(4000, 100_000))
    rules = {"accepted": [], "no number": ["R-20"], "not real": ["R-22"]}
    expected = {number: judge(number) for number in numbers}
    kinds = [judged.fate for judged in expected.values()]
    assert min(kinds.count(kind) for kind in rules) > len(numbers) // 20
    found = fate(desk, *numbers)
    # The same person may come in two spellings: the second row repeats the first.
    failed = {number: [rule for rule in failing if rule not in ("R-5", "R-21")] for number, failing in found.items()}
    assert failed == {number: rules[judged.fate] for number, judged in expected.items()}
    with desk.ledger() as ledger:
        warned = ledger.rule_counts("register")[1]["R-21"]
    assert warned == sum(judged.warns for judged in expected.values()) > len(numbers) // 20


BORDERS = {
    "2902001234": ["R-20"],  # 29 February 1900 was no day
    "290200-4234": [],  # 29 February 2000 was
    "3112361000": [],
    "311236-4000": [],  # 2036
    "311237-4000": [],  # 1937
    "3112575000": [],  # 2057
    "3112585000": [],  # 1858
    "2902965000": [],  # 1896
    "2902005000": [],  # 2000
    "0001901234": ["R-20"],
    "0113901234": ["R-20"],
    "3104901234": ["R-20"],
    "101901234": ["R-20"],  # its leading zero was lost
    "01019012345": ["R-20"],
    "0-101901234": ["R-20"],  # the separator has one place
    "010190--1234": ["R-20"],
    "010190-123": ["R-20"],
    "０101901234": ["R-20"],  # a wide zero is no digit
    "6101901234": ["R-22"],
    "910190-1234": ["R-22"],
    "9201901234": ["R-20"],
    "6001901234": ["R-20"],
    "010190UAA1": ["R-22"],
    "010190-123Å": ["R-22"],
}


def test_at_the_borders(desk: Desk):
    found = fate(desk, *BORDERS)
    assert {number: [rule for rule in rules if rule != "R-21"] for number, rules in found.items()} == BORDERS


def test_a_wrong_check_digit_warns_but_for_1_january_and_never_sets_aside(desk: Desk):
    # 070761-4285 is the register's own example of a number that fits; 070761-4286 does not.
    result = desk.deliver(JANUARY, register(entry("070761-4285"), entry("070761-4286"), entry("0101651234")))
    assert (result.verdict, result.rows_accepted) == ("accepted_with_warnings", 3)
    assert result.rule_counts == {"R-21": 1}


def test_a_person_has_one_pseudonym_however_the_number_is_written(desk: Desk):
    desk.deliver(JANUARY, register(entry("0707614285"), entry("070761-4285", fra="2023-06-01"), entry("070761 4285", fra="2023-07-01")))
    desk.deliver("register_2024-02-02.csv", register(entry("0101651234", mor_cpr="070761-4285", maaned="2023-12")))
    assert desk.rows("register", "person_key, mother_key") == [
        *[(pseudonym("0707614285"), None)] * 3,
        (pseudonym("0101651234"), pseudonym("0707614285")),
    ]


def test_the_landing_file_has_pseudonyms_in_the_numbers_places_and_no_personal_value(desk: Desk):
    desk.deliver(JANUARY, register(entry()))
    with connect() as connection:
        path = desk.landing / "register" / "00000001.parquet"
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()
    assert [(row[0], row[1]) for row in described][:8] == [
        ("kommunekode", "VARCHAR"),
        ("maaned", "DATE"),
        ("person_key", "BIGINT"),
        ("mother_key", "BIGINT"),
        ("fra", "DATE"),
        ("ydelse", "VARCHAR"),
        ("antal", "BIGINT"),
        ("tekst", "VARCHAR"),
    ]


def test_a_replacement_number_is_kept_where_its_rule_only_warns(tmp_path: Path):
    desk = person_desk(
        tmp_path,
        CONTRACT.replace("check: personal_number_not_real, column: cpr,", "check: personal_number_not_real, column: cpr, action: warn,"),
    )
    result = desk.deliver(JANUARY, register(entry("610190-1234")))
    assert result.rule_counts == {"R-22": 1}
    assert desk.rows("register", "person_key") == [(pseudonym("6101901234"),)]


def test_without_a_rule_of_its_own_a_replacement_number_is_no_number(desk: Desk):
    rows = [entry("0707614285", mor_cpr="610190-1234"), entry("0101651234", mor_cpr="010190UAA1")]
    desk.deliver(JANUARY, register(*rows))
    assert [(line, rules) for line, rules, *_ in desk.set_aside("register")] == [(2, ["R-23"]), (3, ["R-23"])]


def test_a_number_comes_out_of_a_shared_cell(tmp_path: Path):
    contract = CONTRACT.replace(
        '    header: HEADER\n    period: ["{year}-{month}"]\n  national:',
        '    header: {kommunekode: kommunekode, maaned: maaned, person: ydelse, fra: fra}\n    split: {column: ydelse, on: "/", into: cpr}\n'
        '    period: ["{year}-{month}"]\n  national:',
        1,
    )
    desk = person_desk(tmp_path, contract)
    rows = ["0101;2024-01;KH/070761-4285;2023-05-01", "0101;2024-01;XX/070761-4285;2023-06-01", "0101;2024-01;KH/070761;2023-06-01"]
    result = desk.deliver(JANUARY, "\n".join(["kommunekode;maaned;person;fra", *rows]) + "\n")
    assert (result.rows_accepted, result.rows_set_aside) == (1, 2)
    assert desk.rows("register", "person_key, ydelse") == [(pseudonym("0707614285"), "KH")]
    assert [raw for *_, raw in desk.set_aside("register")] == ["0101;2024-01;••••;2023-06-01"] * 2


# Made up: a letter of the century, year, month and day, and a check digit that every number has; and one that says nothing of birth.
ELSEWHERE = {
    "burger": PersonalNumber.model_validate(
        {
            "title": {"nl": "Burgernummer"},
            "pattern": "[AB][0-9]{8}",
            "separator": {"after": 1, "marks": ["."]},
            "birth_date": {
                "year": 2,
                "month": 4,
                "day": 6,
                "century": {"place": 1, "years": [{"marks": "A", "century": 1900}, {"marks": "B", "to": 30, "century": 2000}]},
            },
            "check_digits": {"weights": [0, 2, -3, 4, 5, 6, 7, 0, 1], "modulus": 10, "remainder": 3, "without_exception": True},
        }
    ),
    "dossier": PersonalNumber.model_validate(
        {"title": {"nl": "Dossier"}, "pattern": "[0-9]{8}[A-F]*", "birth_date": {"year": 1, "month": 5, "day": 7, "year_digits": 4}}
    ),
    "pass": PersonalNumber.model_validate({"title": {"nl": "Paspoort"}, "pattern": "[0-9A-F]+"}),
}
CONTRACT_ELSEWHERE = "\n".join(
    line
    for line in CONTRACT.replace("number: cpr, key: person_key", "number: burger, key: person_key")
    .replace("number: cpr, key: mother_key", "number: pass, key: mother_key")
    .replace("action: warn, except_month_day", "except_month_day")
    .splitlines()
    if "not_real" not in line and "misplaced" not in line
)


def test_another_countrys_numbers_are_judged_by_what_its_vocabulary_says(tmp_path: Path):
    def burger(digits: str) -> str:
        """With the digit at the end that makes the weighted sum leave 3."""
        total = sum(weight * int(digit) for weight, digit in zip((2, -3, 4, 5, 6, 7), digits[1:7], strict=True))
        return digits + str((3 - total) % 10)

    desk = person_desk(tmp_path, CONTRACT_ELSEWHERE, ELSEWHERE)
    right = [burger("A9912310"), burger("B2902280"), burger("A0002285"), burger("B0902010")]
    wrong = {
        right[0][:-1] + str((int(right[0][-1]) + 1) % 10): "R-21",
        burger("A9913010"): "R-20",
        burger("B3101010"): "R-20",
        "0101901234": "R-20",
    }
    # The exception is for those born on that day, which is told by the number itself.
    born = burger("A9901010")
    wrong |= {right[1].replace("B", "B."): "R-5"}
    rows = [entry(number, mor_cpr="BEEF") for number in [*right, *wrong, born[:-1] + str((int(born[-1]) + 1) % 10)]]
    result = desk.deliver(JANUARY, register(*rows, entry(right[2], mor_cpr="beef", fra="2023-06-01")))
    assert [rules for _, rules, *_ in desk.set_aside("register")] == [[rule] for rule in [*wrong.values(), "R-23"]]
    assert result.rows_accepted == len(right) + 1
    assert desk.rows("register", "DISTINCT mother_key, delivery_id, 1 AS line_number") == [(pseudonym("BEEF"), 1, 1)]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [("dossier", ["20240229BEEF", "20240301"], ["20230229BEEF", "0101901234", ""]), ("pass", ["20230229", "F"], ["f", "x", ""])],
)
def test_a_number_may_say_little_of_itself(tmp_path: Path, kind: str, right: list[str], wrong: list[str]):
    contract = CONTRACT_ELSEWHERE.replace("number: burger", f"number: {kind}").replace("  - {id: R-21", "  # {id: R-21")
    desk = person_desk(tmp_path, contract, ELSEWHERE)
    desk.deliver(JANUARY, register(*(entry(number) for number in [*right, *wrong])))
    assert desk.rows("register", "person_key") == [(pseudonym(number),) for number in right]
    assert [rules for _, rules, *_ in desk.set_aside("register")] == [["R-20"], ["R-20"], ["R-8"]]


def test_what_is_known_to_be_no_persons_number_is_told_once(tmp_path: Path):
    numbers = {"cpr": ELSEWHERE["burger"].model_copy(update={"not_real": ("A00.*",), "in_text": "[AB][0-9]{8}"})}
    desk = person_desk(tmp_path, CONTRACT.replace("action: warn, except_month_day", "except_month_day"), numbers)
    desk.deliver(JANUARY, register(entry("A00022850"), entry("A99123100")))
    assert [rules for _, rules, *_ in desk.set_aside("register")] == [["R-22"], ["R-21"]]


def test_the_pseudonym_is_the_standards_hmac_for_keys_of_every_length():
    numbers = ["0707614285", "", "å", "x" * 200]
    for length in (1, 32, 63, 64, 65, 200):
        key = bytes(range(256))[:length]
        expected = [int.from_bytes(hmac.digest(key, number.encode(), "sha256")[:8], "big", signed=True) for number in numbers]
        assert PseudonymKey(key).pseudonyms([*numbers, None]) == [*expected, None]
