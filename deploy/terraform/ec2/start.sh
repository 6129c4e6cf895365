#!/bin/bash
# Runs once, at the machine's first start; its output is in /var/log/cloud-init-output.log.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends ca-certificates curl docker.io docker-compose docker-buildx
curl --fail --silent --show-error --location --proto '=https' --output /opt/platform.tar.gz '${source_url}'
echo '${source_sha256}  /opt/platform.tar.gz' | sha256sum --check
install -d /opt/glucose
tar --extract --gzip --file /opt/platform.tar.gz --directory /opt/glucose --strip-components 1
cd /opt/glucose
printf 'DOMAIN=%s\nACME_EMAIL=%s\n' '${domain}' '${acme_email}' > .env
docker compose -f docker-compose.yml -f docker-compose.prod.yml up --build --detach
