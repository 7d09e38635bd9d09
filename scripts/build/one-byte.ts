/**
 * V8 keeps a program's source in memory while it runs: one byte a character, but two if a single character lies beyond Latin-1. esbuild
 * escapes such characters in code and leaves them in the comments that it keeps; one dash in a comment of x11's costs the session agent
 * 0.6 MiB.
 */
import type { Plugin } from 'esbuild';

/** A line that is nothing but a comment. */
const COMMENT_LINE = /^[ \t]*(?:\/\/|\/\*|\*).*$/gm;

/** The same program, its comments in ASCII. */
export function withAsciiComments(source: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  return source.replace(COMMENT_LINE, (comment) => comment.replace(/[^\x00-\x7f]/gu, '?'));
}

export const oneByteSource: Plugin = {
  name: 'one-byte-source',
  setup(build) {
    build.onEnd(({ outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (file.path.endsWith('.cjs')) file.contents = Buffer.from(withAsciiComments(file.text));
      }
    });
  },
};
