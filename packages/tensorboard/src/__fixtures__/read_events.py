"""Prints what TensorBoard reads in a folder of event files: each tag with its steps and values, or pictures' sizes.

Run: pip install tensorboard; python3 packages/tensorboard/src/__fixtures__/read_events.py FOLDER
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
for tag in events.Tags()["scalars"]:
    readings = [(reading.step, round(reading.value, 4)) for reading in events.Scalars(tag)]
    print(tag, len(readings), readings[:2], readings[-1])
for tag in events.Tags()["images"]:
    print(tag, [(image.step, image.width, image.height) for image in events.Images(tag)])
