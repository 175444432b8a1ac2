"""One claim with its lines, findings, prices, reservoir, chart and segments."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
