"""`hf:ORG/NAME@COMMIT[#FILE]`: what `genaiops models pull` fetched from Hugging Face, at a commit."""

from genaiops.core import ChatModel, ModelSpec, UserError
from genaiops.models.context import ModelContext
from genaiops.models.embedding import Origin
from genaiops.models.providers.llama import LlamaChat, llama_settings
from genaiops.models.providers.onnx import OnnxEmbedder
from genaiops.models.pulled import HubModel, PulledModels
from genaiops.models.sentence_folder import SentenceFolder, open_folder


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return the chat model of a GGUF file that was pulled."""
    models = PulledModels(context.settings)
    pulled = models.find(HubModel.parse(name))
    _check_use(name, pulled.model, ".gguf", "chats")
    spec = ModelSpec(
        provider="hf",
        model=name,
        version=pulled.revision,
        digest=pulled.files[pulled.model],
        settings=llama_settings(context.settings.env),
    )
    return LlamaChat(spec, lambda: models.file(pulled))


def open_embedder(name: str, context: ModelContext) -> OnnxEmbedder:
    """Return the sentence embedder of an ONNX file that was pulled, with what came with it."""
    models, wanted = PulledModels(context.settings), HubModel.parse(name)
    pulled = models.find(wanted)
    _check_use(name, pulled.model, ".onnx", "embeds")
    files = SentenceFolder(models.folder(wanted), pulled.model, pulled.files)
    spec = ModelSpec(provider="hf", model=name, version=pulled.revision)
    origin = Origin(licence=pulled.licence, source=pulled.source)
    return open_folder(files, spec, context.embedding, origin, context.settings.env)


def _check_use(name: str, file: str, suffix: str, use: str) -> None:
    if not file.endswith(suffix):
        raise UserError(
            "GAO-MODELS-096",
            f"hf:{name} is not a model that {use}",
            why=f"{file} was pulled, and it takes a file ending in {suffix}",
            fix="pull another file of it with --file, or another model",
        )
