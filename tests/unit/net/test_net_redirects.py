import pytest

from genaiops.core import OutsideError
from genaiops.net.redirects import Hop, follow, parse_url

HEADERS = {"Authorization": "Bearer s", "X-Api-Key": "s", "Accept": "text/plain", "Content-Type": "a/b"}


def _hop(url="https://a.example/x?q=1", method="POST", body=b"prompt"):
    return Hop("chat", method, parse_url(url), HEADERS, body)


def test_on_the_same_host_credentials_and_content_go_along():
    hop = follow(_hop(), 307, "/y")
    assert (hop.method, str(hop.url), hop.body, dict(hop.headers)) == (
        "POST",
        "https://a.example/y",
        b"prompt",
        HEADERS,
    )


def test_to_another_host_only_harmless_headers_go_along():
    hop = follow(_hop(method="GET", body=None), 302, "https://b.example/y")
    assert dict(hop.headers) == {"Accept": "text/plain"}


@pytest.mark.parametrize("place", ["https://a.example:444/", "https://sub.a.example/"])
def test_another_port_or_subdomain_is_another_host(place):
    assert "Authorization" not in follow(_hop(method="GET", body=None), 302, place).headers


def test_content_is_never_sent_on_to_another_host():
    with pytest.raises(OutsideError) as caught:
        follow(_hop(), 308, "https://b.example/y")
    assert "b.example" in caught.value.why


def test_see_other_becomes_a_get_without_content():
    hop = follow(_hop(), 303, "/y")
    assert (hop.method, hop.body) == ("GET", None)
    assert "Content-Type" not in hop.headers


@pytest.mark.parametrize(
    "place", ["http://a.example/", "ftp://a.example/", "file:///etc/passwd", "https://u:p@b.example/"]
)
def test_a_redirect_out_of_encryption_or_the_web_is_refused(place):
    with pytest.raises(OutsideError) as caught:
        follow(_hop(method="GET", body=None), 302, place)
    assert caught.value.code == "GAO-NET-005"
