/**
 * Reads the JavaScript and TypeScript examples of a Markdown file. Each is run as it stands, in a folder of its own,
 * unless a comment on the line before its fence says otherwise:
 *
 *     <!-- example: in a folder with photos, checkpoint.pth -->
 *     <!-- example: with "epochs: 10" as "epochs: 1"; with "./photos" as "photos" -->
 *     <!-- example: tests of my-loss.ts -->
 *     <!-- example: after the one above -->
 *     <!-- example: not run, since it shows a part of the one above -->
 *
 * Code below a line that names its file ("`src/loss-mine.ts`:") is for readers to put there, and is tried with the package
 * that they make. What a folder can have is in `fixtures.mjs`; tests are run by vitest. Several things are separated by semicolons.
 *
 * @param {string} path for messages
 * @param {string} text
 * @returns {Example[]}
 *
 * @typedef {object} Example
 * @property {string} where the file and the line of its first line of code
 * @property {"js" | "ts"} language
 * @property {string} code with the replacements made
 * @property {string[]} fixtures names of what has to be in the folder
 * @property {boolean} tests whether vitest has to run it
 * @property {string | null} reason why it is not run; null where it is
 */
export function readExamples(path, text) {
  const fence =
    /(?:^<!-- example: (?<orders>[^\n]*?) -->\n)?^```(?<language>js|ts)\b[^\n]*\n(?<code>.*?)^```$/gms;
  const examples = [];
  for (const { index, 0: block, groups } of text.matchAll(fence)) {
    const before = text.slice(0, index) + block.slice(0, block.indexOf("```"));
    const where = `${path}:${before.split("\n").length + 1}`;
    const example = obey({ where, orders: groups.orders, text: groups.code, above: examples.at(-1) });
    const isFile = /^`[\w./-]+`:\n\n$/m.test(before.slice(-100));
    const reason = isFile ? "it is a file of the reader's package" : example.reason;
    examples.push({ where, language: groups.language, ...example, reason });
  }
  return examples;
}

function obey({ where, orders = "", text, above }) {
  const result = { code: text, fixtures: [], tests: false, reason: null };
  for (const order of orders.split("; ").filter((order) => order !== "")) {
    const replacement = /^with "(.*)" as "(.*)"$/.exec(order);
    const skipped = /^not run, since (.+)$/.exec(order);
    const named = /^(in a folder with|tests of) (.+)$/.exec(order);
    if (skipped) result.reason = skipped[1];
    else if (named) {
      result.tests ||= named[1] === "tests of";
      result.fixtures.push(...named[2].split(", "));
    } else if (order === "after the one above" && above !== undefined) {
      result.code = `${above.code}\n${result.code}`;
      result.fixtures.push(...above.fixtures);
    } else if (replacement) {
      const [, from, to] = replacement;
      if (!result.code.includes(from)) throw new Error(`${where}: there is no ${from} in the example`);
      result.code = result.code.replaceAll(from, to);
    } else throw new Error(`${where}: "${order}" is nothing that can be said of an example`);
  }
  return result;
}

/**
 * Names of the packages that code imports.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function importedPackages(code) {
  const specifiers = Array.from(
    code.matchAll(/^\s*(?:import|\} from|export .* from)\b[^"\n]*"([^"]+)"/gm),
    (match) => match[1],
  );
  const names = specifiers
    .filter((specifier) => !/^\.|^node:/.test(specifier))
    .map((specifier) =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  return [...new Set(names)];
}

/**
 * Names of the packages that a Markdown file tells its readers to install.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function installedPackages(text) {
  const lines = Array.from(text.matchAll(/npm install ([^`\n]+)/g), (match) =>
    match[1].replace(/\s#.*$/, ""),
  );
  return [...new Set(lines.flatMap((line) => line.split(/\s+/)).filter((word) => !word.startsWith("-")))];
}
