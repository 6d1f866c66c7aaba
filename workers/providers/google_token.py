"""Access tokens of a Google service account."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2 import service_account

from workers.providers.failures import Misconfigured, TryLater
from workers.providers.http import Http

SCOPES = ("https://www.googleapis.com/auth/firebase.messaging",)


class GoogleToken:
    """The token of one account, renewed before it expires; threads may share it."""

    def __init__(self, account: Mapping[str, Any], http: Http) -> None:
        make: Any = service_account.Credentials.from_service_account_info
        self._credentials = make(account, scopes=SCOPES)
        self._request = _Request(http)
        self._lock = threading.Lock()

    def get(self) -> str:
        """Return a valid token.

        Raises:
            Misconfigured: when Google refuses the account.
            TryLater: when Google's token service does not answer.
        """
        with self._lock:
            if not self._credentials.valid:
                self._refresh()
            return str(self._credentials.token)

    def forget(self) -> None:
        """Fetch another token at the next call, because this one was refused."""
        with self._lock:
            self._credentials.token = None

    def _refresh(self) -> None:
        try:
            self._credentials.refresh(self._request)
        except RefreshError as error:
            reason = "Google does not accept the service account."
            raise TryLater(reason) if error.retryable else Misconfigured(reason) from None
        except GoogleAuthError:
            raise TryLater("Google's token service does not answer.") from None


@dataclass(frozen=True)
class _Response:
    """The parts of an answer that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _Request:
    """google-auth's transport, over our HTTP and its time limits."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def __call__(
        self,
        url: str,
        method: str = "POST",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_options: Any,
    ) -> _Response:
        try:
            answer = self._http.post(url, headers=headers or {}, content=body)
        except TryLater as failure:
            raise TransportError(failure.reason) from None
        return _Response(answer.status_code, answer.headers, answer.content)
