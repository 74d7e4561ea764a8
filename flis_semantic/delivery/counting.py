"""Which unit's rows, and which supplier's, were accepted, set aside and hit by which rule: what quality adds up."""

# ruff: noqa: S608 - names are the contract's own
from __future__ import annotations

from flis_semantic.contracts.model import Contract
from flis_semantic.delivery import rules
from flis_semantic.delivery.sql import identifier, quoted
from flis_semantic.ledger_records import UnitCount
from flis_semantic.warehouse import Connection

_MOST_SUPPLIERS = 5
"""A column that names more of them for one unit in one file is no supplier's name."""

_LONGEST_NAME = 80


def unit_counts(connection: Connection, contract: Contract) -> dict[int, list[UnitCount]]:
    """The judged rows of each file by unit ('' where no known one is said) and supplier ('' where the rows do not say it)."""
    name = f"t_{contract.supplier_column}" if contract.supplier_column is not None else None
    supplier = f"CASE WHEN length({identifier(name)}) <= {_LONGEST_NAME} THEN {identifier(name)} ELSE '' END" if name else "''"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE by_mask AS SELECT d, coalesce(u.unit_code, '') AS unit, "
        f"coalesce({supplier}, '') AS supplier, mask, count(*) AS n FROM pass.judged j "
        "LEFT JOIN (SELECT DISTINCT unit_code FROM units) u ON u.unit_code = j.unit_code GROUP BY ALL"
    )
    shape = quoted(contract.rule("row_shape").id)
    rows = connection.execute(
        "WITH known AS (SELECT d, unit FROM by_mask GROUP BY ALL "
        f"HAVING count(DISTINCT supplier) <= {_MOST_SUPPLIERS}) "
        "SELECT b.d, b.unit, CASE WHEN k.d IS NOT NULL THEN b.supplier ELSE '' END AS supplier, mask, sum(n), NULL "
        "FROM by_mask b LEFT JOIN known k ON k.d = b.d AND k.unit = b.unit GROUP BY ALL "
        f"UNION ALL SELECT d, '', '', 0, count(*), {shape} FROM malformed GROUP BY d ORDER BY ALL"
    ).fetchall()
    bits = {rule.id: rules.bit(contract, rule) for rule in contract.row_rules}
    set_aside = rules.set_aside_bits(contract)
    found: dict[int, dict[tuple[str, str], UnitCount]] = {}
    for d, unit, name_of, mask, n, malformed in rows:
        count = found.setdefault(d, {}).setdefault((unit, name_of), UnitCount(unit, name_of))
        hits = [malformed] if malformed else [rule for rule, bit in bits.items() if mask & bit]
        found[d][unit, name_of] = count.plus(int(n), is_accepted=not malformed and not mask & set_aside, hits=hits)
    return {d: list(counts.values()) for d, counts in found.items()}
