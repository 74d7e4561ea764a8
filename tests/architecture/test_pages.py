"""The pages are true: links lead somewhere, every trap has its test, the glossary knows every word of an id."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, documents, name

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
WORKPLACE = re.compile(r"(?<![\w.])/(?:work|tmp|root|home)/|\.\./shared|\bissue \d|\bsession\b", re.IGNORECASE)
TRAP = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
WAITS = re.compile(r"waits for (?:events|spells|money|registers|cuts|comparisons|disclosure|versions|person-level marts)\b")
NUMBERED_TRAPS = 16 + 27 + 24
# Words of ids that need no Danish term.
PLAIN = set("per of in and or by after before over than year years month months day days week weeks hours".split())


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", documents(), ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"(https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name(page)} links to {target}"
        assert not anchor or anchor in anchors(there), f"{name(page)} links to {target}"


@pytest.mark.parametrize("page", documents(), ids=name)
def test_no_page_names_a_place_of_one_workplace(page: Path) -> None:
    found = [line for line in page.read_text(encoding="utf-8").splitlines() if WORKPLACE.search(line)]
    assert not found


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=name)
def test_every_page_is_reached_from_the_readme(page: Path) -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here in seen or here.suffix != ".md":
            continue
        seen.add(here)
        targets = [target.partition("#")[0] for target in LINK.findall(here.read_text(encoding="utf-8")) if "://" not in target]
        waiting += [(here.parent / target).resolve() for target in targets if target]
    assert page in seen


def traps() -> list[tuple[str, ...]]:
    """Rows of the table of traps: number, trap, naive answer, tests."""
    return TRAP.findall((ROOT / "docs/traps.md").read_text(encoding="utf-8"))


def test_the_table_of_traps_is_whole() -> None:
    assert [int(number) for number, *_ in traps()] == list(range(1, NUMBERED_TRAPS + 1))


@pytest.mark.parametrize("trap", traps(), ids=lambda trap: trap[0])
def test_every_trap_has_its_test_or_says_what_it_waits_for(trap: tuple[str, ...]) -> None:
    tests = REFERENCE.findall(trap[3])
    assert tests or WAITS.search(trap[3]), trap[3]
    for file, function in tests:
        path = ROOT / file
        assert path.is_file(), f"{file} does not exist"
        assert re.search(rf"^(?:    )?def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE), f"{file} has no {function}"


def glossary() -> list[tuple[str, str]]:
    """Danish term and English id word of every row."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    return [(danish, ids) for danish, ids in re.findall(r"^\| ([^|]+) \| ([^|]*`[^|]+) \|", text, re.MULTILINE)]


def test_the_glossary_has_sixty_terms_and_each_once() -> None:
    terms = [danish for danish, _ in glossary()]
    assert len(terms) >= 60
    assert not {term for term in terms if terms.count(term) > 1}


def test_the_glossary_knows_every_word_of_a_key_figures_id() -> None:
    known = {word for _, ids in glossary() for identifier in re.findall(r"`([a-z0-9_]+)`", ids) for word in identifier.split("_")}
    figures = [path for path in (ROOT / "catalogue").glob("*/*.yml") if not path.name.startswith("_")]
    used = {(word, path.stem) for path in figures for word in path.stem.split("_") if not word.isdigit()}
    used |= {(word, path.parent.name) for path in figures for word in path.parent.name.split("_")}
    assert not sorted((word, figure) for word, figure in used if word not in known | PLAIN)


def test_every_decision_has_a_number_a_state_and_its_reasons() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert not [part for part in ("# ", "Status: ", "## Context", "## Decision", "## Consequences") if part not in text], name(path)
