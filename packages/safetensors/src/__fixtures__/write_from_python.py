"""Wrote from-python.safetensors: safetensors 0.8.0, numpy, Python 3.11. Run in this folder."""

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "float32": np.array([[1.5, -0.0], [np.inf, 3.4028235e38]], dtype=np.float32),
        "float64": np.array([0.1, -1e300], dtype=np.float64),
        "int64": np.array([-(2**63), 2**63 - 1], dtype=np.int64),
        "int32": np.array([-7, 2147483647], dtype=np.int32),
        "uint16": np.array([65535], dtype=np.uint16),
        "float16": np.array([1.0, -2.0], dtype=np.float16),
        "bool": np.array([True, False, True]),
        "uint8": np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
        "scalar": np.array(42.0, dtype=np.float32),
        "empty": np.zeros((0, 3), dtype=np.float32),
        "layer1.0.größe": np.array([1.0], dtype=np.float32),
    },
    "from-python.safetensors",
    metadata={"note": "größe ✓", "format": "np"},
)
