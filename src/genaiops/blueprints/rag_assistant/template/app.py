"""A question-answering assistant over documents that answers from evidence, or says that it does not know."""

from genaiops import Answer, Citation, Context
from genaiops.app import reading
from genaiops.core import Grounding, Passage

OPENING = 'The answer is "'
UNKNOWN = "I don't know: the documents do not say."


async def answer(inputs: dict[str, str], ctx: Context) -> Answer:
    """Find evidence, let the model draft, and answer with a span of the evidence, or abstain."""
    question = inputs["question"]
    passages = await ctx.search(question, k=ctx.params.top_k, rerank=ctx.params.rerank)
    weighed = await weigh(question, passages, ctx)
    evidence = reading.select_evidence(weighed, limit=ctx.params.sentences)
    draft, sure = await read(question, evidence, ctx)
    if ctx.params.answer == "sentences":
        longest = ctx.params.quote_words
        choices = reading.quotes(question, passages, weighed, draft=draft, confidence=sure, words=longest)
    else:
        choices = reading.choices(question, evidence, draft=draft, confidence=sure)
    if ctx.params.calibrating:  # `genaiops arena calibrate` learns from what could have been answered
        return Answer(passages=passages, data=reading.offer(choices))
    return decide(choices, passages, ctx)


async def weigh(question: str, passages: list[Passage], ctx: Context) -> list[reading.Evidence]:
    """Return the sentences of the passages with how much they speak to the question."""
    found = reading.sentences(passages)
    similarities = await ctx.rank(question, [sentence.ranked for sentence in found])
    return reading.weigh(question, found, similarities)


async def read(question: str, evidence: list[reading.Evidence], ctx: Context) -> tuple[str, float | None]:
    """Return the model's short draft and how sure it was of its words."""
    texts = [one.sentence.text for one in evidence]
    prompt = ctx.prompt("answer")
    messages = await ctx.fit(
        "answer",
        within=ctx.params.context_tokens,
        trim="texts",
        question=question,
        texts=texts,
        examples=prompt.examples[: ctx.params.examples],
    )
    reply = await ctx.chat(
        messages,
        max_tokens=prompt.parameters.max_tokens,
        stop=prompt.parameters.stop,
        grounding=Grounding(
            question=question, texts=tuple(texts)
        ),  # for `local:extractive`, which reads no prompt
    )
    return reply.text.removeprefix(OPENING).split('"')[0].strip(" ."), reply.logprob


def decide(choices: list[reading.Choice], passages: list[Passage], ctx: Context) -> Answer:
    """Answer with the best supported choice and its source; below the learnt threshold, abstain."""
    rule = reading.read_rule(ctx.calibration(f"abstain-{ctx.params.answer}"))
    decision = reading.decide([one.text for one in choices], [one.features for one in choices], rule)
    signals = {"support": decision.support}
    if decision.best is None or (ctx.params.abstain and decision.support < rule.threshold):
        return Answer(UNKNOWN, passages=passages, abstained=True, signals=signals)
    best = choices[decision.best]
    source = Citation(passage=best.evidence.sentence.passage, quote=best.evidence.sentence.text)
    return Answer(best.text, passages=passages, citations=[source], signals=signals)
