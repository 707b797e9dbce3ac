import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/**
 * Looks at the files of an installed package and at its manifest.
 *
 * @param {{ name: string, project: string }} request
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkContents({ name, project }) {
  const folder = realpathSync(join(project, "node_modules", name));
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  return [
    ...checkFiles(folder),
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
  ].map((problem) => `${name}: ${problem}`);
}

function checkFiles(folder) {
  const files = readdirSync(folder, { recursive: true }).map((file) => file.replaceAll("\\", "/"));
  const missing = ["README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"].filter(
    (file) => !existsSync(join(folder, file)),
  );
  // Templates are what a package is made of, tests among them.
  const own = files.filter((file) => !file.startsWith("templates/"));
  const unwanted = own.filter((file) => /\.test\.|__fixtures__\/|\.turbo/.test(file));
  const protocols =
    readFileSync(join(folder, "package.json"), "utf8").match(/"(workspace|catalog):[^"]*"/g) ?? [];
  return [
    ...missing.map((file) => `the tarball lacks ${file}`),
    ...unwanted.map((file) => `the tarball contains ${file}`),
    ...protocols.map((protocol) => `package.json still says ${protocol}`),
  ];
}
