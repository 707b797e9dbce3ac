"""Writes golden.npy with numpy: python3 write_npy_golden.py (numpy 2.4.6, 2026-11-25)."""

from pathlib import Path

import numpy

rows = (numpy.arange(6, dtype=numpy.float32) / 4 - 1).reshape(3, 2)
numpy.save(Path(__file__).parent / "golden.npy", rows)
