/** Prints the names of what a package exports. */
export function exportNamesScript(name) {
  return `import * as module from ${JSON.stringify(name)};\nprocess.stdout.write(JSON.stringify(Object.keys(module)));\n`;
}

/**
 * A strict TypeScript project that uses every export of a package, once for each kind of module resolution.
 * An export of type `any` is an error: it is what a declaration that leads nowhere turns into.
 *
 * @param {string} name the package
 * @param {string[]} exportNames
 * @returns {[string, string][]} file names and contents
 */
export function typeCheckFiles(name, exportNames) {
  const source = [
    `import * as module from ${JSON.stringify(name)};`,
    "type IsAny<T> = 0 extends 1 & T ? true : false;",
    ...exportNames.map((key, index) => `export const export${index}: IsAny<typeof module.${key}> = false;`),
  ];
  const project = (module, moduleResolution) =>
    JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        lib: ["ES2023", "DOM"],
        module,
        moduleResolution,
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        // TensorFlow.js's own declarations do not pass without it.
        skipLibCheck: true,
      },
      files: ["consumer.ts"],
    });
  return [
    ["consumer.ts", `${source.join("\n")}\n`],
    ["tsconfig.nodenext.json", project("nodenext", "nodenext")],
    ["tsconfig.bundler.json", project("esnext", "bundler")],
  ];
}
