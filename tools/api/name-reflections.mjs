import { Converter } from "typedoc";

/**
 * Names the modules of the reference by what an import says (`@blockwise/core`), not by the paths of their sources,
 * and options that a function takes apart at once by what they are.
 *
 * @param {import("typedoc").Application} app
 * @param {{ specifier: string, source: string }[]} entryPoints
 */
export function nameReflections(app, entryPoints) {
  const specifiers = new Map(
    entryPoints.map(({ source, specifier }) => [source.replaceAll("\\", "/"), specifier]),
  );
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.parent?.isProject()) return;
    const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? [];
    reflection.name = specifiers.get(declaration?.getSourceFile().fileName) ?? reflection.name;
  });
  app.converter.on(Converter.EVENT_CREATE_PARAMETER, (_, parameter) => {
    if (parameter.name === "__namedParameters") parameter.name = "options";
  });
}
