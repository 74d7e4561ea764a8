"""Personal numbers on their way in: every distinct value is judged once, gets its pseudonym once, and is joined back.

A table `numbers_<kind>` has `raw` (as delivered), `pseudonym` (NULL for what is no number), `faults` (bits) and, where the
check digits are wrong, `month_day` of the date of birth. It is memory of this process, in no file, and no value is ever in
the text of a query.
"""

# ruff: noqa: S608 - names and literals are the contract's and the vocabulary's own, quoted
from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from flis_semantic.contracts.model import Contract
from flis_semantic.delivery.cells import Group, delivered_values
from flis_semantic.delivery.pseudonyms import PseudonymKey
from flis_semantic.delivery.sql import in_list, quoted
from flis_semantic.vocabulary.model import Vocabulary
from flis_semantic.vocabulary.personal_numbers import BirthDate, CheckDigits, PersonalNumber, Separator
from flis_semantic.warehouse import Connection

NO_NUMBER, NOT_REAL, WRONG_CHECK = 1, 2, 4


def take_numbers(
    connection: Connection, vocabulary: Vocabulary, contract: Contract, groups: Sequence[Group], key: PseudonymKey | None
) -> None:
    """Make the tables of every kind of number that the contract has, from the rows of all groups."""
    kinds = sorted({pseudonym.number for pseudonym in contract.pseudonyms.values()})
    for kind in kinds:
        assert key is not None, "the key was asked for when the contract's first file was recognised"
        columns = [name for name, pseudonym in contract.pseudonyms.items() if pseudonym.number == kind]
        delivered = [
            f"SELECT {delivered_values(group, contract, lambda index: f'c{index}')[name]} AS raw FROM {group.source()}"
            for group in groups
            for name in columns
            if name in group.filled
        ] or ["SELECT CAST(NULL AS VARCHAR) AS raw WHERE false"]
        judged = connection.sql(_judged(vocabulary.personal_numbers[kind], " UNION ALL ".join(delivered)))
        connection.register(f"numbers_{kind}", _with_pseudonyms(judged.to_arrow_table(), key))


def joins(contract: Contract) -> str:
    """SQL that joins each personal number `q.r_<column>` to what is known of it, under the name `n_<column>`."""
    return "".join(
        f" LEFT JOIN numbers_{pseudonym.number} AS n_{name} ON n_{name}.raw = q.r_{name}" for name, pseudonym in contract.pseudonyms.items()
    )


def _with_pseudonyms(table: Any, key: PseudonymKey) -> Any:
    """The table with its column `normal`, the number itself, replaced by the pseudonym."""
    pyarrow: Any = import_module("pyarrow")
    pseudonyms: list[Any] = []
    for chunk in table.column("normal").chunks:
        pseudonyms.append(pyarrow.array(key.pseudonyms(chunk.to_pylist()), pyarrow.int64()))
    column = pyarrow.chunked_array(pseudonyms, pyarrow.int64())
    return table.drop_columns(["normal"]).append_column("pseudonym", column)


def _judged(number: PersonalNumber, delivered: str) -> str:
    """SELECT of each distinct value: as delivered, the number itself where it is one, and what is wrong with it."""
    born = "DATE '2000-01-01'" if number.birth_date is None else f"TRY_CAST({_born(number.birth_date)} AS DATE)"
    real = f"regexp_full_match(normal, {quoted(number.pattern)})"
    unreal = " OR ".join(f"regexp_full_match(normal, {quoted(pattern)})" for pattern in number.not_real) or "false"
    wrong = "false" if number.check_digits is None else f"NOT coalesce({_fits(number.check_digits)}, false)"
    return f"""
        SELECT raw, CASE WHEN is_real OR is_unreal THEN normal END AS normal,
          CAST(CASE WHEN is_real THEN 0 ELSE {NO_NUMBER} END + CASE WHEN is_unreal THEN {NOT_REAL} ELSE 0 END
            + CASE WHEN is_real AND NOT is_unreal AND is_wrong THEN {WRONG_CHECK} ELSE 0 END AS UTINYINT) AS faults,
          CASE WHEN is_real AND NOT is_unreal AND is_wrong THEN strftime(born, '%m-%d') END AS month_day
        FROM (SELECT raw, normal, {born} AS born, {real} AND born IS NOT NULL AS is_real, {unreal} AS is_unreal, {wrong} AS is_wrong
          FROM (SELECT raw, {_normal(number.separator)} AS normal FROM (SELECT DISTINCT raw FROM ({delivered}) WHERE raw IS NOT NULL)))
    """


def _normal(separator: Separator | None) -> str:
    """SQL of the number without its separator."""
    if separator is None:
        return "raw"
    mark = separator.after + 1
    bare = f"left(raw, {separator.after}) || substr(raw, {mark + 1})"
    return f"CASE WHEN substr(raw, {mark}, 1) IN {in_list(separator.marks)} THEN {bare} ELSE raw END"


def _born(date: BirthDate) -> str:
    """SQL of the date of birth as text, NULL or no date at all where the number says none."""
    year = f"substr(normal, {date.year}, {date.year_digits})"
    if date.century is not None:
        digits = f"TRY_CAST({year} AS INTEGER)"
        whens = " ".join(
            f"WHEN substr(normal, {date.century.place}, 1) IN {in_list(years.marks)} AND {digits} BETWEEN {years.from_} AND {years.to} "
            f"THEN {years.century}"
            for years in date.century.years
        )
        year = f"lpad(CAST(CASE {whens} END + {digits} AS VARCHAR), 4, '0')"
    return f"{year} || '-' || substr(normal, {date.month}, 2) || '-' || substr(normal, {date.day}, 2)"


def _fits(digits: CheckDigits) -> str:
    """SQL of whether the check digits are right; NULL where one of the places holds no digit."""
    weighted = " + ".join(f"{weight} * TRY_CAST(substr(normal, {place}, 1) AS INTEGER)" for place, weight in _counting(digits))
    modulus = digits.modulus
    return f"((({weighted}) % {modulus}) + {modulus}) % {modulus} = {digits.remainder}"


def _counting(digits: CheckDigits) -> list[tuple[int, int]]:
    return [(place, weight) for place, weight in enumerate(digits.weights, start=1) if weight]
