"""An app behind a real address: what is sent, how each ending is told, and that nothing waits for ever."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.endpoint import Behaviour, Endpoint, Say, serving

from genaiops.app import load_project
from genaiops.app.endpoint import MAX_REPLY, EndpointApp, key_of
from genaiops.core import Output, Trace, UserError
from genaiops.net import EgressPolicy, HttpEgress, RetryPolicy

pytestmark = pytest.mark.system

KEY = "sesame-opens"
QUICK = RetryPolicy(attempts=3, base=0.0)
ASK = {"question": "alpha", "history": [1, {"deep": True}]}


def ask(
    folder: Path,
    endpoint: Endpoint,
    *,
    deadline: float = 5.0,
    policy: RetryPolicy = QUICK,
    allow: frozenset[str] = frozenset({"127.0.0.1"}),
) -> tuple[Output, Trace]:
    (folder / "genaiops.yaml").write_text(f"project: p\napp: {{url: '{endpoint.url}'}}\n", encoding="utf-8")

    async def go() -> tuple[Output, Trace]:
        egress = HttpEgress(EgressPolicy(allow_private=allow))
        app = EndpointApp(load_project(folder), egress, KEY, policy)
        try:
            return await app.answer(ASK, 0, deadline)
        finally:
            await app.close()
            await egress.close()

    return asyncio.run(go())


def answered(folder: Path, behaviour: Behaviour, **how: Any) -> tuple[Output, Endpoint]:
    with serving(behaviour) as endpoint:
        return ask(folder, endpoint, **how)[0], endpoint


@pytest.mark.proves("B-ENDPOINT-APP")
def test_the_inputs_are_posted_as_they_are_and_the_reply_is_the_output(tmp_path: Path) -> None:
    said = {"text": "A", "usage": {"input_tokens": 5, "output_tokens": 1, "calls": 2}, "cost_nanousd": 9}
    with serving(lambda inputs: Say(said)) as endpoint:
        output, trace = ask(tmp_path, endpoint)
    assert endpoint.asked == [ASK]
    assert (output.status, output.text, output.usage.calls, output.cost_nanousd) == ("ok", "A", 2, 9)
    assert output.latency_ns > 0
    assert output.trace_id == trace.id
    assert [span.operation for span in trace.spans] == ["invoke_agent"]
    assert trace.spans[0].attributes["gen_ai.usage.input_tokens"] == 5


def test_an_endpoint_that_counts_nothing_was_called_once_at_an_unknown_cost(tmp_path: Path) -> None:
    output, _ = answered(tmp_path, lambda inputs: Say("A"))
    assert (output.usage.calls, output.usage.input_tokens, output.cost_nanousd) == (1, 0, None)


@pytest.mark.proves("B-ENDPOINT-SECRET")
def test_the_key_goes_as_a_bearer_token_and_comes_back_in_no_text(tmp_path: Path) -> None:
    for status in (200, 500):
        with serving(lambda inputs, status=status: Say(f"you sent {KEY}", status)) as endpoint:
            output, trace = ask(tmp_path, endpoint)
        assert endpoint.keys == [f"Bearer {KEY}"]
        assert KEY not in repr((output, trace))


@pytest.mark.proves("B-ENDPOINT-STATUS")
@pytest.mark.parametrize("status", [400, 403, 404, 422, 500, 501])
def test_an_error_of_the_app_counts_against_it_and_is_not_asked_again(tmp_path: Path, status: int) -> None:
    output, endpoint = answered(tmp_path, lambda inputs: Say({"error": "no such city"}, status))
    assert output.status == "app_error"
    assert f"status {status}" in (output.error or "")
    assert "no such city" in (output.error or "")
    assert len(endpoint.asked) == 1


@pytest.mark.proves("B-ENDPOINT-STATUS", "B-BAD-ENDPOINT-REPLY")
def test_a_reply_that_is_no_answer_counts_against_the_app(tmp_path: Path) -> None:
    for body in ({"text": "A", "txet": "B"}, b"binary"):
        output, endpoint = answered(tmp_path, lambda inputs, body=body: Say(body))
        assert output.status == "app_error"
        assert (output.error or "").startswith("the reply does not fit")
        assert len(endpoint.asked) == 1


@pytest.mark.proves("B-BAD-ENDPOINT-REPLY")
def test_a_reply_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    output, _ = answered(tmp_path, lambda inputs: Say("x" * (MAX_REPLY + 1)))
    assert (output.status, output.text) == ("app_error", None)
    assert "larger than 16 MiB" in (output.error or "")


@pytest.mark.proves("B-ENDPOINT-STATUS", "B-BAD-ENDPOINT-429")
@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_busy_endpoint_is_asked_again_and_then_missing(tmp_path: Path, status: int) -> None:
    output, endpoint = answered(tmp_path, lambda inputs: Say("busy", status))
    assert output.status == "infra_error"
    assert f"status {status}" in (output.error or "")
    assert len(endpoint.asked) == QUICK.attempts


@pytest.mark.proves("B-BAD-ENDPOINT-429")
def test_no_sooner_than_it_asks_for_and_then_the_answer_counts(tmp_path: Path) -> None:
    moments: list[float] = []

    def busy_once(inputs: dict[str, Any]) -> Say:
        moments.append(time.monotonic())
        return Say("slow down", 429, {"Retry-After": "0.4"}) if len(moments) == 1 else Say("A")

    output, _ = answered(tmp_path, busy_once)
    assert (output.status, output.text) == ("ok", "A")
    assert moments[1] - moments[0] >= 0.4
    assert output.latency_ns < 0.4e9, "waiting for a busy endpoint is not the app's latency"


@pytest.mark.proves("B-BAD-ENDPOINT-429")
def test_an_endpoint_that_asks_for_more_time_than_there_is_is_given_up_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    output, endpoint = answered(tmp_path, lambda inputs: Say("", 429, {"Retry-After": "3600"}))
    assert time.monotonic() - began < 4
    assert (output.status, len(endpoint.asked)) == ("infra_error", 1)
    assert "3600 s" in (output.error or "")


@pytest.mark.proves("B-BAD-ENDPOINT-HANGS")
def test_an_endpoint_that_hangs_is_a_timeout_at_the_deadline(tmp_path: Path) -> None:
    with serving() as endpoint:

        def hang(inputs: dict[str, Any]) -> Say:
            endpoint.hang.wait(20)
            return Say("too late")

        endpoint.behaviour = hang
        began = time.monotonic()
        output, _ = ask(tmp_path, endpoint, deadline=0.4)
        assert time.monotonic() - began < 3
    assert output.status == "timeout"
    assert "0.4 s" in (output.error or "")
    assert output.latency_ns >= 0.4e9


def test_an_endpoint_that_was_busy_and_then_hangs_is_not_the_apps_failure(tmp_path: Path) -> None:
    with serving() as endpoint:

        def busy_then_hang(inputs: dict[str, Any]) -> Say:
            if len(endpoint.asked) > 1:
                endpoint.hang.wait(20)
            return Say("busy", 503)

        endpoint.behaviour = busy_then_hang
        output, _ = ask(tmp_path, endpoint, deadline=0.4)
    assert output.status == "infra_error"


@pytest.mark.proves("B-ENDPOINT-STATUS")
def test_an_endpoint_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with serving() as endpoint:
        pass
    output, _ = ask(tmp_path, endpoint)
    assert output.status == "infra_error"
    assert "cannot be reached" in (output.error or "")


@pytest.mark.proves("B-BAD-ENDPOINT-PRIVATE")
def test_a_private_address_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    with serving() as endpoint, pytest.raises(UserError, match="refused") as refused:
        ask(tmp_path, endpoint, allow=frozenset())
    assert "--allow-private" in refused.value.fix
    assert endpoint.asked == []


def test_a_refused_key_stops_the_run_and_is_not_shown(tmp_path: Path) -> None:
    with serving(lambda inputs: Say(f"bad {KEY}", 401)) as endpoint, pytest.raises(UserError) as stopped:
        ask(tmp_path, endpoint)
    assert "key_env" in stopped.value.fix
    assert KEY not in str(stopped.value)


@pytest.mark.proves("B-ENDPOINT-SECRET")
def test_a_key_is_sent_only_where_it_is_set_and_the_runner_passes_it(tmp_path: Path) -> None:
    text = "project: p\napp: {url: 'https://h.example/x', key_env: APP_KEY}\n"
    (tmp_path / "genaiops.yaml").write_text(text, encoding="utf-8")
    app = load_project(tmp_path).app
    assert key_of(app, {"APP_KEY": KEY}, ("APP_KEY",)) == KEY
    for env, passed in (({"APP_KEY": KEY}, ()), ({}, ("APP_KEY",)), ({"APP_KEY": KEY}, ("OTHER",))):
        with pytest.raises(UserError, match="APP_KEY") as refused:
            key_of(app, env, passed)
        assert "--pass-env APP_KEY" in refused.value.fix
        assert KEY not in str(refused.value)
