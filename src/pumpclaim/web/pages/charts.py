"""The coverage checklist as a form, saved as one goes."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
