/** What to type to run a command of this program with such words. */
export function commandLine(words: readonly string[]): string {
  return ["npm run blockwise --", ...words.map(quote)].join(" ");
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
