"""Writes golden.json: what numpy, scipy, scikit-image, OpenCV and Pillow make of small images, for corruptions without chance.

Each reference composes those libraries' own functions with the published strengths of ImageNet-C and CIFAR-10-C
(Hendrycks & Dietterich 2019, arXiv 1903.12261): values from 0 to 1 in float64, cut off, times 255, whole part.

Run: /usr/bin/python3 write_corruption_golden.py   (Python 3.11, numpy 1.24.2, scipy 1.10.1, scikit-image 0.19.3,
OpenCV 4.6.0, Pillow 9.4.0; seed 20240612)
"""
import base64
import io
import json
import os

import cv2
import numpy
from PIL import Image
from scipy import ndimage
from skimage import color, filters

SEED = 20240612
random = numpy.random.default_rng(SEED)


def photo(height, width, channels):
    """Smooth shapes with an edge and some texture: something between a photograph and noise."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        wave = 0.5 + 0.3 * numpy.sin(x / (3 + channel) + y / 7) + 0.2 * numpy.cos(y / (4 + channel))
        wave = numpy.where((x - width / 2) ** 2 + (y - height / 3) ** 2 < (height / 4) ** 2, 1 - wave / 2, wave)
        planes.append(wave + 0.08 * random.normal(size=wave.shape))
    image = numpy.clip(numpy.stack(planes, -1), 0, 1) * 255
    return image.round().astype(numpy.uint8)


def finish(x):
    return (numpy.clip(x, 0, 1) * 255).astype(numpy.uint8)


def unit(image):
    return image / 255.0


def brightness(image, added):
    rgb = unit(image if image.shape[2] == 3 else numpy.repeat(image, 3, 2))
    hsv = color.rgb2hsv(rgb)
    hsv[..., 2] = numpy.clip(hsv[..., 2] + added, 0, 1)
    return finish(color.hsv2rgb(hsv))[..., : image.shape[2]]


def contrast(image, kept):
    x = unit(image)
    mean = x.mean(axis=(0, 1), keepdims=True)
    return finish((x - mean) * kept + mean)


def disk(radius, smoothing):
    reach = 8 if radius <= 8 else radius
    y, x = numpy.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = (x**2 + y**2 <= radius**2).astype(numpy.float32)
    side = 3 if radius <= 8 else 5
    return cv2.GaussianBlur(kernel / kernel.sum(), ksize=(side, side), sigmaX=smoothing)


def defocus_blur(image, lens):
    kernel = disk(*lens)
    x = unit(image)
    return finish(numpy.stack([cv2.filter2D(x[..., c], -1, kernel) for c in range(x.shape[2])], -1))


def zoomed(x, factor):
    size = x.shape[0]
    part = int(numpy.ceil(size / factor))
    start = (size - part) // 2
    large = ndimage.zoom(x[start : start + part, start : start + part], (factor, factor, 1), order=1)
    trim = (large.shape[0] - size) // 2
    return large[trim : trim + size, trim : trim + size]


def zoom_blur(image, zoom):
    x = unit(image)
    factors = numpy.arange(1, *zoom)
    return finish((x + sum(zoomed(x, factor) for factor in factors)) / (len(factors) + 1))


def as_pillow(image):
    return Image.fromarray(image if image.shape[2] == 3 else image[..., 0])


def from_pillow(image):
    array = numpy.asarray(image)
    return array if array.ndim == 3 else array[..., None]


def pixelate(image, share):
    height, width = image.shape[:2]
    small = as_pillow(image).resize((int(width * share), int(height * share)), Image.BOX)
    return from_pillow(small.resize((width, height), Image.BOX))


def jpeg_compression(image, quality):
    file = io.BytesIO()
    as_pillow(image).save(file, "JPEG", quality=quality)
    return from_pillow(Image.open(file))


STRENGTHS = {
    "brightness": (brightness, [0.1, 0.2, 0.3, 0.4, 0.5], [0.05, 0.1, 0.15, 0.2, 0.3]),
    "contrast": (contrast, [0.4, 0.3, 0.2, 0.1, 0.05], [0.75, 0.5, 0.4, 0.3, 0.15]),
    "defocus-blur": (
        defocus_blur,
        [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
        [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    ),
    "zoom-blur": (
        zoom_blur,
        [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)],
        [(1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)],
    ),
    "pixelate": (pixelate, [0.6, 0.5, 0.4, 0.3, 0.25], [0.95, 0.9, 0.85, 0.75, 0.65]),
    "jpeg-compression": (jpeg_compression, [25, 18, 15, 10, 7], [80, 65, 58, 50, 40]),
}


def text(array):
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


def gaussian_cases():
    """Blurs with what lies beyond the edge, for the pieces of glass blur and elastic transform."""
    field = random.uniform(-1, 1, (12, 12))
    return {
        "field": field.ravel().tolist(),
        "repeatEdge": filters.gaussian(field, sigma=1.1, mode="nearest", truncate=4).ravel().tolist(),
        "mirrorWithEdge": filters.gaussian(field, sigma=6.4, mode="reflect", truncate=3).ravel().tolist(),
    }


def warp_case():
    field = random.uniform(0, 1, (9, 9))
    places = numpy.mgrid[0:9, 0:9] + random.uniform(-4, 4, (2, 9, 9))
    return {
        "field": field.ravel().tolist(),
        "places": places.reshape(2, -1).tolist(),
        "mirrorWithEdge": ndimage.map_coordinates(field, places, order=1, mode="reflect").ravel().tolist(),
    }


images = {"color": photo(32, 32, 3), "grey": photo(28, 28, 1), "odd": photo(45, 45, 3), "tiny": photo(5, 7, 3)}
cases = []
for name, (function, imagenet, cifar) in STRENGTHS.items():
    for scale, strengths in (("imagenet", imagenet), ("cifar", cifar)):
        for severity, strength in enumerate(strengths, 1):
            for key, image in images.items():
                if key != "color" and severity != 3 or key == "tiny" and name != "jpeg-compression":
                    continue
                out = function(image, strength)
                assert out.shape == image.shape and out.dtype == numpy.uint8, (name, out.shape)
                case = {"corruption": name, "scale": scale, "severity": severity, "image": key}
                cases.append({**case, "out": text(out)})

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as file:
    json.dump(
        {
            "made": f"write_corruption_golden.py, numpy {numpy.__version__}, OpenCV {cv2.__version__}, seed {SEED}",
            "images": {
                key: {"height": i.shape[0], "width": i.shape[1], "channels": i.shape[2], "data": text(i)}
                for key, i in images.items()
            },
            "cases": cases,
            "gaussian": gaussian_cases(),
            "warp": warp_case(),
        },
        file,
    )
    file.write("\n")
