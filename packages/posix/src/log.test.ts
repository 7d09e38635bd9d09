import { spawnSync } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLogger, HELD_LINES_MAX, isLogLevel, isStandardErrorTheJournal, type LoggerOptions } from './log.ts';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const now = () => Date.UTC(2025, 10, 21, 22, 57, 1, 123);
  return { lines, log: createLogger({ name: 'clipmuxd', now, write: (line) => lines.push(line), ...options }) };
}

describe('a logger that is held', () => {
  it('writes nothing until it is released, then all in order, whichever of its children said it', () => {
    const { lines, log } = capture({ journald: true });
    const child = log.child('port');
    log.hold();
    log.info('one');
    child.info('two');
    log.hold();
    expect(lines).toEqual([]);
    child.release();
    log.info('three');
    expect(lines).toEqual(['<6>clipmuxd: one\n', '<6>clipmuxd.port: two\n', '<6>clipmuxd: three\n']);
    log.release();
    expect(lines).toHaveLength(3);
  });

  it('keeps so many lines and counts the rest', () => {
    const { lines, log } = capture({ journald: true });
    log.hold();
    for (let line = 0; line < HELD_LINES_MAX + 7; line += 1) log.info('x');
    log.release();
    expect(lines).toHaveLength(HELD_LINES_MAX + 1);
    expect(lines.at(-1)).toBe('<4>clipmuxd: log lines were dropped while the log was held lines=7\n');
  });
});

describe('createLogger', () => {
  it('writes time, level, name, message and fields in one readable line', () => {
    const { lines, log } = capture();
    log.info('session connected', { session: 3, uid: 1000, display: ':0', agent: 'clipmux session', held: false });
    expect(lines).toEqual([
      '2025-11-21T22:57:01.123Z info clipmuxd: session connected session=3 uid=1000 display=:0 agent="clipmux session" held=false\n',
    ]);
  });

  it('writes sd-daemon priorities for the journal', () => {
    const { lines, log } = capture({ journald: true, level: 'trace' });
    for (const level of ['error', 'warning', 'info', 'debug', 'trace'] as const) log[level]('x');
    expect(lines).toEqual(['<3>', '<4>', '<6>', '<7>', '<7>'].map((priority) => `${priority}clipmuxd: x\n`));
  });

  it('leaves out what is less important than its level, until the level is changed', () => {
    const { lines, log } = capture({ level: 'warning', journald: true });
    log.info('before');
    log.level = 'info';
    log.info('after');
    log.debug('never');
    expect(lines).toEqual(['<6>clipmuxd: after\n']);
    expect([log.level, log.isEnabled('info'), log.isEnabled('debug')]).toEqual(['info', true, false]);
  });

  it('shares the level with its children and names them after itself', () => {
    const { lines, log } = capture({ journald: true });
    const child = log.child('port').child('unix');
    log.level = 'debug';
    child.debug('opened');
    expect(lines).toEqual(['<7>clipmuxd.port.unix: opened\n']);
  });

  it('does not compute the fields of a line that is not written', () => {
    const { log } = capture();
    let computed = 0;
    log.debug('x', () => ({ computed: ++computed }));
    expect(computed).toBe(0);
    log.info('x', () => ({ computed: ++computed }));
    expect(computed).toBe(1);
  });

  it('keeps a peer from forging lines, escapes or fields', () => {
    const { lines, log } = capture({ journald: true });
    log.info('two\nlines', { name: 'a\n<3>clipmuxd: "fake" \u001b[31m key=1\u2028\\' });
    expect(lines).toEqual([
      '<6>clipmuxd: two\\nlines name="a\\n<3>clipmuxd: \\"fake\\" \\u001b[31m key=1\\u2028\\\\"\n',
    ]);
  });

  it('cuts long texts and says by how much', () => {
    const { lines, log } = capture({ journald: true });
    log.info('x', { name: 'n'.repeat(600) });
    expect(lines[0]).toBe(`<6>clipmuxd: x name="${'n'.repeat(512)}… (88 more)"\n`);
  });

  it('writes errors with their code, lists, and nothing for an undefined field', () => {
    const { lines, log } = capture({ journald: true });
    const error = Object.assign(new Error('cannot open'), { code: 'busy' });
    log.error('failed', {
      error,
      types: ['text/plain;charset=utf-8', 'image/png'],
      uid: undefined,
      size: 5n,
      none: null,
    });
    expect(lines).toEqual([
      '<3>clipmuxd: failed error="busy: cannot open" types="text/plain;charset=utf-8,image/png" size=5 none=null\n',
    ]);
  });

  it('recognizes the names of levels', () => {
    expect(['trace', 'warning', 'warn', ''].map(isLogLevel)).toEqual([true, true, false, false]);
  });
});

describe('isStandardErrorTheJournal', () => {
  it('compares device and inode, since JOURNAL_STREAM is inherited by programs whose standard error is elsewhere', () => {
    const { dev, ino } = fstatSync(2);
    expect(isStandardErrorTheJournal({ JOURNAL_STREAM: `${dev}:${ino}` })).toBe(true);
    expect(isStandardErrorTheJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` })).toBe(false);
    expect(isStandardErrorTheJournal({})).toBe(false);
  });
});

describe('the default writer', () => {
  it('writes to standard error of the process', () => {
    const program = `import('${new URL('./log.ts', import.meta.url).href}').then(({ createLogger }) =>
      createLogger({ name: 'program', journald: true }).warning('said'))`;
    const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8' });
    expect(stderr).toContain('<4>program: said\n');
  });
});
