#!/usr/bin/env bash
# Small networks out of namespaces, for the quickstart and the system tests.
#
# A lab is a set of namespaces with one owner process. Everything of it bears its name: namespaces are LAB-HOST, and
# its files are in /run/turnout-lab/LAB. A lab whose owner died is swept away by the next run, unless it was kept.
set -euo pipefail

readonly LABS=/run/turnout-lab

usage() {
  cat <<'TEXT'
usage: network.sh create LAB OWNER_PID       a new lab, and away with those whose owner died
       network.sh lan LAB NAME [snooping]    a switch: a bridge in a namespace of its own; a snooping one hands multicast
                                             on to those only who asked for it, and asks them itself (IGMP, MLD)
       network.sh host LAB HOST              a host with nothing but its loopback
       network.sh plug LAB HOST DEVICE LAN [ADDRESS/LENGTH...]
                                             a cable from the host's new DEVICE to the switch; the host speaks IPv6 on
                                             it only if one of the addresses is of IPv6
       network.sh access LAB HOST DEVICE LAN VLAN
                                             the switch's port for DEVICE becomes an access port: what is tagged on the
                                             switch is untagged on the cable
       network.sh mtu LAB HOST DEVICE LAN MTU
                                             of both ends of the cable
       network.sh web LAB HOST               nginx on port 80: / answers with the host's name, files from its www folder
       network.sh keep LAB                   it outlives its owner
       network.sh kept                       the names of kept labs
       network.sh remove LAB                 ends its processes, removes its namespaces and files
       network.sh sweep                      removes the labs whose owner died
TEXT
}

die() {
  echo "network.sh: $*" >&2
  exit 1
}

start_time() {  # of a process, so that a pid used again is not taken for its first user
  local fields
  fields=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  fields=${fields##*) }  # proc(5): the first two, of which one may hold blanks, are cut off
  [ "${fields%% *}" != Z ] || return 1
  awk '{print $20}' <<<"$fields"
}

create() {
  local lab=$1 owner=$2
  sweep
  [ ! -e "$LABS/$lab" ] || die "lab $lab exists already; remove it with: $0 remove $lab"
  local started
  started=$(start_time "$owner") || die "the owner, process $owner, does not run"
  mkdir -p "$LABS"
  local unborn  # another run's sweep sees the lab only when its owner is known
  unborn=$(mktemp -d "$LABS/.XXXXXX")
  echo "$owner $started" >"$unborn/owner"
  mv "$unborn" "$LABS/$lab"
}

owner_lives() {
  local owner started
  read -r owner started 2>/dev/null <"$LABS/$1/owner" || return 1
  [ "$(start_time "$owner")" = "$started" ]
}

add_namespace() {
  local namespace=$1
  ip netns add "$namespace"
  ip netns exec "$namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  ip -n "$namespace" link set lo up
}

lan() {
  local setting
  add_namespace "$1-$2"
  # A switch looks at no IP header: the kernel's bridge would drop what it finds wrong there.
  for setting in $(ip netns exec "$1-$2" sysctl -aN --pattern '^net\.bridge\.bridge-nf-call-'); do
    ip netns exec "$1-$2" sysctl -qw "$setting=0"
  done
  ip -n "$1-$2" link add bridge type bridge forward_delay 0 stp_state 0 mcast_snooping 0
  [ "${3:-}" != snooping ] || snoop "$1-$2"
  ip -n "$1-$2" link set bridge up
}

# A querier has an address of its own, and floods until those asked had their time to answer. That is ten seconds unless
# another is set before it becomes a querier; here one. It asks every two seconds, and forgets who was silent for five.
snoop() {
  speak_ipv6 "$1" bridge
  ip -n "$1" link set bridge type bridge mcast_query_response_interval 100 mcast_startup_query_interval 100 \
    mcast_query_interval 200 mcast_membership_interval 500
  ip -n "$1" link set bridge type bridge mcast_snooping 1 mcast_querier 1 mcast_mld_version 2
}

# Says nothing but what it must: no search for routers, and no duplicate address detection to wait for.
speak_ipv6() {
  local namespace=$1 device=$2
  ip netns exec "$namespace" sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 "net.ipv6.conf.$device.accept_ra=0" \
    "net.ipv6.conf.$device.accept_dad=0" "net.ipv6.conf.$device.disable_ipv6=0"
}

host() {
  add_namespace "$1-$2"
  mkdir -p "$LABS/$1/$2"
}

plug() {
  local lab=$1 host=$2 device=$3 lan=$4 address
  local port="$host.$device"
  shift 4
  [ ${#port} -le 15 ] || die "$port: a device's name has at most 15 characters; choose a shorter host or device name"
  ip link add "$device" netns "$lab-$host" type veth peer name "$port" netns "$lab-$lan"
  # Between namespaces the kernel hands over unfinished checksums, oversized segments and VLAN tags beside the frame,
  # none of which a real wire carries.
  ip netns exec "$lab-$host" ethtool -K "$device" tx off tso off gso off gro off txvlan off >/dev/null
  ip netns exec "$lab-$lan" ethtool -K "$port" tx off tso off gso off gro off txvlan off >/dev/null
  for address in "$@"; do
    case "$address" in *:*) speak_ipv6 "$lab-$host" "$device" ;; esac
    ip -n "$lab-$host" address add "$address" dev "$device"
  done
  ip -n "$lab-$lan" link set "$port" master bridge up
  ip -n "$lab-$host" link set "$device" up
}

access() {
  local lab=$1 port="$2.$3" lan=$4 vlan=$5
  local program="$LABS/$lab/vlan$vlan.o"
  [ -e "$program" ] || clang -O2 -target bpf -DVLAN="$vlan" -I"/usr/include/$(uname -m)-linux-gnu" \
    -c "$(dirname "$0")/access_port.bpf.c" -o "$program"
  tc -n "$lab-$lan" qdisc add dev "$port" clsact
  tc -n "$lab-$lan" filter add dev "$port" ingress bpf direct-action object-file "$program" section enter
  tc -n "$lab-$lan" filter add dev "$port" egress bpf direct-action object-file "$program" section leave
}

mtu() {
  ip -n "$1-$2" link set "$3" mtu "$5"
  ip -n "$1-$4" link set "$2.$3" mtu "$5"
}

web() {
  local lab=$1 host=$2
  local folder="$LABS/$lab/$host"
  mkdir -p "$folder/www" "$folder/tmp"
  cat >"$folder/nginx.conf" <<CONF
user root;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $folder/tmp/body;
  proxy_temp_path $folder/tmp/proxy;
  fastcgi_temp_path $folder/tmp/fastcgi;
  uwsgi_temp_path $folder/tmp/uwsgi;
  scgi_temp_path $folder/tmp/scgi;
  server {
    listen 80;
    listen [::]:80;
    root $folder/www;
    location = / { default_type text/plain; return 200 "$host\n"; }
  }
}
CONF
  ip netns exec "$lab-$host" nginx -e "$folder/error.log" -p "$folder" -c "$folder/nginx.conf"
}

namespaces_of() {
  ip netns list | awk -v lab="$1-" 'index($1, lab) == 1 {print $1}'
}

signal_processes() {  # of the lab's namespaces; prints how many there were
  local signal=$1 namespace pid count=0
  for namespace in $2; do
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do
      [ "$pid" != $$ ] || continue
      kill "-$signal" "$pid" 2>/dev/null || continue
      count=$((count + 1))
    done
  done
  echo "$count"
}

end_processes() {
  local namespaces=$1 attempt
  for attempt in $(seq 50); do
    local signal=0
    [ "$attempt" -ne 1 ] || signal=TERM
    [ "$attempt" -ne 40 ] || signal=KILL
    [ "$(signal_processes "$signal" "$namespaces")" -gt 0 ] || return 0
    sleep 0.1
  done
}

remove() {
  local lab=$1 namespaces namespace
  namespaces=$(namespaces_of "$lab")
  end_processes "$namespaces"
  for namespace in $namespaces; do
    ip netns delete "$namespace"
  done
  rm -rf "${LABS:?}/$lab"
}

sweep() {  # one run at a time: what one removes, another would miss
  mkdir -p "$LABS"
  exec 9>"$LABS/.sweeping"
  flock 9
  local folder lab
  for folder in "$LABS"/*/; do
    [ -d "$folder" ] || continue
    lab=$(basename "$folder")
    if [ -e "$folder/kept" ] || owner_lives "$lab"; then continue; fi
    echo "removing $lab, which a run that was killed left behind" >&2
    remove "$lab" 9>&-
  done
  exec 9>&-
}

kept() {
  local marker
  for marker in "$LABS"/*/kept; do
    [ ! -e "$marker" ] || basename "$(dirname "$marker")"
  done
}

[ "$(id -u)" -eq 0 ] || die "network namespaces need root; run this with sudo"
[ $# -ge 1 ] || { usage >&2; exit 2; }
action=$1
shift
case "$action" in
  create | host | web) [ $# -eq 2 ] || { usage >&2; exit 2; } ;;
  lan) [ $# -eq 2 ] || [ "$*" = "$1 $2 snooping" ] || { usage >&2; exit 2; } ;;
  plug) [ $# -ge 4 ] || { usage >&2; exit 2; } ;;
  access | mtu) [ $# -eq 5 ] || { usage >&2; exit 2; } ;;
  keep | remove) [ $# -eq 1 ] || { usage >&2; exit 2; } ;;
  sweep | kept) ;;
  *) usage >&2; exit 2 ;;
esac
case "$action" in
  keep) touch "$LABS/$1/kept" ;;
  *) "$action" "$@" ;;
esac
