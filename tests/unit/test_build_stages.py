"""Models that do not fit into the memory beside another are run again alone; whatever else fails is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from flis_semantic.build.dbt_command import Dbt, NodeResult
from flis_semantic.build.graph import Graph, Node
from flis_semantic.build.stages import run_everything

SHORT = "Runtime Error in model wide (models/wide.sql) Out of Memory Error: could not allocate block of size 256.0 KiB"


class FakeDbt:
    """Answers each order with the statuses that it was given for it."""

    def __init__(self, *runs: dict[str, tuple[str, str]]) -> None:
        self.runs = list(runs)
        self.orders: list[list[str]] = []

    def run(self, arguments: Sequence[str]) -> tuple[bool, list[NodeResult]]:
        self.orders.append(list(arguments))
        results = [NodeResult(name, "model", name, status, said, 0.1, None, "") for name, (status, said) in self.runs.pop(0).items()]
        return all(result.status == "success" for result in results), results


def graph(*names: str) -> Graph:
    return Graph({name: Node(name, "model", name, f"flis.{name}", "table", f'"wh"."main"."{name}"', (), "") for name in names})


def statuses(dbt: FakeDbt) -> tuple[bool, dict[str, str]]:
    passed, results = run_everything(cast(Dbt, dbt), graph("small", "wide", "below"), [])
    return passed, {result.unique_id: result.status for result in results}


def test_what_lacked_memory_is_run_again_one_at_a_time_with_what_waited_for_it() -> None:
    dbt = FakeDbt(
        {"small": ("success", "OK"), "wide": ("error", SHORT), "below": ("skipped", "")},
        {"wide": ("success", "OK"), "below": ("success", "OK")},
    )
    assert statuses(dbt) == (True, {"small": "success", "wide": "success", "below": "success"})
    alone = ["--threads", "1", "--indirect-selection", "empty", "--select", "fqn:flis.below", "fqn:flis.wide"]
    assert dbt.orders == [[], alone]


def test_what_does_not_fit_alone_either_is_a_failure() -> None:
    dbt = FakeDbt({"small": ("success", "OK"), "wide": ("error", SHORT)}, {"wide": ("error", SHORT)})
    assert statuses(dbt) == (False, {"small": "success", "wide": "error"})
    assert len(dbt.orders) == 2


@pytest.mark.parametrize("said", ["Binder Error: no such column", ""])
def test_where_something_else_failed_nothing_is_run_again(said: str) -> None:
    dbt = FakeDbt({"small": ("error", said), "wide": ("error", SHORT)})
    assert statuses(dbt) == (False, {"small": "error", "wide": "error"})
    assert len(dbt.orders) == 1
