import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as rpc from '../index.ts';
import { AGENT_TO_DAEMON, type Contract, DAEMON_TO_AGENT, parseFields } from './methods.ts';

/** docs/protocol.md is the contract: what it shows must be what the implementation does. */
const DOCUMENT = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

const BLOCKS: readonly Block[] = [...DOCUMENT.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
  language: match[1] as string,
  lines: (match[2] as string).trimEnd().split('\n'),
}));

const DATA_LINE = /^data (\d+) "(.*)"$/;

function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  const parser = new rpc.FrameParser({
    json: (payload) => frames.push(payload.toString()),
    dataStart: () => undefined,
    data: (transfer, piece) => frames.push(`data ${transfer} "${piece.toString()}"`),
  });
  parser.push(bytes);
  parser.end();
  return frames;
}

function encode(line: string): Buffer {
  const data = DATA_LINE.exec(line);
  if (data === null) return rpc.encodeJsonFrame(line);
  return Buffer.concat(rpc.encodeDataFrame(Number(data[1]), [Buffer.from(data[2] as string)]));
}

describe("the document's hex dumps", () => {
  const pairs = BLOCKS.flatMap((block, index) =>
    block.language === 'hex' ? [[BLOCKS[index + 1]?.lines.join('\n') as string, block.lines] as const] : [],
  );

  it('are there', () => {
    expect(pairs).toHaveLength(2);
  });

  it.each(pairs)('are read and written as %s', (frame, lines) => {
    const bytes = Buffer.from(
      lines
        .map((line) => line.replace(/#.*/, ''))
        .join('')
        .replaceAll(/\s/g, ''),
      'hex',
    );
    expect(framesOf(bytes)).toEqual([frame]);
    expect(encode(frame).equals(bytes)).toBe(true);
    const comments = lines.map((line) => /# (.*)/.exec(line)?.[1] ?? '');
    if (frame.startsWith('{')) expect(comments.slice(1).join('')).toBe(frame);
  });
});

describe("the document's sequences", () => {
  const sequences = BLOCKS.filter(({ language }) => language === 'session').map(({ lines }) => lines);

  it('are there', () => {
    expect(sequences).toHaveLength(10);
  });

  it.each(sequences.map((lines, index) => [index + 1, lines] as const))(
    'keep the contract: number %i',
    (_number, lines) => {
      const calls = new Map<string, { contract: Contract; method: string; from: string; transfer: unknown }>();
      const announced = new Map<string, { size: number; sent: number; cancelled: boolean }>();
      for (const line of lines) {
        const [, from, text] = /^([AD])> (.*)$/.exec(line) as unknown as [string, 'A' | 'D', string];
        const data = DATA_LINE.exec(text);
        if (data !== null) {
          const transfer = announced.get(`${from}${data[1]}`);
          if (transfer === undefined) throw new Error(`no answer before ${line}`);
          transfer.sent += Buffer.byteLength(data[2] as string);
          continue;
        }
        const message = JSON.parse(text) as {
          jsonrpc: string;
          id?: unknown;
          method?: string;
          params?: Record<string, unknown>;
          result?: unknown;
          error?: { code: number; data: { name: string } };
        };
        expect(message.jsonrpc).toBe('2.0');
        const contract: Contract = from === 'A' ? AGENT_TO_DAEMON : DAEMON_TO_AGENT;
        if (message.method !== undefined) {
          const spec = contract[message.method];
          expect(spec?.kind).toBe(message.id === undefined ? 'notification' : 'call');
          // Parsing strips what it does not know: every member shown must come out again.
          expect(parseFields(spec?.params as never, message.params)).toMatchObject(message.params as object);
          if (message.id !== undefined)
            calls.set(String(message.id), {
              contract,
              method: message.method,
              from,
              transfer: message.params?.['transfer'],
            });
          const sender = `${from === 'A' ? 'D' : 'A'}${String(message.params?.['transfer'])}`;
          if (message.method === 'transfer.cancel')
            announced.delete(sender) && announced.set(sender, { size: 0, sent: 0, cancelled: true });
          if (message.method === 'transfer.abort') announced.delete(`${from}${String(message.params?.['transfer'])}`);
          continue;
        }
        const call = calls.get(String(message.id));
        if (call === undefined) throw new Error(`no call before ${line}`);
        expect(call.from).not.toBe(from);
        if (message.error !== undefined) {
          expect(rpc.rpcErrorName(message.error.code)).toBe(message.error.data.name);
          continue;
        }
        const spec = call.contract[call.method];
        if (spec?.kind !== 'call') throw new Error(`${call.method} is no call`);
        const result = parseFields(spec.result as never, message.result) as { size: number };
        expect(result).toEqual(message.result);
        if (call.method === 'selection.request')
          announced.set(`${from}${String(call.transfer)}`, { size: result.size, sent: 0, cancelled: false });
      }
      for (const { size, sent, cancelled } of announced.values()) if (!cancelled) expect(sent).toBe(size);
    },
  );
});

describe("the document's tables", () => {
  const rows = [...DOCUMENT.matchAll(/^\| `([\w-]+)` \| (-?\d+) \|/gm)].map(
    (match) => [match[1], Number(match[2])] as const,
  );

  it("have every error with its code, but for the control socket's own", () => {
    const own = Object.entries(rpc.RPC_ERROR_CODES).filter(([, code]) => code < rpc.CONTROL_ERROR_CODE_MIN);
    expect(rows.filter(([name]) => /^[a-z-]+$/.test(name ?? ''))).toEqual(own);
  });

  it('have the limits as they are', () => {
    const limits = rows.filter(([name]) => /^[A-Z_]+$/.test(name ?? ''));
    expect(limits).toHaveLength(21);
    for (const [name, value] of limits)
      expect([name, (rpc as Record<string, unknown>)[name as string]]).toEqual([name, value]);
  });

  it('have a section for every method of either direction, and no other', () => {
    const shown = [...DOCUMENT.matchAll(/^### `([\w.-]+)` — (call|notification), (.*)$/gm)].map((match) => {
      const [, name, kind, direction] = match as unknown as [string, string, string, string];
      if (direction.startsWith('both ways')) return `${name} ${kind} both`;
      return `${name} ${kind} ${direction}`;
    });
    const direction = (name: string, contract: Contract, words: string) => `${name} ${contract[name]?.kind} ${words}`;
    const both = ['ping', 'selection.request', 'transfer.credit', 'transfer.cancel', 'transfer.abort'];
    const expected = [
      ...both.map((name) => direction(name, AGENT_TO_DAEMON, 'both')),
      ...Object.keys(AGENT_TO_DAEMON)
        .filter((name) => !both.includes(name))
        .map((name) => direction(name, AGENT_TO_DAEMON, 'agent to clipmuxd')),
      ...Object.keys(DAEMON_TO_AGENT)
        .filter((name) => !both.includes(name))
        .map((name) => direction(name, DAEMON_TO_AGENT, 'clipmuxd to agent')),
    ];
    expect(shown.sort()).toEqual(expected.sort());
  });
});
