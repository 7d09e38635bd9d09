/** The part of Markdown that docs/configuration.md is written in, as mdoc(7). */
import { display, markedSentences } from './mdoc.ts';

/** A paragraph's lines. A link within the project becomes its label: a page stands alone. */
function inline(markdown: string): string[] {
  return markedSentences(
    markdown.replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_all, label: string, target: string) =>
      target.startsWith('http') ? `${label} (${target})` : label,
    ),
  );
}

/** Paragraphs, lists and displays, without headings. */
export function blocks(markdown: string): string[] {
  const lines: string[] = [];
  let first = true;
  for (const block of markdown.trim().split(/\n{2,}/)) {
    const rows = block.split('\n');
    if (rows[0]?.startsWith('```')) {
      lines.push(...display(rows.slice(1, -1)));
    } else if (/^(\d+\.|-) /.test(block)) {
      lines.push(...list(block));
    } else {
      if (!first) lines.push('.Pp');
      lines.push(...inline(rows.join(' ')));
    }
    first = false;
  }
  return lines;
}

function list(block: string): string[] {
  const kind = block.startsWith('-') ? '-dash' : '-enum';
  const items = block.split(/^(?:\d+\.|-) /m).slice(1);
  const written = items.flatMap((item) => ['.It', ...inline(item.trim().replaceAll(/\s*\n\s*/g, ' '))]);
  return [`.Bl ${kind} -offset 2n -compact`, ...written, '.El'];
}
