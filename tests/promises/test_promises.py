from __future__ import annotations

from tests.promises.items import ITEMS, WITHOUT_TEST
from tests.promises.report import shown_by


def test_the_checklist_has_sixty_items() -> None:
    assert list(ITEMS) == list(range(1, 61))


def test_each_item_has_a_test_or_a_reason_and_not_both() -> None:
    shown = set(shown_by())
    assert shown <= set(ITEMS), "a test names an item that does not exist"
    assert set(ITEMS) - shown - set(WITHOUT_TEST) == set(), "an item has neither a test nor a reason"
    assert shown & set(WITHOUT_TEST) == set(), "the reason is out of date: delete it"
