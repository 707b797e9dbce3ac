import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** What we use of the Emscripten module behind the backend; its published types leave these members out. */
export interface EmscriptenHeap {
  /** Address, as a signed 32-bit integer; 0 where there is no room. */
  _malloc(bytes: number): number;
  _free(address: number): void;
  readonly asm: { readonly memory: WebAssembly.Memory };
}

/** The backend's heap. @throws Error where a version of the backend has another build */
export function heapOf(backend: BackendWasm): EmscriptenHeap {
  const module = backend.wasm as unknown as Partial<EmscriptenHeap>;
  const complete =
    module.asm?.memory instanceof WebAssembly.Memory &&
    typeof module._malloc === "function" &&
    typeof module._free === "function";
  if (!complete) {
    throw new Error(
      "This version of @tensorflow/tfjs-backend-wasm does not show its memory where version 4.22 does: install 4.22.",
    );
  }
  return module as EmscriptenHeap;
}
