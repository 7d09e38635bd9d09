import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { RpcError } from '../../peer/index.ts';
import { PieceList } from './piece-list.ts';
import { PieceQueue } from './piece-queue.ts';

async function readAll(queue: PieceQueue): Promise<string> {
  let text = '';
  for await (const piece of queue) text += Buffer.from(piece).toString();
  return text;
}

describe('a piece queue', () => {
  it('gives what was written, in order, then ends', async () => {
    const queue = new PieceQueue();
    queue.write(Buffer.from('a'));
    const read = readAll(queue);
    await new Promise(setImmediate);
    queue.write(Buffer.from('b'));
    queue.write(Buffer.alloc(0));
    queue.write(Buffer.from('c'));
    queue.end();
    queue.end();
    expect(await read).toBe('abc');
  });

  it('asks for a pause at its mark and says when to go on', async () => {
    const queue = new PieceQueue({ highWaterBytes: 4 });
    expect(queue.write(Buffer.from('123'))).toBe(true);
    expect(queue.write(Buffer.from('4'))).toBe(false);
    let drained = false;
    const waiting = queue.drained().then(() => (drained = true));
    await new Promise(setImmediate);
    expect(drained).toBe(false);
    expect(Buffer.concat(queue.take(2)).toString()).toBe('12');
    await waiting;
    await queue.drained();
    expect(queue.available).toBe(2);
  });

  it('lets a producer that waits go on when the reader leaves, and discards what still comes', async () => {
    const cancelled = vi.fn();
    const queue = new PieceQueue({ highWaterBytes: 1, onCancel: cancelled });
    queue.write(Buffer.from('12'));
    const waiting = queue.drained();
    for await (const _piece of queue) break;
    await waiting;
    expect(cancelled).toHaveBeenCalledOnce();
    expect(queue.cancelled).toBe(true);
    expect(queue.write(Buffer.from('3'))).toBe(true);
    expect(queue.available).toBe(0);
  });

  it('does not call a complete reading cancelled', async () => {
    const cancelled = vi.fn();
    const queue = new PieceQueue({ onCancel: cancelled });
    queue.write(Buffer.from('1'));
    queue.end();
    expect(await readAll(queue)).toBe('1');
    queue.cancel(new RpcError('cancelled', 'x'));
    expect(cancelled).not.toHaveBeenCalled();
  });

  it('passes a failure on, dropping what was not read, and lets the producer go on', async () => {
    const queue = new PieceQueue({ highWaterBytes: 1 });
    queue.write(Buffer.from('12'));
    const waiting = queue.drained();
    queue.fail(new RpcError('owner-died', 'gone'));
    await waiting;
    await expect(readAll(queue)).rejects.toMatchObject({ name: 'owner-died' });
  });

  it('refuses a second reader, and writing after its end', () => {
    const queue = new PieceQueue();
    queue[Symbol.asyncIterator]();
    expect(() => queue[Symbol.asyncIterator]()).toThrow('only once');
    queue.end();
    expect(() => queue.write(Buffer.from('x'))).toThrow('write after end');
  });

  it('wakes its reader after all that is written in one go', async () => {
    const queue = new PieceQueue();
    const available = new Promise<number>((resolve) => queue.more(() => resolve(queue.available)));
    queue.write(Buffer.from('1'));
    queue.write(Buffer.from('23'));
    expect(await available).toBe(3);
  });
});

describe('a list of pieces', () => {
  it('gives back the same bytes, however they are put in and taken', () => {
    const action = fc.oneof(
      fc.record({ push: fc.uint8Array({ maxLength: 6000 }), compact: fc.boolean() }),
      fc.record({ take: fc.integer({ min: 1, max: 9000 }), pieces: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const list = new PieceList();
        let model = Buffer.alloc(0);
        for (const each of actions) {
          if ('push' in each) {
            if (each.compact) list.pushCompact(each.push);
            else list.push(each.push);
            model = Buffer.concat([model, each.push]);
          } else {
            const taken = Buffer.concat(list.take(each.take, each.pieces));
            expect(taken.equals(model.subarray(0, taken.length))).toBe(true);
            if (model.length > 0) expect(taken.length).toBeGreaterThan(0);
            model = model.subarray(taken.length);
          }
          expect(list.byteLength).toBe(model.length);
        }
        expect(Buffer.concat(list.take(Number.POSITIVE_INFINITY)).equals(model)).toBe(true);
      }),
    );
  });

  it('puts tiny pieces together and does not keep large buffers alive for them', () => {
    const list = new PieceList();
    const large = Buffer.alloc(65_536, 'x');
    for (let count = 0; count < 8192; count += 1) list.pushCompact(large.subarray(count, count + 1));
    list.pushCompact(large.subarray(0, 5000));
    const pieces = list.take(Number.POSITIVE_INFINITY);
    expect(pieces).toHaveLength(3);
    const kept = new Set(pieces.map((piece) => piece.buffer));
    const bytesKept = [...kept].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(bytesKept).toBeLessThan(30_000);
  });
});
