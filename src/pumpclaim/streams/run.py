"""A data set larger than memory, judged patient by patient.

First the set is surveyed (``survey``). A piece of it whose patients have rows nowhere else is judged as it
stands; rows of patients who are scattered over several pieces are put by, in shares of whole patients, and
judged at the end. Several parts are worked on side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim._version import __version__
from pumpclaim.claim_set import Refusal
from pumpclaim.compiled import compile_policy
from pumpclaim.engine import LEVELS, choose_rules
from pumpclaim.errors import InputError
from pumpclaim.facts import dollars
from pumpclaim.notices import Notice, notice
from pumpclaim.policy import PolicySet, load
from pumpclaim.policy.fingerprint import fingerprint
from pumpclaim.readers.agreement import ROW
from pumpclaim.readers.flat import flat_columns
from pumpclaim.readers.probe import Probe
from pumpclaim.readers.values import read_cells
from pumpclaim.streams.data_set import (
    DAMAGED,
    BadFileError,
    DataSet,
    Slice,
    find_data_set,
    united,
)
from pumpclaim.streams.kernel import FILE, Columns, Job, judge
from pumpclaim.streams.store import Store
from pumpclaim.streams.survey import WORKERS, Survey, hashes, patient_ids, survey, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.streams.survey import Hashes

PIECE = 250_000
"""Rows that are read and judged at a time."""
SCOPES = ("all", "pump")
"""Whose claims are listed: everybody's, or those of patients whom the article concerns."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class StreamResult:
    """What a stream came to. ``summary`` has the counts, ``refused`` the files that were set aside.

    ``notices`` say what the set's layout does not carry.
    """

    folder: Path
    summary: dict[str, Any]
    refused: tuple[Refusal, ...]
    notices: tuple[Notice, ...] = ()

    def worst(self) -> str | None:
        """The worst outcome among the findings, or null when there is none."""
        return max(self.summary["outcomes"], key=LEVELS.__getitem__, default=None)


def check_stream(
    paths: Sequence[str],
    folder: str | Path,
    *,
    policy: PolicySet | None = None,
    contractor: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    scope: str = "all",
    resume: bool = False,
    piece: int = PIECE,
    progress: Progress | None = None,
) -> StreamResult:
    """Judge the Parquet data set at ``paths`` and write the tables of ``streams.tables`` below ``folder``.

    Options as for ``review.check``. ``scope`` ``pump`` leaves out the claims of patients of whom no line
    bears one of the article's codes; their lines are counted. ``resume`` goes on where an earlier call of
    the same set and options was interrupted. ``piece`` is the number of rows that are judged together.
    ``progress`` is called with what is being done, the rows that are done and the rows in all. Raises
    InputError when nothing of the set can be read, or when ``folder`` holds something else.
    """
    policy = policy or load()
    codes = choose_rules(select, ignore)
    check_scope(scope)
    if contractor is not None:
        compile_policy(policy).contract_position(contractor)
    data = find_data_set(paths)
    if not data.files:
        said = data.refused[0].sentence if data.refused else f"{data.name}: there is no file"
        raise InputError(said)
    asked = {
        "files": [[file.name, *file.stamp] for file in data.files],
        "options": [contractor, list(codes), scope, piece, fingerprint(policy)],
        "versions": [__version__, pl.__version__],
    }
    store = Store(Path(folder))
    store.open(asked, resume=resume)
    known = (store.note() or {}) if resume else {}
    lacks = _notices(data, codes)
    if known.get("complete"):
        return _result(store, known, lacks)
    job = Job(
        policy, data.name, tuple(file.name for file in data.files), contractor, tuple(select), tuple(ignore)
    )  # fmt: skip
    bad: dict[str, bool] = dict(known.get("set_aside", {}))
    # What ended the process may have been a file: who goes on tries the others first, in another process.
    anew = _undecodable(data, bad, progress) if known else []
    bad |= dict.fromkeys(anew, store.has_begun())
    if anew:
        store.write_note({"asked": asked, "complete": False, "set_aside": bad})
    while True:
        run = _Run(
            data=_without(data, bad),
            store=store,
            job=job,
            scope=scope,
            piece=piece,
            progress=progress,
        )
        try:
            run.go([name for name, was_surveyed in bad.items() if was_surveyed], anew)
            break
        except BadFileError as error:
            bad[data.files[error.number].name] = run.survey is not None
            store.write_note({"asked": asked, "complete": False, "set_aside": bad})
            run.forget(error.number)
    refused = [*data.refused, *(Refusal(one, None, DAMAGED) for one in bad)]
    note = {
        "asked": asked,
        "complete": True,
        "refused": [[one.source, one.reason] for one in refused],
        "summary": _summary(store.sums()),
    }
    store.finish(note)
    return _result(store, note, lacks)


def _undecodable(data: DataSet, known: Mapping[str, bool], progress: Progress | None) -> list[str]:
    """The files of a set, of those that are not known to be bad, that end the process that reads them."""
    found, done = [], 0
    with Probe() as probe:
        for file in data.files:
            if progress is not None:
                progress("trying the files", done, data.rows)
            if file.name not in known and not probe.decodes(file.name):
                found.append(file.name)
            done += file.rows
    return found


def check_scope(scope: str) -> None:
    """Raise InputError for what is no scope."""
    if scope not in SCOPES:
        raise InputError(f"'{scope}' is no scope; choose from {', '.join(SCOPES)}")


def _notices(data: DataSet, codes: Sequence[str]) -> tuple[Notice, ...]:
    layouts = (file.columns.layout for file in data.files)
    lacks = dict.fromkeys(" ".join(one.not_carried) for one in layouts if one is not None)
    return tuple(notice(data.name, one, codes) for one in lacks if one)


def _result(store: Store, note: dict[str, Any], lacks: tuple[Notice, ...]) -> StreamResult:
    refused = tuple(Refusal(source, None, reason) for source, reason in note["refused"])
    return StreamResult(store.folder, note["summary"], refused, lacks)


def _summary(sums: dict[str, Any]) -> dict[str, Any]:
    names = (
        "lines",
        "lines_outside",
        "claims_read",
        "claims_reviewed",
        "claims_rejected",
        "findings",
    )
    return {
        **{name: sums.get(name, 0) for name in names},
        "allowed": dollars(sums.get("allowed", 0)),
        **{name: sums.get(name, {}) for name in ("determinations", "outcomes", "rules")},
    }


def _without(data: DataSet, bad: Mapping[str, bool]) -> DataSet:
    """The set in which files that could not be surveyed have no rows; the others keep their numbers.

    Files that turned out to be bad later keep theirs, so that the parts stay what they were.
    """
    files = tuple(
        replace(file, rows=0) if bad.get(file.name) is False else file for file in data.files
    )
    return DataSet(data.name, files, data.refused)


class _Run:
    """One going through a set."""

    def __init__(
        self,
        *,
        data: DataSet,
        store: Store,
        job: Job,
        scope: str,
        piece: int,
        progress: Progress | None,
    ) -> None:
        self.data, self.store, self.job = data, store, job
        self.only_concerned = scope == "pump"
        self.size = piece
        self.progress = progress
        self.done = 0
        self.survey: Survey | None = None
        self.late: frozenset[int] = frozenset()
        self.shares = 0

    def go(self, late: Sequence[str], anew: Sequence[str] = ()) -> None:
        """Judge what is not done yet, all but the files ``late``; what is done of those of them that are bad
        ``anew`` is undone. Raises BadFileError."""
        self.late = frozenset(
            number for number, file in enumerate(self.data.files) if file.name in late
        )
        self.survey = found = survey(
            self.data, self.job.policy, self.size,
            only_concerned=self.only_concerned, done=self._surveyed,
        )  # fmt: skip
        for number, file in enumerate(self.data.files):
            if file.name in anew:
                self.forget(number)
        self.done = 0
        rows = self.data.rows * len(found.scattered) / max(found.patients, 1)
        self.shares = max(1, -(-int(rows) // self.size))
        left = []
        for number, part in enumerate(found.parts):
            if self.store.is_done(_part(number)):
                self._judged(sum(one.rows for one in part))
            else:
                left.append((_part(number), partial(self._read_part, part)))
        self._work(left)
        shares = (
            (_share(number), partial(self._read_share, number)) for number in range(self.shares + 1)
        )
        self._work([one for one in shares if not self.store.is_done(one[0])])

    def forget(self, file: int) -> None:
        """Undo every part that has rows of a file; shares are only judged after all of these."""
        for number, part in enumerate(self.survey.parts if self.survey is not None else ()):
            if any(one.file == file for one in part):
                self.store.forget(_part(number))

    def _work(self, parts: Sequence[tuple[str, Callable[[], _Rows]]]) -> None:
        """Parts side by side, each read, judged and written by one worker."""
        pool = ThreadPoolExecutor(WORKERS)
        try:
            for done in as_completed([pool.submit(self._do, *part) for part in parts]):
                self._judged(done.result())
        finally:
            pool.shutdown(cancel_futures=True)

    def _do(self, name: str, read: Callable[[], _Rows]) -> int:
        """One part; gives the number of its rows."""
        rows = read()
        judged = judge(rows.direct, rows.columns, self.job) if rows.direct.height else None
        self._keep(name, rows, judged)
        return rows.count

    def _keep(self, name: str, rows: _Rows, judged: Any) -> None:
        for share, put_by in rows.put_by:
            self.store.spill(share, name, put_by)
        counts: dict[str, Any] = {"lines_outside": rows.outside}
        if judged is None:
            self.store.mark(name, counts)
            return
        counts |= judged.counts
        for label, table, column in (
            ("determinations", "determinations", "determination"),
            ("outcomes", "findings", "outcome"),
            ("rules", "findings", "rule"),
        ):
            counted = judged.tables[table][column].value_counts()
            counts[label] = dict(counted.iter_rows())
        self.store.keep(name, judged, counts)

    def _read_part(self, part: tuple[Slice, ...]) -> _Rows:
        """A part's rows, apart: those to judge at once, those to put by, those outside the scope."""
        part = tuple(one for one in part if one.file not in self.late)
        with ThreadPoolExecutor(WORKERS) as pool:
            found = [one for one in pool.map(self._in_scope, part) if one is not None]
        count = sum(one.rows for one in part)
        outside = count - sum(rows.height for rows, _ in found)
        if not found:
            return _Rows(pl.DataFrame(), [], count, outside, self._columns)
        rows = united([rows for rows, _ in found])
        share = self._shares_of(rows, np.concatenate([own for _, own in found]))
        put_by = [
            (int(number), rows.filter(pl.Series(share == number)))
            for number in np.unique(share)
            if number >= 0
        ]
        direct = rows.filter(pl.Series(share < 0)) if put_by else rows
        return _Rows(direct, put_by, count, outside, self._columns)

    def _in_scope(self, one: Slice) -> tuple[pl.DataFrame, Hashes] | None:
        """The rows of a slice that are in the scope, with their patients' hashes; null when none is."""
        assert self.survey is not None  # noqa: S101
        own = self.survey.kept.get(one)
        if own is None:
            own = hashes(patient_ids(self.data.read(one, ("patient_id",))))
        if self.survey.concerned is None:
            return self.data.read(one), own
        at = np.flatnonzero(within(own, self.survey.concerned))
        if not len(at):
            return None
        return self.data.read_some(one, at), own[at]

    def _shares_of(self, rows: pl.DataFrame, own: Hashes) -> NDArray[np.int64]:
        """The share of each row; -1 for rows that are judged as they stand.

        The last share is for claims of which a row names no patient.
        """
        assert self.survey is not None  # noqa: S101
        share = np.full(rows.height, -1)
        scattered, nobody = self.survey.scattered, self.survey.ids_of_nobody
        if len(scattered):
            place = (own % np.uint64(self.shares)).astype(np.int64)
            share = np.where(within(own, scattered), place, -1)
        if nobody:
            ids = read_cells("claim_id", flat_columns()["claim_id"], rows["claim_id"])
            share[ids.is_in(nobody).fill_null(value=False).to_numpy()] = self.shares
        return share

    def _read_share(self, number: int) -> _Rows:
        frames = list(self.store.spilled(number))
        rows = united(frames).sort(FILE, ROW) if frames else pl.DataFrame()
        return _Rows(rows, [], rows.height, 0, self._columns)

    @property
    def _columns(self) -> Columns:
        contractors = (file.columns.contractors for file in self.data.files)
        return replace(self.data.files[0].columns, contractors=frozenset().union(*contractors))

    def _surveyed(self, rows: int) -> None:
        self.done += rows
        self._tell("looking for patients")

    def _judged(self, rows: int) -> None:
        self.done = min(self.done + rows, self.data.rows)
        self._tell("judging")

    def _tell(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what, self.done, self.data.rows)


@dataclass(frozen=True)
class _Rows:
    """One part's rows: ``direct`` to judge now, ``put_by`` by share, ``outside`` the scope (counted)."""

    direct: pl.DataFrame
    put_by: list[tuple[int, pl.DataFrame]]
    count: int
    outside: int
    columns: Columns


def _part(number: int) -> str:
    return f"part-{number:05}"


def _share(number: int) -> str:
    return f"share-{number:05}"
