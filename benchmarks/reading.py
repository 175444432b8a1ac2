"""Reading an 837: ours against str.split, openx12, x12sdk's models, pyx12 and hccinfhir."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from writer import write_837

import pumpclaim
import pumpclaim.drug_text
import pumpclaim.reports.json
from generate import professional
from measure import command, once, table, timed
from pumpclaim.compiled import compile_policy
from pumpclaim.lines import narrated
from pumpclaim.policy import load
from pumpclaim.readers import read_data

CLAIMS, FEW = 20_000, 500
OURS = "pumpclaim, claims and lines as tables"
PATIENCE = 5.0
"""Seconds up to which a reader reads again."""
LONGEST = 20.0
"""Seconds beyond which a reader is not given the large file, by what it took for the small one."""


def split(text: str) -> int:
    return sum(len(segment.split("*")) for segment in text.split("~"))


def section(claims: int = CLAIMS, few: int = FEW) -> list[str]:
    """The tables of this section."""
    invented = professional(claims)
    large, small = write_837(invented, end="~"), write_837(invented[:few], end="~")
    with tempfile.TemporaryDirectory() as folder:
        return [*_whole(large, Path(folder)), "", *_peers({few: small, claims: large})]


def _whole(text: str, folder: Path) -> list[str]:
    data, path = text.encode(), folder / "claims.837"
    path.write_bytes(data)
    whole = command(
        "check", str(path), "--format", "json", "-o", str(folder / "out.json"), "--fail-on", "never"
    )
    yardstick, ours, process = timed(partial(split, text), partial(read_data, data, "bench"), whole)
    claims = read_data(data, "bench")
    told = narrated(claims.lines, compile_policy(load()))
    steps = {
        "`str.split` over the same bytes": yardstick,
        "reading it into tables": ours,
        "`pumpclaim check --format json`, the whole process": process,
    }
    more = timed(
        lambda: pumpclaim.drug_text.read_ingredients(claims.claims, claims.lines, told),
        lambda: pumpclaim.check(claims),
        lambda: pumpclaim.reports.json.render(pumpclaim.check(claims)),
        runs=3,
    )
    names = (
        "drug narratives read",
        "judged and priced, narratives included",
        "judged and JSON written",
    )
    steps |= dict(zip(names, more, strict=True))
    return [
        f"The file: {claims.claims.height:,} professional claims, {claims.lines.height:,} lines, "
        f"{len(data) / 1e6:.1f} MB, invented, most lines J7999 with a narrative of its own.",
        "",
        *table(
            ["", "seconds", "times `str.split`"],
            [[name, f"{one:.3f}", f"{one / yardstick:.1f}"] for name, one in steps.items()],
        ),
    ]


def openx12(text: str) -> object:
    from openx12 import x837p

    return x837p.parse(text)


def x12sdk(text: str) -> int:
    from x12sdk.io import X12ModelReader

    with X12ModelReader(text) as reader:
        return sum(1 for model in reader.models() for _ in model.claims())


def pyx12(text: str) -> int:
    """pyx12 has the maps of an earlier erratum, which hold the same loops."""
    import pyx12.error_handler
    import pyx12.params
    import pyx12.x12context

    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    text = text.replace("005010X222A2", "005010X222A1")
    reader = pyx12.x12context.X12ContextReader(
        pyx12.params.params(), pyx12.error_handler.errh_null(), io.StringIO(text)
    )
    return sum(1 for _ in reader.iter_segments())


def hccinfhir(text: str) -> object:
    from hccinfhir import extract_sld

    return extract_sld(text, format="837")


PEERS = {
    "openx12 `x837p.parse`": openx12,
    "x12sdk `X12ModelReader`, its models": x12sdk,
    "pyx12 `X12ContextReader`, segment by segment": pyx12,
    "hccinfhir `extract_sld`": hccinfhir,
}


def _peers(files: dict[int, str]) -> list[str]:
    """Others' readers, first on a small file: those that would take too long are not given the large one."""
    rows = [[name] for name in (OURS, *PEERS)]
    spent: dict[str, float] = {}
    sizes = [*files]
    for at, (size, text) in enumerate(files.items()):
        longer = size / sizes[at - 1] if at else 0.0
        slow = {name for name, seconds in spent.items() if seconds * longer > LONGEST}
        spent |= _readings(text, [name for name in PEERS if name not in slow])
        for row in rows:
            seconds = spent[row[0]]
            row.extend(
                ["not run", f"about {seconds * longer:,.0f} s, if it grows with the file"]
                if row[0] in slow
                else [f"{seconds:.3f}", f"{seconds / spent[OURS]:,.1f}"]
            )
    head = [cell for size in sizes for cell in (f"{size:,} claims, seconds", "times ours")]
    return [
        "The same file and its first claims, read by others too; most of them read less of it:",
        "",
        *table(["reader", *head], rows),
    ]


def _readings(text: str, peers: list[str]) -> dict[str, float]:
    """Seconds of our reader and of each peer; those that are quick take turns, the others read once."""
    works: dict[str, Callable[[], object]] = {OURS: partial(read_data, text.encode(), "bench")}
    spent = {}
    for name in peers:
        work = partial(PEERS[name], text)
        spent[name], _ = once(work)
        if spent[name] < PATIENCE:
            works[name] = work
    return spent | dict(zip(works, timed(*works.values(), runs=3), strict=True))
