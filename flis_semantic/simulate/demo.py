"""What the demonstration receives, asks and suggests: parsed from `simulation/demo.yml`, which names everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flis_semantic import strict_yaml
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.simulate.run import simulate
from flis_semantic.vocabulary.model import Strict
from flis_semantic.workspace import Project

_FILE = "simulation/demo.yml"


class PublishedData(Strict):
    """Files that somebody published, in a folder of this machine that need not be there."""

    environment: str = Field(description="variable that names the folder")
    folder: str | None = Field(default=None, description="the folder where the variable is not set, seen from the project")
    files: tuple[str, ...] = Field(min_length=1, description="patterns of file names; each must find at least one")


class Areas(Strict):
    """Some areas of one level."""

    by: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Question(Strict):
    """Key figures of areas of several levels, answered in one table at the end of the demonstration."""

    title: dict[str, str]
    key_figures: tuple[str, ...] = Field(min_length=1)
    areas: tuple[Areas, ...] = Field(min_length=1)
    grain: str
    from_: str = Field(alias="from")
    to: str


class NextCommand(Strict):
    """A command to try afterwards."""

    command: str
    title: dict[str, str]


class Demo(Strict):
    """The whole of `simulation/demo.yml`."""

    published_data: PublishedData
    recipes: tuple[str, ...] = Field(min_length=1, description="tables whose recipes stand in for the published files")
    beside: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="tables whose recipes are received in any case, since nobody publishes them, and their scale"
    )
    questions: tuple[Question, ...] = Field(min_length=1)
    next_commands: tuple[NextCommand, ...] = ()

    def published_files(self, project: Project) -> list[Path]:
        """The published files, none of them when no folder is named or it is absent or lacks one of the patterns."""
        named = os.environ.get(self.published_data.environment)
        default = self.published_data.folder
        if not named and not default:
            return []
        folder = Path(named) if named else project.root / str(default)
        found = [sorted(folder.glob(pattern)) for pattern in self.published_data.files]
        return [path for paths in found for path in paths] if all(found) else []

    def deliveries(
        self, project: Project, out: Path, *, seed: int = 1, scale: float = 1.0, scale_beside: float | None = None
    ) -> list[Path]:
        """Files to receive: the published ones where they are, else what the recipes write into `out`; and those beside them.

        `scale`, or for those beside `scale_beside`, multiplies the scale of each. Files that a recipe damaged to see them refused
        are written and left out.
        """
        files = self.published_files(project)
        tables = [(table, scale) for table in self.recipes] if not files else []
        tables += [(table, own * (scale if scale_beside is None else scale_beside)) for table, own in self.beside.items()]
        for table, how_much in tables:
            written = simulate(project, table, out=out, seed=seed, scale=how_much)
            files += [file.path for file in written if file.damage is None]
        return files


def load_demo(project: Project) -> Demo:
    """The project's demonstration.

    Raises:
        DefinitionErrors: there is none, or its file is wrong.
    """
    path = project.root / _FILE
    if not path.is_file():
        raise DefinitionErrors([DefinitionError("The project has no demonstration.", where=_FILE)])
    document, errors = strict_yaml.read(path, _FILE)
    if document is None:
        raise DefinitionErrors(errors)
    demo, more = strict_yaml.parse(Demo, document)
    if demo is None or errors:
        raise DefinitionErrors([*errors, *more])
    return demo
