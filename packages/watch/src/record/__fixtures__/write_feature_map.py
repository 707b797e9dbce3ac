"""Writes feature-map.json: principal components of random features by NumPy's singular value decomposition.

Run: python3 packages/watch/src/record/__fixtures__/write_feature_map.py
"""

import json
from pathlib import Path

import numpy as np

generator = np.random.default_rng(7)
cases = []
for images, dim in [(12, 5), (6, 20)]:
    features = (generator.normal(size=(images, dim)) * np.linspace(0.2, 3, dim) + 4).astype(np.float32)
    centred = features.astype(np.float64) - features.astype(np.float64).mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    points = u[:, :2] * s[:2]
    points *= np.sign(points[np.abs(points).argmax(axis=0), [0, 1]])
    cases.append(
        {
            "images": images,
            "dim": dim,
            "features": features.flatten().tolist(),
            "points": points.flatten().tolist(),
            "explained": (s[:2] ** 2 / (s**2).sum()).tolist(),
        }
    )
text = json.dumps({"numpy": np.__version__, "cases": cases}) + "\n"
Path(__file__).with_name("feature-map.json").write_text(text)
