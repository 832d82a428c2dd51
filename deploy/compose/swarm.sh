#!/bin/bash
# Deploys the stack to the Swarm that this engine manages, from the same compose.yaml; more files may go on top.
#   ./swarm.sh NAME [FILE...]          ./swarm.sh --print NAME [FILE...]     only shows what would be deployed
# `docker stack deploy` reads an older form of compose files: what it does not take is taken out or put differently here. Needs jq. Variables: .env.example.
set -euo pipefail
print=; if [ "${1:-}" = --print ]; then print=1; shift; fi
name=${1:?"usage: swarm.sh [--print] NAME [FILE...]"}; shift
cd "$(dirname "$0")"
files=(--file compose.yaml --file compose.swarm.yaml)
for file in "$@"; do files+=(--file "$file"); done
# Order of start is not Swarm's: services wait for those they need by themselves. It has no security_opt, and publishes on all addresses.
stack=$(docker compose "${files[@]}" config --format json | jq '
  del(.name) | .version = "3.13"
  | .services |= map_values(del(.depends_on, .build, .restart, .security_opt) | .networks |= map_values(. // {}) | del(..|nulls)
    | if .ports then .ports |= map(del(.host_ip) | .published |= tonumber) else . end)
  | .networks |= map_values(del(.name)) | .volumes |= map_values(del(.name))
  | .configs |= map_values(del(.name))
  | if .secrets then .secrets |= map_values(del(.name)) else . end')
if [ -n "$print" ]; then
  docker stack config --compose-file - <<<"$stack"
else
  docker stack deploy --compose-file - "$name" <<<"$stack"
fi
