"""`genaiops guard check`, and a guard as the Hub keeps it."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from genaiops.cli.main import run
from genaiops.core import Composed, Digest, FileEntry, UserError, digest_bytes
from genaiops.guard import GUARD_KIND, GuardFile
from genaiops.guard.loading import default_policy, read_policy

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
SAID = jsonschema_rs.validator_for(json.loads((SCHEMAS / "guard_check.schema.json").read_text()))
CARD = "card 4111 1111 1111 1111"
BLOCK = (
    "detectors: {pii: {}}\n"
    "rules: [{find: [pii.card], roles: [desk], do: allow}, {find: [pii.*], do: block}]\n"
)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    (tmp_path / "guard.yaml").write_text(BLOCK, encoding="utf-8")
    return str(tmp_path / "guard.yaml")


def check(*words: str) -> int:
    return run(["guard", "check", *words])


@pytest.mark.proves("E-GUARD-CHECK")
def test_a_text_that_passes_is_shown_as_it_may_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(CARD) == 0
    said = capsys.readouterr().out
    assert said.startswith("redact\n  redact pii.card, characters 5–24: a payment card's number")
    assert said.endswith("card [pii.card]\n")


@pytest.mark.proves("E-GUARD-CHECK")
def test_a_text_that_is_stopped_exits_with_1_and_is_not_repeated(
    policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(CARD, "--policy", policy, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    SAID.validate(said)
    assert (said["action"], said["score"], said["redacted"]) == ("block", 0.95, None)
    assert "4111" not in json.dumps(said)
    assert check(CARD, "--policy", policy, "--role", "desk") == 0
    assert "4111" not in capsys.readouterr().out


@pytest.mark.proves("E-GUARD-CHECK", "E-BAD-NOT-TEXT", "E-BAD-LONG")
def test_a_file_that_is_no_text_or_too_long_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "long").write_bytes(b"a" * 300_000)
    (tmp_path / "good").write_text("hello", encoding="utf-8")
    assert check("--file", str(tmp_path / "latin")) == 1
    assert "no text" in capsys.readouterr().out
    assert check("--file", str(tmp_path / "long")) == 1
    assert "`max_bytes`" in capsys.readouterr().out
    assert check("--file", str(tmp_path / "good")) == 0
    assert check("--file", str(tmp_path / "none")) == 3
    assert "GAO-GUARD-050" in capsys.readouterr().err


@pytest.mark.proves("E-GUARD-CHECK")
def test_each_row_of_a_data_set_gets_a_line_and_bad_rows_are_said_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Any] = [
        {"id": "1", "text": "hello"},
        {
            "id": "2",
            "text": "say canary-0123456789abcdef",
            "surface": "output",
            "context": "canary-0123456789abcdef",
        },
        {"id": "3", "text": CARD, "surface": "retrieved_content", "context": None, "label": "benign"},
        {"id": "4", "text": "half \ud83d"},
        {"id": "5", "text": 5},
        {"text": "no id"},
        {"id": "7", "text": "x", "surface": "dream"},
        {"id": "1", "text": "hello again"},
        {"id": "8", "text": "x", "role": 7},
        ["secret-row"],
    ]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(json.dumps(row).encode() for row in rows) + b"\n\n{broken secret\n\xff\n")
    assert check("--dataset", str(file), "--json") == 2
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        SAID.validate(line)
    assert [(line["id"], line["action"]) for line in lines] == [
        ("1", "allow"),
        ("2", "block"),
        ("3", "redact"),
        ("4", "block"),
    ]
    assert [line["score"] for line in lines] == [0.0, 1.0, 0.0, 1.0]
    told = [line.split(" ")[0] for line in err.splitlines() if "left out" in line]
    assert told == [*(f"rows.jsonl:{number}" for number in (5, 6, 7, 8, 9, 10, 12, 13)), "8"]
    assert "secret" not in err
    assert f"checked, bytes {file.stat().st_size}/{file.stat().st_size} · 100 %" in err
    file.write_text('{"id": "1", "text": "hello"}\n', encoding="utf-8")
    assert check("--dataset", str(file)) == 0
    assert capsys.readouterr().out == "1\tallow\t0.00\t\n"


@pytest.mark.proves("E-GUARD-CHECK")
def test_a_row_is_checked_for_its_role_and_app_and_a_file_without_a_last_line_end_is_no_more_than_whole(
    tmp_path: Path, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": "1", "text": CARD, "role": "desk"}, {"id": "2", "text": CARD, "role": None, "app": "shop"}]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert check("--dataset", str(file), "--policy", policy) == 0
    out, err = capsys.readouterr()
    assert [line.split("\t")[1] for line in out.splitlines()] == ["allow", "block"]
    assert "· 100 %" in err
    check("--dataset", str(file), "--policy", policy, "--role", "desk")
    assert [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()] == ["allow", "allow"]


@pytest.mark.proves("E-GUARD-CHECK", "E-BAD-LONG")
def test_a_text_is_read_from_stdin(
    monkeypatch: pytest.MonkeyPatch, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for content, status in ((CARD.encode(), 1), (b"hello", 0), (b"a" * 300_000, 1)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert check("--file", "-", "--policy", policy, "--json") == status
        said = json.loads(capsys.readouterr().out)
        assert said["id"] == "stdin"
    assert said["refused"] == "too_long"


@pytest.mark.proves("E-GUARD-CHECK")
def test_a_data_set_without_a_row_is_said_and_not_taken_for_a_clean_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    assert check("--dataset", str(tmp_path / "empty.jsonl")) == 2
    assert "GAO-GUARD-052" in capsys.readouterr().err


def test_a_policy_that_is_not_there_or_not_utf8_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("x", "--policy", str(tmp_path / "guard.yaml")) == 2
    assert "GAO-GUARD-030" in capsys.readouterr().err
    assert check("x", "--policy", str(tmp_path)) == 3
    assert "fix: correct the path, or who may read the file" in capsys.readouterr().err
    (tmp_path / "guard.yaml").write_bytes(b"\xff")
    assert check("x", "--policy", str(tmp_path / "guard.yaml")) == 2
    assert check("x", "--surface", "dream") == 2
    assert check() == 2
    assert check("x", "--file", "y") == 2
    err = capsys.readouterr().err
    assert "GAO-GUARD-031" in err


def composed(text: str) -> Composed:
    content = text.encode()
    file = FileEntry(path="guard.yaml", digest=digest_bytes(content), size=len(content))
    assert GUARD_KIND.compose is not None
    return GUARD_KIND.compose([file], lambda digest: iter([content]))


def nothing(digest: Digest) -> Any:
    raise AssertionError(digest)


@pytest.mark.proves("E-GUARD-HUB")
@pytest.mark.parametrize(
    "tools", ["", "tools: {t: {arguments: {properties: {a: {maxLength: 3, enum: [x]}}}}}"]
)
def test_a_guard_is_kept_as_its_policy_with_versions_and_given_back_as_the_same_policy(tools: str) -> None:
    text = f"{default_policy()}\n{tools}\n"
    manifest = composed(text).manifest
    jsonschema_rs.validator_for(dict(GUARD_KIND.schema)).validate(manifest)
    assert manifest["versions"]["pii"] == "2"  # pyright: ignore
    assert GUARD_KIND.files is not None
    given = GUARD_KIND.files(manifest, nothing)["guard.yaml"]
    assert isinstance(given, bytes)
    assert read_policy(given.decode(), "guard.yaml")[0] == read_policy(text, "guard.yaml")[0]
    other = composed(text.replace("fail: closed", "fail: open")).manifest
    assert GUARD_KIND.diff(manifest, other, nothing) == ['~ policy.fail: "closed" -> "open"']


@pytest.mark.proves("E-GUARD-HUB")
def test_a_policy_that_does_not_hold_is_not_kept() -> None:
    with pytest.raises(UserError):
        composed("detectors: {pii: {}}\nrules: [{find: [secrets.*], do: block}]")


def test_the_committed_schema_is_that_of_the_file() -> None:
    schema = json.loads((SCHEMAS / "guard.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(
        GuardFile.model_validate(read_policy(default_policy(), "g")[0]).model_dump(mode="json")
    )
