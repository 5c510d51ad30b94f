"""What the routes of access take: the words of the paths and bodies, and their bounds."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from genaiops.access.entrance import Entrance
from genaiops.access.model import Role
from genaiops.core import Asked

At = Asked[Entrance]
Text = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=4096)]


class Body(BaseModel):
    """What a body has in common: a key that we do not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(Body):
    """A name and its password."""

    name: Text
    password: Annotated[SecretStr, Field(max_length=1024)]


class NewPassword(Body):
    """A password to be set."""

    password: Annotated[SecretStr, Field(max_length=1024)]


class NewName(Body):
    """The name of an account, group or project that is added."""

    name: Text


class NewMember(Body):
    """A user or service account (`user:anna`, `service:ci`) that joins a group."""

    member: Text


class NewState(Body):
    """Whether an account is disabled."""

    disabled: bool


class NewGrant(Body):
    """A role for an account or a group."""

    subject: Text
    role: Role


class Link(Body):
    """An identity of the provider: its `iss` and `sub`."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    subject: Annotated[str, Field(min_length=1, max_length=255)]


class WantedKey(Body):
    """What a key may do, and for how long. `owner`: the caller where it is left out."""

    actions: Annotated[list[Text], Field(min_length=1, max_length=50)]
    owner: Text | None = None
    days: Annotated[int, Field(ge=1, le=366)] = 90


class Rotation(Body):
    """For how many hours the old key lives on."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24
