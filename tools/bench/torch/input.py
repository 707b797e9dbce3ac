"""Times reading, decoding and augmenting of images with Pillow and torchvision.

python3 input.py FOLDER SIZE BATCH WORKERS COUNT

The two views of Barlow Twins, as in facebookresearch/barlowtwins, main.py; prints one JSON object. Processor time is that of
the worker processes alone, but for the starting of them.
"""

import json
import random
import resource
import sys
import time

import PIL
import torch
import torchvision
from PIL import Image, ImageFilter, ImageOps
from torchvision import transforms as T

folder, size, batch, workers, count = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(1)


class Blur:
    def __init__(self, probability):
        self.probability = probability

    def __call__(self, image):
        if random.random() >= self.probability:
            return image
        return image.filter(ImageFilter.GaussianBlur(random.random() * 1.9 + 0.1))


class Solarize:
    def __init__(self, probability):
        self.probability = probability

    def __call__(self, image):
        return ImageOps.solarize(image) if random.random() < self.probability else image


def view(blur, solarize):
    return T.Compose(
        [
            T.RandomResizedCrop(size, interpolation=T.InterpolationMode.BICUBIC),
            T.RandomHorizontalFlip(0.5),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(0.2),
            Blur(blur),
            Solarize(solarize),
            T.ToTensor(),
            T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )


class TwoViews:
    first, second = view(1.0, 0.0), view(0.1, 0.2)

    def __call__(self, image):
        return self.first(image), self.second(image)


def used():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


images = torchvision.datasets.ImageFolder(folder, TwoViews())
chosen = [i % len(images) for i in torch.randperm(max(count, len(images))).tolist()[:count]]
loader = torch.utils.data.DataLoader(
    torch.utils.data.Subset(images, chosen), batch_size=batch, num_workers=workers, drop_last=False
)
cpu, begin, made = used(), time.perf_counter(), 0
for (first, _), _ in loader:
    made += len(first)
seconds = time.perf_counter() - begin
print(
    json.dumps(
        {
            "imagesPerSecond": made / seconds,
            "imagesPerCpuSecond": made / (used() - cpu),
            "version": f"Pillow {PIL.__version__}, torchvision {torchvision.__version__}",
        }
    )
)
