"""The demonstration's delivered files of the economy, read without the program: as tables, and what was planted in them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow

_NAMES = "aar periode dato bogfoert bilag linje konto funktion dranst ejer sted gruppering art beloeb".split()


def planted_faults(folder: Path) -> list[dict[str, str]]:
    """Every line of the recipes' lists of what they planted."""
    planted: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.faults.csv")):
        with path.open(encoding="utf-8") as file:
            planted += csv.DictReader(file)
    return planted


def read_delivered(folder: Path) -> duckdb.DuckDBPyConnection:
    """Tables postings, budgets, forecasts, liquidity, balances and income_tax (by `unit`) and population, of the files in `folder`.

    Rows in which something is planted are left out: the vouchers Q…, and the single rows that the recipes' lists name. Deltas
    that are in force are in, as the recipe describes them.
    """
    connection = duckdb.connect()
    connection.register("lines", pyarrow.Table.from_pylist([*_postings(folder)]))
    connection.execute(
        f"""
        CREATE TABLE postings AS SELECT unit, CAST(aar AS INTEGER) AS aar, CAST(periode AS INTEGER) AS periode, funktion,
          CAST(nullif(dranst, '') AS INTEGER) AS dranst, CAST(nullif(ejer, '') AS INTEGER) AS ejerforhold, gruppering, art,
          {_money("beloeb")} AS beloeb
        FROM lines WHERE periode <> '0'
        UNION ALL
        SELECT kommunekode, regnskabsaar, periode, funktion, dranst, ejerforhold, gruppering, art, beloeb
        FROM '{folder}/oko_postering_national_*.parquet' WHERE periode <> 0 AND bilagsnr NOT LIKE 'Q%'
        """
    )
    # Of 0563 the second and the fourth voucher stand; of 0101 the first as it was corrected, since its deletion waits.
    for unit, value in (("0563", 12000), ("0563", 12000), ("0101", 15000)):
        connection.execute(f"INSERT INTO postings VALUES ('{unit}', 2020, 2, '3.22.01', 1, 1, '000', '4.9', {value})")
    connection.execute(
        f"""
        CREATE TABLE budgets AS SELECT filename[-13:-10] AS unit, CAST(budgetaar AS INTEGER) AS aar, version, funktion, gruppering, art,
          strptime(version_gyldig_fra, '%d-%m-%Y')::DATE AS decided, CAST(dranst AS INTEGER) AS dranst, {_money("beloeb")} AS beloeb
        FROM {_read(folder, "oko_budget_0*.csv", "latin-1")} WHERE omkostningssted <> '0000009999';
        CREATE TABLE forecasts AS SELECT kommunekode AS unit, CAST(budgetaar AS INTEGER) AS aar, opgjort_pr::DATE AS made, funktion,
          CAST(dranst AS INTEGER) AS dranst, {_money("beloeb_forventet")} AS beloeb
        FROM {_read(folder, "oko_forventet_*[0-9].csv")} WHERE funktion <> '3.99.01' AND NOT (funktion = '3.22.01' AND dranst = 2);
        CREATE TABLE liquidity AS SELECT filename[-15:-12] AS unit, strptime(dato, '%d-%m-%Y')::DATE AS dato, funktion,
          {_money("saldo")} AS saldo FROM {_read(folder, "oko_likviditet_0*.csv")}
        UNION ALL SELECT kommunekode, dato::DATE, funktion, saldo FROM '{folder}/oko_likviditet_*.parquet';
        CREATE TABLE balances AS SELECT kommunekode AS unit, maaned, funktion, {_money("ultimo")} AS ultimo
        FROM {_read(folder, "oko_balance_*[0-9].csv")} WHERE funktion <> '9.55.99';
        CREATE TABLE income_tax AS SELECT kommunekode AS unit, CAST(indkomstaar AS INTEGER) AS aar, {_money("udskrivningsprocent")} AS rate,
          CAST(udskrivningsgrundlag AS BIGINT) AS base FROM {_read(folder, "ref_skat_*[0-9].csv")}
        """
    )
    published = next(path for path in (folder, Path(os.environ.get("FLIS_PUBLISHED_DATA", "."))) if [*path.glob("population_by_quarter_*")])
    connection.execute(
        "CREATE TABLE population AS SELECT lpad(kommunekode, 4, '0') AS unit, kvartal AS quarter, CAST(folketal AS INTEGER) AS people "
        f"FROM read_csv('{published}/population_by_quarter_*.csv', all_varchar = true)"
    )
    return connection


def _money(column: str) -> str:
    return f"CAST(replace({column}, ',', '.') AS DECIMAL(18,2))"


def _read(folder: Path, pattern: str, encoding: str = "utf-8") -> str:
    return f"read_csv('{folder}/{pattern}', delim = ';', all_varchar = true, filename = true, encoding = '{encoding}')"


def _postings(folder: Path) -> Iterator[dict[str, str]]:
    """Every line of the text files of both systems, but for the vouchers in which something is planted."""
    for path in (*folder.glob("oko_postering_0*.csv"), *folder.glob("finansposter_*.csv")):
        old = path.name.startswith("oko_")
        text = path.read_bytes().decode("windows-1252" if old else "utf-8-sig", "replace")
        if "\0" in text:
            continue
        for line in csv.reader(text.splitlines()[1:], delimiter=";"):
            row = dict(zip(_NAMES if old else ["unit", *_NAMES], line, strict=False))
            if "beloeb" in row and not row["bilag"].startswith("Q"):
                yield {"unit": path.name.split("_")[2], **row} if old else row
