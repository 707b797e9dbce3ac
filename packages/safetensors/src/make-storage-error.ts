import { StorageError } from "@blockwise/spec";

const advice: Readonly<Record<string, string>> = {
  EACCES: "there is no permission; choose another place or change its permissions",
  EPERM: "there is no permission; choose another place or change its permissions",
  EROFS: "the file system is read-only; choose another place",
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; free some space",
  ENOENT: "there is no such file or folder; check the path",
  ENOTDIR: "a part of the path is a file, not a folder; check the path",
  EISDIR: "it is a folder, not a file; check the path",
  EMFILE: "too many files are open; close some or raise the limit",
  ERR_FS_FILE_TOO_LARGE: "it is larger than the 2 GiB that can be read at once; split it",
};

/** Says why a file could not be read or written, and what to do. */
export function makeStorageError(action: "read" | "write", path: string, cause: unknown): StorageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = advice[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new StorageError(`Cannot ${action} ${path}: ${reason}.`, { path }, { cause });
}
