"""Writes reference.json: what PyTorch and numpy make of small tables (float64).

- `probe`: full-batch softmax regression with SGD from zero weights, on overlapping classes, standardised.
- `description`: collapse indicators by singular value decomposition and numpy's corrcoef.

Run: /usr/bin/python3 generate.py   (made with Python 3.11, PyTorch 1.13.1, numpy 1.24.2; seed 20240612)
"""
import json
import os
import platform

import numpy
import torch

SEED = 20240612
random = numpy.random.default_rng(SEED)


def table(rows, dim, classes, spread):
    labels = random.integers(0, classes, rows)
    centres = random.normal(size=(classes, dim))
    features = (centres[labels] + spread * random.normal(size=(rows, dim))).astype(numpy.float32)
    return features * random.uniform(0.1, 10, dim).astype(numpy.float32) + 3, labels


def probe(features, labels, classes, epochs, rate, momentum, decay):
    x = torch.tensor(features, dtype=torch.float64)
    x = (x - x.mean(0)) / x.std(0, unbiased=False)
    y = torch.tensor(labels)
    linear = torch.nn.Linear(x.shape[1], classes, dtype=torch.float64)
    torch.nn.init.zeros_(linear.weight)
    torch.nn.init.zeros_(linear.bias)
    optimizer = torch.optim.SGD(linear.parameters(), lr=rate, momentum=momentum, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(linear(x), y).backward()
        optimizer.step()
        schedule.step()
    return torch.cat([linear.weight, linear.bias[:, None]], 1).detach().numpy()


def describe(features):
    x = features.astype(numpy.float64)
    unit = x / numpy.linalg.norm(x, axis=1, keepdims=True)
    share = numpy.linalg.svd(x, compute_uv=False)
    share = share / share.sum()
    correlation = numpy.abs(numpy.corrcoef(x.T))
    dim = x.shape[1]
    return {
        "deviation": unit.std(0).mean(),
        "effectiveRank": numpy.exp(-(share * numpy.log(share)).sum()),
        "meanAbsoluteCorrelation": (correlation.sum() - dim) / (dim * (dim - 1)),
    }


features, labels = table(90, 5, 3, 1.5)
options = dict(epochs=40, learningRate=0.3, momentum=0.9, weightDecay=0.01)
weights = probe(features, labels, 3, options["epochs"], options["learningRate"], options["momentum"], options["weightDecay"])

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json"), "w") as file:
    json.dump(
        {
            "made": f"generate.py, Python {platform.python_version()}, PyTorch {torch.__version__}, numpy {numpy.__version__}, seed {SEED}",
            "dim": 5,
            "classCount": 3,
            "features": features.astype(float).ravel().tolist(),
            "labels": labels.tolist(),
            "probe": {"options": options, "weights": [float(f"{w:.9g}") for w in weights.ravel()]},
            "description": describe(features),
        },
        file,
    )
    file.write("\n")
