import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as rpc from '../index.ts';
import { EVENT_MEMBERS } from './events.ts';
import { LineReader } from './line-reader.ts';

/** docs/protocol-control.md is the contract: what it shows must be what the implementation does. */
const DOCUMENT = readFileSync(new URL('../../../../docs/protocol-control.md', import.meta.url), 'utf8');

/** The limits of the server, which rpc does not have. */
const SERVER_LIMITS = readFileSync(new URL('../../../multiplexer/src/control/limits.ts', import.meta.url), 'utf8');

const BLOCKS = [...DOCUMENT.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
  language: match[1] as string,
  lines: (match[2] as string).trimEnd().split('\n'),
}));

const CONVERSATIONS = BLOCKS.filter(({ language }) => language === 'control').map(({ lines }) =>
  lines.map((line) => {
    const [, from, text] = /^([CS])> (.*)$/.exec(line) as unknown as [string, 'C' | 'S', string];
    return { from, text };
  }),
);

describe("the document's hex dump", () => {
  const hex = BLOCKS.filter(({ language }) => language === 'hex');

  it('is the conversation that follows it, line by line', () => {
    expect(hex).toHaveLength(1);
    const lines = (hex[0] as (typeof BLOCKS)[number]).lines;
    const bytes = Buffer.from(lines.map((line) => line.replace(/#.*/, '').replaceAll(/\s/g, '')).join(''), 'hex');
    const reader = new LineReader();
    reader.push(bytes);
    const found: string[] = [];
    for (let line = reader.next(); line !== undefined; line = reader.next()) found.push(line.toString());
    expect(found).toEqual((CONVERSATIONS[0] as (typeof CONVERSATIONS)[number]).map(({ text }) => text));
    expect(lines.map((line) => /# (.*)/.exec(line)?.[1] ?? '').join('')).toBe(found.join(''));
  });
});

describe("the document's sequences", () => {
  it('are there', () => {
    expect(CONVERSATIONS).toHaveLength(5);
  });

  it.each(CONVERSATIONS.map((lines, index) => [index + 1, lines] as const))(
    'keep the contract: number %i',
    (_n, lines) => {
      const calls = new Map<number, rpc.ControlMethod>();
      for (const { from, text } of lines) {
        const message = JSON.parse(text) as {
          jsonrpc: string;
          id?: number | null;
          method?: string;
          params?: object;
          result?: unknown;
          error?: { code: number; data: { name: string } };
        };
        expect(message.jsonrpc).toBe('2.0');
        expect(JSON.stringify(message)).toBe(text);
        if (from === 'C') {
          const method = message.method as rpc.ControlMethod;
          const parsed = rpc.parseFields(rpc.CONTROL_METHODS[method].params, message.params);
          // Parsing strips what it does not know: every member shown must come out again.
          expect(parsed).toMatchObject(message.params ?? {});
          calls.set(message.id as number, method);
        } else if (message.method !== undefined) {
          expect(message.method).toBe('event');
          expect(rpc.knownEvent(message.params as rpc.UnknownEvent)).toEqual(message.params);
        } else if (message.error !== undefined) {
          expect(rpc.rpcErrorName(message.error.code)).toBe(message.error.data.name);
          expect(rpc.RpcError.fromWire(message.error).toWire()).toEqual(message.error);
          if (message.id !== null) expect(calls.delete(message.id as number)).toBe(true);
        } else {
          const method = calls.get(message.id as number);
          if (method === undefined) throw new Error(`no call before ${text}`);
          calls.delete(message.id as number);
          const schema = rpc.CONTROL_METHODS[method].result;
          expect(rpc.parseFields(schema, message.result, 'protocol-error')).toEqual(message.result);
        }
      }
      expect([...calls.values()]).toEqual([]);
    },
  );

  it('carry the content that they tell of', () => {
    const texts = CONVERSATIONS.flat().map(({ text }) => text);
    const read = texts.flatMap((text) => /"data":"([^"]*)","eof"/.exec(text)?.[1] ?? []);
    expect(Buffer.concat(read.map((data) => rpc.decodeBase64(data, 'data'))).toString()).toBe('hello world');
  });
});

describe("the document's lists", () => {
  it('have a section for every method, and no other', () => {
    const shown = [...DOCUMENT.matchAll(/^### `([\w.]+)`$/gm)].map(([, name]) => name);
    expect(shown).toEqual(Object.keys(rpc.CONTROL_METHODS));
  });

  it('have every kind of event, with its members', () => {
    const [, section = ''] = /^## Events$([\s\S]*?)^## /m.exec(DOCUMENT) ?? [];
    const shown = [...section.matchAll(/^\| `([\w-]+)` \| (`.*) \|$/gm)].map(([, kind, text = '']) => {
      const names = text.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g);
      return [kind, [...names].map(([, name]) => name)];
    });
    const expected = Object.entries(EVENT_MEMBERS).map(([kind, members]) => [kind, Object.keys(members)]);
    expect(shown).toEqual(expected);
  });

  it('have every reason that status may give', () => {
    for (const { literal } of reasons()) expect(DOCUMENT).toContain(`\`${literal}\``);
  });

  const rows = [...DOCUMENT.matchAll(/^\| `([\w-]+)` \| (-?\d+) \|/gm)].map(
    (match) => [match[1] as string, Number(match[2])] as const,
  );

  it("have the control socket's own errors with their codes", () => {
    const own = Object.entries(rpc.RPC_ERROR_CODES).filter(([, code]) => code >= rpc.CONTROL_ERROR_CODE_MIN);
    expect(rows.filter(([name]) => /^[a-z-]+$/.test(name))).toEqual(own);
  });

  it('have the limits as they are', () => {
    const limits = rows.filter(([name]) => /^[A-Z_]+$/.test(name));
    expect(limits).toHaveLength(10);
    for (const [name, value] of limits) {
      expect([name, (rpc as Record<string, unknown>)[name] ?? serverLimit(name)]).toEqual([name, value]);
    }
  });
});

function reasons(): { readonly literal: string }[] {
  const { reason } = rpc.CONTROL_METHODS.status.result.entries.eligible.entries;
  return reason.options.map((literal) => ({ literal }));
}

/** A constant of the server, from its text: a product of numbers. */
function serverLimit(name: string): number | undefined {
  const product = new RegExp(`export const ${name} = ([\\d_ *]+);`).exec(SERVER_LIMITS)?.[1];
  return product?.split('*').reduce((value, factor) => value * Number(factor.replaceAll('_', '').trim()), 1);
}
