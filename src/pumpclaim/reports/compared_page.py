"""Two articles held against each other as one HTML page to keep or to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from pumpclaim._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.articles.compare import Compared
    from pumpclaim.articles.compare_text import Change
    from pumpclaim.articles.published import Found


def render(
    here: str,
    there: str,
    compared: Sequence[Compared],
    changes: Sequence[Change] | None,
    problems: Sequence[Found],
) -> bytes:
    """The page as UTF-8 HTML, style within it, nothing loaded; ``here`` and ``there`` are names."""
    environment = Environment(
        loader=PackageLoader("pumpclaim.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("compared.html.j2").render(
        here=here, there=there, compared=compared, changes=changes, problems=problems,
        version=__version__,
    )  # fmt: skip
    return page.encode()
