export { type LibraryAvailability, type LibraryOrigin, loadLibrary } from "./load-library.js";
export type {
  ConvolutionSizes,
  ElementwiseOperation,
  ExpansionArguments,
  ExpansionSizes,
  HeapOffset,
  NativeLibrary,
  NormArguments,
  WindowSizes,
} from "./native-library.js";
