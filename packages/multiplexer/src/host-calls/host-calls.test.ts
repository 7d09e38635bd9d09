import { Duplex } from 'node:stream';
import { createLogger } from '@clipmux/posix';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostCalls } from './host-calls.ts';

/** The guest's end of the port, without a port: what is written is kept, and the test says what is read. */
class FakePort extends Duplex {
  written = '';

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += bytes.toString();
    done();
  }
}

let port: FakePort;
let log: string[];
let calls: HostCalls;

beforeEach(async () => {
  port = new FakePort();
  log = [];
  calls = new HostCalls({
    transport: { name: 'fake', retryCeiling: 1000, open: async () => port, release: () => {} },
    settings: () => ({ port: 'fake', allow: ['echo'], answerMs: 5000 }),
    present: () => [],
    version: '0.1.0',
    logger: createLogger({ name: 'test', write: (line) => log.push(line) }),
    now: () => 0,
    firstCall: 17,
  });
  calls.start();
  await vi.waitUntil(() => port.written.includes('READY'));
});
afterEach(() => calls.stop());

describe('the port for calls', () => {
  it('begins with the end of a line, which ends what the host holds of one that was cut off', () => {
    expect(port.written).toMatch(/^\n\{"event":"READY",/);
  });

  it('reads on after a broken line, and logs it once, without what it held', async () => {
    const answer = calls.call(3, { call: 1, method: 'echo', params: {} });
    port.push('{"return": {"hush": [[{"hush"\nhush, "hush" }}]]\n');
    port.push('{"return": 5, "id": {"session": 3, "call": 17}}\n');
    expect(await answer).toEqual({ return: 5 });
    const ignored = log.filter((line) => line.includes('the host sent what is no answer to a call'));
    expect(ignored).toHaveLength(2);
    expect(log.join('')).not.toContain('hush');
  });
});
