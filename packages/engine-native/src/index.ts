export { type LibraryAvailability, loadLibrary } from "./load-library.js";
export type { HeapOffset, NativeLibrary } from "./native-library.js";
