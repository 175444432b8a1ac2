"""``pumpclaim policy adopt``, ``review`` and ``impact``: an article taken in, and what it would change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.published import Document, OneOf
from pumpclaim.cli.saying import UNUSABLE, complain, console, ends_well, write
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.policy import PolicySet

FORMATS = ("text", "json", "csv")


@ends_well
def policy_adopt(
    file: Document,
    *,
    into: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The folder of your policies, in which a new folder is made; name it in PUMPCLAIM_POLICY "
            "and every command takes it into account.",
        ),
    ],
    start: Annotated[
        date | None,
        typer.Option(
            "--from",
            metavar="DATE",
            parser=options.day,
            help="Day from which what differs holds; the document's revision date if not given.",
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder of the article that it continues; ours of the same id if not given.",
        ),
    ] = None,
    article: OneOf = None,
) -> int:
    """Take an article in as a new dated folder of facts, beside the old, never over it."""
    from pumpclaim.articles.adopt import REVIEW, adopt  # noqa: PLC0415
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.policy import HERE  # noqa: PLC0415

    document = read_article_file(file, article=article)
    own = HERE / document.id.lower()
    ground = base or (own if own.is_dir() else HERE / "a55239")
    adopted = adopt(document, ground, into, start)
    lines = [f"the facts are in {adopted.folder}"]
    if adopted.unreviewed:
        lines += [
            "",
            f"Not reviewed: the text behind {', '.join(adopted.unreviewed)} is not the one that our rules "
            "were made for.",
            f"Read {REVIEW} there, and say for each statement which passage it rests on now:",
            f"    pumpclaim policy review {adopted.folder} {adopted.unreviewed[0]} --passage 1",
        ]
    if adopted.new_passages:
        lines += [
            "",
            f"Passages that no statement rests on: {len(adopted.new_passages)} ({REVIEW})",
        ]
    lines += [f"left out: {one}" for one in adopted.left_out]
    write("\n".join([*lines, ""]).encode())
    return 0


@ends_well
def policy_review(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that adopt made.")],
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="A statement's id, such as C12.")
    ],
    *,
    passage: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The passage of review.toml on which it rests now; none where the text dropped it.",
        ),
    ] = None,
) -> int:
    """Say that a person has read what became of a statement, and on which passage it rests now."""
    from pumpclaim.articles.adopt import review  # noqa: PLC0415

    article = review(folder, statement.upper(), passage)
    left = ", ".join(sorted(article.unreviewed)) or "none"
    write(f"{statement.upper()} is reviewed; still to be read: {left}\n".encode())
    return 0


@ends_well
def policy_impact(
    claims: Annotated[list[str], typer.Argument(metavar="CLAIMS...", help="Claims, as for check.")],
    *,
    after: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FILE|DIR|R2",
            help="The other side: a document (a draft, a what-if), a folder that adopt made, or a revision "
            "of ours.",
        ),
    ],
    before: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE|DIR|R2",
            help="The one side; our facts as they stand if not given.",
        ),
    ] = None,
    report: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            callback=options.one_of(FORMATS),
            help="Text for people; JSON; CSV, one row a claim that changes.",
        ),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write to that file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.svg|png", help="Draw dollars by provider under both into that file."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Rows of each table of the text.")
    ] = 30,
) -> int:
    """Judge past claims under two policies: which determinations and dollars change, by rule and provider."""
    from pumpclaim.articles.impact import impact  # noqa: PLC0415
    from pumpclaim.readers import read  # noqa: PLC0415
    from pumpclaim.reports import impact as reports  # noqa: PLC0415

    if plot is not None and plot.suffix.lower() not in (".svg", ".png"):
        raise InputError("a picture is .svg or .png", source=str(plot))
    one, other = _policy(before), _policy(after)
    claim_set = read(*claims)
    found = impact(claim_set, one, other)
    if plot is not None:
        from pumpclaim.pictures import impact as drawn  # noqa: PLC0415
        from pumpclaim.pictures import render  # noqa: PLC0415

        write(render(drawn(found), plot.suffix.lower()[1:]), plot)
        complain(f"the picture is {plot}")
    if report == "json":
        write(reports.render_json(found), output)
    elif report == "csv":
        write(reports.render_csv(found), output)
    elif output is None:
        reports.show(found, console(), limit)
    else:
        with output.open("w", encoding="utf-8") as file:
            reports.show(found, console(file), limit)
    for refusal in claim_set.refused:
        complain(refusal.sentence)
    return UNUSABLE if claim_set.refused else 0


def _policy(side: str | None) -> PolicySet:
    """The policy of one side: ours, ours as of a revision, or ours with a document's or folder's facts."""
    import tempfile  # noqa: PLC0415

    from pumpclaim.articles.adopt import adopt  # noqa: PLC0415
    from pumpclaim.articles.impact import as_of_revision, with_article  # noqa: PLC0415
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.policy import HERE, article_folders, load, read_article  # noqa: PLC0415

    policy = load()
    if side is None:
        return policy
    path = Path(side)
    if path.is_dir():
        for folder in article_folders(path):
            policy = with_article(policy, read_article(folder))
        return policy
    if not path.exists():
        return as_of_revision(policy, side.upper())
    document = read_article_file(path)
    own = HERE / document.id.lower()
    with tempfile.TemporaryDirectory() as scratch:
        adopted = adopt(document, own if own.is_dir() else HERE / "a55239", Path(scratch))
    return with_article(policy, adopted.article)
