#!/usr/bin/env python3
"""usage: network-peer.py FOLDER

What Guests/network/network.sh talks to, on ports of the loopback that are
printed in one line: a server of FOLDER by HTTP, a sink, which answers the md5
of what it got, and a port that nobody has, for the emulator to forward to the
guest's HTTP server. From there the file "big" is fetched as soon as it is
there, and its md5 told to the guest. Ends with its standard input.
"""

import functools
import hashlib
import http.server
import socket
import sys
import threading
import time
import urllib.request


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def sink(listener):
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            data = stream.read(int(stream.readline()))
            connection.sendall(b"md5 %s of %d bytes\n" % (hashlib.md5(data).hexdigest().encode(), len(data)))


def fetch(port):
    while True:
        try:
            base = f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(f"{base}/big", timeout=20) as answer:
                digest = hashlib.md5(answer.read()).hexdigest()
            urllib.request.urlopen(f"{base}/cgi-bin/end?{digest}", timeout=20).close()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Quiet, directory=sys.argv[1])
)
listener = socket.create_server(("127.0.0.1", 0))
with socket.create_server(("127.0.0.1", 0)) as free:
    forwarded = free.getsockname()[1]
for target, arguments in ((server.serve_forever, ()), (sink, (listener,)), (fetch, (forwarded,))):
    threading.Thread(target=target, args=arguments, daemon=True).start()
print(server.server_port, listener.getsockname()[1], forwarded, flush=True)
sys.stdin.read()
