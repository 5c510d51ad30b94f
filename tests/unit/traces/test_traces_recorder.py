import asyncio
from itertools import count

import pytest

from genaiops.traces import Recorder


class Ids:
    def __init__(self):
        self.numbers = count(1)

    def token_hex(self, nbytes, /):
        return f"{next(self.numbers):0{2 * nbytes}x}"


def _recorder(times=None):
    ticks = iter(times) if times else count(0, 10)
    return Recorder(clock=lambda: next(ticks), ids=Ids())


def test_spans_nest_as_the_code_does_and_come_in_the_order_in_which_they_began():
    recorder = _recorder()
    with recorder.span("answer", "invoke_agent") as outer:
        with recorder.span("search docs", "retrieval", **{"gen_ai.retrieval.top_k": 5}):
            pass
        with recorder.span("chat m", "chat"):
            pass
    spans = recorder.trace().spans
    assert [span.name for span in spans] == ["answer", "search docs", "chat m"]
    assert [span.parent_id for span in spans] == [None, outer.id, outer.id]
    assert spans[1].attributes == {"gen_ai.retrieval.top_k": 5}
    assert {span.trace_id for span in spans} == {recorder.id}
    assert (len(recorder.id), len(outer.id)) == (32, 16)


def test_tasks_that_run_at_once_keep_their_own_parents():
    recorder = _recorder()

    async def branch(name):
        with recorder.span(name, "execute_tool"):
            await asyncio.sleep(0)
            with recorder.span(f"{name}.inner", "chat"):
                await asyncio.sleep(0)

    async def main():
        with recorder.span("root", "invoke_agent"):
            await asyncio.gather(branch("a"), branch("b"))

    asyncio.run(main())
    spans = {span.name: span for span in recorder.trace().spans}
    assert spans["a.inner"].parent_id == spans["a"].span_id
    assert spans["b.inner"].parent_id == spans["b"].span_id
    assert spans["a"].parent_id == spans["b"].parent_id == spans["root"].span_id


def test_an_exception_marks_the_span_and_goes_on():
    recorder = _recorder()
    with pytest.raises(ZeroDivisionError), recorder.span("chat m", "chat"):
        _ = 1 // 0
    (span,) = recorder.trace().spans
    assert (span.status, span.attributes) == ("error", {"error.type": "ZeroDivisionError"})


def test_a_clock_that_jumps_back_makes_no_negative_span():
    recorder = _recorder(times=[1_000, 400])
    with recorder.span("chat m", "chat"):
        pass
    (span,) = recorder.trace().spans
    assert (span.start_ns, span.end_ns) == (1_000, 1_000)


def test_the_span_of_another_trace_is_no_parent():
    outer, inner = _recorder(), Recorder()
    with outer.span("a", "invoke_agent"), inner.span("b", "chat"):
        pass
    assert inner.trace().spans[0].parent_id is None


def test_a_span_that_has_not_ended_is_not_in_the_trace_yet():
    recorder = _recorder()
    with recorder.span("a", "chat") as span:
        span.set("x", 1)
        assert recorder.trace().spans == ()
    assert recorder.trace().spans[0].attributes == {"x": 1}
