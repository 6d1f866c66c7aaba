"""Signs the tokens in addresses that need no sign-in.

Their key is derived from the secret of the project, so that no address is good for a sign-in, and
no access token for an address.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from typing import Any

import jwt

from workers.edge.storage.errors import StorageError

UPLOAD_SECONDS = 7200  # as on Supabase
MISMATCH = "The url do not match the signature"


class Signer:
    """The key of signed addresses."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), b"storage url", hashlib.sha256).digest()

    def sign_download(self, path: str, *, seconds: int, **more: Any) -> str:
        """Return a token that reads the object at `bucket/name` for some seconds."""
        now = int(time.time())
        claims = {"url": path, "iat": now, "exp": now + seconds}
        return jwt.encode({**more, **claims}, self._key, algorithm="HS256")

    def sign_upload(self, path: str, *, owner: str | None, is_upsert: bool) -> str:
        """Return a token that stores one object at `bucket/name`, once."""
        now = int(time.time())
        claims = {
            "url": path,
            "owner": owner,
            "upsert": is_upsert,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + UPLOAD_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def open(self, token: str | None, path: str) -> dict[str, Any]:
        """Return the claims of a token for this path.

        Raises:
            StorageError: 400 InvalidJWT, or InvalidSignature for another path.
        """
        if not token:
            message = "querystring must have required property 'token'"
            raise StorageError(400, "InvalidRequest", message, error="Error")
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=["HS256"], options={"require": ["exp", "url"]}
            )
        except jwt.ExpiredSignatureError:
            message = '"exp" claim timestamp check failed'
            raise StorageError(400, "InvalidJWT", message) from None
        except jwt.InvalidTokenError as error:
            raise StorageError(400, "InvalidJWT", str(error)) from None
        if claims["url"] != path:
            raise StorageError(400, "InvalidSignature", MISMATCH)
        return claims

    def open_upload(self, token: str | None, path: str) -> dict[str, Any]:
        """Return the claims of a token that stores an object at this path.

        Raises:
            StorageError: as above.
        """
        claims = self.open(token, path)
        if "upsert" not in claims or "jti" not in claims:
            raise StorageError(400, "InvalidSignature", MISMATCH)
        return claims

    def open_download(self, token: str | None, path: str) -> dict[str, Any]:
        """Return the claims of a token that reads the object at this path.

        Raises:
            StorageError: as above.
        """
        claims = self.open(token, path)
        if "upsert" in claims:
            raise StorageError(400, "InvalidSignature", MISMATCH)
        return claims
