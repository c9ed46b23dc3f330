"""The web application: API and page in one.

NiceGUI keeps one application per process, so there is one here too; a console puts its own feed
into it when it starts. Two consoles in one process run one after the other, not together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import FastAPI, Request
from nicegui import ui
from starlette.responses import Response

from lamppost.register import api, nonces, problems
from lamppost.register.access import callers, elsewhere, signing
from lamppost.register.access.gate import Gate
from lamppost.register.access.methods import Methods
from lamppost.register.alarms import api as alarms_api
from lamppost.register.bodies import BodyLimit
from lamppost.register.condition import api as condition_api
from lamppost.register.days import api as days_api
from lamppost.register.describing import described
from lamppost.register.evidence import api as evidence_api
from lamppost.register.exports import api as exports_api
from lamppost.register.feed import Feed
from lamppost.register.guard import Guard
from lamppost.register.indicators import api as indicators_api
from lamppost.register.page import build_page
from lamppost.register.pages.ahead import ahead
from lamppost.register.pages.alarms import build_alarms
from lamppost.register.pages.asset_list import build_assets
from lamppost.register.pages.assets import build_asset
from lamppost.register.pages.coverage import build_coverage
from lamppost.register.pages.imports import build_import
from lamppost.register.pages.indicator_list import build_indicators
from lamppost.register.pages.indicator_sheet import build_sheet
from lamppost.register.pages.map import build_map
from lamppost.register.pages.next_list import build_next
from lamppost.register.pages.reviews import build_reviews
from lamppost.register.pages.settings import build_settings
from lamppost.register.pages.showing import READ_S
from lamppost.register.pages.use import build_use
from lamppost.register.pages.work import build_work
from lamppost.register.records import api as records_api
from lamppost.register.records import imports_api, links_api, uploads
from lamppost.register.records.store import Register
from lamppost.register.resources import api as resources_api
from lamppost.register.sensorthings import api as sensorthings_api
from lamppost.register.theme import FAVICON
from lamppost.register.work import api as work_api

RECONNECT_S = 10.0
"""A browser that comes back within this finds its page as it was."""

ROUTERS = (
    alarms_api.router,
    work_api.router,
    condition_api.router,
    days_api.router,
    exports_api.router,
    indicators_api.router,
    evidence_api.router,
    resources_api.router,
    imports_api.router,
    links_api.router,
    records_api.router,
)
"""What stands under /api/v1; the records answer for every path that nobody knows."""


Build = Callable[[Register | None, Request], Awaitable[Response | None]]

PAGES: Mapping[str, Build] = {
    "/next": build_next,
    "/alarms": build_alarms,
    "/work": build_work,
    "/assets": build_assets,
    "/coverage": build_coverage,
    "/use": build_use,
    "/map": build_map,
    "/reviews": build_reviews,
    "/indicators": build_indicators,
    "/import": build_import,
    "/settings": build_settings,
}
"""By path: the page that each tab gets anew. What stands in `pages.top` leads to them."""


@asynccontextmanager
async def _feeding(app: FastAPI) -> AsyncIterator[None]:
    feed: Feed = app.state.feed
    tasks = [asyncio.create_task(feed.run(), name="console feed")]
    if app.state.register is not None:
        tasks.append(asyncio.create_task(ahead(app.state.register), name="map ahead"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@cache
def application() -> FastAPI:
    """Return the application of this process."""
    app = FastAPI(
        title="Lamppost console",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=f"{api.PREFIX}/openapi.json",
        lifespan=_feeding,
    )
    app.openapi = partial(described, app)  # type: ignore[method-assign]
    app.add_middleware(Methods)
    app.add_middleware(Gate)
    app.add_middleware(BodyLimit, large={imports_api.PATH: uploads.UPLOAD_BYTES_MAX})
    app.add_middleware(Guard)
    problems.install(app)
    app.include_router(api.router)
    for router in (signing.router, elsewhere.router, *ROUTERS, sensorthings_api.router):
        app.include_router(router)

    _add_pages(app)
    nonces.install()
    ui.run_with(
        app,
        title="Lamppost",
        favicon=FAVICON,
        dark=None,
        language="en-US",
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        tailwind=False,
        show_welcome_message=False,
    )
    return app


def _add_pages(app: FastAPI) -> None:
    @ui.page("/")
    def console(request: Request) -> Response | None:
        return build_page(app.state.feed, request)

    def seen(request: Request) -> Register | None:
        return callers.narrowed(app.state.register, request)

    def listed(build: Build) -> Callable[[Request], Awaitable[Response | None]]:
        async def page(request: Request) -> Response | None:
            return await build(seen(request), request)

        return page

    for path, build in PAGES.items():
        ui.page(path, response_timeout=READ_S)(listed(build))

    @ui.page("/assets/{asset}", response_timeout=READ_S)
    async def asset_card(request: Request, asset: str) -> Response | None:
        return await build_asset(seen(request), request, asset)

    @ui.page("/indicators/{indicator}", response_timeout=READ_S)
    async def indicator_sheet(request: Request, indicator: str) -> Response | None:
        return await build_sheet(seen(request), request, indicator)
