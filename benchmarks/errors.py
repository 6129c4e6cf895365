from __future__ import annotations


class BenchmarkError(RuntimeError):
    """A figure cannot be had, or would be wrong; the text says why and what to do."""
