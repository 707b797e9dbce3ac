"""Writes what PyTorch's layers make of small inputs, in PyTorch's axis order.

Usage: write_torch_layers.py > torch-layers.json    (made with PyTorch 1.13, seed 1)
"""

import json

import torch
from torch import nn

torch.manual_seed(1)


def numbers(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]}


def batch_norm(norm, *shape):
    """Two training steps, then evaluation, with the gradient of sum(output * weights) in the second step."""
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.uniform_(norm.bias, -1, 1)
    inputs = [torch.randn(shape) * 2 + 1, torch.randn(shape) - 1]
    weights = torch.randn(shape)
    norm(inputs[0])
    x = inputs[1].clone().requires_grad_()
    output = norm(x)
    (output * weights).sum().backward()
    norm.eval()
    return {
        "weight": numbers(norm.weight),
        "bias": numbers(norm.bias),
        "inputs": [numbers(value) for value in inputs],
        "outputWeights": numbers(weights),
        "output": numbers(output),
        "inputGradient": numbers(x.grad),
        "weightGradient": numbers(norm.weight.grad),
        "biasGradient": numbers(norm.bias.grad),
        "runningMean": numbers(norm.running_mean),
        "runningVariance": numbers(norm.running_var),
        "evaluation": numbers(norm(inputs[0])),
    }


def convolution(kernel, stride, padding, size):
    conv = nn.Conv2d(3, 4, kernel, stride, padding, bias=False)
    x = torch.randn(2, 3, *size)
    return {
        "kernelSize": kernel,
        "stride": stride,
        "padding": padding,
        "weight": numbers(conv.weight),
        "input": numbers(x),
        "output": numbers(conv(x)),
    }


def linear():
    layer = nn.Linear(5, 3, bias=False)
    x = torch.randn(4, 5)
    return {"weight": numbers(layer.weight), "input": numbers(x), "output": numbers(layer(x))}


print(
    json.dumps(
        {
            "batchNorm1d": batch_norm(nn.BatchNorm1d(3), 5, 3),
            "batchNorm2d": batch_norm(nn.BatchNorm2d(3), 2, 3, 3, 2),
            "convolutions": [
                convolution(1, 1, 0, (3, 4)),
                convolution(1, 2, 0, (5, 4)),
                convolution(3, 1, 1, (4, 3)),
                convolution(3, 2, 1, (5, 6)),
                convolution(7, 2, 3, (8, 7)),
            ],
            "linear": linear(),
        }
    )
)
