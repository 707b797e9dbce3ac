"""Writes the checkpoints of the tests beside this script, and what PyTorch makes of them:
python3 write_checkpoints.py (torch 1.13.0, torchvision 0.14.1).

The networks are torchvision's ResNets, narrow ones: torchvision has no option for the stem's width, so that its
constructor is repeated here with another one.
"""

import json
import os

import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
width, dim = 2, 6


class NarrowResNet(torchvision.models.ResNet):
    def __init__(self, block, counts, heads):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, 64
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        for stage, count in enumerate(counts):
            layer = self._make_layer(block, width * 2**stage, count, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", layer)
        self.stages = len(counts)
        self.fc = nn.Identity()
        if heads:
            for stage in range(self.stages):
                head = nn.Sequential(
                    nn.Conv2d(width * 2**stage * block.expansion, dim, 1, bias=False),
                    nn.BatchNorm2d(dim),
                    nn.ReLU(),
                    nn.AdaptiveAvgPool2d((1, 1)),
                )
                setattr(self, f"pool_conv_block_{stage + 1}", head)

    def depths(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
            head = getattr(self, f"pool_conv_block_{stage + 1}", nn.AdaptiveAvgPool2d((1, 1)))
            yield x.mean((2, 3)), head(x).flatten(1)


def images():
    """[2, 3, 48, 48], the same as the tests make."""
    index = torch.arange(2 * 3 * 48 * 48, dtype=torch.float64)
    return torch.sin(0.37 * index + 0.001 * (index % 97)).float().reshape(2, 3, 48, 48)


def trained(network):
    """Weights and running statistics as after training: none is at its start."""
    network.train()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.3, 0.3)
        for _ in range(20):
            list(network.depths(images() + 0.3 * torch.randn(2, 3, 48, 48)))
    return network.eval()


class Whole(nn.Module):
    def __init__(self, backbone, projectors):
        super().__init__()
        self.backbone = backbone
        feature = dim if hasattr(backbone, "pool_conv_block_1") else width * 8

        def projector():
            return nn.Sequential(
                nn.Linear(feature, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 4, bias=False)
            )

        if projectors > 1:
            self.projector_list = nn.ModuleList(projector() for _ in range(projectors))
        else:
            self.projector = projector()
        self.bn = nn.BatchNorm1d(4, affine=False)


golden = {}


def write(name, value, backbone):
    torch.save(value, os.path.join(here, name))
    with torch.no_grad():
        golden[name] = [
            {"raw": raw.tolist(), "head": head.tolist()} for raw, head in backbone.depths(images())
        ]


def checkpoint(backbone, projectors):
    model = nn.DataParallel(Whole(backbone, projectors))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return {"epoch": 300, "model": model.state_dict(), "optimizer": optimizer.state_dict()}


blockwise = trained(NarrowResNet(Bottleneck, [1, 1, 2, 1], heads=True))
write("blockwise-final.pth", blockwise.state_dict(), blockwise)
write("blockwise-training.pth", checkpoint(blockwise, 4), blockwise)
barlow = trained(NarrowResNet(BasicBlock, [2, 1, 1, 1], heads=False))
write("barlow-twins-training.pth", checkpoint(barlow, 1), barlow)
classifier = trained(NarrowResNet(BasicBlock, [2, 1, 1, 1], heads=False))
classifier.fc = nn.Linear(width * 8, 10)
write("classifier.pth", classifier.state_dict(), classifier)
half = trained(NarrowResNet(BasicBlock, [1, 1, 1, 1], heads=False)).half().float()
write("half.pth", {"state_dict": {k: v.half() if v.is_floating_point() else v for k, v in half.state_dict().items()}}, half)

with open(os.path.join(here, "golden.json"), "w") as file:
    json.dump(golden, file, indent=1)
