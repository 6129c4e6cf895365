"""A patient's pages: each part of the workplace has an address of its own, below the same head."""
