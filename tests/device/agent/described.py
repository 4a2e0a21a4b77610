"""Calls to the business systems' interface, each answer held against the API's description."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from openapi_schema_validator import OAS31Validator

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "ui_assets" / "business" / "openapi.json").read_text("utf-8")
)
CALLS = {
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in ("get", "post", "delete", "put")
}


class Described(requests.Session):
    """A session that fails the test on any answer that the description does not know."""

    def __init__(self, url: str, key: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.url = url
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str, path: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        answer = super().request(method, self.url + path, *args, timeout=30, **options)
        check(method, urlsplit(path).path, answer)
        return answer


def check(method: str, path: str, answer: requests.Response) -> None:
    """Fail unless ``answer`` is one that the description promises for this call."""
    template = next(
        known
        for verb, known in CALLS
        if verb == method.upper() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)
    )
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    response = _followed(responses[str(answer.status_code)])
    kind = answer.headers["Content-Type"].split(";")[0]
    schema = response["content"][kind]["schema"]
    validator = OAS31Validator({**schema, "components": DOCUMENT["components"]})
    validator.validate(answer.json())


def _followed(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found  # type: ignore[no-any-return]
