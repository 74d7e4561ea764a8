"""Measurements beside baselines on the same machine: `make bench`. Numbers of one run say little, ratios of interleaved runs do."""
