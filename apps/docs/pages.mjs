import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listPackageFolders } from "../../tools/setup/workspace.mjs";

/**
 * The pages of the site: which file each is made of, its place, and where the sidebar has it. A page without a text
 * takes its title's.
 *
 * @typedef {{ source: string, path: string, text?: string }} Page
 * @typedef {{ text: string, collapsed?: boolean, pages: Page[] }} Section
 *
 * @param {string} root the repository
 * @returns {Section[]}
 */
export function listSections(root) {
  const doc = (name, text) => ({ source: `docs/${name}.md`, path: `${name}.md`, text });
  const decisions = readdirSync(join(root, "docs/decisions"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ source: `docs/decisions/${name}`, path: `decisions/${name}` }));
  const packages = listPackageFolders(root)
    .filter((folder) => folder.startsWith("packages/"))
    .map((folder) => ({ source: `${folder}/README.md`, path: `${folder}.md` }));
  return [
    {
      text: "Start",
      pages: [
        { source: "README.md", path: "index.md", text: "First run" },
        doc("own-images", "Your own images"),
        { source: "apps/reference/README.md", path: "command-line.md", text: "The command line" },
      ],
    },
    {
      text: "Guide",
      pages: [
        doc("plugins", "Your own loss, and other plugins"),
        doc("reproduce", "Reproduce the paper"),
        doc("interop", "From PyTorch, and to other programs"),
        doc("engines", "Engines"),
        doc("watching", "Watching a run"),
        doc("evaluation", "Evaluation"),
        doc("sweeps", "Sweeps"),
        doc("timetables", "Timetables"),
        doc("meters", "Health meters"),
      ].filter(({ source }) => isThere(join(root, source))),
    },
    {
      text: "Reference",
      pages: [
        doc("configuration", "Configuration"),
        doc("errors", "Errors"),
        doc("results", "Results at small scale"),
        doc("performance", "Performance"),
        doc("architecture", "Architecture"),
      ],
    },
    { text: "Packages", collapsed: true, pages: packages },
    { text: "Decisions", collapsed: true, pages: decisions },
  ];
}

function isThere(path) {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The first heading of a page, without marks. */
export function titleOf(markdown) {
  return (/^# (.*)$/m.exec(markdown)?.[1] ?? "").replaceAll("`", "");
}
