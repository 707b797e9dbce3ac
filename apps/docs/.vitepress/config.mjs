import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { githubSlug } from "../github-slug.mjs";

const dist = new URL("../dist/", import.meta.url);
const sidebar = JSON.parse(readFileSync(new URL("sidebar.json", dist), "utf8"));

/** The site of `../build.mjs`, which puts pages and sidebar into `dist`. */
export default defineConfig({
  title: "Blockwise",
  description: "Train deep networks block by block, without end-to-end backpropagation, in TypeScript.",
  lang: "en",
  // Where the site will lie on its host: "/blockwise/" on a project's GitHub pages.
  base: process.env.SITE_BASE ?? "/",
  srcDir: fileURLToPath(new URL("pages", dist)),
  outDir: fileURLToPath(new URL("site", dist)),
  cacheDir: fileURLToPath(new URL("cache", dist)),
  metaChunk: true,
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  // The demo is a page of its own, copied beside the site when it is built.
  ignoreDeadLinks: [/\/demo\//],
  markdown: {
    // The anchors that GitHub gives, so that links work in both places.
    anchor: { slugify: githubSlug },
    languageAlias: { text: "txt" },
  },
  themeConfig: {
    sidebar,
    nav: [
      { text: "Your own images", link: "/own-images" },
      { text: "Configuration", link: "/configuration" },
      { text: "API", link: "/api/" },
      { text: "Demo", link: "/demo/index.html", target: "_self" },
    ],
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: "https://github.com/blockwise/blockwise" }],
  },
});
