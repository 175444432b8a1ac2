"""docs/layouts.md: the analysts' layouts that are read, and which column is which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.readers.layouts import other_kinds, shipped_layouts

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """# Analysts' layouts

`check` reads these tables as they are, as CSV (comma, pipe, tab), Parquet or .gz, alone, as a stream or on
Spark. They are recognised by their columns, whatever the case of the names; columns that are not named here
are not read. What a layout does not carry is unknown, and it is said once for each file which rules need it.
Claims that were taken back count as voids. Other files of the same houses are refused by name: """


def layouts_page() -> str:
    """The page, from the facts of the layouts."""
    return HEAD + ", ".join(other_kinds()) + ".\n\n" + "\n".join(_layouts())


def _layouts() -> Iterator[str]:
    for told in shipped_layouts():
        yield f"## {told['name']}\n"
        yield f"Recognised by {', '.join(f'`{name}`' for name in told['told_by'])}.\n"
        yield "| column here | column there, the first that has something |"
        yield "|---|---|"
        for flat, names in told["columns"].items():
            yield f"| `{flat}` | {', '.join(f'`{name}`' for name in names)} |"
        for flat, names in told.get("joined", {}).items():
            yield f"| `{flat}` | {' and '.join(f'`{name}`' for name in names)}, one behind the other |"
        for flat, one in told["several"].items():
            yield f"| `{flat}` | `{one['name']}1` to `{one['name']}{one['most']}` |"
        for flat, text in told.get("constants", {}).items():
            yield f"| `{flat}` | always {text} |"
        for name, values in told.get("voids", {}).items():
            yield f"| `frequency_code` | 8 (void) where `{name}` is {' or '.join(values)} |"
        yield ""
