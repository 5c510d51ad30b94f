"""genaiops.yaml: what is read, and what a mistake in it is told."""

import asyncio
import io
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.support.apps import services_of, write_project

from genaiops.app import Project, load_project
from genaiops.core import Claim, Json, UserError, digest_json
from genaiops.guard import Asker
from genaiops.models import EmbedSettings
from genaiops.work import Console

WHOLE = """\
project: support-assistant
app: app:answer
params: {top_k: 6, rerank: true, context_tokens: 350}
models:
  chat:  local:smollm2-135m
  embed: local:minilm-l6
prices: {local:smollm2-135m: {in: 0.02, out: 0.08}}
knowledge:
  docs: {source: data/docs, chunk: {by: heading, tokens: 130, overlap: 20}, access: front_matter}
suites:
  qa:
    dataset: data/qa.jsonl
    scorers: [{wrong_answers: {right: answer_f1, from: 0.5}}, answer_f1, {retrieval_recall: {k: 5}}]
    cluster: tags.document
    slices: [tags.topic, expected.answerable]
    repeats: 1
    gate:
      alpha: 0.05
      claims:
        - {scorer: wrong_answers, is: better, by: 0.05}
        - {scorer: answer_f1, is: not_worse, margin: 0.05}
        - {scorer: retrieval_recall, is: at_least, value: 0.80}
      rules: [ratio.cost_usd.mean.high <= 1.10]
      require_lock: none
      on_change: review
"""
ENDPOINT = "project: p\napp: {url: 'https://h.x/a', version: 7, key_env: APP_KEY}\n"
SHORT = "project: p\napp: app:answer\nparams: {top_k: 6, rerank: true, names: [a, b]}\n"


def load(folder: Path, text: str, *sets: str, env: dict[str, str] | None = None) -> Project:
    (folder / "genaiops.yaml").write_text(text, encoding="utf-8")
    return load_project(folder, sets, env or {})


def refused(folder: Path, text: str, *sets: str, env: dict[str, str] | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        load(folder, text, *sets, env=env)
    assert "\n" not in caught.value.what
    return caught.value


def test_an_endpoint_is_read_with_its_version_and_the_name_of_its_key(tmp_path: Path) -> None:
    project = load(tmp_path, ENDPOINT + "reuse: {max_age: 30m}\n")
    assert (project.app.url, project.app.version, project.app.key_env) == ("https://h.x/a", "7", "APP_KEY")
    assert project.reuse.longest == timedelta(minutes=30)
    assert load(tmp_path, ENDPOINT).reuse.longest == timedelta(hours=24)
    changed = load(tmp_path, ENDPOINT, "app.version=8", "reuse.max_age=0s")
    assert (changed.app.version, changed.reuse.longest) == ("8", timedelta(0))


def test_the_whole_file_of_the_design_is_read(tmp_path: Path) -> None:
    project = load(tmp_path, WHOLE)
    assert project.root == tmp_path.resolve()
    assert project.app.function == "app:answer"
    assert project.params == {"top_k": 6, "rerank": True, "context_tokens": 350}
    assert project.prices["local:smollm2-135m"].usd_out == 0.08
    assert project.knowledge["docs"].chunk.tokens == 130
    suite = project.suites["qa"]
    assert [scorer.name for scorer in suite.scorers] == ["wrong_answers", "answer_f1", "retrieval_recall"]
    assert suite.scorers[0].params == {"right": "answer_f1", "from": 0.5}
    assert suite.gate is not None
    assert suite.gate.claims[0].claim() == Claim(scorer="wrong_answers", kind="better", bound=0.05)
    assert suite.gate.claims[2].claim().bound == 0.8


def test_defaults_fill_what_a_short_file_leaves_out(tmp_path: Path) -> None:
    project = load(tmp_path, SHORT + "suites: {qa: {dataset: d.jsonl, scorers: [exact_match]}}")
    suite = project.suites["qa"]
    assert (suite.cluster, suite.cluster_missing, suite.repeats, suite.gate) == (None, "error", 1, None)


def test_the_file_can_be_named_instead_of_its_folder(tmp_path: Path) -> None:
    load(tmp_path, SHORT)
    assert load_project(tmp_path / "genaiops.yaml").project == "p"


def test_suites_do_not_change_what_digests_read_but_params_do(tmp_path: Path) -> None:
    one = digest_json(load(tmp_path, WHOLE).resolved())
    assert digest_json(load(tmp_path, WHOLE, "suites.qa.gate.alpha=0.01").resolved()) == one
    assert digest_json(load(tmp_path, WHOLE, "params.top_k=7").resolved()) != one


def test_a_missing_file_points_to_init_and_new(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no genaiops\.yaml") as caught:
        load_project(tmp_path)
    assert "genaiops init" in caught.value.fix
    assert "genaiops new rag-assistant" in caught.value.fix


@pytest.mark.parametrize(
    ("broken", "place", "near"),
    [
        (WHOLE.replace("repeats: 1", "repeat: 1"), "genaiops.yaml:16:5", "'repeats'"),
        (WHOLE.replace("margin: 0.05", "margn: 0.05"), "genaiops.yaml:21:46", "'margin'"),
        (WHOLE.replace("overlap: 20", "overlapp: 20"), "genaiops.yaml:9:63", "'overlap'"),
        (WHOLE.replace("params:", "param:"), "genaiops.yaml:3:1", "'params'"),
    ],
)
def test_an_unknown_key_names_its_place_and_the_nearest_key(
    tmp_path: Path, broken: str, place: str, near: str
) -> None:
    error = refused(tmp_path, broken)
    assert error.where == place
    assert near in error.fix


@pytest.mark.parametrize(
    ("broken", "place", "expected"),
    [
        (WHOLE.replace("repeats: 1", "repeats: many"), "genaiops.yaml:16", "integer"),
        (WHOLE.replace("alpha: 0.05", "alpha: 5"), "genaiops.yaml:18", "less than 0.5"),
        (WHOLE.replace("is: better", "is: best"), "genaiops.yaml:20", "'better'"),
        (WHOLE.replace("by: 0.05", "margin: 0.05"), "genaiops.yaml:20", "`by`"),
        (WHOLE.replace("tags.document", "document"), "genaiops.yaml:14", "pattern"),
        (WHOLE.replace("answer_f1, {", "7, {"), "genaiops.yaml:13", "scorer's name"),
        (WHOLE.replace("app: app:answer", "app: answer"), "genaiops.yaml:2", "module:function"),
        (WHOLE.replace("app: app:answer", "app: {url: 'ftp://x'}"), "genaiops.yaml:2", "http://"),
        (ENDPOINT.replace("/a", "/a?api_key=5"), "genaiops.yaml:2", "key in its query"),
        (ENDPOINT.replace("APP_KEY", "s3cret"), "genaiops.yaml:2", "pattern"),
        (ENDPOINT + "params: {top_k: 3}\n", "genaiops.yaml", "no `params` beside"),
        (ENDPOINT + "reuse: {max_age: soon}\n", "genaiops.yaml:3", "pattern"),
        (WHOLE.replace("overlap: 20", "overlap: 120"), "genaiops.yaml:9", "half"),
        (WHOLE.replace("access: front_matter", "access: all"), "genaiops.yaml:9", "front_matter"),
    ],
)
def test_a_value_that_does_not_fit_names_the_line_and_what_was_expected(
    tmp_path: Path, broken: str, place: str, expected: str
) -> None:
    error = refused(tmp_path, broken)
    assert error.where.startswith(place + ":")
    assert expected in error.why


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert "'app'" in refused(tmp_path, "project: p\n").what


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("project: p\napp: [unclosed\n", "genaiops.yaml:3:1", "expected"),
        ("project: p\nproject: q\n", "genaiops.yaml:2:1", "twice"),
        ("a: &x [1]\nb: *x\n", "genaiops.yaml:1:4", "anchors"),
        ("a: !!python/object/apply:os.system [id]\n", "genaiops.yaml:1:4", "tag"),
        ("params: {x: .nan}\n", "genaiops.yaml:1:13", "finite"),
        ("params: " + "[" * 5000, "genaiops.yaml:1:", "levels"),
        ("params: {x: !!binary aGk=}", "genaiops.yaml:1:13", "binary"),
        ("a: 1\n---\nb: 2\n", "genaiops.yaml:2", "document"),
        ("a: \x07", "genaiops.yaml", "control character"),
    ],
)
def test_yaml_that_is_broken_or_hostile_is_refused_with_its_line(
    tmp_path: Path, text: str, place: str, why: str
) -> None:
    error = refused(tmp_path, text)
    assert error.where.startswith(place)
    assert why in error.why


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    assert "mapping" in refused(tmp_path, text).what


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "genaiops.yaml").write_bytes(b"project: \xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        load_project(tmp_path)


@pytest.mark.parametrize(
    ("line", "guard"), [("", None), ("guard: false", None), ("guard: safe/guard.yaml", "safe/guard.yaml")]
)
def test_a_project_names_its_guard_or_none(tmp_path: Path, line: str, guard: str | None) -> None:
    project = load(tmp_path, SHORT + line)
    assert project.guard == guard
    assert ("guard" in str(project.resolved())) == (guard is not None)


def test_on_whose_behalf_an_app_answers_is_part_of_what_it_is(tmp_path: Path) -> None:
    folder = write_project(tmp_path, "", "role: guest\n")
    assert load_project(folder).asker == Asker(role="guest", app="test-app")
    assert load_project(folder, ["role=billing"]).asker.role == "billing"
    assert cast("dict[str, Json]", load_project(folder).resolved())["role"] == "guest"


@pytest.mark.proves("E-GUARD-APP-IDLE")
def test_a_rule_that_never_applies_in_a_project_is_said_once(tmp_path: Path) -> None:
    policy = """\
detectors: {pii: {countries: [us]}}
rules:
  - {find: [pii.email], apps: [test-ap], do: block}
  - {find: [pii.us_ssn], roles: [guest], do: block}
  - {find: [pii.card], apps: [test-app], do: block}
  - {find: ["pii.*"], do: flag}
"""
    folder = write_project(tmp_path, "", "guard: guard.yaml\n", guard_yaml=policy)
    said = io.StringIO()

    async def load(*overrides: str) -> None:
        async with services_of(folder, {}) as services:
            services.console = Console(stderr=said)
            for _ in range(2):
                services.guard(load_project(folder, overrides))

    asyncio.run(load())
    assert said.getvalue().splitlines() == [
        "guard.yaml: rules[0] does not apply: it is for the apps test-ap, and this one is test-app",
        "guard.yaml: rules[1] does not apply: it is for the roles guest, and no role is said "
        "(`role:` or `--role NAME`)",
    ]
    said.truncate(0)
    asyncio.run(load("role=guest"))
    assert said.getvalue().count("does not apply") == 1


@pytest.mark.parametrize("value", ["true", "[guard.yaml]", "''", "7"])
def test_a_guard_is_a_file_or_false(tmp_path: Path, value: str) -> None:
    error = refused(tmp_path, f"{SHORT}guard: {value}\n")
    assert error.what.startswith("guard does not fit: ")
    assert error.why.endswith(", or expected False")


@pytest.mark.parametrize(
    "line",
    [
        "models: {chat: 'https://user:hunter2@host/v1#m'}",
        "models: {chat: 'sk-abcdefghijklmnopqrstuv123456'}",
        "models: {chat: 'openai:x', note: 'AKIAABCDEFGHIJKLMNOP'}",
        "knowledge: {docs: {source: 'hf_abcdefghijklmnopqrstuvw'}}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    error = refused(tmp_path, SHORT + line)
    assert "secret" in error.what
    assert error.where.startswith("genaiops.yaml:4")
    assert all(word not in str(error) for word in ("hunter2", "sk-abc", "AKIA", "hf_"))


def test_a_parameter_named_like_a_secret_is_refused_but_token_counts_are_not(tmp_path: Path) -> None:
    assert "secret" in refused(tmp_path, "project: p\napp: a:b\nparams: {api_key: hunter22}").what
    kept = load(tmp_path, "project: p\napp: a:b\nparams: {max_tokens: 5, tokens: abc}").params
    assert kept == {"max_tokens": 5, "tokens": "abc"}


def test_set_replaces_values_of_every_sort(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        WHOLE,
        "params.top_k=8",
        "params.rerank=false",
        "models.chat=scripted:a.yaml",
        "prices.local:smollm2-135m.in=1.5",
        "knowledge.docs.chunk.overlap=10",
        "suites.qa.gate.claims.0.by=0.1",
        "suites.qa.repeats=3",
    )
    assert project.params["top_k"] == 8
    assert project.params["rerank"] is False
    assert project.models["chat"] == "scripted:a.yaml"
    assert project.prices["local:smollm2-135m"].usd_in == 1.5
    assert project.knowledge["docs"].chunk.overlap == 10
    suite = project.suites["qa"]
    assert suite.repeats == 3
    assert suite.gate is not None
    assert suite.gate.claims[0].by == 0.1


def test_an_embedder_may_be_described_beside_its_name(tmp_path: Path) -> None:
    text = (
        SHORT
        + "models: {embed: {model: 'http://h/v1#e5', version: 7, query_prefix: 'query: ', dimension: 384}}"
    )
    project = load(tmp_path, text, "models.embed.dimension=128")
    assert project.models["embed"] == "http://h/v1#e5"
    assert (project.embedding.version, project.embedding.query_prefix) == ("7", "query: ")
    assert project.embedding.dimension == 128
    assert cast("dict[str, Json]", project.resolved())["embedding"] == {
        "version": "7",
        "query_prefix": "query: ",
        "dimension": 128,
    }
    assert load(tmp_path, text, "models.embed=local:minilm-l6").embedding == EmbedSettings()


@pytest.mark.parametrize(
    ("models", "hint"),
    [
        ("{chat: {model: 'openai:x', version: 1}}", "only `embed` is described"),
        ("{embed: {model: 'http://h/v1#m', prefix: x}}", "query_prefix"),
        ("{embed: {model: 'http://h/v1#m', shorten: true}}", "dimension"),
        ("{embed: {model: 'http://h/v1#m', pooling: max}}", "mean"),
        ("{embed: {query_prefix: x}}", "models.embed.model"),
    ],
)
def test_a_description_of_an_embedder_that_cannot_be_meant_is_refused(
    tmp_path: Path, models: str, hint: str
) -> None:
    error = refused(tmp_path, SHORT + f"models: {models}")
    assert hint in str(error)


def test_the_environment_overrides_and_set_wins_over_it(tmp_path: Path) -> None:
    env = {"GENAIOPS_PARAMS__TOP_K": "9", "GENAIOPS_CONFIG": "/x", "GENAIOPS_PROJECT": "q", "PATH": "/bin"}
    project = load(tmp_path, SHORT, env=env)
    assert (project.params["top_k"], project.project) == (9, "q")
    assert load(tmp_path, SHORT, "params.top_k=10", env=env).params["top_k"] == 10


def test_a_key_that_holds_dots_or_dashes_can_be_overridden(tmp_path: Path) -> None:
    text = (
        SHORT + "prices: {openai:gpt-4.1: {in: 1, out: 2}}\nsuites: {my-qa: {dataset: d, scorers: [tokens]}}"
    )
    project = load(tmp_path, text, "prices.openai:gpt-4.1.in=3", env={"GENAIOPS_SUITES__MY_QA__REPEATS": "2"})
    assert project.prices["openai:gpt-4.1"].usd_in == 3
    assert project.suites["my-qa"].repeats == 2


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("params.topk=8", "'top_k'"),
        ("parms.top_k=8", "'params'"),
        ("suites.qa.gate.alfa=0.1", "'alpha'"),
        ("suites.qa.gate.claims.9.by=0.1", "0, 1, 2"),
        ("params.top_k.more=1", "no key"),
    ],
)
def test_an_override_of_nothing_is_refused_with_the_nearest_key(tmp_path: Path, given: str, fix: str) -> None:
    error = refused(tmp_path, WHOLE, given)
    assert fix in error.fix
    assert error.where == f"--set {given.partition('=')[0]}"


def test_a_misspelt_variable_is_refused_by_name(tmp_path: Path) -> None:
    error = refused(tmp_path, SHORT, env={"GENAIOPS_PARAMS__TOPK": "9"})
    assert error.where == "GENAIOPS_PARAMS__TOPK"


@pytest.mark.parametrize("given", ["params.top_k=eight", "params.rerank=1", "params.names=a"])
def test_a_parameter_keeps_its_sort(tmp_path: Path, given: str) -> None:
    assert "expected" in refused(tmp_path, SHORT, given).why


@pytest.mark.parametrize("given", ["params.top_k", "=3", "params.top_k=[1", "params.top_k=*a"])
def test_an_override_that_cannot_be_read_is_refused(tmp_path: Path, given: str) -> None:
    assert "--set" in str(refused(tmp_path, SHORT, given))


def test_a_wrong_value_by_override_names_the_override_and_not_a_line(tmp_path: Path) -> None:
    assert refused(tmp_path, WHOLE, "suites.qa.repeats=0").where == "--set suites.qa.repeats"


def test_a_secret_by_override_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, WHOLE, "models.chat=sk-abcdefghijklmnopqrstuv123456")
    assert "secret" in error.what
    assert "sk-abc" not in str(error)
