import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { CONTROL_PIECE_BYTES_MAX, type ControlClient, encodeBase64 } from '@clipmux/rpc';
import type { Command } from '../command-line/command.ts';
import { COMMON_TYPES, TEXT_TYPE, WHOSE_OPTIONS, whose } from '../command-line/options.ts';
import { CommandError, EXIT, UsageError } from '../exit-status.ts';
import { size } from '../format/text.ts';

export const set: Command = {
  name: 'set',
  summary: "put a file, or the standard input, into a session's selection",
  arguments: [{ name: 'FILE', optional: true, offer: 'files' }],
  options: [
    ...WHOSE_OPTIONS,
    {
      name: 'type',
      argument: { name: 'MIME', offer: COMMON_TYPES },
      description: `what it is (default: ${TEXT_TYPE})`,
    },
    { name: 'share', description: 'offer it to the host too, if the session takes part' },
  ],
  notes: ['clipmuxd holds the content for that session until something else is copied there.'],
  run: async (invocation, context) => {
    const asked = whose(invocation);
    const type = invocation.value('type') ?? TEXT_TYPE;
    if (!/^[\x21-\x7e]+\/[\x20-\x7e]+$/.test(type)) throw new UsageError(`--type ${type}: must be a MIME type`, 'set');
    const share = invocation.has('share');
    const [file = '-'] = invocation.arguments;
    const pieces = inPieces(file === '-' ? context.io.stdin : createReadStream(file));
    const first = await readFirst(pieces, file);
    const client = await context.connect();
    const { session, bytes } = await send(client, pieces, first, { ...asked, type, share });
    await context.print({ ...asked, session, type, size: bytes, share }, () => '');
    return EXIT.ok;
  },
};

interface Sent {
  readonly session?: number;
  readonly selection: ReturnType<typeof whose>['selection'];
  readonly type: string;
  readonly share: boolean;
}

async function send(
  client: ControlClient,
  rest: AsyncIterator<Buffer>,
  first: Buffer,
  { type, share, ...asked }: Sent,
): Promise<{ readonly session: number; readonly bytes: number }> {
  if (first.length < CONTROL_PIECE_BYTES_MAX) {
    checkText(type, first);
    const contents = [{ type, data: encodeBase64(first) }];
    const { session } = await client.call('clipboard.set', { ...asked, contents, share });
    return { session, bytes: first.length };
  }
  const { handle } = await client.call('clipboard.begin', {});
  let bytes = 0;
  let piece: Buffer = first;
  for (;;) {
    await client.call('clipboard.append', { handle, type, data: encodeBase64(piece) });
    bytes += piece.length;
    const next = await rest.next();
    if (next.done) break;
    piece = next.value;
  }
  const { session } = await client.call('clipboard.commit', { ...asked, handle, share });
  return { session, bytes };
}

/** What is small enough to be looked at whole is not passed off as text if it is none. */
function checkText(type: string, content: Buffer): void {
  if (type !== TEXT_TYPE || isUtf8(content)) return;
  const guess = COMMON_TYPES.filter((each) => each.startsWith('image/')).join(', ');
  throw new CommandError(
    'not-done',
    `${size(content.length)} that are no UTF-8 text: say what they are with --type (${guess})`,
  );
}

async function readFirst(pieces: AsyncIterator<Buffer>, file: string): Promise<Buffer> {
  try {
    const next = await pieces.next();
    return next.done ? Buffer.alloc(0) : next.value;
  } catch (error) {
    throw new CommandError('not-done', `${file}: ${(error as Error).message}`);
  }
}

/** The stream in pieces of the largest size; only the last is shorter. */
async function* inPieces(stream: Readable): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    while (bytes + rest.length >= CONTROL_PIECE_BYTES_MAX) {
      const end = CONTROL_PIECE_BYTES_MAX - bytes;
      yield Buffer.concat([...waiting, rest.subarray(0, end)]);
      waiting = [];
      bytes = 0;
      rest = rest.subarray(end);
    }
    if (rest.length > 0) waiting.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
