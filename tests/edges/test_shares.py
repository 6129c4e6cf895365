from __future__ import annotations

from tests.edges.shares import firsts, share


def test_neighbours_send_every_value_once_and_each_sends_some() -> None:
    shares = [share(range(7), place, of=3) for place in range(5, 8)]
    assert sorted(value for part in shares for value in part) == list(range(7))
    assert all(shares)
    assert share(range(7), 5, of=1) == list(range(7))


def test_the_first_of_each_kind_is_told() -> None:
    assert firsts("abacb") == [True, True, False, True, False]
