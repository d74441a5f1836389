#!/usr/bin/env bash
# Makes a Docker engine for the tests reachable: the one of DOCKER_HOST or the usual socket if it answers, else a private
# dockerd. Installs Chromium, too, for the tests of the dashboard. On Debian as root; repeating it changes nothing.
# Prints the DOCKER_HOST to export on standard output.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${TMPDIR:-/tmp}/portolan-test-engine
socket=unix://$home/docker.sock
bridge=portolan-test0
bridge_address=172.31.255.1/24
deadline=60

main() {
  install_missing
  local host
  if host=$(reachable); then say "using the engine at $host"
  else
    start_engine
    host=$socket
  fi
  [ "$host" != "$socket" ] || let_containers_talk
  DOCKER_HOST=$host "$here/images.sh"
  echo "DOCKER_HOST=$host"
}

install_missing() {
  local packages=()
  command -v dockerd > /dev/null && command -v docker > /dev/null || packages+=(docker.io)
  command -v iptables > /dev/null || packages+=(iptables)
  command -v ip > /dev/null || packages+=(iproute2)
  is_static_busybox || packages+=(busybox-static)
  # Runs the unit in a machine of its own; what is process 1 here stays so.
  [ -e /lib/systemd/systemd ] || packages+=(systemd)
  # Debian starts it as a service, open to the network: not on a machine that somebody works on.
  [ "${CI:-}" != true ] || command -v docker-registry > /dev/null || packages+=(docker-registry)
  [ -n "${CHROMIUM:-}" ] || command -v chromium > /dev/null || packages+=(chromium)
  [ ${#packages[@]} -gt 0 ] || return 0
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends "${packages[@]}" >&2
  # A package of its own since Debian 13.
  command -v docker > /dev/null || apt-get install -y -q --no-install-recommends docker-cli >&2
}

# An image holds nothing but busybox: it must not need a library.
is_static_busybox() {
  command -v busybox > /dev/null && ! ldd "$(command -v busybox)" > /dev/null 2>&1
}

reachable() {
  local host
  for host in "${DOCKER_HOST:-}" "$socket" unix:///var/run/docker.sock; do
    [ -n "$host" ] || continue
    if answers "$host"; then
      echo "$host"
      return 0
    fi
  done
  return 1
}

answers() { DOCKER_HOST=$1 timeout 5 docker version > /dev/null 2>&1; }

start_engine() {
  [ "$(id -u)" = 0 ] || fail 'starting an engine needs root'
  mkdir -p "$home"
  # A pid file that an engine left which was killed; dockerd refuses to start on it if the number is in use again.
  rm -f "$home/docker.pid"
  make_bridge
  say "starting a private engine in $home"
  # All descriptors go to the log: a pipe held open by the engine would keep the caller waiting for its end. Its own
  # firewall rules would replace those of another engine on this machine; published ports need none (docker-proxy).
  setsid nohup dockerd --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/docker.pid" \
    -H "$socket" --bridge "$bridge" --iptables=false --default-address-pool base=172.30.0.0/16,size=24 \
    $(storage_options) > "$home/dockerd.log" 2>&1 < /dev/null &
  local waited=0
  until answers "$socket"; do
    waited=$((waited + 1))
    [ "$waited" -lt $((deadline * 2)) ] || fail "the engine does not answer after $deadline s, see $home/dockerd.log: $(tail -n 3 "$home/dockerd.log")"
    kill -0 $! 2> /dev/null || fail "the engine ended, see $home/dockerd.log: $(tail -n 3 "$home/dockerd.log")"
    sleep 0.5
  done
}

# Not docker0: a second engine would give that one another address, and the first one's containers would be cut off.
make_bridge() {
  ip link show "$bridge" > /dev/null 2>&1 || ip link add "$bridge" type bridge
  # Said once, it stays: else it follows the lowest of its ports, and a container that leaves makes the others deaf for a while.
  [ "$(cat "/sys/class/net/$bridge/addr_assign_type")" = 3 ] || ip link set "$bridge" address 02:42:70:6f:72:74
  ip addr replace "$bridge_address" dev "$bridge"
  ip link set "$bridge" up
}

# Another engine on this machine may have left a policy that drops what no rule of its own lets pass; ours has no rules.
let_containers_talk() {
  [ "$(id -u)" = 0 ] || return 0
  local rule=(FORWARD -i "$bridge" -o "$bridge" -j ACCEPT)
  iptables -C "${rule[@]}" 2> /dev/null || iptables -I "${rule[@]}" || say "containers may not reach one another"
}

# overlay does not stand on overlay, as inside of a container: vfs does everywhere.
storage_options() {
  if [ "$(stat -f -c %T "$home")" = overlayfs ]; then echo --storage-driver vfs; fi
}

say() { echo "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

main
