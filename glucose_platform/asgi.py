"""The whole platform in one process: the data plane's paths by the data plane, everything else by Django."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connections

from edge.app import Edge
from edge.database import PooledDatabase
from glucose_platform.requests import UTF8ASGIRequest
from tenancy.startup import refuse_to_serve_unsafely

django_application = get_asgi_application()
django_application.request_class = UTF8ASGIRequest
refuse_to_serve_unsafely()
# This thread serves no request: its connection would be missing from the pool for as long as the process lives.
connections.close_all()
database = PooledDatabase(settings.DATABASE_EDGE_URL, smallest=settings.EDGE_POOL_MIN, largest=settings.EDGE_POOL_MAX)
application = Edge(database, django_application)
