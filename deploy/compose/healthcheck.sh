#!/bin/bash
# Is what runs in this container ready? Asks /healthz on the loopback interface; needs nothing but bash, because
# the images have no HTTP client. Prints the answer's last lines, which `docker inspect` shows.
#   healthcheck [PORT [PATH]]
# To the engine a check costs a hundred times what the question costs (a process in the container's namespaces: 0.1 s of processor time where machines are small). So
# a check that finds all well, and has said so before, stays and asks on; it ends as soon as that changes, or after half a minute, and the engine begins the next one.
set -u
port=${1:-8081} path=${2:-/healthz}
stay=${HEALTHCHECK_STAY:-30} # seconds, with all well; the engine's timeout for a check must be longer
period=2 patience=3          # seconds: between two questions, and for one that is starting

# Said since the container's first process began: a container that is started again starts anew.
read -r stat </proc/1/stat
set -- ${stat##*) }
said=${TMPDIR:-/tmp}/healthcheck-${20}-$port

ask() { # The path belongs to its port alone, and the Host header says which that is. Bash reads a byte at a time: no more than is wanted.
  local status='' line
  lines=()
  {
    printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
    read -r -t 3 _ status _ <&3
    [ -n "${1:-}" ] && [ "$status" = 200 ] || while read -r -t 3 line <&3 || [ -n "$line" ]; do lines+=("$line"); done
  } 3<>"/dev/tcp/127.0.0.1/$port"
  [ "$status" = 200 ]
} 2>/dev/null

finish() { # CODE
  [ ${#lines[@]} -lt 3 ] || printf '%s\n' "${lines[@]: -3}"
  exit "$1"
}

# Never has anything to read: for waiting without a process.
exec 4<> <(:)

if [ -e "$said" ]; then
  until=$((SECONDS + stay))
  while ask briefly && [ $SECONDS -lt $until ]; do read -r -t $period -u 4; done
  ask && finish 0
  rm -f "$said"
  finish 1
fi
until=$((SECONDS + patience))
while ! ask; do
  [ $SECONDS -lt $until ] || finish 1
  read -r -t 0.2 -u 4
done
: >"$said"
finish 0
