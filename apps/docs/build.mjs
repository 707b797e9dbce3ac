/**
 * Builds the site into `dist/site`: the Markdown beside the sources, the reference of all exports, and the demo. Ends
 * with 1 where a link leads nowhere. `SITE_BASE=/blockwise/` is where it will lie on its host.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDemoPage } from "@blockwise/demo";
import { build } from "vitepress";
import { checkLinks } from "./check-links.mjs";
import { stagePages } from "./stage-pages.mjs";
import { writeReference } from "./write-reference.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
const pages = join(here, "dist/pages");
const started = performance.now();

const { sidebar, dead } = stagePages(root, pages);
const reference = await writeReference(join(pages, "api"));
mkdirSync(join(here, "dist"), { recursive: true });
writeFileSync(join(here, "dist/sidebar.json"), JSON.stringify([...sidebar, reference]));
await build(here);
cpSync(join(here, "demo"), join(here, "dist/site/demo"), { recursive: true });
await writeDemoPage(join(here, "dist/site/demo"));
const checked = checkLinks(join(here, "dist/site"), process.env.SITE_BASE ?? "/");

const problems = [...dead.map((link) => `${link} is not there`), ...checked.problems];
for (const problem of problems) process.stdout.write(`${problem}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(
  `${checked.pages} pages, ${checked.links} links, ${problems.length} of them dead (${seconds} s)\n`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
