"""The generic tests of the shipped dbt package, run by dbt on a table in which each has something to find."""

from __future__ import annotations

from pathlib import Path

from flis_semantic.build import build
from tests.integration.landed import project_in

FAULTY = """
version: 2
models:
  - name: faulty
    data_tests:
      - flis_project.unique_key: {arguments: {columns: [municipality_key, code]}}
      - flis_project.accepted_codes: {arguments: {codes: {code: [a, b], size: ["5", "200", null]}}}
      - flis_project.no_orphans:
          arguments: {references: [{column: municipality_key, to: ref('dim_municipality'), field: municipality_key}]}
      - flis_project.known_codes:
          arguments: {named: [{dimension: ref('dim_municipality'), column: municipality_code, codes: ["0101", unknown, "9999"]}]}
      - flis_project.plausible: {arguments: {ranges: {size: {min: 0, max: 100}, municipality_key: {max: 1000}}}}
"""


def test_each_generic_test_finds_what_was_planted_for_it(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (tmp_path / "models" / "faulty.yml").write_text(FAULTY)
    (tmp_path / "models" / "faulty.sql").write_text(
        "select * from (values (101, 'a', 5), (101, 'a', 5), (null, 'b', -1), (7, 'z', 200), (147, null, null)) "
        "as v (municipality_key, code, size)"
    )
    # A test that reads another table runs only where that one is selected too.
    report = build(project, select=["faulty", "dim_municipality"])
    assert report.exit_code == 1
    found = {finding.name: (finding.kind, finding.examples) for finding in (*report.failures, *report.warnings)}
    assert {name.removesuffix(" of faulty"): (kind, set(examples)) for name, (kind, examples) in found.items()} == {
        # Twice there; a part of the key is null.
        "unique_key": ("invariant", {
            "municipality_key=101, code=a, row_count=2",
            "municipality_key=None, code=b, row_count=1",
            "municipality_key=147, code=None, row_count=1",
        }),
        # Null is accepted only where it is listed.
        "accepted_codes": ("invariant", {
            "column_name=code, code=z, row_count=1", "column_name=code, code=None, row_count=1", "column_name=size, code=-1, row_count=1"
        }),
        # Null points nowhere.
        "no_orphans": ("invariant", {"column_name=municipality_key, orphan=7, row_count=1"}),
        # A misspelt code of a definition; `unknown` stands for rows without a member.
        "known_codes": ("invariant", {"column_name=municipality_code, code=9999"}),
        "plausible": ("data", {"column_name=size, least=-1, greatest=200, row_count=2"}),
    }  # fmt: skip
    assert report.lines[0].startswith("5 models and seeds built")
