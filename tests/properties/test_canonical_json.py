"""Canonical JSON is RFC 8785, whichever way it is written."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from genaiops.core import UserError, canonical

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(VALUES)
def test_every_value_is_written_as_the_reference_implementation_does(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ['\x00\x1f\x7f\u2028"\\/é🂡', {"b": 1, "a": {"é": 2, "€": 3, "\U0001f600": 4}}]
)
def test_escapes_and_the_order_of_keys_are_those_of_the_reference_implementation(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["\ud800", {"a": ["\udc00"]}, 2**53, -(2**53), float("nan"), {"\ud800": 1}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(UserError, match="canonical JSON"):
        canonical(value)  # type: ignore[arg-type]
