# Two targets. `web` serves the pages and runs the worker; `judge` takes the worker's place on a machine that
# is to load models, and is some gigabytes larger.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/static
WORKDIR /app

COPY requirements/web.txt requirements/web.txt
RUN pip install --require-hashes -r requirements/web.txt

# The account and its folder come before the code: a named volume takes the folder's owner over.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin app \
    && install --directory --owner app --group app /data
VOLUME /data

COPY manage.py pyproject.toml ./
COPY judge judge
COPY annotation annotation
COPY api api
COPY frontend frontend
COPY config config
COPY docs docs
COPY fixtures fixtures


FROM base AS web
RUN SECRET_KEY=only-for-collecting-files python manage.py collectstatic --noinput
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-m", "config.health"]
CMD ["gunicorn", "--config", "config/gunicorn.py"]


FROM base AS judge
COPY requirements/judge.txt requirements/torch.txt requirements/
# Whole but for torch, which would be looked for with a hash.
RUN pip install --no-deps --require-hashes -r requirements/judge.txt
# Not from the lock: builds for different processors share a version and differ in their hashes.
# The argument names a package index that has the build for yours; without it pip's own choice is taken.
ARG PIP_EXTRA_INDEX_URL=
RUN pip install -r requirements/torch.txt
USER 10001
CMD ["celery", "--app", "config.celery", "worker", "--beat", "--queues", "celery,judge", "--loglevel", "info"]
