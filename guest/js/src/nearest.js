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

/** Edit distance (Levenshtein). */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = above[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[other.length];
}
