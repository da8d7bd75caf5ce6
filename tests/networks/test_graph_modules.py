import torch
from hypothesis import given, settings
from torch import nn

from eyespot.networks.graph.modules import Rebuilt
from eyespot.networks.graph.record import record
from tests.networks.small_networks import Careless, networks


@settings(max_examples=20, deadline=None)
@given(networks())
def test_a_rebuilt_network_gives_what_the_network_gives(drawn):
    network, x = drawn
    others = torch.randn(2, *x.shape[1:])
    torch.testing.assert_close(Rebuilt(record(network, x))(others), network(others))


def test_every_use_of_a_relu_is_a_module_of_its_own():
    rebuilt = Rebuilt(record(Careless(), torch.randn(1, 3, 9, 9)))
    relus = [module for module in rebuilt.modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == 3 and not any(relu.inplace for relu in relus)


def test_weights_are_shared_and_stay_as_they_are():
    network = Careless().eval()
    rebuilt = Rebuilt(record(network, torch.randn(1, 3, 9, 9)))
    assert rebuilt.parts["1"].weight.data_ptr() == network.conv1.weight.data_ptr()
    assert network.conv1.weight.requires_grad


def test_watched_calls_can_be_hooked():
    rebuilt = Rebuilt(calls := record(Careless(), torch.randn(1, 3, 9, 9)), watched=(5,))
    seen = []
    rebuilt.at(5).register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    rebuilt(calls[0].output)
    torch.testing.assert_close(seen[0], calls[5].output)


def test_sums_may_be_modules_of_a_library():
    class Sum(nn.Module):
        def forward(self, a, b):
            return a + b

    rebuilt = Rebuilt(record(Careless(), torch.randn(1, 3, 9, 9)), add=Sum)
    assert sum(isinstance(module, Sum) for module in rebuilt.modules()) == 1
