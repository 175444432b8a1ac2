"""``pumpclaim policy adopt``, ``review`` and ``impact``: an article taken in, and what it would change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.published import Document, OneOf
from pumpclaim.cli.saying import UNUSABLE, complain, console, ends_well, write
from pumpclaim.errors import InputError

FORMATS = ("text", "json", "csv")
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE|all",
        help="Leave out what may be a fee at that place of the document and is not understood, such as "
        "'line 43', or all of it. May be repeated.",
    ),
]


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
            help="The folder of the revision that it continues; if not given, the last before it that is "
            "held in DIR, in PUMPCLAIM_POLICY or by us.",
        ),
    ] = None,
    article: OneOf = None,
    leave_out: LeaveOut = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Take in a draft (DA...) as if it were the article.")
    ] = False,
) -> int:
    """Take one revision in as a new dated folder of facts, beside the old, never over it."""
    from pumpclaim.articles.adopt import adopt  # noqa: PLC0415
    from pumpclaim.articles.reading import read_article_file  # noqa: PLC0415
    from pumpclaim.reports.published import adopted_text  # noqa: PLC0415

    adopted = adopt(
        read_article_file(file, article=article),
        into,
        base=base,
        start=start,
        leave_out=leave_out or (),
        draft=draft,
    )
    write(adopted_text(adopted).encode())
    return 0


@ends_well
def policy_review(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that adopt made.")],
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="A statement's id, such as C12.")
    ],
    *,
    passage: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N",
            help="A passage of review.toml on which it rests now. May be repeated.",
        ),
    ] = None,
    dropped: Annotated[
        bool, typer.Option("--dropped", help="The text says nothing of it any more.")
    ] = False,
) -> int:
    """Say what became of a statement whose text changed: where it rests now, or that it was dropped."""
    from pumpclaim.articles.review import review  # noqa: PLC0415

    if bool(passage) == dropped:
        raise InputError(
            "say on which passage it rests (--passage N), or that the text dropped it (--dropped)"
        )
    article = review(folder, statement.upper(), passage or ())
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
            help="The other side: a document (a draft, a what-if), the folder of a revision, or a revision "
            "of ours by its number, as if it had held all along; or a folder of several, each from its day.",
        ),
    ],
    before: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE|DIR|R2",
            help="The one side; what we hold, each claim under the revision of its day, if not given.",
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
    leave_out: LeaveOut = None,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Rows of each table of the text.")
    ] = 30,
) -> int:
    """Judge past claims under two policies: which determinations and dollars change, by rule and provider."""
    from pumpclaim.articles.impact import impact  # noqa: PLC0415
    from pumpclaim.articles.sides import policy_under  # noqa: PLC0415
    from pumpclaim.readers import read  # noqa: PLC0415
    from pumpclaim.reports import impact as reports  # noqa: PLC0415

    if plot is not None and plot.suffix.lower() not in (".svg", ".png"):
        raise InputError("a picture is .svg or .png", source=str(plot))
    one, other = (policy_under(side, leave_out or ()) for side in (before, after))
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
