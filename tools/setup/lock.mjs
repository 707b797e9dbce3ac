import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** No installation takes as long: a lock of this age was left behind on another machine or by a reused process id. */
const oldestLockMs = 30 * 60_000;

/**
 * Runs `work` while no other process runs its own under the same lock, waiting for its turn. A lock whose
 * process is gone is taken over.
 *
 * @param {string} path
 * @param {() => Promise<void>} work
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let waited = false; !tryCreate(path, mine); ) {
    if (removeIfStale(path)) continue;
    if (!waited) process.stderr.write("Waiting for another process that is preparing this folder ...\n");
    waited = true;
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  const stop = (signal) => process.exit(signal === "SIGINT" ? 130 : 143);
  process.once("exit", release).once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await work();
  } finally {
    process.off("exit", release).off("SIGINT", stop).off("SIGTERM", stop);
    release();
  }
}

/** Whether the lock is ours now; it appears with its content, never empty. */
function tryCreate(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock that nobody holds; whether trying again now makes sense. */
function removeIfStale(path) {
  let content;
  let ageMs;
  try {
    content = readFileSync(path, "utf8");
    ageMs = Date.now() - statSync(path).mtimeMs;
  } catch (error) {
    if (error.code === "ENOENT") return true;
    throw error;
  }
  if (ageMs < oldestLockMs && isHeld(content)) return false;
  // Of several processes that find the same stale lock, one succeeds in moving it away.
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (error.code === "ENOENT") return true;
    throw error;
  }
  // Another may have taken over between the reading and the moving: then the lock goes back.
  if (readFileSync(moved, "utf8") !== content) tryRestore(moved, path);
  rmSync(moved, { force: true });
  return true;
}

function tryRestore(from, path) {
  try {
    linkSync(from, path);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
}

function isHeld(content) {
  let owner;
  try {
    owner = JSON.parse(content);
  } catch {
    return false;
  }
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
