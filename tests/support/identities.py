"""An identity provider's keys, the tokens that it signs with them, and files in which it is trusted."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "https://token.example.org"
MAIN = "repo:shop/bot:ref:refs/heads/main"


@dataclass
class Issuer:
    """A provider that is not asked: its keys are pinned. Its tokens are from `at` (s), or from now."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    at: int | None = None

    def token(self, audience: object, *, header: dict[str, Any] | None = None, **claims: object) -> str:
        """Return a token for `audience`; a claim that is None is left out."""
        now = int(time.time()) if self.at is None else self.at
        said = {"iss": ISSUER, "sub": MAIN, "aud": audience, "iat": now, "exp": now + 300, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, **(header or {})}, said, self.key)

    def trust(self, config: Path, *, role: str = "ci", subject: str = MAIN, **more: object) -> Path:
        """Write who is believed, with these keys pinned, and return the file."""
        folder = config / "keys" / "trusted"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "issuer.json").write_text(json.dumps(KeySet([self.key]).as_dict(private=False)))
        known = {"name": "main", "issuer": ISSUER, "subject": subject, "role": role, "jwks": "issuer.json"}
        file = folder / "identities.yaml"
        file.write_text(json.dumps({"identities": [{**known, **more}]}))
        return file
