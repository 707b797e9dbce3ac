"""Training steps in PyTorch: the same work as src/models.ts, to be timed beside ours.

    step.py --model tiny --order local --batch 128 --size 32 --threads 2 [--projector WIDTH] [--layout auto]

`authors` is the order of the paper's code: both views through the whole network with a detach between blocks, all losses
summed, one backward pass, so that the whole graph is held. `local` runs each block's backward pass at once. `end-to-end`
has one loss, after the last block.

Prints one JSON line when it is ready, then one for each line of its input: `steps N` times N steps, `gemm` the best rate of
a large matrix product. Memory is read after the first steps, before anything else is run.
"""
import argparse
import json
import os
import re
import resource
import sys
import time

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

MODELS = {
    "tiny": (BasicBlock, [1, 1, 1, 1], 16, "cifar", 128, 256),
    "r18w16": (BasicBlock, [2, 2, 2, 2], 16, "cifar", 128, 256),
    "r18": (BasicBlock, [2, 2, 2, 2], 64, "cifar", 512, 2048),
    "r50": (Bottleneck, [3, 4, 6, 3], 64, "imagenet", 2048, 8192),
}
LAYOUTS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


class Network(nn.Module):
    """Stem and four stages, with a 1x1 head and a projector of three layers behind each, or behind the last alone."""

    def __init__(self, unit, unit_counts, width, stem, dim, embedding, has_all_heads):
        super().__init__()
        trunk = ResNet(unit, unit_counts)
        trunk.inplanes = width
        if stem == "cifar":
            first = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        else:
            first = [
                nn.Conv2d(3, width, 7, 2, 3, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(3, 2, 1),
            ]
        stages = [
            trunk._make_layer(unit, width * 2**i, count, stride=1 if i == 0 else 2)
            for i, count in enumerate(unit_counts)
        ]
        self.stages = nn.ModuleList([nn.Sequential(*first, stages[0]), *stages[1:]])
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width * unit.expansion * 2**i, dim, 1, bias=False),
                nn.BatchNorm2d(dim),
                nn.ReLU(inplace=True),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(dim, embedding, bias=False),
                nn.BatchNorm1d(embedding),
                nn.ReLU(inplace=True),
                nn.Linear(embedding, embedding, bias=False),
                nn.BatchNorm1d(embedding),
                nn.ReLU(inplace=True),
                nn.Linear(embedding, embedding, bias=False),
            )
            if has_all_heads or i == len(unit_counts) - 1
            else nn.Identity()
            for i in range(len(unit_counts))
        )
        self.norm = nn.BatchNorm1d(embedding, affine=False)

    def loss(self, block, first, second):
        z1, z2 = (self.norm(self.heads[block](view)) for view in (first, second))
        correlation = z1.T @ z2 / len(z1)
        diagonal = torch.diagonal(correlation)
        off_diagonal = correlation.pow(2).sum() - diagonal.pow(2).sum()
        return (diagonal - 1).pow(2).sum() + 0.0051 * off_diagonal


class Work:
    """One network and what a step needs."""

    def __init__(self, options, layout):
        torch.manual_seed(0)
        *shape, embedding = MODELS[options.model]
        blockwise = options.order != "end-to-end"
        network = Network(*shape, options.projector or embedding, blockwise)
        self.order = options.order
        self.network = network.to(memory_format=LAYOUTS[layout])
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
        shape = options.batch, 3, options.size, options.size
        self.views = [torch.randn(shape).to(memory_format=LAYOUTS[layout]) for _ in range(2)]

    def step(self):
        begin = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=True)
        getattr(self, self.order.replace("-", "_"))()
        self.optimizer.step()
        return (time.perf_counter() - begin) * 1000

    def authors(self):
        outputs = []
        for view in self.views:
            outputs.append([])
            for stage in self.network.stages:
                view = stage(view)
                outputs[-1].append(view)
                view = view.detach()
        losses = [self.network.loss(block, *views) for block, views in enumerate(zip(*outputs))]
        sum(losses).backward()

    def local(self):
        first, second = self.views
        for block, stage in enumerate(self.network.stages):
            first, second = stage(first), stage(second)
            self.network.loss(block, first, second).backward()
            first, second = first.detach(), second.detach()

    def end_to_end(self):
        first, second = self.views
        for stage in self.network.stages:
            first, second = stage(first), stage(second)
        self.network.loss(len(self.network.stages) - 1, first, second).backward()


def resident():
    """What the process holds, and the most that it ever held, in bytes; without /proc, the most twice."""
    try:
        with open("/proc/self/status") as status:
            text = status.read()
    except OSError:
        return [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024] * 2
    return [int(re.search(name + r":\s+(\d+) kB", text)[1]) * 1024 for name in ("VmRSS", "VmHWM")]


def faster_layout(options):
    """Tries both layouts in a process of its own, so that nothing of the trial lies in this one's memory."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        torch.set_num_threads(options.threads)
        times = {}
        for layout in LAYOUTS:
            work = Work(options, layout)
            times[layout] = min(work.step() for _ in range(3))
        os.write(writes, min(times, key=times.get).encode())
        os._exit(0)
    os.close(writes)
    layout = os.read(reads, 64).decode()
    os.waitpid(child, 0)
    return layout or "contiguous"


def gemm_gflops(size=1024):
    left, right = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(12):
        begin = time.perf_counter()
        torch.mm(left, right)
        seconds.append(time.perf_counter() - begin)
    return 2 * size**3 / min(seconds) / 1e9


def say(value):
    print(json.dumps(value), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=list(MODELS), required=True)
    parser.add_argument("--order", choices=["authors", "local", "end-to-end"], required=True)
    parser.add_argument("--layout", choices=["auto", *LAYOUTS], default="auto")
    for name in ("batch", "size", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--projector", type=int)
    options = parser.parse_args()
    layout = faster_layout(options) if options.layout == "auto" else options.layout
    torch.set_num_threads(options.threads)
    work = Work(options, layout)
    before, _ = resident()
    work.step()
    work.step()
    _, peak = resident()
    say(
        {
            "description": f"PyTorch {torch.__version__}, {options.order}, {layout}",
            "threads": options.threads,
            "memory": {"beforeBytes": before, "peakBytes": peak},
        }
    )
    for line in sys.stdin:
        command, *count = line.split()
        if command == "gemm":
            say({"gflopsPerSecond": gemm_gflops()})
        else:
            say({"stepMs": [work.step() for _ in range(int(count[0]))]})


main()
