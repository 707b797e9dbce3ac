import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "@blockwise/safetensors";
import { StorageError } from "@blockwise/spec";
import { type EventContents, encodeEvent } from "./encode-event.js";
import { frameRecord } from "./frame-record.js";

/** A file of events that grows. */
export interface EventFile {
  readonly path: string;
  /** @throws StorageError */
  append(step: number, contents: EventContents): Promise<void>;
}

/**
 * Begins a new file of events in a folder, whose names sort by time; TensorBoard reads all of a folder.
 *
 * @param startStep Where the run begins or is gone on with: what earlier files have from there on no longer counts.
 * @param clock milliseconds since 1970
 * @throws StorageError
 */
export async function openEventFile(
  directory: string,
  startStep: number,
  clock: () => number = Date.now,
): Promise<EventFile> {
  const now = clock();
  const seconds = String(Math.floor(now / 1000)).padStart(10, "0");
  const milliseconds = String(Math.floor(now) % 1000).padStart(3, "0");
  const path = join(directory, `events.out.tfevents.${seconds}.${milliseconds}.${process.pid}.blockwise`);
  const record = (step: number, contents: EventContents): Buffer =>
    frameRecord(encodeEvent({ wallTime: clock() / 1000, step, contents }));
  const storing = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      throw new StorageError(
        `The event file ${path} cannot be written: ${cause instanceof Error ? cause.message : cause}. Free some space, or choose another folder.`,
        { path },
        { cause },
      );
    }
  };
  await storing(async () => {
    await makeFolder(directory);
    const start = [record(0, { kind: "version" }), record(startStep, { kind: "start" })];
    await writeFile(path, Buffer.concat(start), { flag: "wx" });
  });
  return { path, append: (step, contents) => storing(() => appendFile(path, record(step, contents))) };
}
