/** The text of `src/wasm/kernels.generated.ts`. */
export function generate(): Promise<string>;
