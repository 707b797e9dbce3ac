"""Writes linear.json: PyTorch's linear classifier on features that are other ones every epoch, as augmentation makes them.

Batches in a stored order, a smaller one last; SGD with momentum and decay; cosine stepped by epoch; accuracies of the
first and of the first five guesses on held-out rows after every epoch.

Run: /usr/bin/python3 generate_linear.py   (made with Python 3.11, PyTorch 1.13, numpy 1.24.2; seed 20251125)
"""
import json
import os
import platform

import numpy
import torch

ROWS, DIM, CLASSES, EPOCHS, BATCH = 40, 5, 12, 4, 16
OPTIONS = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01}
random = numpy.random.default_rng(20251125)

centres = random.normal(size=(CLASSES, DIM))


def rows(count):
    labels = random.integers(0, CLASSES, count)
    return (centres[labels] + 0.7 * random.normal(size=(count, DIM))).astype(numpy.float32), labels


features, labels = rows(ROWS)
test, test_labels = rows(30)
shifts = (0.3 * random.normal(size=(EPOCHS, ROWS, DIM))).astype(numpy.float32)
order = [random.permutation(ROWS).tolist() for _ in range(EPOCHS)]

linear = torch.nn.Linear(DIM, CLASSES, dtype=torch.float64)
linear.weight.data = torch.tensor(0.01 * random.normal(size=(CLASSES, DIM)).astype(numpy.float32)).double()
torch.nn.init.zeros_(linear.bias)
initial = linear.weight.detach().numpy().ravel().tolist()
optimizer = torch.optim.SGD(
    linear.parameters(), OPTIONS["learningRate"], OPTIONS["momentum"], weight_decay=OPTIONS["weightDecay"]
)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
hits = []
for epoch in range(EPOCHS):
    seen = torch.tensor(features + shifts[epoch]).double()
    for start in range(0, ROWS, BATCH):
        batch = order[epoch][start : start + BATCH]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(linear(seen[batch]), torch.tensor(labels[batch])).backward()
        optimizer.step()
    schedule.step()
    guesses = linear(torch.tensor(test).double()).topk(5, 1).indices
    right = guesses == torch.tensor(test_labels)[:, None]
    hits.append([int(right[:, 0].sum()), int(right.sum())])

result = {
    "environment": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
    "dim": DIM,
    "classCount": CLASSES,
    "batchSize": BATCH,
    "options": OPTIONS,
    "initial": initial,
    "labels": labels.tolist(),
    "epochs": [
        {"order": order[epoch], "features": (features + shifts[epoch]).ravel().tolist()} for epoch in range(EPOCHS)
    ],
    "test": {"features": test.ravel().tolist(), "labels": test_labels.tolist()},
    "hits": hits,
    "weight": linear.weight.detach().numpy().ravel().tolist(),
    "bias": linear.bias.detach().numpy().tolist(),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "linear.json"), "w") as file:
    json.dump(result, file)
    file.write("\n")
