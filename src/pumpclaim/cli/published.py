"""``pumpclaim policy import``, ``verify`` and ``diff``: articles as CMS publishes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import FOUND, console, ends_well, write, write_json

Document = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The article as text, PDF, saved page (HTML, MHTML), or the coverage database's download (zip).",
    ),
]
OneOf = Annotated[
    str | None,
    typer.Option("--article", metavar="ID", help="Which article of a download, such as A55239."),
]
DIFF_FORMATS = ("text", "json", "html")


@ends_well
def policy_import(
    file: Document,
    *,
    article: OneOf = None,
    licensed: Annotated[
        bool,
        typer.Option(
            "--cpt-licence",
            help="Keep the descriptors of CPT codes: only for those who hold the AMA's licence.",
        ),
    ] = False,
    report: PageFormat = "text",
) -> int:
    """Read an article as CMS publishes it, and print the facts found with their places."""
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.reports.published import published_document, show_published  # noqa: PLC0415

    found = read_article_file(file, article=article, licensed=licensed)
    if report == "json":
        write_json(published_document(found))
    else:
        show_published(found, console())
    return FOUND if found.problems else 0


@ends_well
def policy_verify(
    file: Document,
    *,
    article: OneOf = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Print the facts that agree as well.")
    ] = False,
    report: PageFormat = "text",
) -> int:
    """Hold our facts of an article, and the passages of its prose, against a document.

    Exit status: 0 all agree and all of the document is understood, 1 something does not or is not, 2 the
    document cannot be used.
    """
    from pumpclaim.articles.compare import disagreeing, verify  # noqa: PLC0415
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.articles.sides import ours_of  # noqa: PLC0415
    from pumpclaim.reports.published import compared_document, show_compared  # noqa: PLC0415

    document = read_article_file(file, article=article)
    compared = verify(ours_of(document), document)
    if report == "json":
        write_json(compared_document(compared, None, document.problems))
    else:
        show_compared(compared, None, document.problems, console(), everything=everything)
    return FOUND if document.problems or disagreeing(compared) else 0


@ends_well
def policy_diff(
    here: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A document (see import), or an article of ours by its id, with a revision behind it "
            "or its newest: A55239, 'A55239 R3'.",
        ),
    ],
    there: Annotated[str, typer.Argument(metavar="B", help="The same, of the other side.")],
    *,
    report: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(DIFF_FORMATS),
            callback=options.one_of(DIFF_FORMATS),
            help="Text for people, JSON, or an HTML page.",
        ),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write to that file.")
    ] = None,
) -> int:
    """Compare two revisions, or two contractors' articles: fees with percent, codes, dates, words."""
    from pumpclaim.articles.compare import (  # noqa: PLC0415
        compare,
        compare_passages,
        disagreeing,
    )
    from pumpclaim.articles.compare_text import compare_text  # noqa: PLC0415
    from pumpclaim.articles.sides import side_of  # noqa: PLC0415
    from pumpclaim.reports import compared_page  # noqa: PLC0415
    from pumpclaim.reports.published import compared_document, show_compared  # noqa: PLC0415
    from pumpclaim.reports.written import json_bytes  # noqa: PLC0415

    one, other = side_of(here), side_of(there)
    compared = compare(one.facts, other.facts)
    changes = None
    if one.document is not None and other.document is not None:
        changes = compare_text(one.document.prose, other.document.prose)
    elif one.article is not None and other.document is not None:
        compared += compare_passages(one.article, other.document)
    problems = [p for side in (one, other) if side.document for p in side.document.problems]
    if report == "html":
        write(compared_page.render(one.name, other.name, compared, changes, problems), output)
    elif report == "json":
        write(json_bytes(compared_document(compared, changes, problems)), output)
    elif output is None:
        show_compared(compared, changes, problems, console(), everything=False)
    else:
        with output.open("w", encoding="utf-8") as file:
            show_compared(compared, changes, problems, console(file), everything=False)
    return FOUND if changes or disagreeing(compared) else 0
