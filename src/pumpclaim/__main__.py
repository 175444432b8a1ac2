"""``python -m pumpclaim`` is the command ``pumpclaim``."""

from __future__ import annotations

from pumpclaim.cli import main

main()
