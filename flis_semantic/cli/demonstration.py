"""`flis demo`: the line end to end, on published files where they are and on generated ones where not."""

from __future__ import annotations

from collections.abc import Mapping

from flis_semantic.build import build
from flis_semantic.cli import output
from flis_semantic.cli.ask import answer_table
from flis_semantic.cli.run_line import refuse_stale, totals_table
from flis_semantic.delivery.pseudonyms import DEMONSTRATION_KEY, PseudonymKey
from flis_semantic.delivery.receive import receive
from flis_semantic.errors import BuildError, DeliveryError
from flis_semantic.query import Session
from flis_semantic.simulate.demo import load_demo
from flis_semantic.workspace import Project


def run_demo(project: Project) -> None:
    """Receive, build, ask. A second run finds its deliveries unchanged.

    Raises:
        DeliveryError: a file was refused.
        BuildError: the build did not become current.
    """
    demo = load_demo(project)
    language = project.vocabulary.languages[0]
    published = bool(demo.published_files(project))
    output.say("Receiving published files." if published else "No published files here: receiving generated ones, marked as synthetic.")
    with output.working("Receiving"):
        report = receive(project, demo.deliveries(project, project.work / "simulated"), key=PseudonymKey(DEMONSTRATION_KEY))
    output.say(totals_table(report))
    for result in report.results:
        if result.exit_code:
            output.say(f"  {result}")
    if report.exit_code:
        raise DeliveryError("A delivery of the demonstration was refused.", hint="The lines above say why.")
    refuse_stale(project)
    with output.working("Building") as step:
        built = build(project, on_step=step)
    for line in built.lines:
        output.say(f"  {line}")
    if built.exit_code:
        raise BuildError("The demonstration was not built.", hint="The lines above say why.")
    notes: dict[str, None] = {}
    with Session(project.root) as session:
        for question in demo.questions:
            results = [
                session.query(
                    question.key_figures,
                    areas.by,
                    question.grain,
                    from_=question.from_,
                    to=question.to,
                    where=areas.where,
                    labels=language,
                )
                for areas in question.areas
            ]
            output.write("\n" + answer_table(results, session, _in_words(question.title, language)))
            notes |= dict.fromkeys(note for result in results for note in result.notes)
    for note in notes:
        output.write(f"note: {note}")
    output.write("\nTry next:")
    for item in demo.next_commands:
        output.write(f"  {item.command}\n      {_in_words(item.title, language)}")


def _in_words(title: Mapping[str, str], language: str) -> str:
    """The title, and the English one beside it where that is another."""
    return " · ".join(dict.fromkeys(text for text in (title[language], title.get("en")) if text))
