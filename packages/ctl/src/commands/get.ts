import { CONTROL_PIECE_BYTES_MAX, type ControlClient, decodeBase64, encodeBase64 } from '@clipmux/rpc';
import type { Command } from '../command-line/command.ts';
import { COMMON_TYPES, TEXT_TYPE, WHOSE_OPTIONS, whose } from '../command-line/options.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { write } from '../io.ts';

export const get: Command = {
  name: 'get',
  summary: "write the content of a session's selection to the standard output",
  arguments: [],
  options: [
    ...WHOSE_OPTIONS,
    {
      name: 'type',
      argument: { name: 'MIME', offer: COMMON_TYPES },
      description: 'the type to ask for (default: text, else the first that is offered)',
    },
  ],
  notes: [
    'What a paste in that session would give now: of a program in it, of the host, or what',
    'clipmuxctl set has put there. With --json: type, size, and the content as base64.',
    'Exit status 3 means that there is nothing, or nothing in this type.',
  ],
  run: async (invocation, context) => {
    const asked = whose(invocation);
    const wanted = invocation.value('type');
    const client = await context.connect();
    const type = wanted ?? (await bestType(client, asked));
    const { stdout } = context.io;
    if (stdout.isTTY && !context.json && !type.startsWith('text/')) {
      throw new CommandError('not-done', `${type} is not for a terminal: send the output to a file`);
    }
    const content = await client.call('clipboard.get', { ...asked, type });
    if (context.json) {
      const pieces: Buffer[] = [];
      for await (const piece of read(client, content.handle)) pieces.push(piece);
      const data = encodeBase64(Buffer.concat(pieces));
      await context.print({ ...asked, type: content.type, size: content.size, data }, () => '');
    } else {
      for await (const piece of read(client, content.handle)) await write(stdout, piece);
    }
    return EXIT.ok;
  },
};

async function bestType(client: ControlClient, asked: ReturnType<typeof whose>): Promise<string> {
  const { types, session, selection } = await client.call('clipboard.targets', asked);
  const type = types.includes(TEXT_TYPE) ? TEXT_TYPE : types[0];
  if (type === undefined) throw new CommandError('no-owner', `the ${selection} of session ${session} holds nothing`);
  return type;
}

async function* read(client: ControlClient, handle: number): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const { data, eof } = await client.call('clipboard.read', { handle, offset, size: CONTROL_PIECE_BYTES_MAX });
    const piece = decodeBase64(data, 'data', 'protocol-error');
    if (piece.length > 0) yield piece;
    offset += piece.length;
    if (eof) return;
    if (piece.length === 0) throw new CommandError('protocol-error', 'clipmuxd gave a piece of no bytes');
  }
}
