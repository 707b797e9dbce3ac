import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "@blockwise/safetensors";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import { camel, packageFiles, pascal } from "./package-files.js";
import { type PackageKind, packageKinds } from "./plugin-kinds.js";

/** What package to make. */
export interface CreatePluginOptions {
  /** The package's name for npm, with or without a scope: `"loss-lpl"`, `"@me/loss-lpl"`. */
  readonly name: string;
  /** What kind of plugin it shall hold. */
  readonly kind: PackageKind;
  /** Where to make it: a folder that is not there yet, or empty. @default the name without its scope */
  readonly folder?: string;
}

/**
 * Makes a package for a plugin: source with a formula to fill in, tests that pass, README, licence, build and release.
 *
 * @returns The folder's absolute path.
 * @throws InvalidOptionError for a name that npm does not take, or an unknown kind; StorageError for a folder that holds
 *   something, or cannot be written.
 * @example
 * await createPlugin({ name: "loss-lpl", kind: "local-loss" });
 */
export async function createPlugin(options: CreatePluginOptions): Promise<string> {
  const { name, kind } = options;
  const id = idOf(name);
  if (!packageKinds.includes(kind)) {
    throw new InvalidOptionError({
      option: "kind",
      expected: `one of ${packageKinds.join(", ")}`,
      received: kind,
    });
  }
  const folder = resolve(options.folder ?? id);
  await requireEmpty(folder);
  const files = {
    ...packageFiles({ name, id, kind, version: await ownVersion() }),
    ...(await pluginFiles(kind, id)),
  };
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      await makeFolder(dirname(file));
      // Fails where the file is there, should something have come between.
      await writeFile(file, text, { flag: "wx" });
    }
  } catch (cause) {
    throw new StorageError(
      `The package cannot be written to ${folder}: ${reasonOf(cause)}.`,
      { path: folder },
      { cause },
    );
  }
  return folder;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** The name without its scope. */
function idOf(name: string): string {
  const id = /^(?:@[a-z0-9][a-z0-9._-]*\/)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/.exec(name)?.[1];
  if (id !== undefined && name.length <= 214) return id;
  throw new InvalidOptionError({
    option: "name",
    expected: 'a name for npm in small letters, digits and dashes, such as "loss-mine" or "@me/loss-mine"',
    received: name,
  });
}

async function requireEmpty(folder: string): Promise<void> {
  let found: readonly string[];
  try {
    found = await readdir(folder);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return;
    throw new StorageError(`${folder} cannot be used: ${reasonOf(cause)}.`, { path: folder }, { cause });
  }
  if (found.length === 0) return;
  throw new StorageError(
    `${folder} holds ${found.length === 1 ? found[0] : `${found.length} files`} already, and nothing is overwritten. ` +
      "Name another folder, or empty this one.",
    { path: folder },
  );
}

/** The template's files, with the plugin's names. */
async function pluginFiles(kind: PackageKind, id: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const ending of ["ts", "test.ts"]) {
    const text = await readFile(join(root, "templates", kind, `my-plugin.${ending}`), "utf8");
    files[`src/${id}.${ending}`] = named(text, id);
  }
  return files;
}

/** A text with the names of the plugin instead of those of the template. */
function named(text: string, id: string): string {
  return text
    .replaceAll("my-plugin", id)
    .replaceAll("myPlugin", camel(id))
    .replaceAll("MyPlugin", pascal(id));
}

async function ownVersion(): Promise<string> {
  const { version }: { readonly version: string } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  return version;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
