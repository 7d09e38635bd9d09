import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../commands/index.ts';
import { completionScript, SHELLS, type Shell } from './index.ts';

const FILES: Readonly<Record<Shell, string>> = {
  bash: 'clipmuxctl.bash',
  zsh: '_clipmuxctl',
  fish: 'clipmuxctl.fish',
};

const folder = mkdtempSync(join(tmpdir(), 'clipmux-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the completions', () => {
  it.each(SHELLS)('in the folder completions are those of these commands: %s', (shell) => {
    const file = new URL(`../../../../../completions/${FILES[shell]}`, import.meta.url);
    // After a change: for each shell, node dist/clipmuxctl.cjs completion SHELL > completions/FILE
    expect(readFileSync(file, 'utf8')).toBe(completionScript(shell, COMMANDS));
  });

  it.each(SHELLS)('name every command and every option: %s', (shell) => {
    const script = completionScript(shell, COMMANDS);
    for (const { name, options } of COMMANDS) {
      expect(script).toContain(name);
      for (const option of options)
        expect(script).toContain(shell === 'fish' ? `-l ${option.name}` : `--${option.name}`);
    }
  });
});

/** What bash offers for a command line whose last word is being written. */
function bashOffers(...words: readonly string[]): string[] {
  const script = join(folder, 'script');
  writeFileSync(script, completionScript('bash', COMMANDS));
  const program = `
    clipmuxctl() { printf '   ID  USER\\n*  3   alice\\n   14  bob\\n'; }
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _clipmuxctl
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', program, 'bash', script, 'clipmuxctl', ...words]);
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout.toString().split('\n').filter(Boolean);
}

describe('bash', () => {
  it.each([
    [['s'], ['status', 'sessions', 'select', 'set', 'session-serve']],
    [['--s'], ['--socket']],
    [['--socket', '/x', 'mon'], ['monitor']],
    [
      ['get', '--'],
      ['--session', '--selection', '--type', '--socket', '--json', '--help'],
    ],
    [
      ['get', '--selection', ''],
      ['clipboard', 'primary'],
    ],
    [
      ['get', '--session', ''],
      ['3', '14'],
    ],
    [['get', '--type', 'text'], ['text/plain;charset=utf-8']],
    [
      ['select', ''],
      ['3', '14'],
    ],
    [['select', '--f'], ['--follow']],
    [['log-level', 'd'], ['debug']],
    [['completion', 'f'], ['fish']],
    [['status', ''], []],
  ])('offers for %j: %j', (words, offers) => {
    expect(bashOffers(...words)).toEqual(offers);
  });

  it('offers files where a file is meant', () => {
    writeFileSync(join(folder, 'picture.png'), '');
    // compopt works only inside a real completion; outside it complains.
    const quiet = (script: string) => script.replaceAll('compopt -o filenames; ', '');
    const script = join(folder, 'quiet');
    writeFileSync(script, quiet(completionScript('bash', COMMANDS)));
    const program = `source "$1"; COMP_WORDS=(clipmuxctl set "$2"); COMP_CWORD=2; _clipmuxctl; echo "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', program, 'bash', script, join(folder, 'pic')]);
    expect(stdout.toString().trim()).toBe(join(folder, 'picture.png'));
  });
});
