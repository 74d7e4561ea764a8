"""The models, seeds and tests of a project as dbt knows them: what each reads, and a fingerprint of all that decides its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from flis_semantic.build.partition import Partition, Read, partition_of

LANDING = "landing"
"""Schema of what `flis build` writes before dbt runs; its tables are called `landing.<table>` among the nodes."""

PARTITIONED = "partitioned"
"""The materialisation that rewrites only what is touched."""

_PASSING = ("view", "ephemeral")
"""Materialisations that keep no rows: whoever reads one reads what it reads."""

_SAYS_NOTHING = ("docs", "tags", "group", "packages")
"""Fields of a node's config that decide no row."""


@dataclass(frozen=True)
class Node:
    """One model, seed or test.

    `path` is how dbt selects it and nothing else; `relation` is where its rows stand, '' for a test; `reads` are nodes or
    `landing.<table>`. A source that is no table of the landing zone is read under its own id: nobody knows when it changes.
    """

    id: str
    kind: str
    name: str
    path: str
    materialized: str
    relation: str
    reads: tuple[str, ...]
    fingerprint: str = field(repr=False)
    partition: Partition | None = field(default=None, repr=False)
    tested: str = ""

    @property
    def passes(self) -> bool:
        """Whether it shows the rows of what it reads, and has none of its own."""
        return self.kind == "model" and self.materialized in _PASSING


@dataclass(frozen=True)
class Graph:
    """All nodes by id, each after those that it reads."""

    nodes: Mapping[str, Node]

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """Node or landing table -> the nodes that read it."""
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for read in node.reads:
                found.setdefault(read, []).append(node.id)
        return {name: tuple(ids) for name, ids in found.items()}

    @property
    def unwatched(self) -> set[str]:
        """What is read from elsewhere than the landing zone: nobody knows when it changes."""
        return {
            read for node in self.nodes.values() for read in node.reads if read not in self.nodes and not read.startswith(f"{LANDING}.")
        }

    def below(self, names: Iterable[str]) -> set[str]:
        """Every model that reads one of these, directly or through others; not these themselves unless they do."""
        waiting, found = list(names), set[str]()
        while waiting:
            for reader in self.readers.get(waiting.pop(), ()):
                if reader not in found and self.nodes[reader].kind == "model":
                    found.add(reader)
                    waiting.append(reader)
        return found

    def shown(self, name: str) -> tuple[str, ...]:
        """The node itself, or what it shows when it has no rows of its own."""
        node = self.nodes.get(name)
        if node is None or not node.passes:
            return (name,)
        return tuple(dict.fromkeys(shown for read in node.reads for shown in self.shown(read)))

    def reads(self, node: Node) -> list[Read]:
        """What a node reads, by the names that it has for them."""
        return [self._read(name) for name in node.reads]

    def _read(self, name: str) -> Read:
        node = self.nodes.get(name)
        if node is None:
            return Read(name, (name,))
        return Read(node.name, self.shown(name), node.partition.unit if node.partition is not None else None)

    def views_of(self, ids: Iterable[str]) -> set[str]:
        """The views that these read, directly or through other views."""
        waiting, found = list(ids), set[str]()
        while waiting:
            for read in self.nodes[waiting.pop()].reads:
                if read in self.nodes and self.nodes[read].passes and read not in found:
                    found.add(read)
                    waiting.append(read)
        return found


def read_graph(manifest: Path, grains: Sequence[str]) -> Graph:
    """The graph of a manifest that dbt wrote.

    Raises:
        BuildError: a model's partition cannot be meant.
    """
    said = json.loads(manifest.read_text(encoding="utf-8"))
    macros = _Macros(said["macros"])
    sources = {
        name: f"{LANDING}.{source['identifier']}" if source["schema"] == LANDING else name for name, source in said["sources"].items()
    }
    found = {
        name: _node(node, macros, sources, grains)
        for name, node in said["nodes"].items()
        if node["resource_type"] in ("model", "seed", "snapshot", "test")
    }
    return Graph({node.id: node for node in _in_order(found)})


@dataclass
class _Macros:
    """What a node's macros say, with the macros that they call."""

    said: Mapping[str, Any]
    _digests: dict[str, str] = field(default_factory=dict[str, str])

    def digest(self, names: Iterable[str]) -> str:
        waiting, found = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.said:
                found.add(name)
                waiting += self.said[name]["depends_on"]["macros"]
        return "".join(self._of(name) for name in sorted(found))

    def _of(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = hashlib.sha256(f"{name}\0{self.said[name]['macro_sql']}".encode()).hexdigest()
        return self._digests[name]


def _node(node: Mapping[str, Any], macros: _Macros, sources: Mapping[str, str], grains: Sequence[str]) -> Node:
    depends = node.get("depends_on", {})
    kind, config = node["resource_type"], node["config"]
    partition = None
    if kind == "test" or config["materialized"] == PARTITIONED:
        partition = partition_of(config.get("meta") or {}, grains, node["original_file_path"])
    return Node(
        id=node["unique_id"],
        kind=kind,
        name=node["name"],
        path=".".join(node["fqn"]),
        materialized=config.get("materialized") or "",
        relation=node.get("relation_name") or "",
        reads=tuple(sources.get(name, name) for name in depends.get("nodes", ())),
        fingerprint=_fingerprint(node, macros),
        partition=partition,
        tested=node.get("attached_node") or "",
    )


def _fingerprint(node: Mapping[str, Any], macros: _Macros) -> str:
    """Of its text and settings, and of the macros that it calls; of a seed its rows, whatever their number."""
    config = {name: value for name, value in node["config"].items() if name not in _SAYS_NOTHING}
    digest = hashlib.sha256()
    said = [node.get("raw_code"), node.get("relation_name"), node.get("test_metadata"), node.get("column_name"), config]
    digest.update(json.dumps(said, sort_keys=True, default=str).encode())
    digest.update(macros.digest(node.get("depends_on", {}).get("macros", ())).encode())
    if node["resource_type"] == "seed":
        digest.update((Path(node["root_path"]) / node["original_file_path"]).read_bytes())
    return digest.hexdigest()


def _in_order(nodes: Mapping[str, Node]) -> Iterator[Node]:
    """Each node after those that it reads."""
    done: set[str] = set()

    def visit(node: Node) -> Iterator[Node]:
        if node.id in done:
            return
        done.add(node.id)
        for read in node.reads:
            if read in nodes:
                yield from visit(nodes[read])
        yield node

    for node in nodes.values():
        yield from visit(node)
