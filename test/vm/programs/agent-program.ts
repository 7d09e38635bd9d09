/**
 * Runs in the guest: a session's agent without a display, whose one program does what the lines on standard input say.
 *
 *   node agent-program.cjs SESSION_SOCKET
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { AgentWire, RpcError, type Selection } from '@clipmux/rpc';
import type { AgentCommand, AgentEvent } from './agent-protocol.ts';

const TEXT = 'text/plain;charset=utf-8';
const [path = ''] = process.argv.slice(2);
const copied: Partial<Record<Selection, Buffer>> = {};
const seen: Record<Selection, number> = { clipboard: 0, primary: 0 };

/** Longer texts are told by their hash alone: the line to the test is slow. */
const SHORT = 200;

function say(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const wire = new AgentWire(connect(path), {
  'selection.grab': ({ selection, serial, types }) => {
    seen[selection] = serial;
    delete copied[selection];
    say({ event: 'given', selection, types });
  },
  'selection.release': ({ selection, serial }) => {
    seen[selection] = serial;
    say({ event: 'taken', selection });
  },
  'selection.request': ({ selection }) => {
    const content = copied[selection];
    if (content === undefined) throw new RpcError('no-owner', 'nothing was copied');
    return { size: content.length, type: TEXT, content };
  },
  'paste.cut-short': () => {},
  closed: ({ name }) => {
    say({ event: 'closed', code: name });
    process.exit();
  },
});

async function obey(command: AgentCommand): Promise<void> {
  const { selection } = command;
  if (command.do === 'copy') {
    copied[selection] = Buffer.from(command.text);
    wire.notify('selection.grab', { selection, types: [TEXT], seen: seen[selection] });
    say({ event: 'copied' });
    return;
  }
  try {
    const { bytes } = await wire.collect({ selection, type: TEXT }, { maxBytes: 64 * 1024 * 1024 });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    say({ event: 'pasted', size: bytes.length, sha256, text: bytes.subarray(0, SHORT).toString() });
  } catch (error) {
    say({ event: 'refused', code: error instanceof RpcError ? error.name : String(error) });
  }
}

createInterface({ input: process.stdin }).on('line', (line) => void obey(JSON.parse(line) as AgentCommand));
const identity = { agent: { name: 'test', version: '0' }, display: ':0', session: null };
void wire.hello(identity, { timeoutMs: 30_000 }).then(({ session }) => say({ event: 'ready', session }));
