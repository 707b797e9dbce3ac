import * as tf from "@tensorflow/tfjs-core";

/** How fast a function climbs along a line, measured in several ways. */
export interface Slope {
  readonly value: number;
  /** By how much these differ: large where the function has a corner nearby. */
  readonly doubt: number;
}

const step = 2e-3;

/**
 * The slope at 0 of a function of one number, by fourth-order differences
 * `(f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12 h`. Corners nearby show: the slopes that other steps and other formulas find
 * differ, or, where the corner lies at 0, those to the left and to the right.
 */
export function slopeOf(f: (distance: number) => number): Slope {
  const middle = f(0);
  const pairAt = (distance: number): Pair => [f(distance), f(-distance)];
  const [near, far, furthest] = [pairAt(step), pairAt(2 * step), pairAt(4 * step)];
  const value = difference(near, far, step);
  const others = [difference(far, furthest, 2 * step), (near[0] - near[1]) / (2 * step)];
  const bend = (near[0] - 2 * middle + near[1]) / step;
  return { value, doubt: Math.max(...others.map((other) => Math.abs(other - value)), Math.abs(bend) / 2) };
}

/** Values to the right and to the left. */
type Pair = readonly [right: number, left: number];

function difference(near: Pair, far: Pair, h: number): number {
  return (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h);
}

/**
 * A direction of length 1 to look along: half along the gradient, where a wrong one shows best, half anywhere.
 * The enclosing tidy's.
 */
export function directionNear(gradient: tf.Tensor, seed: number): tf.Tensor {
  const random = tf.randomNormal(gradient.shape, 0, 1, "float32", seed);
  const along = tf.div(gradient, tf.add(tf.norm(gradient), 1e-12));
  const direction = tf.add(along, tf.div(random, tf.norm(random)));
  return tf.div(direction, tf.add(tf.norm(direction), 1e-12));
}
