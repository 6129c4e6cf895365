"""The database roles that migrations grant to. ``manage.py database prepare`` creates them."""

OWNER = "glucose_owner"
APP = "glucose_app"
EDGE = "glucose_edge"
SUPPORT = "glucose_support"
LOOKUP = "glucose_lookup"
