"""The desk: what is asked for between two steps is done, written down, and the same when the training goes on."""

import io
import json
import math
from queue import SimpleQueue

import pytest
import torch
from safetensors.torch import load_file

from eyespot.serving._control import GONE, TrainingControl
from eyespot.training._run_folder import load_checkpoint
from eyespot.training.run import TrainOptions, resume, run_training

from .conftest import TEXT

STEPS = 23
CHANGE = {"number": 1, "change": {"rate": 0.02, "momentum": 0.5, "weight_decay": 0.2, "batch": 16}}
PAUSE, GO_ON, STOP = ({"number": number, "do": do} for number, do in ((5, "pause"), (6, "go on"), (7, "stop")))


class Script:
    """A desk at which certain messages come in after certain steps."""

    def __init__(self, messages):
        self.messages = list(messages)
        self.sent = io.StringIO()
        self.control = TrainingControl(iter(SimpleQueue().get, None), self.sent)

    @property
    def away(self):
        return self.control.away

    def attend(self, training, state):
        while self.messages and self.messages[0][0] == state.step:
            message = self.messages.pop(0)[1]
            if message == "die":
                raise OSError("killed")
            self.control._asked.put(message)
            if message == PAUSE:
                break
        self.control.attend(training, state)

    def goes_on(self, training, state, stop):
        while self.messages and self.messages[0][0] == state.step:
            self.control._asked.put(self.messages.pop(0)[1])
        return self.control.goes_on(training, state, stop)

    def send(self, message):
        self.control.send(message)

    @property
    def answers(self):
        return [json.loads(line) for line in self.sent.getvalue().splitlines()]


@pytest.fixture
def train(source, tmp_path):
    """Train the stripes with such a script in a folder; gives the folder and what was told."""

    def train(name, *messages, **options):
        script = Script(messages)
        asked = {"network": TEXT, "epochs": 3, "batch": 8, "precision": "float32", "augment": "none", **options}
        try:
            run_training(source, TrainOptions(**asked), tmp_path / name, lambda entry: None, None, script)
        except KeyboardInterrupt as stopped:
            script.sent.write(json.dumps({"stopped": str(stopped)}) + "\n")
        return tmp_path / name, script.answers

    return train


def same(first, second):
    first, second = (load_file(folder / "model.safetensors") for folder in (first, second))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_nobody_at_the_desk_changes_nothing(train, trained_run):
    assert same(train("control")[0], trained_run("alone").folder)


def test_a_change_counts_from_the_next_step_and_is_written_down(train):
    folder, told = train("changed", (5, CHANGE))
    steps = 5 + math.ceil((STEPS * 8 - 40) / 16)
    assert {"number": 1, "step": 5, "steps": steps} in told
    assert json.loads((folder / "changes.json").read_text()) == [{"step": 5, **CHANGE["change"]}]
    [line] = [line for line in log_of(folder) if "changed" in line]
    assert line["step"] == 5 and line["changed"] == CHANGE["change"]
    assert log_of(folder)[-1]["step"] == log_of(folder)[-1]["steps"] == steps
    result = json.loads((folder / "result.json").read_text())
    assert result["steps"] == steps and result["changes"][0]["rate"] == 0.02
    assert "changed after step 5" in (folder / "report" / "index.html").read_text()


def test_each_change_by_itself_makes_other_weights(train):
    folders = [train("plain")[0]]
    for name, value in CHANGE["change"].items():
        folders.append(train(name, (5, {"number": 1, "change": {name: value}}))[0])
    assert not any(same(one, other) for i, one in enumerate(folders) for other in folders[:i])


def test_killed_after_a_change_it_ends_with_the_same_bits(train, tmp_path):
    straight, _ = train("straight", (12, CHANGE))
    with pytest.raises(OSError, match="killed"):
        train("broken", (12, CHANGE), (14, "die"))
    assert load_checkpoint(tmp_path / "broken" / "checkpoint.safetensors")[1]["step"] < 12
    broken, _ = train("broken")
    assert same(straight, broken)
    lines = [[(line["step"], line["loss"]) for line in log_of(folder)] for folder in (straight, broken)]
    assert lines[0] == lines[1]


def test_it_pauses_saves_and_goes_on_with_the_same_bits(train, trained_run):
    folder, told = train("paused", (4, PAUSE), (4, CHANGE | {"change": {}}), (4, GO_ON))
    assert same(folder, trained_run("alone").folder)
    assert told == [
        {"state": "training"},
        {"number": 5, "step": 4, "steps": STEPS},
        {"state": "paused"},
        {"number": 1, "step": 4, "steps": STEPS},
        {"number": 6, "step": 4, "steps": STEPS},
        {"state": "training"},
        {"state": "finishing"},
    ]


@pytest.mark.parametrize("before", [[], [(9, PAUSE)]])
def test_stopped_it_becomes_a_model_of_what_was_learned_so_far(train, before):
    folder, told = train("stopped", *before, (9, STOP))
    assert told[-1] == {"state": "finishing"}
    result = json.loads((folder / "result.json").read_text())
    assert result["steps"] == 9 and result["changes"] == [{**dict.fromkeys(CHANGE["change"]), "step": 9, "end": True}]
    assert (folder / "model.safetensors").exists()
    assert resume(folder).result == result


@pytest.mark.parametrize("before", [[], [(9, PAUSE)]])
def test_left_alone_it_saves_and_ends_and_can_be_gone_on_with(train, trained_run, tmp_path, before):
    folder, told = train("left", *before, (9, GONE))
    assert "step 9 of 23" in told[-1]["stopped"]
    assert load_checkpoint(folder / "checkpoint.safetensors")[1]["step"] == 9
    assert not (folder / "result.json").exists()
    assert same(train("left")[0], trained_run("alone").folder)


def test_it_leaves_when_what_comes_in_ends_or_nobody_listens(train):
    control = TrainingControl(["\n", '{"do": "pause"}\n'][1:], io.StringIO())
    assert [control._asked.get(timeout=5), control._asked.get(timeout=5)] == [{"do": "pause"}, GONE]

    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    control = TrainingControl([], Closed())
    control.send({"note": "hello"})
    assert control.away


def test_a_change_that_cannot_be_is_refused_with_a_sentence(train, trained_run):
    folder, told = train("refused", (5, {"number": 1, "change": {"batch": 1000}}))
    assert told[1]["number"] == 1 and "give a number from 2 to 61" in told[1]["refused"]
    assert not (folder / "changes.json").exists() and same(folder, trained_run("alone").folder)
