/**
 * Runs in the guest: keeps one port open with the multiplexer's own PortKeeper, and does with it what the lines on standard input say.
 *
 *   node port-program.cjs /dev/virtio-ports/NAME [pipe|polling]
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { type CharacterDeviceMethod, createLogger } from '@clipmux/posix';
import { CharacterDeviceTransport, PortKeeper } from '../../../packages/multiplexer/src/port/index.ts';
import type { PortCommand, PortEvent } from './port-protocol.ts';

const [path = '', method] = process.argv.slice(2);
const keeper = new PortKeeper({
  transport: new CharacterDeviceTransport(path, method as CharacterDeviceMethod | undefined),
  logger: createLogger({ name: 'port-program', level: 'debug' }),
});
let port: Duplex | undefined;
let expected: { size: number; left: number; hash: Hash } | undefined;

/** Sizes of one write: what a program with a big message hands over at once. */
const PIECE = 256 * 1024;

function say(event: PortEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function receive(piece: Buffer): void {
  if (expected === undefined) {
    say({ event: 'data', text: piece.toString('latin1') });
    return;
  }
  const { size, hash } = expected;
  hash.update(piece.subarray(0, expected.left));
  expected.left -= piece.length;
  if (expected.left > 0) return;
  expected = undefined;
  say({ event: 'received', size, sha256: hash.digest('hex') });
}

/** Writes as fast as the port takes it, and no faster. */
function send(size: number): void {
  const stream = port;
  if (stream === undefined) return;
  const hash = createHash('sha256');
  let sent = 0;
  let buffered = 0;
  let resident = 0;
  const more = () => {
    while (sent < size) {
      const piece = randomBytes(Math.min(PIECE, size - sent));
      hash.update(piece);
      sent += piece.length;
      const free = stream.write(piece);
      buffered = Math.max(buffered, stream.writableLength);
      resident = Math.max(resident, process.memoryUsage.rss());
      say({ event: 'progress', sent });
      if (!free) {
        stream.once('drain', more);
        return;
      }
    }
    say({ event: 'sent', size, sha256: hash.digest('hex'), buffered, resident });
  };
  more();
}

function obey(command: PortCommand): void {
  switch (command.do) {
    case 'receive':
      expected = { size: command.size, left: command.size, hash: createHash('sha256') };
      say({ event: 'expecting' });
      break;
    case 'send':
      send(command.size);
      break;
    case 'confirm':
      keeper.confirm();
      break;
    case 'status':
      say({ event: 'status', status: keeper.status });
      break;
    case 'exit':
      // With a read pending, and nothing closed.
      process.exit(3);
      break;
    case 'close':
      keeper.stop();
      // Now nothing keeps the process.
      process.stdin.destroy();
      break;
  }
}

keeper.on('open', (stream) => {
  port = stream;
  stream.on('data', receive);
  say({ event: 'open' });
});
keeper.on('close', ({ kind, error }) => {
  port = undefined;
  say({ event: 'close', kind, ...(error === undefined ? {} : { code: error.code }) });
});
createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line) as PortCommand));
keeper.start();
