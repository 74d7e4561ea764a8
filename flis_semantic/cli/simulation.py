"""The command that writes deliveries for trying."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, ProjectOption
from flis_semantic.workspace import Project


def simulate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder for the files.")],
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]…", help="Without: every table that has a recipe.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, scale and tables give the same bytes.")] = 1,
    scale: Annotated[float, typer.Option("--scale", help="1 is a whole country; 0.01 is enough to try the line.")] = 0.01,
    no_faults: Annotated[bool, typer.Option("--no-faults", help="Plant nothing that is wrong.")] = False,
    project: ProjectOption = HERE,
) -> None:
    """Write made-up deliveries of some tables, told of one truth, in their contracts' notations.

    Beside the files stand the truth (truth/*.parquet) and faults.csv: all that is wrong with them, where, the finding that tells it
    and what becomes of it. What comes again is in again/. Everything is marked as synthetic.

    Example: flis simulate bor_folketal bes_jobindsats --out work/tried --seed 7
    """
    from flis_semantic.simulate import simulate_run

    with output.working("Simulating") as step:
        run = simulate_run(Project(project), tables or [], out=out, seed=seed, scale=scale, faults=not no_faults, on_step=step)
    rows = sum(file.rows for file in run.files)
    output.say(f"{len(run.files):,} files with {rows:,} rows in {out}.")
    if run.faults is not None:
        output.say(f"What is wrong with them: {run.faults}.")
