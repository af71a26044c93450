"""The problem: a refusal as programs and people read it (RFC 9457).

`code` is stable and for programs; `detail` is a sentence for people. What a stage refuses keeps the
stage's code and words.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse

from hustings import words
from hustings.errors import HustingsError


class Problem(HustingsError):
    """Ends a request with this answer."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers

    def response(self, request: Request) -> JSONResponse:
        """The problem as `application/problem+json`, in the asker's language."""
        reader = words.load(words.choose(request.headers.get("accept-language", "")))
        return JSONResponse(
            {
                "type": "about:blank",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "code": self.code,
                "detail": reader.sentence(self.detail),
            },
            status_code=self.status,
            headers={"Cache-Control": "no-store", **(self.headers or {})},
            media_type="application/problem+json",
        )
