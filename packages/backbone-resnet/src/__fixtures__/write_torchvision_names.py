"""Writes names and shapes of the tensors of torchvision's ResNets, without the classifier.

Usage: write_torchvision_names.py > torchvision-names.json    (made with torchvision 0.14)
"""

import json

import torchvision

lines = []
for depth in (18, 34, 50, 101, 152):
    state = getattr(torchvision.models, f"resnet{depth}")().state_dict()
    shapes = {
        name: list(tensor.shape)
        for name, tensor in state.items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    }
    lines.append(f'"{depth}": {json.dumps(shapes, separators=(",", ":"))}')
print("{\n" + ",\n".join(lines) + "\n}")
