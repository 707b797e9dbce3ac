"""Takes torchvision's whole ResNets through the command line and back, and compares: python3 tools/parity/check_interop.py
(torch 1.13.0, torchvision 0.14.1, Pillow; after npm run build). Prints the largest differences.

For each network: random weights and statistics to .pth; import; features of photographs of noise against PyTorch's;
export to safetensors; loaded into torchvision again, strictly, and compared bit by bit.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy
import torch
import torchvision
from PIL import Image

cli = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/reference/dist/cli.js")
depths = sys.argv[1:] or ["18", "50"]
mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def blockwise(*words):
    start = time.time()
    subprocess.run(["node", cli, *words], check=True, stdout=subprocess.DEVNULL)
    return time.time() - start


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    kinds = {"F32": numpy.float32, "I32": numpy.int32}
    return {
        name: torch.from_numpy(
            numpy.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]])
            .reshape(entry["shape"])
            .copy()
        )
        for name, entry in header.items()
    }


def random_network(depth):
    torch.manual_seed(int(depth))
    network = getattr(torchvision.models, f"resnet{depth}")()
    for name, tensor in network.state_dict().items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    return network.eval()


def features(network, images):
    x = network.maxpool(network.relu(network.bn1(network.conv1(images))))
    for stage in range(4):
        x = getattr(network, f"layer{stage + 1}")(x)
        yield f"layer{stage + 1}", x.mean((2, 3))


with tempfile.TemporaryDirectory() as folder, torch.no_grad():
    place = lambda name: os.path.join(folder, name)
    os.mkdir(place("images"))
    pixels = numpy.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), dtype=numpy.uint8)
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(place(f"images/{index}.png"))
    images = ((torch.from_numpy(pixels).float() / 255 - mean) / std).permute(0, 3, 1, 2)
    for depth in depths:
        network = random_network(depth)
        torch.save(network.state_dict(), place(f"{depth}.pth"))
        seconds = blockwise("import", place(f"{depth}.pth"), "--out", place(depth))
        blockwise("features", place(depth), place("images"), "--out", place(f"{depth}-features.safetensors"))
        ours = read_safetensors(place(f"{depth}-features.safetensors"))
        for stage, wanted in features(network, images):
            error = (ours[f"{stage}.raw"] - wanted).abs().max() / wanted.abs().max()
            print(f"resnet{depth} {stage}: largest difference {error:.1e} of the largest feature")
        blockwise("export", place(depth), "--out", place(f"{depth}.safetensors"))
        weights = read_safetensors(place(f"{depth}.safetensors"))
        again = getattr(torchvision.models, f"resnet{depth}")()
        again.fc = torch.nn.Identity()
        again.load_state_dict(weights)
        original = network.state_dict()
        same = all(torch.equal(tensor, original[name]) for name, tensor in weights.items())
        print(f"resnet{depth}: imported in {seconds:.1f} s; {len(weights)} tensors back, the same bits: {same}")
