import type { PackageKind } from "./plugin-kinds.js";

/** What a package's files say. */
export interface PackageNames {
  readonly name: string;
  /** The name without its scope. */
  readonly id: string;
  readonly kind: PackageKind;
  /** Of the packages of Blockwise that it is made for. */
  readonly version: string;
}

/** All files of a package but the plugin and its tests, by path. */
export function packageFiles(names: PackageNames): Record<string, string> {
  return {
    "package.json": `${JSON.stringify(manifest(names), null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(compiler({ noEmit: true }, ["src"]), null, 2)}\n`,
    "tsconfig.build.json": `${JSON.stringify(
      {
        extends: "./tsconfig.json",
        // What is published does not lean on what tests are run by.
        compilerOptions: { types: ["node"], noEmit: false, rootDir: "src", outDir: "dist" },
        exclude: ["src/**/*.test.ts"],
      },
      null,
      2,
    )}\n`,
    "vitest.config.ts": vitestConfig,
    "src/index.ts": `export { ${camel(names.id)}, type ${pascal(names.id)}Options } from "./${names.id}.js";\n`,
    "README.md": readme(names),
    LICENSE: license(names.name),
    ".gitignore": "dist/\nnode_modules/\n",
    ".github/workflows/release.yml": release,
  };
}

function manifest({ name, kind, version }: PackageNames): object {
  return {
    name,
    version: "0.1.0",
    description: `TODO: a ${kind} for Blockwise.`,
    keywords: ["blockwise", `blockwise-${kind}`],
    license: "MIT",
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    files: ["dist", "src", "!src/**/*.test.ts"],
    engines: { node: ">=20.19" },
    scripts: {
      build: "tsc -p tsconfig.build.json",
      test: "npm run build && tsc -p tsconfig.json && vitest run",
      prepublishOnly: "npm test",
    },
    dependencies: { "@blockwise/spec": `^${version}` },
    peerDependencies: { "@tensorflow/tfjs-core": "^4.22.0" },
    devDependencies: {
      "@blockwise/engine": `^${version}`,
      "@blockwise/testing": `^${version}`,
      "@tensorflow/tfjs-core": "^4.22.0",
      "@types/node": "^20.19.0",
      typescript: ">=5.9.0",
      vitest: "^4.1.0",
    },
    publishConfig: { access: "public", provenance: true },
  };
}

function compiler(more: object, include: readonly string[]): object {
  return {
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "DOM"],
      module: "nodenext",
      moduleResolution: "nodenext",
      types: ["node", "@blockwise/testing/matchers"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      declaration: true,
      sourceMap: true,
      skipLibCheck: true,
      ...more,
    },
    include,
  };
}

const vitestConfig = `import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: ["@blockwise/testing/matchers"],
    testTimeout: 60_000,
  },
});
`;

function readme({ name, id, kind }: PackageNames): string {
  return `# ${name}

TODO: what it is, after which paper. A ${kind} for [Blockwise](https://github.com/blockwise/blockwise).

\`\`\`sh
npm install ${name}
\`\`\`

\`\`\`ts
import { ${camel(id)} } from "${name}";

const plugin = ${camel(id)}();
\`\`\`

| Option | Type | Default | Meaning |
| ------ | ---- | ------- | ------- |
| TODO   |      |         |         |

## To work on it

\`\`\`sh
npm install
npm test # builds, checks types, and runs the tests that every ${kind} of Blockwise has to pass
\`\`\`

Fill in the formula in \`src/${id}.ts\`, keep the tests of \`src/${id}.test.ts\` green, and add values of the authors' code.
A release is made by a tag: \`npm version minor && git push --follow-tags\` (\`.github/workflows/release.yml\`; npm has to
know the repository as a trusted publisher of the package).
`;
}

function license(name: string): string {
  return `MIT License

Copyright (c) the authors of ${name}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
}

const release = `name: release
on:
  push:
    tags: ["v*"]
permissions:
  contents: read
  id-token: write # npm's trusted publishing and provenance
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npm install
      - run: npm publish
`;

/** An id as a function's name: `loss-lpl` as `lossLpl`. */
export function camel(id: string): string {
  return id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** An id as a type's name: `loss-lpl` as `LossLpl`. */
export function pascal(id: string): string {
  return camel(id).charAt(0).toUpperCase() + camel(id).slice(1);
}
