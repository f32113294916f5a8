#!/usr/bin/python3
"""usage: peers.py EMULATOR GUESTS [SCENARIO...]

Holds every character back end against the programs that people use at its
other end: telnet, socat, tmux, a WebSocket client, pseudoterminals, sockets.
EMULATOR is a command; GUESTS is a folder with echo.elf and chatter.elf. Without
scenarios it runs them all, and `list` names them. What went wrong is said, and
the exit code is 1. The same claims hold for QEMU where nothing else is said.
"""
import os, pty, re, select, shlex, shutil, signal, socket, subprocess, sys, tempfile, termios, time, tty

PATIENCE = 20
scenarios = {}


def scenario(function):
    scenarios[function.__name__.replace("_", " ")] = function
    return function


def claim(condition, what):
    if not condition:
        raise AssertionError(what)


class Machine:
    """The emulator with a guest; ends with the block."""

    def __init__(self, *words, guest="echo", monitor=False, stdin=subprocess.DEVNULL, **options):
        self.folder = tempfile.mkdtemp(prefix="apus-peers-")
        self.said = os.path.join(self.folder, "said")
        fixed = ["-M", "virt", "-bios", "none", "-display", "none", "-kernel", f"{guests}/{guest}.elf"]
        if not monitor:
            fixed += ["-monitor", "none"]
        words = [word.replace("FOLDER", self.folder) for word in words]
        self.process = subprocess.Popen(
            emulator + fixed + words, stdin=stdin, stdout=open(self.said, "wb"), stderr=subprocess.STDOUT,
            cwd=self.folder, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def output(self, until=None):
        end = time.time() + PATIENCE
        while True:
            text = open(self.said, "rb").read().decode(errors="replace")
            if until is None or re.search(until, text):
                return text
            claim(time.time() < end, f"no {until!r} in {text!r}")
            time.sleep(0.01)

    def runs(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM):
        if self.runs():
            self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(f"the emulator said: {self.output()!r}")
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(attempt, what):
    """What `attempt` gives, once it gives something."""
    end = time.time() + PATIENCE
    while True:
        try:
            result = attempt()
            if result is not None and result is not False:
                return result
        except OSError:
            pass
        claim(time.time() < end, what)
        time.sleep(0.02)


def connect(port):
    return eventually(lambda: socket.create_connection(("127.0.0.1", port)), f"nobody listens at {port}")


def connect_unix(path):
    def attempt():
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except OSError:
            s.close()
    return eventually(attempt, f"nobody listens at {path}")


def receive(fd, until, seconds=PATIENCE):
    """Reads a socket or descriptor until the bytes appear."""
    fd = fd if isinstance(fd, int) else fd.fileno()
    got = b""
    end = time.time() + seconds
    while until not in got:
        left = end - time.time()
        claim(left > 0 and select.select([fd], [], [], left)[0], f"no {until!r} after {got!r}")
        try:
            more = os.read(fd, 65536)
        except OSError:
            more = b""
        claim(more, f"the end instead of {until!r} after {got!r}")
        got += more
    return got


def echoes(fd, text):
    fd = fd if isinstance(fd, int) else fd.fileno()
    os.write(fd, text)
    return receive(fd, text)


class Tool:
    """A program on a terminal of its own."""

    def __init__(self, *words):
        self.primary, secondary = pty.openpty()
        self.process = subprocess.Popen(words, stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True)
        os.close(secondary)

    def type(self, text):
        os.write(self.primary, text)

    def see(self, text):
        return receive(self.primary, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.primary)


def socat(text, *words):
    return subprocess.run(["socat", "-t2", "-", *words], input=text, stdout=subprocess.PIPE, timeout=PATIENCE).stdout


# Sockets


@scenario
def telnet_types_and_sees_and_comes_again():
    port = free_port()
    with Machine("-serial", f"telnet:127.0.0.1:{port},server=on,wait=off") as machine:
        for text in [b"first", b"second"]:
            eventually(lambda: connect(port).close() or True, "no listener")
            with Tool("telnet", "127.0.0.1", str(port)) as telnet:
                telnet.see(b"Escape character")
                time.sleep(0.5)
                telnet.type(text)
                # No local echo: the text appears once, from the guest.
                shown = telnet.see(text)
                claim(shown.count(text) == 1, f"echoed twice: {shown!r}")
                telnet.type(b"\x1d")
                telnet.see(b"telnet> ")
                telnet.type(b"quit\n")
                telnet.see(b"closed")
        claim(machine.runs(), "the machine ended with its client")


@scenario
def a_server_that_waits_says_so_and_loses_nothing():
    port = free_port()
    with Machine("-serial", f"tcp:127.0.0.1:{port},server=on") as machine:
        machine.output(rf"info: QEMU waiting for connection on: disconnected:tcp:127.0.0.1:{port},server=on\n")
        with connect(port) as client:
            receive(client, b"ready\n")
            echoes(client, b"hello")


@scenario
def a_server_that_waits_can_be_interrupted():
    with Machine("-serial", f"tcp:127.0.0.1:{free_port()},server=on") as machine:
        machine.output("waiting for connection")
        machine.stop(signal.SIGINT)


@scenario
def socat_sends_a_word_through_tcp_and_hears_it():
    port = free_port()
    with Machine("-serial", f"tcp:127.0.0.1:{port},server=on,wait=off,nodelay=on") as machine:
        connect(port).close()
        for word in [b"one", b"two"]:
            claim(word in eventually(lambda: socat(word, f"tcp:127.0.0.1:{port}"), "no answer"), word)


@scenario
def unix_sockets_by_path_and_by_abstract_name():
    name = f"apus-peers-{os.getpid()}"
    with Machine("-serial", "unix:FOLDER/s,server=on,wait=off") as machine:
        path = machine.path("s")
        connect_unix(path).close()
        claim(b"by path" in socat(b"by path", f"unix-connect:{path}"), "path")
        machine.stop()
        claim(not os.path.exists(path), "the socket is still there")
    options = f"socket,id=a,path={name},abstract=on,server=on,wait=off"
    with Machine("-chardev", options, "-serial", "chardev:a"):
        connect_unix("\0" + name).close()
        claim(b"by name" in socat(b"by name", f"abstract-connect:{name}"), "abstract name")


@scenario
def a_client_that_is_to_come_back_comes_back():
    port = free_port()
    with Machine("-serial", f"tcp:127.0.0.1:{port},reconnect-ms=100") as machine:
        machine.output("Unable to connect character device serial0: Failed to connect to .*: Connection refused")
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(PATIENCE)
            for word in [b"once", b"again"]:
                client, _ = server.accept()
                with client:
                    echoes(client, word)
        claim(machine.output().count("Unable to connect") == 1, "said more than once")


@scenario
def a_client_without_reconnect_stays_alone_and_the_guest_goes_on():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        with Machine("-serial", f"tcp:127.0.0.1:{server.getsockname()[1]}") as machine:
            client, _ = server.accept()
            echoes(client, b"hello")
            client.close()
            time.sleep(0.3)
            claim(machine.runs(), "the machine ended with its server")
            claim(not select.select([server], [], [], 0)[0], "it came back unasked")


@scenario
def an_inherited_socket_is_a_console():
    ours, theirs = socket.socketpair()
    with Machine(
        "-chardev", f"socket,id=a,fd={theirs.fileno()}", "-serial", "chardev:a", pass_fds=[theirs.fileno()]
    ) as machine:
        theirs.close()
        receive(ours, b"ready\n")
        echoes(ours, b"hello")


@scenario
def one_client_at_a_time():
    port = free_port()
    with Machine("-serial", f"tcp:127.0.0.1:{port},server=on,wait=off") as machine:
        first = connect(port)
        echoes(first, b"first")
        second = connect(port)
        second.sendall(b"second")
        claim(not select.select([second], [], [], 0.3)[0], "two at once")
        first.close()
        receive(second, b"second")


@scenario
def a_slow_reader_loses_nothing_and_one_that_leaves_holds_up_nobody():
    port = free_port()
    with Machine(
        "-serial", f"tcp:127.0.0.1:{port},server=on", "-monitor", "unix:FOLDER/m,server=on,wait=off",
        guest="chatter", monitor=True) as machine:
        client = connect(port)
        time.sleep(1)  # the guest prints far more than fits into buffers
        claim(b"running" in socat(b"info status\n", f"unix-connect:{machine.path('m')}"), "no monitor")
        got = b""
        while len(got) < 1_000_000:
            got += client.recv(1 << 20)
        alphabet = b"abcdefghijklmnopqrstuvwxyz"
        claim(got == (alphabet * (len(got) // 26 + 1))[:len(got)], "bytes are lost")
        time.sleep(0.5)
        client.close()
        with connect(port) as second:
            receive(second, alphabet)


@scenario
def a_web_socket_client_types_pings_and_comes_again():
    import asyncio
    import websockets
    port = free_port()

    async def talk(word, **options):
        async with websockets.connect(f"ws://127.0.0.1:{port}/", **options) as client:
            await client.send(word)
            got = b""
            while word not in got:
                got += await asyncio.wait_for(client.recv(), PATIENCE)
            await asyncio.wait_for(await client.ping(), PATIENCE)
            long = os.urandom(2000)
            await client.send(long)
            while long not in got:
                got += await asyncio.wait_for(client.recv(), PATIENCE)

    with Machine("-serial", f"websocket:127.0.0.1:{port},server=on,wait=off") as machine:
        connect(port).close()
        asyncio.run(talk(b"first", subprotocols=["binary"]))
        asyncio.run(talk(b"second"))
        claim(machine.runs(), "the machine ended with its client")


@scenario
def datagrams_go_both_ways():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(0.2)
        port = free_port()
        with Machine("-serial", f"udp:127.0.0.1:{ours.getsockname()[1]}@127.0.0.1:{port}") as machine:
            got = b""

            def attempt():
                nonlocal got
                ours.sendto(b"!", ("127.0.0.1", port))
                got += ours.recv(65536)
                return b"!" in got
            eventually(attempt, "no echo")
            ours.sendto(b"", ("127.0.0.1", port))
            ours.sendto(b"hello", ("127.0.0.1", port))
            while b"hello" not in got:
                got += ours.recv(65536)


# Terminals, pipes, files


@scenario
def a_pseudoterminal_is_named_opened_closed_and_opened_again():
    with Machine("-serial", "pty:FOLDER/tty") as machine:
        text = machine.output(r"char device redirected to /dev/pts/\d+ \(label serial0\)\n")
        path = re.search(r"/dev/pts/\d+", text)[0]
        claim(os.path.realpath(machine.path("tty")) == path, "the link leads elsewhere")
        for word in [b"first", b"second"]:
            terminal = os.open(machine.path("tty"), os.O_RDWR | os.O_NOCTTY)
            echoes(terminal, word)
            os.close(terminal)
        claim(b"socat" in socat(b"socat", f"{path},rawer"), "socat")
        machine.stop()
        claim(not os.path.lexists(machine.path("tty")), "the link is still there")


@scenario
def what_is_written_to_a_pseudoterminal_and_left_there_arrives():
    with Machine("-chardev", "pty,id=a,logfile=FOLDER/log", "-serial", "chardev:a") as machine:
        path = re.search(r"/dev/pts/\d+", machine.output(r"\(label a\)\n"))[0]
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"left")
        os.close(terminal)
        eventually(lambda: b"left" in open(machine.path("log"), "rb").read(), "lost")


@scenario
def named_pipes_two_or_one():
    with tempfile.TemporaryDirectory() as folder:
        for name in ["p.in", "p.out"]:
            os.mkfifo(f"{folder}/{name}")
        with Machine("-serial", f"pipe:{folder}/p") as machine:
            for word in [b"first", b"second"]:
                output = os.open(f"{folder}/p.in", os.O_WRONLY)
                answer = os.open(f"{folder}/p.out", os.O_RDONLY)
                os.write(output, word)
                receive(answer, word)
                os.close(output)
                os.close(answer)


@scenario
def a_serial_line_of_the_host():
    primary, secondary = pty.openpty()
    tty.setraw(secondary)
    with Machine("-serial", os.ttyname(secondary)) as machine:
        receive(primary, b"ready\n")
        echoes(primary, b"hello")
    os.close(primary)
    os.close(secondary)


@scenario
def a_file_gets_the_output_and_another_gives_the_input():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/in", "wb") as file:
            file.write(b"from a file\n" * 1000)
        with Machine(
            "-chardev", f"file,id=a,path={folder}/out,input-path={folder}/in", "-serial", "chardev:a"
        ) as machine:
            expected = b"ready\n" + b"from a file\n" * 1000
            eventually(lambda: open(f"{folder}/out", "rb").read() == expected, "not all of it")
            claim(machine.runs(), "the end of the file ended the machine")


@scenario
def the_end_of_standard_input_ends_nothing():
    with Machine("-serial", "stdio", stdin=subprocess.PIPE) as machine:
        machine.process.stdin.write(b"last words")
        machine.process.stdin.close()
        machine.output("last words")
        time.sleep(0.3)
        claim(machine.runs(), "it ended")


@scenario
def a_log_has_all_output_whoever_listens():
    port = free_port()
    options = f"socket,id=a,host=127.0.0.1,port={port},server=on,wait=off,logfile=FOLDER/log"
    with Machine("-chardev", options, "-serial", "chardev:a") as machine:
        eventually(lambda: open(machine.path("log"), "rb").read() == b"ready\n", "no greeting in the log")
        with connect(port) as client:
            echoes(client, b"hello")
        eventually(lambda: open(machine.path("log"), "rb").read() == b"ready\nhello", "no echo in the log")


# Several on one, one on several


@scenario
def a_socket_shared_with_the_monitor():
    port = free_port()
    with Machine("-serial", f"mon:tcp:127.0.0.1:{port},server=on,wait=off", monitor=True) as machine:
        with connect(port) as client:
            echoes(client, b"guest")
            client.sendall(b"\x01c")
            receive(client, b"(qemu) ")
            client.sendall(b"info status\r")
            receive(client, b"running")
            client.sendall(b"\x01c")
            time.sleep(0.2)
            echoes(client, b"again")
            client.sendall(b"\x01x")
            receive(client, b"QEMU: Terminated")
        claim(machine.process.wait(PATIENCE) == 0, "its end")


@scenario
def a_hub_of_two():
    words = ["-chardev", "socket,id=x,path=FOLDER/x,server=on,wait=off"]
    words += ["-chardev", "socket,id=y,path=FOLDER/y,server=on,wait=off"]
    words += ["-chardev", "hub,id=h,chardevs.0=x,chardevs.1=y", "-serial", "chardev:h"]
    with Machine(*words) as machine:
        one, other = connect_unix(machine.path("x")), connect_unix(machine.path("y"))
        time.sleep(0.3)
        echoes(one, b"from one")
        receive(other, b"from one")
        echoes(other, b"from the other")
        receive(one, b"from the other")
        other.close()
        echoes(one, b"still there")


@scenario
def socat_asks_a_monitor_and_hears_the_answer():
    with Machine("-serial", "null", "-monitor", "unix:FOLDER/m,server=on,wait=off", monitor=True) as machine:
        connect_unix(machine.path("m")).close()
        for _ in range(3):
            answer = eventually(lambda: socat(b"info status\n", f"unix-connect:{machine.path('m')}"), "nothing")
            claim(b"VM status: running" in answer, answer)


@scenario
def input_of_a_deterministic_machine_comes_through_sockets_too():
    port = free_port()
    with Machine("-icount", "shift=3", "-serial", f"tcp:127.0.0.1:{port},server=on") as machine:
        with connect(port) as client:
            receive(client, b"ready\n")
            for word in [b"one", b"two", b"three"]:
                echoes(client, word)


@scenario
def tmux_shows_the_keys_of_the_multiplexer():
    with tempfile.TemporaryDirectory() as folder:
        tmux = ["tmux", "-S", f"{folder}/socket", "-f", "/dev/null"]
        command = shlex.join(emulator + [
            "-M", "virt", "-bios", "none", "-nographic", "-kernel", f"{guests}/echo.elf"])
        subprocess.run([*tmux, "new-session", "-d", "-x", "120", "-y", "40", command + "; sleep 100"], check=True)
        try:
            def see(text):
                eventually(lambda: text in subprocess.run(
                    [*tmux, "capture-pane", "-p"], stdout=subprocess.PIPE, text=True).stdout, f"no {text!r}")

            def keys(*names):
                subprocess.run([*tmux, "send-keys", *names], check=True)
            see("ready")
            keys("C-a", "h")
            see("C-a x    exit emulator")
            keys("C-a", "c")
            see("(qemu)")
            keys("info status", "Enter")
            see("VM status: running")
            keys("C-a", "c", "t", "y", "p", "e", "d")
            see("typed")
            keys("C-a", "x")
            see("QEMU: Terminated")
        finally:
            subprocess.run([*tmux, "kill-server"])


if __name__ == "__main__":
    if sys.argv[1:] == ["list"]:
        print("\n".join(scenarios))
        sys.exit()
    emulator, guests, wanted = shlex.split(sys.argv[1]), sys.argv[2], sys.argv[3:] or list(scenarios)
    failed = False
    for name in wanted:
        begin = time.time()
        try:
            scenarios[name]()
            print(f"{name}: {time.time() - begin:.1f} s", flush=True)
        except Exception as error:
            failed = True
            print(f"{name}: FAILED after {time.time() - begin:.1f} s: {type(error).__name__}: {error}", flush=True)
    sys.exit(failed)
