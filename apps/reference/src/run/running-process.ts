import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Tells a process from all others, where the system says when it started also from a later one of the same number. */
export interface RunningProcess {
  readonly pid: number;
  readonly host: string;
  /** When it started, as the system counts; null where it does not say. */
  readonly start: string | null;
}

/** This process. */
export function thisProcess(): RunningProcess {
  return { pid: process.pid, host: hostname(), start: statusOf(process.pid)?.start ?? null };
}

/** Whether a process has ended; one of another machine counts as running, since nothing here says so. */
export function hasEnded({ pid, host, start }: RunningProcess): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return true;
  }
  const status = statusOf(pid);
  if (status === null) return false;
  return status.isOver || (start !== null && status.start !== start);
}

/** What Linux says of a process; null elsewhere. */
function statusOf(pid: number): { readonly start: string; readonly isOver: boolean } | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in brackets, may hold spaces and brackets; behind it are the state and, 19 fields on, the start.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // One that nobody waited for keeps its number for ever (Z), or for a moment (X).
    return { start: `${fields[19]} ${boot}`, isOver: fields[0] === "Z" || fields[0] === "X" };
  } catch {
    return null;
  }
}
