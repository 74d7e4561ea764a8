"""The command line `flis`: parse, call, print."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the `flis` command."""
    try:
        from flis_semantic.cli.main import run

        run()
    except KeyboardInterrupt:
        # Ctrl-C while the program was still loading.
        sys.stderr.write("Stopped before anything was begun.\n")
        raise SystemExit(130) from None
