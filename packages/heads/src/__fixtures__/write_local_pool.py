"""Writes golden values of local pooling: PyTorch's AdaptiveAvgPool2d, flattened, and its gradient.

Usage: write_local_pool.py > local-pool.json. Made with PyTorch 1.13. Maps are in PyTorch's axis order.
"""

import json

import torch

torch.manual_seed(20241)
cases = []
for batch, channels, height, width, grid in [
    (2, 3, 4, 4, 2),
    (1, 2, 7, 7, 3),
    (2, 2, 5, 8, 3),
    (1, 3, 7, 5, 4),
    (1, 2, 6, 4, 1),
    (1, 1, 2, 3, 5),
]:
    x = torch.randn(batch, channels, height, width, requires_grad=True)
    output = torch.nn.AdaptiveAvgPool2d(grid)(x).flatten(1)
    weights = torch.randn_like(output)
    (output * weights).sum().backward()
    numbers = {"input": x, "output": output, "outputWeights": weights, "inputGradient": x.grad}
    case = {"grid": grid}
    for name, tensor in numbers.items():
        data = [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]
        case[name] = {"shape": list(tensor.shape), "data": data}
    cases.append(case)
print(json.dumps(cases))
