import { formatSignificant } from "@blockwise/report/drawing";
import { curvesChart } from "./curves.js";
import { formatRate } from "./describe-state.js";
import { halves } from "./learning-sections.js";
import type { Section } from "./section.js";

/** How fast the run is, and what it takes. */
export const speedSection: Section = {
  name: "speed",
  parts: ["progress", "log"],
  render: ({ reader: { log, progress } }) => {
    const layout = "half";
    return halves("Speed, memory and schedule", [
      curvesChart({
        id: "speed-rate",
        title: "Images a second",
        about: "Trained since the reading before; a pair of views counts once",
        unit: "images/s",
        table: progress.pairsPerSecond,
        nameOf: () => "images a second",
        layout,
        format: formatRate,
      }),
      curvesChart({
        id: "speed-waiting",
        title: "Waiting for data",
        about:
          "Part of the time in which the trainer waited for views; more threads or smaller images bring it down",
        unit: "% of the time",
        table: progress.dataWaitShare,
        nameOf: () => "waiting",
        factor: 100,
        layout,
        format: formatSignificant,
      }),
      curvesChart({
        id: "speed-memory",
        title: "Memory",
        about: "What the training process holds",
        unit: "MiB",
        table: progress.memoryBytes,
        nameOf: () => "memory",
        factor: 2 ** -20,
        layout,
        format: (value) => (typeof value === "number" ? value.toFixed(0) : "–"),
      }),
      curvesChart({
        id: "speed-learning-rate",
        title: "Learning rate",
        about: "What the schedule gives each block",
        unit: "rate",
        table: log.learningRate,
        order: progress.blocks,
        layout,
        format: formatSignificant,
      }),
    ]);
  },
};
