"""What is pasted into made prompts: code and descriptions of packages, harmless documents, messages."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.injection.pasted import Pools, Sentences
from scripts.injection.rows import Row
from scripts.injection.sources import DOCUMENTED, LANGUAGES
from scripts.injection.wheels import inside, names

READ = (
    *(
        "aiofiles",
        "altair",
        "bottle",
        "celery",
        "cookiecutter",
        "dask",
        "gunicorn",
        "hatch",
        "invoke",
        "ipython",
    ),
    *("jedi", "locust", "loguru", "marshmallow", "mkdocs", "parso", "peewee", "sanic", "scrapy", "seaborn"),
    *("sphinx", "structlog", "tox", "twine", "virtualenv", "xarray"),
)
"""Packages of which nothing else is read."""

_TEXTS = frozenset(
    {
        *(
            "squad2",
            "mtrag",
            "msdocs_faq",
            "tau2_bank",
            "hotpot_musique",
            "xquad",
            "scitldr",
            "tatqa",
            "qmsum",
        ),
        *("package_docs", "django", "faker"),
    }
)
_QUESTIONS = frozenset({"squad2", "truthfulqa", "hotpot_musique", "xquad"})
_FILES, _STRETCH, _LONGEST = 30, 3_000, 30_000


def pools(rows: Sequence[Row], wheels: Path) -> Pools:
    """Return what is pasted, by kind and source; none of it is of the guard set."""
    texts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.surface == "content" and row.source in _TEXTS:
            texts[row.source].append(row.text)
    packages = (*DOCUMENTED, *READ, "django")
    texts["descriptions"] = [text for one in packages for text in _description(wheels, one)]
    texts["sphinx"] = list(_messages(wheels))
    foreign = {name: texts.pop(name) for name in ("django", "faker", "sphinx", "xquad")}
    code = {one: _code(wheels, one, _FILES * (5 if one == "django" else 1)) for one in packages}
    return {"code": code, "table": {"tatqa": texts.pop("tatqa")}, "text": texts, "foreign": foreign}


def sentences(rows: Sequence[Row], pasted: Pools) -> Sentences:
    """Return questions, first lines of docstrings and foreign sentences, each of which may stand alone.

    None is of a document that is tested on.
    """
    lines = [
        line
        for package in ("django", *READ)
        for text in pasted["code"][package]
        for line in re.findall(r'"""([A-Z][^"\n]{15,150})', text)
    ]
    foreign = [line for text in pasted["foreign"]["sphinx"] for line in text.split("\n")]
    foreign += [re.split(r"[.。]", text)[0] for text in pasted["foreign"]["faker"]]
    asked = [row.text for row in rows if row.source in _QUESTIONS and row.surface == "input"]
    return {"question": asked, "line": lines, "foreign": foreign}


def _code(wheels: Path, package: str, count: int) -> list[str]:
    """Return stretches of some of a package's files, those of a file behind one another."""
    found = [
        name
        for name in names(wheels, package, (".py", ".js", ".html", ".css", ".pyi"))
        if "/locale" not in name
    ]
    step = max(1, len(found) // count)
    texts = [inside(wheels, package, name)[:_LONGEST] for name in found[::step][:count]]
    return [text[at : at + _STRETCH] for text in texts for at in range(0, len(text), _STRETCH)]


def _description(wheels: Path, package: str) -> Iterator[str]:
    (name,) = names(wheels, package, ".dist-info/METADATA")
    body = inside(wheels, package, name).split("\n\n", 1)[-1]
    if len(body) > 300:
        yield body


def _messages(wheels: Path) -> Iterator[str]:
    """Yield stretches of Sphinx's messages in the same languages as Django's."""
    for language in LANGUAGES:
        name = f"sphinx/locale/{language.replace('Hans', 'CN')}/LC_MESSAGES/sphinx.po"
        said = re.findall(r'^msgstr "(.{12,})"$', inside(wheels, "sphinx", name), re.MULTILINE)
        for at in range(0, len(said), 12):
            yield "\n".join(said[at : at + 12])
