import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * Serves the live page of a folder while this process lives, and says its address by a note. It is a process of its own, of low
 * priority, so that it cannot hold up training; a page that cannot be served is noted, and training goes on.
 */
export async function startWatcher(folder: string, note: (message: string) => void): Promise<void> {
  const program = fileURLToPath(new URL("./cli.js", import.meta.url));
  // In a process group of its own: Ctrl-C in a terminal is for the run, which saves, while the page stays.
  const child = spawn(process.execPath, [program, "watch", folder, "--json"], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const address = await new Promise<string | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", () => resolve(null));
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).once("line", (line) => resolve(addressIn(line)));
  });
  if (address === null) {
    note(`watch: the page cannot be served${errors === "" ? "" : `: ${errors.trim()}`}`);
    return;
  }
  if (child.pid !== undefined) lowerPriority(child.pid);
  // It ends when this process does, and does not keep it.
  child.unref();
  child.channel?.unref();
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  note(`watch: ${address}`);
}

function addressIn(line: string): string | null {
  try {
    const { address } = JSON.parse(line) as { readonly address?: unknown };
    return typeof address === "string" ? address : null;
  } catch {
    return null;
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Some systems do not let it; the page works all the same.
  }
}
