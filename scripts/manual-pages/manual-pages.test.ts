import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANUAL_PAGES, madePages } from './index.ts';
import { blocks } from './markdown.ts';
import { argument, sentences } from './mdoc.ts';

const PAGES = readdirSync(MANUAL_PAGES);

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

  it('refer only to pages that there are', () => {
    const elsewhere = ['qemu-ga(8)', 'systemd(1)', 'systemd-logind(8)'];
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
