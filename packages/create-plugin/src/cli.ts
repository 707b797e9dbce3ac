#!/usr/bin/env node
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { BlockwiseError, InvalidOptionError } from "@blockwise/spec";
import { createPlugin } from "./create-plugin.js";
import { type PackageKind, packageKinds } from "./plugin-kinds.js";

const help = `Makes a package for a plugin of Blockwise.

  npm create @blockwise/plugin <name> -- --kind <kind> [--folder <folder>]

  <name>    the package's name: loss-mine, @me/loss-mine
  --kind    ${packageKinds.join(", ")}
  --folder  where to make it; the name without its scope where it is left out
`;

async function main(words: readonly string[]): Promise<void> {
  const { values, positionals } = readWords(words);
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) {
    throw new InvalidOptionError({
      option: "name",
      expected: "one name",
      received: positionals,
      hint: `\n\n${help}`,
    });
  }
  const { folder } = values;
  const made = await createPlugin({
    name,
    kind: values.kind as PackageKind,
    ...(folder === undefined ? {} : { folder }),
  });
  const place = relative(process.cwd(), made) || ".";
  process.stdout.write(`Made ${name} in ${place}. Next:\n\n  cd ${place}\n  npm install\n  npm test\n`);
}

function readWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        kind: { type: "string" },
        folder: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    const hint = `${cause instanceof Error ? cause.message : String(cause)}\n\n${help}`;
    throw new InvalidOptionError({ option: "words", expected: "as below", received: words, hint }, { cause });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!BlockwiseError.isInstance(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
