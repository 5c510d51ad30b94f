from pathlib import Path

import pytest

from genaiops.core import UserError
from genaiops.work import child_environment

PARENT = {
    "PATH": "/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/home/me",
    "TMPDIR": "/tmp/mine",
    "OPENAI_API_KEY": "secret",
    "GENAIOPS_CONFIG": "/home/me/.config/genaiops",
    "PYTHONPATH": "/work/tree/src",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def test_only_what_is_harmless_passes():
    env = child_environment(PARENT, (), Path("/child"))
    assert env["PATH"] == "/bin"
    assert env["LC_ALL"] == "C.UTF-8"
    assert not {"OPENAI_API_KEY", "GENAIOPS_CONFIG", "PYTHONPATH", "AWS_SECRET_ACCESS_KEY"} & set(env)


def test_the_child_has_a_home_and_a_temporary_folder_of_its_own():
    env = child_environment(PARENT, (), Path("/child"))
    assert {env[name] for name in ("HOME", "TMPDIR", "TEMP", "TMP")} == {"/child"}


def test_a_name_that_the_person_passes_reaches_the_child():
    assert child_environment(PARENT, ["OPENAI_API_KEY"], Path("/child"))["OPENAI_API_KEY"] == "secret"


def test_a_passed_name_that_is_not_set_is_said_before_the_app_starts():
    with pytest.raises(UserError) as caught:
        child_environment(PARENT, ["MISSING_KEY"], Path("/child"))
    assert "'MISSING_KEY' is not set" in caught.value.what
