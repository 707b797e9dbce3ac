"""Writes golden values of Greedy InfoMax's loss from its formula, by PyTorch in float64: `write_golden.py > golden.json`.

Every place is a sum over other samples written out one by one, to share nothing with the implementation but the formula.
"""

import json
import sys

import torch
from torch.nn.functional import adaptive_avg_pool2d

cases = [
    {"name": "all negatives", "steps": 2, "negatives": "all", "temperature": 1.0, "grid": 7, "shape": [3, 4, 2, 3]},
    {"name": "two negatives, a temperature", "steps": 1, "negatives": 2, "temperature": 0.5, "grid": 7, "shape": [5, 2, 3, 2]},
    {"name": "pooled to uneven patches", "steps": 2, "negatives": "all", "temperature": 2.0, "grid": 3, "shape": [3, 5, 4, 2]},
    {"name": "scores in the hundreds", "steps": 1, "negatives": "all", "temperature": 0.01, "grid": 2, "shape": [4, 2, 2, 2]},
]


def rounded(tensor):
    return [rounded(row) for row in tensor] if tensor.dim() > 0 else float(f"{tensor.item():.9g}")


def loss_of(maps, weights, case):
    total = 0
    for k, weight in enumerate(weights, 1):
        parts = []
        for patches in maps:  # [batch, height, width, channels]
            grid = [min(case["grid"], size) for size in patches.shape[1:3]]
            patches = adaptive_avg_pool2d(patches.permute(0, 3, 1, 2), grid).permute(0, 2, 3, 1)
            batch, rows, columns, _ = patches.shape
            for i in range(batch):
                count = batch - 1 if case["negatives"] == "all" else case["negatives"]
                candidates = [(i + offset) % batch for offset in range(count + 1)]
                for row in range(rows - k):
                    for column in range(columns):
                        context = patches[i, row, column] @ weight
                        scores = torch.stack([context @ patches[j, row + k, column] for j in candidates])
                        parts.append(-torch.log_softmax(scores / case["temperature"], 0)[0])
        total = total + torch.stack(parts).mean() / len(weights)
    return total


golden = []
for seed, case in enumerate(cases):
    torch.manual_seed(seed)

    def draw(*shape):
        # As float32 holds them, so that both sides start from the same numbers.
        return torch.randn(*shape).double().requires_grad_()

    maps = [draw(*case["shape"]) for _ in range(2)]
    channels = case["shape"][3]
    weights = [draw(channels, channels) for _ in range(case["steps"])]
    total = loss_of(maps, weights, case)
    total.backward()
    golden.append(
        {
            "name": case["name"],
            "options": {
                "predictionSteps": case["steps"],
                "negatives": case["negatives"],
                "temperature": case["temperature"],
                "grid": case["grid"],
            },
            "maps": [rounded(x.detach()) for x in maps],
            "parameters": {f"predict.{k}.weight": rounded(w.detach()) for k, w in enumerate(weights, 1)},
            "total": float(f"{total.item():.9g}"),
            "otherGradients": {
                **{f"map of view {view + 1}": rounded(x.grad) for view, x in enumerate(maps)},
                **{f"parameter predict.{k}.weight": rounded(w.grad) for k, w in enumerate(weights, 1)},
            },
        }
    )
provenance = f"packages/loss-greedy-infomax/src/__fixtures__/write_golden.py, PyTorch {torch.__version__}"
json.dump({"provenance": provenance, "cases": golden}, sys.stdout)
print()
