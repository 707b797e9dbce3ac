import { appendFile, readFile } from "node:fs/promises";
import { writeFileAtomically } from "@blockwise/safetensors";
import { StorageError } from "@blockwise/spec";

/** Reads a file of one JSON object a line; a last line that was cut off is left out. An absent file is an empty one. */
export async function readJsonLines<T>(file: string): Promise<readonly T[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}

/** Leaves only the lines that are wanted. @throws StorageError */
export async function keepJsonLines<T>(file: string, wanted: (line: T) => boolean): Promise<void> {
  const kept = (await readJsonLines<T>(file)).filter(wanted);
  await writeFileAtomically(file, Buffer.from(kept.map((entry) => `${JSON.stringify(entry)}\n`).join("")));
}

/** @throws StorageError */
export async function appendJsonLine(file: string, line: unknown): Promise<void> {
  try {
    await appendFile(file, `${JSON.stringify(line)}\n`);
  } catch (cause) {
    throw new StorageError(
      `The log ${file} cannot be written: ${cause instanceof Error ? cause.message : cause}. Free some space, then go on with --resume.`,
      { path: file },
      { cause },
    );
  }
}
