"""Sign-in, sign-out, one's own account, administration."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
