"""``pumpclaim price``: what the article allows for one refill's drugs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat, Readings
from pumpclaim.cli.saying import FOUND, UNUSABLE, complain, console, ends_well, write_json


@ends_well
def price(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help='Drugs and amounts, as in "morphine 360 mg, bupivacaine 90 mg".'
        ),
    ],
    *,
    on: Annotated[
        date | None,
        typer.Option(
            metavar="DATE",
            parser=options.day,
            help="Date of service, as 2024-03-05; today if not given.",
        ),
    ] = None,
    cartridges: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Cartridges filled; counts under --reading compounding-fee=per-cartridge.",
        ),
    ] = None,
    charge: Annotated[
        Decimal | None,
        typer.Option(
            metavar="DOLLARS",
            parser=options.dollars,
            help="The charge; the lower of it and the allowance is payable.",
        ),
    ] = None,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate", help="Go on to what Medicare and the patient would pay: an estimate."
        ),
    ] = False,
    deductible_left: Annotated[
        Decimal | None,
        typer.Option(
            metavar="DOLLARS",
            parser=options.dollars,
            help="What is left of the patient's deductible, none if not given; brings the "
            "estimate too.",
        ),
    ] = None,
    contractor: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            parser=options.contract_number,
            help="The contract by whose article it is priced, such as 01312; the first article if not given.",
        ),
    ] = None,
    reading: Readings = None,
    report: PageFormat = "text",
) -> int:
    """Price one refill's drugs, with the derivation.

    Exit status: 0 priced, 1 the price is not known, 2 a part of the text cannot be read.
    """
    from pumpclaim.estimate import estimate as reckon  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.quote import price as quote  # noqa: PLC0415
    from pumpclaim.reports.quote import price_document, show_price  # noqa: PLC0415

    day = on or options.today()
    policy = load(options.readings(reading))
    priced = quote(
        text, on=day, cartridges=cartridges, charge=charge, policy=policy, contractor=contractor
    )
    wanted = estimate or deductible_left is not None
    estimated = (
        reckon(priced.payable, day, deductible_left)
        if wanted and priced.payable is not None
        else None
    )
    for problem in priced.problems:
        complain(f"this part cannot be read: {problem}")
    if report == "json":
        write_json(price_document(priced, estimated))
    elif not priced.problems:
        show_price(priced, estimated, console())
    if priced.problems:
        return UNUSABLE
    return 0 if priced.allowed is not None else FOUND
