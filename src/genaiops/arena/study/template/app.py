"""The neutral app of a study: it is given the passages, and differs between variants in what is named only.

What searched stands in the parent, so that the same passages under the same prompt are one answer, whichever
variants found them.
"""

from typing import Any

from genaiops import Answer, Citation, Context
from genaiops.core import Grounding, Passage, decode

OPENING, CLOSING = "##begin_quote##", "##end_quote##"
SILENCE = ("don't know", "do not know", "not mentioned", "cannot be answered", "does not say", "no answer")
FINAL = ("the answer is", "answer:", "<answer>:")
BLANK = " .:\"'*\n"


async def answer(inputs: dict[str, Any], ctx: Context) -> Answer:
    """Put the passages before the question and say what the model says, with the words it stands on."""
    question = inputs["question"]
    passages = [decode(Passage, one) for one in inputs.get("passages", [])]
    texts = [f"[{at}] {passage.text}" for at, passage in enumerate(passages, 1)]
    name = ctx.params.prompt
    prompt = ctx.prompt(name)
    messages = await ctx.fit(
        name, within=ctx.params.context_tokens, trim="texts", question=question, texts=texts
    )
    told = "\n".join(message.content for message in messages)
    shown = [passage for passage, text in zip(passages, texts, strict=True) if text in told]
    read = shown or passages[:1]  # for `local:extractive`, which reads no prompt
    reply = await ctx.chat(
        messages,
        max_tokens=prompt.parameters.max_tokens,
        temperature=prompt.parameters.temperature,
        grounding=Grounding(question=question, texts=tuple(passage.text for passage in read)),
    )
    text = final(reply.text) if name == "cot" else reply.text.strip(BLANK)
    silent = not text or any(words in text.lower() for words in SILENCE)
    return Answer(
        text,
        data={"given": len(passages), "shown": len(shown)},
        passages=shown,
        citations=[] if silent else citations(reply.text, text, shown),
        abstained=silent,
        signals={} if reply.logprob is None else {"logprob": reply.logprob},
    )


def final(text: str) -> str:
    """Return what follows the last announcement of the answer, else the last line."""
    lower = text.lower()
    at = max((lower.rfind(words) + len(words) for words in FINAL if words in lower), default=-1)
    rest = text[at:] if at >= 0 else text.strip().split("\n")[-1]
    return rest.strip(BLANK).split("\n")[0].strip(BLANK)


def citations(said: str, text: str, passages: list[Passage]) -> list[Citation]:
    """Return what was quoted and stands in a passage; without quotes, the first passage with the answer."""
    quotes = [part.split(CLOSING)[0].strip() for part in said.split(OPENING)[1:]]
    found = [
        Citation(passage=passage.id, quote=quote)
        for quote in dict.fromkeys(filter(None, quotes))
        for passage in passages
        if quote in passage.text
    ]
    if found:
        return found
    holders = [passage for passage in passages if text in passage.text]
    return [Citation(passage=holders[0].id, quote=text)] if holders else []
