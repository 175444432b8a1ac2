"""How often pumps are refilled: practices, down to the patient."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
