import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { runCommand } from "../run-command.mjs";
import { exportNamesScript, typeCheckFiles } from "./consumer-files.mjs";

/**
 * Installs a packed package, alone, into an empty project; looks at what is in it, imports it in Node and
 * type-checks every export of it there.
 *
 * @param {object} request
 * @param {{ name: string, tarball: string }} request.target
 * @param {{ name: string, tarball: string }[]} request.packages all packages, where its own dependencies come from
 * @param {string} request.project an empty folder
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkPackage({ target, packages, project }) {
  const write = (file, content) => writeFileSync(join(project, file), content);
  const others = packages.filter(({ name }) => name !== target.name);
  write(
    "package.json",
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { [target.name]: `file:${target.tarball}` },
      overrides: Object.fromEntries(others.map(({ name, tarball }) => [name, `file:${tarball}`])),
    }),
  );
  const npmFlags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const installed = await runCommand(["npm", "install", ...npmFlags], { cwd: project });
  if (installed.code !== 0) return [`npm install failed (${installed.code}):\n${installed.output}`];

  const folder = join(project, "node_modules", target.name);
  const problems = [...checkContents(folder), ...(await checkManifest(folder))];

  write("names.js", exportNamesScript(target.name));
  const imported = await runCommand([process.execPath, "names.js"], { cwd: project });
  if (imported.code !== 0)
    return [...problems, `import in Node failed (${imported.code}):\n${imported.output}`];
  const names = JSON.parse(imported.stdout);
  if (names.length === 0) problems.push("exports nothing");

  for (const [file, content] of typeCheckFiles(target.name, names)) write(file, content);
  for (const resolution of ["nodenext", "bundler"]) {
    const { code, output } = await runCommand(["tsc", "-p", `tsconfig.${resolution}.json`], { cwd: project });
    if (code !== 0) problems.push(`does not type-check under "${resolution}":\n${output}`);
  }
  return problems;
}

function checkContents(folder) {
  const files = readdirSync(folder, { recursive: true }).map((file) => file.replaceAll("\\", "/"));
  const missing = ["README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"].filter(
    (file) => !existsSync(join(folder, file)),
  );
  const unwanted = files.filter((file) => /\.test\.|__fixtures__|node_modules|\.turbo/.test(file));
  const protocols =
    readFileSync(join(folder, "package.json"), "utf8").match(/"(workspace|catalog):[^"]*"/g) ?? [];
  return [
    ...missing.map((file) => `the tarball lacks ${file}`),
    ...unwanted.map((file) => `the tarball contains ${file}`),
    ...protocols.map((protocol) => `package.json still says ${protocol}`),
  ];
}

async function checkManifest(folder) {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}
