"""Writes check-golden.json: convolutions and their gradients by PyTorch, of small whole numbers."""

import json
from pathlib import Path

import torch


def whole(shape, modulus, less):
    count = 1
    for length in shape:
        count *= length
    return torch.tensor([(i * 7) % modulus - less for i in range(count)], dtype=torch.float64).reshape(shape)


def case(name, x_shape, filter_shape, stride):
    x = whole(x_shape, 5, 2).requires_grad_()
    filters = whole(filter_shape, 3, 1).requires_grad_()
    length, window = x_shape[1], filter_shape[0]
    total = max((-(-length // stride) - 1) * stride + window - length, 0)
    front, back = total // 2, total - total // 2
    padded = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (front, back, front, back))
    y = torch.nn.functional.conv2d(padded, filters.permute(3, 2, 0, 1), stride=stride).permute(0, 2, 3, 1)
    y.backward(whole(list(y.shape), 4, 1))

    def record(tensor, values):
        return {"shape": list(tensor.shape), "values": [int(v) for v in values.reshape(-1).tolist()]}

    return {
        "name": name,
        "stride": stride,
        "y": record(y, y.detach()),
        "x": record(x, x.grad),
        "filter": record(filters, filters.grad),
    }


cases = [
    case("a 3x3 convolution", [2, 5, 5, 3], [3, 3, 3, 4], 1),
    case("a 3x3 convolution with stride 2", [1, 6, 6, 2], [3, 3, 2, 3], 2),
    case("a 1x1 convolution", [2, 3, 3, 4], [1, 1, 4, 2], 1),
]
Path(__file__).with_name("check-golden.json").write_text(json.dumps(cases) + "\n")
