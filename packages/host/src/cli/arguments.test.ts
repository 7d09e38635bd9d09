import { describe, expect, test } from 'vitest';
import { TEXT_TYPE } from '../mime.ts';
import { parseArguments } from './arguments.ts';
import { UsageError } from './exit-status.ts';

const parse = (line: string): ReturnType<typeof parseArguments> => parseArguments(line.split(' ').filter(Boolean));

describe('the command line', () => {
  test('has defaults', () => {
    const common = { socket: '/s', listen: false, manner: 'qemu', selection: 'clipboard' };
    expect(parse('--socket /s paste')).toEqual({
      ...common,
      command: 'paste',
      timeout: 10_000,
      type: undefined,
      output: undefined,
      wait: false,
    });
    expect(parse('--socket /s copy')).toEqual({
      ...common,
      command: 'copy',
      timeout: undefined,
      sources: new Map([[TEXT_TYPE, null]]),
      once: false,
    });
    expect(parse('--socket /s watch')).toEqual({ ...common, command: 'watch', timeout: undefined, json: false });
  });

  test('takes every option, before and behind the command', () => {
    expect(
      parse(
        '--listen paste --socket /s --manner spice --selection primary --type image/png --output o --timeout 2.5 --wait',
      ),
    ).toEqual({
      command: 'paste',
      socket: '/s',
      listen: true,
      manner: 'spice',
      selection: 'primary',
      timeout: 2500,
      type: 'image/png',
      output: 'o',
      wait: true,
    });
    expect(parse('paste --socket /s --timeout 0')).toMatchObject({ timeout: undefined });
  });

  test.each([
    ['session-call ping', undefined, '{}', undefined],
    ['session-call a {"x":1.50} --session 3 --timeout 60', 3, '{"x":1.50}', 60_000],
    ['session-call a --timeout 0', undefined, '{}', 3_600_000],
    ['session-call a --timeout 0.0001', undefined, '{}', 1],
  ])('says how a method in a session is called: %s', (line, session, params, programTimeout) => {
    expect(parse(`--socket /s ${line}`)).toMatchObject({
      command: 'session-call',
      session,
      params: { text: params },
      programTimeout,
    });
  });

  test.each([
    ['call guest-exec', undefined],
    ['call guest-exec --timeout 0', Number.POSITIVE_INFINITY],
    ['sessions --timeout 0.5', 500],
  ])('tells a time-out of the guest agent’s commands that is given from none: %s', (line, milliseconds) => {
    expect(parse(`--socket /s ${line}`)).toMatchObject({ timeout: milliseconds });
  });

  test('keeps the arguments of a call as they were written', () => {
    const written = '{"id":9007199254740993,"half":1.50,"twice":1,"twice":2}';
    expect(parse(`--socket /s call guest-sync ${written}`)).toMatchObject({ given: { text: written } });
  });

  test.each([
    'session-call',
    'session-call a []',
    'session-call a b',
    'session-call a {} c',
    'session-call a --selection primary',
  ])('does not take %s', (line) => {
    expect(() => parse(`--socket /s ${line}`)).toThrow(UsageError);
  });

  test.each([
    ['copy -', [[TEXT_TYPE, null]]],
    ['copy file', [[TEXT_TYPE, 'file']]],
    ['copy --type image/png file', [['image/png', 'file']]],
    [`copy --type ${TEXT_TYPE}`, [[TEXT_TYPE, null]]],
    [`copy --type ${TEXT_TYPE}=a=b`, [[TEXT_TYPE, 'a=b']]],
    [
      'copy --type image/png=p --type image/bmp=b',
      [
        ['image/png', 'p'],
        ['image/bmp', 'b'],
      ],
    ],
    [
      `copy --type image/png=p --type ${TEXT_TYPE} t`,
      [
        ['image/png', 'p'],
        [TEXT_TYPE, 't'],
      ],
    ],
  ])('%s', (line, sources) => {
    expect(parse(`--socket /s ${line}`)).toMatchObject({ sources: new Map(sources as [string, string | null][]) });
  });

  test.each([
    ['', 'command'],
    ['paste', '--socket'],
    ['--socket /s', 'command'],
    ['--socket /s eat', 'eat'],
    ['--socket /s paste file', 'file'],
    ['--socket /s copy a b', 'b'],
    ['--socket /s --nonsense paste', '--nonsense'],
    ['--socket /s --manner vnc paste', '--manner'],
    ['--socket /s --selection secondary paste', '--selection'],
    ['--socket /s --type text/html paste', '--type'],
    ['--socket /s --type image/png --type image/bmp paste', '--type'],
    ['--socket /s --timeout -1 paste', 'imeout'],
    ['--socket /s --timeout soon paste', '--timeout'],
    ['--socket /s --once paste', '--once'],
    ['--socket /s --json copy', '--json'],
    ['--socket /s --output x watch', '--output'],
    ['--socket /s --type text/html copy', '--type'],
    ['--socket /s --type image/png --type image/bmp copy', '--type'],
    ['--socket /s --type image/png=a --type image/png=b copy', 'twice'],
    ['--socket /s --type text/plain;charset=utf-8=a copy b', 'b'],
  ])('refuses "%s" and names %s', (line, named) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(named);
  });
});
