"""The whole platform in one process: the data plane's paths by the data plane, everything else by Django."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

import django
from django.conf import settings
from django.db import connections

from tenancy.startup import refuse_to_serve_unsafely

django.setup(set_prefix=False)
refuse_to_serve_unsafely()
# This thread serves no request: its connection would be missing from the pool for as long as the process lives.
connections.close_all()

# Behind setup: these import models.
from edge.app import Edge  # noqa: E402
from edge.database import PooledDatabase  # noqa: E402
from edge.startup import refuse_another_role  # noqa: E402
from glucose_platform.asgi_handler import DjangoInTurns  # noqa: E402

refuse_another_role(settings.DATABASE_EDGE_URL)
database = PooledDatabase(
    settings.DATABASE_EDGE_URL,
    smallest=settings.EDGE_POOL_MIN,
    largest=settings.EDGE_POOL_MAX,
    prepares=settings.EDGE_PREPARED_STATEMENTS,
)
application = Edge(database, DjangoInTurns(at_once=settings.WEB_THREADS))
