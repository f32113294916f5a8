"""Claims about QMP, beside QEMU itself and with QEMU's own client.

usage: qmp.py CLAIM APUS FOLDER COMPATIBILITY
       qmp.py list

CLAIM is one of those that `list` names, APUS the emulator, FOLDER one to write to, COMPATIBILITY
docs/compatibility.md. QEMU 10.0 is run by the words of the variable QEMU10, QEMU 7.2 by those of QEMU7.
Runs under the Python of Scripts/fetch-qmp-client.
"""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

APUS, FOLDER, COMPATIBILITY = sys.argv[2:5] if len(sys.argv) > 4 else ("", "", "")
QEMU10 = os.environ.get("QEMU10", "").split()
QEMU7 = os.environ.get("QEMU7", "").split()
PATIENCE = 60
failures = []


def check(condition, *words):
    if not condition:
        failures.append(" ".join(str(word) for word in words)[:2000])


def path(name):
    return os.path.join(FOLDER, name)


def guest(name, value):
    """A guest that writes `value` to the test finisher; None: one that does nothing for ever."""
    words = [0x0000006F]
    if value is not None:
        upper = (value + 0x800) >> 12
        words = [
            0x001002B7,  # lui t0, 0x100
            (upper << 12 | 0x337) & 0xFFFFFFFF,  # lui t1
            ((value & 0xFFF) << 20 | 0x3031B) & 0xFFFFFFFF,  # addiw t1, t1
            0x0062A023,  # sw t1, 0(t0)
            0x0000006F,  # j .
        ]
    with open(path(name), "wb") as file:
        file.write(b"".join(struct.pack("<I", word) for word in words))
    return path(name)


class Machine:
    """An emulator with QMP on its standard input and output."""

    def __init__(self, words, options):
        self.process = subprocess.Popen(
            words + "-M virt -display none -bios none -nodefaults -qmp stdio".split() + options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.greeting = self.read()

    def read(self):
        """The next object; None where there is none any more."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def send(self, line):
        data = line if isinstance(line, bytes) else line.encode()
        try:
            self.process.stdin.write(data + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def ask(self, line):
        """The events that come before the reply, and the reply."""
        self.send(line)
        events = []
        while True:
            answer = self.read()
            if answer is None or "event" not in answer:
                return events, answer
            events.append(answer)

    def end(self):
        self.process.stdin.close()
        self.process.kill()
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def command(name, arguments=None):
    return json.dumps({"execute": name, **({"arguments": arguments} if arguments else {})})


# Answers beside QEMU's

DISK = "d.img"


def options():
    with open(path(DISK), "wb") as file:
        file.write(b"\1" * 8192)
    return (
        "-S -smp 2 -name foo -uuid 12345678-9abc-def0-1234-56789abcdef0 -serial null "
        "-chardev ringbuf,id=rb,size=64 "
        f"-drive if=none,id=d0,format=raw,file.locking=off,file={path(DISK)} "
        "-device virtio-blk-device,drive=d0,id=disk -device virtio-rng-pci,id=rng "
        "-device virtio-serial-device,id=vs -device virtconsole,id=vc,chardev=rb"
    ).split()


def qom(path, *properties):
    return [command("qom-get", {"path": path, "property": name}) for name in properties]


def compared_lines():
    """What is sent to each emulator, one after the other."""
    lines = [
        # The wire.
        '{"execute":"query-status"}', '{"execute":"nope"}', "[1]", "12", '"x"', "null", "{}",
        '{"execute":"qmp_capabilities","arguments":{"enable":1}}',
        '{"execute":"qmp_capabilities"}', '{"execute":"qmp_capabilities"}', '{"execute":"nope"}',
        "{'execute':'query-name'}", '{"execute":"query-status","id":{"a":[1,2.5,null,true,-1]}}',
        '{"execute":"query-name","id":18446744073709551615}', '{"execute":"query-name","id":"\\u0000\\ud83d\\ude00/"}',
        '{"execute":1}', '{"execute":"query-name","x":1}', '{"execute":"query-name","arguments":[]}',
        '{"execute":"query-name","arguments":{"x":1}}', '{"execute": nope}', '{"execute": "a" "b"}',
        '{"execute" "x"}', '{"execute":"x",}', "}", "]", '{1:2}', '[1 2]', '{"a":1,"a":2}', '{"id":7}', "@",
        '{"x":"\\q"}', b'{"id":"\xc3\xa9"}', "%d", b'{"id": 1, "x": "unterminated', "tru", "-", "1.",
        '{"x":0x10}', "[" * 1025, "@", '{"execute":"query-name"}',
        # Arguments.
        command("human-monitor-command"), command("human-monitor-command", {"command-line": 1}),
        command("human-monitor-command", {"command-line": "info status", "x": 1}),
        command("human-monitor-command", {"command-line": "info status", "cpu-index": 9}),
        command("human-monitor-command", {"command-line": "info status"}),
        command("human-monitor-command", {"command-line": "bogus"}),
        command("human-monitor-command", {"command-line": "quit 3"}),
        # The program and the machine.
        *[
            command("query-" + name)
            for name in (
                "version target kvm name uuid current-machine cpus-fast memory-size-summary chardev mice iothreads "
                "memory-devices block dump tpm jobs block-jobs fdsets migrate balloon hotpluggable-cpus vnc "
                "display-options pci yank pr-managers block-exports cryptodev dump-guest-memory-capability "
                "tpm-models tpm-types migrate-capabilities machines cpu-definitions").split()
        ],
        command("inject-nmi"), command("system_wakeup"), command("query-command-line-options", {"option": "mon"}),
        command("query-command-line-options", {"option": "zz"}), command("x-query-virtio"),
        # Objects.
        command("qom-list", {"path": "/"}), command("qom-list", {"path": "/nope"}), command("qom-list", {"path": ""}),
        command("qom-list", {"path": "/chardevs"}), command("qom-list", {"path": "/machine/peripheral"}),
        command("qom-list", {"path": "/machine/peripheral/vc"}),
        *qom("/machine", "type", "nope", "virt.flash0", "acpi", "memory", "graphics", "kernel", "append", "peripheral"),
        *qom("/machine/peripheral/disk", "drive", "realized", "type", "parent_bus", "serial", "queue-size"),
        *qom("/machine/peripheral/rng", "addr", "virtio-backend", "hotplugged"),
        *qom("/machine/soc0", "num-harts", "cpu-type"), *qom("/machine/soc0/harts[1]", "type", "zba", "zbc", "mvendorid"),
        *qom("/machine/unattached/device[3]", "type", "parent_bus"), *qom("/nope", "x"), *qom("disk", "serial"),
        command("qom-get", {"path": "/machine"}),
        command("qom-set", {"path": "/machine", "property": "nope", "value": 1}),
        command("qom-set", {"path": "/machine/peripheral/disk", "property": "serial", "value": "x"}),
        command("qom-set", {"path": "/machine/peripheral/disk", "property": "type", "value": "x"}),
        command("qom-set", {"path": "/machine", "property": "append", "value": "x"}),
        command("qom-list-types", {"implements": "nope"}), command("qom-list-properties", {"typename": "nope"}),
        command("device-list-properties", {"typename": "nope"}),
        command("device-list-properties", {"typename": "virt-machine"}),
        command("device-list-properties", {"typename": "virtio-device"}),
        *[
            command("query-cpu-model-expansion", arguments)
            for arguments in (
                {"type": "static", "model": {"name": "rv64"}}, {"type": "full", "model": {"name": "nope"}},
                {"type": "x", "model": {"name": "rv64"}}, {"type": "full"}, {"type": "full", "model": {}},
                {"type": "full", "model": {"name": "rv64", "props": {"zzz": True}}},
                {"type": "full", "model": {"name": "rv64", "props": {"zba": 3}}})
        ],
        # Back ends.
        command("ringbuf-read", {"device": "rb", "size": 10}), command("ringbuf-write", {"device": "rb", "data": "abc"}),
        command("ringbuf-write", {"device": "rb", "data": "YWJj", "format": "base64"}),
        command("ringbuf-read", {"device": "rb", "size": 10, "format": "base64"}),
        command("ringbuf-read", {"device": "rb", "size": 10, "format": "x"}),
        command("ringbuf-read", {"device": "nope", "size": 10}),
        command("ringbuf-read", {"device": "serial0", "size": 10}),
        command("ringbuf-read", {"device": "rb", "size": 0}), command("chardev-send-break", {"id": "rb"}),
        command("chardev-send-break", {"id": "zz"}), command("eject", {"device": "d0"}),
        command("eject", {"device": "nope"}), command("eject", {"id": "disk", "force": True}), command("eject"),
        # Memory.
        command("memsave", {"val": 0, "size": 16, "filename": path("m")}),
        command("memsave", {"val": 2**31, "size": 16, "filename": "/nonexistent/x"}),
        command("memsave", {"val": 2**31, "size": 16, "filename": path("m"), "cpu-index": 7}),
        command("memsave", {"val": "x", "size": 1, "filename": path("m")}),
        command("memsave", {"val": -1, "size": -1, "filename": path("m")}),
        command("memsave", {"val": 2**63, "size": 16, "filename": path("m")}),
        command("pmemsave", {"val": 2**31, "size": 16, "filename": path("m")}),
        command("dumpdtb", {"filename": path("dtb")}),
        *[
            command("dump-guest-memory", {"paging": False, **arguments})
            for arguments in (
                {"protocol": "foo"}, {"protocol": "file:" + path("core"), "begin": 0},
                {"protocol": "file:" + path("core"), "begin": 2**31, "length": 4096},
                {"protocol": "file:" + path("core"), "begin": 0, "length": 4096},
                {"protocol": "file:/nonexistent/x"})
        ],
        # What happens.
        command("set-action", {"reboot": "x"}), command("set-action", {"panic": "none", "watchdog": "none"}),
        command("watchdog-set-action", {"action": "none"}), command("watchdog-set-action", {"action": "foo"}),
        command("stop"), command("query-status"), command("cont"), command("cont"), command("query-status"),
        command("stop"), command("stop"), command("query-status"), command("system_reset"), command("query-status"),
        command("system_powerdown"), command("query-status"), command("quit"),
    ]
    return lines


# Lines whose answers differ on purpose, and the words that docs/compatibility.md has for it.
DIFFERENCES = {
    command("query-version"): "query-version",
    command("query-machines"): "query-machines",
    command("query-cpu-definitions"): "query-machines",
    command("query-dump-guest-memory-capability"): "dump-guest-memory",
    command("query-tpm-models"): "query-tpm-models",
    command("query-tpm-types"): "query-tpm-models",
    command("query-migrate-capabilities"): "query-migrate-capabilities",
    command("qom-set", {"path": "/machine", "property": "append", "value": "x"}): "qom-set",
}

# Members that say what no two runs or programs have in common.
MASKED = {"timestamp", "thread-id", "node-name", "actual-size"}


def masked(value):
    """The value without what cannot be equal, and with lists in an order of their own: QEMU's is that of a hash."""
    if isinstance(value, dict):
        return {name: masked(member) for name, member in value.items() if name not in MASKED}
    if isinstance(value, list):
        return sorted((masked(element) for element in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def answers(words):
    """All that comes for each line, up to the answer to another that is sent behind it."""
    found = []
    with Machine(words, options()) as machine:
        for line in compared_lines():
            machine.send(line)
            machine.send('{"execute":"query-name","id":"mark"}')
            found.append([])
            while (answer := machine.read()) is not None and answer.get("id") != "mark":
                found[-1].append(masked(answer))
    return found


def claim_answers_are_qemus():
    lines = compared_lines()
    ours, theirs = answers([APUS]), answers(QEMU10)
    with open(COMPATIBILITY, encoding="utf-8") as file:
        compatibility = file.read()
    for line, mine, his in zip(lines, ours, theirs):
        words = DIFFERENCES.get(line)
        if words is None:
            check(mine == his, line, "\n  Apus", json.dumps(mine), "\n  QEMU", json.dumps(his))
        else:
            check(mine != his, line, "no longer differs")
            check(words in compatibility, "docs/compatibility.md does not say", words)
            check(mine, line, "has no answer")


def claim_answers_are_those_of_7_2_where_qemu_kept_them():
    lines = compared_lines()
    ours, old, new = answers([APUS]), answers(QEMU7), answers(QEMU10)
    kept = 0
    for line, mine, before, now in zip(lines, ours, old, new):
        if before == now and line not in DIFFERENCES:
            kept += 1
            check(mine == before, line, "\n  Apus", json.dumps(mine), "\n  QEMU 7.2", json.dumps(before))
    check(kept > 100, "only", kept, "answers are the same in both releases of QEMU")


# Commands and their types

def schema(words):
    with Machine(words, ["-S"]) as machine:
        machine.ask(command("qmp_capabilities"))
        entries = machine.ask(command("query-qmp-schema"))[1]["return"]
        commands = {entry["name"] for entry in machine.ask(command("query-commands"))[1]["return"]}
    return {entry["name"]: entry for entry in entries}, commands


def compare_types(ours, mine, theirs, his, place, seen):
    """All that we have of a type is QEMU's, too."""
    if (mine, his) in seen or mine == "any":
        return
    seen.add((mine, his))
    one, other = ours[mine], theirs[his]
    # QEMU tells a type that may be several things apart.
    if other["meta-type"] == "alternate" or one["meta-type"] != other["meta-type"]:
        check(False, place, "is", one, "and in QEMU", other)
    elif one["meta-type"] == "builtin":
        check(one["json-type"] == other["json-type"], place, one, other)
    elif one["meta-type"] == "enum":
        known = {value["name"] for value in other["members"]}
        check({value["name"] for value in one["members"]} <= known, place, one, other)
    elif one["meta-type"] == "array":
        compare_types(ours, one["element-type"], theirs, other["element-type"], place + "[]", seen)
    elif one["meta-type"] == "object" and "tag" not in other:
        members = {member["name"]: member for member in other["members"]}
        for member in one["members"]:
            name = place + "." + member["name"]
            check(member["name"] in members, name, "is not in QEMU")
            if member["name"] in members:
                twin = members[member["name"]]
                check(
                    not ("default" in twin and "default" not in member and place.endswith("arguments")),
                    name, "must be given")
                compare_types(ours, member["type"], theirs, twin["type"], name, seen)
        if place.endswith("arguments"):
            needed = {m["name"] for m in other["members"] if "default" not in m}
            check(needed <= {m["name"] for m in one["members"]}, place, "lacks one of", needed)


def claim_the_schema_is_a_part_of_qemus():
    (ours, our_commands), (theirs, their_commands) = schema([APUS]), schema(QEMU10)
    listed = {name for name, entry in ours.items() if entry["meta-type"] == "command"}
    check(listed == our_commands, "query-commands and query-qmp-schema differ:", listed ^ our_commands)
    check(our_commands <= their_commands, "not QEMU's:", our_commands - their_commands)
    check(len(our_commands) > 60, len(our_commands), "commands")
    for name, entry in ours.items():
        if entry["meta-type"] not in ("command", "event"):
            continue
        check(name in theirs, name, "is not in QEMU")
        if name not in theirs:
            continue
        compare_types(ours, entry["arg-type"], theirs, theirs[name]["arg-type"], name + " arguments", set())
        if entry["meta-type"] == "command":
            compare_types(ours, entry["ret-type"], theirs, theirs[name]["ret-type"], name, set())
    # The rest of QEMU's is known by name.
    with Machine([APUS], ["-S"]) as machine:
        machine.ask(command("qmp_capabilities"))
        for name in sorted(their_commands - our_commands):
            error = machine.ask(command(name))[1]["error"]
            check(error["class"] == "CommandNotFound" and "not there yet" in error["desc"], name, error)


def claim_types_of_objects_are_qemus():
    def types(words):
        with Machine(words, ["-S"]) as machine:
            machine.ask(command("qmp_capabilities"))
            listed = machine.ask(command("qom-list-types", {"abstract": True}))[1]["return"]
            properties = {}
            for name in ["virtio-blk-device", "virtio-rng-device", "virtconsole", "virtio-blk-pci", "loader"]:
                rows = machine.ask(command("device-list-properties", {"typename": name}))[1]["return"]
                properties[name] = {row["name"]: row["type"] for row in rows}
            return {entry["name"]: entry for entry in listed}, properties

    (ours, our_properties), (theirs, their_properties) = types([APUS]), types(QEMU10)
    # Versions of the machine that QEMU does not keep.
    own = {"virt-10.0-machine", "virt-7.2-machine"}
    check(set(ours) - own <= set(theirs), "not QEMU's:", set(ours) - own - set(theirs))
    check(len(ours) > 40, len(ours), "types")
    for name, entry in ours.items():
        if name not in own:
            check(
                entry.get("abstract") == theirs[name].get("abstract"), entry, "and in QEMU", theirs[name])
    for name, rows in our_properties.items():
        check(len(rows) > 2, name, rows)
        for row, kind in rows.items():
            # A link to an object, which is named by its id; a number of which only two values mean something.
            if row not in ("iothread", "rng", "rombar"):
                check(
                    their_properties[name].get(row) == kind, name, row, kind, "and in QEMU",
                    their_properties[name].get(row))


def claim_cpu_models_are_expanded_as_by_qemu():
    def expand(words, model, properties):
        with Machine(words, ["-S"]) as machine:
            machine.ask(command("qmp_capabilities"))
            arguments = {"type": "full", "model": {"name": model, "props": properties}}
            return machine.ask(command("query-cpu-model-expansion", arguments))[1]["return"]["model"]["props"]

    for model, properties in [("rv64", {}), ("rv64", {"zba": False, "svpbmt": True}), ("sifive-u54", {})]:
        ours, theirs = expand([APUS], model, properties), expand(QEMU10, model, properties)
        check(len(ours) > 30, model, ours)
        # QEMU tells no modes, and parts of others only where they are named.
        for name in set(ours) - {"s", "u", "zmmul", "zalrsc", "zaamo", "zca", "zcd", "zcf"}:
            check(ours[name] == theirs.get(name, ours[name]), model, properties, name, ours[name], theirs.get(name))
        check(len(set(ours) & set(theirs)) > 25, model, "has too few that QEMU has")


# What happens, and what is told of it

def transcript(words, options, steps):
    """Each step is a command, what it is waited for afterwards, or a signal."""
    with Machine(words, options) as machine:
        seen = []

        def note(answer):
            if answer is not None:
                seen.append(masked(answer))
            return answer

        def until(name):
            while True:
                answer = note(machine.read())
                if answer is None or answer.get("event") == name:
                    return

        for step in ["qmp_capabilities", *steps]:
            if isinstance(step, signal.Signals):
                machine.process.send_signal(step)
            elif step.startswith("until "):
                until(step.split()[1])
            else:
                machine.send(step if step.startswith("{") else command(step))
                while True:
                    answer = note(machine.read())
                    if answer is None or "event" not in answer:
                        break
        return seen


def claim_events_come_as_in_qemu():
    off, fail, reset, spin = (
        guest("off", 0x5555), guest("fail", 0x33333), guest("reset", 0x7777), guest("spin", None))

    def monitor(line):
        return command("human-monitor-command", {"command-line": line})

    scenarios = [
        (["-kernel", spin],
         ["stop", "stop", "query-status", "cont", "cont", "query-status", "system_reset", "system_powerdown", "quit",
          "until END"]),
        (["-S", "-kernel", off], ["cont", "until END"]),
        (["-S", "-no-shutdown", "-kernel", off],
         ["cont", "until STOP", "query-status", "cont", "stop", "system_reset", "query-status", "cont", "until STOP",
          "query-status", "quit", "until END"]),
        (["-S", "-no-reboot", "-kernel", reset], ["cont", "until END"]),
        (["-S", "-action", "reboot=shutdown,shutdown=pause", "-kernel", reset],
         ["cont", "until STOP", "query-status", "quit", "until END"]),
        (["-S", "-kernel", fail], ["cont", "until END"]),
        (["-no-reboot", "-kernel", spin], ["system_reset", "until END"]),
        (["-no-reboot", "-no-shutdown", "-kernel", spin], ["system_reset", "query-status", "quit", "until END"]),
        (["-kernel", spin], [signal.SIGTERM, "until END"]),
        (["-no-shutdown", "-kernel", spin], [signal.SIGTERM, "until END"]),
        (["-kernel", spin],
         [monitor("system_reset"), monitor("stop"), monitor("cont"), monitor("quit"), "until END"]),
        (["-S", "-kernel", off],
         [command("set-action", {"shutdown": "pause"}), "cont", "until STOP", "query-status",
          command("set-action", {"shutdown": "poweroff"}), "system_reset", "cont", "until END"]),
        (["-S", "-kernel", spin],
         ["system_reset", "query-status", "cont", "stop", "system_reset", "query-status", "quit", "until END"]),
        (["-S", "-kernel", reset],
         ["cont", "until RESET", command("set-action", {"reboot": "shutdown"}), "until END"]),
    ]
    for options, steps in scenarios:
        ours, theirs = transcript([APUS], options, steps), transcript(QEMU10, options, steps)
        if "until RESET" in steps:
            # How often the guest has come to it until then is chance.
            ours, theirs = [[a for i, a in enumerate(t) if a != t[i - 1]] for t in (ours, theirs)]
            ours, theirs = [[a for a in t if "return" not in a] for t in (ours, theirs)]
        check(
            ours == theirs, options, "\n  Apus", *[json.dumps(answer) + "\n      " for answer in ours], "\n  QEMU",
            *[json.dumps(answer) + "\n      " for answer in theirs])
        check(len(ours) > 1, options, ours)


def claim_timestamps_are_now():
    with Machine([APUS], ["-S"]) as machine:
        machine.ask(command("qmp_capabilities"))
        before = int(time.time())
        events, _ = machine.ask(command("cont"))
        stamp = events[0]["timestamp"]
        check(list(events[0]) == ["timestamp", "event"], events)
        check(before <= stamp["seconds"] <= time.time() + 1, stamp)
        check(0 <= stamp["microseconds"] < 1_000_000, stamp)


def claim_pretty_printing_is_qemus():
    lines = b'{"execute":"qmp_capabilities"}{"execute":"query-kvm","id":[1,[],{},{"a":"b"}]}{"execute":"quit"}'
    outputs = []
    for words in ([APUS], QEMU10):
        ran = subprocess.run(
            words + "-M virt -S -display none -bios none -nodefaults -chardev stdio,id=c "
            "-mon c,mode=control,pretty=on".split(),
            input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        outputs.append(ran.stdout.split(b"}\r\n{")[1:3])
    check(outputs[0] == outputs[1], *outputs)
    check(len(outputs[0]) == 2, outputs)


# QEMU's own client

async def drive(address, name):
    from qemu.qmp import EventListener, ExecuteError, QMPClient
    client = QMPClient(name)
    listener = EventListener()
    client.register_listener(listener)
    for _ in range(200):
        try:
            await client.connect(address)
            break
        except Exception:  # pylint: disable=broad-except
            await asyncio.sleep(0.05)
    return client, listener, ExecuteError


async def converse(unix, port):
    client, events, error = await drive(unix, "one")
    other, seen, _ = await drive(("127.0.0.1", port), "two")
    status = await client.execute("query-status")
    check(status == {"status": "prelaunch", "running": False}, status)
    check(client.greeting is not None and client.greeting.QMP.version["qemu"]["major"] == 10, client.greeting)
    names = {entry["name"] for entry in await client.execute("query-commands")}
    check({"quit", "stop", "cont"} <= names, names)
    try:
        await client.execute("qom-get", {"path": "/machine", "property": "nope"})
        check(False, "no error")
    except error as problem:
        check(str(problem) == "Property 'virt-machine.nope' not found", problem)
    # Both at once, each with its own replies.
    replies = await asyncio.gather(*[
        one.execute("human-monitor-command", {"command-line": f"p {number}"})
        for number, one in enumerate([client, other] * 20)])
    check(replies == [f"{hex(number)}\r\n" for number in range(40)], replies)
    await client.execute("cont")
    await other.execute("stop")
    for listener in (events, seen):
        check([(await listener.get())["event"] for _ in range(2)] == ["RESUME", "STOP"], "events")
    await client.execute("system_reset")
    for listener in (events, seen):
        event = await listener.get()
        check(event["data"] == {"guest": False, "reason": "host-qmp-system-reset"}, event)
    # The next client begins anew.
    await client.disconnect()
    client, events, _ = await drive(unix, "three")
    check((await client.execute("query-name")) == {"name": "foo"}, "name")
    await client.execute("quit")
    check((await events.get())["data"]["reason"] == "host-qmp-quit", "quit")
    check((await seen.get())["data"]["reason"] == "host-qmp-quit", "quit, seen by the other")
    for one in (client, other):
        try:
            await one.disconnect()
        except Exception:  # pylint: disable=broad-except
            pass  # It says that the other end has gone.


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def claim_qemus_client_drives_a_machine():
    port, unix = free_port(), path("qmp")
    process = subprocess.Popen([
        APUS, *"-M virt -S -display none -bios none -serial none -name foo".split(),
        "-kernel", guest("spin", None), "-qmp", f"unix:{unix},server=on,wait=off",
        "-qmp", f"tcp:127.0.0.1:{port},server=on,wait=off"])
    try:
        asyncio.run(asyncio.wait_for(converse(unix, port), PATIENCE))
        check(process.wait(PATIENCE) == 0, "exit code", process.returncode)
    finally:
        process.kill()


def claim_qmp_shell_works():
    unix = path("shell")
    process = subprocess.Popen([
        APUS, *"-M virt -S -display none -bios none -serial none -qmp".split(), f"unix:{unix},server=on,wait=off"])
    try:
        while not os.path.exists(unix):
            if process.poll() is not None:
                break
        ran = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "qmp-shell"), unix], text=True,
            input="query-status\nqom-get path=/machine property=type\nnope\nquit\n", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        for words in ['"prelaunch"', '"virt-machine"', "The command nope has not been found", "QEMU 10.0.0"]:
            check(words in ran.stdout, words, "is not in", ran.stdout)
        check(process.wait(PATIENCE) == 0, "exit code", process.returncode)
    finally:
        process.kill()


# What libvirt asks when it looks what an emulator can

def claim_libvirts_questions_are_answered():
    known = """query-version query-commands query-qmp-schema query-target query-kvm query-machines
        query-cpu-definitions query-tpm-models query-tpm-types query-command-line-options
        query-migrate-capabilities query-status query-cpus-fast query-hotpluggable-cpus query-iothreads query-block
        query-chardev query-balloon query-uuid query-name query-current-machine query-display-options""".split()
    refused = ["query-sev-capabilities", "query-sgx-capabilities", "query-gic-capabilities", "query-stats-schemas"]
    with Machine([APUS], ["-S"]) as machine:
        check(machine.greeting["QMP"]["version"]["qemu"] == {"micro": 0, "minor": 0, "major": 10}, machine.greeting)
        machine.ask(command("qmp_capabilities"))
        for name in known:
            answer = machine.ask(command(name))[1]
            error = answer.get("error", {}).get("desc")
            check(
                error is None or name in ("query-hotpluggable-cpus", "query-balloon"), name, answer)
        for name in refused:
            error = machine.ask(command(name))[1]["error"]
            check(error["class"] == "CommandNotFound", name, error)
        machine.ask(command("qom-list-types"))
        for name in ["virtio-blk-pci", "virtio-blk-device", "virtio-rng-pci", "virtio-serial-pci", "virtconsole"]:
            check("return" in machine.ask(command("device-list-properties", {"typename": name}))[1], name)
        for name in ["virtio-net-pci-none", "vhost-vsock-device", "nec-usb-xhci"]:
            error = machine.ask(command("device-list-properties", {"typename": name}))[1]["error"]
            check(error["class"] == "DeviceNotFound", name, error)
        expansion = machine.ask(
            command("query-cpu-model-expansion", {"type": "full", "model": {"name": "rv64"}}))[1]
        check(expansion["return"]["model"]["props"]["zba"] is True, expansion)


# A client that means no good

def claim_hostile_clients_do_no_harm():
    """Each of these beside a client that goes on undisturbed."""
    numbers = random.Random(20)
    unix, other = path("hostile"), path("calm")
    process = subprocess.Popen([
        APUS, *"-M virt -S -display none -bios none -serial none".split(),
        "-qmp", f"unix:{unix},server=on,wait=off", "-qmp", f"unix:{other},server=on,wait=off"])

    def connect(place):
        for _ in range(500):
            try:
                client = socket.socket(socket.AF_UNIX)
                client.settimeout(PATIENCE)
                client.connect(place)
                return client
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nobody listens at " + place)

    try:
        calm = connect(other).makefile("rw", newline="\n")
        calm.readline()
        names = ["stop", "cont", "query-status", "qom-list", "qom-get", "memsave", "query-qmp-schema", "ringbuf-read"]
        values = [None, -1, 2**64 - 1, 2**70, 1e308, "", "\0", [], {}, True, [[[]]], {"x": {"y": []}}]
        for round_number in range(30):
            hostile = connect(unix)
            data = b'{"execute":"qmp_capabilities"}'
            for _ in range(numbers.randrange(40)):
                line = json.dumps({
                    "execute": numbers.choice(names + values[:4]), "id": numbers.choice(values),
                    "arguments": {numbers.choice(["path", "val", "device", ""]): numbers.choice(values)}}).encode()
                for _ in range(numbers.choice([0, 0, 3])):
                    line = bytearray(line)
                    line[numbers.randrange(len(line))] = numbers.randrange(256)
                data += bytes(line)
            if round_number % 10 == 0:
                data += b"[" * 100_000 + b'"' + b"x" * 3_000_000
            try:
                hostile.sendall(data)
                if round_number % 3:
                    hostile.recv(100)
            except OSError:
                pass
            hostile.close()
            line = command("qmp_capabilities") if round_number == 0 else command("query-name")
            calm.write(line + "\n")
            calm.flush()
            while True:
                answer = json.loads(calm.readline())
                if "event" not in answer:
                    break
            check(answer == {"return": {}}, answer)
        calm.write(command("quit") + "\n")
        calm.flush()
        check(process.wait(PATIENCE) == 0, "exit code", process.returncode)
    finally:
        process.kill()


CLAIMS = {name[6:].replace("_", "-"): body for name, body in list(globals().items()) if name.startswith("claim_")}

if __name__ == "__main__":
    if sys.argv[1:] == ["list"]:
        print("\n".join(CLAIMS))
        sys.exit(0)
    if len(sys.argv) != 5 or sys.argv[1] not in CLAIMS:
        sys.exit(__doc__)
    # Whoever started this may have it blocked, and emulators would inherit that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    CLAIMS[sys.argv[1]]()
    print("\n".join(failures))
    sys.exit(1 if failures else 0)
