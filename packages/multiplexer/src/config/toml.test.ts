import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatKey, formatToml, isTable, NESTING_MAX, parseToml } from './toml.ts';

describe('the TOML adapter', () => {
  it('reads tables, dotted keys and a byte order mark', () => {
    expect(parseToml('\ufeffpolicy = "off"\n[text]\nnormalise-vnc = false\n')).toEqual({
      table: { policy: 'off', text: { 'normalise-vnc': false } },
    });
    expect(parseToml('text.normalise-vnc = false')).toEqual({ table: { text: { 'normalise-vnc': false } } });
  });

  it.each([
    ['a = "b', 1, 5, 'unfinished string'],
    ['a = 1\nb =\n', 2, 4, 'invalid value'],
    ['a = 1\r\na = 2\r\n', 2, 1, 'trying to redefine an already defined table or value'],
    ['[a]\n[a]\n', 2, 2, 'trying to redefine an already defined table or value'],
    ['[x]\na = b # c\r\n', 2, 5, 'invalid value: write "b"'],
    ['a = b c', 1, 5, 'invalid value: write "b c"'],
    ['a = 5min', 1, 6, 'illegal character in numeric literal: write "5min"'],
    ['a = [b]', 1, 6, 'invalid value'],
    ['a = true\na = true', 2, 1, 'trying to redefine an already defined table or value'],
    ['a = 1 b = 2', 1, 7, 'each key-value declaration must be followed by an end-of-line'],
    ['a = 99999999999999999999', 1, 5, 'integer value cannot be represented losslessly'],
  ])('names line, column and reason of %j', (text, line, column, reason) => {
    expect(parseToml(text)).toEqual({ problem: { line, column, message: `not valid TOML: ${reason}` } });
  });

  it('refuses nesting past its limit instead of exhausting the stack', () => {
    expect(parseToml(`a = ${'['.repeat(NESTING_MAX)}${']'.repeat(NESTING_MAX)}`)).toHaveProperty('table');
    expect(parseToml(`a = ${'['.repeat(100_000)}`)).toHaveProperty('problem');
    expect(parseToml(`${'a.'.repeat(100_000)}b = 1`)).toHaveProperty('table');
  });

  it('keeps a key named __proto__ as a key', () => {
    const parsed = parseToml('__proto__ = 1\nconstructor = 2');
    expect('table' in parsed && Object.keys(parsed.table)).toEqual(['__proto__', 'constructor']);
  });

  it('gives a table or a problem for any text', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const parsed = parseToml(text);
        return 'table' in parsed || parsed.problem.line >= 1;
      }),
    );
  });

  it('writes keys before tables', () => {
    expect(formatToml({ log: { level: 'info' }, policy: 'active', access: { users: ['alice', 1000] } })).toBe(
      'policy = "active"\n\n[log]\nlevel = "info"\n\n[access]\nusers = [ "alice", 1000 ]\n',
    );
  });

  it('quotes keys that cannot be bare', () => {
    expect(formatKey('max-size')).toBe('max-size');
    expect(formatKey('max size')).toBe('"max size"');
    expect(formatKey('')).toBe('""');
  });

  it('tells tables from arrays of tables and dates', () => {
    const parsed = parseToml('a = {}\nb = [{}]\nc = 2026-01-01\nd = 1');
    expect('table' in parsed && Object.values(parsed.table).map(isTable)).toEqual([true, false, false, false]);
  });
});
