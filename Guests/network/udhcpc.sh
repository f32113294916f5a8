#!/bin/sh
# What udhcpc calls, with what it got in the environment: tells that, and uses it.
# shellcheck disable=SC2154
[ "$1" = bound ] || exit 0
echo "DHCP: $ip/$mask router $router dns $dns lease $lease server $serverid" \
  "domain $domain search $search name $hostname boot $boot_file from $siaddr $tftp"
ip addr add "$ip/$mask" dev "$interface"
ip route add default via "$router"
