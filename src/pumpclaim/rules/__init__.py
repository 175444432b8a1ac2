"""The rules, one file a family; importing this finds and registers every one of them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from pumpclaim.rules.registry import RULES, Basis, Case, Line, Outcome, Rule, rule

__all__ = ["RULES", "Basis", "Case", "Line", "Outcome", "Rule", "rule"]

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

ordered = dict(sorted(RULES.items()))
RULES.clear()
RULES.update(ordered)
