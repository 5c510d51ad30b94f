"""What every page is made with: its templates, its one style, its strict policy."""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template


def page_policy(css: str) -> str:
    """Return the content security policy of a page whose only style is `css`: no script, nothing fetched."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=8)
def page_template(name: str) -> Template:
    """Return a template that escapes all that it is given."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(page_text(name))


@lru_cache(maxsize=8)
def page_text(name: str) -> str:
    """Return a file that stands beside the templates."""
    return (files("genaiops.arena.report") / "templates" / name).read_text("utf-8")
