// What a person meant by a name that does not exist.

/** The candidate nearest to a name, if it is near enough to be meant. */
export function nearest(name, candidates) {
  const near = [...candidates]
    .map((candidate) => [distance(name.slice(0, 100), candidate), candidate])
    .filter(([edits, candidate]) => edits <= Math.max(candidate.length, 3) / 3)
    .sort(([a], [b]) => a - b);
  return near[0]?.[1];
}

/** ` Did you mean "x"?`, or nothing. */
export function suggestion(name, candidates) {
  const near = nearest(name, candidates);
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}

/** Edit distance in which two letters that changed places are one edit. */
function distance(one, other) {
  let before = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwapped ? before[j - 2] + 1 : Infinity;
      next.push(Math.min(row[j - 1] + (isSame ? 0 : 1), row[j] + 1, next[j - 1] + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}
