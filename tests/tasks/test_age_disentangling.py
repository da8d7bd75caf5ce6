"""Identity without age: the second number of the answer, the adversaries, and rates by age gap; worked out by hand."""

import math

import numpy as np
import pytest
import torch

from eyespot.errors import TaskError
from eyespot.sources.source import Row
from eyespot.tasks import Identify, task_from_json, task_to_json
from eyespot.tasks._age_erasure import erase, fit_erasure
from eyespot.tasks._factorization import DECORRELATION, Factorization
from eyespot.tasks.age_gaps import age_error, age_error_of_neighbors, by_age_gap, gap_text
from eyespot.tasks.criterion import Aim


def row(identity: str, age: str = "") -> Row:
    return Row(picture=b"", name="a.png", values={"identity": identity, "age": age}, location="table line 2")


TASK = Identify(dimensions=2, ages=True).prepare([row("Ada", "20"), row("Bo", "40"), row("Bo")])


def targets(*rows: Row) -> torch.Tensor:
    return TASK.stack([TASK.read(each) for each in rows])


def test_ages_are_standardized_by_training_images_and_survive_as_targets():
    assert (TASK.age_center, TASK.age_spread) == (30, 10)
    assert task_from_json(task_to_json(TASK)) == TASK
    table = TASK.to_rows(torch.zeros(3, 3), targets(row("Ada", "33.5"), row("new"), row("x", "0")))
    assert [each["age"] for each in table] == [33.5, None, 0]


@pytest.mark.parametrize("age", ["-1", "151", "old", "nan"])
def test_what_is_no_age_is_refused(age):
    with pytest.raises(TaskError, match=r"table line 2: the age is .* expected years from 0 to 150"):
        TASK.read(row("Ada", age))


def test_ages_must_differ_to_be_learned():
    with pytest.raises(TaskError, match="different ages, but found 1"):
        Identify(ages=True).prepare([row("a", "20"), row("b", "20")])


def test_the_last_number_is_the_age_and_the_others_are_the_embedding():
    assert TASK.outputs(3).size == 3
    answer = TASK.answer(torch.tensor([3.0, 4.0, 1.5]))
    assert answer["embedding"] == pytest.approx([0.6, 0.8]) and answer["length"] == 5 and answer["age"] == 45
    assert TASK.activate(torch.tensor([[3.0, 4.0, -1.0]]))[0].tolist() == pytest.approx([0.6, 0.8, 20])
    assert TASK.objective(torch.tensor([[3.0, 4.0, 100.0]])).tolist() == [5]
    (found,) = TASK.to_rows(torch.tensor([[3.0, 4.0, 1.0]]), targets(row("Ada", "41")))
    assert (found["predicted_age"], found["age"], found["embedding"]) == (40, 41, pytest.approx([0.6, 0.8]))


def test_an_attack_works_on_the_identity_alone():
    plan = TASK.attack_criterion(Aim(), torch.tensor([[3.0, 0.0, 2.0]]), None, farthest=False)
    changed = torch.tensor([[3.0, 0.0, -9.0], [0.0, 3.0, 2.0]])
    assert (plan.criterion.margin(changed, torch.zeros(2, dtype=torch.long)) < 0).tolist() == [False, True]


def test_the_loss_adds_the_age_task_and_both_adversaries():
    criterion = TASK.criterion()
    assert isinstance(criterion, Factorization)
    for weight in criterion.parameters():
        torch.nn.init.zeros_(weight)
    torch.nn.init.eye_(criterion.identities.weight)
    output = torch.tensor([[1.0, 0.0, 0.5]], requires_grad=True)
    known, unknown = (TASK.loss(output, targets(row("Ada", age)), criterion) for age in ("40", ""))
    # The age is one deviation above the mean, the answer half of one: squared 0.25. The adversary knows nothing of
    # eight groups; nothing is known of the covariance, which is 1 times the embedding of length 1.
    assert float((known - unknown).detach()) == pytest.approx(0.25 + math.log(8) + 1, rel=1e-5)
    with pytest.raises(TaskError, match="needs the class weights"):
        TASK.loss(output, targets(row("Ada", "40")), torch.nn.Linear(2, 2))


def test_the_covariance_is_learned_and_made_small():
    criterion = Factorization(2, 2)
    with torch.no_grad():
        criterion.covariance.copy_(torch.tensor([[0.5, 0.0], [0.0, 0.0]]))
    unit = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    losses = criterion._correlation(unit, torch.tensor([1.0, -2.0]))
    # Ages 1 and -2, squares less 1: 0 and 3. Products: (1, 0) and (0, 0), then (0, -2) and (0, 3).
    assert losses.tolist() == pytest.approx([0.25 + DECORRELATION * 0.5, 0.25 + 4 + 9])
    losses.sum().backward()
    assert criterion.covariance.grad is not None and unit.grad is not None
    assert criterion.covariance.grad.tolist() == [[2 * (0.5 - 1) + 2 * 0.5, 2 * 2], [0, -2 * 3]]
    assert unit.grad.tolist() == [[DECORRELATION * 0.5, 0], [-2 * DECORRELATION * 0.5, 0]]


def test_the_network_works_against_the_adversary_that_learns():
    torch.manual_seed(0)
    criterion = Factorization(2, 2)
    unit = torch.nn.functional.normalize(torch.randn(64, 2)).requires_grad_()
    truth = unit.detach()[:, 0] * 1.5
    before = criterion.age_losses(unit, truth, truth).sum()
    before.backward()
    assert unit.grad is not None
    step = 1e-3
    with torch.no_grad():
        network = criterion.age_losses(unit - step * unit.grad, truth, truth).sum()
        for weight in criterion.adversary.parameters():
            assert weight.grad is not None
            weight -= step * weight.grad
        adversary = criterion.age_losses(unit, truth, truth).sum()
    assert adversary < before < network


def test_rates_by_age_gap():
    """Two persons, young and old: by appearance alone, the old ones are near each other."""
    embeddings = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0], [0.96, 0.28]])
    identities, ages = np.array([0, 0, 1, 1, 0]), np.array([20.0, 65.0, 60.0, 20.0, 25.0])
    rows = by_age_gap(embeddings, identities, ages)
    assert [(each["from"], each["to"], each["same_pairs"]) for each in rows] == [(0, 10, 1), (40, None, 3)]
    # Different: 0.96 (65 and 60 years old), 0.8, 0.6, 0.6, 0.28, 0. Same: 0.96 alone; then 0.936, 0.8, 0.8.
    assert rows[0]["equal_error_rate"] == pytest.approx(1 / 7)
    assert rows[1]["equal_error_rate"] == pytest.approx(1 / 6 + 0.6 / 6)
    assert gap_text(rows[1]).startswith("40 or more years apart") and gap_text(rows[0]).startswith("0 to 10")
    assert by_age_gap(embeddings, identities, np.full(5, np.nan)) == []


def test_the_age_left_in_an_embedding():
    random = np.random.default_rng(0)
    identities, ages = np.repeat(np.arange(20), 5), random.uniform(10, 80, 100)
    without = random.normal(size=(100, 4))
    holding = without.copy()
    holding[:, 2] += ages / 5
    assert age_error(holding, identities, ages) < 6 < 15 < age_error(without, identities, ages)
    assert math.isnan(age_error(without, np.zeros(100), ages))


def test_the_ages_of_the_most_similar_images():
    """Twelve images on a quarter of a circle, in the order of their ages: the ten nearest others are all but one."""
    angles, ages = np.linspace(0, 1.5, 12), np.arange(12.0)
    embeddings = np.stack([np.cos(angles), np.sin(angles)], 1)
    found = age_error_of_neighbors(embeddings, np.arange(12), ages)
    # Of the image at each end all but the other end: 5.5 away; of the others all but the farther end.
    expected = np.mean([abs((66 - age - (11 if age < 6 else 0)) / 10 - age) for age in ages])
    assert found == pytest.approx(expected)
    assert math.isnan(age_error_of_neighbors(embeddings, np.zeros(12), ages))


def test_a_probe_answers_the_age_too():
    random = np.random.default_rng(1)
    features = random.normal(size=(40, 3)).astype(np.float32)
    rows = [row(f"p{place // 4}", f"{40 + 10 * value:.1f}") for place, value in enumerate(features[:, 1])]
    task = Identify(dimensions=2, ages=True).prepare(rows)
    weight, bias = task.linear_probe(features, task.stack([task.read(each) for each in rows]))
    output = torch.from_numpy(features) @ weight.T + bias
    predicted = [each["predicted_age"] for each in task.to_rows(output, task.stack([task.read(r) for r in rows]))]
    assert np.abs(np.array(predicted) - (40 + 10 * features[:, 1])).max() < 2


def aged(count: int) -> tuple[torch.Tensor, np.ndarray]:
    """Embeddings (N, 16) of unit length in which the age and its square show, and ages (N,)."""
    random = np.random.default_rng(0)
    ages = random.uniform(12, 80, count)
    power = (ages - 46) / 20
    raw = random.normal(size=(count, 16))
    raw[:, 0] += 2 * power
    raw[:, 1] += power**2
    return torch.nn.functional.normalize(torch.from_numpy(raw)), ages


def test_no_line_finds_the_age_once_it_is_taken_out():
    unit, ages = aged(400)
    finders, directions = fit_erasure(unit[:200].numpy(), ages[:200])
    left = erase(unit, finders, directions).numpy()
    for power in (1, 2):
        wanted = (ages[:200] - ages[:200].mean()) ** power
        before, after = (
            np.abs([np.corrcoef(column, wanted)[0, 1] for column in each[:200].T]).max()
            for each in (unit.numpy(), left)
        )
        assert after < 0.05 < 0.3 < before
    persons = np.arange(200)
    held_out = [age_error(each[200:], persons, ages[200:]) for each in (unit.numpy(), left)]
    assert held_out[1] > 1.5 * held_out[0]
    assert np.corrcoef(left[:, 9], unit[:, 9])[0, 1] > 0.98  # where the age does not show, nothing changes


def test_from_few_ages_nothing_is_taken_out():
    unit, ages = aged(30)
    assert fit_erasure(unit[:19].numpy(), ages[:19]) == ((), ())
    assert fit_erasure(unit.numpy(), np.full(30, 40.0)) == ((), ())
    assert fit_erasure(unit[:, :8].numpy(), ages) == ((), ())
    assert erase(unit, (), ()) is unit


def test_a_calibrated_task_takes_the_age_out_of_every_answer():
    unit, ages = aged(200)
    task = Identify(dimensions=16, ages=True, age_center=46, age_spread=20)
    rows = [row(f"person {number // 4}", str(round(age))) for number, age in enumerate(ages)]
    output = torch.cat([7 * unit, torch.zeros(200, 1)], 1)
    target = task.stack([task.read(each) for each in rows])
    calibrated = task.calibrate([(output, target)])
    assert len(calibrated.age_finders) == 3 * 17 and task_from_json(task_to_json(calibrated)) == calibrated
    activated = calibrated.activate(output)[:, :16]
    assert torch.allclose(activated.norm(dim=1), torch.ones(200).double())
    answer = calibrated.answer(output[5])
    assert answer["embedding"] == pytest.approx(activated[5].tolist()) and answer["length"] == pytest.approx(7)
    assert calibrated.to_rows(output, target)[5]["embedding"] == pytest.approx(activated[5].tolist())
    assert abs(np.corrcoef(activated[:, 0], ages)[0, 1]) < 0.1 < abs(np.corrcoef(unit[:, 0], ages)[0, 1])
    plan = calibrated.attack_criterion(Aim(), output[:1], None, farthest=False)
    same = plan.criterion.margin(output[:1], torch.zeros(1, dtype=torch.long))
    assert float(same) == pytest.approx(1 - calibrated.threshold, abs=1e-3)
    with pytest.raises(TaskError, match="expected 17 and 16 for each row"):
        Identify(dimensions=16, age_finders=calibrated.age_finders[:17], age_directions=calibrated.age_directions)
