import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { listPackageFolders, readManifest } from "../../setup/workspace.mjs";
import { runCommand } from "../run-command.mjs";
import { packAll } from "./pack.mjs";

/** Nothing answers there: whoever asks a registry during a rehearsal fails. */
const noRegistry = "http://127.0.0.1:9";

/**
 * Does in a copy of this repository what a release does, but for the upload: versions and changelogs from changesets,
 * tarballs of every package at its new version, and npm's own dry run of publishing each, without a network.
 *
 * @param {object} request
 * @param {string} request.root
 * @param {string} request.folder where the copy is made
 * @param {string} request.packageManager pnpm and its version
 * @returns {Promise<string[]>} what is wrong
 */
export async function rehearseRelease({ root, folder, packageManager }) {
  const copy = join(folder, "release");
  await copyRepository(root, copy);
  const run = async (...command) => {
    const { code, stdout, output } = await runCommand(command, { cwd: copy });
    if (code !== 0) throw new Error(`${command.join(" ")} failed (${code}):\n${output}`);
    return stdout;
  };
  const identity = ["-c", "user.name=release", "-c", "user.email=release@localhost"];
  await run("git", "init", "--quiet", "--initial-branch=main");
  await run("git", "add", "--all");
  await run("git", ...identity, "commit", "--quiet", "--message=before");

  await run("changeset", "status", "--output=status.json");
  const status = JSON.parse(readFileSync(join(copy, "status.json"), "utf8"));
  // Private members of the workspace are planned too, for what they depend on, and stay as they are.
  const releases = status.releases.filter(({ type }) => type !== "none");
  await run("changeset", "version");

  const manifests = publishedManifests(copy);
  const versions = new Map(manifests.map(({ name, version }) => [name, version]));
  const destination = join(folder, "release-tarballs");
  const tarballs = await packAll({ root: copy, packageManager, manifests, destination });
  return [
    ...checkVersions({ copy, releases, versions }),
    ...checkMajors({ releases, changesets: status.changesets }),
    ...checkChangelogs({ copy, releases, changesets: status.changesets }),
    ...(await checkTarballs(tarballs, versions)),
  ];
}

/** The files that git knows or would take, what was built from them, and links to installed packages. */
async function copyRepository(root, copy) {
  const { code, stdout, output } = await runCommand(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root },
  );
  if (code !== 0) throw new Error(`git ls-files failed (${code}):\n${output}`);
  for (const file of stdout.split("\0").filter((name) => name !== "" && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const folders = listPackageFolders(root);
  const folderOf = new Map(folders.map((folder) => [readManifest(join(root, folder)).name, folder]));
  for (const folder of folders) {
    if (existsSync(join(root, folder, "dist"))) {
      cpSync(join(root, folder, "dist"), join(copy, folder, "dist"), { recursive: true });
    }
    // pnpm reads the versions of siblings through these when it packs.
    const manifest = readManifest(join(root, folder));
    const fields = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"];
    for (const name of fields.flatMap((field) => Object.keys(manifest[field] ?? {}))) {
      const link = join(copy, folder, "node_modules", name);
      if (!folderOf.has(name) || existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(copy, folderOf.get(name)), link);
    }
  }
}

function publishedManifests(copy) {
  return listPackageFolders(copy)
    .map((folder) => readManifest(join(copy, folder)))
    .filter((manifest) => manifest.private !== true);
}

/** changesets makes a breaking release of whatever has a peer that leaves its range: only a changeset may ask for one. */
function checkMajors({ releases, changesets }) {
  if (changesets.some((changeset) => changeset.releases.some(({ type }) => type === "major"))) return [];
  return releases
    .filter(({ type }) => type === "major")
    .map(({ name, newVersion }) => `release: ${name} becomes ${newVersion}, which no changeset asks for`);
}

/** Whether every package has the version that was planned for it, and no changeset is left over. */
function checkVersions({ copy, releases, versions }) {
  const planned = new Map(releases.map(({ name, newVersion }) => [name, newVersion]));
  const wrong = [...planned]
    .filter(([name, version]) => versions.get(name) !== version)
    .map(([name, version]) => `release: ${name} is ${versions.get(name)}, and ${version} was planned`);
  const left = readdirSync(join(copy, ".changeset")).filter(
    (name) => name.endsWith(".md") && name !== "README.md",
  );
  return [...wrong, ...left.map((name) => `release: .changeset/${name} is left over`)];
}

/** Whether every changeset's text is under the new version in the changelog of each package that it names. */
function checkChangelogs({ copy, releases, changesets }) {
  const folderOf = new Map(
    listPackageFolders(copy).map((folder) => [readManifest(join(copy, folder)).name, folder]),
  );
  return releases.flatMap(({ name, newVersion, changesets: ids }) => {
    const path = join(copy, folderOf.get(name) ?? "", "CHANGELOG.md");
    if (!existsSync(path)) return [`release: ${name} has no CHANGELOG.md`];
    const [, section = ""] = readFileSync(path, "utf8").split(/^## /m);
    if (!section.startsWith(`${newVersion}\n`)) return [`${path} does not begin with ${newVersion}`];
    return changesets
      .filter(({ id }) => ids.includes(id))
      .flatMap(({ id, summary }) => summary.split("\n").map((line) => ({ id, line: line.trim() })))
      .filter(({ line }) => !section.includes(line))
      .map(
        ({ id, line }) => `release: the changelog of ${name} lacks a line of .changeset/${id}.md: ${line}`,
      );
  });
}

/** Whether npm would publish each tarball, publicly, at its version, and with its siblings' new versions. */
async function checkTarballs(tarballs, versions) {
  const problems = [];
  const queue = [...tarballs];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      problems.push(...(await checkTarball(next, versions)));
    }
  };
  await Promise.all([work(), work()]);
  return problems;
}

async function checkTarball({ name, tarball }, versions) {
  const cwd = dirname(tarball);
  const flags = [
    "--dry-run",
    "--json",
    "--ignore-scripts",
    `--registry=${noRegistry}`,
    "--fetch-retries=0",
    "--provenance=false",
  ];
  const published = await runCommand(["npm", "publish", tarball, ...flags], { cwd });
  if (published.code !== 0) {
    return [`release: npm would not publish ${name} (${published.code}):\n${published.output}`];
  }
  const report = JSON.parse(published.stdout);
  // npm 11 writes it by the package's name.
  const { id, files } = report[name] ?? report;
  const wrong =
    id === `${name}@${versions.get(name)}` ? [] : [`release: ${name} would be published as ${id}`];
  for (const file of ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"]) {
    if (!files.some(({ path }) => path === file)) wrong.push(`release: the tarball of ${name} lacks ${file}`);
  }
  const unpacked = await runCommand(
    ["tar", "--extract", "--to-stdout", "--file", tarball, "package/package.json"],
    { cwd },
  );
  const manifest = JSON.parse(unpacked.stdout);
  // A peer's range is wide, so that no release of the peer is a breaking one of its host; npm resolves it in another check.
  for (const field of ["dependencies", "optionalDependencies"]) {
    for (const [other, range] of Object.entries(manifest[field] ?? {})) {
      const version = versions.get(other);
      if (version !== undefined && range !== `^${version}`) {
        wrong.push(`release: ${name} asks for ${other} ${range}, which will be ${version}`);
      }
    }
  }
  const { access, provenance } = manifest.publishConfig ?? {};
  if (access !== "public" || provenance !== true)
    wrong.push(`release: ${name} is not published openly, with provenance`);
  return wrong;
}
