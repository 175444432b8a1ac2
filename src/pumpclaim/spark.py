"""The same check on Spark: a DataFrame of service lines in, three DataFrames out (extra ``spark``, Java 17).

Rows are put together by patient in one shuffle, and each partition as a whole goes through the kernel of
the streams as Arrow batches; so findings, prices and determinations are those of a local run, whatever the
number of partitions. The policy is broadcast. Executors need pumpclaim itself, as a wheel or in their environment.
"""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.compiled import compile_policy
from pumpclaim.engine import choose_rules
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.streams.kernel import Columns, Job, judge
from pumpclaim.streams.run import SCOPES, StreamResult
from pumpclaim.streams.survey import ALONE, WITH_KD
from pumpclaim.streams.tables import STREAMED

try:
    import pyarrow as pa
    from pyspark.sql import functions as F  # noqa: N812  (as Spark's users name it)
    from pyspark.sql import types as T  # noqa: N812
except ImportError as error:  # pragma: no cover
    raise InputError(
        f"Spark is not installed here ({error.name}); install pumpclaim[spark], and Java 17"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from pumpclaim.policy import PolicySet
