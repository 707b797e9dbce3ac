/**
 * Looks for what is missing in the docstrings of published packages: an exported symbol or a member of one without
 * documentation, a `{@link}` that leads nowhere, an export that speaks of a type which is not exported itself.
 * Writes nothing; ends with 1 when something is missing, and names each.
 */
import { fileURLToPath } from "node:url";
import { Application, TSConfigReader, TypeDocReader } from "typedoc";

const options = fileURLToPath(new URL("typedoc.config.mjs", import.meta.url));
const app = await Application.bootstrapWithPlugins({ options }, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (project === undefined) process.exit(1);

const none = {
  notExported: false,
  notDocumented: false,
  invalidLink: false,
  invalidPath: false,
  rewrittenLink: false,
  unusedMergeModuleWith: false,
};
// Only tests hand in another machine than this.
const notExported = { "@blockwise/engine": ["InstallSurroundings"] };
// TypeDoc looks for types that are not exported in the one package that a project is named after.
for (const name of app.options.getValue("packagesRequiringDocumentation")) {
  project.packageName = name;
  app.options.setValue("intentionallyNotExported", notExported[name] ?? []);
  validate({ notExported: true });
}

// Members of a type that is written where it is used are described there, by what they are part of.
for (const reflection of Object.values(project.reflections)) {
  if (reflection.parent?.name === "__type") project.removeReflection(reflection);
}
validate({ notDocumented: true, invalidLink: true, invalidPath: true });

const count = app.logger.errorCount + app.logger.warningCount;
process.stdout.write(`Missing in the reference: ${count}\n`);
process.exitCode = count > 0 ? 1 : 0;

function validate(validation) {
  app.options.setValue("validation", { ...none, ...validation });
  app.validate(project);
}
