"""Times reading, decoding and augmenting of images with Pillow and torchvision.

python3 input.py FOLDER SIZE BATCH WORKERS COUNT

The two views of Barlow Twins, as in facebookresearch/barlowtwins, main.py; prints one JSON object. Processor time is that of
the worker processes alone, but for the starting of them.
"""

import json
import resource
import sys
import time

import PIL
import torch
import torchvision
from views import TwoViews

folder, size, batch, workers, count = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(1)


def used():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


images = torchvision.datasets.ImageFolder(folder, TwoViews(size))
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
