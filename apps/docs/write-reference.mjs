import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, TSConfigReader, TypeDocReader } from "typedoc";
import { githubSlug } from "./github-slug.mjs";

/**
 * Writes the reference of all packages' exports, a page a module, and says where the sidebar has it.
 *
 * @param {string} folder
 */
export async function writeReference(folder) {
  const options = fileURLToPath(new URL("../../tools/api/typedoc.config.mjs", import.meta.url));
  const app = await Application.bootstrapWithPlugins(
    { options, out: folder, outputFileStrategy: "modules" },
    [new TypeDocReader(), new TSConfigReader()],
  );
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the sources.");
  await app.generateOutputs(project);
  correctAnchors(folder);
  return { text: "API", collapsed: true, items: [{ text: "All packages", link: "/api/" }] };
}

/**
 * The Markdown plugin takes the member `options` of `Network` and the interface `NetworkOptions` for headings of one name,
 * and counts the second up. Links to such headings lose their number.
 */
function correctAnchors(folder) {
  const names = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".md"));
  const pages = new Map(names.map((name) => [normalize(name), readFileSync(join(folder, name), "utf8")]));
  for (const [name, page] of pages) {
    const corrected = page.replace(/(\]\()([^()\s#]*)#([^()\s]+)-1\)/g, (whole, before, file, anchor) => {
      const target = file === "" ? name : normalize(join(dirname(name), file));
      const headings = [...(pages.get(target) ?? "").matchAll(/^#+ (.*)$/gm)];
      const alike = headings.filter(([, heading]) => githubSlug(heading) === anchor);
      return alike.length === 1 ? `${before}${file}#${anchor})` : whole;
    });
    writeFileSync(join(folder, name), corrected);
  }
}
