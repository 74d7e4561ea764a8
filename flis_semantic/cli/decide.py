"""`flis hold`, `flis approve`, `flis exempt`: the register of decisions."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, ProjectOption, names
from flis_semantic.ledger_records import DecisionKind
from flis_semantic.workspace import Project

ContractOption = Annotated[str, typer.Option("--contract", metavar="TABLE", help="Whose deliveries it is about.")]
UnitOption = Annotated[list[str], typer.Option("--unit", metavar="CODE", help="Unit codes; several with commas or repeated.")]
FromOption = Annotated[str, typer.Option("--from", metavar="PERIOD", help="First base period, such as 2025-01; a year means all of it.")]
ToOption = Annotated[str, typer.Option("--to", metavar="PERIOD", help="Last base period, inclusive.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; shown wherever the state is.")]
LiftOption = Annotated[bool, typer.Option("--lift", help="Take an earlier decision of this kind back.")]
ByOption = Annotated[str | None, typer.Option("--decided-by", metavar="NAME", help="Who decides; the person logged in without.")]


def hold(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    contract: ContractOption,
    unit: UnitOption,
    from_: FromOption,
    to: ToOption,
    reason: ReasonOption,
    lift: LiftOption = False,
    decided_by: ByOption = None,
    project: ProjectOption = HERE,
) -> None:
    """Hold back what some units delivered: it leaves every figure, with the status held, until it is lifted or approved.

    Example: flis hold --contract TABLE --unit CODE --from 2025-01 --to 2025-03 --reason "Signs are swapped"
    """
    _decide("hold", Project(project), contract, unit, (from_, to), reason, lift, decided_by)


def approve(  # noqa: PLR0913, PLR0917 - likewise
    contract: ContractOption,
    unit: UnitOption,
    from_: FromOption,
    to: ToOption,
    reason: ReasonOption,
    lift: LiftOption = False,
    decided_by: ByOption = None,
    project: ProjectOption = HERE,
) -> None:
    """Approve what some units delivered: figures of nothing else have the status approved. Answers earlier holds and findings.

    Example: flis approve --contract TABLE --unit CODE --from 2025-01 --to 2025-01 --reason "Control tables signed"
    """
    _decide("approve", Project(project), contract, unit, (from_, to), reason, lift, decided_by)


def exempt(  # noqa: PLR0913, PLR0917 - likewise
    contract: ContractOption,
    unit: UnitOption,
    from_: FromOption,
    to: ToOption,
    reason: ReasonOption,
    lift: LiftOption = False,
    decided_by: ByOption = None,
    project: ProjectOption = HERE,
) -> None:
    """Exempt some units from delivering: they are expected in no figure that reads it, whatever they delivered.

    Example: flis exempt --contract TABLE --unit CODE --from 2025 --to 2025 --reason "Exempt by law"
    """
    _decide("exempt", Project(project), contract, unit, (from_, to), reason, lift, decided_by)


def _decide(  # noqa: PLR0913, PLR0917 - what the three commands have in common
    kind: DecisionKind,
    project: Project,
    contract: str,
    units: list[str],
    periods: tuple[str, str],
    reason: str,
    lift: bool,
    decided_by: str | None,
) -> None:
    from flis_semantic.quality.decisions import decide

    taken = decide(
        project, kind, contract, names(units), periods, reason=reason, decided_by=decided_by or getpass.getuser(), is_lifted=lift
    )
    word = f"lift {kind}" if lift else kind
    for decision in taken:
        output.say(f"Decision {decision.decision_id}: {word} {contract} of {decision.unit_code}, {periods[0]} to {periods[1]}.")
    output.say("It counts from the next `flis build`.")
