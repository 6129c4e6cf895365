"""Dexcom in the workplace: the panel of a patient's page, and the page of all connections."""
