/** What the tests need to know of a Markdown document, by GitHub's rules. */

/** A fenced block of code. */
export interface CodeBlock {
  /** The word behind the fence; empty for none. */
  readonly language: string;
  readonly text: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

const FENCE = /^(`{3,})(\w*)\s*$/;
const HEADING = /^#{1,6} +(.*?) *#*$/;
const INLINE_CODE = /`([^`\n]+)`/g;
const LINK = /!?\[(?:[^\][]|\[[^\]]*\])*\]\(([^()\s]*)\)/g;

export class MarkdownDocument {
  readonly blocks: readonly CodeBlock[];
  /** The text without blocks of code; each of their lines is empty. */
  readonly prose: string;

  constructor(text: string) {
    const blocks: CodeBlock[] = [];
    const prose: string[] = [];
    let open: { language: string; fence: string; line: number; lines: string[] } | null = null;
    for (const [index, line] of text.split('\n').entries()) {
      const fence = FENCE.exec(line);
      if (open === null && fence === null) prose.push(line);
      else prose.push('');
      if (open === null) {
        if (fence !== null) open = { language: fence[2] ?? '', fence: fence[1] ?? '', line: index + 1, lines: [] };
      } else if (line.trimEnd() === open.fence) {
        blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
        open = null;
      } else open.lines.push(line);
    }
    if (open !== null) throw new Error(`the block of code that begins in line ${open.line} has no end`);
    this.blocks = blocks;
    this.prose = prose.join('\n');
  }

  /** The anchors of its headings. */
  get anchors(): ReadonlySet<string> {
    const anchors = new Set<string>();
    for (const line of this.prose.split('\n')) {
      const [, heading] = HEADING.exec(line) ?? [];
      if (heading === undefined) continue;
      const anchor = anchorOf(heading);
      let unique = anchor;
      for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
      anchors.add(unique);
    }
    return anchors;
  }

  /** Where its links and pictures lead. */
  get targets(): readonly string[] {
    return [...this.prose.replace(INLINE_CODE, '').matchAll(LINK)].map(([, target = '']) => target);
  }

  /** What stands between backquotes in its text. */
  get inlineCode(): readonly string[] {
    return [...this.prose.matchAll(INLINE_CODE)].map(([, code = '']) => code);
  }
}

/** The name that GitHub gives a heading: small letters, nothing but letters, digits, `-` and `_`, and `-` for each space. */
export function anchorOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
