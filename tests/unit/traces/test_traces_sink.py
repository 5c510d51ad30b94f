import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from genaiops.core import Trace
from genaiops.store import Store
from genaiops.traces import Recorder, TraceSink

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def _trace(name):
    recorder = Recorder()
    with (
        recorder.span(name, "invoke_agent"),
        recorder.span("chat m", "chat", **{"gen_ai.usage.input_tokens": 3, "texts": ["é"]}),
    ):
        pass
    return recorder.trace()


def test_a_trace_comes_back_as_it_was(store):
    trace = _trace("a")
    TraceSink(store).append(trace)
    assert TraceSink(store).get(trace.id) == trace


def test_an_unknown_trace_is_none(store):
    assert TraceSink(store).get("0" * 32) is None


def test_a_trace_without_spans_is_kept_too(store):
    sink = TraceSink(store)
    sink.append(Trace(id="a" * 32))
    assert sink.get("a" * 32) == Trace(id="a" * 32)


def test_appending_again_adds_only_what_is_new(store):
    sink, trace = TraceSink(store), _trace("a")
    sink.append(Trace(id=trace.id, spans=trace.spans[:1]))
    sink.append(trace)
    sink.append(trace)
    assert sink.get(trace.id) == trace


def test_the_newest_come_first(store):
    sink = TraceSink(store)
    traces = [_trace(name) for name in "abc"]
    for trace in traces:
        sink.append(trace)
    assert [trace.id for trace in sink.recent(2)] == [traces[2].id, traces[1].id]


def test_the_database_itself_refuses_to_change_a_span(store):
    sink, trace = TraceSink(store), _trace("a")
    sink.append(trace)
    with pytest.raises(IntegrityError, match="append-only"), store.database.write() as connection:
        connection.execute(text("UPDATE spans SET name = 'other'"))
    assert sink.get(trace.id) == trace
