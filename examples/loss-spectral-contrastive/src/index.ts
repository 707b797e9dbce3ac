export { type SpectralContrastiveOptions, spectralContrastive } from "./loss-spectral-contrastive.js";
