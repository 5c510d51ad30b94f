from pathlib import Path

import pytest

from genaiops.core import UserError
from genaiops.work import child_environment, install_environment

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


@pytest.mark.proves("B-ENV-SECRETS")
def test_what_installs_gets_the_way_to_the_index_and_no_key(tmp_path: Path) -> None:
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[global]\n", encoding="utf-8")
    told = {"PIP_INDEX_URL": "https://index.example.org/simple", "UV_PUBLISH_TOKEN": "secret"}
    env = install_environment({**PARENT, **told, "HOME": str(tmp_path)}, Path("/child"), Path("/cache"))
    assert env["PIP_INDEX_URL"] == told["PIP_INDEX_URL"]
    assert env["PIP_CONFIG_FILE"] == str(tmp_path / ".config" / "pip" / "pip.conf")
    assert env["HOME"] == "/child"
    assert "secret" not in env.values()


def test_a_named_configuration_of_pip_is_the_one_that_counts(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "pip.conf").write_text("[global]\n", encoding="utf-8")
    parent = {"XDG_CONFIG_HOME": str(tmp_path), "PIP_CONFIG_FILE": "/elsewhere/pip.conf"}
    assert (
        install_environment(parent, Path("/child"), Path("/cache"))["PIP_CONFIG_FILE"]
        == "/elsewhere/pip.conf"
    )
