import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from tenancy.startup import refuse_to_serve_unsafely

application = get_wsgi_application()
refuse_to_serve_unsafely()
