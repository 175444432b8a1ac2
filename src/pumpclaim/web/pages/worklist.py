"""The worklist: upload, progress, the table, filters, exports."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
