"""A claim's drug narrative, as billers write it, read into ingredients, exactly.

``read`` reads one text, ``read_ingredients`` the narratives of a claim set as a table,
``cartridges`` the counts of cartridges they state, ``render`` writes ingredients as a narrative.
What cannot be read is a row whose ``problem`` names the part; nothing is guessed and nothing passed
over in silence. Every amount is the total put into the pump (P2): concentration times volume where
no total is written.
"""

from __future__ import annotations

from pumpclaim.drug_text.columns import cartridges, read_ingredients
from pumpclaim.drug_text.narrative import Ingredient, Narrative, read, read_notes, render

__all__ = [
    "Ingredient", "Narrative", "cartridges", "read", "read_ingredients", "read_notes", "render",
]  # fmt: skip
