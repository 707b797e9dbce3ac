"""Writes the .pth files of the tests beside this script: python3 write_pth.py (torch 1.13.0, numpy).

Every file is small. `expected.json` has the values, as torch and numpy read them.
"""

import argparse
import collections
import io
import json
import os

import numpy
import torch

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
expected = {}


def write(name, value, tensors, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    with open(os.path.join(here, name), "wb") as file:
        file.write(buffer.getvalue())
    expected[name] = {
        key: {
            "dtype": str(tensor.dtype),
            "shape": list(tensor.shape),
            # 16-bit values are exact in 64 bits; JSON has no other numbers
            "values": [float(v) for v in tensor.detach().to(torch.float64).flatten()],
        }
        for key, tensor in tensors.items()
    }


numbers = torch.tensor([[1.5, -2.0, 0.0], [65504.0, 3.0517578125e-05, -0.1]])
kinds = {
    "float64": numbers.double(),
    "float32": numbers.clone(),
    "float16": numbers.half(),
    "bfloat16": numbers.bfloat16(),
    "int64": torch.tensor([2**40, -(2**40), 7]),
    "int32": torch.tensor([2**30, -(2**30)], dtype=torch.int32),
    "int16": torch.tensor([2**14, -(2**14)], dtype=torch.int16),
    "int8": torch.tensor([127, -128], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(3),
    "empty": torch.zeros(0, 4),
}
write("kinds.pth", kinds, kinds)

base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
views = {
    "base": base,
    "transposed": base.permute(2, 0, 1),
    "part": base[1, :, 1:3],
    "every_other": base.flatten()[1::2],
    "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
    "channels_last": torch.rand(2, 3, 2, 2).to(memory_format=torch.channels_last),
}
write("views.pth", views, views)

network = torch.nn.Sequential(
    collections.OrderedDict(
        conv1=torch.nn.Conv2d(1, 2, 3, bias=False), bn1=torch.nn.BatchNorm2d(2)
    )
)
parallel = torch.nn.DataParallel(network)
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
network(torch.rand(2, 1, 5, 5)).sum().backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
checkpoint = {
    "epoch": 3,
    "model": parallel.state_dict(),
    "optimizer": optimizer.state_dict(),
    "scheduler": scheduler.state_dict(),
    "best": numpy.float64(0.25),
    "device": torch.device("cpu"),
    "dtype": torch.float32,
    "size": torch.Size([1, 2]),
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "classes": {"a", "b"},
    "nothing": None,
    "long": 2**70,
    "text": "grün",
    "bytes": b"\x00\xff",
}
named = {f"model.{k}": v for k, v in parallel.state_dict().items()}
for index, state in optimizer.state_dict()["state"].items():
    named[f"optimizer.state.{index}.momentum_buffer"] = state["momentum_buffer"]
named["parameter"] = checkpoint["parameter"]
write("checkpoint.pth", checkpoint, named)
write("protocol-4.pth", checkpoint, named, pickle_protocol=4)
write("one-tensor.pth", torch.tensor([1.0, 2.0]), {"tensor": torch.tensor([1.0, 2.0])})
write("legacy.pth", {"a": torch.ones(1)}, {}, _use_new_zipfile_serialization=False)
write("module.pth", network, {})
write("namespace.pth", {"args": argparse.Namespace(lr=1), "w": torch.ones(2)}, {"w": torch.ones(2)})


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/blockwise-was-here",)


write("evil.pth", {"w": torch.ones(1), "x": Evil()}, {})


class Sneaky:
    def __reduce__(self):
        return getattr, (torch.Size, "__subclasses__")


write("sneaky.pth", {"x": Sneaky()}, {})
torch.jit.script(torch.nn.Linear(1, 1)).save(os.path.join(here, "script.pth"))
expected["script.pth"] = {}

with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump(expected, file, indent=1, sort_keys=True)
