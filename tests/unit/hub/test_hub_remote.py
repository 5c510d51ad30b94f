"""The Hub behind a URL: the commands, the client, and what a key and a digest do not open."""

import json

import pytest
from tests.support import hubs
from tests.unit.hub.contents_sample import PROMPT, Shelf, row, write
from tests.unit.hub.hub_sample import ANN, key_of, opened
from typer.testing import CliRunner

from genaiops.access import EVERYWHERE, people
from genaiops.access.model import Grant
from genaiops.arena.hub_routes import HUB_ROUTES as ABOVE
from genaiops.cli import open_hub
from genaiops.cli.hub import hub as commands
from genaiops.core import Digest, FileContent, OutsideError, Principal, UserError, digest_bytes
from genaiops.hub import bodies
from genaiops.hub.contents import routes as contents
from genaiops.hub.remote import request_of
from genaiops.hub.routes import ROUTES

EVE = Principal(id="user:eve")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    with hubs.on_the_way("url", monkeypatch), opened(tmp_path / "store") as store:
        yield Shelf(store)


@pytest.fixture
def there(shelf, tmp_path, monkeypatch):
    """A folder that is no project, from which the commands reach the Hub of the shelf as ann."""
    assert shelf.contents.artifacts() == ()
    monkeypatch.setenv("GENAIOPS_HUB", hubs.server(0).place.url)
    monkeypatch.setenv("GENAIOPS_HUB_KEY", key_of(shelf.store, ANN))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def let_in(shelf, who, role, project):
    with shelf.store.database.write() as connection:
        people.add(connection, ANN, who.id, shelf.clock())
        if project != EVERYWHERE:
            people.add_project(connection, ANN, project, shelf.clock())
        people.grant(connection, ANN, Grant(subject=who.id, project=project, role=role), shelf.clock())


def run(*arguments, code=0):
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def refused(do, *arguments, **options):
    with pytest.raises(UserError) as caught:
        do(*arguments, **options)
    return caught.value.code


@pytest.mark.proves("C-HUB-URL")
def test_every_command_of_the_hub_works_on_a_url_as_on_a_folder(there):
    file = str(write(there / "prompts", answer__md=PROMPT) / "answer.md")
    assert run("push", "prompt/support/answer", file, "--owner", "ops").endswith("  new\n")
    assert run("push", "prompt/support/answer", file).endswith("  unchanged\n")
    write(there / "prompts", answer__md=PROMPT.replace("brief", "very brief"))
    run("push", "prompt/support/answer", file, "--alias", "prod", "--parent", "prompt/support/answer:v1")
    assert "+Be very brief." in run("diff", "prompt/support/answer:v1", "prompt/support/answer:prod")
    run("alias", "prompt/support/answer", "next", "prompt/support/answer:v1", "--why", "try it")
    run("promote", "prompt/support/answer:v1", "prod", "--why", "it was better")
    run("rollback", "prompt/support/answer:prod", "--why", "it was not")
    assert run("log", "prompt/support/answer:prod").count("#") == 3
    run("approve", "prompt/support/answer:v2", "--role", "risk", "--note", "read it")
    run("describe", "prompt/support/answer:v2", "--description", "for the shop")
    run("deprecate", "prompt/support/answer:v1", "--why", "old")
    assert "approved" in run("show", "prompt/support/answer:v2")
    listed = json.loads(run("list", "--owner", "ops", "--json"))["versions"]
    assert [(each["number"], each["aliases"]) for each in listed] == [(2, ["prod"])]
    assert len(run("log").splitlines()) == 2
    assert run("lineage", "prompt/support/answer:v2").count("prompt/support/answer") == 2
    assert "live: prompt/support/answer:" in run("impact", "prompt/support/answer:v1")
    (there / "policy.yaml").write_text(
        "project: support\nrequire: {app: {prod: {risk: approvals.risk >= 1}}}\n"
    )
    run("policy", "policy.yaml", "--why", "four eyes")
    assert "approvals.risk >= 1" in run("agreements", "support")
    run("pull", "prompt/support/answer:v1", "out")
    assert "Be brief." in (there / "out" / "answer.md").read_text()
    run("export", "support", "--to", "support.tar")
    assert run("import", "support.tar").count("unchanged") == 2
    assert run("prune", "--keep", "1", "--older-than", "0", "--dry-run").endswith("would go\n")


@pytest.mark.proves("C-HUB-URL")
def test_a_policy_that_says_no_ends_a_command_with_1_there_too(there):
    (there / "policy.yaml").write_text(
        "project: support\nrequire: {blob: {prod: {risk: approvals.risk >= 1}}}\n"
    )
    run("policy", "policy.yaml", "--why", "four eyes")
    run("push", "blob/support/a", str(write(there / "in", a__txt="a")))
    result = CliRunner().invoke(commands, ["promote", "blob/support/a:v1", "prod"])
    assert (result.exception.code, result.exception.exit_status) == ("GAO-HUB-027", 1)
    assert "approvals.risk >= 1 does not hold" in result.exception.why


@pytest.mark.proves("C-HUB-URL")
def test_only_what_was_never_sent_is_sent(shelf, tmp_path):
    folder = write(tmp_path / "files", a__bin="a" * 1000, b__bin="b")
    sent: list[int] = []
    shelf.contents.push("blob/things", [folder], told=sent.append)
    assert sorted(sent) == [1, 1000]
    write(folder, b__bin="c")
    stored = shelf.blobs()
    shelf.contents.push("blob/things", [folder])
    assert len(shelf.blobs() - stored) == 1


@pytest.mark.proves("C-HUB-URL")
def test_what_a_program_publishes_over_there_is_what_is_read_here(there, shelf):
    with open_hub() as far:
        made = far.publish("scorer", "kind", {"name": "kind", "model": "local:m", "rubric": "kind?"})
        assert far.get("scorer/kind:v1") == made
        assert far.live("scorer/kind", "prod") is None
    assert shelf.hub.get("scorer/kind:v1") == made


@pytest.mark.proves("C-HUB-PROOF")
def test_a_digest_that_somebody_learnt_opens_nothing(shelf, tmp_path):
    secret = b"the finance team's numbers"
    digest = digest_bytes(secret)
    let_in(shelf, EVE, "builder", "shop")
    (tmp_path / "numbers.txt").write_bytes(secret)
    shelf.contents.push("blob/finance/numbers", [tmp_path / "numbers.txt"])
    eve = shelf.client(EVE, "shop")
    file = {"path": "a.txt", "size": len(secret), "digest": digest}
    push = bodies.NewPush(target="blob/shop/a", files=[file])
    guess = bodies.NewVersion(
        kind="dataset", name="a", project="shop", manifest={"digest": digest, "cases": 1, "rows": digest}
    )
    assert refused(eve.transport.ask, contents.push, body=push) == "GAO-HUB-004"
    assert refused(eve.publish, "dataset", "a", guess.manifest, project="shop") == "GAO-HUB-004"
    unknown = digest_bytes(b"nobody has this")
    same = {"digest": unknown, "cases": 1, "rows": unknown}
    assert refused(eve.publish, "dataset", "a", same, project="shop") == "GAO-HUB-004"
    assert (
        refused(eve.transport.ask, contents.content, ref="blob/finance/numbers", digest=digest)
        == "GAO-HUB-005"
    )
    wanted = bodies.NewUpload(target="blob/shop/a", digests=[digest])
    assert eve.transport.ask(contents.unsent, body=wanted).digests == (digest,), (
        "it looks as if it were not there"
    )
    eve.push("blob/shop/a", [tmp_path / "numbers.txt"])


@pytest.mark.proves("C-BAD-UPLOAD")
def test_content_that_is_not_what_its_digest_names_is_refused_and_not_kept(shelf, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    way = shelf.contents.transport
    wrong = Digest("sha256:" + "0" * 64)
    sent = FileContent(tmp_path / "a")
    assert refused(way.send, sent, contents.upload, digest=wrong, target="blob/x") == "GAO-HUB-074"
    assert refused(way.send, sent, contents.upload, digest="sha256:x", target="blob/x") == "GAO-SERVER-017"
    assert shelf.blobs() == set()
    way.send(sent, contents.upload, digest=digest_bytes(b"a"), target="blob/x")
    larger = {"path": "a", "size": 2, "digest": digest_bytes(b"a")}
    push = bodies.NewPush(target="blob/x", files=[larger])
    assert refused(way.ask, contents.push, body=push) == "GAO-HUB-004"


@pytest.mark.proves("C-BAD-UPLOAD")
def test_who_may_not_publish_leaves_nothing_in_the_store(shelf, tmp_path):
    let_in(shelf, EVE, "viewer", EVERYWHERE)
    (tmp_path / "a").write_bytes(b"a")
    assert refused(shelf.client(EVE).push, "blob/x", [tmp_path / "a"]) == "GAO-ACCESS-024"
    sent = FileContent(tmp_path / "a")
    way = shelf.client(EVE).transport
    assert (
        refused(way.send, sent, contents.upload, digest=digest_bytes(b"a"), target="blob/x")
        == "GAO-ACCESS-024"
    )
    assert refused(shelf.client(EVE).import_, tmp_path / "a") == "GAO-ACCESS-024"
    assert shelf.blobs() == set()


@pytest.mark.proves("C-HUB-URL", "C-ERASE-PUSHED")
def test_rows_of_people_are_sealed_where_the_store_is_and_nothing_of_them_is_kept_in_clear(there, shelf):
    lines = [json.dumps({**json.loads(row(n)), "tags": {"customer": f"Jane Roe {n}"}}) + "\n" for n in (1, 2)]
    data = write(there, qa__jsonl="".join(lines)) / "qa.jsonl"
    assert run("push", "dataset/qa", str(data), "--subject-field", "tags.customer").endswith("  new\n")
    assert not any(b"Jane" in shelf.store.blobs.get(Digest(digest)) for digest in shelf.blobs())
    refused = CliRunner().invoke(commands, ["push", "dataset/qa", str(data)])
    assert refused.exception.code == "GAO-HUB-091"
    run("pull", "dataset/qa", "out")
    assert (there / "out" / "rows.jsonl").read_text().count("Jane Roe") == 2
    assert json.loads(run("show", "dataset/qa", "--json"))["described"] == {"sensitivity": "personal"}


@pytest.mark.proves("C-BAD-HUB-URL")
@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example.org",
        "ftp://hub.example.org",
        "hub.example.org",
        "https://a:b@hub.example.org",
        "https://",
    ],
)
def test_a_key_is_sent_to_no_url_that_would_show_it(url, tmp_path):
    with (
        pytest.raises(UserError) as caught,
        open_hub(url, env={"GENAIOPS_HUB_KEY": "gao_x", "HOME": str(tmp_path)}),
    ):
        pass
    assert caught.value.code == "GAO-HUB-081"
    assert "a:b" not in str(caught.value)


@pytest.mark.proves("C-BAD-HUB-URL")
def test_without_a_key_or_with_a_wrong_one_the_error_says_so(there, monkeypatch):
    monkeypatch.setenv("GENAIOPS_HUB_KEY", "gao_wrong")
    assert CliRunner().invoke(commands, ["list"]).exception.code == "GAO-ACCESS-031"
    monkeypatch.delenv("GENAIOPS_HUB_KEY")
    assert CliRunner().invoke(commands, ["list"]).exception.code == "GAO-HUB-082"


@pytest.mark.proves("C-BAD-HUB-URL")
def test_what_is_no_hub_and_what_does_not_answer_are_told_apart(shelf):
    shelf.contents.artifacts()
    served = hubs.server(0)
    hub = served.app

    async def proxy(scope, receive, send):
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>Bad gateway</html>"})

    served.app = proxy
    with pytest.raises(OutsideError, match="GAO-HUB-083"):
        shelf.contents.artifacts()
    served.app = hub
    assert shelf.contents.artifacts() == ()


@pytest.mark.proves("C-HUB-URL")
def test_every_route_is_asked_by_name_and_nothing_of_an_argument_is_path_or_query_of_its_own():
    by_name = {route.call.__name__: route for route in (*ROUTES, *ABOVE)}
    assert request_of(by_name["get"], {"ref": "a&b=c/../d"}) == (
        "/api/hub/version?ref=a%26b%3Dc%2F..%2Fd",
        None,
    )
    path, body = request_of(by_name["upload"], {"digest": "../../x", "target": "blob/a"})
    assert (path, body) == ("/api/hub/blobs/..%2F..%2Fx?target=blob%2Fa", None)


@pytest.mark.proves("C-HUB-URL")
def test_what_works_on_the_store_itself_is_refused_where_a_url_is_named(there):
    assert CliRunner().invoke(commands, ["erase", "anna", "--yes"]).exception.code == "GAO-ACCESS-061"


@pytest.mark.proves("C-HUB-URL")
def test_a_project_goes_from_a_folder_to_a_url_with_identical_digests(there, tmp_path, shelf):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "genaiops.yaml").write_text("project: x\n")
    data = write(tmp_path / "mine", qa__jsonl=row(1)) / "qa.jsonl"
    with open_hub(tmp_path / "mine", env={"HOME": str(tmp_path)}) as here:
        pushed = here.push("dataset/support/qa", [data]).version
        here.export(["support"], tmp_path / "support.tar")
    with open_hub() as far:
        assert [each.became for each in far.import_(tmp_path / "support.tar")] == ["new"]
        assert far.get("dataset/support/qa").digest == pushed.digest
        _, files = far.pull("dataset/support/qa", tmp_path / "out")
    assert files[0].read_text() == data.read_text()
