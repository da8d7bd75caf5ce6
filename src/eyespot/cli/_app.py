"""The `eyespot` command: its subcommands, exit codes and error handling.

Exit codes: 0 success, 2 invalid use or input (one sentence on standard error), 130 interrupted or terminated.
Nothing here imports torch, so that `eyespot --help` is fast.
"""

import io
import os
import signal
import sys
import warnings
from typing import cast

import typer

from ._attack import attack
from ._check import check, curve
from ._crop import crop
from ._demo import demo
from ._drive import drive
from ._evaluate import evaluate
from ._explain import explain
from ._export import export
from ._faces import faces, verify
from ._generate import generate
from ._import import import_model
from ._measure import measure
from ._networks import networks
from ._organize import organize
from ._predict import predict
from ._rank import rank
from ._replay import replay
from ._search import search
from ._serve import serve
from ._stain import stain
from ._tag import colors, tag
from ._tradeoff import tradeoff
from ._train import resume, train

VERBS = {
    "train": train,
    "resume": resume,
    "evaluate": evaluate,
    "predict": predict,
    "rank": rank,
    "crop": crop,
    "tag": tag,
    "colors": colors,
    "stain": stain,
    "organize": organize,
    "search": search,
    "check": check,
    "curve": curve,
    "networks": networks,
    "explain": explain,
    "attack": attack,
    "serve": serve,
    "export": export,
    "import": import_model,
    "measure": measure,
    "tradeoff": tradeoff,
    "generate": generate,
    "verify": verify,
    "faces": faces,
    "drive": drive,
    "replay": replay,
    "demo": demo,
}

WrongUse = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])
"""`ClickException`, wherever this version of typer keeps its bundled click."""

app = typer.Typer(
    name="eyespot",
    help="Train convolutional networks on your own images, explain, attack and serve them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    suggest_commands=True,
)
for _name, _verb in VERBS.items():
    app.command(_name)(_verb)


SPINS = "1000"
"""How often an idle thread checks for work before it sleeps (GNU OpenMP, read by torch).

The default is 300,000: next to another busy program, the spinning threads take the cores from each other, and a
network with two threads becomes up to twenty times slower.
"""


def main() -> None:
    """Run one command and exit the process with its exit code."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors are printed as one sentence on standard error."""
    signal.signal(signal.SIGTERM, _interrupt)
    warnings.showwarning = _warn
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names that are not valid Unicode are printed with escapes
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(arguments, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except WrongUse as error:
        return _refuse(error.format_message())
    except (KeyboardInterrupt, typer.Abort) as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
        return 130
    except ValueError as error:
        from ..errors import EyespotError

        if not isinstance(error, EyespotError):
            raise
        option = f" (option --{error.argument.replace('_', '-')})" if error.argument else ""
        return _refuse(f"{error}{option}")
    except BrokenPipeError:
        return 0


def _refuse(sentence: str) -> int:
    if sentence:
        print(f"eyespot: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def _warn(message: Warning | str, *_where: object) -> None:
    """Print a warning on one line, without its source location."""
    print(f"eyespot: {message}", file=sys.stderr)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
