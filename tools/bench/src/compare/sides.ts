import { fileURLToPath } from "node:url";
import type { Workload } from "../models.js";
import { type MeasuredProcess, startProcess } from "./measured-process.js";
import { ordersOf, type StepOrder } from "./step-protocol.js";

/** Ours, or PyTorch in one of its orders. */
export type SideName = "ours" | StepOrder;

/** Which processes there are. */
export interface SidesPlan {
  /** PyTorch's threads. */
  readonly threads: number;
  /** PyTorch's memory layout; "auto" takes the faster in a trial. @default "auto" */
  readonly layout?: "auto" | "contiguous";
  /** Each is compared with. */
  readonly pythons: readonly string[];
  /** Starts our process, without the workload's model, batch, size and projector: script, command and flags for Node. */
  readonly ourWords: readonly string[];
}

/** A side that is yet to be started. */
export interface Side {
  readonly side: SideName;
  start(): MeasuredProcess;
}

/** Ours first, then each Python's orders. */
export function listSides(workload: Workload, plan: SidesPlan): readonly Side[] {
  const { model, batch, size, projector } = workload;
  const { layout = "auto" } = plan;
  const flags = { model, batch, size, ...(projector === null ? {} : { projector }) };
  const work = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const torch = plan.pythons.flatMap((python) =>
    ordersOf(workload.mode).map((order): Side => {
      const choices = ["--layout", layout, "--threads", String(plan.threads)];
      const words = [SCRIPT, "--order", order, ...choices, ...work];
      return { side: order, start: () => startProcess(`PyTorch (${python})`, python, words) };
    }),
  );
  const start = () => startProcess("Our step", process.execPath, [...plan.ourWords, ...work]);
  return [{ side: "ours", start }, ...torch];
}

const SCRIPT = fileURLToPath(new URL("../torch/step.py", import.meta.url));
