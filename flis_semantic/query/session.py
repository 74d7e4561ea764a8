"""A project opened for asking: request → SQL → rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.compiler.metric import Compiled, compile_request
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import UNKNOWN, filter_parameters
from flis_semantic.errors import RequestError, WarehouseError, suggestion
from flis_semantic.query.parse import Asked, parse_request
from flis_semantic.query.result import QueryResult
from flis_semantic.workspace import Project

if TYPE_CHECKING:
    from flis_semantic.warehouse import Connection


class Session:
    """Questions to one project's current version. Open it with `flis_semantic.open(DIR)`; close it when done.

    With `known_on` (UTC without a zone, or any time with one) they go to the version that holds what was known then, which
    `flis build --known-on` builds and `flis query --known-on` keeps up with the definitions.
    """

    def __init__(self, root: Path, known_on: datetime | None = None) -> None:
        self.project = Project(root)
        self.known_on = known_on.astimezone(UTC).replace(tzinfo=None) if known_on is not None and known_on.tzinfo is not None else known_on

    @property
    def catalogue(self) -> Catalogue:
        """The project's key figures."""
        return self.project.catalogue

    @cached_property
    def connection(self) -> Connection:
        """A connection to the version that is asked, read-only.

        Raises:
            WarehouseError: it was not built.
        """
        from flis_semantic import warehouse

        if self.known_on is not None:
            version = warehouse.known_version(self.project.versions, self.known_on)
            if not version.is_file():
                raise WarehouseError(
                    f"There is no version yet that holds what was known on {self.known_on.isoformat(sep=' ')} UTC.",
                    where=str(self.project.versions),
                    hint="Run `flis build --known-on` with that time.",
                    code="no_known_version",
                )
            return warehouse.open_version(version)
        return warehouse.open_current(self.project.versions, self.project.pointer)

    def query(
        self,
        key_figures: Sequence[str] | str,
        by: Sequence[str] | str = (),
        grain: str | None = None,
        *,
        from_: str | None = None,
        to: str | None = None,
        where: Mapping[str, Sequence[str] | str] | None = None,
        labels: str | None = None,
        lang: str | None = None,
    ) -> QueryResult:
        """Ask for key figures.

        Args:
            key_figures: ids, such as `domain.name`; one may be given alone.
            by: one level of the area hierarchy (the whole without one) and dimensions.
            grain: a period length of the calendar, or `range`; the finest published one without.
            from_: label of the first period, of any grain; without, as far back as the sources reach.
            to: label of the last period, inclusive.
            where: level or dimension → code or codes that count.
            labels: a language; adds a column of names beside every code.
            lang: language of the figures' remarks among the notes; the vocabulary's first without.

        Raises:
            RequestError: the request has no meaning.
            WarehouseError: nothing was built yet.
        """
        request, notes = self._request(key_figures, by, grain, from_, to, where)
        self._check_codes(request)
        compiled = compile_request(request, labels=self._language(labels))
        return QueryResult(compiled, self.connection, [*notes, *self._remarks(request, self._language(lang)), *self._synthetic(request)])

    def sql(
        self,
        key_figures: Sequence[str] | str,
        by: Sequence[str] | str = (),
        grain: str | None = None,
        *,
        from_: str | None = None,
        to: str | None = None,
        where: Mapping[str, Sequence[str] | str] | None = None,
        labels: str | None = None,
    ) -> tuple[Compiled, list[str]]:
        """The SQL that `query` with the same arguments runs, and notes. Opens the warehouse only to check filter values."""
        request, notes = self._request(key_figures, by, grain, from_, to, where)
        if where:
            self._check_codes(request)
        return compile_request(request, labels=self._language(labels)), notes

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if "connection" in self.__dict__:
            self.connection.close()
            del self.__dict__["connection"]

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _request(
        self,
        key_figures: Sequence[str] | str,
        by: Sequence[str] | str,
        grain: str | None,
        start: str | None,
        end: str | None,
        where: Mapping[str, Sequence[str] | str] | None,
    ) -> tuple[Request, list[str]]:
        asked = Asked(
            key_figures=_several(key_figures),
            by=_several(by),
            grain=grain,
            start=start,
            end=end,
            where={name: _several(codes) for name, codes in (where or {}).items()},
        )
        return parse_request(asked, self.catalogue)

    def _language(self, labels: str | None) -> str | None:
        languages = self.catalogue.vocabulary.languages
        if labels is not None and labels not in languages:
            raise RequestError(
                f"There are no labels in '{labels}'.", where="labels", hint=suggestion(labels, languages), code="unknown_language"
            )
        return labels

    def _check_codes(self, request: Request) -> None:
        """Refuse a filter value that no area or member has, before anything is computed."""
        unit = request.vocabulary.reporting_unit
        for name, codes in request.area_filters.items():
            level = unit.level(name)
            assert level is not None
            known = self._codes(unit.model, level.code) if level.code is not None else [str(level.constant)]
            _refuse_unknown(name, codes, known)
        for name, codes in request.dimension_filters.items():
            dimension = request.vocabulary.cuts[name]
            _refuse_unknown(name, codes, [*self._codes(dimension.model, dimension.code), UNKNOWN])
        self._check_definitions(request)
        if request.area_filters:
            self._check_areas(request)

    def _check_definitions(self, request: Request) -> None:
        """Refuse a figure whose definition names a code that its dimension does not have: it would count nothing, and say so as 0."""
        for figure in request.figures:
            for name, codes in dict.fromkeys(item for component in figure.components for item in component.filters):
                dimension = request.vocabulary.cuts[name]
                known = [*self._codes(dimension.model, dimension.code), UNKNOWN]
                for code in codes:
                    if code not in known:
                        raise RequestError(
                            f"The definition of {figure.id} names a {name} '{code}', which {dimension.model} does not have.",
                            where=figure.id,
                            hint=suggestion(code, known),
                            code="unknown_code_in_definition",
                        )

    def _check_areas(self, request: Request) -> None:
        """Refuse filters that no unit passes, or none that a figure counts: no data could ever answer them."""
        unit = request.vocabulary.reporting_unit
        conditions: list[str] = []
        parameters: dict[str, str] = {}
        for name, codes in request.area_filters.items():
            level = unit.level(name)
            if level is not None and level.code is not None:
                names = filter_parameters(name, codes)
                parameters |= dict(zip(names, codes, strict=True))
                conditions.append(f'"{level.code}" IN ({", ".join(f"${parameter}" for parameter in names)})')
        where = " AND ".join(conditions) or "true"
        # Columns are identifiers of the vocabulary; codes are bound.
        query = f'SELECT DISTINCT "{unit.kind}" FROM "{unit.model}" WHERE {where}'  # noqa: S608
        kinds = {str(kind) for (kind,) in self.connection.sql(query, params=parameters).fetchall()}
        if not kinds:
            raise RequestError(f"No {unit.base.id} passes all the filters.", where="where", hint="Leave one out.", code="empty_filter")
        for figure in request.figures:
            if not figure.all_units and unit.member_kind not in kinds:
                raise RequestError(
                    f"{figure.id} counts no {unit.base.id} that passes the filters.",
                    where="where",
                    hint=f"It counts units of kind '{unit.member_kind}' only.",
                    code="empty_filter",
                )

    def _codes(self, model: str, column: str) -> list[str]:
        # Both names are identifiers of the vocabulary, checked when it was loaded.
        query = f'SELECT DISTINCT "{column}" FROM "{model}" WHERE "{column}" IS NOT NULL'  # noqa: S608
        rows = self.connection.sql(query).fetchall()
        return [str(code) for (code,) in rows]

    @staticmethod
    def _remarks(request: Request, lang: str | None) -> list[str]:
        """What the definitions want a reader of these figures to know."""
        language = lang or request.vocabulary.languages[0]
        return [f"{figure.id}: {remark}" for figure in request.figures if (remark := figure.file.remarks.get(language))]

    def _synthetic(self, request: Request) -> list[str]:
        tables = {line.table for figure in request.figures for component in figure.components for line in component.sources}
        found = self.connection.sql("SELECT DISTINCT source FROM source_status WHERE synthetic").fetchall()
        names = sorted(tables & {str(source) for (source,) in found})
        return [f"Synthetic data: {name} was generated for trying and says nothing about any area." for name in names]


def _several(value: Sequence[str] | str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _refuse_unknown(name: str, codes: Sequence[str], known: Sequence[str]) -> None:
    for code in codes:
        if code not in known:
            raise RequestError(f"There is no {name} '{code}'.", where="where", hint=suggestion(code, known), code="unknown_filter_value")
