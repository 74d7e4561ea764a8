"""The numbers that their publishers give, asked through the query core of a project built from the published files."""

from __future__ import annotations

from pathlib import Path

import pytest

import flis_semantic as flis
from flis_semantic.errors import RequestError
from flis_semantic.query import Session

PER_INHABITANT = "employment.gross_unemployed_per_inhabitant_published"
SHARE = "employment.gross_unemployed_share_published"


@pytest.fixture(scope="module")
def session(demo_project: Path, published_data: Path) -> Session:
    assert published_data.is_dir()
    return flis.open(demo_project)


def test_population_of_regions_and_country_is_statistics_denmarks(session: Session) -> None:
    """Statistics Denmark, FOLK1A, 2020Q1."""
    regions = session.query("citizens.population", by="region", grain="quarter", from_="2020-Q1", to="2020-Q1")
    assert {row["area"]: row["value"] for row in regions} == {
        "1084": 1_846_023,
        "1085": 837_359,
        "1083": 1_223_105,
        "1082": 1_326_340,
        "1081": 589_936,
    }
    (country,) = session.query("citizens.population", grain="quarter", from_="2020-Q1", to="2020-Q1")
    assert (country["value"], country["members"], country["members_expected"], country["complete"]) == (5_822_763, 99, 99, True)


def test_the_year_is_the_population_of_1_january(session: Session) -> None:
    (year,) = session.query("citizens.population", grain="year", from_="2020", to="2020")
    assert year["value"] == 5_822_763
    (latest,) = session.query("citizens.population", grain="year", from_="2026", to="2026")
    assert (latest["members"], latest["members_expected"], latest["status"]) == (98, 98, "validated")


def test_christiansoe_is_a_row_of_its_own_and_exempt_in_2026(session: Session) -> None:
    rows = session.query("citizens.population", by="municipality", grain="year", from_="2020", to="2026", where={"municipality": "0411"})
    by_year = {row["period"]: row for row in rows}
    assert by_year["2020"]["value"] == 84
    assert (by_year["2026"]["value"], by_year["2026"]["status"], by_year["2026"]["members_expected"]) == (None, "exempt", 0)
    others = session.query(PER_INHABITANT, by="municipality", grain="month", from_="2026-07", to="2026-07")
    assert "0411" not in {row["area"] for row in others}


def test_the_countrys_unemployment_share_is_recomputed_from_the_municipalities(session: Session) -> None:
    """Jobindsats gives 3.0 for the country; the unweighted mean of the municipalities is 2.6, and row 000 is no member."""
    (country,) = session.query(SHARE, grain="month", from_="2026-07", to="2026-07")
    assert round(country["value"], 1) == 3.0
    assert country["value"] == pytest.approx(3.0139, abs=5e-5)
    assert country["members"] == 98
    municipalities = [row["value"] for row in session.query(SHARE, by="municipality", grain="month", from_="2026-07", to="2026-07")]
    assert round(sum(municipalities) / len(municipalities), 1) == 2.6
    (count,) = session.query("employment.gross_unemployed_published", grain="month", from_="2026-07", to="2026-07")
    assert count["value"] == 91_533, "the sum of the municipalities, not the 91,583 of row 000"


def test_a_share_derived_from_a_rounded_rate_says_so(session: Session) -> None:
    result = session.query(SHARE, grain="month", from_="2026-07", to="2026-07")
    assert any("afrundede" in note for note in result.notes)


def test_unemployed_per_inhabitant_waits_for_the_years_population(session: Session) -> None:
    (july,) = session.query(PER_INHABITANT, grain="month", from_="2026-07", to="2026-07")
    assert round(july["value"], 1) == 1.5
    years = session.query(PER_INHABITANT, grain="month", from_="2021", to="2025").to_pylist()
    assert len(years) == 60
    assert {(row["value"], row["reason"]) for row in years} == {(None, "reference_date_not_available")}


def test_persons_of_a_region_are_refused(session: Session) -> None:
    with pytest.raises(RequestError) as refused:
        session.query("employment.cash_benefit_persons_published", by="region", grain="month")
    assert refused.value.code == "not_additive_over_areas"
    rows = session.query("employment.cash_benefit_persons_published", by="municipality", grain="month", from_="2026-07", to="2026-07")
    assert {row["area"]: row["value"] for row in rows}["0101"] == 8_431


def test_a_municipality_without_a_row_is_missing_not_zero(session: Session, published_data: Path) -> None:
    """Jobindsats gives 96 of 98 municipalities a row of long-term unemployed for 2026M07."""
    rows = session.query("employment.long_term_unemployed_published", by="municipality", grain="month", from_="2026-07", to="2026-07")
    without = [row for row in rows if row["status"] == "missing"]
    assert len(without) == 2
    assert {(row["value"], row["reason"]) for row in without} == {(None, "base_period_missing")}
    (country,) = session.query("employment.long_term_unemployed_published", grain="month", from_="2026-07", to="2026-07")
    assert (country["value"], country["members"], country["reason"], country["complete"]) == (17_196, 96, "member_missing", False)


def test_a_blank_is_suppressed_not_zero(session: Session) -> None:
    """Jobindsats gives 1,765 full-time persons of unknown category for the country, 15 of them in municipalities it leaves blank."""
    figure = "employment.cash_benefit_by_visitation_full_time_persons_published"
    (country,) = session.query(figure, by="visitation_category", grain="month", where={"visitation_category": "not_stated"})
    assert (country["value"], country["members"]) == (1_750, 85)
    rows = session.query(figure, by=["municipality", "visitation_category"], grain="month", where={"visitation_category": "not_stated"})
    suppressed = [row for row in rows if row["status"] == "suppressed"]
    assert len(suppressed) == 13
    assert {(row["value"], row["reason"]) for row in suppressed} == {(None, "suppressed_at_source")}


def test_the_series_of_2025_breaks_on_1_july(session: Session) -> None:
    figure = "employment.cash_benefit_full_time_persons_published"
    years = {row["period"]: row["series_break"] for row in session.query(figure, grain="year", from_="2024", to="2026")}
    assert {period: value.isoformat() if value else None for period, value in years.items()} == {
        "2024": None,
        "2025": "2025-07-01",
        "2026": None,
    }


def test_the_answer_is_arrow_and_pandas(session: Session) -> None:
    result = session.query(["citizens.population"], by=["region"], grain="year", from_="2019", to="2020")
    assert result.rows.num_rows == 10
    assert result.rows.column_names[:3] == ["key_figure", "area_level", "area"]
    assert list(result.to_pandas()["value"].astype(int)) == [int(row["value"]) for row in result]
    assert "fct_population" in result.sql
