"""Data sets larger than memory: Parquet in, judged patient by patient, Parquet out, piece by piece."""

from pumpclaim.streams.run import StreamResult, check_stream

__all__ = ["StreamResult", "check_stream"]
