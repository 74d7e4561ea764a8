"""SQL of what is in force: which delivery of a partition, by its rank and confirmations, and which delta of a sequence number."""

# How long the content of a delivery is known to be what counts, by its newest confirmation.
CONFIRMED = """
LEFT JOIN (SELECT delivery_id, max(extracted_at) AS confirmed_at FROM confirmations WHERE received_at <= :until GROUP BY delivery_id)
  USING (delivery_id)
"""
_NEWEST = "rank_at DESC, sequence DESC, coalesce(rejudges, delivery_id) DESC, delivery_id DESC"
_PLACED = f"""
SELECT p.contract, p.unit_code, p.base_period_key, p.slot, p.delivery_id, p.rows, d.mode, d.rejudges, d.synthetic,
       max(d.rank_at, coalesce(confirmed_at, '')) AS rank_at, coalesce(d.sequence, -1) AS sequence
FROM partitions p JOIN deliveries d USING (delivery_id) {CONFIRMED}
WHERE d.received_at <= :until AND d.verdict <> 'refused'
"""  # noqa: S608 - our own text
ACTIVE = f"""
SELECT unit_code, base_period_key, slot, delivery_id, rows, rank_at, sequence, synthetic FROM (
  SELECT *, row_number() OVER (PARTITION BY unit_code, base_period_key, slot ORDER BY {_NEWEST}) AS place
  FROM ({_PLACED} AND p.contract = :contract) WHERE mode <> 'delta'
) WHERE place = 1 ORDER BY unit_code, base_period_key, slot
"""  # noqa: S608 - likewise
ACTIVE_FILES = f"""
SELECT DISTINCT b.file FROM ({ACTIVE}) JOIN deliveries d USING (delivery_id) JOIN batches b USING (batch) ORDER BY b.file
"""  # noqa: S608 - likewise
ALL_PLACED = f"""
SELECT contract, delivery_id, unit_code, base_period_key, slot, rows, mode <> 'delta' AND row_number() OVER (
         PARTITION BY contract, unit_code, base_period_key, slot, mode <> 'delta' ORDER BY {_NEWEST}) = 1
FROM ({_PLACED}) ORDER BY contract, unit_code, base_period_key, slot, delivery_id
"""  # noqa: S608 - likewise
DELTAS = """
SELECT delivery_id, stream, sequence, rank_at, extracted_at, received_at, rows_accepted, synthetic FROM (
  SELECT *, row_number() OVER (PARTITION BY stream, sequence ORDER BY rank_at DESC, delivery_id DESC) AS place
  FROM deliveries
  WHERE contract = ? AND received_at <= ? AND mode = 'delta' AND verdict <> 'refused'
) WHERE place = 1 ORDER BY stream, sequence
"""
