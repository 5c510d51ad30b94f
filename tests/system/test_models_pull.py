"""Models from Hugging Face at a commit, and files from URLs: over real sockets, from a hub that may lie."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from tests.contracts.models_conformance import check_embedder
from tests.support.model_hub import COMMIT, REPO, ModelHub, serving
from tests.support.sentence_model import TABLE, onnx, write_model
from typer.testing import CliRunner

from genaiops.core import GenaiopsError, OutsideError, Settings, UserError
from genaiops.models import EmbedSettings, ModelContext, embedding_facts, open_chat, open_embedder
from genaiops.models.commands import app
from genaiops.models.fetching import pull_url
from genaiops.models.huggingface import HubPull
from genaiops.models.pulled import HubModel, Pulled, PulledModels
from genaiops.net import EgressPolicy, HttpEgress, RetryPolicy
from genaiops.work import Console

pytestmark = pytest.mark.system

QUICK = RetryPolicy(attempts=3, base=0.0, total=20.0, silence=5.0)
QUIET = Console(quiet=True)
SECRET = "hf_very-secret"
MODEL = HubModel(REPO, COMMIT)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    folder = write_model(tmp_path / "made", prompts={"query": "query: "}, file="onnx/model.onnx")
    made = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {**made, "model_int8.onnx": onnx(TABLE * 2, ("input_ids",)), "README.md": b"# A card"}


def settings(tmp_path: Path, **env: str) -> Settings:
    return Settings(config_dir=tmp_path / "c", cache_dir=tmp_path / "k", env={"GENAIOPS_THREADS": "1", **env})


def context(tmp_path: Path, said: EmbedSettings | None = None) -> ModelContext:
    return ModelContext(
        settings=settings(tmp_path),
        egress=None,  # pyright: ignore[reportArgumentType]  what was pulled needs no way out
        root=tmp_path,
        embedding=said or EmbedSettings(),
    )


def pull(tmp_path: Path, hub: ModelHub, model: HubModel = MODEL, token: str = "") -> Pulled:
    async def main() -> Pulled:
        async with serving(hub) as address:
            egress = HttpEgress(EgressPolicy(frozenset({"127.0.0.1", "localhost"})))
            env = {"HF_ENDPOINT": address + "/", **({"HF_TOKEN": token} if token else {})}
            try:
                return await HubPull(egress, settings(tmp_path, **env), QUIET, QUICK).pull(model)
            finally:
                await egress.close()

    return asyncio.run(main())


def kept(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "k").rglob("*") if path.is_file()]


@pytest.mark.proves("D-MODELS-PULL")
def test_an_embedder_is_pulled_at_a_commit_and_keeps_the_contract(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    hub = ModelHub(files, token=SECRET)
    pulled = pull(tmp_path, hub, token=SECRET)
    assert pulled.model == "onnx/model.onnx"
    assert set(pulled.files) == set(files) - {"model_int8.onnx", "README.md"}
    assert hub.tokens_elsewhere == [None], "the token stays with the endpoint"
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    embedder = open_embedder(f"hf:{REPO}@{COMMIT}", context(tmp_path))
    facts = embedding_facts(embedder)
    assert (facts["version"], facts["licence"], facts["query_prefix"]) == (COMMIT, "mit", "query: ")
    assert facts["source"] == pulled.source
    check_embedder(embedder)


@pytest.mark.proves("D-MODELS-PULL")
def test_a_pull_that_failed_goes_on_from_the_weights_it_has(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(UserError):
        pull(tmp_path, ModelHub(files, body={"tokenizer.json": b"{}"}))
    hub = ModelHub(files)
    pull(tmp_path, hub)
    assert not [path for path in hub.asked if path.startswith("/lfs/")]


@pytest.mark.proves("D-MODELS-PULL")
def test_of_several_files_the_reference_says_which(tmp_path: Path, files: dict[str, bytes]) -> None:
    for file in ("onnx/model.onnx", "model_int8.onnx"):
        pull(tmp_path, ModelHub(files), HubModel(REPO, COMMIT, file))
    with pytest.raises(UserError, match="which file") as caught:
        open_embedder(f"hf:{REPO}@{COMMIT}", context(tmp_path))
    first, second = (
        open_embedder(f"hf:{REPO}@{COMMIT}#{file}", context(tmp_path)).spec
        for file in ("onnx/model.onnx", "model_int8.onnx")
    )
    assert f"hf:{REPO}@{COMMIT}#" in caught.value.fix
    assert first.digest != second.digest
    assert second.settings["quantisation"] == "int8"


@pytest.mark.proves("D-MODELS-PULL")
@pytest.mark.parametrize(
    ("statuses", "asks"),
    [([(429, {"Retry-After": "0"}), (200, {})], 1), ([(503, {}), (429, {}), (200, {})], 2)],
)
def test_a_hub_that_is_busy_for_a_moment_is_asked_again(
    tmp_path: Path, files: dict[str, bytes], statuses: list[tuple[int, dict[str, str]]], asks: int
) -> None:
    hub = ModelHub(files, statuses=list(statuses))
    pull(tmp_path, hub)
    assert [path for path in hub.asked if "/revision/" in path] == [hub.asked[0]] * (asks + 1)


BUSY = [(429, {"Retry-After": "3600"})]


@pytest.mark.proves("D-BAD-PULL")
@pytest.mark.parametrize(
    ("lie", "error", "code", "hint"),
    [
        ({"statuses": [(401, {})]}, UserError, "GAO-MODELS-089", "HF_TOKEN is set"),
        ({"statuses": [(403, {"X-Error-Code": "GatedRepo"})]}, UserError, "GAO-MODELS-089", "GatedRepo"),
        ({"statuses": [(404, {"X-Error-Code": "RevisionNotFound"})]}, UserError, "GAO-MODELS-090", COMMIT),
        ({"statuses": [(200, {}), (404, {})]}, UserError, "GAO-MODELS-090", "404"),
        ({"statuses": BUSY}, OutsideError, "GAO-MODELS-093", "429"),
        ({"statuses": [(500, {})] * 3}, OutsideError, "GAO-MODELS-093", "500"),
        ({"commit": "f" * 40}, OutsideError, "GAO-MODELS-094", "f" * 40),
        ({"next_page": "http://localhost:1/x"}, OutsideError, "GAO-MODELS-094", "another host"),
        ({"tree": {"config.json": {"size": None}}}, OutsideError, "GAO-MODELS-094", "size"),
        ({"body": {"onnx/model.onnx": b"x"}}, UserError, "GAO-MODELS-092", "bytes"),
        ({"body": {"tokenizer.json": b"{}"}}, UserError, "GAO-MODELS-092", "bytes"),
        ({"tree": {"tokenizer.json": {"oid": "0" * 40}}}, UserError, "GAO-MODELS-092", "git blob"),
        (
            {"tree": {"onnx/model.onnx": {"lfs": {"oid": "0" * 64, "size": 1, "pointerSize": 1}}}},
            UserError,
            "GAO-MODELS-092",
            "0" * 64,
        ),
        ({"body": {"onnx/model.onnx": b"x" * 5_000_000}}, UserError, "GAO-MODELS-092", "bytes"),
        ({"cut": "onnx/model.onnx"}, OutsideError, "GAO-NET-006", ""),
    ],
)
def test_what_is_refused_cut_off_or_not_what_was_stated_is_one_error_and_leaves_no_model(
    tmp_path: Path,
    files: dict[str, bytes],
    lie: dict[str, object],
    error: type[GenaiopsError],
    code: str,
    hint: str,
) -> None:
    with pytest.raises(error) as caught:
        pull(tmp_path, ModelHub(files, **lie), token=SECRET)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert hint in str(caught.value)
    assert SECRET not in str(caught.value)
    assert not [name for name in kept(tmp_path) if name.startswith(".") or name in str(lie.get("body"))]
    with pytest.raises(UserError, match="not on this machine"):
        open_embedder(f"hf:{REPO}@{COMMIT}", context(tmp_path))


@pytest.mark.proves("D-BAD-PULL")
def test_a_commit_that_holds_other_files_than_before_is_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    pull(tmp_path, ModelHub(files))
    forged = {**files, "config_sentence_transformers.json": b'{"prompts": {"query": "obey: "}}'}
    with pytest.raises(UserError, match="other files at this commit") as caught:
        pull(tmp_path, ModelHub(forged))
    assert caught.value.code == "GAO-MODELS-099"
    with pytest.raises(UserError, match="not the file that was named"):
        open_embedder(f"hf:{REPO}@{COMMIT}", context(tmp_path))


@pytest.mark.proves("D-BAD-PULL")
def test_a_repository_without_such_a_file_says_which_it_has(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(UserError, match=r"no model\.onnx") as caught:
        pull(tmp_path, ModelHub(files), HubModel(REPO, COMMIT, "model.onnx"))
    assert "model_int8.onnx, onnx/model.onnx" in caught.value.why


@pytest.mark.proves("D-BAD-PULL")
@pytest.mark.parametrize("touched", ["onnx/model.onnx", "tokenizer.json", "1_Pooling/config.json"])
def test_a_file_that_changed_since_it_was_pulled_is_not_loaded(
    tmp_path: Path, files: dict[str, bytes], touched: str
) -> None:
    pull(tmp_path, ModelHub(files))
    path = PulledModels(settings(tmp_path)).folder(MODEL) / touched
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UserError, match="not the file that was named"):
        asyncio.run(open_embedder(f"hf:{REPO}@{COMMIT}", context(tmp_path)).embed(["cat"], "query"))


@pytest.mark.proves("D-BAD-PULL")
@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("org/name@main", "GAO-MODELS-086", "moves"),
        ("org/name@0123456", "GAO-MODELS-086", "40 digits"),
        ("org/name", "GAO-MODELS-085", "COMMIT"),
        (f"../name@{COMMIT}", "GAO-MODELS-085", "ORG/NAME"),
        (f"org/name@{COMMIT}#../../x.onnx", "GAO-MODELS-085", "ORG/NAME"),
        (f"org/name@{COMMIT}", "GAO-MODELS-087", "genaiops models pull"),
    ],
)
def test_a_model_that_is_not_pinned_or_not_here_is_refused_with_the_reason(
    tmp_path: Path, name: str, code: str, hint: str
) -> None:
    for opening in (open_embedder, open_chat):
        with pytest.raises(UserError) as caught:
            opening(f"hf:{name}", context(tmp_path))
        assert caught.value.code == code
        assert hint in str(caught.value)


def test_a_gguf_file_is_pulled_alone_and_chats(tmp_path: Path, files: dict[str, bytes]) -> None:
    hub = ModelHub({**files, "tiny.gguf": b"GGUF" + b"x" * 99}, lfs=frozenset())
    pulled = pull(tmp_path, hub, HubModel(REPO, COMMIT, "tiny.gguf"))
    spec = open_chat(pulled.reference, context(tmp_path)).spec
    assert (spec.version, spec.digest) == (COMMIT, pulled.files["tiny.gguf"])
    assert set(pulled.files) == {"tiny.gguf"}
    with pytest.raises(UserError, match="not a model that embeds"):
        open_embedder(pulled.reference, context(tmp_path))


@pytest.mark.proves("D-MODELS-PULL")
def test_the_command_pulls_and_the_list_shows_it(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "k"))
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "c"))

    async def main() -> tuple[str, str]:
        async with serving(ModelHub(files)) as address:
            monkeypatch.setenv("HF_ENDPOINT", address)
            local = ["--allow-private", "127.0.0.1", "--allow-private", "localhost"]
            asked = ["pull", f"hf:{REPO}@{COMMIT}", "--file", "model_int8.onnx", *local, "--json"]
            made = await asyncio.to_thread(CliRunner().invoke, app, asked)
            again = await asyncio.to_thread(CliRunner().invoke, app, ["list"])
            return made.stdout, again.stdout

    made, listed = asyncio.run(main())
    reference = f"hf:{REPO}@{COMMIT}#model_int8.onnx"
    assert json.loads(made)["model"] == reference
    assert f"{reference} embed" in listed
    held = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)["pulled"]
    assert [(one["reference"], one["licence"]) for one in held] == [(reference, "mit")]


@pytest.mark.parametrize(
    "asked",
    [
        ["minilm-l6", "--file", "x.onnx"],
        ["minilm-l6", "--sha256", "0" * 64],
        [f"hf:{REPO}@{COMMIT}", "--from", "x"],
        ["https://host.example/m.gguf", "--file", "x"],
    ],
)
def test_options_that_do_not_go_together_are_refused(asked: list[str]) -> None:
    result = CliRunner().invoke(app, ["pull", *asked])
    assert result.exit_code == 2
    assert "does not go with" in result.output


@pytest.mark.parametrize(
    "asked",
    [
        [f"hf:{REPO}@{COMMIT}", "--file", "../../../escaped.gguf"],
        ["https://bob:hunter2secret@host.example/m.gguf"],
        ["https://bob:hunter2secret@host.example/my%20model.gguf", "--sha256", "0" * 64],
    ],
)
def test_a_file_stays_in_its_folder_and_a_password_in_its_url(asked: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(app, ["pull", *asked], catch_exceptions=False)
    assert "hunter2secret" not in str(vars(caught.value)) + str(caught.value)
    assert caught.value.fix


@pytest.mark.proves("D-MODELS-PULL")
def test_a_file_from_a_url_is_kept_where_it_has_the_stated_digest(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    hub, here = ModelHub({**files, "m.gguf": b"GGUF and more"}), settings(tmp_path)
    right = hashlib.sha256(b"GGUF and more").hexdigest()

    async def main(sha256: str | None, name: str = "m.gguf") -> Path:
        async with serving(hub) as address:
            egress = HttpEgress(EgressPolicy(frozenset({"127.0.0.1"})))
            try:
                path, _ = await pull_url(f"{address}/lfs/{name}", sha256, egress, here, QUIET)
                return path
            finally:
                await egress.close()

    assert asyncio.run(main(right)).read_bytes() == b"GGUF and more"
    for wrong, code in ((None, "GAO-MODELS-097"), ("0" * 63, "GAO-MODELS-097"), ("0" * 64, "GAO-MODELS-092")):
        with pytest.raises(UserError) as caught:
            asyncio.run(main(wrong))
        assert caught.value.code == code
    assert kept(tmp_path) == ["m.gguf"]
