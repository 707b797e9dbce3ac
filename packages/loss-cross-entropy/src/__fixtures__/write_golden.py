"""Writes golden values of cross-entropy over two views, by PyTorch in float64: `write_golden.py > golden.json`."""

import json
import sys

import torch
from torch.nn.functional import cross_entropy

cases = [
    {"name": "features", "input": "feature", "smoothing": 0.0, "batch": 6, "dim": 5, "classes": 4, "factor": 1.0},
    {"name": "smoothed targets", "input": "feature", "smoothing": 0.1, "batch": 6, "dim": 5, "classes": 4, "factor": 1.0},
    {"name": "embeddings", "input": "embedding", "smoothing": 0.3, "batch": 3, "dim": 4, "classes": 7, "factor": 1.0},
    {"name": "logits in the hundreds", "input": "feature", "smoothing": 0.1, "batch": 5, "dim": 3, "classes": 3, "factor": 300.0},
]


def rounded(tensor):
    return [rounded(row) for row in tensor] if tensor.dim() > 0 else float(f"{tensor.item():.9g}")


golden = []
for seed, case in enumerate(cases):
    torch.manual_seed(seed)
    batch, dim, classes = case["batch"], case["dim"], case["classes"]

    def draw(*shape):
        # As float32 holds them, so that both sides start from the same numbers.
        return torch.randn(*shape).double()

    views = [(case["factor"] * draw(batch, dim)).float().double().requires_grad_() for _ in range(2)]
    weight, bias = draw(dim, classes).requires_grad_(), draw(classes).requires_grad_()
    labels = torch.randint(classes, (batch,))
    total = sum(
        cross_entropy(x @ weight + bias, labels, label_smoothing=case["smoothing"]) for x in views
    ) / len(views)
    total.backward()
    key = case["input"]
    golden.append(
        {
            "name": case["name"],
            "options": {"input": key, "labelSmoothing": case["smoothing"]},
            f"{key}s": [rounded(x.detach()) for x in views],
            "labels": labels.tolist(),
            "classCount": classes,
            "parameters": {"classifier.weight": rounded(weight.detach()), "classifier.bias": rounded(bias.detach())},
            "total": float(f"{total.item():.9g}"),
            "otherGradients": {
                **{f"{key} of view {view + 1}": rounded(x.grad) for view, x in enumerate(views)},
                "parameter classifier.weight": rounded(weight.grad),
                "parameter classifier.bias": rounded(bias.grad),
            },
        }
    )
provenance = f"packages/loss-cross-entropy/src/__fixtures__/write_golden.py, PyTorch {torch.__version__}"
json.dump({"provenance": provenance, "cases": golden}, sys.stdout)
print()
