"""From a reference to a model: what opens, and what a mistake is answered with."""

import subprocess
import sys
from pathlib import Path

import pytest

from genaiops.core import Egress, Settings, UserError
from genaiops.models import ModelContext, open_chat, open_embedder
from genaiops.models.machine import threads, usable_cores


class NoWayOut:
    """An egress that nothing here may use."""

    async def request(self, *args: object, **kwargs: object) -> "object":
        raise AssertionError("a model was opened, not asked")


def context(tmp_path: Path, **env: str) -> ModelContext:
    egress: Egress = NoWayOut()  # pyright: ignore[reportAssignmentType]
    settings = Settings(config_dir=tmp_path / "c", cache_dir=tmp_path / "k", env=env)
    return ModelContext(settings=settings, egress=egress, root=tmp_path)


@pytest.mark.parametrize(
    ("reference", "code", "hint"),
    [
        ("nonsense", "GAO-MODELS-003", "provider:name"),
        ("opnai:gpt-4o", "GAO-MODELS-004", "openai:gpt-4o"),
        ("local:smollm2", "GAO-MODELS-021", "local:smollm2-135m"),
        ("local:minilm-l6", "GAO-MODELS-021", "local:smollm2-135m"),
        ("local:smollm2-135m", "GAO-MODELS-011", "genaiops models pull smollm2-135m"),
        ("local:extractive", "GAO-MODELS-011", "genaiops models pull minilm-l6"),
        ("local:missing.gguf", "GAO-MODELS-024", ".gguf"),
        ("openai:gpt-4o", "GAO-MODELS-064", "OPENAI_API_KEY"),
        ("openai:", "GAO-MODELS-063", "openai:gpt"),
        ("http://host:8000/v1", "GAO-MODELS-060", "#"),
        ("http://#m", "GAO-MODELS-061", "http://host"),
        ("https://me:secret@host/v1#m", "GAO-MODELS-062", "GENAIOPS_API_KEY"),
        ("scripted:none.yaml", "GAO-MODELS-050", "scripted:"),
    ],
)
def test_a_mistake_is_one_clear_error_with_the_way_out(
    tmp_path: Path, reference: str, code: str, hint: str
) -> None:
    with pytest.raises(UserError) as caught:
        open_chat(reference, context(tmp_path))
    assert caught.value.code == code
    assert hint in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_chat_model_is_not_an_embedder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a model that embeds"):
        open_embedder("local:smollm2-135m", context(tmp_path))


def test_a_local_file_needs_a_stated_digest(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF....")
    with pytest.raises(UserError) as caught:
        open_chat("local:./mine.gguf", context(tmp_path))
    assert "--allow-unverified" in caught.value.fix
    pinned = caught.value.fix.split()[1].rstrip(",")
    assert open_chat(pinned, context(tmp_path)).spec.digest == pinned.partition("@")[2]


def test_an_unverified_file_is_recorded_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF....")
    open_context = context(tmp_path)
    allowed = ModelContext(
        settings=open_context.settings, egress=open_context.egress, root=tmp_path, allow_unverified=True
    )
    spec = open_chat("local:mine.gguf", allowed).spec
    assert spec.digest is not None
    assert spec.settings["n_ctx"] == 4096


def test_what_is_no_gguf_is_refused_before_llama_sees_it(tmp_path: Path) -> None:
    (tmp_path / "fake.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(UserError, match=r"fake\.gguf"):
        open_chat("local:fake.gguf", context(tmp_path))


def test_keys_stand_in_no_spec_and_no_repr(tmp_path: Path) -> None:
    model = open_chat("openai:gpt-4o", context(tmp_path, OPENAI_API_KEY="sk-very-secret"))
    assert model.spec.reference == "openai:gpt-4o"
    assert "sk-very-secret" not in repr(model.spec) + repr(vars(model)["_client"].endpoint)


def test_a_url_reference_reads_as_it_was_written(tmp_path: Path) -> None:
    model = open_chat("http://host:8000/v1#qwen", context(tmp_path))
    assert model.spec.reference == "http://host:8000/v1#qwen"
    assert model.spec.settings == {"base_url": "http://host:8000/v1"}


def test_equal_references_give_equal_specs(tmp_path: Path) -> None:
    first, second = (open_chat("http://h/v1#m", context(tmp_path)).spec for _ in range(2))
    assert first == second


def test_threads_come_from_the_environment_and_nonsense_is_refused(tmp_path: Path) -> None:
    assert threads({"GENAIOPS_THREADS": "3"}) == 3
    assert threads({}) >= 1
    for text in ("0", "-1", "two", "1.5"):
        with pytest.raises(UserError, match="GENAIOPS_THREADS"):
            threads({"GENAIOPS_THREADS": text})


def test_a_containers_quota_bounds_the_threads() -> None:
    everything = usable_cores()
    assert usable_cores("max 100000\n") == everything
    assert usable_cores("100000 100000\n") == 1
    assert usable_cores("50000 100000\n") == 1


def test_importing_the_room_loads_no_heavy_library() -> None:
    code = (
        "import sys, genaiops.models\n"
        "heavy = {'numpy', 'aiohttp', 'onnxruntime', 'tokenizers', 'xllamacpp', 'pydantic'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
