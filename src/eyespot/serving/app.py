"""The application: routes of the API, the built page, the guard around both, and errors as one sentence."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from .. import __version__
from ..errors import EyespotError
from ..faces import Gallery
from ..sources.source import Source
from . import _answer_image_api as answer_images
from . import _attack_api as attacking
from . import _collection_api as collections
from . import _drive_api as driving
from . import _explain_api as asking
from . import _faces_api as faces_api
from . import _findings_api as findings_api
from . import _generate_api as generating
from . import _models as model_routes
from . import _outcomes_api as outcomes_api
from . import _runs as run_routes
from . import _studies_api as studies_api
from . import _task_api as task_api
from . import _training as training
from . import _uploads as dropping
from . import _views_api as view_routes
from ._error_codes import Code, RequestError, code_of, error_body
from ._guard import Guard
from ._plain import strict_json
from ._training_manager import TrainingManager
from .app_state import AppState, Origin
from .collection import CollectionResource
from .resources import ModelResource, RunResource

STATIC = Path(__file__).with_name("static")
ROUTES = (
    model_routes,
    answer_images,
    asking,
    attacking,
    run_routes,
    studies_api,
    outcomes_api,
    findings_api,
    task_api,
    view_routes,
    training,
    dropping,
    faces_api,
    generating,
    driving,
    collections,
)
UNBUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>eyespot</title></head>
<body>
<h1>The page is not built</h1>
<p>The server works: <a href="openapi.json">openapi.json</a> describes what it answers. To see the page, build it in the
project's folder with <code>make page</code>, or install eyespot from a wheel, which holds it. Then load this page
again.</p>
</body>
</html>
"""


def make_app(
    models: Sequence[ModelResource] = (),
    runs: Sequence[RunResource] = (),
    sources: Sequence[Source] = (),
    studies: Sequence[Path] = (),
    host: str = "127.0.0.1",
    static: Path = STATIC,
    origins: Mapping[int, Origin] | None = None,
    folder: Path | None = None,
    gallery: Gallery | None = None,
    collection: CollectionResource | None = None,
) -> FastAPI:
    """The application for these models, runs, sources, studies (folders) and photos only, for requests to `host`.

    `static` is the folder of the built page; where it is empty, a page says how to build it. New trainings are written
    below `folder`, from sources of which `origins` says how they were opened; without it, none can be begun.

    >>> make_app(static=Path("nowhere")).title
    'eyespot'
    """
    app_state = AppState(
        models=list(models),
        runs=list(runs),
        sources=list(sources),
        studies=list(studies),
        origins=dict(origins or {}),
        gallery=gallery,
        collection=collection,
    )
    # The usual pages of documentation would load scripts from another site.
    app = FastAPI(title="eyespot", version=__version__, docs_url=None, redoc_url=None, lifespan=_while_open)
    app.state.app_state = app_state
    app.state.manager = TrainingManager(app_state=app_state, folder=folder)
    for routes in ROUTES:
        app.include_router(routes.router)
    for kind, answer in ((EyespotError, _refuse), (RequestValidationError, _misused), (HTTPException, _missed)):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, _failed)
    _show_page(app, static)
    app.add_middleware(Guard, host=host)
    return app


@asynccontextmanager
async def _while_open(app: FastAPI) -> AsyncIterator[None]:
    app.state.app_state.prepare()
    yield
    await asyncio.to_thread(app.state.manager.close)
    app.state.app_state.close()


def _show_page(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
    else:
        app.add_api_route("/", _unbuilt, include_in_schema=False)


async def _unbuilt() -> HTMLResponse:
    return HTMLResponse(UNBUILT)


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, EyespotError)
    return _sentence(" ".join(str(error).split()), 400, code_of(error))


async def _misused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [f"'{found['loc'][-1]}': {found['msg'][:1].lower()}{found['msg'][1:]}" for found in error.errors()]
    return _sentence(f"{'; '.join(problems)}.", 422, "parameter")


async def _missed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, RequestError):
        return _sentence(error.detail, error.status_code, error.code)
    if error.status_code == 405:
        return _sentence(f"{request.method} is not allowed here.", 405, "method")
    usual = error.detail == "Not Found"
    return _sentence(f"Not found: {request.url.path[:80]}." if usual else error.detail, error.status_code, "missing")


async def _failed(_request: Request, error: Exception) -> Response:
    sentence = f"Internal server error ({type(error).__name__}); details are in the server's terminal."
    return _sentence(sentence, 500, "internal")


def _sentence(sentence: str, status: int, code: Code) -> Response:
    return Response(strict_json(error_body(sentence, code)), status, media_type="application/json")
