"""The command line `flis`: parse, call, print."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `flis` command."""
    from flis_semantic.cli.main import run

    run()
