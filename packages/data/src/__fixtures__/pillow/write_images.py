"""Writes small images of several kinds, and beside each what Pillow makes of it: Image.open(file).convert("RGB").

python3 write_images.py   (Pillow 9.4.0, libjpeg-turbo)
"""

from pathlib import Path

import numpy as np
from PIL import Image

folder = Path(__file__).parent
rows, columns = np.mgrid[0:48, 0:64]


def channel(phase: float) -> np.ndarray:
    waves = np.sin(columns / 5 + phase) + np.cos(rows / 7 - phase) + np.sin(rows * columns / 90 + phase)
    return np.clip(128 + 42 * waves, 0, 255).astype(np.uint8)


colour = Image.fromarray(np.stack([channel(0), channel(1), channel(2)], axis=-1))
grey = Image.fromarray(channel(3))
inks = Image.fromarray(np.stack([channel(0), channel(1), channel(2), channel(4) // 2], axis=-1), "CMYK")
turned = Image.Exif()
turned[0x0112] = 6  # Turn by a quarter to see it upright: torchvision does not.

colour.save(folder / "colour.jpg", quality=85)
colour.save(folder / "progressive.jpg", quality=85, progressive=True, subsampling=0)
colour.save(folder / "turned.jpg", quality=85, exif=turned)
colour.quantize(16).save(folder / "palette.png")
grey.save(folder / "grey.jpg", quality=85)
inks.save(folder / "cmyk.jpg", quality=85)

for path in sorted(folder.glob("*.*")):
    if path.suffix in {".jpg", ".png"} and not path.stem.endswith("-rgb"):
        Image.open(path).convert("RGB").save(folder / f"{path.stem}-rgb.png")
