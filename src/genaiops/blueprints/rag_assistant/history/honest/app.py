"""A question-answering assistant over documents, in its naive form: nearest passages into the prompt."""

from genaiops import Answer, Context
from genaiops.core import Grounding

OPENING = 'The answer is "'
SILENCE = ("don't know", "do not know", "not mentioned", "cannot be answered", "no answer")


async def answer(inputs: dict[str, str], ctx: Context) -> Answer:
    """Put the nearest passages before the question and say what the model says."""
    question = inputs["question"]
    passages = await ctx.search(question, k=ctx.params.top_k, mode="dense", rerank=False)
    texts = [passage.text for passage in passages]
    messages = await ctx.fit(
        "answer", within=ctx.params.context_tokens, trim="texts", question=question, texts=texts
    )
    prompt = ctx.prompt("answer")
    reply = await ctx.chat(
        messages,
        max_tokens=prompt.parameters.max_tokens,
        stop=prompt.parameters.stop,
        grounding=Grounding(
            question=question, texts=tuple(texts)
        ),  # for `local:extractive`, which reads no prompt
    )
    text = reply.text.removeprefix(OPENING).split('"')[0].strip(" .")
    return Answer(text, passages=passages, abstained=any(words in text.lower() for words in SILENCE))
