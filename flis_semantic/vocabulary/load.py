"""Reading `catalogue/_vocabulary.yml`."""

from __future__ import annotations

from pathlib import Path

from flis_semantic import strict_yaml
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.vocabulary.model import Vocabulary

FILE_NAME = "_vocabulary.yml"


def load_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a catalogue folder.

    Raises:
        DefinitionErrors: the file is absent or wrong; all its errors at once.
    """
    path = folder / FILE_NAME
    name = f"{folder.name}/{FILE_NAME}"
    if not path.is_file():
        raise DefinitionErrors(
            [DefinitionError("There is no vocabulary.", where=name, hint="Is this the folder of a project? Give it with --project DIR.")]
        )
    document, errors = strict_yaml.read(path, name)
    if document is None:
        raise DefinitionErrors(errors)
    vocabulary, more = strict_yaml.parse(Vocabulary, document)
    if vocabulary is None or errors:
        raise DefinitionErrors([*errors, *more])
    return vocabulary
