#!/bin/bash
# Is what runs in this container ready? Asks /healthz on the loopback interface; needs nothing but bash, because
# the images have no HTTP client. Prints the answer's body, which `docker inspect` shows.
#   healthcheck [PORT [PATH]]
set -u
# The path belongs to its port alone, and the Host header says which that is.
port=${1:-8081} path=${2:-/healthz}
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
read -r _ status _ <&3
cat <&3 | tail -n 3
[ "$status" = 200 ]
