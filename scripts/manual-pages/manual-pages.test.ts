import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANUAL_PAGES, madePages } from './index.ts';
import { blocks } from './markdown.ts';
import { argument, sentences } from './mdoc.ts';

const PAGES = readdirSync(MANUAL_PAGES);

/** Whether a program is there: groff comes with `man`, mandoc and its stricter lint are on some machines. */
function has(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

describe('the manual pages', () => {
  it('are there, one for each program and one for the configuration', () => {
    expect(PAGES.sort()).toEqual([
      'clipmux-host.1',
      'clipmux-session.1',
      'clipmux.toml.5',
      'clipmuxctl.1',
      'clipmuxd.8',
    ]);
  });

  it.each([...madePages()])('that are made of something else are in step with it: %s', (name, page) => {
    // After a change: tsx scripts/manual-pages.ts
    expect(readFileSync(join(MANUAL_PAGES, name), 'utf8')).toBe(page);
  });

  it('can be formatted here', () => {
    expect(has('groff') || has('mandoc')).toBe(true);
  });

  if (has('groff')) {
    it.each(PAGES)('are formatted by groff without a complaint: %s', (name) => {
      const argv = ['-mdoc', '-ww', '-Tutf8', '-P-cbou', join(MANUAL_PAGES, name)];
      const { status, stdout, stderr } = spawnSync('groff', argv, { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('NAME\n');
    });
  }

  if (has('mandoc')) {
    it.each(PAGES)('satisfy mandoc: %s', (name) => {
      const { stdout } = spawnSync('mandoc', ['-Tlint', '-Wall', join(MANUAL_PAGES, name)], { encoding: 'utf8' });
      // Ours are in docs/man, not where mandoc looks for pages that are referred to; and .Os is a project, not a system.
      const complaints = stdout.split('\n').filter((line) => line && !/referenced manual|operating system/.test(line));
      expect(complaints).toEqual([]);
    });
  }

  it('refer only to pages that there are', () => {
    const elsewhere = ['systemd(1)', 'systemd-logind(8)'];
    const known = [...elsewhere, ...PAGES.map((name) => name.replace(/\.(\d)$/, '($1)'))];
    for (const name of PAGES) {
      const page = readFileSync(join(MANUAL_PAGES, name), 'utf8');
      for (const [, other = '', section] of page.matchAll(/^\.Xr (\S+) (\d)/gm)) {
        expect(known).toContain(`${other.replaceAll('\\-', '-')}(${section})`);
      }
    }
  });
});

describe('mdoc', () => {
  it('begins a line with each sentence, keeps lines short, and guards what would be a macro', () => {
    expect(sentences('One. Two (three.) e.g. .four\\x')).toEqual(['One.', 'Two (three.)', 'e.g.', '\\&.four\\ex']);
    for (const line of sentences('word '.repeat(100).trim())) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('quotes arguments', () => {
    expect([argument('a b'), argument('log-level'), argument('.'), argument('x"y')]).toEqual([
      '"a b"',
      'log\\-level',
      '\\&.',
      'x\\(dqy',
    ]);
  });

  it('is made of paragraphs, lists, displays, code and links', () => {
    const markdown =
      'See [this](x.md) and [TOML](https://toml.io).\n\nUse `a b`, *now*.\n\n- one\n- two\n\n```\n.x\n```\n';
    expect(blocks(markdown)).toEqual([
      'See this and TOML (https://toml.io).',
      '.Pp',
      'Use \\fBa\\ b\\fP, \\fInow\\fP.',
      '.Bl -dash -offset 2n -compact',
      '.It',
      'one',
      '.It',
      'two',
      '.El',
      '.Bd -literal -offset indent',
      '\\&.x',
      '.Ed',
    ]);
  });
});
