"""Times a training step in PyTorch: the same work as src/models.ts, one block at a time, or end to end.

Usage: step.py MODEL blockwise|end-to-end BATCH SIZE STEPS THREADS; prints one JSON object.
"""
import json
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


class Network(nn.Module):
    """Stem and four stages, each with a 1x1 head and a projector of three layers."""

    def __init__(self, unit, unit_counts, width, stem, dim, embedding):
        super().__init__()
        trunk = ResNet(unit, unit_counts)
        trunk.inplanes = width
        if stem == "cifar":
            first = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        else:
            first = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        stages = [
            trunk._make_layer(unit, width * 2**i, count, stride=1 if i == 0 else 2)
            for i, count in enumerate(unit_counts)
        ]
        self.stages = nn.ModuleList([nn.Sequential(*first, stages[0]), *stages[1:]])
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width * unit.expansion * 2**i, dim, 1, bias=False),
                nn.BatchNorm2d(dim),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(dim, embedding, bias=False),
                nn.BatchNorm1d(embedding),
                nn.ReLU(),
                nn.Linear(embedding, embedding, bias=False),
                nn.BatchNorm1d(embedding),
                nn.ReLU(),
                nn.Linear(embedding, embedding, bias=False),
            )
            for i in range(len(unit_counts))
        )
        self.norm = nn.BatchNorm1d(embedding, affine=False)

    def loss(self, block, first, second):
        z1, z2 = (self.norm(self.heads[block](view)) for view in (first, second))
        correlation = z1.T @ z2 / len(z1)
        diagonal = torch.diagonal(correlation)
        off_diagonal = correlation.pow(2).sum() - diagonal.pow(2).sum()
        return (diagonal - 1).pow(2).sum() + 0.0051 * off_diagonal


def main():
    model, mode = sys.argv[1:3]
    batch, size, steps, threads = map(int, sys.argv[3:7])
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    network = Network(*MODELS[model])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    views = torch.randn(batch, 3, size, size), torch.randn(batch, 3, size, size)

    def step():
        optimizer.zero_grad(set_to_none=True)
        first, second = views
        last = len(network.stages) - 1
        for block, stage in enumerate(network.stages):
            first, second = stage(first), stage(second)
            if mode == "blockwise" or block == last:
                network.loss(block, first, second).backward()
            if mode == "blockwise":
                first, second = first.detach(), second.detach()
        optimizer.step()

    times = []
    for index in range(steps + 2):
        start = time.perf_counter()
        step()
        if index >= 2:
            times.append(time.perf_counter() - start)
    median = sorted(times)[len(times) // 2]
    print(
        json.dumps(
            {
                "pairsPerSecond": batch / median,
                "stepMsMedian": median * 1000,
                "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "threads": threads,
                "version": torch.__version__,
            }
        )
    )


main()
