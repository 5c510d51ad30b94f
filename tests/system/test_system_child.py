"""Child processes as they really behave: what they print, fork, hold open and leave behind."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genaiops.core import OutsideError
from genaiops.work import ChildProcess, Limits, child_environment

pytestmark = pytest.mark.system

_ECHO = """
import asyncio, json, os, sys
from genaiops.work import child_channel
async def main():
    reader, writer = await child_channel()
    while line := await reader.readline():
        message = json.loads(line)
        writer.write(json.dumps({"echo": message}).encode() + b"\\n")
        await writer.drain()
asyncio.run(main())
"""
# talks on the socket without importing anything of ours, so that these tests start quickly
_SAY = """
import json, os, signal, socket, sys, time
line = socket.socket(fileno=int(os.environ["GENAIOPS_CHANNEL"]))
def say(**message):
    line.sendall(json.dumps(message).encode() + b"\\n")
"""


def _run(code, use, *, limits=None, prefix=_SAY):
    async def main():
        env = child_environment(os.environ, (), Path("/tmp"))
        child = await ChildProcess.spawn(
            [sys.executable, "-c", prefix + code],
            cwd=Path.cwd(),
            env=env,
            limits=limits or Limits(),
        )
        async with child:
            return await asyncio.wait_for(use(child), 20)

    return asyncio.run(main())


def _gone(pid):
    """Return whether a process has ended; a zombie has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_messages_go_both_ways_in_order():
    async def use(child):
        for n in range(3):
            await child.send({"n": n, "text": "é\n\u2028"})
        return [await child.receive() for _ in range(3)]

    assert _run("", use, prefix=_ECHO) == [{"echo": {"n": n, "text": "é\n\u2028"}} for n in range(3)]


def test_what_it_says_last_is_heard_although_it_has_ended():
    async def use(child):
        await child.wait()
        return [await child.receive(), await child.receive(), child.returncode]

    assert _run("say(last=1)\nsys.exit(7)", use) == [{"last": 1}, None, 7]


def test_megabytes_on_stdout_block_nobody_and_only_the_end_is_kept():
    async def use(child):
        assert await child.receive() == {"printed": True}
        await child.wait()
        return child.stdout_tail, child.stderr_tail

    code = """
for _ in range(300):
    sys.stdout.write("x" * 100_000)
    sys.stderr.write("y" * 10_000)
sys.stdout.write("the end")
sys.stdout.flush()
say(printed=True)
"""
    stdout, stderr = _run(code, use)
    assert len(stdout) <= 64 << 10
    assert stdout.endswith(b"the end")
    assert len(stderr) <= 64 << 10


def test_a_child_that_hangs_is_killed_at_once():
    async def use(child):
        await child.receive()
        await child.kill()
        return child.returncode

    assert _run("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay(up=1)\ntime.sleep(600)", use) == -9


_FORKS = """
pids = []
read, write = os.pipe()
{start}
say(pids=pids)
{then}
"""
_PLAIN = """
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    pids.append(pid)
"""
_DETACHED = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.write(write, str(os.getpid()).encode())
        time.sleep(600)
    os._exit(0)
os.wait()
pids.append(int(os.read(read, 20)))
"""


@pytest.mark.parametrize("start", [_PLAIN, _DETACHED], ids=["forks", "daemons"])
def test_killing_it_kills_what_it_forked_even_what_left_its_session(start):
    async def use(child):
        pids = (await child.receive())["pids"]
        assert not any(_gone(pid) for pid in pids)
        await child.kill()
        return pids

    pids = _run(_FORKS.format(start=start, then="time.sleep(600)"), use)
    assert pids
    assert all(_gone(pid) for pid in pids)


@pytest.mark.parametrize("start", [_PLAIN, _DETACHED], ids=["forks", "daemons"])
def test_a_fork_that_holds_the_socket_open_does_not_keep_us_waiting(start):
    async def use(child):
        pids = (await child.receive())["pids"]
        assert await child.receive() is None
        return pids

    pids = _run(_FORKS.format(start=start, then="os._exit(0)"), use)
    assert all(_gone(pid) for pid in pids)


def test_killing_twice_and_killing_what_has_ended_is_fine():
    async def use(child):
        await child.wait()
        await child.kill()
        await child.kill()
        return child.returncode

    assert _run("sys.exit(3)", use) == 3


@pytest.mark.parametrize(
    "code",
    ["line.sendall(b'not json\\n')", "line.sendall(b'[1]\\n')", "line.sendall(b'{\"x\": NaN}\\n')"],
    ids=["text", "list", "nan"],
)
def test_a_message_that_breaks_the_protocol_is_an_error_in_words(code):
    async def use(child):
        with pytest.raises(OutsideError) as caught:
            await child.receive()
        return caught.value.code

    assert _run(code, use) == "GAO-WORK-002"


def test_deep_nesting_and_a_line_without_end_are_refused():
    async def use(child):
        with pytest.raises(OutsideError):
            await child.receive()
        with pytest.raises(OutsideError, match="protocol"):
            await child.receive()

    _run("line.sendall(b'[' * 200_000 + b'\\n')\nwhile True: line.sendall(b'x' * 1_000_000)", use)


def test_sending_to_a_child_that_has_gone_is_an_error_in_words():
    async def use(child):
        await child.wait()
        with pytest.raises(OutsideError) as caught:
            await child.send({"x": "y" * 1_000_000})
        return caught.value.code

    assert _run("", use) == "GAO-WORK-003"


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("bytearray(300 << 20)", Limits(memory_bytes=200 << 20)),
        (
            "x = [open('/dev/null') for _ in range(60)]",
            Limits(open_files=50),
        ),
    ],
    ids=["memory", "open files"],
)
def test_a_limit_is_felt_by_the_child_alone(code, limits):
    async def use(child):
        await child.wait()
        return child.returncode, child.stderr_tail

    status, stderr = _run(code, use, limits=limits)
    assert status == 1
    assert b"MemoryError" in stderr or b"Too many open files" in stderr


def test_processor_time_is_limited():
    async def use(child):
        return await child.wait()

    assert _run("while True: pass", use, limits=Limits(cpu_seconds=1)) == -signal.SIGKILL


def test_a_command_that_does_not_exist_says_so():
    async def main():
        child = await ChildProcess.spawn(["/no/such/program"], cwd=Path.cwd(), env={}, limits=Limits())
        async with child:
            assert await child.receive() is None
            return child.returncode, child.stderr_tail

    status, stderr = asyncio.run(main())
    assert status == 1
    assert b"cannot run /no/such/program" in stderr


def test_a_child_ends_with_its_parent_even_when_that_is_killed():
    code = """
import asyncio, os, sys
from pathlib import Path
from genaiops.work import ChildProcess, Limits
async def main():
    child = await ChildProcess.spawn(
        [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"],
        cwd=Path("."), env={}, limits=Limits())
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    handle = os.pidfd_open(pid)
    parent.kill()
    parent.communicate()
    assert select.select([handle], [], [], 10)[0]
    os.close(handle)
