import { kernelsBase64 } from "./kernels.generated.js";

/** A place in the backend's memory, in bytes. */
export type Address = number;

/** What `assembly/index.ts` exports; the meaning of each argument is documented there. */
export interface KernelModule {
  clear(address: Address, bytes: number): void;
  packPanels(
    source: Address,
    rowStride: number,
    columnStride: number,
    rows: number,
    columns: number,
    target: Address,
    panelBytes: number,
  ): void;
  transpose(source: Address, rows: number, columns: number, target: Address): void;
  copyPadded(
    image: Address,
    height: number,
    width: number,
    pixelBytes: number,
    firstRow: number,
    rows: number,
    left: number,
    right: number,
    target: Address,
  ): void;
  buildRowTable(
    table: Address,
    images: number,
    rows: number,
    columns: number,
    inputImage: number,
    inputRow: number,
    inputColumn: number,
    outputImage: number,
    outputRow: number,
    outputColumn: number,
  ): void;
  multiplyBlock(
    table: Address,
    rowCount: number,
    input: Address,
    segments: Address,
    segmentCount: number,
    run: number,
    panels: Address,
    panelBytes: number,
    output: Address,
    columns: number,
    accumulate: number,
  ): void;
  reduceBlock(
    input: Address,
    images: number,
    rows: number,
    pixels: number,
    imageBytes: number,
    rowBytes: number,
    pixelBytes: number,
    run: number,
    panels: Address,
    panelBytes: number,
    output: Address,
    columns: number,
  ): void;
  addSums(source: Address, outer: number, reduced: number, inner: number, sums: Address): void;
  divideSums(sums: Address, count: number, divisor: number, target: Address): void;
  statistics(
    x: Address,
    rows: number,
    channels: number,
    mean: Address,
    variance: Address,
    scratch: Address,
  ): void;
  coefficients(
    variance: Address,
    scale: Address,
    offset: Address,
    epsilon: number,
    channels: number,
    factor: Address,
    shift: Address,
  ): void;
  normalize(
    x: Address,
    residual: Address,
    y: Address,
    rows: number,
    channels: number,
    mean: Address,
    factor: Address,
    shift: Address,
    relu: number,
  ): void;
  normalizePool(
    x: Address,
    residual: Address,
    y: Address,
    batch: number,
    pixels: number,
    channels: number,
    mean: Address,
    factor: Address,
    shift: Address,
    relu: number,
    scratch: Address,
  ): void;
  gradientSums(
    x: Address,
    residual: Address,
    dy: Address,
    gradient: Address,
    rows: number,
    pixels: number,
    channels: number,
    mean: Address,
    factor: Address,
    shift: Address,
    relu: number,
    sums: Address,
    scratch: Address,
  ): void;
  gradientCoefficients(
    sums: Address,
    variance: Address,
    factor: Address,
    epsilon: number,
    rows: number,
    channels: number,
    scaleGradient: Address,
    offsetGradient: Address,
    slope: Address,
    level: Address,
  ): void;
  gradientInput(
    x: Address,
    dy: Address,
    dx: Address,
    rows: number,
    pixels: number,
    channels: number,
    mean: Address,
    factor: Address,
    shift: Address,
    masked: number,
    slope: Address,
    level: Address,
    scratch: Address,
  ): void;
  maxPool(
    x: Address,
    y: Address,
    images: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    stride: number,
    padding: number,
    outputHeight: number,
    outputWidth: number,
  ): void;
  maxPoolGradient(
    x: Address,
    y: Address,
    dy: Address,
    dx: Address,
    images: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    stride: number,
    padding: number,
    outputHeight: number,
    outputWidth: number,
  ): void;
  winogradInputs(
    x: Address,
    firstStrip: number,
    strips: number,
    stripsPerImage: number,
    tilesWide: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    left: number,
    strip: Address,
    target: Address,
    placeBytes: number,
  ): void;
  winogradOutputGradients(
    dy: Address,
    firstStrip: number,
    strips: number,
    stripsPerImage: number,
    tilesWide: number,
    height: number,
    width: number,
    channels: number,
    strip: Address,
    target: Address,
    panelBytes: number,
    placeBytes: number,
  ): void;
  winogradProducts(
    inputs: Address,
    inputPlaceBytes: number,
    inChannels: number,
    gradients: Address,
    panelBytes: number,
    gradientPlaceBytes: number,
    outChannels: number,
    tiles: number,
    products: Address,
    productPlaceBytes: number,
  ): void;
  winogradGradients(
    products: Address,
    placeBytes: number,
    inChannels: number,
    bandChannels: number,
    scratch: Address,
    sums: Address,
    outChannels: number,
  ): void;
  winogradTaps(taps: Address, bytes: number, step: number, target: Address, scratch: Address): void;
  multiplyPlaces(
    table: Address,
    tiles: number,
    inputs: Address,
    inputPlaceBytes: number,
    segments: Address,
    run: number,
    panels: Address,
    panelBytes: number,
    panelPlaceBytes: number,
    products: Address,
    productPlaceBytes: number,
    columns: number,
    accumulate: number,
  ): void;
  winogradOutputs(
    products: Address,
    placeBytes: number,
    firstStrip: number,
    strips: number,
    stripsPerImage: number,
    tilesWide: number,
    strip: Address,
    y: Address,
    height: number,
    width: number,
    channels: number,
  ): void;
}

/** Instantiates the kernels on the memory of a TensorFlow.js wasm backend. */
export async function instantiateKernels(memory: WebAssembly.Memory): Promise<KernelModule> {
  const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as unknown as KernelModule;
}
