"""An order learned from ratings, from an audience with a known rule, and from likes.

Claims: on 278 OASIS photographs, by nested validation (five folds; the strength of regularization is chosen inside each
fold's training images) and as a mean over three seeds, Spearman's correlation of the predicted ranks with the ratings
is at least 0.58 for pleasantness and at least 0.80 for arousal. Part "audience": ratings made by a rule of two plain
features; in the rule report of the learned ranks, on images that were not trained on, these two come first. Part
"likes": known qualities and followers; labels by likes among users with similar audiences recover the qualities better
than the likes themselves, as labels and in what is learned from them. All with EfficientNet-Lite0 (probe).
"""

import csv
import shutil
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import data_folder, finish, kept, over_seeds, parse
from _training import clean_place, load_at_start, unpack
from scipy.stats import rankdata, spearmanr
from sklearn.model_selection import KFold

import eyespot
from eyespot.organizing import explain_scores, plain_features
from eyespot.sources._ratings import rate_by_likes
from eyespot.sources.source import Part, Row, part_of
from eyespot.tasks import Rank
from eyespot.tasks.statistics import correlation_interval, noise_ceiling
from eyespot.training._probe import fit_probe

LENGTH = "long"
FOLDS = 5
QUESTIONS = {"pleasant": 0.58, "arousal": 0.80}
AUDIENCES = (("brightness", "saturation"), ("sharpness", "warmth"), ("contrast", "redness"))
AUDIENCE_NOISE = 0.5
"""Deviation of the noise of an imagined audience; that of the rule is the square root of 2."""
POSTS, USERS = 3000, 1000


def main() -> None:
    arguments = parse(__doc__, {"parts": "ratings,audience,likes", "seeds": 3, "images": 1800, "folder": ""})
    torch.set_num_threads(1)
    file = Path(arguments.folder, "rank.jsonl") if arguments.folder else None
    settings = {"load at start": load_at_start(), "parts": arguments.parts}
    with clean_place() as place:
        rows = list(figures(arguments, place, file))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path, file: Path | None) -> Iterator[dict[str, Any]]:
    parts = {
        "ratings": partial(ratings, place, arguments.seeds),
        "audience": partial(audience, place, arguments.images),
        "likes": partial(likes, place, arguments.seeds),
    }
    for name in arguments.parts.split(","):
        yield from kept(file, {"part": name, "seeds": arguments.seeds, "images": arguments.images}, parts[name])


def oasis(place: Path) -> tuple[list[dict[str, str]], np.ndarray]:
    """The lines of the OASIS table, and the features (N, F) of their images."""
    folder = place / "oasis"
    if not folder.exists():
        unpack(data_folder() / "oasis_ratings" / "oasis256.zip", folder)
        shutil.copy(data_folder() / "oasis_ratings" / "ratings.csv", folder)
    with (folder / "ratings.csv").open(newline="") as opened:
        lines = {line["file"]: line for line in csv.DictReader(opened)}
    source = eyespot.open_source(folder / "ratings.csv", columns={"path": "file", "rating": "pleasant_mean"})
    whole = part_of(source, "all")
    return [lines[row.name] for row in whole.rows], embedded(whole)


def embedded(part: Part) -> np.ndarray:
    """Features of whole images: a training stretches images of these shapes, too."""
    model = eyespot.load("pretrained:efficientnet-lite0")
    return replace(model, images=replace(model.images, fit="stretch")).embed(part)


def out_of_fold(features: np.ndarray, targets: Sequence[float], seed: int, learned: np.ndarray | None = None) -> Any:
    """The ranks (N,) that are predicted for each image by a probe that was fitted without its fold.

    `learned` (N,) are the ratings that are learned from, NaN for none, where they are not the targets.
    """
    given = np.asarray(targets if learned is None else learned, dtype=float)
    answers = np.empty(len(given))
    for fitted, held in KFold(FOLDS, shuffle=True, random_state=seed).split(features):
        answers[held] = probe(features[fitted], given[fitted])(features[held])
    return answers


def probe(features: np.ndarray, ratings: np.ndarray) -> Any:
    """What predicts ranks from features, fitted to those of the images that have a rating."""
    known = ~np.isnan(ratings)
    features, ratings = features[known], ratings[known]
    rows = [
        Row(name=str(n), picture="", values={"rating": repr(float(r))}, location=f"image {n}")
        for n, r in enumerate(ratings)
    ]
    task = Rank().prepare(rows)
    names = [str(number) for number in range(len(rows))]
    target = torch.from_numpy(ratings)
    weight, bias = fit_probe(task, 1, features, target, [""] * len(rows), names)
    return lambda x: (torch.from_numpy(x) @ weight.T + bias)[:, 0].sigmoid().numpy()


def ratings(place: Path, seeds: int) -> list[dict[str, Any]]:
    """Nested validation on OASIS."""
    lines, features = oasis(place)
    rows = []
    for question, required in QUESTIONS.items():
        mean, deviation, number = (
            np.array([float(line[f"{question}_{name}"]) for line in lines]) for name in ("mean", "sd", "n")
        )
        noise = float(np.sqrt(np.mean(deviation**2 / number)))
        found, accuracies = [], []
        for seed in range(seeds):
            answers = out_of_fold(features, mean.tolist(), seed)
            correlation, interval = correlation_interval(mean, answers)
            found.append(correlation)
            accuracies.append(float(np.mean((mean > np.median(mean)) == (answers > np.median(answers)))))
            rows.append(
                {
                    "part": "ratings",
                    "ratings": question,
                    "seed": seed,
                    "rank correlation": correlation,
                    "95 % interval": f"{interval[0]:.3f} to {interval[1]:.3f}",
                    "median split right %": 100 * accuracies[-1],
                    "ceiling by noise": noise_ceiling(mean, noise),
                    "required": required,
                }
            )
        summary = over_seeds(found)
        rows.append(
            {
                "part": "ratings",
                "ratings": question,
                "seed": "mean",
                "rank correlation": summary["mean"],
                "95 % interval": f"deviation over seeds {summary['std'] or 0:.3f}",
                "median split right %": 100 * float(np.mean(accuracies)),
                "required": required,
            }
        )
    return rows


def audience(place: Path, count: int) -> list[dict[str, Any]]:
    """Rules of two plain features: learned from half of the scenes, and found again in the ranks of the others."""
    folder = place / "scenes"
    unpack(next((data_folder() / "scenes6").glob("*.zip")), folder)
    whole = part_of(eyespot.open_source(folder, layout="unlabeled"), "all")
    chosen = np.random.default_rng(0).permutation(len(whole))[:count]
    whole = whole.take(np.sort(chosen))
    table = [plain_features(row.picture, row.name) for row in whole.rows]
    features = embedded(whole)
    half = np.random.default_rng(1).permutation(len(whole)) < len(whole) // 2
    rows = []
    for number, rule in enumerate(AUDIENCES):
        standard = [rankdata([line[name] for line in table]) / len(table) * np.sqrt(12) for name in rule]
        scores = sum(standard) + np.random.default_rng(number).normal(0, AUDIENCE_NOISE, len(table))
        ranks = probe(features[half], scores[half])(features[~half])
        report = explain_scores([line for line, use in zip(table, ~half, strict=True) if use], ranks.tolist())
        names = [row["feature"] for row in report["features"]]
        rows.append(
            {
                "part": "audience",
                "rule": " + ".join(rule),
                "images trained on": int(half.sum()),
                "images ranked": int((~half).sum()),
                "rank correlation": float(spearmanr(ranks, scores[~half])[0]),  # pyright: ignore[reportArgumentType]
                "explained": report["explained"],
                "first in the report": ", ".join(names[:3]),
                "the rule's come first": set(names[:2]) == set(rule),
            }
        )
    return rows


def likes(place: Path, seeds: int) -> list[dict[str, Any]]:
    """Labels from simulated likes against known qualities; and what is learned from them, of OASIS photographs."""
    lines, features = oasis(place)
    pleasant = np.array([float(line["pleasant_mean"]) for line in lines])
    rows = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        quality = random.normal(size=POSTS)
        numbers, followers = simulated(quality, USERS, random)
        rows.append({"part": "likes", "what": "labels", "seed": seed, **recovered(quality, numbers, followers)})
        quality = (pleasant - pleasant.mean()) / pleasant.std()
        numbers, followers = simulated(quality, len(quality), random)
        grouped = labels(numbers, followers)
        row: dict[str, Any] = {"part": "likes", "what": "learned from OASIS", "seed": seed}
        for name, learned in (("groups", grouped), ("raw likes", numbers.astype(float))):
            answers = out_of_fold(features, pleasant.tolist(), seed, learned)
            row[f"rank correlation, {name}"] = correlation_interval(pleasant, answers)[0]
            row[f"median split right %, {name}"] = 100 * float(
                np.mean((pleasant > np.median(pleasant)) == (answers > np.median(answers)))
            )
        rows.append(row)
    return rows


def simulated(quality: np.ndarray, users: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Likes and followers of each image: followers over four powers of ten, 5 % of them like an average image."""
    followers = np.round(10 ** random.uniform(1.5, 5.5, users))[random.integers(0, users, len(quality))]
    share = 0.05 * np.exp(0.7 * quality + random.normal(0, 0.5, len(quality)))
    return random.poisson(np.minimum(share, 1) * followers), followers


def labels(numbers: np.ndarray, followers: np.ndarray) -> np.ndarray:
    """1, 0 or NaN (left out) for each image."""
    posts = [
        Row(
            name=str(n),
            picture="",
            values={"likes": str(a), "followers": str(b), "user": f"{b:g}"},
            location=f"image {n}",
        )
        for n, (a, b) in enumerate(zip(numbers.tolist(), followers.tolist(), strict=True))
    ]
    found = np.full(len(posts), np.nan)
    for row in rate_by_likes(posts)[0]:
        found[int(row.name)] = float(row.values["rating"])
    return found


def recovered(quality: np.ndarray, numbers: np.ndarray, followers: np.ndarray) -> dict[str, float]:
    """How well labels tell the better half of the qualities, and order them, by groups and by the likes alone."""
    grouped, better = labels(numbers, followers), quality > np.median(quality)
    known = ~np.isnan(grouped)
    raw = (numbers > np.median(numbers)).astype(float)
    row: dict[str, float] = {}
    for name, label, kept_images in (("groups", grouped, known), ("raw likes", raw, np.ones(len(raw), bool))):
        found: Any = spearmanr(label[kept_images], quality[kept_images])
        row[f"rank correlation, {name}"] = float(found[0])
        row[f"median split right %, {name}"] = 100 * float(np.mean((label == 1)[kept_images] == better[kept_images]))
    return row


if __name__ == "__main__":
    main()
