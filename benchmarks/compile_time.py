"""From a request to SQL text, per key figure, once the catalogue is loaded; and the loading."""

from __future__ import annotations

from pathlib import Path

from benchmarks import measure
from flis_semantic.catalogue.resolved import KeyFigure
from flis_semantic.compiler.metric import compile_request
from flis_semantic.compiler.request import Request
from flis_semantic.workspace import Project


def run(root: Path, runs: int) -> None:
    """Measure and print."""
    loaded = measure.calls({"load vocabulary, contracts and catalogue": lambda: Project(root).catalogue}, max(3, runs // 3))
    measure.show("Loading the definitions, in a warm process", loaded, unit="ms")
    project = Project(root)
    figures = project.catalogue.figures.values()
    candidates = {figure.id: lambda figure=figure: compile_request(request(project, figure)) for figure in figures}
    ordered = dict(sorted(measure.calls(candidates, runs).items(), key=lambda item: item[1].cpu))
    measure.show(f"Compiling a request, median of {runs} interleaved runs; ratio to the cheapest figure", ordered, unit="ms")


def request(project: Project, figure: KeyFigure) -> Request:
    """The figure at its finest published grain, for every reporting unit, without an end."""
    base = project.vocabulary.reporting_unit.base
    return Request(project.catalogue, (figure,), (base,), (), figure.publish_grains[0])
