"""Faces: comparing, identifying and grouping people with the published weights, and training an embedding of one's own.

Claims: on lfw_people, at least 99 % of the pairs are decided right at a threshold chosen on other persons (ten folds of
persons; as many pairs of different persons as of one person, drawn with seed 0); on orl_faces, the nearest other image
shows the same person for at least 99 % of the images; grouping lfw_people gives a B-cubed F of at least 0.95; 10,000
embeddings are grouped in less than 60 s; an embedding trained on top of SFace with 30 persons of orl_faces has an equal
error rate of at most 2 % on the other 10. The aim of at most 10 % from scratch is missed by the mean of three seeds.
Measured beside these, with 10 as the aim: faces a second with detection at 640x480, on one core. On drawn faces, an
embedding that is kept free of the age verifies persons across 40 years with a smaller equal error rate than the plain
one, by more than its interval, and the age is predicted worse from it.

Parts "explain", "attack" and "attack-own" have no claim; they measure which part of a face decides, and how little
changes the answer of SFace ("attack") and of an embedding trained from scratch ("attack-own").

Part "rates" prints the false accept rates of `faces/_false_accepts.py`. Faces are found, aligned and embedded once.
"""

import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _common import data_folder, finish, parse
from _training import clean_place
from PIL import Image

import eyespot
from eyespot.attacks import attack_many, choose
from eyespot.explanations import explain
from eyespot.faces import b_cubed, cluster_faces, embed_faces, find_faces
from eyespot.images import write_png
from eyespot.model import Model
from eyespot.sources.synthetic import faces as drawn_faces
from eyespot.tasks.verification import all_pairs, rank_one, rates_of, verification_statistics
from eyespot.training.run import Run

LENGTH = "long"
PARTS = "lfw,rates,open,orl,clusters,speed,probe,finetune,scratch,ages,explain,attack,attack-own"
TRAININGS: dict[str, dict[str, Any]] = {
    "probe": {"start": "probe", "weights": "sface", "precision": "float32"},
    "finetune": {"start": "finetune", "weights": "sface", "epochs": 2, "precision": "float32"},
    "scratch": {
        "start": "scratch",
        "network": "residual",
        "size": "tiny",
        "input": "56x56x1",
        "task": "identify:margin=0.35,views=2",
        "epochs": 36,
        "augment": "photos",
        "precision": "float32",
    },
}
FOLDS = 10
EXPLAINED, ATTACKED, FEWER = 10, 10, 3
OWN = "own, from scratch"
QUERIES = 1000
"""Of the one-pixel attack, for each image; the method's own default is 40,400."""
FACE_PARTS = {
    "forehead": np.s_[12:38, 30:82],
    "eyes": np.s_[42:62, 26:86],
    "nose": np.s_[62:80, 44:68],
    "cheeks": np.s_[64:90, [*range(18, 38), *range(74, 94)]],
    "mouth": np.s_[84:100, 40:72],
    "border": np.s_[:, [*range(10), *range(102, 112)]],
}
"""Places of crops, whose eyes, nose and mouth lie at fixed places."""
RESAMPLES = 2000


def main() -> None:
    arguments = parse(__doc__, {"parts": PARTS, "seeds": 3})
    settings = {"parts": arguments.parts, "seeds": arguments.seeds}
    finish(__file__, arguments, settings, list(figures(arguments.parts.split(","), range(1, arguments.seeds + 1))))


def figures(parts: list[str], seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    if {"lfw", "rates", "open", "explain", "attack"} & set(parts):
        crops, persons = faces_of("lfw_people/lfw_people128.zip")
        embeddings = embed_faces(crops)
        if "lfw" in parts:
            yield from verification(embeddings, persons)
        if "rates" in parts:
            yield from false_accepts(embeddings, persons)
        if "open" in parts:
            yield from open_set(embeddings, persons)
        if "explain" in parts:
            yield from map(shown, deciding_parts(crops, persons))
        if "attack" in parts:
            yield from map(shown, attacked("SFace", eyespot.load("pretrained:sface"), first_of(crops, persons)))
    if {"orl", "attack-own", *TRAININGS} & set(parts):
        crops, persons = faces_of("orl_faces/orl_faces.zip")
        if "orl" in parts:
            yield from identification(embed_faces(crops), persons)
        if "attack-own" in parts:
            yield from map(shown, attacked_own(crops, persons))
        for name in TRAININGS:
            if name in parts:
                for seed in seeds if name == "scratch" else (0,):
                    yield shown(own_training(name, crops, persons, seed))
    if "ages" in parts:
        for seed in seeds:
            yield from map(shown, across_ages(seed))
    if "clusters" in parts:
        yield clustering()
    if "speed" in parts:
        yield speed()


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a long part, shown as soon as it is measured."""
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def faces_of(archive: str, count: int | None = None) -> tuple[list[np.ndarray], np.ndarray]:
    """The aligned crop nearest to the middle of each image (or of the first `count`), and its person as a number."""
    crops, persons = [], []
    with zipfile.ZipFile(data_folder() / archive) as images:
        for name in sorted(name for name in images.namelist() if name.endswith((".png", ".webp")))[:count]:
            content = images.read(name)
            middle = np.array(Image.open(io.BytesIO(content)).size) / 2
            found = find_faces(content, name)
            nearest = min(found, key=lambda face: np.abs((face.box[:2] + face.box[2:]) / 2 - middle).sum())
            crops.append(nearest.crop)
            persons.append(name.split("/")[-2])
    order = sorted(set(persons), key=lambda name: (len(name), name))  # s2 before s10
    return crops, np.array([order.index(person) for person in persons])


def verification(embeddings: np.ndarray, persons: np.ndarray) -> Iterator[dict[str, Any]]:
    """Accuracy over ten folds of persons, each with the threshold that is best on the other nine; and rates."""
    pairs = all_pairs(embeddings, persons)
    random = np.random.default_rng(0)
    fold = random.permutation(persons.max() + 1) % FOLDS
    right = total = 0
    for held in range(FOLDS):
        inside = (fold[pairs.identities] == held).all(1)
        outside = (fold[pairs.identities] != held).all(1)
        tested, chosen = balanced(pairs.same, inside, random), balanced(pairs.same, outside, random)
        thresholds = np.linspace(-1, 1, 2001)
        scores = [((pairs.similarity[chosen] >= each) == pairs.same[chosen]).mean() for each in thresholds]
        best = thresholds[int(np.argmax(scores))]
        right += int(((pairs.similarity[tested] >= best) == pairs.same[tested]).sum())
        total += len(tested)
    yield {"part": "lfw_people pairs", "accuracy": right / total, "pairs": total}
    error, between, details = verification_statistics(pairs)
    yield {"part": "lfw_people all pairs", "equal_error_rate": error, "interval": between, **details}
    precision, recall, f = b_cubed(cluster_faces(embeddings), persons)
    yield {"part": "lfw_people groups", "precision": precision, "recall": recall, "b_cubed_f": f}


def balanced(same: np.ndarray, allowed: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """All allowed pairs of one person, and as many of different ones."""
    one, other = np.flatnonzero(allowed & same), np.flatnonzero(allowed & ~same)
    return np.concatenate([one, random.choice(other, min(len(one), len(other)), replace=False)])


def false_accepts(embeddings: np.ndarray, persons: np.ndarray) -> Iterator[dict[str, Any]]:
    """The rate at each threshold, with the interval of a bootstrap over persons."""
    count = persons.max() + 1
    one = np.eye(count)[persons]
    different = persons[:, None] != persons[None]
    drawn = np.random.default_rng(0).multinomial(count, np.ones(count) / count, RESAMPLES).astype(float)

    def per_draw(chosen: np.ndarray) -> np.ndarray:
        return ((drawn @ (one.T @ chosen @ one)) * drawn).sum(1)

    for threshold in np.arange(0.2, 0.501, 0.02):
        accepted = different & (embeddings @ embeddings.T >= threshold)
        low, high = np.percentile(per_draw(accepted) / per_draw(different), [2.5, 97.5])
        yield {
            "part": "rates",
            "threshold": threshold,
            "rate": accepted.sum() / different.sum(),
            "interval": (low, high),
        }


def open_set(embeddings: np.ndarray, persons: np.ndarray) -> Iterator[dict[str, Any]]:
    """Persons with several photos are enrolled with their first three; those with one photo are strangers."""
    place = np.array([int((persons[:at] == person).sum()) for at, person in enumerate(persons)])
    several = np.bincount(persons)[persons] > 3
    enrolled, asked, strangers = several & (place < 3), several & (place >= 3), np.bincount(persons)[persons] == 1
    known = embeddings[asked] @ embeddings[enrolled].T
    unknown = (embeddings[strangers] @ embeddings[enrolled].T).max(1)
    right = persons[enrolled][known.argmax(1)] == persons[asked]
    for threshold in (0.36, 0.40, 0.44, 0.48):
        yield {
            "part": "open set",
            "threshold": threshold,
            "identified": float((right & (known.max(1) >= threshold)).mean()),
            "false_alarms": float((unknown >= threshold).mean()),
            "asked": int(asked.sum()),
            "strangers": int(strangers.sum()),
        }


def identification(embeddings: np.ndarray, persons: np.ndarray) -> Iterator[dict[str, Any]]:
    yield {"part": "orl_faces", "rank_1": rank_one(embeddings, persons), "images": len(persons)}
    pairs = all_pairs(embeddings, persons)
    test = (pairs.identities >= 30).all(1)
    rate = rates_of(pairs.similarity[test], pairs.same[test]).equal_error_rate()
    yield {"part": "orl_faces, last 10 persons, SFace", "equal_error_rate": rate}


def own_training(name: str, crops: list[np.ndarray], persons: np.ndarray, seed: int) -> dict[str, Any]:
    with clean_place() as place:
        result = trained(name, crops, persons, seed, place).result
        row = {"part": f"own training, {name}", "seed": seed, "equal_error_rate": result["score"]}
        return row | {"interval": result["interval"]} | result["details"]


def trained(name: str, crops: list[np.ndarray], persons: np.ndarray, seed: int, place: Path) -> Run:
    """26 or 28 of 30 persons to learn from, the others to choose by, 10 to test with, all of them as aligned crops."""
    learned = 28 if TRAININGS[name]["start"] == "scratch" else 26
    lines = ["path,identity,split"]
    for number, (crop, person) in enumerate(zip(crops, persons, strict=True)):
        write_png(crop, Path(place, f"{number}.png"))
        part = "train" if person < learned else "validation" if person < 30 else "test"
        lines.append(f"{number}.png,{person},{part}")
    Path(place, "orl.csv").write_text("\n".join(lines))
    settings = {"task": "identify"} | TRAININGS[name]
    return eyespot.train(Path(place, "orl.csv"), out=Path(place, "run"), seed=seed, **settings)


def deciding_parts(crops: list[np.ndarray], persons: np.ndarray) -> Iterator[dict[str, Any]]:
    """How much similarity is lost where a gray square covers a part of the face, over pairs of one person."""
    model = eyespot.load("pretrained:sface")
    pairs = [np.flatnonzero(persons == person)[:2] for person in range(persons.max() + 1)]
    pairs = [(crops[pair[0]], crops[pair[1]]) for pair in pairs if len(pair) == 2][:EXPLAINED]
    for patch in (16, 28):
        found = [
            explain(model, one, "occlusion", reference=other, patch=patch, stride=patch // 2) for one, other in pairs
        ]
        heat = np.mean([each.maps["heat"] for each in found], axis=0)
        yield {
            "part": "explain, SFace",
            "patch": patch,
            "pairs": len(pairs),
            "similarity": float(np.mean([each.values["uncovered"] for each in found])),
            **{f"loss at {name}": float(heat[area].mean()) for name, area in FACE_PARTS.items()},
            "loss at the worst place": float(
                np.mean([each.values["uncovered"] - each.values["lowest"] for each in found])
            ),
            "below 0.40 uncovered": sum(each.values["uncovered"] < 0.4 for each in found),
            "below 0.40 covered": sum(each.values["lowest"] < 0.4 for each in found),
        }


def first_of(crops: list[np.ndarray], persons: np.ndarray) -> list[np.ndarray]:
    """The first photo of each of the first persons."""
    return [crops[np.flatnonzero(persons == person)[0]] for person in range(persons.max() + 1)][:ATTACKED]


def attacked_own(crops: list[np.ndarray], persons: np.ndarray) -> Iterator[dict[str, Any]]:
    """The same attacks on an embedding trained from scratch, with photos of the test persons."""
    with clean_place() as place:
        run = trained("scratch", crops, persons, 1, place)
        yield {"part": "attack", "model": OWN, "equal_error_rate": run.result["score"]}
        yield from attacked(OWN, run.model, [crops[place] for place in range(300, 400, 100 // ATTACKED)])


def attacked(name: str, model: Model, crops: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """How many photos no longer reach the threshold with themselves, at how large a change."""
    height = model.images.height
    for by, settings in (
        *(("pgd", choose("pgd", size=level / 255)) for level in (1, 4)),
        *(("patch", choose("patch", pixels=(height // share) ** 2)) for share in (4, 8)),
        *(("one-pixel", choose("one-pixel", pixels=count, queries=QUERIES)) for count in (1, 3)),
    ):
        chosen = crops[:FEWER] if by == "one-pixel" else crops
        started = time.perf_counter()
        found = attack_many(model, chosen, by, settings=settings)
        yield {
            "part": "attack",
            "model": name,
            "by": by,
            "change": f"{255 * settings.size:.0f}/255" if by == "pgd" else f"{settings.pixels} pixels",
            "images": len(found),
            "fooled": sum(each.outcome == "fooled" for each in found),
            "seconds": time.perf_counter() - started,
        }


def across_ages(seed: int) -> Iterator[dict[str, Any]]:
    """A plain and a factorized embedding of 300 drawn persons, 180 of them to learn from, each within 15 years.

    Each seed draws other persons. The settings were chosen with those of seed 0, which is not measured.
    """
    for name, task in (("plain", "identify:dimensions=32"), ("factorized", "identify:ages=true,dimensions=32")):
        with clean_place() as place:
            result = eyespot.train(
                drawn_faces(count=2400, size=32, seed=seed),
                task=task,
                out=Path(place, "run"),
                network="residual",
                size="tiny",
                epochs=15,
                start="scratch",
                precision="float32",
                seed=seed,
            ).result
            yield {"part": f"ages, {name}", "seed": seed} | age_figures(result)


def age_figures(result: dict[str, Any]) -> dict[str, Any]:
    """Equal error rates in percent over all pairs and by age gap, and how well the age is found."""
    details = result["details"]
    gaps = {f"{row['from']}+ years": percent(row["equal_error_rate"], row["interval"]) for row in details["by_age_gap"]}
    errors = {key: value for key, value in details.items() if key.startswith("age_")}
    return {"all pairs": percent(result["score"], result["interval"])} | gaps | errors


def percent(rate: float, between: Sequence[float]) -> str:
    return f"{rate:.1%} ({between[0]:.1%} to {between[1]:.1%})"


def clustering() -> dict[str, Any]:
    """10,000 made-up embeddings of 1,000 persons, as near to each other as those of real photos (0.6 on average)."""
    random = np.random.default_rng(0)
    persons = np.repeat(np.arange(1000), 10)
    made = random.normal(size=(1000, 128))[persons] + 0.8 * random.normal(size=(10_000, 128))
    embeddings = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    started = time.perf_counter()
    groups = cluster_faces(embeddings)
    return {
        "part": "10,000 embeddings",
        "seconds": time.perf_counter() - started,
        "groups": int(groups.max()) + 1,
        "b_cubed_f": b_cubed(groups[:3000], persons[:3000])[2],
    }


def speed() -> dict[str, Any]:
    """One face on 640x480 pixels: decoding, detection, alignment and embedding."""
    with zipfile.ZipFile(data_folder() / "lfw_people" / "lfw_people128.zip") as images:
        name = next(name for name in images.namelist() if name.endswith(".webp"))
        photo = Image.new("RGB", (640, 480), "gray")
        photo.paste(Image.open(io.BytesIO(images.read(name))).convert("RGB").resize((256, 256)), (200, 100))
    content = io.BytesIO()
    photo.save(content, "JPEG")
    seconds, processor = [], []
    for _ in range(20):
        started, used = time.perf_counter(), time.process_time()
        embed_faces([face.crop for face in find_faces(content.getvalue())])
        seconds.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    each = {"faces_per_second": 1 / np.median(seconds[2:]), "processor_seconds": np.median(processor[2:])}
    return {"part": "640x480", **{name: float(value) for name, value in each.items()}}


if __name__ == "__main__":
    main()
