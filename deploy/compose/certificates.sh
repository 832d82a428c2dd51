#!/bin/bash
# Makes what compose.tls.yaml mounts: an authority for the services with one certificate for all of them, and another for clients, with the gateways'
# certificate and one for a client. What is there stays, so that it is safe to run again; remove a certificate to have it made anew by the same authority.
#   ./certificates.sh FOLDER [HOST...]    HOST: names and addresses, besides localhost, that clients reach the proxy by
# Variables: DAYS, how long certificates hold (default 365); authorities hold ten times as long. Needs openssl 1.1.1 or later.
set -euo pipefail
folder=${1:?"usage: certificates.sh FOLDER [HOST...]"}; shift
days=${DAYS:-365}
# The containers' user reads the files one by one, as mounts: the folder keeps everybody else of this machine out.
mkdir -p "$folder"; chmod 0700 "$folder"; cd "$folder"
config=$(mktemp); trap 'rm -f "$config"' EXIT

authority() { # NAME: NAME.crt, NAME.key
  [ -e "$1.crt" ] && return
  printf '[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v3\n[dn]\nCN=%s\n[v3]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' "$1" >"$config"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $((days * 10)) -config "$config" -keyout "$1.key" -out "$1.crt" 2>/dev/null
  chmod 0600 "$1.key"; chmod 0644 "$1.crt"
}

certificate() { # NAME AUTHORITY USAGE SUBJECT-ALTERNATIVE-NAMES: NAME.crt, NAME.key
  [ -e "$1.crt" ] && return
  printf 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$3" "$4" >"$config"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days "$days" -extfile "$config" -out "$1.crt" 2>/dev/null
  rm "$1.csr"; chmod 0644 "$1.crt" "$1.key"
}

names=DNS:localhost,IP:127.0.0.1,IP:::1
for host in "$@"; do
  if [[ $host =~ ^[0-9.]+$|: ]]; then names+=,IP:$host; else names+=,DNS:$host; fi
done
authority services-ca
authority clients-ca
certificate service services-ca serverAuth,clientAuth DNS:services.internal
certificate server clients-ca serverAuth "$names"
certificate client clients-ca clientAuth DNS:client
openssl verify -CAfile services-ca.crt service.crt
openssl verify -CAfile clients-ca.crt server.crt client.crt
