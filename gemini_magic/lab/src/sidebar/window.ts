/** Which exchanges of a conversation stand in the page: those near what is seen; pure. */

/** Of so many exchanges at most more stand in the page than can be seen. */
export const MOST = 30;

/** From the first to before the last one. */
export interface Range {
  from: number;
  to: number;
}

/** What is seen of a list: from where, and how much of it, in pixels. */
export interface Seen {
  top: number;
  height: number;
}

/**
 * The exchanges that are seen, and their neighbours until `margin` pixels beyond that are covered or
 * there are `most` of them. `heights`: of all exchanges, in pixels.
 */
export function near(heights: readonly number[], seen: Seen, margin: number, most = MOST): Range {
  const count = heights.length;
  if (count <= most) {
    return { from: 0, to: count };
  }
  const bottom = seen.top + seen.height;
  let from = 0;
  let begin = 0; // where `from` begins
  for (; from < count - 1 && begin + (heights[from] ?? 0) <= seen.top; from += 1) {
    begin += heights[from] ?? 0;
  }
  let to = from;
  let end = begin; // where the one before `to` ends
  const below = (): void => {
    end += heights[to] ?? 0;
    to += 1;
  };
  do {
    below();
  } while (to < count && end < bottom);
  while (to - from < most) {
    const above = from > 0 ? seen.top - begin : Infinity;
    const beyond = to < count ? end - bottom : Infinity;
    if (Math.min(above, beyond) >= margin) {
      break;
    }
    if (above < beyond) {
      from -= 1;
      begin -= heights[from] ?? 0;
    } else {
      below();
    }
  }
  return { from, to };
}
