"""Writes the golden values of the losses: embeddings of small networks trained by PyTorch, with their losses.

Usage: write_loss_golden.py CASES_FOLDER LOSS > golden.json

CASES_FOLDER holds cases.json and <case>.safetensors as `npm run parity` reads them (made with PyTorch 1.13 and
torchvision 0.14; seeds in cases.json). Embeddings and losses are copied from there. The gradients are those of the
authors' formula, restated below in float64, by central differences; the formula is checked against PyTorch's loss.
Needs numpy and safetensors.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def barlow(z1, z2, case):
    def normalise(z):
        return (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)

    c = normalise(z1).T @ normalise(z2) / len(z1)
    on = ((np.diag(c) - 1) ** 2).sum()
    off = ((c - np.diag(np.diag(c))) ** 2).sum()
    return case["scale"] * (on + case["lambda"] * off)


def vicreg(z1, z2, case):
    similarity, variance, covariance = case["coeffs"]

    def shortfall(z):
        return np.maximum(0, 1 - np.sqrt(z.var(0, ddof=1) + 1e-4)).mean()

    def redundancy(z):
        c = np.cov(z.T)
        return ((c - np.diag(np.diag(c))) ** 2).sum() / z.shape[1]

    return (
        similarity * ((z1 - z2) ** 2).mean()
        + variance * (shortfall(z1) + shortfall(z2)) / 2
        + covariance * (redundancy(z1) + redundancy(z2))
    )


def simclr(z1, z2, case):
    z = np.concatenate([z1, z2])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    s = z @ z.T / case["temperature"]
    np.fill_diagonal(s, -np.inf)
    n = len(z1)
    partner = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
    return (np.log(np.exp(s).sum(1)) - s[np.arange(2 * n), partner]).mean()


def gradients(loss, z1, z2, case, step=1e-6):
    views = [z1.astype(np.float64), z2.astype(np.float64)]
    result = []
    for view in views:
        gradient = np.zeros_like(view)
        for index in np.ndindex(*view.shape):
            value = view[index]
            view[index] = value + step
            above = loss(*views, case)
            view[index] = value - step
            gradient[index] = (above - loss(*views, case)) / (2 * step)
            view[index] = value
        result.append([[float(f"{g:.7g}") for g in row] for row in gradient])
    return result


folder, name = Path(sys.argv[1]), sys.argv[2]
loss = {"barlow": barlow, "vicreg": vicreg, "simclr": simclr}[name]
golden = []
for case in json.loads((folder / "cases.json").read_text()):
    if case["loss"] != name or not case["detach"]:
        continue
    tensors = load_file(folder / f"{case['name']}.safetensors")
    for block in (1, 4):
        z1, z2 = (tensors[f"step0.block{block}.z{view}"] for view in (1, 2))
        total = float(tensors["step0.losses"][block - 1])
        restated = loss(z1.astype(np.float64), z2.astype(np.float64), case)
        assert abs(restated - total) < 2e-6 * abs(total), (case["name"], block, restated, total)
        options = {
            "barlow": lambda: {"lambda": case["lambda"], "scale": case["scale"]},
            "vicreg": lambda: dict(zip(("similarity", "variance", "covariance"), case["coeffs"])),
            "simclr": lambda: {"temperature": case["temperature"]},
        }[name]()
        golden.append(
            {
                "name": f"{case['name']}, block {block}",
                "options": options,
                "embeddings": [[[float(str(x)) for x in row] for row in z] for z in (z1, z2)],
                "total": float(str(tensors["step0.losses"][block - 1])),
                "gradients": gradients(loss, z1, z2, case),
            }
        )
provenance = "packages/testing/src/__fixtures__/write_loss_golden.py, from PyTorch 1.13's values"
json.dump({"provenance": provenance, "cases": golden}, sys.stdout)
print()
