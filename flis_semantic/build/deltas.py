"""Deltas: which are in force in which partition, and which row of a key is the newest. Decided in SQL, at every build.

A *stream* is the scope in which a sender counts its deltas. In a partition, deltas follow the full delivery in force there:
from its own number where a manifest gives one, else from the highest number that was extracted no later; where
no full delivery ever came, from the stream's first. A delta is in force when nothing between is lacking, and waits when
something is; where a newer full delivery holds the partition, or a resend took over its number, it is superseded.

A row is told by its unit and the contract's key, in whichever partition it stands, so that a row that moves to another period
is not counted in both. Among the rows in force the newest one of a key counts; where that says "deleted", there is none. A
delta that deletes a key and writes it, too, moves it: in whatever order its rows stand, what it writes is the newer.
Only keys are compared, and of full deliveries only keys that a delta names; whole rows are read once, by whoever reads the view.
"""

from __future__ import annotations

from flis_semantic.build.received import Received
from flis_semantic.contracts.model import Contract
from flis_semantic.warehouse import Connection, quoted
from flis_semantic.workspace import Project

WORKING_TABLES = ("replaced_rows", "applied_rows")
"""Tables of the schema `landing` that only the build itself needs."""

_TABLES = """
CREATE OR REPLACE TABLE landing.replaced_rows (
  contract VARCHAR, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR, delivery_id INTEGER, line_number BIGINT);
CREATE OR REPLACE TABLE landing.applied_rows (
  contract VARCHAR, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR, delivery_id INTEGER, line_number BIGINT);
CREATE OR REPLACE TABLE landing.row_outcomes (contract VARCHAR, delivery_id INTEGER, outcome VARCHAR, row_count BIGINT);
CREATE OR REPLACE TABLE landing.unmatched_deletes (
  contract VARCHAR, delivery_id INTEGER, line_number BIGINT, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR);
"""

_IN_FORCE = """
CREATE OR REPLACE TEMP TABLE deltas AS
SELECT contract, stream, sequence, delivery_id, rank_at, extracted_at, received_at, synthetic,
       row_number() OVER (PARTITION BY contract, stream, sequence ORDER BY rank_at DESC, delivery_id DESC) = 1 AS is_newest
FROM landing.deliveries WHERE mode = 'delta' AND verdict <> 'refused' AND sequence IS NOT NULL;

-- Unbroken runs of numbers, and how far each reaches in time.
CREATE OR REPLACE TEMP TABLE runs AS
WITH numbers AS (SELECT contract, stream, sequence, max(extracted_at) AS extracted_at FROM deltas GROUP BY ALL),
placed AS (SELECT *, sequence - row_number() OVER (PARTITION BY contract, stream ORDER BY sequence) AS run FROM numbers)
SELECT contract, stream, min(sequence) AS first, max(sequence) AS last, max(extracted_at) AS extracted_at
FROM placed GROUP BY contract, stream, run;

-- Every partition that a stream may change, with the number after which its deltas count there.
CREATE OR REPLACE TEMP TABLE bases AS
WITH active AS (
  SELECT p.contract, p.unit_code, p.base_period_key, p.slot, d.delivery_id, d.sequence, d.rank_at, d.extracted_at
  FROM landing.partitions p JOIN landing.deliveries d USING (delivery_id) WHERE p.is_active),
streams AS (SELECT contract, stream, min(sequence) AS first FROM deltas GROUP BY ALL),
reached AS (
  SELECT contract, stream, rank_at, max(sequence) OVER (PARTITION BY contract, stream ORDER BY rank_at) AS highest
  FROM deltas),
pairs AS (
  SELECT p.contract, p.unit_code, p.base_period_key, p.slot, d.stream FROM landing.partitions p JOIN deltas d USING (delivery_id)
  UNION
  SELECT a.contract, a.unit_code, a.base_period_key, a.slot, s.stream
  FROM active a JOIN streams s ON s.contract = a.contract AND s.stream IN ('', a.unit_code)),
held AS (
  SELECT p.*, s.first, a.delivery_id, a.rank_at, coalesce(a.sequence, -1) AS rank_sequence, a.extracted_at,
         a.sequence AS stated
  FROM pairs p JOIN streams s USING (contract, stream) LEFT JOIN active a USING (contract, unit_code, base_period_key, slot))
SELECT h.contract, h.unit_code, h.base_period_key, h.slot, h.stream, h.delivery_id, h.rank_at, h.rank_sequence,
       coalesce(h.stated, r.highest, h.first - 1) AS base
FROM held h
ASOF LEFT JOIN reached r ON r.contract = h.contract AND r.stream = h.stream AND h.rank_at >= r.rank_at;

-- How far deltas reach from there: up to the first number that is lacking.
CREATE OR REPLACE TEMP TABLE reaches AS
SELECT b.*, greatest(b.base, coalesce(r.last, b.base)) AS last, CASE WHEN r.last > b.base THEN r.extracted_at END AS extracted_at
FROM bases b
ASOF LEFT JOIN runs r ON r.contract = b.contract AND r.stream = b.stream AND b.base + 1 >= r.first;

CREATE OR REPLACE TEMP TABLE delta_parts AS
SELECT p.contract, d.stream, p.delivery_id, d.sequence, p.unit_code, p.base_period_key, p.slot, p.row_count, r.last,
       CASE WHEN NOT d.is_newest THEN 'superseded'
            WHEN r.delivery_id IS NOT NULL AND (d.rank_at, d.sequence, d.delivery_id) < (r.rank_at, r.rank_sequence, r.delivery_id)
            THEN 'superseded'
            WHEN d.sequence <= r.last THEN 'in_force' ELSE 'waiting' END AS state
FROM landing.partitions p JOIN deltas d USING (delivery_id)
JOIN reaches r ON r.contract = p.contract AND r.stream = d.stream AND r.unit_code = p.unit_code
  AND r.base_period_key = p.base_period_key AND r.slot = p.slot;

CREATE OR REPLACE TABLE landing.waiting_deltas AS
SELECT w.contract, w.stream, w.delivery_id, w.sequence, w.unit_code, w.base_period_key, w.slot, w.row_count,
       w.last + 1 AS missing_from, min(n.first) - 1 AS missing_to
FROM delta_parts w JOIN runs n ON n.contract = w.contract AND n.stream = w.stream AND n.first > w.last + 1
WHERE w.state = 'waiting' GROUP BY ALL;
"""

_OUTCOMES = """
INSERT INTO landing.row_outcomes
SELECT p.contract, p.delivery_id, CASE WHEN p.is_active THEN 'landed' ELSE 'superseded' END, sum(p.row_count)
FROM landing.partitions p ANTI JOIN deltas d USING (delivery_id) GROUP BY ALL;
INSERT INTO landing.row_outcomes
SELECT contract, delivery_id, state, sum(row_count) FROM delta_parts WHERE state <> 'in_force' GROUP BY ALL;
"""


def write_deltas(connection: Connection, project: Project, received: Received) -> None:
    """Decide which deltas are in force, and what becomes of every row that was accepted.

    Needs landing.deliveries and landing.partitions. Leaves the temporary tables deltas, reaches and delta_parts, and in
    `landing` replaced_rows (of full deliveries, by a delta), applied_rows (of deltas, in force), row_outcomes (landed,
    superseded, waiting, deleted), waiting_deltas and unmatched_deletes.
    """
    connection.execute(_TABLES)
    connection.execute(_IN_FORCE)
    connection.execute(_OUTCOMES)
    touched = {str(name) for (name,) in connection.execute("SELECT DISTINCT contract FROM delta_parts WHERE state = 'in_force'").fetchall()}
    for table in sorted(touched):
        _resolve(connection, project, project.contracts[table], received)


def applies_deltas(connection: Connection, contract: Contract) -> bool:
    """Whether any row of the contract comes of a delta or was replaced by one."""
    sql = f"SELECT count(*) FROM delta_parts WHERE state = 'in_force' AND contract = {quoted(contract.table)}"  # noqa: S608
    return bool(connection.execute(sql).fetchall()[0][0])


def _resolve(connection: Connection, project: Project, contract: Contract, received: Received) -> None:
    """The newest row of every key that a delta in force names, and what became of the others."""
    table = quoted(contract.table)
    key = ["l.unit_code", *(f'l."{name}"' for name in contract.landed_key)]
    if contract.period_column in contract.key:
        # A side period has the dates of the one in whose place it stands.
        key.append("coalesce(l.slot, '')")
    named = ", ".join(f'{value} AS "k{number}"' for number, value in enumerate(key))
    keys = ", ".join(f'"k{number}"' for number in range(len(key)))
    same = " AND ".join(f'{value} IS NOT DISTINCT FROM n."k{number}"' for number, value in enumerate(key))

    def rows(files: list[str]) -> str:
        paths = ", ".join(quoted(str(project.landing / contract.table / file)) for file in files)
        return f"read_parquet([{paths}], union_by_name = true) AS l"

    def of(part: str) -> str:
        return (
            f"{part}.delivery_id = l.delivery_id AND {part}.unit_code = l.unit_code "
            f"AND {part}.base_period_key = l.base_period_key AND {part}.slot = coalesce(l.slot, '')"
        )

    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE named_rows AS SELECT l.delivery_id, l.line_number, l.base_period_key, p.slot, "  # noqa: S608
        f"coalesce(l.is_deleted, false) AS is_deleted, true AS is_delta, {named} FROM {rows(received.delta_files[contract.table])} "
        f"JOIN delta_parts AS p ON p.contract = {table} AND p.state = 'in_force' AND {of('p')}"
    )
    if received.files[contract.table]:
        connection.execute(
            f"INSERT INTO named_rows SELECT l.delivery_id, l.line_number, l.base_period_key, coalesce(l.slot, ''), false, false, "  # noqa: S608
            f"{named} FROM {rows(received.files[contract.table])} "
            f"SEMI JOIN landing.partitions AS p ON p.contract = {table} AND p.is_active AND {of('p')} "
            f"SEMI JOIN (SELECT DISTINCT {keys} FROM named_rows) AS n ON {same}"
        )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE placed_rows AS
        SELECT r.*, lead(r.delivery_id) OVER later IS NULL AS is_newest,
               coalesce(lag(r.is_deleted) OVER later, true) AS was_gone
        FROM named_rows r JOIN landing.deliveries d USING (delivery_id)
        WINDOW later AS (
          PARTITION BY {keys} ORDER BY d.rank_at, coalesce(d.sequence, -1), r.delivery_id, NOT r.is_deleted, r.line_number);
        INSERT INTO landing.replaced_rows SELECT {table}, k0, base_period_key, slot, delivery_id, line_number FROM placed_rows
        WHERE NOT is_delta AND NOT is_newest;
        INSERT INTO landing.applied_rows SELECT {table}, k0, base_period_key, slot, delivery_id, line_number FROM placed_rows
        WHERE is_delta AND is_newest AND NOT is_deleted;
        INSERT INTO landing.unmatched_deletes
        SELECT {table}, delivery_id, line_number, k0, base_period_key, slot FROM placed_rows WHERE is_delta AND is_deleted AND was_gone
        ORDER BY delivery_id, line_number;
        INSERT INTO landing.row_outcomes
        SELECT {table}, delivery_id, CASE WHEN NOT is_newest THEN 'superseded' WHEN is_deleted THEN 'deleted' ELSE 'landed' END, count(*)
        FROM placed_rows WHERE is_delta GROUP BY ALL;
        INSERT INTO landing.row_outcomes
        SELECT {table}, delivery_id, unnest(['landed', 'superseded']), unnest([-count(*), count(*)])
        FROM placed_rows WHERE NOT is_delta AND NOT is_newest GROUP BY delivery_id;
        DROP TABLE named_rows;
        DROP TABLE placed_rows;
        """  # noqa: S608 - names of our own columns, quoted literals
    )
