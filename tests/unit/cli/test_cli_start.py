"""The command line starts cheaply, and every end is a status and a few plain lines."""

import subprocess
import sys

import pytest

from genaiops.cli.main import run


@pytest.mark.proves("A-CHEAP-START")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_room_imports_none(option: str) -> None:
    code = (
        "import sys\nfrom genaiops.cli.main import run\n"
        f"status = run(['{option}'])\n"
        "heavy = {'sqlalchemy', 'numpy', 'aiohttp', 'genaiops.arena', 'genaiops.app'} & set(sys.modules)\n"
        "print(status, sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"
    assert "genaiops" in done.stdout


def test_an_unknown_command_is_the_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["arean"]) == 2
    assert "arean" in capsys.readouterr().err


def test_stopping_says_that_the_same_command_goes_on() -> None:
    code = (
        "import signal, sys, time\nfrom genaiops.cli.main import COMMANDS, run\n"
        "import types, typer\nroom = types.ModuleType('room')\nroom.wait = typer.Typer()\n"
        "@room.wait.command()\ndef wait():\n    signal.raise_signal(signal.SIGINT)\n    time.sleep(60)\n"
        "sys.modules['room'] = room\nCOMMANDS['wait'] = ('room', 'wait', '')\nsys.exit(run(['wait']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "goes on where it stopped" in done.stderr
    assert "Traceback" not in done.stderr
