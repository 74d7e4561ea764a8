"""Receiving rows about persons: a million of them over the whole path, with few persons and with a person in every row."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.line import MEGABYTE, copy, received
from flis_semantic.warehouse import connect

ROWS = 1_000_000
AIM = 150_000
PERSONS = {"few persons": 30_000, "a person in every row": ROWS}
CONTRACT = """\
table: bench_forloeb
title: {da: Forløb, en: Spells}
description: {da: Forløb, en: Spells}
publisher: Benchmark
licence: free
owner: Benchmark
base_period: month
starts: 2024-01
absent: zero
blank: missing
key: [kommunekode, cpr, ydelse_kode, start]
columns:
  kommunekode: {type: unit_code, role: unit, required: true, title: {da: a, en: a}}
  maaned: {type: period, role: period, required: true, title: {da: a, en: a}}
  cpr: {type: text, required: true, personal: {number: cpr, key: person_key}, title: {da: a, en: a}}
  ydelse_kode: {type: text, required: true, title: {da: a, en: a}}
  start: {type: date, required: true, title: {da: a, en: a}}
  slut: {type: date, title: {da: a, en: a}}
  grad: {type: decimal, scale: 4, title: {da: a, en: a}}
  visitationskategori: {type: text, title: {da: a, en: a}}
  bopaelskommune: {type: text, title: {da: a, en: a}}
  registreret: {type: timestamp, title: {da: a, en: a}}
forms:
  monthly:
    file_name: "bench_forloeb_*.csv"
    delimiter: ";"
    decimal: ","
    mode: full
    extracted_at: {file_name: "bench_forloeb_{date}"}
    header: {kommunekode: kommunekode, maaned: maaned, cpr: cpr, ydelse_kode: ydelse_kode, start: start, slut: slut, grad: grad,
             visitationskategori: visitationskategori, bopaelskommune: bopaelskommune, registreret: registreret}
    period: ["{year}-{month}"]
rules:
  - {id: B-1, check: row_shape, title: {da: a, en: a}}
  - {id: B-2, check: known_unit, column: kommunekode, title: {da: a, en: a}}
  - {id: B-3, check: member_unit, column: kommunekode, title: {da: a, en: a}}
  - {id: B-4, check: known_period, column: maaned, title: {da: a, en: a}}
  - {id: B-5, check: unique_key, title: {da: a, en: a}}
  - {id: B-6, check: required, column: kommunekode, title: {da: a, en: a}}
  - {id: B-7, check: required, column: maaned, title: {da: a, en: a}}
  - {id: B-8, check: required, column: cpr, title: {da: a, en: a}}
  - {id: B-9, check: required, column: ydelse_kode, title: {da: a, en: a}}
  - {id: B-10, check: required, column: start, title: {da: a, en: a}}
  - {id: B-11, check: typed, column: start, title: {da: a, en: a}}
  - {id: B-12, check: typed, column: slut, title: {da: a, en: a}}
  - {id: B-13, check: typed, column: grad, title: {da: a, en: a}}
  - {id: B-14, check: typed, column: registreret, title: {da: a, en: a}}
  - {id: B-15, check: dates_ordered, columns: [start, slut], title: {da: a, en: a}}
  - {id: B-16, check: range, column: grad, min: 0, max: 1, title: {da: a, en: a}}
  - {id: B-17, check: in_values, column: ydelse_kode, values: [KH, UH, DP, SD, LG], title: {da: a, en: a}}
  - {id: B-18, check: not_after_extract, column: start, days: 0, title: {da: a, en: a}}
  - {id: B-20, check: personal_number, column: cpr, title: {da: a, en: a}}
  - {id: B-21, check: personal_number_check_digit, column: cpr, action: warn, except_month_day: "01-01", title: {da: a, en: a}}
  - {id: B-22, check: personal_number_not_real, column: cpr, title: {da: a, en: a}}
  - {id: B-23, check: personal_number_misplaced, title: {da: a, en: a}}
"""
# Fictive: a real-looking date and four digits, a hyphen in every other number.
DELIVERY = """
COPY (
  SELECT lpad(code, 4, '0') AS kommunekode, '2024-' || lpad((1 + row // 98 % 12)::VARCHAR, 2, '0') AS maaned,
    strftime(DATE '1940-01-01' + (person % 21900)::INTEGER, '%d%m%y') || CASE WHEN person % 2 = 0 THEN '-' ELSE '' END
      || lpad((person // 21900 * 37 % 4000)::VARCHAR, 4, '0') AS cpr,
    ['KH', 'UH', 'DP', 'SD', 'LG'][1 + row % 5] AS ydelse_kode, DATE '2020-01-01' + (row % 1400)::INTEGER AS start,
    CASE WHEN row % 3 > 0 THEN DATE '2024-06-01' + (row % 200)::INTEGER END AS slut,
    replace((row % 10001 / 10000)::VARCHAR, '.', ',') AS grad, ['Jobparat', 'Aktivitetsparat'][1 + row % 2] AS visitationskategori,
    lpad(code, 4, '0') AS bopaelskommune, TIMESTAMP '2024-01-05 06:15:00' + to_seconds(row % 30000000) AS registreret
  FROM (SELECT row, codes[1 + row % len(codes)]::VARCHAR AS code, row * 7919 % {persons} AS person
    FROM range({rows}) AS t(row), (SELECT list(municipality_code) AS codes FROM read_csv('{units}') WHERE unit_kind = 'member'))
) TO '{file}' (FORMAT csv, DELIMITER ';', DATEFORMAT '%Y-%m-%d', TIMESTAMPFORMAT '%Y-%m-%d %H:%M:%S')
"""


def run(root: Path, runs: int) -> None:
    """Rows per processor second over the whole path. Aim: 150,000."""
    os.environ.setdefault("FLIS_PSEUDONYM_KEY", "a key for benchmarks, as long as it has to be")
    print(f"\nreceive, {ROWS:,} rows with a personal number (aim {AIM:,} rows per cpu s)")
    with tempfile.TemporaryDirectory() as folder:
        project = copy(root, Path(folder) / "project")
        (project / "contracts" / "bench_forloeb.yml").write_text(CONTRACT, encoding="utf-8")
        for what, persons in PERSONS.items():
            file = Path(folder) / "bench_forloeb_2025-02-01.csv"
            with connect() as connection:
                units = project / "seeds/municipalities.csv"
                connection.execute(DELIVERY.format(rows=ROWS, persons=persons, units=units, file=file))
            steps = [received(project, file) for _ in range(max(1, runs // 4))]
            step = sorted(steps, key=lambda one: one.cpu)[len(steps) // 2]
            size = file.stat().st_size / MEGABYTE
            print(
                f"{what:<22} {ROWS / step.cpu:10,.0f} rows per cpu s, {size / step.cpu:5.1f} MB; {step.wall:.1f} s, {step.cpu:.1f} cpu s, "
                f"{step.memory:,.0f} MB of memory"
            )
