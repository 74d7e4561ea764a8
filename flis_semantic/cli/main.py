"""All commands of `flis`, and how their errors end."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from flis_semantic import __version__
from flis_semantic.cli import ask, catalogue, decide, new, output, run_line, simulation, watch
from flis_semantic.errors import FlisError

_INTERRUPTED = 130

app = typer.Typer(
    name="flis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        output.write(f"flis {__version__}")
        raise typer.Exit()


@app.callback()
def start(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Key figures from deliveries: receive, build, ask.

    Exit codes: 0 done, 1 a check or validation failed, 2 the request or the arguments are wrong.

    Example: flis demo
    """


app.add_typer(new.app, name="new")
app.command()(run_line.demo)
app.command()(run_line.receive)
app.command()(run_line.reprocess)
app.command()(run_line.build)
app.command()(run_line.generate)
app.command()(simulation.simulate)
app.add_typer(catalogue.app, name="catalogue")
app.command()(ask.query)
app.command()(ask.sql)
app.command()(watch.quality)
app.command()(watch.coverage)
app.command()(watch.expected)
app.command()(decide.hold)
app.command()(decide.approve)
app.command()(decide.exempt)


def run() -> None:
    """Run one command; a user's mistake ends in one sentence, never in a traceback."""
    try:
        app()
    except FlisError as error:
        output.fail(error)
    except BrokenPipeError:
        # The reader of our output has gone, for example `| head`.
        output.abandon_stdout()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as ended:
        # Ctrl-C inside a command: the command-line library ends it with this code, without a word.
        if ended.code == _INTERRUPTED:
            _stopped()
        raise
    except RuntimeError as error:
        # The engine answers Ctrl-C in the middle of a query with an error of its own.
        if "interrupt" not in str(error).lower():
            raise
        _stopped()
    except OSError as error:
        output.abandon_stdout()
        where = f"{error.filename}: " if error.filename else ""
        output.fail(
            FlisError(f"{where}{error.strerror or error}.", hint="Make room or choose another place, then run it again.", code="io_error")
        )


def _stopped() -> NoReturn:
    output.say("Stopped. What was finished stays; nothing is half-written.")
    raise SystemExit(_INTERRUPTED) from None
