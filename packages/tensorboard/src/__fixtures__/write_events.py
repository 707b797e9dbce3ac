"""Writes events.json: event files as TensorBoard itself writes them, to be compared byte by byte.

Run: pip install tensorboard; python3 packages/tensorboard/src/__fixtures__/write_events.py
"""

import base64
import io
import json
from pathlib import Path

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
SCALARS = [("loss/layer1", 3.25), ("loss/layer2", 0.0), ("terms/layer1/ä", -1e-30), ("x", float("inf"))]
EVENTS = [
    Event(wall_time=1700000000.5, file_version="brain.Event:2"),
    Event(wall_time=1700000001.25, step=70000, session_log=SessionLog(status=SessionLog.START)),
    Event(
        wall_time=1700000002.0,
        step=3000000000,
        summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in SCALARS]),
    ),
    Event(
        wall_time=1700000003.0,
        summary=Summary(
            value=[
                Summary.Value(
                    tag="pairs/0",
                    image=Summary.Image(height=1, width=1, colorspace=1, encoded_image_string=PNG),
                )
            ]
        ),
    ),
]


class Sink(io.BytesIO):
    """RecordWriter closes what it writes into."""

    def close(self):
        pass


records = []
for event in EVENTS:
    sink = Sink()
    RecordWriter(sink).write(event.SerializeToString())
    records.append(base64.b64encode(sink.getvalue()).decode())
golden = {"tensorboard": tensorboard.__version__, "png": base64.b64encode(PNG).decode(), "records": records}
Path(__file__).with_name("events.json").write_text(json.dumps(golden, indent=1) + "\n")
