"""Write ResNet-18 and MobileNetV2 of torchvision as ONNX files, by both exporters of PyTorch; see import_parity.py.

Runs in an environment of its own, without eyespot: pip install torch torchvision onnx onnxscript. Weights and the
statistics of batch normalization are random and seeded.
"""

import sys
import warnings

import torch

try:
    import torchvision
except RuntimeError:  # the operators of torchvision are compiled for another build of torch; these networks use none
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision


def seeded(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    network = getattr(torchvision.models, name)(num_classes=2)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.8, 1.2)
            module.bias.data.normal_(0, 0.1)
    return network.eval()


def main(folder: str) -> None:
    warnings.simplefilter("ignore")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}")
    x, free = torch.rand(2, 3, 224, 224), torch.export.Dim.DYNAMIC
    for name in ("resnet18", "mobilenet_v2"):
        network = seeded(name)
        torch.onnx.export(
            network, (x,), f"{folder}/{name}.onnx", dynamo=True, dynamic_shapes=({0: free},), external_data=False
        )
        torch.onnx.export(
            network, (x,), f"{folder}/{name}-script.onnx", dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "N"}}
        )


if __name__ == "__main__":
    main(sys.argv[1])
