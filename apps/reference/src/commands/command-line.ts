import { dirname, join, resolve } from "node:path";

/** Where a command was typed. */
interface TypedAt {
  /** The program that runs: `apps/reference/dist/cli.js`, or that of a test. */
  readonly script: string;
  readonly folder: string;
}

/**
 * What to type to run a command of this program with such words: the clone's script in its root, and the program itself in
 * any other folder, where npm knows no such script.
 */
export function commandLine(
  words: readonly string[],
  { script, folder }: TypedAt = { script: process.argv[1] ?? "", folder: process.cwd() },
): string {
  const isProgram = /[\\/]apps[\\/]reference[\\/]dist[\\/]cli\.js$/.test(script);
  const root = resolve(join(dirname(script), "../../.."));
  const program = isProgram && resolve(folder) !== root ? `node ${quote(script)}` : "npm run blockwise --";
  return [program, ...words.map(quote)].join(" ");
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
