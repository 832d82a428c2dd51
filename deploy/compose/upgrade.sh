#!/bin/bash
# Puts the containers of a running stack one after the other in the place of new ones, of the images as they are now: clients notice nothing, as long as there are two of what
# can be scaled. Build or pull the images first.
#   ./upgrade.sh [SERVICE...]          all services, in the order below, unless some are named; the proxy only when it is
# Where one does not become healthy it ends with 1 and leaves the rest as it is. Run again, it replaces that one before those that serve.
# COMPOSE_FILE and COMPOSE_PROJECT_NAME say which stack, as for docker compose; default: compose.yaml of this folder.
set -euo pipefail
cd "$(dirname "$0")"
services=("$@"); [ $# -gt 0 ] || services=(consensus-1 consensus-2 consensus-3 storage lease-manager watch-hub api-gateway)

containers() { # Of a service: "false ID" of each that is not healthy, then "true ID" of those that are.
  docker compose ps --all --quiet "$1" \
    | xargs -r docker inspect --format '{{if .State.Health}}{{eq .State.Health.Status "healthy"}}{{else}}false{{end}} {{.Id}}' | sort -s -k1,1
}

for service in "${services[@]}"; do
  # One stops before the next starts: a storage replica finds the place that was left, and its data.
  containers=$(containers "$service" | cut -d' ' -f2)
  count=$(wc -w <<<"$containers")
  for container in $containers; do
    echo "$service: $(docker inspect --format '{{.Name}}' "$container")"
    docker stop "$container" >/dev/null
    docker rm "$container" >/dev/null
    said=$(docker compose up --detach --wait --no-deps --no-recreate --no-build --quiet-pull --scale "$service=$count" "$service" 2>&1) || {
      for failed in $(containers "$service" | sed -n 's/^false //p'); do docker logs --tail 20 "$failed" >&2; done
      echo "$service did not become healthy: stopped here; ${said##*$'\n'}" >&2
      exit 1
    }
  done
done
