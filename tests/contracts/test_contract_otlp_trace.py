"""A run of an agent as a collector's file exporter writes it: two batches, five spans, one trace.

`agent_run.otlp.jsonl` is made by hand after the GenAI conventions: the agent's span and its two model calls
repeat each other's messages, a tool's result (structured there, in JSON in the message) holds an injection,
the answer a card's number.
"""

import json
from pathlib import Path

import pytest

from genaiops.cli.main import run

FILE = Path(__file__).parent / "agent_run.otlp.jsonl"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CHAT, RETRIEVAL, TOOL, SECOND = "b7ad6b7169203331", "2a9c1f00d4e84a11", "53995c3f42cd8ad8", "aa8b2c7d91e04f55"


@pytest.mark.proves("E-GUARD-TRACE", "E-GUARD-TRACE-ONCE", "E-GUARD-TRACE-TOLD")
def test_a_recorded_run_of_an_agent_is_checked_text_by_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["guard", "check", "--trace", str(FILE), "--json"]) == 1
    out, err = capsys.readouterr()
    *rows, last = [json.loads(line) for line in out.splitlines()]
    assert [(row["span_id"], row["place"], row["surface"], row["spans"], row["action"]) for row in rows] == [
        (CHAT, "input message 1", "history", 3, "allow"),
        (CHAT, "input message 2", "output", 3, "allow"),
        (CHAT, "input message 3, part 1", "input", 3, "allow"),
        (CHAT, "output message 1, part 1", "output", 2, "allow"),
        (CHAT, "output message 1, part 2", "tool_call", 3, "allow"),
        (RETRIEVAL, "query", "input", 1, "allow"),
        (RETRIEVAL, "document 1", "passage", 1, "allow"),
        (TOOL, "tool call result", "tool_result", 2, "block"),
        (SECOND, "output message 1", "output", 2, "redact"),
    ]
    assert [found["category"] for found in rows[7]["findings"]] == ["injection.indirect"]
    assert [found["category"] for found in rows[8]["findings"]] == ["pii.card"]
    assert {row["trace_id"] for row in rows} == {TRACE}
    summary = last["summary"]
    assert (summary["spans"], summary["traces"], summary["instructions"]) == (5, 1, 1)
    assert summary["no_text"] == {"blob image/png": 3, "document without content": 1}
    assert summary["unread"] == {"gen_ai.tool.definitions": 1}
    assert not any(word in out + err for word in ("4111", "passport", "Aurora", "negotiated"))
