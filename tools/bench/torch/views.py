"""The two views of Barlow Twins with Pillow and torchvision, as in facebookresearch/barlowtwins, main.py."""

import random

from PIL import ImageFilter, ImageOps
from torchvision import transforms as T


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


def view(size, blur, solarize):
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
    """Makes both views of an image."""

    def __init__(self, size):
        self.first, self.second = view(size, 1.0, 0.0), view(size, 0.1, 0.2)

    def __call__(self, image):
        return self.first(image), self.second(image)
