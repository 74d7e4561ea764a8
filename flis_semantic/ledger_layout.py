"""The ledger's tables, and what turns a ledger of an earlier layout into the present one. Pure text, no engine."""

from __future__ import annotations

LAYOUT = 5
"""The layout that this program reads and writes; `PRAGMA user_version` of the file."""

_TABLES = """
CREATE TABLE IF NOT EXISTS identity (ledger_id TEXT NOT NULL) STRICT;
INSERT INTO identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM identity);
CREATE TABLE IF NOT EXISTS batches (
  batch TEXT PRIMARY KEY,
  contract TEXT NOT NULL,
  file TEXT NOT NULL,
  set_aside_file TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
  delivery_id INTEGER PRIMARY KEY,
  contract TEXT NOT NULL,
  form TEXT NOT NULL,
  file_name TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  extracted_at TEXT NOT NULL,
  extracted_from TEXT NOT NULL,
  received_at TEXT NOT NULL,
  rank_at TEXT NOT NULL,
  sequence INTEGER,
  verdict TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  rows_delivered INTEGER NOT NULL,
  rows_accepted INTEGER NOT NULL,
  rows_control INTEGER NOT NULL,
  rows_set_aside INTEGER NOT NULL,
  encoding TEXT NOT NULL,
  synthetic INTEGER NOT NULL,
  has_manifest INTEGER NOT NULL,
  batch TEXT REFERENCES batches,
  mode TEXT NOT NULL DEFAULT 'full',
  stream TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_by_content ON deliveries (contract, content_sha256);
CREATE TABLE IF NOT EXISTS rule_counts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  rule_id TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, rule_id)
) STRICT, WITHOUT ROWID;
"""
_PARTITIONS = """
CREATE TABLE partitions (
  contract TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  base_period_key INTEGER NOT NULL,
  slot TEXT NOT NULL DEFAULT '',
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  rows INTEGER NOT NULL,
  PRIMARY KEY (contract, unit_code, base_period_key, slot, delivery_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX partitions_by_delivery ON partitions (delivery_id);
"""
_DECISIONS = """
CREATE TABLE decisions (
  decision_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  is_lifted INTEGER NOT NULL,
  contract TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  first_key INTEGER NOT NULL,
  last_key INTEGER NOT NULL,
  reason TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at TEXT NOT NULL
) STRICT;
"""
_CONFIRMATIONS = """
CREATE TABLE confirmations (
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  extracted_at TEXT NOT NULL,
  received_at TEXT NOT NULL
) STRICT;
CREATE INDEX confirmations_by_delivery ON confirmations (delivery_id);
"""
_PSEUDONYM_KEY = """
CREATE TABLE pseudonym_key (fingerprint TEXT NOT NULL) STRICT;
"""
_AFTER_LAYOUT_4 = """
ALTER TABLE deliveries ADD COLUMN rejudges INTEGER REFERENCES deliveries;
CREATE TABLE unit_rows (
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  unit_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  rows_accepted INTEGER NOT NULL,
  rows_set_aside INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, unit_code, supplier)
) STRICT, WITHOUT ROWID;
CREATE TABLE unit_hits (
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  unit_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, unit_code, supplier, rule_id)
) STRICT, WITHOUT ROWID;
"""
_AFTER_LAYOUT_3 = _PSEUDONYM_KEY + _AFTER_LAYOUT_4
_AFTER_LAYOUT_2 = _CONFIRMATIONS + _AFTER_LAYOUT_3
_FROM_NOTHING = _TABLES + _PARTITIONS + _DECISIONS + _AFTER_LAYOUT_2
_BEFORE_LAYOUT_2 = """
ALTER TABLE deliveries ADD COLUMN mode TEXT NOT NULL DEFAULT 'full';
ALTER TABLE deliveries ADD COLUMN stream TEXT NOT NULL DEFAULT '';
ALTER TABLE partitions RENAME TO partitions_of_layout_1;
"""
_AFTER_LAYOUT_1 = """
INSERT INTO partitions (contract, unit_code, base_period_key, delivery_id, rows)
  SELECT contract, unit_code, base_period_key, delivery_id, rows FROM partitions_of_layout_1;
DROP TABLE partitions_of_layout_1;
"""
_FROM_LAYOUT_1 = _BEFORE_LAYOUT_2 + _PARTITIONS + _AFTER_LAYOUT_1 + _DECISIONS + _AFTER_LAYOUT_2
STEPS = {0: _FROM_NOTHING, 1: _FROM_LAYOUT_1, 2: _AFTER_LAYOUT_2, 3: _AFTER_LAYOUT_3, 4: _AFTER_LAYOUT_4}
"""Layout of the file → what makes it the present one."""
