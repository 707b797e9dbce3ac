/** Max over windows of `size x size` pixels; what lies outside of the image counts as minus infinity. */
export function maxPool(
  x: usize,
  y: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  size: i32,
  stride: i32,
  padding: i32,
  outputHeight: i32,
  outputWidth: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const quads = (<usize>channels & ~3) << 2;
  const imageBytes = <usize>(height * width) * pixelBytes;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < outputHeight; row++) {
      const top = max(0, row * stride - padding);
      const bottom = min(height, row * stride - padding + size);
      for (let column = 0; column < outputWidth; column++) {
        const left = max(0, column * stride - padding);
        const right = min(width, column * stride - padding + size);
        let at: usize = 0;
        for (; at < quads; at += 16) {
          let best = f32x4.splat(-Infinity);
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) {
              best = f32x4.max(best, v128.load(x + <usize>(i * width + j) * pixelBytes + at));
            }
          }
          v128.store(y + at, best);
        }
        for (; at < pixelBytes; at += 4) {
          let best: f32 = -Infinity;
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) {
              best = max<f32>(best, load<f32>(x + <usize>(i * width + j) * pixelBytes + at));
            }
          }
          store<f32>(y + at, best);
        }
        y += pixelBytes;
      }
    }
    x += imageBytes;
  }
}

/** Adds each `dy` to `dx` (zeros before) at the first pixel of its window that has the window's maximum `y`. */
export function maxPoolGradient(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  size: i32,
  stride: i32,
  padding: i32,
  outputHeight: i32,
  outputWidth: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const imageBytes = <usize>(height * width) * pixelBytes;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < outputHeight; row++) {
      const top = max(0, row * stride - padding);
      const bottom = min(height, row * stride - padding + size);
      for (let column = 0; column < outputWidth; column++) {
        const left = max(0, column * stride - padding);
        const right = min(width, column * stride - padding + size);
        for (let at: usize = 0; at < pixelBytes; at += 4) {
          const best = load<f32>(y + at);
          let found = false;
          for (let i = top; i < bottom && !found; i++) {
            for (let j = left; j < right && !found; j++) {
              const place = <usize>(i * width + j) * pixelBytes + at;
              if (load<f32>(x + place) == best) {
                store<f32>(dx + place, load<f32>(dx + place) + load<f32>(dy + at));
                found = true;
              }
            }
          }
        }
        y += pixelBytes;
        dy += pixelBytes;
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}
