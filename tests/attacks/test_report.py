"""The report: every figure from its rows, every fooled file on disk, interrupted and gone on with."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.attacks.report import write as room
from eyespot.attacks.report._folder import file_name
from eyespot.attacks.report.planned import ALL, plan
from eyespot.attacks.report.summary import rate, summarize, target_matrix
from eyespot.attacks.report.write import Report, ReportRequest
from eyespot.errors import AttackError
from eyespot.sources.source import part_of
from eyespot.tasks.criterion import Aim
from tests.attacks.small_models import bright_or_dark, source_of, wheel


@pytest.fixture(scope="module")
def model_and_part():
    model, images, labels = bright_or_dark()
    source = source_of(images, [("right", "left")[label] for label in labels.tolist()])
    whole = part_of(source, "all")
    return model, whole


def wanted(model, part, by="minimum-noise,pixel-search", count=6, aim=None, **options):
    return ReportRequest(
        attacks=plan(by, aim or Aim(), model.task, {"queries": 600, **options}), count=count, part=part
    )


def test_a_whole_report_is_written_and_every_fooled_file_fools(model_and_part, tmp_path):
    model, part = model_and_part
    report = Report({"halves": model}, wanted(model, part), tmp_path)
    notes = list(report.work())
    assert notes[-1].endswith("written")
    found = report.result["models"]["halves"]
    assert found["right"]["count"] >= 6
    noise, pixel = found["attacks"]
    assert noise["fooled"]["share"] == 1.0 and noise["fooled"]["count"] == 6
    assert noise["distortion"]["median"] > 0 and noise["gradients"] > 0 and pixel["gradients"] == 0
    for row in noise["images"] + pixel["images"]:
        assert (row["file"] is not None) == (row["outcome"] == "fooled")
        if row["file"]:
            assert model.predict(tmp_path / row["file"])["label"] == row["after"]["label"] != row["before"]["label"]
    page = (tmp_path / "index.html").read_text()
    assert "minimum-noise" in page and "data:image/png" in page and "https:" not in page and "<script" not in page


def test_an_interrupted_report_goes_on_and_ends_the_same(model_and_part, tmp_path, monkeypatch):
    model, part = model_and_part
    monkeypatch.setattr(room, "IMAGES_AT_ONCE", {True: 2, False: 2})
    whole = Report({"halves": model}, wanted(model, part), tmp_path / "whole")
    list(whole.work())
    first = Report({"halves": model}, wanted(model, part), tmp_path / "cut").work()
    next(first), next(first)
    first.close()
    rows = (tmp_path / "cut" / "attacks.jsonl").read_text()
    assert len(rows.splitlines()) == 4
    (tmp_path / "cut" / "attacks.jsonl").write_text(rows + '{"half": ')
    again = Report({"halves": model}, wanted(model, part), tmp_path / "cut")
    notes = list(again.work())
    assert len(notes) == 5  # four batches that were left, and the page
    assert outcomes(again.result) == outcomes(whole.result)


def outcomes(result):
    return [
        (row["number"], row["outcome"], row["queries"])
        for attack in result["models"]["halves"]["attacks"]
        for row in attack["images"]
    ]


def test_a_finished_report_makes_no_attack_again(model_and_part, tmp_path):
    model, part = model_and_part
    list(Report({"halves": model}, wanted(model, part, "fgsm", queries=None), tmp_path).work())
    before = (tmp_path / "attacks.jsonl").read_bytes()
    notes = list(Report({"halves": model}, wanted(model, part, "fgsm", queries=None), tmp_path).work())
    assert len(notes) == 1 and (tmp_path / "attacks.jsonl").read_bytes() == before


def test_another_wish_in_the_same_folder_is_refused(model_and_part, tmp_path):
    model, part = model_and_part
    list(Report({"halves": model}, wanted(model, part, "fgsm", queries=None), tmp_path).work())
    with pytest.raises(AttackError, match="other attacks"):
        Report({"halves": model}, wanted(model, part, "pgd", queries=None), tmp_path)
    with pytest.raises(AttackError, match="other models"):
        Report({"other": model}, wanted(model, part, "fgsm", queries=None), tmp_path)


def test_while_nothing_is_done_another_may_be_wished(model_and_part, tmp_path):
    model, part = model_and_part
    Report({"halves": model}, wanted(model, part, "fgsm", queries=None), tmp_path)
    Report({"halves": model}, wanted(model, part, "pgd", queries=None), tmp_path)
    assert json.loads((tmp_path / "plan.json").read_text())["attacks"][0]["by"] == "pgd"


def test_a_folder_with_other_files_is_left_alone(model_and_part, tmp_path):
    model, part = model_and_part
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(AttackError, match="other files"):
        Report({"halves": model}, wanted(model, part, "fgsm", queries=None), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_two_models_are_compared_and_shown_each_others_noise(model_and_part, tmp_path):
    model, part = model_and_part
    report = Report({"one": model, "two": model}, wanted(model, part, "fgsm", queries=None), tmp_path)
    list(report.work())
    cells = {(cell["made_for"], cell["shown_to"]): cell["wrong"] for cell in report.result["transfer"]["cells"]}
    assert cells["one", "two"] == 1.0 and len(cells) == 6
    assert "Transfer between models" in (tmp_path / "index.html").read_text()


def test_models_of_different_tasks_cannot_be_compared(model_and_part, tmp_path):
    model, part = model_and_part
    with pytest.raises(AttackError, match="different tasks"):
        Report({"one": model, "two": wheel()}, wanted(model, part, "fgsm", queries=None), tmp_path)


def test_every_rate_on_the_page_comes_with_its_interval_and_count(model_and_part, tmp_path):
    model, part = model_and_part
    unsure = replace(model, task=replace(model.task, threshold=1.0))
    asked = wanted(model, part, "minimum-noise", aim=Aim(target="all"), queries=None)
    list(Report({"halves": unsure}, asked, tmp_path).work())
    page = (tmp_path / "index.html").read_text()
    assert "“unknown”: 100.0 %" in page
    assert "not tried" in page and "of the target class" in page
    assert re.search(r"100 %<small>\d+–100 of \d", page)


def test_strange_images_are_shown_too(model_and_part, tmp_path):
    model, part = model_and_part
    asked = ReportRequest(attacks=plan("fgsm", Aim(), model.task, {}), count=4, part=part, ood=part)
    report = Report({"halves": model}, asked, tmp_path)
    list(report.work())
    assert 0 <= report.result["models"]["halves"]["out_of_distribution"]["auroc"] <= 1
    assert "Out-of-distribution images" in (tmp_path / "index.html").read_text()


def test_the_default_set_takes_the_wishes_that_each_attack_reads(model_and_part):
    model, _ = model_and_part
    attacks = plan("all", Aim(), model.task, {"queries": 900, "steps": 5, "seed": 1, "size": None, "pixels": None})
    assert len(attacks) == len(ALL)
    assert {one.settings.queries for one in attacks if one.by == "pixel-search"} == {900}
    assert {one.settings.steps for one in attacks if one.by in ("pgd", "minimum-noise")} == {5}
    assert [one.title for one in attacks][-2:] == ["pixel-search, 1 pixel", "pixel-search, 3 pixels"]


def test_a_wish_goes_to_the_attacks_that_read_it_and_warns_where_none_does(model_and_part):
    task = model_and_part[0].task
    noise, pixel = plan("minimum-noise, pixel-search", Aim(), task, {"queries": 900, "seed": 1})
    assert noise.settings.steps == 100 and pixel.settings.queries == 900
    plan("fgsm", Aim(), task, {"seed": 1})
    with pytest.warns(UserWarning, match="queries has no effect on fgsm"):
        plan("fgsm", Aim(), task, {"queries": 900})


def test_the_target_all_becomes_one_attack_towards_each_class(model_and_part, tmp_path):
    model, part = model_and_part
    asked = wanted(model, part, "minimum-noise", aim=Aim(target="all"), queries=None)
    assert [one.aim.target for one in asked.attacks] == ["right", "left"]
    report = Report({"halves": model}, asked, tmp_path)
    list(report.work())
    matrix = report.result["models"]["halves"]["targets"]
    assert matrix["classes"] == ["right", "left"]
    assert matrix["cells"][0][0]["count"] == 0 and matrix["cells"][0][1]["share"] == 1.0


@pytest.mark.parametrize("by", ["fgsm,nothing", "", "ALL"])
def test_an_unknown_attack_is_refused(model_and_part, by):
    with pytest.raises(AttackError, match="Unknown attack"):
        plan(by, Aim(), model_and_part[0].task, {})


def test_the_target_all_is_for_classes():
    with pytest.raises(AttackError, match="for classes"):
        plan("fgsm", Aim(target="all"), wheel().task, {})


def test_no_images_are_no_report(model_and_part):
    with pytest.raises(AttackError, match="at least 1"):
        ReportRequest(attacks=[], count=0, part=model_and_part[1])


def row(outcome: str, distortion: float = 0.1, target: str | None = None, label: str = "a") -> dict:
    figures = {
        "l2": 1.0,
        "linf": 0.5,
        "pixels_changed": 3,
        "queries": 100,
        "gradients": 0,
        "seconds": 0.5,
        "moved": None,
        "abstains": False,
    }
    answers = {"before": {"label": label, "answer": label}, "after": {"answer": "b", "probability": 0.8}}
    return {"outcome": outcome, "distortion": distortion, "target": target, **figures, **answers}


def test_figures_are_worked_out_by_hand():
    found = summarize([row("fooled", 0.1), row("fooled", 0.3), row("resisted"), row("skipped")])
    assert found["fooled"]["hits"] == 2 and found["fooled"]["count"] == 3 and found["skipped"] == 1
    assert found["fooled"]["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-4)  # Wilson's for 2 of 3
    assert found["distortion"] == {"median": 0.2, "mean": 0.2, "largest": 0.3}
    assert found["queries"] == 100 and found["confidence"] == 0.8 and found["moved"] is None


def test_a_share_of_nothing_is_not_known():
    assert rate(0, 0)["share"] is None
    assert summarize([row("skipped")])["distortion"] is None


def test_the_matrix_counts_each_pair():
    rows = [row("fooled", target="b"), row("resisted", target="b"), row("fooled", target="a", label="b")]
    cells = target_matrix(rows, ["a", "b"])
    assert cells[0][1]["share"] == 0.5 and cells[1][0]["share"] == 1.0 and cells[0][0]["share"] is None


def test_titles_become_names_of_files():
    assert file_name("pgd, 8/255, to ../cat") == "pgd-8-255-to-cat"
    assert Path(file_name("a/b")).name == "a-b"


def test_a_number_is_attacked_and_reported(tmp_path):
    model = wheel()
    images = np.random.default_rng(0).integers(60, 200, (8, 6, 6, 1), dtype=np.uint8)
    from eyespot.sources import open_source

    source = open_source({"x": images, "y": np.linspace(10.0, 80.0, 8)})
    whole = part_of(source, "all")
    report = Report(
        {"wheel": model}, ReportRequest(attacks=plan("fgsm", Aim(), model.task, {}), count=5, part=whole), tmp_path
    )
    list(report.work())
    found = json.loads((tmp_path / "report.json").read_text())["models"]["wheel"]
    moved = found["attacks"][0]["moved"]
    assert moved["median"] == pytest.approx(100 * 8 / 255, rel=0.05)
    stretched = found["bounds"]["layers"][-1]["total"]  # the answer is 100 times the output; 36 pixels by 8 / 255 each
    assert 100 * stretched * 6 * 8 / 255 >= moved["largest"]
    assert "radii" not in found["bounds"] and "no decision boundary" in found["bounds"]["reason"]
    assert "moved" in (tmp_path / "index.html").read_text()
