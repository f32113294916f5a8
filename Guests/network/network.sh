#!/bin/sh
# usage: network.sh HTTP-PORT SINK-PORT
#
# In the guest: gets an address, talks to Tests/SystemTests/network-peer.py at
# 10.0.2.2, and serves it what it got, until the peer has had it.
for module in failover net_failover virtio_mmio virtio_net; do
  insmod "/$module.ko"
done
echo begin
cat /sys/bus/virtio/devices/*/features | sed 's/^/features: /'
sed 's/^/address: /' /sys/class/net/eth0/address
ip link set eth0 up
udhcpc -i eth0 -q -n -s /udhcpc.sh 2>/dev/null
ping -c 2 -q 10.0.2.2 | grep transmitted
ping -c 1 -q 10.0.2.3 | grep transmitted

mkdir -p /www/cgi-bin
wget -q -O /www/big "http://10.0.2.2:$1/big"
md5sum /www/big
{
  stat -c %s /www/big
  cat /www/big
} | nc 10.0.2.2 "$2"
tftp -g -r small -l /tmp/small 10.0.2.2 2>/dev/null
md5sum /tmp/small
nc 10.0.2.100 80 </dev/null
# Both ends stay open, so what waits is ended, of which the shell would tell.
(
  { echo hello; sleep 100; } | nc 10.0.2.101 81 | {
    read -r line
    echo "$line"
    killall nc sleep
  }
) 2>/dev/null

# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'echo; echo "$QUERY_STRING" >/tmp/end' >/www/cgi-bin/end
chmod +x /www/cgi-bin/end
httpd -p 80 -h /www
until [ -s /tmp/end ]; do sleep 0.1; done
sed 's/^/the host got: /' /tmp/end

until ip -6 addr show dev eth0 | grep dynamic | grep -vq tentative; do sleep 0.1; done
ip -6 addr show dev eth0 | grep -o 'fec0.*scope site'
ping -6 -c 1 -q fec0::2 | grep transmitted
dmesg -r | grep -c '^<[0-3]>'
echo end
