"""The flat layout: one row a service line, which carries its claim's facts as well.

Columns are those of the claims and lines tables under the same names. Where both tables have a name the
column is the line's, and the claim's has ``claim_`` before it or is taken from the claim's first row.
"""

from __future__ import annotations

from pumpclaim.tables import CLAIMS, LINES, Column

OURS = frozenset({"claim", "source", "segment"})
"""Columns that a reader fills itself."""
CLAIM_NAMES = {"charge": "claim_charge", "note": "claim_note"}
"""Names of the claim's columns that would clash with the line's."""
REQUIRED = ("claim_id", "patient_id", "hcpcs", "service_from", "charge")
"""Columns without which a service line says too little."""
ALIASES = {"service_date": "service_from", "contractor": "payer_id", "procedure_code": "hcpcs"}
"""Other names that are understood."""
MODIFIERS = "modifiers"
"""One column for all modifiers, separated by spaces, instead of modifier_1 to modifier_4."""


def claim_columns() -> dict[str, Column]:
    """Flat name -> column of the claims table, for all that a file may give."""
    return {CLAIM_NAMES.get(c.name, c.name): c for c in CLAIMS if c.name not in OURS}


def line_columns() -> dict[str, Column]:
    """Flat name -> column of the lines table, for all that a file may give."""
    return {c.name: c for c in LINES if c.name not in OURS}


def known_names() -> list[str]:
    """Every column name that the layout knows, aliases included, in order."""
    names = [*claim_columns(), *line_columns(), *ALIASES, MODIFIERS]
    return list(dict.fromkeys(names))
