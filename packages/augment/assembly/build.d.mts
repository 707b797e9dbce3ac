/** The text of `src/pixels/kernels.generated.ts`. */
export function generate(): Promise<string>;
