export { decodeSafetensors } from "./decode.js";
export type { SafetensorsData, SafetensorsDtype } from "./dtype.js";
export { encodeSafetensors, type SafetensorsContent } from "./encode.js";
export { readSafetensors, writeSafetensors } from "./files.js";
export { makeFolder } from "./make-folder.js";
export type { SafetensorsEntry, SafetensorsFile } from "./safetensors-file.js";
export { toFloat32 } from "./to-float32.js";
export { writeFileAtomically } from "./write-file-atomically.js";
