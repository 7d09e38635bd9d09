/** Documents for people: what they point to is there, and what they tell to type is understood. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { COMMANDS } from '@clipmux/ctl';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../packages/multiplexer/src/config/index.ts';
import { run } from '../support/processes.ts';
import { type Call, callsIn, optionsIn, PROGRAMS, type ProgramName } from './command-lines.ts';
import { anchorOf, MarkdownDocument } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOP = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
const NAMES = [
  ...TOP,
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const DOCUMENTS = new Map(NAMES.map((name) => [name, new MarkdownDocument(readFileSync(join(ROOT, name), 'utf8'))]));

/** The example of docs/configuration.md that shows what mistakes are told. */
const MEANT_TO_BE_WRONG = 'max_size = ';

/** A file or folder of the repository, by its whole path. */
const FILE = /^(?:packages|test|scripts|docs|systemd|packaging|completions)\/[\w./-]*$/;

const documentAt = (path: string): MarkdownDocument | null =>
  path.endsWith('.md') ? new MarkdownDocument(readFileSync(join(ROOT, path), 'utf8')) : null;

/** What is wrong with a link, in the document of that name; null for nothing. */
function faultOf(name: string, target: string): string | null {
  if (/^(?:https?|mailto):/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? name : normalize(join(dirname(name), path));
  if (relative(ROOT, join(ROOT, file)).startsWith('..')) return `${target}: is outside of the repository`;
  if (!existsSync(join(ROOT, file))) return `${target}: there is no ${file}`;
  if (anchor === undefined) return null;
  if (statSync(join(ROOT, file)).isDirectory()) return `${target}: a folder has no headings`;
  return documentAt(file)?.anchors.has(anchor) ? null : `${target}: ${file} has no heading of that name`;
}

describe.each(NAMES)('%s', (name) => {
  const document = DOCUMENTS.get(name) as MarkdownDocument;
  const blocksOf = (language: string) => document.blocks.filter((block) => block.language === language);

  it('has links that lead somewhere', () => {
    expect(document.targets.map((target) => faultOf(name, target)).filter((fault) => fault !== null)).toEqual([]);
  });

  it('names files that are there', () => {
    const named = document.inlineCode.filter((code) => FILE.test(code));
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has examples of the configuration that clipmuxd takes', () => {
    for (const { text, line } of blocksOf('toml')) {
      if (text.includes(MEANT_TO_BE_WRONG)) continue;
      expect(() => parseSettings([{ path: `${name}, line ${line}`, text }])).not.toThrow();
    }
  });

  it('has shell scripts that a shell can read', async () => {
    for (const { text, line } of blocksOf('sh')) {
      const { code, stderr } = await run('sh', ['-n', '-c', text]);
      expect([line, code, stderr]).toEqual([line, 0, '']);
    }
  });

  it('has well-formed XML', async () => {
    for (const { text, line } of blocksOf('xml')) {
      const parse = 'import sys, xml.etree.ElementTree as tree; tree.fromstring(sys.argv[1])';
      const { code, stderr } = await run('python3', ['-c', parse, `<example>${text}</example>`]);
      expect([line, code, stderr]).toEqual([line, 0, '']);
    }
  });
});

describe('calls of our programs', () => {
  const calls: readonly (readonly [string, Call])[] = NAMES.flatMap((name) => {
    const { blocks, inlineCode } = DOCUMENTS.get(name) as MarkdownDocument;
    const scripts = blocks.filter(({ language }) => language === 'sh' || language === 'yaml').map(({ text }) => text);
    return [...scripts, ...inlineCode].flatMap(callsIn).map((call) => [name, call] as const);
  });
  /** By program, and for clipmuxctl by command too: what `--help` lists. */
  const known = new Map<string, ReadonlySet<string>>();
  const command = ({ program, words }: Call) =>
    program === 'clipmuxctl' ? COMMANDS.find(({ name }) => words.includes(name))?.name : undefined;

  const help = async (program: ProgramName, ...words: string[]) => {
    const { code, stdout } = await run(process.execPath, [join(ROOT, 'dist', `${program}.cjs`), ...words, '--help']);
    expect(code).toBe(0);
    known.set([program, ...words].join(' '), optionsIn(stdout.toString()));
  };

  beforeAll(async () => {
    for (const program of PROGRAMS) await help(program);
    for (const { name } of COMMANDS) await help('clipmuxctl', name);
  });

  it('are found, of each program', () => {
    expect([...new Set(calls.map(([, { program }]) => program))].sort()).toEqual([...PROGRAMS].sort());
  });

  it('name options that the program has', () => {
    const unknown = calls.flatMap(([name, call]) => {
      const options = known.get([call.program, command(call) ?? ''].join(' ').trim()) ?? new Set();
      const given = call.words.filter((word) => /^--?[a-zA-Z]/.test(word)).map((word) => word.replace(/=.*$/, ''));
      return given.filter((option) => !options.has(option)).map((option) => `${name}: ${option} in '${call.text}'`);
    });
    expect(unknown).toEqual([]);
  });

  it('name commands that clipmuxctl has', () => {
    const unknown = calls.flatMap(([name, call]) => {
      if (call.program !== 'clipmuxctl') return [];
      const words = call.words.filter((word) => /^[a-z]/.test(word));
      return words.length === 0 || command(call) !== undefined ? [] : [`${name}: '${call.text}'`];
    });
    expect(unknown).toEqual([]);
  });
});

describe('reading documents', () => {
  it('names headings as GitHub does', () => {
    expect(anchorOf('`host.call` — call, agent to clipmuxd')).toBe('hostcall--call-agent-to-clipmuxd');
    expect(anchorOf('VNC, and QEMU’s [own](x.md) windows')).toBe('vnc-and-qemus-own-windows');
  });

  it('tells headings of one name apart, and takes none from code', () => {
    const { anchors, blocks } = new MarkdownDocument('# One\n# One\n```sh\n# two\n```\n');
    expect([...anchors]).toEqual(['one', 'one-1']);
    expect(blocks).toEqual([{ language: 'sh', text: '# two', line: 3 }]);
  });

  it('finds calls behind pipes, sudo, node and line breaks, and no others', () => {
    const script =
      "echo 'clipmuxctl x' | sudo clipmuxctl set \\\n  --share &\nnode dist/clipmuxd.cjs --port P & systemctl stop clipmuxd";
    expect(callsIn(script).map(({ program, words }) => [program, ...words])).toEqual([
      ['clipmuxctl', 'set', '--share'],
      ['clipmuxd', '--port', 'P'],
    ]);
  });

  it('finds links with code and brackets in them, and none in code', () => {
    const { targets } = new MarkdownDocument('[`a[1]`](x.md#y) `[no](z)` ![p](q.svg)\n```\n[no](n)\n```\n');
    expect(targets).toEqual(['x.md#y', 'q.svg']);
  });
});
