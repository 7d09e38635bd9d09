import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { HostEndpoint, SelectionName } from '@clipmux/host';
import { say, textSample } from './steps.ts';

const HELP = `You are the host now. Type:
  copy TEXT…              copy text on the host; paste it in the session
  copy-png FILE           copy an image on the host
  paste                   show what the session copied
  paste-to FILE [TYPE]    write what the session copied to a file (TYPE: image/png …)
  primary COMMAND…        the same with PRIMARY (select and middle-click)
  quit`;

/** Lets a person be the host until they leave. */
export async function prompt(host: HostEndpoint): Promise<void> {
  say(HELP);
  host.on('grabbed', ({ selection, types }) => say(`\n(the session copied: ${selection}, ${types.join(', ')})`));
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'host> ' });
  lines.prompt();
  for await (const line of lines) {
    const words = line.trim();
    if (words === 'quit' || words === 'exit') break;
    try {
      if (words !== '') await obey(host, words, 'clipboard');
    } catch (error) {
      say(`could not: ${(error as Error).message}`);
    }
    lines.prompt();
  }
  lines.close();
}

async function obey(host: HostEndpoint, line: string, selection: SelectionName): Promise<void> {
  const [command = '', ...words] = line.split(/\s+/);
  const rest = line.slice(command.length).trimStart();
  const [file, type = 'text/plain;charset=utf-8'] = words;
  switch (command) {
    case 'copy': {
      const { type: textType, content } = textSample(rest);
      host.copy(selection, new Map([[textType, content]]));
      return;
    }
    case 'copy-png':
      if (!file) throw new Error('which file?');
      host.copy(selection, new Map([['image/png', await readFile(file)]]));
      return;
    case 'paste':
      say(Buffer.from(await host.paste(selection, type, { timeout: 10_000 })).toString());
      return;
    case 'paste-to': {
      if (!file) throw new Error('which file?');
      const content = await host.paste(selection, type, { timeout: 10_000 });
      await writeFile(file, content);
      say(`${content.length} bytes`);
      return;
    }
    case 'primary':
      await obey(host, rest, 'primary');
      return;
    default:
      say(HELP);
  }
}
