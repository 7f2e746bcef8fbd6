// What becomes of a soft mask at a threshold. Values are 0 to 255, as the service's gray PNG has them.

/** Whether a value counts as transparent, as in the service: soft > threshold. */
export const isTransparent = (value, threshold) => value / 255 > threshold;

/** Counts over a soft mask: the pixels above the threshold, their share, and the mean of all values in 0…1. */
export function statistics(soft, threshold) {
  let pixels = 0;
  let sum = 0;
  for (const value of soft) {
    if (isTransparent(value, threshold)) pixels += 1;
    sum += value;
  }
  return { pixels, share: pixels / soft.length, mean: sum / soft.length / 255 };
}

const tint = [255, 0, 80];

/** Fills `rgba` with a layer to lay over the photograph: a tint or black and white by the threshold, gray by the soft mask. */
export function paint(rgba, soft, threshold, view, photograph) {
  for (let place = 0, at = 0; place < soft.length; place += 1, at += 4) {
    const inside = isTransparent(soft[place], threshold);
    if (view === "tint") {
      rgba[at] = tint[0];
      rgba[at + 1] = tint[1];
      rgba[at + 2] = tint[2];
      rgba[at + 3] = inside ? 255 : 0;
    } else if (view === "cutout") {
      rgba[at] = photograph[at];
      rgba[at + 1] = photograph[at + 1];
      rgba[at + 2] = photograph[at + 2];
      rgba[at + 3] = soft[place];
    } else {
      const gray = view === "soft" ? soft[place] : inside ? 255 : 0;
      rgba[at] = rgba[at + 1] = rgba[at + 2] = gray;
      rgba[at + 3] = 255;
    }
  }
}
