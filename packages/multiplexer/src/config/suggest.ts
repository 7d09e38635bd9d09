/** Names longer than this are not compared: none of ours is half as long, and the comparison is quadratic. */
const COMPARED_LENGTH_MAX = 64;

/** The candidates that the name is most likely meant to be, the likeliest alone unless several are as likely; none if none is near. */
export function nearest(name: string, candidates: readonly string[]): readonly string[] {
  if (name.length > COMPARED_LENGTH_MAX) return [];
  const plain = plainName(name);
  const allowed = Math.max(1, Math.floor(plain.length / 3));
  const rated = candidates.map((candidate) => ({ candidate, distance: distance(plain, plainName(candidate)) }));
  const least = Math.min(allowed, ...rated.map((one) => one.distance));
  return rated.filter((one) => one.distance === least).map((one) => one.candidate);
}

/** `maxSize`, `max_size` and `max-size` are one name to a person. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours that make one text the other (optimal string alignment). */
export function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const [a, b] = [from[row - 1], to[column - 1]];
      const swap = a === to[column - 2] && b === from[row - 2] ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity;
      const substitute = (last[column - 1] ?? Infinity) + (a === b ? 0 : 1);
      const insertOrDelete = Math.min(current[column - 1] ?? Infinity, last[column] ?? Infinity) + 1;
      current.push(Math.min(substitute, insertOrDelete, swap));
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? from.length;
}
