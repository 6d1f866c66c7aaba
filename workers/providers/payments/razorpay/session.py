"""The session under Razorpay's SDK: time limits, and failures that the SDK would print or blur."""

from __future__ import annotations

from typing import Any

import requests

from workers.providers.http import Timeouts
from workers.providers.payments.failures import TryLater, Unanswered
from workers.providers.payments.http import refuse_by_status


class Session(requests.Session):
    """A session that raises our failures."""

    def __init__(self, timeouts: Timeouts) -> None:
        super().__init__()
        self._limits = (timeouts.connect, timeouts.read)

    def request(self, method: Any, url: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """Make a request once, and return an answer that says something about the call.

        Raises:
            TryLater, Unanswered, Misconfigured: as in `payments.failures`.
        """
        try:
            answer = super().request(method, url, **{**options, "timeout": self._limits})
        except requests.RequestException as error:
            name = type(error).__name__
            if isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in str(error):
                raise TryLater(f"Razorpay was not reached: {name}.") from None
            raise Unanswered(f"Razorpay did not answer: {name}.") from None
        refuse_by_status(answer.status_code, answer.headers)
        return answer
