import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseQgaConfiguration } from './qga-configuration.ts';
import { parseStandIn } from './stand-in.ts';

const directory = mkdtempSync(join(tmpdir(), 'clipmux-stand-in-'));
const NOWHERE = { QGA_CONF: join(directory, 'missing') };

function withFile(text: string): NodeJS.ProcessEnv {
  const path = join(directory, 'qemu-ga.conf');
  writeFileSync(path, text);
  return { QGA_CONF: path };
}

describe("qemu-ga's options", () => {
  it('say nothing where there are none', () => {
    expect(parseStandIn({}, withFile('[general]\nmethod=unix-listen\npath=/x'))).toEqual({
      port: undefined,
      sessionSocket: undefined,
      verbose: false,
      allow: undefined,
      block: [],
      dump: undefined,
    });
  });

  it('name a port, a place for sockets, and commands', () => {
    const values = {
      method: 'unix-listen',
      path: '/t/sock',
      statedir: '/t',
      verbose: true,
      'block-rpcs': 'guest-a,guest-b',
    };
    expect(parseStandIn(values, NOWHERE)).toMatchObject({
      port: 'unix:/t/sock',
      sessionSocket: '/t/session.sock',
      verbose: true,
      block: ['guest-a', 'guest-b'],
    });
  });

  it('mean the port of qemu-ga where they name none, and leave the sockets where they are for /run', () => {
    expect(parseStandIn({ statedir: '/run', 'allow-rpcs': 'guest-ping' }, NOWHERE)).toMatchObject({
      port: '/dev/virtio-ports/org.qemu.guest_agent.0',
      sessionSocket: undefined,
      allow: ['guest-ping'],
    });
  });

  it('go before what the file of QGA_CONF says', () => {
    const environment = withFile('[general]\nmethod=virtio-serial\npath=/dev/a\nstatedir=/var/state\nverbose=true\n');
    expect(parseStandIn({ path: '/dev/b' }, environment)).toMatchObject({
      port: '/dev/b',
      sessionSocket: '/var/state/session.sock',
      verbose: true,
    });
  });

  it.each([
    [{ method: 'isa-serial', path: '/dev/ttyS0' }, '--method takes virtio-serial or unix-listen, not "isa-serial"'],
    [{ method: 'unix-listen' }, '--method unix-listen needs --path'],
  ])('are refused where they cannot be followed: %j', (values, message) => {
    expect(() => parseStandIn(values, NOWHERE)).toThrow(message);
  });

  // tests/data/test-qga-config of QEMU.
  it('print what they mean as qemu-ga does', () => {
    const text = [
      '[general]',
      'daemon=false',
      'method=virtio-serial',
      'path=/path/to/org.qemu.guest_agent.0',
      'pidfile=/var/foo/qemu-ga.pid',
      'statedir=/var/state',
      'verbose=true',
      'block-rpcs=guest-ping;guest-get-time',
      '',
    ].join('\n');
    const { dump, port } = parseStandIn({ 'dump-conf': true }, withFile(text));
    expect(port).toBeUndefined();
    expect(dump).toBe(text.replace('verbose=true\n', 'verbose=true\nretry-path=false\n'));
    expect(parseStandIn({ 'dump-conf': true, 'block-rpcs': 'guest-exec' }, withFile(text)).dump).toContain(
      'block-rpcs=guest-ping;guest-get-time;guest-exec\n',
    );
  });
});

describe("qemu-ga's configuration file", () => {
  it('may have comments, other groups, blanks, and the names of older versions', () => {
    const text = '# c\n\n[other]\npath=/no\n[general]\n path = /yes \nblacklist=guest-a;\nverbose=1\n';
    expect(parseQgaConfiguration(text, 'x')).toMatchObject({ path: '/yes', blockRpcs: ['guest-a'], verbose: true });
  });

  it.each([
    ['[general]\nnonsense\n', 'x:2: neither a group nor a key'],
    ['[general]\nverbose=maybe\n', 'x: verbose must be true or false, not "maybe"'],
  ])('is refused where it is none: %j', (text, message) => {
    expect(() => parseQgaConfiguration(text, 'x')).toThrow(message);
  });
});
