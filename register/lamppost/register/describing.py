"""The OpenAPI description of the whole API, with what every route may answer."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lamppost.register.answering import error

SHARED: dict[str, dict[str, Any]] = {
    "400": error("What was asked is not allowed."),
    "401": error("No token, or one that has ended."),
    "403": error("The role or the districts do not allow it, or a foreign origin."),
    "404": error("There is no such record."),
    "429": error("Too many requests; Retry-After says how long to wait."),
    "503": error("It cannot be answered now."),
}
BODY_TOO_LARGE = {"413": error("The body is too large.")}
TOLD = {
    "description": "An error, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
BEARER = {"type": "http", "scheme": "bearer", "description": "A token of the register."}


def described(app: FastAPI) -> dict[str, Any]:
    """Return the description; made once, since the routes do not change."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    told = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for methods in told["paths"].values():
        for operation in methods.values():
            _share(operation)
    parts = told.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)  # what is wrong with a request is a problem like any other
    schemas.setdefault("Told", TOLD)
    parts["securitySchemes"] = {"token": BEARER}
    told["security"] = [{}, {"token": []}]
    return told


def _share(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    shared = SHARED | BODY_TOO_LARGE if "requestBody" in operation else SHARED
    for status, response in shared.items():
        responses.setdefault(status, response)
