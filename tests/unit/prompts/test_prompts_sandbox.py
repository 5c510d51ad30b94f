"""What a template may do, and that nothing else runs."""

import pytest

from genaiops.core import Passage, UserError
from genaiops.prompts import Prompt, Turn
from genaiops.prompts.sandbox import TurnTemplate


def user(source: str) -> Prompt:
    return Prompt(name="t", turns=(Turn("user", source),))


def text(source: str, **values: object) -> str:
    return user(source).render(**values)[0].content


def test_a_template_reads_attributes_and_keys_of_what_it_is_given() -> None:
    passage = Passage(id="p1", text="alpha", document="d")
    assert text("{{ p.text }} {{ m['a'] }} {{ m.b }}", p=passage, m={"a": 1, "b": 2}) == "alpha 1 2"


def test_a_template_loops_with_its_loop_variables() -> None:
    source = (
        "{% for x in xs %}{{ loop.index }}/{{ loop.length }}{{ x }}{{ '' if loop.last else ',' }}{% endfor %}"
    )
    assert text(source, xs=["a", "b"]) == "1/2a,2/2b"


def test_a_template_may_ask_a_mapping_for_its_items_inside_a_loop() -> None:
    assert (
        text(
            "{% for x in [1] %}{% for k, v in m.items() %}{{ k }}{{ v }}{% endfor %}{% endfor %}", m={"a": 1}
        )
        == "a1"
    )


def test_a_value_is_never_a_template() -> None:
    assert text("{{ q }}", q="{{ 7 * 7 }}{% for x in y %}") == "{{ 7 * 7 }}{% for x in y %}"


def test_a_missing_value_is_named_with_its_place() -> None:
    with pytest.raises(UserError) as caught:
        text("{{ question }}{{ passages }}", question="q")
    assert "passages" in caught.value.why
    assert caught.value.where == "t:1"


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 99999999 }}",
        "{{ [1] * 99999999 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ 2 ** 99999999 }}",
        "{{ x ~ x }}",
        "{% set a = x %}",
        "{% set a %}{{ x }}{% endset %}",
        "{% macro f() %}{{ f() }}{% endmacro %}",
        "{% include 'other' %}",
        "{% import 'other' as o %}",
        "{% extends 'other' %}",
        "{% call x() %}{% endcall %}",
        "{% for i in x recursive %}{{ loop(x) }}{% endfor %}",
        "{{ 'a'.ljust(99999999) }}",
        "{{ x.append(1) }}",
        "{{ x.__class__.__mro__ }}",
        "{{ ''.format.__globals__ }}",
        "{{ x | attr('__class__') }}",
        "{{ x | batch(99999999, 'a') | list }}",
        "{{ x | tojson(99999999) }}",
        "{{ x | join('a' * 3) }}",
        "{{ x | join(long) }}",
        "{{ long | replace('b', long) }}",
        "{{ long | replace('', 'b') }}",
        "{{ long | indent(99999999) }}",
        "{{ range(99999999) }}",
        "{{ range() }}",
        "{{ lipsum(99999999) }}",
        "{{ namespace(a=1) }}",
        "{{ 1 / 0 }}",
        "{% for i in range(999) %}{% for j in range(999) %}{% endfor %}{% endfor %}",
        "{% for i in range(999) %}{{ long }}{% endfor %}",
        "{% for i in x",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    ],
)
def test_what_could_run_away_or_reach_out_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(UserError) as caught:
        text(source, x=[1, 2], long="b" * 1000)
    assert caught.value.code.startswith("GAO-PROMPTS-")
    assert caught.value.where == "t:1"


def test_a_rendering_that_takes_too_long_is_stopped_at_its_next_round() -> None:
    ticks = iter([0.0, 0.5, 1.0, 1.5, 2.5])
    template = TurnTemplate("{% for x in xs %}{% if x %}{% endif %}{% endfor %}", "t", 1)
    with pytest.raises(UserError, match="cannot be rendered") as caught:
        template.render({"xs": [1] * 100}, clock=lambda: next(ticks))
    assert "longer than 2 s" in caught.value.why


def test_an_error_names_the_line_of_the_turn_that_it_stands_in() -> None:
    with pytest.raises(UserError) as caught:
        Prompt(name="t", turns=(Turn("user", "fine\n{{ 2 ** 9 }}", line=7),))
    assert caught.value.where == "t:8"


def test_json_of_a_value_keeps_letters_as_they_are() -> None:
    assert text("{{ m | tojson }}", m={"b": "é", "a": [1]}) == '{"a": [1], "b": "é"}'
