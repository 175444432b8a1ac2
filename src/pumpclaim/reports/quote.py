"""The price of one narrative, for a person or as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from pumpclaim.reports.amounts import CENT_PLACES, FEE_PLACES, MASS_DIGITS, grouped, with_commas
from pumpclaim.reports.words import clean

if TYPE_CHECKING:
    from rich.console import Console

    from pumpclaim.estimate import Estimate
    from pumpclaim.quote import Price

    Document = dict[str, Any]


def price_document(price: Price, estimate: Estimate | None = None) -> Document:
    """The price with its derivation, and the estimate where there is one."""
    return {
        **price.to_dict(),
        "pricing": [
            {
                "item": item.item,
                "amount": plain(item.amount),
                "unit": item.unit,
                "fee": plain(item.fee, FEE_PLACES),
                "per": item.per,
                "extended": plain(item.extended, CENT_PLACES),
            }
            for item in price.items
        ],
        "estimate": None if estimate is None else estimate.to_dict(),
    }


def plain(value: Decimal, least: int = 0) -> str:
    """The shortest exact decimal text with at least ``least`` decimals, never an exponent."""
    whole, _, decimals = f"{value:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def show_price(price: Price, estimate: Estimate | None, console: Console) -> None:
    """Print the derivation as a table, then the allowance and what follows from it."""
    if price.doubt is not None:
        console.print(Text(f"{price.doubt}\n", "yellow"))
    if price.items:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
        table.add_column("Item")
        for name in ("Amount", "Fee", "Extended"):
            table.add_column(name, justify="right", no_wrap=True)
        for item in price.items:
            places = FEE_PLACES if item.per in MASS_DIGITS else CENT_PLACES
            table.add_row(
                clean(item.item), f"{grouped(plain(item.amount))} {item.unit}",
                f"${plain(item.fee, places)} per {item.per}", _money(item.extended),
            )  # fmt: skip
        console.print(table)
        console.print()
    if price.allowed is None:
        console.print(
            Text.assemble(("Allowed: not known", "bold yellow"), f" ({clean(price.reason)})")
        )
        return
    console.print(
        Text.assemble(
            ("Allowed", "bold"),
            f" on {price.on} by {price.article.id} {price.article.revision}: ",
            (_money(price.allowed), "bold green"),
        )
    )
    if price.reason:
        console.print(Text(clean(price.reason), "yellow"))
    if price.payable is not None and price.payable != price.allowed:
        console.print(Text(f"Payable, the lower of allowance and charge: {_money(price.payable)}"))
    if estimate is not None:
        console.print(Text("\nEstimate, beyond the article", "bold"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column()
        grid.add_column(justify="right")
        for words, amount in (
            ("deductible", estimate.deductible),
            ("coinsurance", estimate.coinsurance),
            ("sequestration", estimate.sequestration),
            ("Medicare pays", estimate.medicare_pays),
            ("the patient pays", estimate.patient_pays),
        ):
            grid.add_row(words, _money(amount))
        console.print(grid)


def _money(amount: Decimal) -> str:
    return with_commas(plain(amount, CENT_PLACES))
