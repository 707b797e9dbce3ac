"""
Reads files that `writeFeatures` wrote with the libraries that people read them with, and fails where they differ:
python3 read_features.py FOLDER with features.npy, features.rows.csv, features.parquet and features.safetensors in it, as
`BLOCKWISE_FEATURES=FOLDER npx vitest run packages/feature-files` leaves them (numpy, pandas, pyarrow, safetensors).
"""

import csv
import sys
from pathlib import Path

import numpy
import pandas
import pyarrow.parquet
from safetensors import safe_open
from safetensors.numpy import load_file

folder = Path(sys.argv[1])
npy = numpy.load(folder / "features.npy", mmap_mode="r")
with open(folder / "features.rows.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))

table = pyarrow.parquet.read_table(folder / "features.parquet")
frame = pandas.read_parquet(folder / "features.parquet")
last = numpy.stack(frame["layer2.raw"])
assert last.dtype == numpy.float32 and numpy.array_equal(last, npy)
assert frame["name"].tolist() == [row["name"] for row in rows]
assert frame["label"].tolist() == [int(row["label"]) for row in rows]
assert frame["class"].tolist() == [row["class"] for row in rows]
assert frame["label"].dtype == numpy.int32

tensors = load_file(folder / "features.safetensors")
for name in ["layer1.raw", "layer1.head", "layer2.raw", "layer2.head"]:
    assert numpy.array_equal(tensors[name], numpy.stack(frame[name])), name
assert tensors["names"].tobytes().decode().split("\0") == frame["name"].tolist()
assert tensors["labels"].tolist() == frame["label"].tolist()
with safe_open(folder / "features.safetensors", "np") as file:
    assert file.metadata()["run"] == "runs/mine"
assert table.schema.metadata[b"run"] == b"runs/mine"
print(table.schema)
print(f"{len(frame)} rows are the same in all: {frame['name'].tolist()[:3]} ...")
