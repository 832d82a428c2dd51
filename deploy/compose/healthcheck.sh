#!/bin/bash
# Is the service of this container ready? Asks its /healthz on the loopback interface; needs nothing but bash, because
# the runtime image has no HTTP client. Prints the answer's body, which `docker inspect` shows.
set -u
# /healthz belongs to its port alone, and the Host header says which that is.
port=${1:-8081}
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET /healthz HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$port" >&3
read -r _ status _ <&3
cat <&3 | tail -n 3
[ "$status" = 200 ]
