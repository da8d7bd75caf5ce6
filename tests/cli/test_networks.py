"""`eyespot networks` lists the networks and prints their layer tables, for people and for programs."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from eyespot.cli._networks import networks
from eyespot.errors import NetworkError
from eyespot.networks import NETWORKS

app = typer.Typer()
app.command()(networks)


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, NetworkError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_all_networks_are_listed():
    lines = printed().splitlines()
    assert [line.split()[0] for line in lines[: len(NETWORKS)]] == list(NETWORKS)


def test_the_list_as_json_has_input_heads_and_summary():
    listed = json.loads(printed("--json"))
    assert [entry["name"] for entry in listed] == list(NETWORKS)
    assert all(entry["input"] and entry["heads"] and entry["summary"] for entry in listed)


@pytest.mark.parametrize(
    ("name", "input", "parameters"),
    [
        ("lecun1989", "16x16x1", 9_760),
        ("harley2015", "28x28x1", 62_902),
        ("tinyvgg", "64x64x3", 19_920),
        ("convnetjs", "32x32x3", 22_466),
        ("pilotnet", "66x200x3", 252_219),
        ("unet", "64x64x3", 991_203),
    ],
)
def test_counts_as_json_are_those_of_the_papers(name, input, parameters):
    told = json.loads(printed(name, "--input", input, "--json"))
    assert told["parameters"] == parameters
    assert {"connections", "multiply_adds", "layers"} < set(told)
    assert sum(layer["parameters"] for layer in told["layers"]) == parameters


def test_outputs_and_size_are_taken():
    told = json.loads(printed("residual", "--input", "28x28x1", "--outputs", "3", "--size", "tiny", "--json"))
    assert told["layers"][-1]["output"] == [3]
    assert told["layers"][0]["output"][0] == 16


def test_without_an_input_the_papers_own_is_taken():
    assert json.loads(printed("pilotnet", "--json"))["input"] == [3, 66, 200]


def test_the_table_shows_formulas_and_the_sum():
    table = printed("conv 8@3x3, relu, flatten, dense", "--input", "10x10x1")
    assert re.search(r"conv1 +convolution +8x8x8 +8x3x3x1\+8 = 80 +5,120 +4,608 +3x3", table)
    assert "5,210 parameters" in table


def test_a_text_that_ends_in_a_convolution_puts_out_the_pictures_colors():
    assert json.loads(printed("conv 4@3x3 same, relu, conv 3x3 same", "--input", "9x8x3", "--json"))["layers"][-1][
        "output"
    ] == [3, 9, 8]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tinyvg",), "Did you mean 'tinyvgg'"),
        (("tinyvgg", "--input", "64x64"), "HEIGHTxWIDTHxCHANNELS"),
        (("tinyvgg", "--input", "8x8x3"), "Layer 6"),
        (("tinyvgg", "--outputs", "0"), "0 outputs"),
        (("residual", "--size", "huge"), "tiny, small, medium, large"),
    ],
)
def test_wrong_use_is_told(arguments, told):
    with pytest.raises(NetworkError, match=told):
        printed(*arguments)
