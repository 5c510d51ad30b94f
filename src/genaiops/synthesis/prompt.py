"""The prompt of training and test: a tuned model is asked as it was taught."""

from functools import lru_cache
from importlib.resources import as_file, files

from genaiops.prompts import Prompt, load_prompt

OPENING, CLOSING = "##begin_quote##", "##end_quote##"
FINAL = "Answer:"


@lru_cache(maxsize=1)
def raft_prompt() -> Prompt:
    """Return the prompt: passages, the question, quotes, a reason, and the answer on the last line."""
    with as_file(files("genaiops.synthesis") / "data" / "cot.md") as path:
        return load_prompt(path)


def raft_prompt_text() -> bytes:
    """Return the prompt's file, for who ships it on."""
    return (files("genaiops.synthesis") / "data" / "cot.md").read_bytes()
