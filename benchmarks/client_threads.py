"""Stands in for pgbench. Python's own work lowers these figures, so ratios against them look better."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from benchmarks.transactions import Transaction


def transactions_per_second(transaction: Transaction, *, clients: int, seconds: float) -> float:
    deadline = time.perf_counter() + seconds
    with ThreadPoolExecutor(clients) as pool:
        counts = list(pool.map(lambda _: _repeat(transaction, deadline), range(clients)))
    return sum(counts) / seconds


def _repeat(transaction: Transaction, deadline: float) -> int:
    count = 0
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while time.perf_counter() < deadline:
            device = random.randint(transaction.first_device, transaction.last_device)
            with connection.transaction():
                for statement in transaction.statements:
                    connection.execute(_filled(statement, device, transaction.organization_of(device)))
            count += 1
    return count


def _filled(statement: str, device: int, organization: int) -> bytes:
    return statement.replace(":device", str(device)).replace(":organization", str(organization)).encode()
