import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, DEFAULT_CONFIG_PATH, DEFAULT_SETTINGS, describeSettings, parseSettings } from './index.ts';
import { ALL_DEFINITIONS } from './setting-tree.ts';
import { formatToml, parseToml } from './toml.ts';

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const parse = (text: string) => parseSettings([{ path: DEFAULT_CONFIG_PATH, text }]);

describe('docs/configuration.md', () => {
  const document = read('docs/configuration.md');
  const sections = new Map(
    document
      .split(/^### /m)
      .slice(1)
      .map((section) => [/^`(.+)`$/m.exec(section.slice(0, section.indexOf('\n')))?.[1] ?? section, section]),
  );
  const item = (name: string, label: string) =>
    new RegExp(`^- ${label}: (.*)$`, 'm').exec(sections.get(name) ?? '')?.[1];

  it('describes each key, no other, in the order in which they are printed', () => {
    expect([...sections.keys()]).toEqual(ALL_DEFINITIONS.map(({ name }) => name));
  });

  it('has a heading for each table', () => {
    const tables = new Set(ALL_DEFINITIONS.flatMap(({ table }) => table ?? []));
    expect([...document.matchAll(/^## `\[(.*)\]`$/gm)].map(([, table]) => table)).toEqual([...tables]);
  });

  describe.each(ALL_DEFINITIONS.map((definition) => [definition.name, definition] as const))(
    'on %s',
    (name, definition) => {
      it('says what is allowed, as the errors do', () => {
        expect(item(name, 'Allowed')).toBe(definition.expected);
      });

      it('gives the default', () => {
        const [, written] =
          /^default = (.*)\n$/.exec(formatToml({ default: definition.toToml(definition.default) })) ?? [];
        expect(item(name, 'Default')).toBe(`\`${written}\``);
      });

      it('gives an example that is right and is not the default', () => {
        const [, example = ''] = /^`(.*)`$/.exec(item(name, 'Example') ?? '') ?? [];
        const text = definition.table === null ? example : `[${definition.table}]\n${example}`;
        expect(parse(text)).not.toEqual(DEFAULT_SETTINGS);
        expect(example).toMatch(new RegExp(`^${definition.key} = `));
      });

      it('says when a change takes effect', () => {
        expect(item(name, 'Takes effect')).toBe(definition.needsRestart ? 'on restart' : 'on reload');
      });
    },
  );

  it('shows the errors that its example causes', () => {
    const [, text = '', errors] = /^```toml\n(.*?)^```\n\ngives\n\n```\n(.*?)\n```$/ms.exec(document) ?? [];
    let message: string | undefined;
    try {
      parse(text);
    } catch (error) {
      message = (error as ConfigError).message;
      expect(error).toBeInstanceOf(ConfigError);
    }
    expect(message).toBe(errors);
  });
});

describe('systemd/clipmux.toml', () => {
  const text = read('systemd/clipmux.toml');
  const uncommented = text.replace(/^#(?=[a-z[])/gm, '');

  it('sets nothing', () => {
    expect(parseToml(text)).toEqual({ table: {} });
  });

  it('sets every key to its default once uncommented', () => {
    expect(parseToml(uncommented)).toEqual(parseToml(describeSettings(DEFAULT_SETTINGS)));
    expect(parse(uncommented)).toEqual(DEFAULT_SETTINGS);
  });

  it('marks the keys that need a restart', () => {
    const marked = uncommented
      .split('\n\n')
      .filter((paragraph) => paragraph.startsWith('# (restart)'))
      .flatMap((paragraph) => [...paragraph.matchAll(/^([a-z-]+) = /gm)].map(([, key]) => key));
    expect(marked).toEqual(ALL_DEFINITIONS.filter(({ needsRestart }) => needsRestart).map(({ key }) => key));
  });
});

describe('systemd/guest-agent', () => {
  it.each([
    ['front.toml', { ports: ['/dev/virtio-ports/org.qemu.guest_agent.0'], upstream: 'unix:/run/qemu-ga.sock' }],
    ['beside.toml', { ports: ['/dev/virtio-ports/org.clipmux.guest_agent.0'], upstream: null }],
  ])('has drop-ins that clipmuxd takes: %s', (name, guestAgent) => {
    expect(parse(read(`systemd/guest-agent/${name}`))).toMatchObject({ guestAgent });
  });

  it('has a socket for qemu-ga where clipmuxd looks for it', () => {
    expect(read('systemd/guest-agent/qemu-guest-agent.socket')).toContain('ListenStream=/run/qemu-ga.sock\n');
  });
});
