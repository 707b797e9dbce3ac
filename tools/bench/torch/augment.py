"""Makes the two views of Barlow Twins on one core, to be timed beside ours.

    augment.py --size 32 --raw FILE --side 32      images in memory: FILE has their bytes, side x side x 3 each
    augment.py --size 224 --folder FOLDER          images in class folders, read and decoded each time

Prints one JSON line when it is ready, then one for each `images N` on its input: the processor time that N images took,
collated into batches as a DataLoader does.
"""

import argparse
import json
import sys
import time

import numpy
import PIL
import torch
import torchvision
from PIL import Image
from views import TwoViews

parser = argparse.ArgumentParser()
for name in ("size", "batch"):
    parser.add_argument(f"--{name}", type=int, required=True)
parser.add_argument("--raw")
parser.add_argument("--side", type=int)
parser.add_argument("--folder")
options = parser.parse_args()
torch.set_num_threads(1)


class Raw(torch.utils.data.Dataset):
    """Images that lie in memory."""

    def __init__(self):
        self.images = numpy.fromfile(options.raw, numpy.uint8).reshape(-1, options.side, options.side, 3)
        self.views = TwoViews(options.size)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.views(Image.fromarray(self.images[index])), 0


images = Raw() if options.raw else torchvision.datasets.ImageFolder(options.folder, TwoViews(options.size))


def batches():
    while True:
        yield from torch.utils.data.DataLoader(images, options.batch, shuffle=True)


def take(count):
    begin, made = time.process_time(), 0
    for (first, _), _ in source:
        made += len(first)
        if made >= count:
            return made / (time.process_time() - begin)


source = batches()
take(1)
print(json.dumps({"description": f"Pillow {PIL.__version__}, torchvision {torchvision.__version__}"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"imagesPerCpuSecond": take(int(line.split()[1]))}), flush=True)
