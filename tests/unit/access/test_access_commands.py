import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import jsonschema_rs
import pytest
import sqlalchemy as sa
from tests.support.access import everything_on_disk, thaw
from typer.testing import CliRunner

from genaiops.access.commands import access
from genaiops.access.login import login
from genaiops.core import UserError
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
ME = login()


PEOPLE = (
    ("user", "add", ME),
    ("user", "add", "anna"),
    ("service", "add", "ci"),
    ("group", "add", "team"),
    ("project", "add", "support"),
    ("group", "join", "team", "anna"),
    ("role", "grant", "group:team", "reviewer", "--project", "support"),
    ("role", "grant", "service:ci", "builder", "--project", "support"),
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    return tmp_path


def call(*arguments, status=0, given=None):
    result = CliRunner().invoke(access, arguments, catch_exceptions=False, input=given)
    assert result.exit_code == status, result.output
    return result


def run(*arguments, **options):
    return call(*arguments, **options).stdout


def as_json(schema, *arguments, **options):
    """Return a command's JSON document, which must be what its committed schema says."""
    value = json.loads(run(*arguments, "--json", **options))
    jsonschema_rs.validate(json.loads((SCHEMAS / f"{schema}.schema.json").read_text()), value)
    return value


@pytest.fixture(scope="module")
def peopled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peopled")
    (folder / "genaiops.yaml").write_text("project: x\n")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("GENAIOPS_DATABASE", "GENAIOPS_BLOBS"):
            patched.delenv(name, raising=False)
        patched.chdir(folder)
        for words in PEOPLE:
            run(*words)
    return folder


@pytest.fixture
def people(project, peopled, each_store):
    if each_store == "embedded":
        shutil.copytree(peopled, project, dirs_exist_ok=True)
    else:
        for words in PEOPLE:
            run(*words)
    return project


@contextmanager
def behind_its_back(project):
    """Give a connection that changes what no command would."""
    with Store.open(project / ".genaiops") as store, store.database.write() as connection:
        yield connection


@pytest.mark.proves("C-ACCESS-LOCAL")
def test_whoami_says_that_without_users_one_may_do_everything(project):
    assert "you may do everything" in run("whoami")
    assert as_json("access_whoami", "whoami")["everything"] is True
    run("user", "add", ME)
    found = as_json("access_whoami", "whoami")
    assert (found["id"], found["everything"]) == (f"user:{ME}", False)
    assert found["grants"] == [{"subject": f"user:{ME}", "project": "*", "role": "admin"}]
    assert run("whoami").splitlines()[0] == f"user:{ME}"


@pytest.mark.proves("C-ACCESS-LOCAL")
def test_the_first_user_is_the_one_at_the_keyboard(project):
    with pytest.raises(UserError, match="the first user is you"):
        run("user", "add", f"not-{ME}")


@pytest.mark.proves("C-ACCESS-DENIED")
def test_somebody_whose_login_is_no_user_may_do_nothing_but_ask_who_they_are(people):
    with behind_its_back(people) as connection:
        connection.execute(
            sa.text("UPDATE access_subjects SET disabled = true WHERE id = :id"), {"id": f"user:{ME}"}
        )
    assert "you may do nothing" in run("whoami")
    for words in (
        ("user", "list"),
        ("user", "enable", ME),
        ("project", "list"),
        ("role", "list"),
        ("key", "list", "--project", "*"),
        ("audit", "list"),
        ("audit", "verify"),
        ("audit", "checkpoint"),
    ):
        with pytest.raises(UserError, match="no account that may be used"):
            run(*words)


def test_lists_show_people_groups_projects_and_roles(people):
    users = as_json("access_subject_list", "user", "list")["subjects"]
    assert {each["id"] for each in users} == {f"user:{ME}", "user:anna"}
    assert run("user", "list").splitlines()[0].split() == ["user:anna", "group:team"]
    assert run("group", "list").split() == ["group:team", "user:anna"]
    assert run("service", "list").split() == ["service:ci"]
    assert json.loads(run("project", "list", "--json")) == {"projects": ["support"]}
    roles = as_json("access_role_list", "role", "list", "--project", "support")["grants"]
    assert {(each["subject"], each["role"]) for each in roles} == {
        (f"user:{ME}", "admin"),
        ("group:team", "reviewer"),
        ("service:ci", "builder"),
    }


def test_a_change_says_what_it_did_and_the_same_again_that_it_is_so_already(people):
    revoke = ("role", "revoke", "group:team", "reviewer", "--project", "support")
    assert run(*revoke) == "group:team: is no longer reviewer in support\n"
    assert run(*revoke) == "group:team: it is so already\n"
    assert as_json("access_changed", "user", "disable", "anna") == {"subject": "user:anna", "changed": True}
    assert "disabled" in run("user", "list")
    assert run("user", "enable", "anna") == "user:anna: enabled\n"
    assert run("group", "leave", "team", "anna") == "group:team: user:anna left\n"


@pytest.mark.proves("C-ACCESS-KEY")
def test_a_key_is_shown_once_alone_on_stdout(people):
    create = ("key", "create", "--project", "support", "--action", "artifact.read", "--for", "service:ci")
    made = call(*create)
    text = made.stdout.strip()
    assert text.startswith("gao_")
    assert "not shown again" in made.stderr
    key_id = text.split("_")[1]
    assert text not in run("key", "list", "--project", "support")
    (listed,) = as_json("access_key_list", "key", "list", "--project", "support")["keys"]
    assert (listed["id"], listed["owner"], listed["actions"]) == (key_id, "service:ci", ["artifact.read"])
    rotated = as_json("access_new_key", "key", "rotate", key_id)
    assert rotated["key"]["replaces"] == key_id
    assert as_json("access_changed", "key", "revoke", key_id)["changed"] is True
    assert "revoked" in run("key", "list", "--project", "support")
    assert run("key", "list") == "no keys: genaiops access key create\n"


@pytest.mark.proves("C-ACCESS-NO-SECRET")
def test_no_secret_that_a_command_saw_is_on_disk_or_in_what_other_commands_say(people):
    said = ""
    password = "violet tractor 9 lemons"
    said += run("user", "password", "anna", given=password + "\n")
    key = run("key", "create", "--project", "support", "--action", "artifact.read").strip()
    said += run("audit", "list", "--json") + run("key", "list", "--json") + run("user", "list", "--json")
    kept = everything_on_disk(people) + said.encode()
    assert key.split("_")[1].encode() in kept
    assert password.encode() not in kept
    assert key.split("_")[2].encode() not in kept


@pytest.mark.proves("C-AUDIT-CHAIN")
def test_verify_says_where_an_edited_log_does_not_hold_and_exits_with_1(people):
    assert "each follows from the one before it" in run("audit", "verify")
    with behind_its_back(people) as connection:
        thaw(connection, "audit", "update")
        connection.exec_driver_sql("UPDATE audit SET actor = 'user:bea' WHERE seq = 3")
    told = run("audit", "verify", status=1)
    assert told.splitlines()[0] == "entry 3: its content is not what its digest was made of"
    found = as_json("access_audit_verify", "audit", "verify", status=1)
    assert [each["seq"] for each in found["breaks"]] == [3]


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_a_checkpoint_kept_elsewhere_says_up_to_where_the_log_is_proven(people):
    said = run("audit", "checkpoint", "--to", "anchor.jsonl")
    assert "keep that file elsewhere" in said
    run("user", "add", "bea")
    alone, anchored = run("audit", "verify"), run("audit", "verify", "--anchor", "anchor.jsonl")
    assert "not proven for all of them" in alone
    assert "proven up to entry 9, by the checkpoint of" in anchored
    assert "not proven for the 1 after it" in anchored
    found = as_json("access_audit_verify", "audit", "verify", "--anchor", "anchor.jsonl")
    assert (found["entries"], found["proven_to"]) == (10, 9)
    (people / "stdout.jsonl").write_text(run("audit", "checkpoint"))
    assert "proven up to entry 10" in run("audit", "verify", "--anchor", "stdout.jsonl")


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_no_checkpoint_is_added_to_a_file_that_contradicts_the_log(people):
    run("audit", "checkpoint", "--to", "anchor.jsonl")
    before = (people / "anchor.jsonl").read_bytes()
    with behind_its_back(people) as connection:
        thaw(connection, "audit", "delete")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq > 5")
    run("user", "add", "bea")
    assert "each follows" in run("audit", "verify")
    with pytest.raises(UserError, match="cannot be vouched for"):
        run("audit", "checkpoint", "--to", "anchor.jsonl")
    assert (people / "anchor.jsonl").read_bytes() == before


def test_the_log_is_listed_newest_first_and_by_subject(people):
    found = as_json("access_audit_list", "audit", "list", "--limit", "2")["entries"]
    assert [(each["seq"], each["subject"]) for each in found] == [(9, "service:ci"), (8, "group:team")]
    assert len(run("audit", "list", "--subject", "user:anna").splitlines()) == 1
    assert run("audit", "list", "--subject", "nobody") == "nothing has been written here yet\n"


def test_a_password_is_read_from_stdin_and_a_bad_one_is_refused(people):
    assert (
        run("user", "password", "anna", given="violet tractor 9 lemons\n")
        == "user:anna: the password is set\n"
    )
    with pytest.raises(UserError, match="this password cannot be used"):
        run("user", "password", "anna", given="short\n")
