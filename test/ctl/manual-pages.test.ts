import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Each program with its page, and with the commands that have help of their own. */
const PROGRAMS = [
  ['clipmuxd', 'clipmuxd.8', []],
  ['clipmux-session', 'clipmux-session.1', []],
  ['clipmux-host', 'clipmux-host.1', []],
  [
    'clipmuxctl',
    'clipmuxctl.1',
    ['status', 'doctor', 'select', 'get', 'set', 'targets', 'clear', 'host-call', 'session-serve'],
  ],
] as const;

async function help(program: string, ...command: string[]): Promise<string> {
  const { code, stdout } = await run(process.execPath, [join(ROOT, 'dist', `${program}.cjs`), ...command, '--help']);
  expect(code).toBe(0);
  return stdout.toString();
}

/** The options that a help text lists: what begins a line's first words. */
function optionsOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^ +--/.test(line));
  return [...new Set(lines.flatMap((line) => (line.trim().split(/ {2,}/)[0] ?? '').match(/--[\w-]+/g) ?? []))].sort();
}

/** The options that a manual page lists. */
function documented(page: string): string[] {
  const found = [...page.matchAll(/^\.It Fl \\-(\S+)/gm)].map(([, name = '']) => `--${name.replaceAll('\\-', '-')}`);
  return [...new Set(found)].sort();
}

/** The exit statuses of a text, by their digits at the beginning of a line or of a clause. */
function statusesOf(text: string): string[] {
  const [, after = ''] = text.split(/^(?:.*\. )?Exit status:/m);
  return [...after.matchAll(/(?:^\s*|; |^ )(\d)\s+\S/gm)].map(([, status = '']) => status);
}

describe.each(PROGRAMS)('%s and its manual page', (program, file, commands) => {
  const page = readFileSync(join(ROOT, 'docs/man', file), 'utf8');

  it('have the same options', async () => {
    const texts = await Promise.all([help(program), ...commands.map((command) => help(program, command))]);
    expect(documented(page)).toEqual(optionsOf(texts.join('\n')));
  });

  it('have the same exit statuses', async () => {
    const [, section = ''] = page.split('.Sh EXIT STATUS');
    const shown = [...section.matchAll(/^\.It (\d)$/gm)].map(([, status = '']) => status);
    expect(shown.length).toBeGreaterThan(2);
    expect(shown).toEqual(statusesOf(await help(program)));
  });
});

describe('the manual pages', () => {
  const folder = join(ROOT, 'docs/man');
  const pages = readdirSync(folder);

  it.each(pages)('are formatted by groff without a complaint: %s', async (name) => {
    const { code, stdout, stderr } = await run('groff', ['-mdoc', '-ww', '-Tutf8', '-P-cbou', join(folder, name)]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toContain('NAME\n');
  });

  it.each(pages)('satisfy mandoc: %s', async (name) => {
    const { stdout } = await run('mandoc', ['-Tlint', '-Wall', join(folder, name)]);
    // Ours are in docs/man, not where mandoc looks for pages that are referred to; and .Os is a project, not a system.
    const complaints = stdout
      .toString()
      .split('\n')
      .filter((line) => line && !/referenced manual|operating system/.test(line));
    expect(complaints).toEqual([]);
  });
});
