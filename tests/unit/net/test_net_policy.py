import pytest

from genaiops.core import OutsideError, Settings, UserError
from genaiops.net import EgressPolicy, load_policy

NOTHING = EgressPolicy()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.1.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "203.0.113.5",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    assert NOTHING.refusal("name.example", 443, address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_allowed(address):
    assert NOTHING.refusal("name.example", 443, address) == ""


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "allowed"),
    [
        ("localhost", "localhost", 8000, "127.0.0.1", True),
        ("LOCALHOST", "localhost.", 8000, "::1", True),
        ("localhost:8000", "localhost", 8000, "127.0.0.1", True),
        ("localhost:8000", "localhost", 8001, "127.0.0.1", False),
        ("localhost", "evil.example", 80, "127.0.0.1", False),
        ("127.0.0.1", "evil.example", 80, "127.0.0.1", False),
        ("10.0.0.0/8", "models.internal", 80, "10.2.3.4", True),
        ("10.0.0.0/8", "models.internal", 80, "192.168.0.1", False),
        ("10.0.0.0/8", "models.internal", 80, "::ffff:10.2.3.4", True),
        ("::1", "::1", 80, "::1", True),
        ("[::1]:8000", "::1", 8000, "::1", True),
        ("[::1]:8000", "::1", 80, "::1", False),
        ("fd00::/8", "models.internal", 80, "fd00::5", True),
    ],
)
def test_what_is_listed_is_allowed_and_no_more_than_that(entry, host, port, address, allowed):
    assert (EgressPolicy(frozenset({entry})).refusal(host, port, address) == "") is allowed


@pytest.mark.parametrize(
    "entry", ["", "http://localhost", "a b", "10.0.0.0/99", "host:port", "::1::2", "[x]:1"]
)
def test_an_entry_that_means_nothing_is_an_error(entry):
    with pytest.raises(UserError) as caught:
        EgressPolicy(frozenset({entry}))
    assert caught.value.code == "GAO-NET-007"


def _settings(folder):
    return Settings.from_env({"GENAIOPS_CONFIG": str(folder), "HOME": str(folder)})


def test_without_a_file_only_what_the_command_line_says_is_allowed(tmp_path):
    policy = load_policy(_settings(tmp_path), ["localhost:8000"])
    assert policy == EgressPolicy(frozenset({"localhost:8000"}))


def test_the_file_and_the_command_line_add_up(tmp_path):
    (tmp_path / "egress.yaml").write_text("allow_private: [10.0.0.0/8]\n")
    assert load_policy(_settings(tmp_path), ["x"]).allow_private == {"10.0.0.0/8", "x"}


@pytest.mark.parametrize("content", ["", "allow_private:\n", "# nothing\n"])
def test_an_empty_file_allows_nothing(tmp_path, content):
    (tmp_path / "egress.yaml").write_text(content)
    assert load_policy(_settings(tmp_path)).allow_private == frozenset()


@pytest.mark.parametrize(
    "content",
    [
        "allow_privat: [x]\n",
        "- x\n",
        "allow_private: x\n",
        "allow_private: [1]\n",
        "a: [",
        "allow_private: [a b]\n",
    ],
)
def test_a_file_that_says_something_else_is_refused_by_name(tmp_path, content):
    (tmp_path / "egress.yaml").write_text(content)
    with pytest.raises(UserError) as caught:
        load_policy(_settings(tmp_path))
    assert "egress.yaml" in caught.value.where


def test_a_wrong_entry_is_named_with_its_line(tmp_path):
    (tmp_path / "egress.yaml").write_text("allow_private:\n  - localhost\n  - http://x\n")
    with pytest.raises(UserError) as caught:
        load_policy(_settings(tmp_path))
    assert caught.value.where.endswith("egress.yaml:3")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "egress.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError):
        load_policy(_settings(tmp_path))


def test_a_folder_in_its_place_is_said(tmp_path):
    (tmp_path / "egress.yaml").mkdir()
    with pytest.raises(OutsideError):
        load_policy(_settings(tmp_path))
