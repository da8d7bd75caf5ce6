"""The command `serve`: open the page with the user's models and runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._runs import latest_model

if TYPE_CHECKING:
    from ..faces import Gallery
    from ..serving.app_state import AppState
    from ..serving.collection import CollectionResource


def serve(
    given: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[MODEL | RUN | STUDY]...", help="Model files, and folders of runs and studies."),
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help="Source of images; repeatable.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder for trainings started on the page.")] = Path("runs/page"),
    gallery: Annotated[
        Path | None, typer.Option(help="SQLite file of enrolled people, to compare and recognize faces on the page.")
    ] = None,
    photos: Annotated[Path | None, typer.Option(help="Folder of photos to organize on the page.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="With --photos: folder that a reviewed plan copies, links or moves photos into.")
    ] = None,
    clip: Annotated[
        Path | None,
        typer.Option(help="With --photos: folder with your own CLIP-like encoders (ONNX), to search by description."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any other address is reachable from other machines.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 selects a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Open the page: inspect a network in the browser, number by number."""
    if into and not photos:
        raise typer.BadParameter("--into goes with --photos FOLDER.")
    if clip and not photos:
        raise typer.BadParameter("--clip goes with --photos FOLDER.")
    needs_server()
    from ..serving.app import make_app
    from ..serving.loading import open_given
    from ..serving.server import listen, run

    people = _open_gallery(gallery) if gallery else None
    with listen(host, port) as listening:
        collection = _open_photos(photos, into, runs.resolve(), clip) if photos else None
        latest = latest_model() if not given and not photos else None
        app_state, notes = open_given(given or _latest_given(latest), source or [])
        notes += [f"no model was given: {latest.parent} is the latest run"] if latest else []
        notes += [f"photos: {len(collection.found.photos):,} of {photos}"] if collection else []
        print(_describe(app_state, notes, listening.address), flush=True)
        app = make_app(
            app_state.models,
            app_state.runs,
            app_state.sources,
            app_state.studies,
            host,
            origins=app_state.origins,
            folder=runs.resolve(),
            gallery=people,
            collection=collection,
        )
        run(app, listening, browser)


def _open_gallery(path: Path) -> "Gallery":
    """Open a gallery, which need not exist yet; raise `EyespotError` if faces cannot be detected here."""
    import numpy as np

    from ..faces import Gallery, embed_faces, find_faces

    find_faces(np.zeros((32, 32, 3), np.uint8))  # loads the weights of both networks
    embed_faces([np.zeros((112, 112, 3), np.uint8)])
    return Gallery(path, create=True)


def _open_photos(photos: Path, into: Path | None, runs: Path, clip: Path | None) -> "CollectionResource":
    """Open the collection and update its index."""
    from ..organizing import organize
    from ..serving.collection import CollectionResource
    from ._organize import IndexProgress

    collection = organize(photos, show=IndexProgress(), clip=clip)
    return CollectionResource(found=collection, plans=runs / "plans", into=into)


def _latest_given(latest: Path | None) -> list[Path]:
    """The folder of the latest run, or only its model if the folder contains nothing else of a run."""
    if latest is None:
        return []
    return [latest.parent if (latest.parent / "recipe.json").exists() else latest]


def needs_server() -> None:
    """Raise `EyespotError` if the libraries of the page are not installed."""
    from ..errors import EyespotError

    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise EyespotError(f"'{error.name}' is not installed; the page needs: pip install 'eyespot[serve]'") from error


def _describe(app_state: "AppState", notes: list[str], address: str) -> str:
    shown = [
        f"{resource.name}: {resource.entry['network']}, {resource.entry['task']}, {len(resource.rows):,} images"
        for resource in app_state.models
    ]
    return "\n".join([*shown, *notes, f"The page is at {address} (press Ctrl-C to stop)"])
