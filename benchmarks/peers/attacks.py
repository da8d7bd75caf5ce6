"""Run inside the environment of the peers: their attacks on the same networks and images, timed.

`python attacks.py IN.npz OUT.npz`: IN holds images (N, 1, 28, 28), labels (N,), gradients, threads, and the weights and
biases of dense layers with sigmoids between; OUT holds for each attack the images it made, and its seconds.
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

BINARY_STEPS = 9
Made = Callable[[], Tensor]


def main() -> None:
    given = np.load(sys.argv[1])
    torch.set_num_threads(int(given["threads"]))
    network = network_of(given)
    images, labels = torch.from_numpy(given["images"]), torch.from_numpy(given["labels"])
    found = {}
    for name, make in contestants(network, images, labels, int(given["gradients"])):
        start = time.perf_counter()
        made = make()
        found[f"{name} seconds"] = time.perf_counter() - start
        found[name] = made.detach().numpy()
    np.savez(sys.argv[2], **found)


def network_of(given: np.lib.npyio.NpzFile) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    count = sum(name.startswith("weight") for name in given.files)
    for place in range(count):
        weight, bias = torch.from_numpy(given[f"weight{place}"]), torch.from_numpy(given[f"bias{place}"])
        dense = nn.Linear(weight.shape[1], weight.shape[0])
        dense.load_state_dict({"weight": weight, "bias": bias})
        layers += [dense, nn.Sigmoid()]
    return nn.Sequential(*layers[:-1]).eval().requires_grad_(False)


def contestants(network: nn.Module, images: Tensor, labels: Tensor, gradients: int) -> Iterator[tuple[str, Made]]:
    """Each attack with the settings that did best among a few, at no more gradient calls an image than ours."""
    import foolbox

    wrapped = foolbox.PyTorchModel(network, bounds=(0, 1))
    each = gradients // BINARY_STEPS

    def run(attack: foolbox.attacks.base.AttackResult) -> Made:
        return lambda: attack(wrapped, images, labels, epsilons=None)[1]

    for rate in (0.01, 0.05, 0.1):
        carlini = foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=BINARY_STEPS, steps=each, stepsize=rate)
        yield f"foolbox CW L2, rate {rate}", run(carlini)
    yield "foolbox L2FMN", run(foolbox.attacks.L2FMNAttack(steps=gradients))
    yield "foolbox DDN", run(foolbox.attacks.DDNAttack(steps=gradients))
    yield "ART CW L2", toolbox(network, images, labels, each)


def toolbox(network: nn.Module, images: Tensor, labels: Tensor, steps: int) -> Made:
    from art.attacks.evasion import CarliniL2Method
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(network, nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0.0, 1.0))
    attack = CarliniL2Method(
        classifier, binary_search_steps=BINARY_STEPS, max_iter=steps, batch_size=len(images), verbose=False
    )
    return lambda: torch.from_numpy(attack.generate(images.numpy(), np.eye(10)[labels.numpy()]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
