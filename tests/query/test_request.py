"""What a request may say, and what it is told when it may not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import flis_semantic as flis
from flis_semantic.catalogue.grains import refusal
from flis_semantic.errors import RequestError
from flis_semantic.query import Asked, Session, parse_request
from flis_semantic.workspace import Project
from tests.oracle.planting import small
from tests.oracle.project import TITLE

POPULATION = "citizens.population"
UNEMPLOYED = "employment.gross_unemployed_published"
PER_INHABITANT = "employment.gross_unemployed_per_inhabitant_published"
CATEGORIES = "employment.cash_benefit_by_visitation_full_time_persons_published"


@pytest.fixture(scope="module")
def session(root: Path) -> Session:
    return flis.open(root)


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (Asked([]), "no_key_figure", "No key figure"),
        (Asked(["citizens.populaton"]), "unknown_key_figure", "Did you mean 'citizens.population'?"),
        (Asked(["population"]), "unknown_key_figure", "Did you mean 'citizens.population'?"),
        (Asked([POPULATION], by=["regoin"]), "unknown_dimension", "Did you mean 'region'?"),
        (Asked([POPULATION], by=["region", "municipality"]), "several_area_levels", "Ask once for each"),
        (Asked([POPULATION], by=["visitation_category"]), "dimension_not_available", "citizens.population.population does not have it"),
        (Asked([POPULATION], where={"visitation_category": ["jobparat"]}), "dimension_not_available", "does not have it"),
        (Asked([POPULATION], where={"commune": ["0101"]}), "unknown_dimension", "neither an area level nor a dimension"),
        (Asked([POPULATION], where={"municipality": []}), "empty_filter", "names no value"),
        (Asked([POPULATION], grain="moth"), "unknown_grain", "Did you mean 'month'?"),
        (Asked([POPULATION], grain="month"), "grain_not_available", "not carried forward"),
        (Asked([UNEMPLOYED], grain="week"), "grain_not_available", "does not lie inside a week"),
        (Asked(["employment.cash_benefit_persons_published"], by=["municipality"], grain="year"), "grain_not_available", "recompute"),
        (Asked(["employment.activation_degree_published"], by=["region"]), "not_additive_over_areas", "do not add up"),
        (Asked([POPULATION], start="2020-13"), "unknown_period", "'2020-13' is not a period"),
        (Asked([POPULATION], start="2021-W53"), "unknown_period", "not a period"),
        (Asked([POPULATION], start="2023-02-29"), "unknown_period", "not a period"),
        (Asked([POPULATION], start="1999"), "outside_calendar", "2005-01-01"),
        (Asked([POPULATION], start="2021", end="2020"), "empty_range", "before it begins"),
        (Asked([POPULATION], grain="range", start="2020-01"), "open_range", "both ends"),
        (Asked([POPULATION], grain="range", start="2020-02-01", end="2020-03-31"), "range_without_meaning", "none falls into the range"),
        (Asked([UNEMPLOYED], grain="range", start="2025-01-15", end="2025-03-31"), "range_without_meaning", "the range cuts one"),
        (Asked([PER_INHABITANT], grain="range", start="2024-06", end="2025-06"), "range_without_meaning", "longer than a year"),
    ],
)
def test_a_request_without_meaning_is_refused_with_the_reason(session: Session, asked: Asked, code: str, words: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_request(asked, session.catalogue)
    assert refused.value.code == code
    assert words in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_range_is_widened_to_whole_periods_and_says_so(session: Session) -> None:
    request, notes = parse_request(Asked([UNEMPLOYED], grain="quarter", start="2025-02", end="2025-11"), session.catalogue)
    assert (request.first.label if request.first else None, request.last.label if request.last else None) == ("2025-Q1", "2025-Q4")
    assert [note.split(" whole ")[-1] for note in notes] == ["quarter 2025-Q1.", "quarter 2025-Q4."]


def test_labels_of_any_grain_bound_a_range_inclusively(session: Session) -> None:
    request, notes = parse_request(Asked([UNEMPLOYED], grain="month", start="2025", end="2025-Q3"), session.catalogue)
    assert (request.first.label if request.first else None, request.last.label if request.last else None) == ("2025-01", "2025-09")
    assert notes == []


def test_of_two_calendars_with_the_same_labels_that_of_the_grain_is_meant(tmp_path: Path) -> None:
    world = small(tmp_path)
    world.world.vocabulary["calendars"]["tax_year"] = {"title": TITLE, "starts": "04-01"}
    world.source("t", "month", "2020-01", "2024-12", absent="zero")
    world.fact("e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    figure = world.figure("f", {"measure": "e.n"})
    for grain, first, last in (("tax_year", "2022-04-01", "2023-03-31"), ("school_year", "2022-08-01", "2023-07-31")):
        request, notes = parse_request(Asked([figure], grain=grain, start="2022/23", end="2022/23"), world.catalogue)
        assert request.first == request.last
        assert request.first is not None
        assert (request.first.start.isoformat(), request.first.end.isoformat(), notes) == (first, last, [])


def test_without_a_grain_the_finest_published_one_is_taken(session: Session) -> None:
    assert parse_request(Asked([UNEMPLOYED]), session.catalogue)[0].grain == "month"
    assert parse_request(Asked([UNEMPLOYED, POPULATION]), session.catalogue)[0].grain == "quarter"


def test_without_a_level_the_answer_is_the_whole(session: Session) -> None:
    (level,) = parse_request(Asked([UNEMPLOYED], by=[]), session.catalogue)[0].levels
    assert level.id == "country"


def test_a_key_figure_asked_for_twice_is_answered_once(session: Session) -> None:
    assert len(parse_request(Asked([POPULATION, POPULATION]), session.catalogue)[0].figures) == 1


def test_an_unknown_filter_value_is_refused_with_the_nearest_code(demo_project: Path) -> None:
    with flis.open(demo_project) as session, pytest.raises(RequestError) as refused:
        session.query(UNEMPLOYED, by="municipality", where={"municipality": ["0101", "101"]})
    assert refused.value.code == "unknown_filter_value"
    assert "Did you mean '0101'?" in str(refused.value)
    with flis.open(demo_project) as session, pytest.raises(RequestError, match="visitation_category 'jobpart'"):
        session.query(CATEGORIES, where={"visitation_category": "jobpart"})


def test_a_definition_that_names_an_unknown_code_is_refused_and_answers_no_zero(demo_project: Path, tmp_path: Path) -> None:
    for name in ("contracts", "seeds", "work", "dbt_project.yml"):
        (tmp_path / name).symlink_to(demo_project / name)
    shutil.copytree(demo_project / "catalogue", tmp_path / "catalogue")
    file = tmp_path / "catalogue" / "employment" / f"{CATEGORIES.split('.')[1]}.yml"
    definition = file.read_text(encoding="utf-8")
    filtered = definition.replace("full_time_persons}", "full_time_persons, filter: {visitation_category: [job_ready, job_raedy]}}", 1)
    file.write_text(filtered, encoding="utf-8")
    with flis.open(tmp_path) as session, pytest.raises(RequestError, match="names a visitation_category 'job_raedy'") as refused:
        session.query(CATEGORIES, grain="month")
    assert refused.value.code == "unknown_code_in_definition"
    assert "Did you mean 'job_ready'?" in str(refused.value)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"municipality": "0411"}, "counts no municipality that passes the filters"),
        ({"municipality": "0101", "region": "1083"}, "No municipality passes all the filters"),
    ],
)
def test_filters_that_nothing_can_pass_are_refused(demo_project: Path, where: dict[str, str], words: str) -> None:
    with flis.open(demo_project) as session, pytest.raises(RequestError, match=words) as refused:
        session.query(UNEMPLOYED, by="municipality", grain="month", where=where)
    assert refused.value.code == "empty_filter"


def test_a_range_of_one_month_is_compared_with_the_month_a_year_before(session: Session) -> None:
    change = "employment.gross_unemployed_change_12_months_published"
    request, _ = parse_request(Asked([change], grain="range", start="2024-02", end="2024-02"), session.catalogue)
    assert request.first is not None
    earlier = session.catalogue.calendar.same_label_years_earlier(request.first, 1)
    assert earlier is not None
    assert earlier.label == "2023-02-01/2023-02-28"


def test_a_filter_on_areas_narrows_the_members_expected(demo_project: Path) -> None:
    with flis.open(demo_project) as session:
        (row,) = session.query(UNEMPLOYED, grain="month", from_="2026-07", to="2026-07", where={"municipality": ["0101", "0751"]})
        parts = session.query(
            UNEMPLOYED, by="municipality", grain="month", from_="2026-07", to="2026-07", where={"municipality": ["0101", "0751"]}
        )
        assert (row["members"], row["members_expected"]) == (2, 2)
        assert row["value"] == sum(part["value"] for part in parts)


def test_values_of_a_request_are_bound_never_printed(demo_project: Path) -> None:
    with flis.open(demo_project) as session:
        compiled, _ = session.sql(UNEMPLOYED, by="municipality", grain="month", from_="2026-07", where={"municipality": "0751"})
    assert "0751" not in compiled.sql
    assert "0751" in compiled.parameters.values()


def test_labels_stand_beside_codes(demo_project: Path) -> None:
    with flis.open(demo_project) as session:
        rows = session.query(
            CATEGORIES, by=["municipality", "visitation_category"], grain="month", where={"municipality": "0101"}, labels="en"
        )
        first = rows.to_pylist()[0]
    assert first["area_label"] == "Copenhagen"
    assert first["key_figure_label"].startswith("Cash-benefit recipients by visitation")
    assert first["visitation_category_label"]


def test_the_order_of_arguments_and_the_range_change_no_number(demo_project: Path) -> None:
    with flis.open(demo_project) as session:
        alone = session.query(PER_INHABITANT, by="region", grain="month", from_="2026-07", to="2026-07").to_pylist()
        among = session.query([UNEMPLOYED, PER_INHABITANT], by="region", grain="month", from_="2024", to="2026-07").to_pylist()
    assert alone == [row for row in among if row["key_figure"] == PER_INHABITANT and row["period"] == "2026-07"]


def test_a_refused_grain_ends_with_one_full_stop() -> None:
    catalogue = Project(Path(__file__).resolve().parents[2]).catalogue
    confined = [figure for figure in catalogue.figures.values() if figure.file.only_grains is not None]
    assert confined
    for figure in confined:
        assert figure.file.only_grains is not None
        other = next(grain for grain in catalogue.calendar.grains if grain not in figure.file.only_grains.grains)
        said = refusal(figure.components, figure.file.only_grains, other, catalogue.calendar)
        assert said is not None and not said.endswith(".")
