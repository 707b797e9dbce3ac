import type { OnlineReadingV1 } from "@blockwise/evaluate";
import type { StepEventV1 } from "@blockwise/spec";
import { describeOnline } from "./describe-online.js";
import { describeRate } from "./describe-rate.js";
import { describeTime } from "./describe-time.js";

/** What a command says while it works. */
export type ProgressEvent =
  | { readonly event: "note"; readonly run?: string; readonly message: string }
  | { readonly event: "start"; readonly run: string; readonly step: number; readonly stepCount: number }
  | ({ readonly event: "step"; readonly run: string } & StepEventV1)
  | { readonly event: "checkpoint"; readonly run: string; readonly step: number; readonly path: string }
  | ({ readonly event: "online"; readonly run: string } & OnlineReadingV1)
  | { readonly event: "phase"; readonly run: string; readonly phase: string }
  | { readonly event: "end"; readonly run: string; readonly step: number; readonly interrupted: boolean };

/** Where progress goes. */
export interface Reporter {
  report(event: ProgressEvent): void;
  /** Leaves the terminal's last line in order. */
  end(): void;
}

/** How a command talks: for people on standard error, as JSON lines on standard output, or not at all. */
export type ReporterMode = "json" | "people" | "quiet";

/** Makes the reporter of a mode. */
export function createReporter(mode: ReporterMode): Reporter {
  switch (mode) {
    case "json":
      return {
        report: (event) => void process.stdout.write(`${JSON.stringify(event, writeNonFinite)}\n`),
        end: () => undefined,
      };
    case "quiet":
      return { report: () => undefined, end: () => undefined };
    case "people":
      return process.stderr.isTTY ? new LiveLines() : new PlainLines();
  }
}

/** JSON has no NaN: it is written as a word, so that nobody takes it for a number that is missing. */
function writeNonFinite(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** One line for a step. */
export function describeStep(run: string, event: StepEventV1): string {
  const losses = event.blocks.map(({ loss, skipped }) => (skipped ? "skipped" : loss.toPrecision(4)));
  // Where input is what limits a run, how fast it is says by how much.
  const limit = event.dataWaitShare > 0.05 ? ` (at most ${describeRate(event.inputImagesPerSecond)})` : "";
  const waiting = ` · waiting for data ${percent(event.dataWaitShare)}${limit}`;
  const { phase } = event;
  const place = phase === null ? "" : ` · ${phase.block}, block ${phase.index + 1} of ${phase.count}`;
  return (
    `${run} ${event.step + 1}/${event.stepCount}${place} · loss ${losses.join(" ")} · ` +
    `${describeRate(event.pairsPerSecond)} · ${describeTime(event.secondsLeft)} left${waiting}${busyThreads(event)}`
  );
}

/** How busy the threads are that blocks learn in: `" · busy: layer1 97 %, layer2 layer3 88 %"`. */
function busyThreads({ blockWorkers }: StepEventV1): string {
  if (blockWorkers === undefined) return "";
  const threads = blockWorkers.map(({ blocks, busyShare }) => `${blocks.join(" ")} ${percent(busyShare)}`);
  return ` · busy: ${threads.join(", ")}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function describeOther(event: Exclude<ProgressEvent, { event: "step" }>): string {
  switch (event.event) {
    case "note":
      return event.run === undefined ? event.message : `${event.run}: ${event.message}`;
    case "start":
      return event.step === 0
        ? `${event.run}: ${event.stepCount} steps`
        : `${event.run}: going on at step ${event.step} of ${event.stepCount}`;
    case "checkpoint":
      return `${event.run}: saved ${event.path}`;
    case "online":
      return `${event.run}: step ${event.step}, ${describeOnline(event)}`;
    case "phase":
      return `${event.run}: ${event.phase}`;
    case "end":
      return event.interrupted ? `${event.run}: stopped after step ${event.step}` : `${event.run}: trained`;
  }
}

/** For terminals: one line a run, rewritten in place, other news above them. */
class LiveLines implements Reporter {
  readonly #lines = new Map<string, string>();

  report(event: ProgressEvent): void {
    this.#erase();
    if (event.event === "step") {
      this.#lines.set(event.run, describeStep(event.run, event));
    } else if (event.event !== "checkpoint") {
      if ("run" in event) this.#lines.delete(event.run);
      process.stderr.write(`${describeOther(event)}\n`);
    }
    const width = process.stderr.columns ?? 80;
    for (const line of this.#lines.values()) process.stderr.write(`${line.slice(0, width - 1)}\n`);
  }

  end(): void {
    this.#lines.clear();
  }

  #erase(): void {
    if (this.#lines.size > 0) process.stderr.write(`\x1b[${this.#lines.size}A\x1b[0J`);
  }
}

/** For logs: a line now and then. */
class PlainLines implements Reporter {
  static readonly everyMs = 10_000;
  readonly #last = new Map<string, number>();

  report(event: ProgressEvent): void {
    if (event.event !== "step") {
      process.stderr.write(`${describeOther(event)}\n`);
      return;
    }
    const now = performance.now();
    const last = this.#last.get(event.run) ?? Number.NEGATIVE_INFINITY;
    if (now - last < PlainLines.everyMs && event.step + 1 < event.stepCount) return;
    this.#last.set(event.run, now);
    process.stderr.write(`${describeStep(event.run, event)}\n`);
  }

  end(): void {
    this.#last.clear();
  }
}
