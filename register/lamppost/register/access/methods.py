"""Methods of the API: HEAD is GET without a body, and what a path does not have is a problem.

The pages stand at `/` and would take what no route takes, and answer a script with a page.
"""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lamppost.register.access.rules import is_api, served
from lamppost.register.problems import Problem, problem

READS = ("GET", "HEAD")
TOLD = ("/api/v0/", "/api/v1/")
"""Their routes tell what is there, to who reads what is not."""


class Methods:
    """ASGI middleware, the last before the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or not is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            refuse_method(scope["method"], scope["path"])
        except Problem as error:
            refusal = problem(error.status, error.detail, error.headers)
            await refusal(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _headed(send)
        await self._app(scope, receive, send)


def refuse_method(method: str, path: str) -> None:
    """Refuse a method that a path of the API does not have.

    Raises:
        Problem: it has others (405), or nothing stands there that could be changed (404).
    """
    if not is_api(path):
        return
    known = served(path)
    if known and method not in known:
        told = f"method: came {method[:20]!r}, allowed: {', '.join(known)}"
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, told, {"Allow": ", ".join(known)})
    if not known and not (method in READS and path.startswith(TOLD)):
        told = f"nothing at {path[:200]!r}; /api/v1/openapi.json lists what there is"
        raise Problem(HTTPStatus.NOT_FOUND, told)


def _headed(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {"type": message["type"], "more_body": message.get("more_body", False)}
        await send(message)

    return sent
