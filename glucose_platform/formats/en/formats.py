"""Dates as the clinic's pages write them elsewhere: the day first, with the month in letters, and 24 hours."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
