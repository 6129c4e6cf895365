from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

from django.core.wsgi import get_wsgi_application
from django.db import connections

from glucose_platform.requests import UTF8WSGIRequest
from tenancy.startup import refuse_to_serve_unsafely

application = get_wsgi_application()
application.request_class = UTF8WSGIRequest
refuse_to_serve_unsafely()
# This thread serves no request: its connection would be missing from the pool for as long as the process lives.
connections.close_all()
