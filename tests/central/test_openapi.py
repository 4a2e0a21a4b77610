"""The API's description says what people need: bodies, problems, who may ask."""

from typing import Any

import pytest
import requests
from central_rig import RunningCentral
from openapi_spec_validator import validate


@pytest.fixture(scope="module")
def document(central: RunningCentral) -> dict[str, Any]:
    answer = requests.get(f"{central.url}/schema/openapi.json", timeout=20)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def calls(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]


def test_every_call_is_described(document: dict[str, Any]) -> None:
    assert {path for path, _, _ in calls(document)} >= {
        "/v1/enrolments",
        "/v1/records",
        "/v1/configuration",
        "/v1/heartbeats",
        "/v1/ratings",
        "/v1/counts",
        "/v1/service",
        "/v1/sessions",
        "/v1/devices",
        "/v1/refusals",
        "/v1/health",
        "/v1/photos/{digest}",
        "/v1/releases/{name}",
        "/v1/enrolment-tokens",
        "/v1/enrolment-tokens/status",
        "/v1/halls/{hall}/staff/{key}",
        "/v1/halls/{hall}/staff/{number}/pin",
        "/v1/halls/{hall}/rules",
        "/R/{token}",
    }
    for path, _, call in calls(document):
        assert call["summary"], path
        assert call["description"], path
    summaries = [call["summary"] for path, _, call in calls(document) if path != "/r/{token}"]
    assert len(set(summaries)) == len(summaries)


def test_refusals_are_problem_documents(document: dict[str, Any]) -> None:
    for path, _, call in calls(document):
        if path.startswith("/v1/") and path != "/v1/health":
            refusals = {k: v for k, v in call["responses"].items() if k >= "400"}
            assert "503" in refusals, path
            for refusal in refusals.values():
                assert list(refusal["content"]) == ["application/problem+json"], path


def test_the_batch_is_described_as_cbor(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/records"]["post"]["requestBody"]
    assert list(body["content"]) == ["application/cbor"]
    assert "records" in document["components"]["schemas"]["Batch"]["properties"]


def test_what_a_technicians_tool_sends_is_described(document: dict[str, Any]) -> None:
    for path, kind in (("", "TokenWish"), ("/status", "TokenAsked")):
        call = document["paths"][f"/v1/enrolment-tokens{path}"]["post"]
        (content,) = call["requestBody"]["content"].values()
        assert content["schema"]["$ref"].endswith(f"/{kind}")
        assert "Bearer" not in str(call)
    given = document["paths"]["/v1/enrolment-tokens"]["post"]["responses"]["201"]
    assert "schema" in given["content"]["application/json"]
    part = document["paths"]["/v1/releases/{name}"]["get"]["responses"]["206"]
    assert list(part["content"]) == ["application/x-tar"]


def test_it_is_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_what_editors_send_is_described(document: dict[str, Any]) -> None:
    sent = [
        (path, call.get("requestBody", {}).get("content", {}))
        for path, method, call in calls(document)
        if method == "put"
    ]
    assert len(sent) == 10
    for path, content in sent:
        assert content, path
        described = next(iter(content.values()))["schema"]
        assert described.keys() & {"properties", "items", "$ref", "additionalProperties", "format"}
    refusal = document["paths"]["/v1/halls/{hall}/staff/{key}"]["put"]["responses"]["400"]
    (content,) = refusal["content"].values()
    assert content["schema"]["$ref"].endswith("/ListedProblem")
    assert "mistakes" in document["components"]["schemas"]["ListedProblem"]["properties"]


def test_it_says_who_may_ask(document: dict[str, Any]) -> None:
    security = {path: call.get("security") for path, how, call in calls(document) if how != "post"}
    security |= {
        path: call.get("security")
        for path, how, call in calls(document)
        if how == "post" and path not in security
    }
    assert document["paths"]["/v1/ratings"]["post"]["security"] == [{"channel": []}]
    assert security["/v1/ratings/batch"] == [{"channel": []}]
    assert security["/v1/records"] == [{"deviceSignature": []}]
    assert security["/v1/ratings"] == [{"reader": []}]
    assert security["/v1/photos/{digest}"] == [{"deviceSignature": []}]
    assert security["/v1/releases/{name}"] == [{"deviceSignature": []}]
    assert security["/v1/enrolment-tokens"] == [{"reader": []}]
    assert security["/v1/halls/{hall}/staff/{key}"] == [{"reader": []}]
    assert security["/v1/enrolments"] is None


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [ref for value in part.values() for ref in references(value)]
        if isinstance(part, list):
            return [ref for value in part for ref in references(value)]
        return []

    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target
