"""The same check on Spark: a DataFrame of service lines in, three DataFrames out (extra ``spark``, Java 17).

Rows are put together by patient in one shuffle, and each partition as a whole goes through the kernel of the
streams as Arrow batches; so findings, prices and determinations are those of a local run, whatever the number
of partitions. The policy is broadcast. Executors need pumpclaim itself, as a wheel or in their environment.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import zipfile
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.compiled import compile_policy
from pumpclaim.engine import choose_rules
from pumpclaim.errors import InputError
from pumpclaim.facts import dollars
from pumpclaim.policy import load
from pumpclaim.policy.model import Role
from pumpclaim.readers.values import CONTROL, LONGEST
from pumpclaim.streams.data_set import find_data_set, is_remote
from pumpclaim.streams.kernel import Columns, Job, judge
from pumpclaim.streams.run import PIECE, StreamResult, check_scope
from pumpclaim.streams.survey import MODIFIERS, hashes, patient_ids
from pumpclaim.streams.tables import STREAMED
from pumpclaim.tables import NANO

try:
    import pyarrow as pa
    from pyspark import StorageLevel
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F  # noqa: N812  (as Spark's users name it)
except ImportError as error:
    raise InputError(
        f"Spark is not installed here ({error.name}); install pumpclaim[spark], and Java 17"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from pumpclaim.claim_set import Refusal
    from pumpclaim.policy import PolicySet

BLANKS = " \t\n\r\x0b\x0c"
_PATIENT, _CLAIM, _NOBODY, _TOGETHER = "?patient", "?claim", "?nobody", "?together"
_DIFFERS, _CONCERNED = "?differs", "?concerned"
MOST_SENT = 5_000_000
"""Patients and claim ids up to which they are sent to every executor, so that not all rows are shuffled."""


class Checked(tuple):  # type: ignore[type-arg]
    """``findings, prices, determinations``: three DataFrames with the columns of ``streams.tables``.

    ``rejected`` are the claims that could not be read. All of them are worked out together, when the first
    is asked for, and kept (``persist``) until ``unpersist``.
    """

    _kept: tuple[DataFrame, ...]

    findings: DataFrame
    prices: DataFrame
    determinations: DataFrame
    rejected: DataFrame

    def __new__(cls, whole: DataFrame, survey: DataFrame) -> Checked:
        """The tables out of the one DataFrame in which they were worked out, which rests on ``survey``."""
        tables = {name: _one_of(whole, name) for name in STREAMED}
        made = super().__new__(
            cls, (tables[name] for name in ("findings", "prices", "determinations"))
        )
        for name, table in tables.items():
            setattr(made, name, table)
        made._kept = (whole, survey)
        return made

    def unpersist(self) -> None:
        """Let go of what was kept."""
        for one in self._kept:
            one.unpersist()


def check(
    lines: DataFrame,
    *,
    policy: PolicySet | None = None,
    contractor: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    scope: str = "all",
    partitions: int | None = None,
) -> Checked:
    """Hold service lines against the article; options as for ``streams.check_stream``.

    ``lines`` has one row a service line in the flat layout (docs/tables.md), with the line's number in
    ``line``. ``partitions`` is how many the shuffle makes; null leaves it to Spark. Whose rows belong
    together is looked up at once, in two or three columns; everything else when a table is asked for.
    Raises InputError for columns and names that do not exist.
    """
    check_scope(scope)
    choose_rules(select, ignore)
    policy = policy or load()
    if contractor is not None:
        compile_policy(policy).contract_position(contractor)
    columns = Columns.of(lines.columns, "the DataFrame")
    if "line" not in columns.sources:
        raise InputError(
            "the DataFrame has no order: give each row its line number in a column 'line'"
        )
    job = Job(policy, "", (), contractor, tuple(select), tuple(ignore))
    rows = lines.select(*(F.col(f"`{own}`") for own in columns.needed()))
    rows, seen = _keyed(rows, columns, policy, only_concerned=scope == "pump")
    parts = [_TOGETHER] if partitions is None else [partitions, _TOGETHER]
    together = rows.repartition(*parts).drop(_PATIENT, _CLAIM, _TOGETHER)
    judged = together.mapInArrow(_judging(together.sparkSession, columns, job), _spark_schema())
    return Checked(judged.persist(StorageLevel.MEMORY_AND_DISK), seen)


def _keyed(
    rows: DataFrame, columns: Columns, policy: PolicySet, *, only_concerned: bool
) -> tuple[DataFrame, DataFrame]:
    """The rows of the scope with the key by which they come together, and the survey behind it, kept.

    The key is the patient. Where a row's patient cannot be read, all rows of its claim id come together
    instead, so that the claim is rejected whole, as a local run does.
    """
    patient, claim = _plain(columns, "patient_id"), _plain(columns, "claim_id")
    odd = (F.length(patient) > LONGEST) | patient.rlike(CONTROL)
    patient = F.when(~F.coalesce(odd, F.lit(True)), patient)
    raw = F.coalesce(*(F.col(f"`{own}`").cast("string") for own in columns.sources["patient_id"]))
    known = rows.withColumn(_PATIENT, patient)
    is_nobodys = F.col(_PATIENT).isNull()
    differs = is_nobodys | (F.col(_PATIENT) != raw)
    concerns = _concerns(columns, policy) if only_concerned else F.lit(False)
    seen = (
        known.where(differs | concerns)
        .select(
            _PATIENT,
            F.when(is_nobodys, claim).alias(_CLAIM),
            differs.alias(_DIFFERS),
            F.coalesce(concerns, F.lit(False)).alias(_CONCERNED),
        )
        .distinct()
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    [(count, any_differs, has_nobody)] = seen.agg(
        F.count("*"), F.max(_DIFFERS), F.max(is_nobodys)
    ).collect()
    sent = F.broadcast if count <= MOST_SENT else _as_it_is
    if not any_differs:
        # Nothing has to be worked out of each row's patient again.
        known = rows.withColumn(_PATIENT, raw)
    nobody = seen.where(is_nobodys).select(_CLAIM, F.lit(True).alias(_NOBODY))
    if only_concerned:
        concerned = sent(seen.where(F.col(_CONCERNED)).select(_PATIENT).distinct())
        of_nobody = known.where(is_nobodys)
        known = known.join(concerned, _PATIENT, "left_semi")
        known = known.unionByName(of_nobody) if has_nobody else known
    if not has_nobody:
        return known.withColumn(_TOGETHER, F.col(_PATIENT)), seen
    flagged = known.withColumn(_CLAIM, claim).join(sent(nobody), _CLAIM, "left")
    key = F.when(F.col(_NOBODY), F.concat(F.lit("\0"), F.col(_CLAIM))).otherwise(F.col(_PATIENT))
    return flagged.withColumn(_TOGETHER, key).drop(_NOBODY), seen


def _as_it_is(table: DataFrame) -> DataFrame:
    return table


def _plain(columns: Columns, flat: str) -> Column:
    """A flat column as the reader takes it: the first of its columns that has something, without blanks."""
    texts = (
        F.btrim(F.col(f"`{own}`").cast("string"), F.lit(BLANKS)) for own in columns.sources[flat]
    )
    return F.coalesce(*(F.when(text != "", text) for text in texts))


def _concerns(columns: Columns, policy: PolicySet) -> Column:
    """Lines of which one is enough for the article to concern their patient (``survey.concerns``)."""
    compiled = compile_policy(policy)
    names = np.array(["", *compiled.code_names])
    alone, with_kd = (
        names[(compiled.code_roles & np.uint32(role)) != 0].tolist()
        for role in (Role.CONCERNS, Role.DRUG)
    )
    code = F.upper(_plain(columns, "hcpcs"))
    found = code.isin(alone)
    for name in MODIFIERS:
        if name in columns.sources:
            kd = F.upper(_plain(columns, name)).contains("KD")
            found = found | F.coalesce(code.isin(with_kd) & kd, F.lit(False))
    return found


def _judging(
    spark: SparkSession, columns: Columns, job: Job
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that each partition goes through; the job is broadcast where there is a context."""
    payload = pickle.dumps((columns, job))
    try:
        context = spark.sparkContext
    except Exception:  # Spark Connect has no context, and says so by an error of its own
        return partial(_partition, lambda: payload)
    # A task has one core: Polars must not take all of the machine in each.
    context.environment.setdefault("POLARS_MAX_THREADS", "1")
    sent = context.broadcast(payload)
    return partial(_partition, lambda: sent.value)


def _partition(
    payload: Callable[[], bytes], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """One partition, whole: its batches in, the tables of its patients out."""
    given = list(batches)
    if not sum(batch.num_rows for batch in given):
        return
    columns, job = _unpacked(payload())
    rows = pl.from_arrow(pa.Table.from_batches(given))
    assert isinstance(rows, pl.DataFrame)  # noqa: S101
    del given
    for own in _pieces(columns.flat(rows)):
        for name, table in judge(own, columns, job).tables.items():
            yield from _as_batches(name, table)


def _pieces(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Whole patients in pieces of about PIECE rows; rows without a patient stay with all of their claim."""
    count = -(-rows.height // PIECE)
    if count < 2 or rows["patient_id"].null_count():
        yield rows
        return
    share = pl.Series(hashes(patient_ids(rows)) % np.uint64(count))
    for number in range(count):
        yield rows.filter(share == number)


@lru_cache(maxsize=4)
def _unpacked(payload: bytes) -> tuple[Columns, Job]:
    """The job, the same object for every partition of a worker, so that what is made of it is made once."""
    found: tuple[Columns, Job] = pickle.loads(payload)  # noqa: S301  (what the driver sent)
    return found


def _arrow_type(dtype: pl.DataType | type[pl.DataType]) -> pa.DataType:
    if isinstance(dtype, pl.Decimal):
        return pa.decimal128(dtype.precision, dtype.scale)
    if isinstance(dtype, pl.List):
        return pa.list_(pa.string())
    if dtype == pl.String:
        return pa.string()
    return pa.date32() if dtype == pl.Date else pa.int64()


@lru_cache(maxsize=1)
def _arrow_schema() -> pa.Schema:
    """One column a table, of structs: each row of the result is a row of one table."""
    return pa.schema([
        (name, pa.struct([(c.name, _arrow_type(c.dtype)) for c in table])) for name, table in STREAMED.items()
    ])  # fmt: skip


def _spark_schema() -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415

    return from_arrow_schema(_arrow_schema())


def _as_batches(name: str, table: pl.DataFrame) -> Iterator[pa.RecordBatch]:
    """A table as batches of the whole schema, all other columns null."""
    if not table.height:
        return
    schema = _arrow_schema()
    own = schema.field(name).type
    fields = pa.schema(list(own))
    arrow = (
        table.select(list(fields.names)).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(fields)
    )
    for batch in arrow.to_batches(max_chunksize=100_000):
        struct = pa.StructArray.from_arrays(batch.columns, fields=list(own))
        yield pa.RecordBatch.from_arrays(
            [struct if one.name == name else pa.nulls(len(struct), one.type) for one in schema],
            schema=schema,
        )


def _one_of(whole: DataFrame, name: str) -> DataFrame:
    return whole.where(F.col(name).isNotNull()).select(f"{name}.*")


def session(master: str | None, settings: Mapping[str, str] | None = None) -> SparkSession:
    """The session that is there, or one at ``master`` (all of this machine's cores when nothing is said).

    On this machine workers run under the Python that runs here.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    if master is None or master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("pumpclaim")
    own = {"spark.sql.execution.arrow.maxRecordsPerBatch": "100000", **(settings or {})}
    for name, value in own.items():
        builder = builder.config(name, value)
    if master is not None:
        builder = builder.master(master)
    return builder.getOrCreate()


def ship(spark: SparkSession, wheel: str | Path) -> None:
    """Send pumpclaim to the executors as its wheel; Polars, NumPy and PyArrow they must have themselves.

    Spark takes a wheel only under a zip's name, which it is. Raises InputError when there is no such wheel.
    """
    path = Path(wheel)
    if path.suffix != ".whl" or not zipfile.is_zipfile(path):
        raise InputError(
            "this is no wheel; build one with `pip wheel --no-deps .`", source=str(wheel)
        )
    copy = Path(tempfile.mkdtemp(prefix="pumpclaim-")) / f"{path.stem}.zip"
    shutil.copyfile(path, copy)
    spark.sparkContext.addPyFile(str(copy))


def check_files(
    paths: Sequence[str],
    folder: str | Path,
    *,
    master: str | None = None,
    policy: PolicySet | None = None,
    contractor: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    scope: str = "all",
) -> StreamResult:
    """As ``streams.check_stream``, on Spark: Parquet at ``paths`` in, Parquet tables below ``folder`` out.

    Raises InputError when nothing can be read, or when ``folder`` holds tables already.
    """
    out = str(folder)
    if not is_remote(out) and any((Path(out) / name).exists() for name in STREAMED):
        raise InputError("the folder holds tables already; give another", source=out)
    names, refused = _readable(paths)
    spark = session(master)
    lines = spark.read.parquet(*names)
    checked = check(
        lines, policy=policy, contractor=contractor, select=select, ignore=ignore, scope=scope
    )
    for name in STREAMED:
        getattr(checked, name).write.parquet(f"{out}/{name}")
    summary = _summary(spark, out, lines.count())
    checked.unpersist()
    return StreamResult(Path(out), summary, refused)


def _readable(paths: Sequence[str]) -> tuple[list[str], tuple[Refusal, ...]]:
    """What Spark is to read: the paths where nothing is wrong with them, else the files that are whole."""
    if any(is_remote(path) for path in paths):
        return list(paths), ()
    data = find_data_set(paths)
    if not data.files:
        raise InputError(
            data.refused[0].sentence if data.refused else f"{data.name}: there is no file"
        )
    if data.refused:
        return [file.name for file in data.files], data.refused
    return list(paths), ()


def _summary(spark: SparkSession, out: str, read: int) -> dict[str, Any]:
    """The counts of ``streams.run``, from the tables that were written."""
    tables = {
        name: spark.read.schema(_spark_schema()[name].dataType).parquet(f"{out}/{name}")
        for name in STREAMED
    }

    def counted(name: str, column: str) -> dict[str, int]:
        return {
            str(key): int(count) for key, count in tables[name].groupBy(column).count().collect()
        }

    determinations = counted("determinations", "determination")
    rules = counted("findings", "rule")
    rejected = tables["rejected"].count()
    lines = tables["prices"].count()
    [(allowed,)] = tables["prices"].agg(F.sum("allowed")).collect()
    reviewed = sum(determinations.values())
    return {
        "lines": lines,
        "lines_outside": read - lines if not rejected else 0,
        "claims_read": reviewed + rejected,
        "claims_reviewed": reviewed,
        "claims_rejected": rejected,
        "findings": sum(rules.values()),
        "allowed": dollars(int((allowed or 0) * NANO)),
        "determinations": determinations,
        "outcomes": counted("findings", "outcome"),
        "rules": rules,
    }
