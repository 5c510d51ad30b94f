"""A stream folded into one reply."""

from genaiops.core import ChatModel, ChatReply, ChatRequest, OutsideError, Usage


async def complete(model: ChatModel, request: ChatRequest) -> ChatReply:
    """Return the whole reply; raises `OutsideError` where the stream ends without saying how."""
    pieces: list[str] = []
    finish: str | None = None
    usage: Usage | None = None
    logprob: float | None = None
    name: str | None = None
    async for delta in model.chat(request):
        pieces.append(delta.text)
        finish = delta.finish_reason or finish
        usage = delta.usage or usage
        logprob = logprob if delta.logprob is None else delta.logprob
        name = delta.model or name
    if finish is None:
        raise OutsideError(
            "GAO-MODELS-001",
            f"{model.spec.reference} stopped in the middle of a reply",
            why="the stream ended without a finish reason",
            fix="try again",
        )
    return ChatReply(
        text="".join(pieces),
        finish_reason=finish,
        usage=usage or Usage(calls=1),
        logprob=logprob,
        model=name,
    )
