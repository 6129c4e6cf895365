"""Load from outside, over HTTP, and afterwards a ledger: whether everything that was acknowledged is there."""
