import { HOST_JSON_DEPTH_MAX } from './limits.ts';

/**
 * What is wrong with a JSON value that is to be handed on: nested deeper than {@link HOST_JSON_DEPTH_MAX}, or longer than the bound when written
 * in UTF-8. The depth is looked at first and without recursion, since writing recurses.
 * @returns the rest of a sentence that begins with "must"; `undefined` if nothing is
 */
export function jsonProblem(value: unknown, bytesMax: number): string | undefined {
  if (isDeeper(value, HOST_JSON_DEPTH_MAX)) return `not be nested deeper than ${HOST_JSON_DEPTH_MAX}`;
  return Buffer.byteLength(JSON.stringify(value)) > bytesMax ? `have at most ${bytesMax} bytes as JSON` : undefined;
}

function isDeeper(value: unknown, depthMax: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= depthMax) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
