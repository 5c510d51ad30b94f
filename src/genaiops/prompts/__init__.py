"""Prompts as files: templates with parameters and examples, rendered in bounds, and what fits a context."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.prompts.budget import fit_context, select_examples
    from genaiops.prompts.files import load_examples, load_prompt, parse_prompt
    from genaiops.prompts.kinds import KINDS, PROMPT_KIND
    from genaiops.prompts.model import Example, Head, Parameters, Prompt, Turn, prompt_facts

_FILES = {
    "budget": "fit_context select_examples",
    "files": "load_examples load_prompt parse_prompt",
    "kinds": "KINDS PROMPT_KIND",
    "model": "Example Head Parameters Prompt Turn prompt_facts",
}

__all__ = [
    "KINDS", "PROMPT_KIND", "Example", "Head", "Parameters", "Prompt", "Turn", "fit_context", "load_examples",
    "load_prompt", "parse_prompt", "prompt_facts", "select_examples",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
