"""Reading an 837: ours against str.split, openx12, x12sdk's models, pyx12 and hccinfhir."""

from __future__ import annotations

import io
import logging
import tempfile
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


def split(text: str) -> int:
    return sum(len(segment.split("*")) for segment in text.split("~"))


def section(claims: int = CLAIMS, few: int = FEW) -> list[str]:
    """The tables of this section."""
    invented = professional(claims)
    with tempfile.TemporaryDirectory() as folder:
        return [*_whole(write_837(invented, end="~"), Path(folder)), "", *_peers(write_837(invented[:few], end="~"), few)]  # fmt: skip


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


def _peers(text: str, few: int) -> list[str]:
    """Others' readers on a small file, for some of them take minutes on a large one."""
    data = text.encode()
    (ours,) = timed(partial(read_data, data, "bench"))
    rows = [["pumpclaim, claims and lines as tables", f"{ours:.4f}", "1.0"]]
    for name, peer in PEERS.items():
        spent, _ = once(partial(peer, text))
        if spent < 2:
            (spent,) = timed(partial(peer, text), runs=3)
        rows.append([name, f"{spent:.3f}", f"{spent / ours:,.0f}"])
    return [
        f"A file of {few:,} claims, read by others too; most of them read less of it:",
        "",
        *table(["reader", "seconds", "times ours"], rows),
    ]
