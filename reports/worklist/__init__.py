"""Whom to call today: all patients of the clinic by need, each with its reasons in words, and what was done about it.

``days`` keeps 28 days of each patient in one small row, ``loading`` reads all of them in one question, ``figures`` and
``points`` compute (no tables, no Django), ``choices`` filters and sorts, ``rows`` words a page, ``services`` writes.
"""
