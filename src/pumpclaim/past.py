"""What came before a line among its patient's claims, whatever claims and files they stand in.

Only the lines that matter are put in order of patient and day; all others stay as they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.policy.model import Role
from pumpclaim.visits import DAY_ZERO, NO_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

DAY_BITS = 18
"""Bits for a day in a key of patient and day: DAY_ZERO and what comes after it to the year 2500."""


def keys_of(patients: Ints, days: NDArray[np.int32]) -> Ints:
    """Patient and day in one number, in whose order they come; the day must be known."""
    return (patients << DAY_BITS) | (days.astype(np.int64) + DAY_ZERO)


def order_of(keys: Ints) -> Ints:
    """The stable order of keys of patient and day; a plain sort of key and place in one number if it fits."""
    bits = len(keys).bit_length()
    if not len(keys) or int(keys.max()).bit_length() + bits > 62:
        return np.argsort(keys, kind="stable")
    packed = np.sort((keys << bits) | np.arange(len(keys)))
    return packed & ((1 << bits) - 1)


def implants_before(
    patients: Ints,
    days: NDArray[np.int32],
    codes: NDArray[np.uint8],
    counts: Bools,
    compiled: CompiledPolicy,
) -> tuple[Bools, Bools]:
    """Of each line that implants: whether a trial, and whether an implant, came on an earlier day.

    One value a line; false for other lines, and where the day is not known. ``counts`` says which
    lines stand (those of withdrawn claims do not).
    """
    trial_before, implant_before = np.zeros(len(days), bool), np.zeros(len(days), bool)
    is_implant = ((compiled.code_roles & np.uint32(Role.IMPLANT)) != 0)[codes]
    implants = np.flatnonzero(is_implant & (days != NO_DAY))
    if not len(implants):
        return trial_before, implant_before
    own = keys_of(patients[implants], days[implants])
    first_of_patient = patients[implants] << DAY_BITS
    for events, answer in (
        (compiled.code_is_trial[codes], trial_before),
        (is_implant, implant_before),
    ):
        at = np.flatnonzero(events & counts & (days != NO_DAY))
        known = np.sort(keys_of(patients[at], days[at]))
        earlier = np.searchsorted(known, own) - np.searchsorted(known, first_of_patient)
        answer[implants] = earlier > 0
    return trial_before, implant_before
