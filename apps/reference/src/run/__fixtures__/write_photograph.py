"""Writes a JPEG file and what Pillow and torchvision make of it at 224 pixels: antialiased bicubic crops.

python3 write_photograph.py   (Pillow 9.4.0, torchvision 0.14.1)
"""

from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

folder = Path(__file__).parent
height, width = 360, 480
rows, columns = np.mgrid[0:height, 0:width]
random = np.random.default_rng(1)


def channel(phase: float) -> np.ndarray:
    slow = np.sin(columns / 40 + phase) + np.cos(rows / 55 - phase)
    fast = np.sin(rows * columns / 2000 + phase) + 0.3 * random.standard_normal((height, width))
    return np.clip(128 + 45 * slow + 25 * fast, 0, 255).astype(np.uint8)


Image.fromarray(np.stack([channel(0), channel(1), channel(2)], axis=-1)).save(folder / "photograph.jpg", quality=75)
image = Image.open(folder / "photograph.jpg").convert("RGB")
bicubic = InterpolationMode.BICUBIC
F.resized_crop(image, 0, 0, height, width, [224, 224], bicubic).save(folder / "photograph-crop-224.png")
F.center_crop(F.resize(image, 224, bicubic), 224).save(folder / "photograph-evaluation-224.png")
