"""What the catalogue's files may not say together: each mistake planted in a copy of the catalogue, found with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flis_semantic.catalogue.load import load_catalogue
from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.contracts.load import load_contracts
from flis_semantic.errors import DefinitionErrors
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
GROWTH = "citizens/population_growth_12_months.yml"
POPULATION = "citizens/population.yml"
CITIZENS = "citizens/_domain.yml"
EMPLOYMENT = "employment/_domain.yml"
SHARE = "employment/gross_unemployed_share_published.yml"
PER_INHABITANT = "employment/gross_unemployed_per_inhabitant_published.yml"
CATEGORIES = "employment/cash_benefit_by_visitation_full_time_persons_published.yml"
PERSONS = "employment/cash_benefit_persons_published.yml"

Load = Callable[[], Catalogue]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    return tmp_path / "catalogue"


@pytest.fixture
def load(folder: Path) -> Load:
    def loaded() -> Catalogue:
        vocabulary = load_vocabulary(folder)
        calendar = Calendar(vocabulary)
        return load_catalogue(folder, vocabulary, calendar, load_contracts(ROOT / "contracts", vocabulary, calendar))

    return loaded


def errors_of(load: Load) -> list[str]:
    with pytest.raises(DefinitionErrors) as raised:
        load()
    return [str(error) for error in raised.value.errors]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            POPULATION,
            "{measure: population.population, vintage",
            "{measure: populaton.population, vintage",
            "There is no fact 'populaton'.",
        ),
        (POPULATION, "population.population,", "population.inhabitants,", "There is no measure of citizens.population 'inhabitants'."),
        (POPULATION, ", vintage: frozen", "", "the component names none"),
        (POPULATION, "vintage: frozen", "vintage: frosen", "Did you mean 'frozen'?"),
        (POPULATION, "vintage: frozen}", "vintage: frozen, role: paying}", "There is no role of citizens.population 'paying'."),
        (POPULATION, "vintage: frozen}", "vintage: frozen, filter: {sex: [f]}}", "There is no dimension of citizens.population 'sex'."),
        (POPULATION, "vintage: frozen}", "vintage: frozen, broadcast: [place]}", "There is no dimension 'place'."),
        (
            "employment/_domain.yml",
            "delivered_as: acting",
            "delivered_as: actng",
            "There is no role in employment 'actng'. Did you mean 'acting'?",
        ),
        (POPULATION, "unit: persons", "unit: person", "Did you mean 'persons'?"),
        (POPULATION, "country_members: 99", "country_members: 97", "below the 98 members"),
        (POPULATION, "title: {da: Folketal, en: Population}", "title: {da: Folketal}", "title has no text in 'en'."),
        (POPULATION, "en: Population}", "en: Population, sv: Folkmängd}", "There is no language 'sv'."),
        (POPULATION, "direction: neutral", "direction: neutral\npublish_grains: [month]", "cannot be published by month"),
        (POPULATION, "direction: neutral", "direction: neutral\npublish_grains: [mont]", "Did you mean 'month'?"),
        (
            POPULATION,
            "direction: neutral",
            "direction: neutral\npublished_cuts: [[visitation_category]]",
            "cannot be cut by 'visitation_category'",
        ),
        (
            GROWTH,
            "title: {da: Befolkningsudvikling over 12 måneder, en",
            "title: {da: Folketal, en",
            "is also the title of citizens.population",
        ),
        (GROWTH, "offset: {years: 1}}]", "offset: {years: 1, periods: 2}}]", "an offset is in either years or periods"),
        (GROWTH, "  plus: [", "  plusses: [", "plusses is not a field that exists here."),
        (
            SHARE,
            "weighted_by: labour_market.implied_workforce",
            "weighted_by: labour_market.workforce",
            "Did you mean 'implied_workforce'?",
        ),
        (
            SHARE,
            "unit: published",
            "denominator: {measure: labour_market.gross_unemployed}\nunit: published",
            "weighted_by is for published shares",
        ),
        (PER_INHABITANT, "{first_of: year}", "{first_of: fiscal_year}", "There is no calendar 'fiscal_year'."),
        (PER_INHABITANT, "{first_of: year}", '{first_of: year, month_day: "07-01"}', "a reference date is one of"),
        (
            PER_INHABITANT,
            "labour_market.gross_unemployed}",
            "labour_market.gross_unemployed, reference_date: end_of_period}",
            "has no reference date",
        ),
        (
            PERSONS,
            "cash_benefit_persons}",
            "cash_benefit_persons, window: {rolling: {months: 12}}}",
            "cannot be put together over a window",
        ),
        (CATEGORIES, "full_time_persons}", "full_time_persons, broadcast: [visitation_category]}", "cannot be broadcast over it"),
        (CITIZENS, "over_time: first", "over_time: sum", "over_time sum has no meaning for a snapshot fact."),
        (CITIZENS, "        over_time: first\n", "", "over_time is missing"),
        (CITIZENS, "expression: population_count", "expression: sum(population_count)", "without a query, aggregate or window"),
        (CITIZENS, "expression: population_count", "expression: population_count +", "is not a SQL expression"),
        (CITIZENS, "expression: population_count", "expression: p.population_count", "qualifies the column"),
        (CITIZENS, "expression: population_count", "expression: drop table p", "must be an expression over one row"),
        (CITIZENS, "expression: population_count", "expression: population_count AS n", "must be an expression over one row"),
        (CITIZENS, "expression: population_count", 'expression: "*"', "must be an expression over one row"),
        (CITIZENS, "expression: population_count", "expression: $p", "must be an expression over one row"),
        (CITIZENS, "expression: population_count", "expression: unnest([1, 2])", "must be an expression over one row"),
        (CITIZENS, "expression: population_count", 'expression: "{adults}"', "must be an expression over one row"),
        (CITIZENS, "expression: population_count", "expression: population_count * random()", "another value every time it is read"),
        (CITIZENS, "expression: population_count", "expression: year(current_date)", "another value every time it is read"),
        (PERSONS, "cash_benefit_persons}", "cash_benefit_persons, vintage: frozen}", "has no vintages. Leave it out."),
        (PERSONS, "cash_benefit_persons}", "cash_benefit_persons, version: frozen}", "has no versions. Leave it out."),
        (
            "employment/gross_unemployed_published.yml",
            "gross_unemployed}",
            "gross_unemployed, window: {rolling: {days: 30}}}",
            "The figure has no value at any grain",
        ),
        (CITIZENS, "frozen: [bor_folketal]", "frozen: [bor_folketl]", "Did you mean 'bor_folketal'?"),
        (CITIZENS, "default_role: residence", "default_role: home", "is not one of the roles"),
        (CITIZENS, "kind: snapshot", "kind: stock", "expected 'event', 'snapshot', 'spell' or 'published'"),
        (
            EMPLOYMENT,
            "series: [unemployment.total]",
            "series: [unemployment.totals]",
            "There is no series of bes_jobindsats 'unemployment.totals'.",
        ),
        (EMPLOYMENT, "        series: [unemployment.total]\n", "", "names no series, but bes_jobindsats has several"),
        (EMPLOYMENT, "      visitation_category: {}", "      visitation: {}", "Did you mean 'visitation_category'?"),
        (EMPLOYMENT, "publish_grains: [month,", "publish_grains: [moon,", "There is no grain 'moon'."),
    ],
)
def test_a_mistake_is_found_with_its_place(folder: Path, load: Load, name: str, old: str, new: str, words: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} has changed: plant the mistake elsewhere"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = [error for error in errors_of(load) if words in error]
    assert found, errors_of(load)
    place = found[0].split(": ")[0]
    assert place.startswith(f"catalogue/{name}:") and place.rsplit(":", 1)[1].isdigit()


def test_a_domain_without_its_file_is_named(folder: Path, load: Load) -> None:
    (folder / "schools").mkdir()
    shutil.copyfile(folder / POPULATION, folder / "schools" / "pupils.yml")
    assert any("The domain 'schools' has no _domain.yml." in error for error in errors_of(load))


def test_files_that_would_be_overlooked_are_named(folder: Path, load: Load) -> None:
    (folder / POPULATION).rename(folder / "citizens" / "population.yaml")
    (folder / GROWTH).rename(folder / "citizens" / "Population-Growth.yml")
    errors = errors_of(load)
    assert any("would be overlooked" in error for error in errors)
    assert any("'Population-Growth' is no id." in error for error in errors)


def test_definitions_in_the_wrong_place_are_named(folder: Path, load: Load) -> None:
    for place in ("stray.yml", "citizens/more/deep.yml", "Old People/population.yml"):
        (folder / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / POPULATION, folder / place)
    errors = errors_of(load)
    assert [error for error in errors if "would be overlooked" in error] == [
        "catalogue/citizens/more/deep.yml: The file is not in a domain's folder and would be overlooked. Move it to <domain>/.",
        "catalogue/stray.yml: The file is not in a domain's folder and would be overlooked. Move it to <domain>/.",
    ]
    assert any("'Old People' is no id." in error for error in errors)


def test_a_figure_cannot_have_the_name_of_a_part_of_another(folder: Path, load: Load) -> None:
    shutil.copyfile(folder / POPULATION, folder / "citizens" / "population__status.yml")
    assert any("'population__status' is no id." in error for error in errors_of(load))


def test_an_unknown_cut_comes_with_the_other_errors(folder: Path, load: Load) -> None:
    path = folder / POPULATION
    text = path.read_text(encoding="utf-8").replace("unit: persons", "unit: persns\npublished_cuts: [[dranstt]]")
    path.write_text(text, encoding="utf-8")
    errors = " ".join(errors_of(load))
    assert "Did you mean 'persons'?" in errors
    assert "Did you mean 'dranst'?" in errors


def test_a_series_has_to_be_one_of_every_source(folder: Path, load: Load) -> None:
    from flis_semantic.contracts.load import load_contracts

    vocabulary = load_vocabulary(folder)
    calendar = Calendar(vocabulary)
    contracts = load_contracts(ROOT / "contracts", vocabulary, calendar)
    whole = contracts["bes_jobindsats"]
    starts = {name: label for name, label in whole.series_starts.items() if name != "unemployment.total"}
    contracts = {**contracts, "bes_other": whole.model_copy(update={"table": "bes_other", "series_starts": starts})}
    path = folder / EMPLOYMENT
    path.write_text(path.read_text(encoding="utf-8").replace("[bes_jobindsats]", "[bes_jobindsats, bes_other]", 1), encoding="utf-8")
    with pytest.raises(DefinitionErrors) as raised:
        load_catalogue(folder, vocabulary, calendar, contracts)
    assert "There is no series of bes_other 'unemployment.total'." in str(raised.value)


def test_errors_of_all_files_come_together_in_order(folder: Path, load: Load) -> None:
    for name in (POPULATION, GROWTH, PERSONS):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace("direction: ", "direction: very "), encoding="utf-8")
    assert [error.split(":")[0] for error in errors_of(load)] == [f"catalogue/{name}" for name in (POPULATION, GROWTH, PERSONS)]


def test_derived_grains_follow_from_the_components(load: Load) -> None:
    figures = load().figures
    grains = {name: figure.grains for name, figure in figures.items()}
    assert grains["citizens.population"] == ("quarter", "year", "school_year")
    assert grains["employment.cash_benefit_persons_published"] == ("month",)
    assert grains["employment.gross_unemployed_per_inhabitant_published"] == ("month", "quarter", "year", "school_year")


def test_only_grains_confine_a_figure_and_give_the_reason(folder: Path, load: Load) -> None:
    from flis_semantic.catalogue.grains import refusal

    path = folder / "employment/gross_unemployed_published.yml"
    only = "only_grains: {grains: [year], reason: {da: Kun helår., en: Whole years only.}}\npublisher"
    path.write_text(path.read_text(encoding="utf-8").replace("publisher", only), encoding="utf-8")
    figure = load().figures["employment.gross_unemployed_published"]
    assert (figure.grains, figure.publish_grains) == (("year",), ("year",))
    assert "Whole years only" in (refusal(figure.components, figure.file.only_grains, "month", load().calendar) or "")


def test_an_unreadable_domain_file_hides_no_error_and_makes_none(folder: Path, load: Load) -> None:
    domain = folder / CITIZENS
    domain.write_text(domain.read_text(encoding="utf-8").replace("over_time: first", "over_time: frist", 1), encoding="utf-8")
    figure = folder / POPULATION
    text = figure.read_text(encoding="utf-8").replace("unit: persons", "unit: persns").replace("direction: neutral", "direction: upp")
    figure.write_text(text, encoding="utf-8")
    errors = errors_of(load)
    assert sorted(error.split(":")[0] for error in errors) == [
        f"catalogue/{CITIZENS}",
        f"catalogue/{POPULATION}",
        f"catalogue/{POPULATION}",
    ]


def test_misspelt_names_come_with_the_other_errors_of_a_file(folder: Path, load: Load) -> None:
    figure = folder / POPULATION
    text = figure.read_text(encoding="utf-8").replace("population.population, vintage: frozen", "population.populatoin, vintage: frosen")
    figure.write_text(text.replace("direction: neutral", "direction: upp"), encoding="utf-8")
    other = folder / GROWTH
    text = (
        other.read_text(encoding="utf-8").replace("vintage: frozen", "vintage: frosen", 1).replace("direction: neutral", "direction: upp")
    )
    other.write_text(text, encoding="utf-8")
    errors = " ".join(errors_of(load))
    assert "Did you mean 'population'?" in errors
    assert "Did you mean 'frozen'?" in errors
    assert errors.count("expected 'up', 'down' or 'neutral'") == 2
