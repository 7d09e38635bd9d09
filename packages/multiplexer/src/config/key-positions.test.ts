import { array, assert, constantFrom, dictionary, integer, oneof, property, string } from 'fast-check';
import { stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { type KeyPath, locateKeys } from './key-positions.ts';
import { parseToml } from './toml.ts';

function at(text: string, ...path: KeyPath): string {
  expect(parseToml(text)).toHaveProperty('table');
  const { line, column } = locateKeys(text).of(path);
  return `${line}:${column}`;
}

describe('locating keys', () => {
  it('finds keys before and within tables', () => {
    const text = 'policy = "off"\n\n[clipboard]\n  direction = "both"\n';
    expect(at(text, 'policy')).toBe('1:1');
    expect(at(text, 'clipboard')).toBe('3:2');
    expect(at(text, 'clipboard', 'direction')).toBe('4:3');
  });

  it('falls back to the table around a key that is not there, then to the start', () => {
    const text = '# nothing\n[clipboard]\n';
    expect(at(text, 'clipboard', 'direction')).toBe('2:2');
    expect(at(text, 'primary', 'direction')).toBe('1:1');
  });

  it('points at the part of a dotted key', () => {
    expect(at('clipboard.direction = "off"', 'clipboard')).toBe('1:1');
    expect(at('clipboard . direction = "off"', 'clipboard', 'direction')).toBe('1:13');
    expect(at('[a . b]\nc.d = 1', 'a', 'b', 'c', 'd')).toBe('2:3');
  });

  it('reads quoted keys with dots, brackets, equals signs and escapes in them', () => {
    expect(at('"a.b" = 1', 'a.b')).toBe('1:1');
    expect(at("'a=]' = 1", 'a=]')).toBe('1:1');
    expect(at('x."\\u0061\\"b" = 1', 'x', 'a"b')).toBe('1:3');
    expect(at('["x]"."#"]\ny = 1', 'x]', '#', 'y')).toBe('2:1');
    expect(at('"" = 1', '')).toBe('1:1');
    expect(at('"__proto__" = 1', '__proto__')).toBe('1:1');
  });

  it('looks into inline tables', () => {
    const text = 'a = { b = 1, c.d = "}", "e" = { f = [1, { g = 2 }] } }\nh = 1';
    expect(at(text, 'a', 'b')).toBe('1:7');
    expect(at(text, 'a', 'c', 'd')).toBe('1:16');
    expect(at(text, 'a', 'e', 'f')).toBe('1:33');
    expect(at(text, 'a', 'e', 'f', 1, 'g')).toBe('1:43');
    expect(at(text, 'h')).toBe('2:1');
  });

  it('looks into inline tables over several lines, which TOML 1.1 allows', () => {
    const text = 'a = {\n  b = 1, # }\n  c = 2,\n}\nd = 1';
    expect(at(text, 'a', 'c')).toBe('3:3');
    expect(at(text, 'd')).toBe('5:1');
  });

  it('finds the elements of an array over several lines with comments', () => {
    const text = 'users = [ # ] all of them\n  "alice", # "bob",\n  1000, # ,\n]\nafter = 1\n';
    expect(at(text, 'users', 0)).toBe('2:3');
    expect(at(text, 'users', 1)).toBe('3:3');
    expect(at(text, 'after')).toBe('5:1');
  });

  it('counts the elements of arrays of tables, and tables within the last one', () => {
    const text = '[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5\n[[a]]\nb = 6\n';
    expect(at(text, 'a', 0)).toBe('1:3');
    expect(at(text, 'a', 0, 'b')).toBe('2:1');
    expect(at(text, 'a', 1, 'b')).toBe('4:1');
    expect(at(text, 'a', 1, 'c', 'd')).toBe('6:1');
    expect(at(text, 'a', 1, 'e', 0, 'f')).toBe('8:1');
    expect(at(text, 'a', 1, 'e', 1, 'f')).toBe('10:1');
    expect(at(text, 'a', 2, 'b')).toBe('12:1');
  });

  it('does not take keys in multi-line strings for keys', () => {
    const basic = 'a = """\nb = 1\n\\""" [c]\n""\\\n"""""\nb = 2';
    expect(at(basic, 'b')).toBe('6:1');
    const literal = "a = '''\nb = 1\n[c] ''\n'''''\nb = 2";
    expect(at(literal, 'b')).toBe('5:1');
    expect(at('a = ""\nb = 1', 'b')).toBe('2:1');
    expect(at('a = """"""\nb = 1', 'b')).toBe('2:1');
  });

  it('does not take keys in comments for keys', () => {
    expect(at('# b = 1\na = 1 # b = 2\nb = 3', 'b')).toBe('3:1');
    expect(at('a = "#" # "\nb = 1', 'b')).toBe('2:1');
  });

  it('copes with CR LF, tabs, a byte order mark and no final newline', () => {
    expect(at('a = 1\r\n\r\n\tb = 2', 'b')).toBe('3:2');
    expect(at('\ufeffa = 1', 'a')).toBe('1:2');
  });

  it('copes with strings of a million characters', () => {
    const fillings = ['a', '\\\\', '\\n', '\\"', '\n', "'"];
    for (const filling of fillings) {
      const text = `a = """${filling.repeat(1_000_000 / filling.length)}"""\nb = 1`;
      expect(locateKeys(text).of(['b'])).toEqual({ line: text.split('\n').length, column: 1 });
    }
  });

  it('passes over dates, floats and booleans', () => {
    const text = 'a = 1979-05-27 07:32:00.5Z # b = 0\nb = [ -1.5e3,true ,inf]\nc = 07:32:00\nd = 0x1F\n';
    expect(at(text, 'b', 2)).toBe('2:20');
    expect(at(text, 'd')).toBe('4:1');
  });

  it('finds a line of its own for every key of any document', () => {
    const scalar = oneof(integer(), string(), constantFrom(true, 1.5, ['a', 'b'], 'a = """\n[b]\nc = 1'));
    const tree = dictionary(string({ minLength: 1 }), dictionary(string(), scalar, { minKeys: 1, maxKeys: 5 }), {
      maxKeys: 5,
    });
    assert(
      property(tree, (document) => {
        const text = stringify(document);
        const lines = text.split('\n');
        const positions = locateKeys(text);
        for (const [table, pairs] of Object.entries(document)) {
          expect(lines[positions.of([table]).line - 1]).toMatch(/^\[.*\]$/);
          for (const key of Object.keys(pairs)) {
            const { line, column } = positions.of([table, key]);
            const parsed = parseToml(lines[line - 1] ?? '');
            expect(column).toBe(1);
            expect('table' in parsed && Object.keys(parsed.table)).toEqual([key]);
          }
        }
      }),
    );
  });

  it('ends, and points into the text, for any text', () => {
    const pieces = constantFrom(
      'a',
      '.',
      '=',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '"""',
      "'''",
      '\\',
      '#',
      '\n',
      ',',
      ' ',
      '1',
    );
    assert(
      property(array(pieces, { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        const { line, column } = locateKeys(text).of(['a', 'a']);
        expect(text.split('\n')[line - 1]?.length).toBeGreaterThanOrEqual(column - 1);
      }),
    );
  });
});
