"""The verbs on faces: `verify` compares two, `faces` lists those of images."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..findings import counted
from ._output import AsJson, make_empty, print_json

if TYPE_CHECKING:
    from ..faces import Face, Gallery, Verification


def verify(
    first: Annotated[Path, typer.Argument(metavar="IMAGE", help="An image with one face.")],
    second: Annotated[Path, typer.Argument(metavar="IMAGE", help="Another image with one face.")],
    threshold: Annotated[
        float | None, typer.Option(help="Cosine similarity from which two faces are the same person.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the faces of two images: same person, not the same, or cannot tell (for poor or several faces)."""
    from ..faces import THRESHOLD
    from ..faces import verify as compare

    found = compare(first, second, THRESHOLD if threshold is None else threshold)
    if as_json:
        print_json(_verification_values(found))
        return
    print(f"{found.answer}: similarity {found.similarity:.3f}, threshold {found.threshold:.3f}")
    for reason in found.reasons:
        print(f"  {reason}")
    print(f"  {_rate_text(found)}")


def _verification_values(found: "Verification") -> dict[str, Any]:
    rate = found.false_accepts
    return {
        "answer": found.answer,
        "similarity": found.similarity,
        "threshold": found.threshold,
        "false_accept_rate": None if rate is None else rate.rate,
        "false_accept_interval": None if rate is None else rate.interval,
        "reasons": found.reasons,
        "faces": [_face_values(face) for face in found.faces],
    }


def _rate_text(found: "Verification") -> str:
    from ..faces import MEASURED_ON

    rate = found.false_accepts
    if rate is None:
        return f"below the lowest threshold that was measured on {MEASURED_ON}"
    low, high = rate.interval
    return (
        f"false accept rate at {rate.threshold:.2f}: {rate.rate:.4%} (95 % interval {low:.4%} to {high:.4%}), "
        f"measured on {MEASURED_ON}"
    )


def faces(
    given: Annotated[
        list[str] | None, typer.Argument(metavar="IMAGE...", help="Images, folders, patterns, or - for a list.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New or empty folder for the aligned crops, 112x112 PNG.")] = None,
    gallery: Annotated[Path | None, typer.Option(help="SQLite file of enrolled people: whose faces are these?")] = None,
    enroll: Annotated[str | None, typer.Option(help="Add the faces to the gallery, as this person's.")] = None,
    group: Annotated[bool, typer.Option("--group", help="Group all faces by person, without knowing any.")] = False,
    forget: Annotated[str | None, typer.Option(help="Delete this person from the gallery.")] = None,
    album: Annotated[
        Path | None, typer.Option(help="SQLite file of groups: faces are added, and --group lists them.")
    ] = None,
    join: Annotated[str | None, typer.Option(help="Two groups of the album that are one person: 3,5.")] = None,
    separate: Annotated[int | None, typer.Option(help="A face of the album that is somebody else, by number.")] = None,
    forget_group: Annotated[int | None, typer.Option(help="Delete this group of the album.")] = None,
    rates: Annotated[
        bool, typer.Option("--rates", help="Error rates on a folder per person, or a table: by group and age gap.")
    ] = False,
    protocol: Annotated[
        str | None, typer.Option(help="Published benchmark of a folder: lfw, fgnet, morph, cacd-vs.")
    ] = None,
    at_age: Annotated[str | None, typer.Option(help="Draw the faces at these ages: 20,50,80 (with --model).")] = None,
    model: Annotated[Path | None, typer.Option(help="Run of the task identify, for --at-age.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the faces of images: box, five points, quality (size, sharpness, pose) and, with --gallery, the person.

    --enroll NAME adds a person to the gallery, --forget NAME deletes one, and --gallery alone lists them. --at-age
    draws each face at other ages, by a decoder for the embeddings of a run.
    """
    from . import _ages, _album, _face_rates, _gallery
    from ._answers import image_files

    if at_age is not None or model is not None:
        others = (gallery, enroll, forget, album, join, separate, forget_group, protocol)
        if group or rates or any(each is not None for each in others):
            raise typer.BadParameter("at-age takes images, model and out, and no other option; leave those out.")
        if at_age is None or model is None or out is None or not given:
            raise typer.BadParameter("drawing at other ages takes images, at-age, model and out; give all of them.")
        _ages.draw(model, image_files(given, sys.stdin), at_age, out, as_json)
        return
    corrections = (join, separate, forget_group)
    if album is not None or corrections != (None, None, None):
        _check_album(given, out is not None or gallery is not None or rates or protocol is not None, album, corrections)
        assert album is not None
        _album.change(album, given, join, separate, forget_group, as_json)
        return
    _check_options(given, out is not None or group, gallery, enroll, forget)
    if rates or protocol is not None:
        _check_measured(given or [], out is not None or group or gallery is not None, rates, protocol)
        _face_rates.measure((given or [])[0], protocol, as_json)
        return
    images = image_files(given or [], sys.stdin)
    if gallery is not None and forget is not None:
        _gallery.forget(gallery, forget, as_json)
    elif gallery is not None and enroll is not None:
        _gallery.enroll(gallery, enroll, images, as_json)
    elif gallery is not None and not given:
        _gallery.list_people(gallery, as_json)
    else:
        _list_faces(images, out, gallery, group, as_json)


def _check_options(
    given: list[str] | None, listed: bool, gallery: Path | None, enroll: str | None, forget: str | None
) -> None:
    if gallery is None and (enroll is not None or forget is not None):
        raise typer.BadParameter("no gallery was given: add --gallery FILE.")
    if forget is not None and (given or enroll is not None):
        raise typer.BadParameter("forget was given with images or enroll; give the name alone.")
    if not given and forget is None and (gallery is None or enroll is not None):
        raise typer.BadParameter("no image was given: give files, folders, patterns or -.")
    if listed and (enroll is not None or not given):
        raise typer.BadParameter("out or group was given, but no faces are listed; leave it out.")


def _check_album(given: list[str] | None, others: bool, album: Path | None, corrections: tuple[Any, ...]) -> None:
    if album is None:
        raise typer.BadParameter("no album was given: add --album FILE.")
    if others:
        raise typer.BadParameter("album was given with options of other uses of this command; leave those out.")
    if sum(each is not None for each in corrections) + bool(given) > 1:
        raise typer.BadParameter("give images or one of join, separate and forget-group, not several at once.")


def _check_measured(given: list[str], others: bool, rates: bool, protocol: str | None) -> None:
    if len(given) != 1 or others or (rates and protocol is not None):
        raise typer.BadParameter("rates or protocol takes one folder or table, and no other option; leave those out.")


def _list_faces(images: Iterable[str], out: Path | None, gallery: Path | None, group: bool, as_json: bool) -> None:
    from ..errors import ImageError
    from ..faces import Gallery, find_faces
    from ._answers import error_of

    people = None if gallery is None else Gallery(gallery)
    if out is not None:
        make_empty(out)
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    crops: list[Any] = []
    for image in images:
        try:
            found = find_faces(image, image)
        except ImageError as error:
            print(f"eyespot: {error}", file=sys.stderr, flush=True)
            failed.append(error_of(image, error))
            continue
        values = [_face_values(face) | match for face, match in zip(found, _matches(people, found), strict=True)]
        rows.append({"image": image, "faces": values})
        if group:
            crops += [face.crop for face in found]
        if out is not None:
            _save_crops(found, len(rows), image, out)
        if not as_json:
            _print_faces(image, values)
    if group:
        _group(rows, crops, as_json)
    if as_json:
        print_json(rows + failed)
    if failed:
        raise typer.Exit(2)


def _group(rows: list[dict[str, Any]], crops: list[Any], as_json: bool) -> None:
    """Give each face the number of its group, the largest group first; and list the groups."""
    from ..faces import cluster_faces, embed_faces
    from ..findings import printable

    groups = cluster_faces(embed_faces(crops)).tolist()
    images: dict[int, list[str]] = {number: [] for number in sorted(set(groups))}
    faces_of = ((row["image"], face) for row in rows for face in row["faces"])
    for (image, face), number in zip(faces_of, groups, strict=True):
        face["group"] = number + 1
        images[number].append(printable(image))
    for number, names in images.items():
        if not as_json:
            print(f"group {number + 1}, {counted(len(names), 'face')}: {', '.join(names)}")


def _matches(people: "Gallery | None", found: "list[Face]") -> list[dict[str, Any]]:
    """Whose faces these are, as further values of each; nothing without a gallery."""
    from dataclasses import asdict

    from ..faces import embed_faces

    if people is None:
        return [{} for _ in found]
    return [asdict(match) for match in people.find(embed_faces([face.crop for face in found]))]


def _save_crops(found: "list[Face]", number: int, image: str, out: Path) -> None:
    """One PNG a face; the number keeps images of the same name in several folders apart."""
    from ..files import written
    from ..images import write_png

    for place, face in enumerate(found, 1):
        file = out / f"{number:05}-{Path(image).stem}-{place}.png"
        with written(file):
            write_png(face.crop, file)


def _face_values(face: "Face") -> dict[str, Any]:
    from dataclasses import asdict

    from ..faces import POINT_NAMES

    return {
        "box": face.box.round(1).tolist(),
        "points": dict(zip(POINT_NAMES, face.points.round(1).tolist(), strict=True)),
        "score": face.score,
        "quality": asdict(face.quality),
        "faults": face.quality.faults,
    }


def _print_faces(image: str, found: list[dict[str, Any]]) -> None:
    from ..findings import printable

    count = "no face" if not found else f"{len(found)} face{'s' if len(found) > 1 else ''}"
    print(f"{printable(image)}: {count}")
    for place, face in enumerate(found, 1):
        left, top, right, bottom = face["box"]
        quality = face["quality"]
        who = f"{face['person']} (similarity {face['similarity']:.2f}): " if "person" in face else ""
        faults = f"; {', '.join(face['faults'])}" if face["faults"] else ""
        print(
            f"  {place}. {who}box {left:.0f},{top:.0f} to {right:.0f},{bottom:.0f}, score {face['score']:.2f}, eyes "
            f"{quality['eye_distance']:.0f} pixels apart, sharpness {quality['sharpness']:.1f}, "
            f"yaw {quality['yaw']:+.2f}, roll {quality['roll']:+.0f} degrees{faults}"
        )
