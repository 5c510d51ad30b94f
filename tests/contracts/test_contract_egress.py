"""What every `Egress` does, against a real server on loopback. An implementation joins EGRESSES."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from genaiops.core import Egress, OutsideError, UserError
from genaiops.net import EgressPolicy, HttpEgress

EGRESSES = [HttpEgress]


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "body": body.decode(),
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "host": request.host,
        }
    )


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for piece in (b"one ", b"two ", b"three"):
        await response.write(piece)
    return response


async def _hang(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b".")
        await asyncio.sleep(0.02)


async def _break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.abort()
    return response


async def _bomb(request: web.Request) -> web.Response:
    packed = gzip.compress(bytes(80 << 20), compresslevel=1)
    return web.Response(body=packed, headers={"Content-Encoding": "gzip"})


async def _redirect(request: web.Request) -> web.Response:
    status = int(request.query.get("status", "302"))
    return web.Response(status=status, headers={"Location": request.query["to"]})


async def _round(request: web.Request) -> web.Response:
    raise web.HTTPFound("/round")


async def _teapot(request: web.Request) -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "7"}, text="busy")


async def _serve(use: Callable[[str], Awaitable[object]]) -> object:
    app = web.Application(client_max_size=10 << 20)
    for path, handler in {
        "/echo": _echo,
        "/stream": _stream,
        "/hang": _hang,
        "/trickle": _trickle,
        "/break": _break_off,
        "/bomb": _bomb,
        "/redirect": _redirect,
        "/round": _round,
        "/busy": _teapot,
    }.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]
        return await use(f"http://127.0.0.1:{port}")
    finally:
        await runner.cleanup()


@pytest.fixture(params=EGRESSES, ids=lambda make: make.__name__)
def make(request):
    return request.param


def _run(make, use, *, allow=("127.0.0.1",), **options):
    async def main(base):
        egress: Egress = make(EgressPolicy(frozenset(allow)), **options)
        try:
            return await use(egress, base)
        finally:
            await egress.close()

    return asyncio.run(_serve(lambda base: main(base)))


def _json(make, path, **options):
    async def use(egress, base):
        response = await egress.request("test", options.pop("method", "GET"), base + path, **options)
        return response.status, await response.read()

    import json

    status, body = _run(make, use)
    assert status == 200
    return json.loads(body)


def _fails(make, path, error, *, allow=("127.0.0.1",), timeout=5.0, read=False, options=None, **request):
    async def use(egress, base):
        url = base + path if path.startswith("/") else path
        with pytest.raises(error) as caught:
            await _whole(egress, url, read, timeout=timeout, **request)
        return caught.value

    return _run(make, use, allow=allow, **(options or {}))


async def _whole(egress, url, read, **request):
    response = await egress.request("test", request.pop("method", "GET"), url, **request)
    if read:
        await response.read()
    else:
        await response.close()


def test_a_request_arrives_with_method_headers_and_body(make):
    seen = _json(make, "/echo", method="post", headers={"X-One": "1"}, body=b"hello")
    assert (seen["method"], seen["body"], seen["headers"]["x-one"]) == ("POST", "hello", "1")
    assert seen["headers"]["user-agent"] == "genaiops"


def test_a_body_can_be_read_as_it_comes(make):
    async def use(egress, base):
        response = await egress.request("test", "GET", base + "/stream")
        return b"".join([chunk async for chunk in response.chunks()])

    assert _run(make, use) == b"one two three"


def test_a_status_that_is_no_success_is_a_response_with_its_headers(make):
    async def use(egress, base):
        response = await egress.request("test", "GET", base + "/busy")
        assert response.headers["retry-after"] == "7"
        return response.status, await response.read()

    assert _run(make, use) == (503, b"busy")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://[::ffff:7f00:1]:9/",
        "http://192.168.0.1:8080/",
        "http://localhost:9/",
    ],
)
def test_private_addresses_are_refused_before_anything_is_connected(make, url):
    error = _fails(make, url, UserError)
    assert error.code == "GAO-NET-002"
    assert "--allow-private" in error.fix


@pytest.mark.parametrize(
    "url", ["http://2130706433:9/", "http://127.1:9/", "http://0x7f.0.0.1:9/", "http://0177.0.0.1:9/"]
)
def test_other_spellings_of_a_private_address_are_refused_too(make, url):
    assert _fails(make, url, UserError).code in ("GAO-NET-001", "GAO-NET-002")


def _answers(*addresses):
    async def resolve(host, port):
        return addresses

    return {"resolve": resolve}


def test_a_name_that_resolves_to_a_private_address_is_refused(make):
    error = _fails(make, "http://public.example/", UserError, options=_answers("127.0.0.1"))
    assert "public.example:80" in error.what


def test_one_private_address_among_public_ones_refuses_the_name(make):
    _fails(make, "http://public.example/", UserError, options=_answers("93.184.216.34", "10.0.0.1"))


def test_the_connection_goes_to_the_address_that_was_checked(make):
    async def use(egress, base):
        port = base.rpartition(":")[2]
        response = await egress.request("test", "GET", f"http://models.internal:{port}/echo")
        return await response.read()

    body = _run(make, use, allow=["models.internal"], **_answers("127.0.0.1"))
    assert b'"host": "models.internal:' in body


def test_a_name_is_resolved_again_for_each_connection(make):
    """The second answer is private: a rebinding server gets one look at the policy for each connection."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def resolve(host, port):
        return next(answers)

    async def use(egress, base):
        url = f"http://models.internal:{base.rpartition(':')[2]}"
        first = await egress.request("test", "GET", url + "/echo", headers={"Connection": "close"})
        await first.read()
        with pytest.raises(UserError):
            await egress.request("test", "GET", url + "/echo")

    _run(make, use, allow=["127.0.0.1/32"], resolve=resolve)


def test_a_redirect_to_a_private_address_is_refused(make):
    error = _fails(make, "/redirect?to=http://169.254.169.254/", UserError)
    assert "169.254.169.254" in error.what


def test_a_redirect_on_the_same_host_is_followed(make):
    seen = _json(make, "/redirect?to=/echo", headers={"Authorization": "Bearer s"})
    assert seen["headers"]["authorization"] == "Bearer s"


def test_a_redirect_to_another_host_takes_no_credentials_along(make):
    async def use(egress, base):
        port = base.rpartition(":")[2]
        target = f"http://other.internal:{port}/echo"
        response = await egress.request(
            "test", "GET", f"{base}/redirect?to={target}", headers={"Authorization": "s", "Api-Key": "s"}
        )
        return await response.read()

    body = _run(make, use, allow=["127.0.0.1", "other.internal"], **_answers("127.0.0.1"))
    assert b"other.internal" in body
    assert b"authorization" not in body
    assert b"api-key" not in body


def test_redirects_in_a_circle_end(make):
    assert _fails(make, "/round", OutsideError).code == "GAO-NET-005"


@pytest.mark.parametrize(("path", "read"), [("/hang", False), ("/trickle", True)])
def test_a_server_that_hangs_or_trickles_is_left_after_the_timeout(make, path, read):
    assert _fails(make, path, OutsideError, timeout=0.2, read=read).code == "GAO-NET-004"


def test_an_answer_that_breaks_off_is_an_error_not_half_an_answer(make):
    assert _fails(make, "/break", OutsideError, read=True).code == "GAO-NET-006"


def test_an_answer_that_unpacks_without_end_is_cut_off(make):
    error = _fails(make, "/bomb", OutsideError, read=True, timeout=20)
    assert "64 MiB" in error.why


def test_a_server_that_is_not_there_cannot_be_reached(make):
    error = _fails(make, "http://127.0.0.1:9/?key=secret", OutsideError)
    assert error.code == "GAO-NET-003"
    assert "secret" not in str(error)


def test_a_name_without_an_address_cannot_be_reached(make):
    assert _fails(make, "http://nowhere.example/", OutsideError, options=_answers()).code == "GAO-NET-003"


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "http://", "https://u:p@a.example/", "not a url://"]
)
def test_what_is_no_web_address_is_refused(make, url):
    assert _fails(make, url, UserError).code == "GAO-NET-001"


def test_a_header_with_a_line_break_is_refused(make):
    error = _fails(make, "/echo", UserError, headers={"X": "a\r\nInjected: 1"})
    assert error.code == "GAO-NET-001"


def test_https_to_a_server_without_it_is_an_error_in_words(make):
    async def use(egress, base):
        with pytest.raises(OutsideError) as caught:
            await egress.request("test", "GET", base.replace("http:", "https:") + "/echo")
        return caught.value.code

    assert _run(make, use) == "GAO-NET-003"
