"""The report for screens: every shape carries its own paint, so that a file of it needs no style sheet."""
