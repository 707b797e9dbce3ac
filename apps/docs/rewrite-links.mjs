import { existsSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

const repository = "https://github.com/blockwise/blockwise";

/**
 * Leads the links of a page, which are relative to its file, to pages of the site where there is one, else to the
 * repository on the web.
 *
 * @param {string} markdown
 * @param {object} place
 * @param {string} place.root the repository
 * @param {string} place.source the page's file, relative to it
 * @param {string} place.path the page's place in the site
 * @param {Map<string, string>} place.paths places in the site by file
 * @returns {{ markdown: string, dead: string[] }} `dead` are links to files that are not there
 */
export function rewriteLinks(markdown, { root, source, path, paths }) {
  const dead = [];
  const rewritten = outsideCode(markdown, (text) =>
    text.replace(/(\]\()([^()\s]+)(\))/g, (whole, before, target, after) => {
      if (/^[a-z]+:|^#/.test(target)) {
        const own = new RegExp(`^${repository}/blob/main/([^#]+)(#.*)?$`).exec(target);
        const page = own === null ? undefined : paths.get(own[1]);
        return page === undefined ? whole : before + between(path, page) + (own[2] ?? "") + after;
      }
      const [file = "", anchor = ""] = target.split(/(?=#)/);
      const found = posix.normalize(posix.join(dirname(source), file)).replace(/\/$/, "");
      if (!existsSync(join(root, found))) {
        dead.push(target);
        return whole;
      }
      const page = paths.get(found) ?? paths.get(posix.join(found, "README.md"));
      if (page !== undefined) return before + between(path, page) + anchor + after;
      const kind = statSync(join(root, found)).isDirectory() ? "tree" : "blob";
      const address = found === "." ? repository : `${repository}/${kind}/main/${found}`;
      return before + address + anchor + after;
    }),
  );
  return { markdown: rewritten, dead };
}

function between(from, to) {
  const link = relative(dirname(from), to).replaceAll("\\", "/");
  return link.startsWith(".") ? link : `./${link}`;
}

/** Changes what of a page is neither a block of code nor code within a line. */
function outsideCode(markdown, change) {
  return markdown
    .split(/(^```[\s\S]*?^```|`[^`\n]+`)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}
