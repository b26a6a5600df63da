"""The OpenAPI description is true: schemathesis asks what it allows and what it forbids, and checks every answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.web_client import app_with, recording_assistant, state_in

pytestmark = pytest.mark.long

EXAMPLES = 40  # for each route and mode
PATIENCE = 300  # seconds; a paper as PDF takes some, and the machine may be busy

UNKNOWN_TO_THE_DESCRIPTION = (
    "/api/v1/rooms",
    "/api/v1/feedback",
    "/api/v1/quiz",
    "/api/v1/study/tasks",
    "/api/v1/study/answers",
)
LEARNER = {"jianfu_study": "a" * 43}  # a person who has started; the other routes do not look

ROUTES = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/ask"),
    ("GET", "/api/v1/documents"),
    ("GET", "/api/v1/clauses/{reference}"),
    ("GET", "/api/v1/quiz"),
    ("GET", "/api/v1/quiz/file"),
    ("GET", "/api/v1/study"),
    ("GET", "/api/v1/study/tasks/{item}"),
    ("POST", "/api/v1/study/start"),
    ("POST", "/api/v1/study/answers"),
    ("POST", "/api/v1/study/forget"),
    ("POST", "/api/v1/feedback"),
    ("GET", "/api/v1/receipts/{code}"),
    ("POST", "/api/v1/rooms"),
    ("GET", "/api/v1/rooms/{code}"),
    ("GET", "/api/v1/rooms/{code}/invitation"),
    ("GET", "/api/v1/rooms/{code}/control"),
    ("GET", "/api/v1/rooms/{code}/screen"),
    ("GET", "/api/v1/rooms/{code}/events"),
    ("GET", "/api/v1/rooms/{code}/report"),
    ("GET", "/api/v1/rooms/{code}/files/{name}"),
    ("POST", "/api/v1/rooms/{code}/key"),
    ("POST", "/api/v1/rooms/{code}/actions"),
    ("POST", "/api/v1/rooms/{code}/seat"),
    ("DELETE", "/api/v1/rooms/{code}/seat"),
    ("POST", "/api/v1/rooms/{code}/answers"),
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    state = state_in(tmp_path_factory.mktemp("state"))
    app = app_with(recording_assistant(state), state, questions_per_minute=0)
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    state.close()


def operations(schema: BaseSchema) -> dict[tuple[str, str], APIOperation]:
    found = [result.ok() for result in schema.get_all_operations()]
    return {(operation.method.upper(), operation.path): operation for operation in found}


def test_every_route_is_asked(schema: BaseSchema) -> None:
    assert set(operations(schema)) == ROUTES


def cases() -> list[tuple[str, str, GenerationMode]]:
    """Every route with what it allows; what it forbids where a request can be wrong (any text may stand in a path)."""
    allowed = [(method, path, GenerationMode.POSITIVE) for method, path in sorted(ROUTES)]
    can_be_wrong = [(method, path) for method, path in sorted(ROUTES) if method == "POST" or "/quiz" in path]
    return allowed + [(method, path, GenerationMode.NEGATIVE) for method, path in can_be_wrong]


@pytest.mark.parametrize(("method", "path", "mode"), cases())
def test_a_route_does_what_it_says(schema: BaseSchema, method: str, path: str, mode: GenerationMode) -> None:
    operation = operations(schema)[method, path]
    # Which references, items and options there are is in the knowledge base, not in the description.
    unfit = [positive_data_acceptance] if path.startswith(UNKNOWN_TO_THE_DESCRIPTION) else []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        case.call_and_validate(excluded_checks=unfit, cookies=LEARNER, timeout=PATIENCE)

    check()
