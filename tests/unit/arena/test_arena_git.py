"""Trees are exported whole, from raw objects, without running anything of the repository."""

import os
import subprocess
from pathlib import Path

import pytest

from genaiops.arena.git import discard, export_tree, find_repository, snapshot_tree, tree_files
from genaiops.core import UserError


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "app.py").write_text("one\n")
    (folder / ".gitignore").write_text("secret.env\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.mark.proves("A-BAD-NO-GIT")
def test_a_folder_outside_any_repository_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not in a git repository") as caught:
        find_repository(tmp_path)
    assert "git init" in caught.value.fix


@pytest.mark.proves("A-BAD-REF")
def test_an_unknown_ref_names_the_branches_that_exist(repository: Path) -> None:
    with pytest.raises(UserError, match="no commit 'mian'") as caught:
        find_repository(repository).commit_of("mian")
    assert "main" in caught.value.fix


def test_a_ref_that_looks_like_an_option_is_only_an_unknown_ref(repository: Path) -> None:
    with pytest.raises(UserError, match="no commit"):
        find_repository(repository).commit_of("--upload-pack=touch /nowhere")


def test_a_ref_is_exported_read_only_without_touching_the_working_tree(
    repository: Path, tmp_path: Path
) -> None:
    repo = find_repository(repository)
    (repository / "app.py").write_text("two\n")
    target = tmp_path / "tree"
    export_tree(repo, repo.tree_of(repo.commit_of("HEAD")), target)
    assert (target / "app.py").read_text() == "one\n"
    assert not os.stat(target / "app.py").st_mode & 0o222
    assert (repository / "app.py").read_text() == "two\n"


def test_the_snapshot_holds_what_is_new_and_not_what_is_ignored(repository: Path, tmp_path: Path) -> None:
    repo = find_repository(repository)
    (repository / "new.py").write_text("new\n")
    (repository / "secret.env").write_text("KEY=1\n")
    before = git(repository, "status", "--porcelain")
    tree, env = snapshot_tree(repo)
    export_tree(repo, tree, tmp_path / "tree", env)
    names = {file.path for file in tree_files(repo, tree, env)}
    discard(env)
    assert names == {".gitignore", "app.py", "new.py"}
    assert (tmp_path / "tree" / "new.py").read_text() == "new\n"
    assert git(repository, "status", "--porcelain") == before


def test_the_snapshot_of_a_clean_tree_is_the_tree_of_head(repository: Path) -> None:
    repo = find_repository(repository)
    tree, env = snapshot_tree(repo)
    discard(env)
    assert tree == repo.tree_of(repo.commit_of("HEAD"))
    assert not repo.is_dirty()


def test_neither_hooks_nor_filters_of_the_repository_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (repository / ".gitattributes").write_text("*.py filter=evil\n")
    git(repository, "config", "filter.evil.smudge", f"touch {ran}; cat")
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    repo = find_repository(repository)
    export_tree(repo, repo.tree_of(repo.commit_of("HEAD")), tmp_path / "tree")
    assert not ran.exists()


@pytest.mark.proves("A-BAD-SUBMODULE")
def test_a_submodule_is_refused_with_its_path(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},vendor/lib")
    git(repository, "commit", "-qm", "submodule")
    repo = find_repository(repository)
    with pytest.raises(UserError, match="vendor/lib") as caught:
        export_tree(repo, repo.tree_of(repo.commit_of("HEAD")), tmp_path / "tree")
    assert "submodule" in caught.value.why
    assert not (tmp_path / "tree").exists()


@pytest.mark.proves("A-BAD-LFS")
def test_a_git_lfs_pointer_is_refused_with_its_path(repository: Path, tmp_path: Path) -> None:
    (repository / "model.bin").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "lfs")
    repo = find_repository(repository)
    with pytest.raises(UserError, match=r"model\.bin") as caught:
        export_tree(repo, repo.tree_of(repo.commit_of("HEAD")), tmp_path / "tree")
    assert "LFS" in caught.value.why


def test_a_link_that_leaves_the_tree_is_refused(repository: Path, tmp_path: Path) -> None:
    (repository / "out").symlink_to("../../etc/passwd")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "link")
    repo = find_repository(repository)
    with pytest.raises(UserError, match="exported whole: out"):
        export_tree(repo, repo.tree_of(repo.commit_of("HEAD")), tmp_path / "tree")


def test_the_baseline_of_a_dirty_tree_is_head_and_of_a_branch_its_merge_base(repository: Path) -> None:
    repo = find_repository(repository)
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-qb", "change")
    (repository / "app.py").write_text("two\n")
    assert repo.default_baseline() == first
    git(repository, "commit", "-qam", "two")
    second = git(repository, "rev-parse", "HEAD")
    assert repo.default_baseline() == first
    (repository / "app.py").write_text("three\n")
    assert repo.default_baseline() == second


def test_a_project_in_a_subfolder_is_found_at_its_prefix(repository: Path) -> None:
    (repository / "services" / "qa").mkdir(parents=True)
    repo = find_repository(repository / "services" / "qa")
    assert repo.top == repository.resolve()
    assert str(repo.prefix) == "services/qa"
