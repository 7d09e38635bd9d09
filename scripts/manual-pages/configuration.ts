import { blocks } from './markdown.ts';
import { argument, head, seeAlso } from './mdoc.ts';

/** clipmux.toml(5), made of docs/configuration.md. */
export function configurationPage(document: string): string {
  const [introduction = '', ...sections] = document.split(/^## /m);
  const about = introduction
    .replace(/^# .*\n/, '')
    .replace(/\[`systemd\/clipmux\.toml`\]\([^)]*\) is a file/, 'The package brings a file')
    .replace(/\n\nEverything below is checked by[^\n]*\n/, '\n');
  const lines = [...head('clipmux.toml', 5, 'configuration of clipmuxd'), '.Sh DESCRIPTION', ...blocks(about)];
  for (const section of sections) {
    const [title = '', ...rest] = section.split('\n');
    const table = /^`\[(.*)\]`$/.exec(title)?.[1];
    lines.push(table === undefined ? `.Sh ${title.toUpperCase()}` : `.Sh TABLE ${argument(table.toUpperCase())}`);
    const [text = '', ...keys] = rest.join('\n').split(/^### /m);
    if (text.trim() !== '') lines.push(...blocks(text));
    for (const key of keys) lines.push(...keyLines(key));
  }
  lines.push(
    ...seeAlso([
      ['clipmuxctl', 1],
      ['clipmuxd', 8],
    ]),
  );
  return `${lines.join('\n')}\n`;
}

function keyLines(section: string): string[] {
  const [title = '', ...rest] = section.split('\n');
  const name = title.replaceAll('`', '');
  return [`.Ss ${argument(name)}`, ...blocks(rest.join('\n'))];
}
