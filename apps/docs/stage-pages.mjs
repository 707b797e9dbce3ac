import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listSections, titleOf } from "./pages.mjs";
import { rewriteLinks } from "./rewrite-links.mjs";

/**
 * Copies every page to its place in the site.
 *
 * @param {string} root the repository
 * @param {string} folder is emptied
 * @returns {{ sidebar: object[], dead: string[] }} `dead` are links to files that are not there
 */
export function stagePages(root, folder) {
  rmSync(folder, { recursive: true, force: true });
  const sections = listSections(root);
  const pages = sections.flatMap((section) => section.pages);
  const paths = new Map(pages.map(({ source, path }) => [source, path]));
  paths.set("docs/decisions", "decisions/0001-workspace-and-tools.md");
  const dead = [];
  const titles = new Map();
  for (const { source, path } of pages) {
    const markdown = readFileSync(join(root, source), "utf8");
    titles.set(path, titleOf(markdown));
    const page = rewriteLinks(markdown, { root, source, path, paths });
    dead.push(...page.dead.map((target) => `${source}: ${target}`));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), page.markdown);
  }
  const sidebar = sections.map(({ text, collapsed, pages }) => ({
    text,
    ...(collapsed === undefined ? {} : { collapsed }),
    items: pages.map(({ path, text }) => ({
      text: text ?? titles.get(path),
      link: `/${path.replace(/(index)?\.md$/, "")}`,
    })),
  }));
  return { sidebar, dead };
}
