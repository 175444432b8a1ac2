"""YAML or JSON text -> nodes that remember their line; nothing is interpreted, nothing expands.

PyYAML's event parser reads both (JSON is a subset of YAML once its tabs and two escapes are set
right). Building the tree from events keeps every line number, sees a key that stands twice, and
bounds depth and size, so that no alias can explode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 24
"""Levels that a chart file may be nested."""
MOST_NODES = 500_000
"""Nodes of one file, aliases counted with all they stand for."""


@dataclass(frozen=True, eq=False)
class Node:
    """A scalar (``text``), a list (``items``) or a mapping (``pairs``), and the line where it begins.

    ``size`` is the number of nodes in it. A scalar's ``plain`` says that it stands without quotes.
    """

    line: int
    text: str | None = None
    items: tuple[Node, ...] | None = None
    pairs: tuple[tuple[str, Node], ...] | None = None
    plain: bool = True
    size: int = 1

    @property
    def is_blank(self) -> bool:
        """Nothing is there: null, or an empty text."""
        return self.text is not None and (
            not self.text.strip() or (self.plain and self.text in ("null", "Null", "NULL", "~"))
        )

    def get(self, key: str) -> Node | None:
        """The value of a key of a mapping, or null."""
        return next((value for name, value in self.pairs or () if name == key), None)


def read_nodes(data: bytes, source: str) -> Iterator[Node]:
    """The documents of a file, one after the other; raises InputError with the line of a fault."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            "the text is not UTF-8; save it as UTF-8", source=source, line=line
        ) from None
    if text.lstrip()[:1] in ("{", "["):
        text = _json_as_yaml(text)
    try:
        yield from _documents(yaml.parse(text, Loader=Loader), source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = " ".join(
            str(getattr(error, "problem", None) or "it holds a forbidden character").split()
        )
        raise InputError(
            f"this is neither YAML nor JSON: {said}",
            source=source,
            line=mark.line + 1 if mark else None,
        ) from None


def _json_as_yaml(text: str) -> str:
    text = text.replace("\t", " ")
    text = re.sub(r"\\(\\|/)", lambda found: "/" if found[1] == "/" else "\\\\", text)
    return re.sub(
        r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})",
        lambda found: bytes.fromhex(found[1] + found[2]).decode("utf-16-be", errors="replace"),
        text,
    )


class _Open:
    """A list or mapping that is being read."""

    def __init__(self, line: int, anchor: str | None, *, mapping: bool) -> None:
        self.line, self.anchor, self.mapping = line, anchor, mapping
        self.children: list[Node] = []


class _Builder:
    """The nodes of one document, built from its events."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.anchors: dict[str, Node] = {}
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.count = 0

    def add(self, event: yaml.Event) -> None:
        """Take the next event; raises InputError for what is too deep, too large or twice there."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
            self.stack.append(_Open(line, event.anchor, mapping=mapping))
            if len(self.stack) > DEEPEST:
                raise self._error(
                    f"it is nested more than {DEEPEST} levels deep; a chart has five", line
                )
        elif isinstance(event, yaml.ScalarEvent):
            self._put(Node(line, text=event.value, plain=bool(event.implicit[0])), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self._error(f"*{event.anchor} stands for nothing that comes before it", line)
            alias = self.anchors[event.anchor]
            self.count += alias.size - 1
            self._put(alias, None)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self.stack.pop()
            self._put(_closed(done, self.source), done.anchor)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        self.count += 1
        if max(self.count, node.size) > MOST_NODES:
            raise self._error(
                f"it holds more than {MOST_NODES:,} entries, its aliases written out; split it",
                node.line,
            )
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.root = node

    def _error(self, what: str, line: int) -> InputError:
        return InputError(what, source=self.source, line=line)


def _documents(events: Iterator[yaml.Event], source: str) -> Iterator[Node]:
    builder = _Builder(source)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            builder = _Builder(source)
        elif isinstance(event, yaml.DocumentEndEvent):
            if builder.root is not None:
                yield builder.root
        else:
            builder.add(event)


def _closed(done: _Open, source: str) -> Node:
    children = tuple(done.children)
    size = 1 + sum(child.size for child in children)
    if not done.mapping:
        return Node(done.line, items=children, size=size)
    keys, values = children[::2], children[1::2]
    pairs: dict[str, Node] = {}
    for key, value in zip(keys, values, strict=True):
        if key.text is None:
            raise InputError(
                "a key must be a word, not a list or a mapping", source=source, line=key.line
            )
        if key.text in pairs:
            raise InputError(
                f"'{key.text}' stands twice, on line {pairs[key.text].line} before; keep one of them",
                source=source, line=key.line,
            )  # fmt: skip
        pairs[key.text] = value
    return Node(done.line, pairs=tuple(pairs.items()), size=size)
