"""A program of one person, as any program of the public API: a token, JSON, idempotency keys."""

import uuid
from typing import Any

import httpx
import msgspec

from procure.demo.errors import DemoFailed

API = "/api/v1"


class Answer(msgspec.Struct, frozen=True):
    """A refusal as RFC 9457 problem details."""

    status: int
    title: str = ""
    detail: str = ""
    findings: list[dict[str, Any]] = []

    def __str__(self) -> str:
        """Say everything that stands in the way."""
        reasons = [
            " ".join(
                str(part)
                for part in (
                    f"row {finding['row']}:" if finding.get("row") else "",
                    f"{finding['field']}:" if finding.get("field") else "",
                    finding.get("message", ""),
                    f"({finding['clause']})" if finding.get("clause") else "",
                )
                if part
            )
            for finding in self.findings
        ]
        return "; ".join(reasons) or self.detail or self.title


class Program:
    """What one person does over HTTP; anything but the expected answer ends the demo."""

    def __init__(self, http: httpx.Client, *, name: str, email: str, password: str) -> None:
        self.name = name
        self.email = email
        self._http = http
        self._password = password
        self._token = ""

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
        """Read something."""
        return self._json(self._ask("GET", path, params=params))

    def read(self, path: str, **params: Any) -> bytes:  # noqa: ANN401 - query parameters
        """Read a file."""
        return self._good(self._ask("GET", path, params=params)).content

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Create or decide something, and return the answer."""
        return self._json(self._send(path, body))

    def upload(self, path: str, name: str, content: bytes, media_type: str, **fields: str) -> Any:  # noqa: ANN401 - JSON
        """Send a file as a form does, with fields beside it."""
        return self._json(self._upload(path, name, content, media_type, fields))

    def refused(self, path: str, body: object = None, *, status: int = 422) -> Answer:
        """Ask for what must be refused, and return the reasons."""
        return self._bad(self._send(path, body), status)

    def refused_upload(
        self, path: str, name: str, content: bytes, media_type: str, *, status: int = 422
    ) -> Answer:
        """Send a file that must be refused, and return the reasons."""
        return self._bad(self._upload(path, name, content, media_type, {}), status)

    def refused_read(self, path: str, *, status: int) -> Answer:
        """Read what must not be shown, and return the reason."""
        return self._bad(self._ask("GET", path), status)

    def me(self) -> dict[str, Any]:
        """Say who this is."""
        found: dict[str, Any] = self.get("/me")
        return found

    def _send(self, path: str, body: object) -> httpx.Response:
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if content else {}
        return self._ask("POST", path, content=content, headers=headers)

    def _upload(
        self, path: str, name: str, content: bytes, media_type: str, fields: dict[str, str]
    ) -> httpx.Response:
        return self._ask("POST", path, files={"file": (name, content, media_type)}, data=fields)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - as httpx
    ) -> httpx.Response:
        if not self._token:
            self._sign_in()
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        if method == "POST":
            sent["Idempotency-Key"] = str(uuid.uuid4())
        return self._request(method, path, headers=sent, **kwargs)

    def _sign_in(self) -> None:
        answer = self._request(
            "POST",
            "/tokens",
            json={"email": self.email, "password": self._password, "name": "procure demo"},
        )
        self._token = self._json(answer)["token"]

    def _request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:  # noqa: ANN401 - as httpx
        try:
            return self._http.request(method, API + path, **kwargs)
        except httpx.TransportError as error:
            raise DemoFailed(
                f"{method} {API}{path} by {self.email} got no answer: "
                f"{type(error).__name__} {error}."
            ) from error

    def _json(self, answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        return msgspec.json.decode(self._good(answer).content)

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        raise DemoFailed(f"{self._what(answer)}: {_problem(answer)}")

    def _bad(self, answer: httpx.Response, status: int) -> Answer:
        if answer.status_code != status:
            raise DemoFailed(
                f"{self._what(answer)} instead of the expected {status}: {answer.text[:2000]}"
            )
        return _problem(answer)

    def _what(self, answer: httpx.Response) -> str:
        request = answer.request
        return f"{request.method} {request.url.path} by {self.email} gave {answer.status_code}"


def _problem(answer: httpx.Response) -> Answer:
    try:
        return msgspec.json.decode(answer.content, type=Answer)
    except msgspec.MsgspecError:
        return Answer(answer.status_code, detail=answer.text[:2000])
