"""Writes golden.json: two units of a VGG with batch norm in PyTorch, forward and backward.

Usage: python write_golden.py > golden.json

The modules are those of torchvision's `vgg11_bn().features` up to the first pooling, without biases of convolutions (made
with PyTorch 1.13). Tensors are written channels last, filters as [height, width, in, out].
"""

import json

import torch
from torch import nn

torch.manual_seed(0)
features = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1, bias=False),
    nn.BatchNorm2d(4),
    nn.ReLU(),
    nn.Conv2d(4, 5, 3, padding=1, bias=False),
    nn.BatchNorm2d(5),
    nn.ReLU(),
    nn.MaxPool2d(2, 2),
)
with torch.no_grad():
    for module in features:
        if isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.5)
            module.bias.uniform_(-0.5, 0.5)
x = torch.randn(3, 3, 5, 6, requires_grad=True)
weights = torch.randn(3, 5, 2, 3)


def last(tensor):
    return tensor.detach().permute(0, 2, 3, 1).tolist()


def filters(tensor):
    return tensor.detach().permute(2, 3, 1, 0).tolist()


def stored(name, tensor):
    return filters(tensor) if tensor.dim() == 4 else tensor.detach().tolist()


parameters = {name: stored(name, tensor) for name, tensor in features.named_parameters()}
trained = features(x)
(trained * weights).sum().backward()
buffers = {name: b.tolist() for name, b in features.named_buffers() if "running" in name}
features.eval()
print(
    json.dumps(
        {
            "x": last(x),
            "parameters": parameters,
            "outputWeights": last(weights),
            "trained": last(trained),
            "gradient": last(x.grad),
            "buffers": buffers,
            "evaluated": last(features(x)),
        }
    )
)
