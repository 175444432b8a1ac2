"""``pumpclaim policy import``, ``verify`` and ``diff``: articles as CMS publishes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import FOUND, console, ends_well, write, write_json
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.articles.compare import Fact
    from pumpclaim.articles.published import Published
    from pumpclaim.policy import Article as OurArticle

Document = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The article as text, PDF, saved HTML page, or the coverage database's download (zip).",
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
    """Hold our facts of an article against a document: agrees, differs, missing here, missing there."""
    from pumpclaim.articles.compare import (  # noqa: PLC0415
        compare,
        facts_of_article,
        facts_of_document,
    )
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports.published import compared_document, show_compared  # noqa: PLC0415

    document = read_article_file(file, article=article)
    ours = {one.id: one for one in load().articles}
    if document.id not in ours:
        raise InputError(
            f"we hold no facts of article {document.id}, only of {', '.join(ours)}; "
            "take it in with pumpclaim policy adopt",
            source=str(file),
        )
    compared = compare(facts_of_article(ours[document.id]), facts_of_document(document))
    if report == "json":
        write_json(compared_document(compared, None, document.problems))
    else:
        show_compared(compared, None, document.problems, console(), everything=everything)
    return FOUND if any(one.state != "agrees" for one in compared) else 0


@ends_well
def policy_diff(
    here: Annotated[
        str,
        typer.Argument(
            metavar="A", help="A document (see import), or the id of an article of ours."
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
    from pumpclaim.articles.compare import compare, compare_text  # noqa: PLC0415
    from pumpclaim.reports import compared_page  # noqa: PLC0415
    from pumpclaim.reports.published import compared_document, show_compared  # noqa: PLC0415
    from pumpclaim.reports.written import json_bytes  # noqa: PLC0415

    (facts, document), (other_facts, other_document) = _side(here), _side(there)
    compared = compare(facts, other_facts)
    changes = None
    if document is not None and other_document is not None:
        changes = compare_text(document.paragraphs, other_document.paragraphs)
    problems = [one for side in (document, other_document) if side for one in side.problems]
    if report == "html":
        write(compared_page.render(here, there, compared, changes, problems), output)
    elif report == "json":
        write(json_bytes(compared_document(compared, changes, problems)), output)
    elif output is None:
        show_compared(compared, changes, problems, console(), everything=False)
    else:
        with output.open("w", encoding="utf-8") as file:
            show_compared(compared, changes, problems, console(file), everything=False)
    return FOUND if changes or any(one.state != "agrees" for one in compared) else 0


def _side(name: str) -> tuple[list[Fact], Published | None]:
    """The facts of one side of a comparison, and its document where it is one."""
    from pumpclaim.articles.compare import facts_of_article, facts_of_document  # noqa: PLC0415
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415

    ours: dict[str, OurArticle] = {one.id: one for one in load().articles}
    if name in ours and not Path(name).exists():
        return facts_of_article(ours[name]), None
    document = read_article_file(Path(name))
    return facts_of_document(document), document
