"""Contracts: what each delivered table is, in which notations it may arrive, and which rules judge it."""
