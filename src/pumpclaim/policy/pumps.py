"""Pump models as dated facts with their source (pumps.toml), open to a user's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pumpclaim.errors import InputError

SHIPPED = Path(__file__).with_name("pumps.toml")
KINDS = ("programmable", "constant-flow")
LARGEST = Decimal(100)
"""Millilitres: no reservoir holds more."""


@dataclass(frozen=True)
class Pump:
    """A pump model: volumes in mL, the longest refill interval in days; null where no source tells."""

    id: str
    label: str
    kind: str
    reservoir: Decimal
    source: str
    confidence: str
    start: date
    low_reservoir_alarm: Decimal | None = None
    residual: Decimal | None = None
    longest_refill_interval: int | None = None


def load_pumps(own: Path | None = None) -> dict[str, Pump]:
    """The shipped pumps by id, and those of a user's file, which go before.

    Raises InputError for a file or a pump that cannot be.
    """
    pumps = _read(SHIPPED)
    return pumps | (_read(own) if own is not None else {})


def find_pump(name: str, pumps: dict[str, Pump]) -> Pump:
    """The pump of that id or label; raises InputError for one that nobody knows, naming the nearest."""
    by_name = {one.label.lower(): one for one in pumps.values()} | {
        one.id.lower(): one for one in pumps.values()
    }
    wanted = " ".join(name.lower().split())
    if wanted in by_name:
        return by_name[wanted]
    near = get_close_matches(wanted, by_name, n=1)
    hint = f"did you mean {by_name[near[0]].id}?" if near else f"there are {', '.join(pumps)}"
    raise InputError(
        f"no pump is called '{name}'; {hint} A pump of your own goes into --pumps FILE"
    )


def _read(path: Path) -> dict[str, Pump]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the file cannot be opened ({error.strerror})", source=str(path)
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is no TOML: {error}", source=str(path)) from None
    rows = document.get("pumps")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError("it has no [[pumps]]", source=str(path))
    pumps = {}
    for row in rows:
        pump = _pump(row, str(path))
        pumps[pump.id] = pump
    return pumps


def _pump(row: dict[str, Any], source: str) -> Pump:
    needed = ("id", "label", "kind", "reservoir", "source")
    known = {
        *needed,
        "low_reservoir_alarm",
        "residual",
        "longest_refill_interval",
        "confidence",
        "from",
    }
    name = row.get("id", "without id")
    for key in needed:
        if not isinstance(row.get(key), str) or not row[key]:
            raise InputError(f"the pump {name} has no {key}; write it as a text", source=source)
    for key in row:
        if key not in known:
            raise InputError(f"the pump {name} has an unknown key '{key}'", source=source)
    if row["kind"] not in KINDS:
        raise InputError(
            f"the pump {name} has kind '{row['kind']}'; write {' or '.join(KINDS)}", source=source
        )
    reservoir = _volume(row, "reservoir", source)
    alarm, residual = (
        _volume(row, key, source) if key in row else None
        for key in ("low_reservoir_alarm", "residual")
    )
    longest = row.get("longest_refill_interval")
    if longest is not None and not (isinstance(longest, int) and longest > 0):
        raise InputError(
            f"the pump {name}: longest_refill_interval is no number of days", source=source
        )
    for part in (alarm, residual):
        if part is not None and part >= reservoir:
            raise InputError(
                f"the pump {name} holds no more than its alarm or residual volume", source=source
            )
    start = row.get("from", date(1900, 1, 1))
    if not isinstance(start, date):
        raise InputError(f"the pump {name}: from is no date", source=source)
    return Pump(
        row["id"], row["label"], row["kind"], reservoir, row["source"], row.get("confidence", "M"), start,
        alarm, residual, longest,
    )  # fmt: skip


def _volume(row: dict[str, Any], key: str, source: str) -> Decimal:
    try:
        volume = Decimal(str(row[key]))
    except InvalidOperation:
        volume = Decimal(0)
    if not (volume.is_finite() and 0 < volume <= LARGEST):
        raise InputError(
            f"the pump {row['id']}: {key} is no volume in mL: {row[key]}", source=source
        )
    return volume
