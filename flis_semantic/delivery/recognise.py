"""Which contract and form a file is: by its name, else by its header. And what is wrong with a header, all of it at once."""

from __future__ import annotations

import codecs
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flis_semantic.contracts.model import Contract, Form
from flis_semantic.delivery.encoding import refuse_utf_16
from flis_semantic.delivery.files import FoundFile, blocks, is_blank
from flis_semantic.delivery.report import DELIVER_AGAIN, EMPTY, FORMAT, HEADER, UNKNOWN, Refusal, some_of
from flis_semantic.delivery.transcode import LONGEST_LINE, split_line
from flis_semantic.errors import nearest

_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_LINE_END = re.compile(rb"\r*\n|\r+(?=[^\r\n])")
_LONGEST_LIST = 240


@dataclass(frozen=True)
class Candidate:
    """A form that a file may be in, and the file's header read as that form would be."""

    contract: Contract
    form_name: str
    form: Form
    header: tuple[str, ...]
    named: bool
    bare_returns: bool

    @property
    def exact(self) -> bool:
        """Whether the header has exactly the form's columns, in whatever order."""
        return len(self.header) == len(self.form.header) and set(self.header) == set(self.form.header)

    @property
    def agreeing(self) -> float:
        """The share of the form's columns that the header has."""
        return len(set(self.header) & set(self.form.header)) / len(self.form.header)


def recognise(file: FoundFile, contracts: Mapping[str, Contract], only: str | None) -> Candidate | None:
    """The form that the file is in, None when no contract knows it. `only` restricts to one contract, and then the closest form is taken.

    A form that the name fits goes before one that it does not, an exact header before one that is not. Without a fitting
    name the header must be exact, or have at least half of a form's columns, so that the error can say what is wrong.
    Raises Refusal when the file cannot be read.
    """
    line, bare_returns = first_line(file)
    chosen = [contracts[only]] if only is not None else list(contracts.values())
    candidates = [
        Candidate(contract, name, form, _header(line, form), _fits(file, form), bare_returns)
        for contract in chosen
        for name, form in contract.forms.items()
    ]
    named_tables = {candidate.contract.table for candidate in candidates if candidate.named}
    likely = [c for c in candidates if c.named or (c.exact and c.contract.table in named_tables)]
    if not likely:
        likely = [c for c in candidates if only is not None or c.agreeing >= 0.5]
    return max(likely, key=lambda c: (c.exact, c.named, c.agreeing), default=None)


def named(file: FoundFile, contracts: Mapping[str, Contract], only: str | None) -> tuple[str | None, str | None]:
    """Contract and form that the file's name alone tells; None where it does not, or leaves a choice."""
    chosen = [contracts[only]] if only is not None else list(contracts.values())
    found = [(contract.table, name) for contract in chosen for name, form in contract.forms.items() if _fits(file, form)]
    return found[0] if len(found) == 1 else (only, None)


def unknown_file(contracts: Mapping[str, Contract]) -> Refusal:
    """The refusal of a file that no contract knows."""
    names = sorted({form.file_name for contract in contracts.values() for form in contract.forms.values()})
    return Refusal(
        UNKNOWN,
        "No contract knows this file, neither by its name nor by its header.",
        f"Known names: {', '.join(names)}. Use --contract to say which one it is.",
    )


def check_header(candidate: Candidate) -> None:
    """Refuse a header that is not the form's, naming the faults and the column that was probably meant; and lines that never end."""
    header, form = candidate.header, candidate.form
    if candidate.bare_returns:
        raise Refusal(
            FORMAT,
            "The lines end with a carriage return alone, as on old Macs.",
            "Save the file with line feeds, or carriage return and line feed, and deliver it again.",
        )
    if candidate.exact:
        return
    _check_delimiter(candidate)
    faults = [f"column '{name}' is there {header.count(name)} times" for name in dict.fromkeys(header) if header.count(name) > 1]
    missing = [name for name in form.header if name not in header]
    extra = [name for name in dict.fromkeys(header) if name not in form.header]
    faults += [f"column '{name}' is missing" for name in missing]
    faults += [f"'{name}' is not in the contract" for name in extra]
    meant = [f"Was '{name}' renamed to '{other}'?" for name, other in _renamed(candidate, missing, extra).items()]
    raise Refusal(
        HEADER,
        f"The header is not that of {candidate.contract.table}, form {candidate.form_name}: {some_of(faults, '; ', _LONGEST_LIST)}.",
        " ".join([*([some_of(meant, " ", _LONGEST_LIST)] if meant else []), _expected(form)]),
    )


def first_line(file: FoundFile) -> tuple[str, bool]:
    """The first line, read leniently (only to recognise the file by), and whether it ends with a carriage return alone.

    The encoding is settled when the whole file is read. Raises Refusal when there is no line in it.
    """
    data, end = b"", None
    for block in blocks(file.path):
        data += block
        end = _LINE_END.search(data)
        if end is not None:
            break
        if len(data) > LONGEST_LINE:
            raise Refusal(FORMAT, "The file has no line end: it is no table of text.", "Deliver it as text, in UTF-8.")
    refuse_utf_16(data)
    line = data[: end.start()] if end is not None else data.removesuffix(b"\r")
    if not line.removeprefix(codecs.BOM_UTF8).strip() and is_blank(file.path):
        raise Refusal(EMPTY, "The file has nothing but blank lines.", DELIVER_AGAIN)
    return _decoded(line), end is not None and not end[0].endswith(b"\n")


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _fits(file: FoundFile, form: Form) -> bool:
    return fnmatch.fnmatchcase(file.name, form.file_name.removesuffix(".gz"))


def _header(line: str, form: Form) -> tuple[str, ...]:
    return tuple(split_line(line, form.delimiter))


def _renamed(candidate: Candidate, missing: Sequence[str], extra: Sequence[str]) -> dict[str, str]:
    """Missing column → the extra one that it probably became: by names where they explain all, else by places where those do."""
    if len(missing) == 1 and len(extra) == 1:
        return {missing[0]: extra[0]}
    found: dict[str, str] = {}
    for name in missing:
        close = nearest(name, [other for other in extra if other not in found.values()])
        if close is not None:
            found[name] = close
    if len(found) < len(missing) and len(candidate.header) == len(candidate.form.header):
        places = zip(candidate.form.header, candidate.header, strict=True)
        by_place = {name: other for name, other in places if name in missing and other in extra}
        found = by_place if len(by_place) == len(missing) else found
    return found


def _check_delimiter(candidate: Candidate) -> None:
    header, form = candidate.header, candidate.form
    if len(header) != 1:
        return
    for delimiter, title in _DELIMITERS.items():
        if delimiter != form.delimiter and delimiter in header[0]:
            raise Refusal(
                HEADER,
                f"The values are separated by {title}; {candidate.contract.table}, form {candidate.form_name}, expects "
                f"{_DELIMITERS[form.delimiter]}.",
                _expected(form),
            )


def _expected(form: Form) -> str:
    return f"Expected: {some_of(list(form.header), form.delimiter, _LONGEST_LIST)} (in any order)."
