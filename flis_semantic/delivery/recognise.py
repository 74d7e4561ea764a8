"""Which contract and form a file is: by its name, else by its header. And what is wrong with a header, all of it at once."""

from __future__ import annotations

import codecs
import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flis_semantic.contracts.model import Contract, Form, Kind
from flis_semantic.delivery.encoding import refuse_utf_16
from flis_semantic.delivery.files import FoundFile, blocks, is_blank, is_packed
from flis_semantic.delivery.json_lines import keys_of
from flis_semantic.delivery.parquet import MAGIC
from flis_semantic.delivery.report import DELIVER_AGAIN, EMPTY, FORMAT, HEADER, UNKNOWN, Refusal, some_of
from flis_semantic.delivery.transcode import split_line
from flis_semantic.delivery.transcript import LONGEST_LINE
from flis_semantic.errors import nearest

_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_LINE_END = re.compile(rb"\r*\n|\r+(?=[^\r\n])")
_LONGEST_LIST = 240
_LEAST_AGREEING = 0.5
_MOST_RECORDS = 500
_KINDS: dict[Kind, str] = {"csv": "delimited text", "parquet": "Parquet", "json_lines": "JSON lines"}


@dataclass(frozen=True)
class Opening:
    """How a file begins: its notation, its first line (of text), its columns (of other notations)."""

    kind: Kind
    line: str = ""
    columns: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()
    """Of JSON lines, where records may leave out what is empty: the keys of the first record and those after it."""

    bare_returns: bool = False


@dataclass(frozen=True)
class Candidate:
    """A form that a file may be in, and the file's header read as that form would be."""

    contract: Contract
    form_name: str
    form: Form
    header: tuple[str, ...]
    named: bool
    opening: Opening

    @property
    def exact(self) -> bool:
        """Whether the header has exactly the form's columns, in whatever order."""
        return len(self.header) == len(self.form.header) and set(self.header) == set(self.form.header)

    @property
    def agreeing(self) -> float:
        """The share of the form's columns that the header has."""
        return len(set(self.header) & set(self.form.header)) / len(self.form.header)


def recognise(
    file: FoundFile, contracts: Mapping[str, Contract], only: str | None, columns_of: Callable[[Path], Sequence[str]]
) -> Candidate | None:
    """The form that the file is in, None when no contract knows it. `only` restricts to one contract, and then the closest form is taken.

    A form that the name fits goes before one that it does not, an exact header before one that is not, and of two that are alike
    in this the one whose pattern says more of the name. Without a fitting
    name the header must be exact, or have at least half of a form's columns, so that the error can say what is wrong.
    `columns_of` reads the columns of a Parquet file. Raises Refusal when the file cannot be read.
    """
    chosen = [contracts[only]] if only is not None else list(contracts.values())
    try:
        opening = read_opening(file, columns_of)
    except Refusal as refusal:
        candidate = _without_rows(file, chosen) if refusal.code == EMPTY else None
        if candidate is None:
            raise
        return candidate
    candidates = [
        Candidate(contract, name, form, _header(opening, form), _fits(file, form), opening)
        for contract in chosen
        for name, form in contract.forms.items()
    ]
    named_tables = {candidate.contract.table for candidate in candidates if candidate.named}
    likely = [c for c in candidates if c.named or (c.exact and c.contract.table in named_tables)]
    if not likely:
        likely = [c for c in candidates if only is not None or c.agreeing >= _LEAST_AGREEING]
    return max(likely, key=lambda c: (c.exact, c.named, c.agreeing, _literal(c.form)), default=None)


def named(file: FoundFile, contracts: Mapping[str, Contract], only: str | None) -> tuple[str | None, str | None]:
    """Contract and form that the file's name alone tells; None where it does not, or leaves a choice."""
    chosen = [contracts[only]] if only is not None else list(contracts.values())
    found = [(contract.table, name) for contract in chosen for name, form in contract.forms.items() if _fits(file, form)]
    if len(found) == 1:
        return found[0]
    tables = {table for table, _ in found}
    return (found[0][0] if len(tables) == 1 else only), None


def unknown_file(contracts: Mapping[str, Contract]) -> Refusal:
    """The refusal of a file that no contract knows."""
    names = sorted({form.file_name for contract in contracts.values() for form in contract.forms.values()})
    return Refusal(
        UNKNOWN,
        "No contract knows this file, neither by its name nor by its header.",
        f"Use --contract to say which one it is. Known names: {some_of(names, ', ', _LONGEST_LIST)}.",
    )


def check_header(candidate: Candidate) -> None:
    """Refuse a header that is not the form's, naming the faults and the column that was probably meant; and lines that never end."""
    header, form = candidate.header, candidate.form
    _check_kind(candidate)
    if candidate.opening.bare_returns:
        raise Refusal(
            FORMAT,
            "The lines end with a carriage return alone, as on old Macs.",
            "Save the file with line feeds, or carriage return and line feed, and deliver it again.",
        )
    if candidate.exact:
        return
    _check_delimiter(candidate)
    if candidate.agreeing < _LEAST_AGREEING and set(form.header.values()) & candidate.contract.personal_columns:
        # What stands in the first line may be a row, and then its values are nobody's to repeat.
        raise Refusal(
            HEADER, f"The first line is not the header of {candidate.contract.table}, form {candidate.form_name}.", _expected(form)
        )
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


def read_opening(file: FoundFile, columns_of: Callable[[Path], Sequence[str]]) -> Opening:
    """How the file begins, read leniently (only to recognise the file by): the encoding is settled when the whole file is read.

    Raises Refusal when there is nothing in it, or its columns cannot be read.
    """
    data, end = b"", None
    for block in blocks(file.path):
        data += block
        if data.startswith(MAGIC):
            return _of_parquet(file, columns_of)
        end = _LINE_END.search(data)
        if end is not None:
            break
        if len(data) > LONGEST_LINE:
            raise Refusal(FORMAT, "The file has no line end: it is no table of text.", "Deliver it as text, in UTF-8.")
    refuse_utf_16(data)
    text = data.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"{"):
        return _of_json(text)
    line = data[: end.start()] if end is not None else data.removesuffix(b"\r")
    if not line.removeprefix(codecs.BOM_UTF8).strip() and is_blank(file.path):
        raise Refusal(EMPTY, "The file has nothing but blank lines.", DELIVER_AGAIN)
    return Opening("csv", _decoded(line), bare_returns=end is not None and not end[0].endswith(b"\n"))


def _of_parquet(file: FoundFile, columns_of: Callable[[Path], Sequence[str]]) -> Opening:
    if is_packed(file.path):
        raise Refusal(FORMAT, "The Parquet file is packed as a gzip.", "Deliver it as it is: Parquet is packed already.")
    return Opening("parquet", columns=tuple(columns_of(file.path)))


def _of_json(text: bytes) -> Opening:
    """The keys of the first record stand for a header; of those after it they may leave out what is empty."""
    records = [keys_of(line.decode("utf-8", errors="replace")) for line in text.split(b"\n")[:_MOST_RECORDS]]
    first = next((keys for keys in records if keys), ())
    if not first:
        raise Refusal(FORMAT, "The first lines are no whole JSON objects.", "Write one JSON object per line.")
    return Opening("json_lines", columns=first, later=frozenset(key for keys in records for key in keys))


def _without_rows(file: FoundFile, contracts: Sequence[Contract]) -> Candidate | None:
    """The form that an empty file is in by its name, where the notation has no header: no row is nothing at all."""
    found = [(contract, name, form) for contract in contracts for name, form in contract.forms.items() if _fits(file, form)]
    if len(found) != 1 or found[0][2].kind != "json_lines":
        return None
    contract, name, form = found[0]
    return Candidate(contract, name, form, tuple(form.header), True, Opening("json_lines"))


def _check_kind(candidate: Candidate) -> None:
    form, opening = candidate.form, candidate.opening
    if form.kind == opening.kind:
        return
    array = form.kind == "json_lines" and opening.line.startswith("[")
    hint = "Write one JSON object per line, without brackets around them." if array else "Deliver it in the notation that was agreed."
    raise Refusal(
        FORMAT,
        f"The file is {'one JSON array' if array else _KINDS[opening.kind]}; {candidate.contract.table}, form {candidate.form_name}, "
        f"expects {_KINDS[form.kind]}.",
        hint,
    )


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _fits(file: FoundFile, form: Form) -> bool:
    return fnmatch.fnmatchcase(file.name, form.file_name.removesuffix(".gz"))


def _literal(form: Form) -> int:
    """How much a form's pattern says of a name: of two that fit, the closer one is meant."""
    return len(re.sub(r"[*?]|\[[^]]*\]", "", form.file_name))


def _header(opening: Opening, form: Form) -> tuple[str, ...]:
    """The file's columns, read as a file of the form."""
    if form.kind != opening.kind:
        return ()
    if form.kind == "csv":
        return tuple(split_line(opening.line, form.delimiter))
    known = len(opening.later & set(form.header))
    if form.kind == "json_lines" and set(opening.columns) <= set(form.header) and known >= len(form.header) * _LEAST_AGREEING:
        # Whether a key is in no record at all is seen when all were read.
        return tuple(form.header)
    return opening.columns


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
    if len(header) != 1 or form.kind != "csv":
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
    return f"Expected: {some_of(list(form.header), form.delimiter if form.kind == 'csv' else ', ', _LONGEST_LIST)} (in any order)."
