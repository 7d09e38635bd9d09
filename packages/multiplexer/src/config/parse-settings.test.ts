import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigFile, DEFAULT_SETTINGS, parseSettings, type Settings } from './index.ts';

const PATH = '/etc/clipmux/clipmux.toml';

function parse(text: string): Settings {
  return parseSettings([{ path: PATH, text }]);
}

/** The message of the error that the files cause. */
function messageOf(...files: (string | ConfigFile)[]): string {
  try {
    parseSettings(files.map((file) => (typeof file === 'string' ? { path: PATH, text: file } : file)));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** The message without file, line, column and key. */
function complaintOf(text: string): string {
  return messageOf(text).replace(/^[^ ]+ [^ ]+ /, '');
}

describe('settings', () => {
  it('are the defaults where no file says otherwise', () => {
    expect(parseSettings([])).toEqual(DEFAULT_SETTINGS);
    expect(parse('')).toEqual(DEFAULT_SETTINGS);
    expect(parse('[clipboard]\n[limits]\n')).toEqual(DEFAULT_SETTINGS);
    expect(DEFAULT_SETTINGS).toEqual({
      policy: { kind: 'active' },
      port: '/dev/virtio-ports/com.redhat.spice.0',
      clipboard: { direction: null },
      primary: { direction: null },
      hostToGuest: { types: null, maxBytes: 536_870_912 },
      guestToHost: { types: null, maxBytes: 536_870_912 },
      access: { users: null },
      privacy: { passwordHint: 'withhold', wipeAfterMs: null },
      text: { normaliseVnc: true },
      timeouts: { hostAnswerMs: 8_000, sessionAnswerMs: 10_000, sessionStallMs: 5_000, settleMs: 200 },
      limits: {
        connections: 512,
        connectionsPerUser: 32,
        pendingConnections: 64,
        pendingConnectionsPerUser: 8,
        controlConnections: 32,
        hostRequests: 64,
      },
      log: { level: 'info' },
      sockets: { session: '/run/clipmux/session.sock', control: '/run/clipmux/control.sock' },
      notifications: { pasteCutShort: true },
      relay: { socket: '/run/clipmux/vdagent.sock' },
      guestAgent: {
        ports: [],
        upstream: null,
        allow: null,
        block: [],
        privileged: false,
        sessionMethods: null,
        upstreamAnswerMs: 60_000,
      },
      hostCalls: { port: null, allow: [], answerMs: 60_000 },
    });
  });

  it('read every key', () => {
    const text = `
      policy = "pinned:17"
      port = "unix:/tmp/port"
      clipboard.direction = "off"
      primary = { direction = "guest-to-host" }
      [host-to-guest]
      types = ["text", "IMAGE", "image/png", "text/plain", "text/*", "Text/Plain;charset=UTF-8"]
      max-size = "64MiB"
      [guest-to-host]
      types = ["application/vnd.oasis.opendocument.text"]
      max-size = 1
      [access]
      users = ["alice", 1000, "DOMAIN\\\\bob", 0]
      [privacy]
      password-hint = "ignore"
      wipe-after = "30s"
      [text]
      normalise-vnc = false
      [timeouts]
      host-answer = "1min"
      session-answer = "100ms"
      session-stall = "10min"
      settle = "0s"
      [limits]
      connections = 1
      connections-per-user = 2
      pending-connections = 3
      pending-connections-per-user = 4
      control-connections = 5
      host-requests = 6
      [log]
      level = "trace"
      [sockets]
      session = "/tmp/session.sock"
      control = "/tmp/control.sock"
      [notifications]
      paste-cut-short = false
      [relay]
      socket = "off"
      [guest-agent]
      ports = ["/dev/virtio-ports/org.qemu.guest_agent.0", "unix:/run/guest-agent"]
      upstream = "unix:/run/qemu-ga"
      allow = ["guest-ping"]
      block = ["guest-exec"]
      privileged = true
      session-methods = ["choose-file"]
      upstream-answer = "1h"
      [host-calls]
      port = "/dev/virtio-ports/org.clipmux.host.0"
      allow = ["open-url"]
      answer = "100ms"
    `;
    expect(parse(text)).toEqual({
      policy: { kind: 'pinned', session: 17 },
      port: 'unix:/tmp/port',
      clipboard: { direction: 'off' },
      primary: { direction: 'guest-to-host' },
      hostToGuest: {
        types: ['text/*', 'image/*', 'image/png', 'text/plain;charset=utf-8', 'text/*', 'text/plain;charset=utf-8'],
        maxBytes: 67_108_864,
      },
      guestToHost: { types: ['application/vnd.oasis.opendocument.text'], maxBytes: 1 },
      access: { users: ['alice', 1000, 'DOMAIN\\bob', 0] },
      privacy: { passwordHint: 'ignore', wipeAfterMs: 30_000 },
      text: { normaliseVnc: false },
      timeouts: { hostAnswerMs: 60_000, sessionAnswerMs: 100, sessionStallMs: 600_000, settleMs: 0 },
      limits: {
        connections: 1,
        connectionsPerUser: 2,
        pendingConnections: 3,
        pendingConnectionsPerUser: 4,
        controlConnections: 5,
        hostRequests: 6,
      },
      log: { level: 'trace' },
      sockets: { session: '/tmp/session.sock', control: '/tmp/control.sock' },
      notifications: { pasteCutShort: false },
      relay: { socket: null },
      guestAgent: {
        ports: ['/dev/virtio-ports/org.qemu.guest_agent.0', 'unix:/run/guest-agent'],
        upstream: 'unix:/run/qemu-ga',
        allow: ['guest-ping'],
        block: ['guest-exec'],
        privileged: true,
        sessionMethods: ['choose-file'],
        upstreamAnswerMs: 3_600_000,
      },
      hostCalls: { port: '/dev/virtio-ports/org.clipmux.host.0', allow: ['open-url'], answerMs: 100 },
    });
  });

  it('are frozen through and through', () => {
    const settings = parse('access.users = ["alice"]\npolicy = "pinned:1"');
    for (const part of [settings, settings.access, settings.access.users, settings.policy, DEFAULT_SETTINGS.limits]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('several files', () => {
  const file = (path: string, text: string): ConfigFile => ({ path, text });

  it('override key by key, the last one wins', () => {
    const settings = parseSettings([
      file('a', '[limits]\nconnections = 10\nhost-requests = 10\n[access]\nusers = ["alice", "bob"]'),
      file('b', 'limits.connections = 20\naccess.users = ["carol"]'),
      file('c', 'limits.connections = 30\n'),
    ]);
    expect(settings.limits).toMatchObject({ connections: 30, hostRequests: 10, controlConnections: 32 });
    expect(settings.access.users).toEqual(['carol']);
  });

  it('can take an earlier file back to what holds when a key is not set', () => {
    const settings = parseSettings([
      file(
        'a',
        'clipboard.direction = "off"\nhost-to-guest.types = ["text"]\naccess.users = []\nprivacy.wipe-after = "5min"',
      ),
      file(
        'b',
        'clipboard.direction = "automatic"\nhost-to-guest.types = "all"\naccess.users = "all"\nprivacy.wipe-after = "off"',
      ),
    ]);
    expect(settings).toEqual(DEFAULT_SETTINGS);
  });

  it('are all looked at, also where a later one would override the mistake', () => {
    expect(
      messageOf(
        file('a.toml', 'policy = 1'),
        file('b.toml', 'policy = "off"'),
        file('c.toml', 'policy ='),
        file('d.toml', '\n[log]\nlevel = "loud"\nlevels = 1\n'),
      ),
    ).toBe(
      [
        'a.toml:1:1: policy: must be "active", "off" or "pinned:ID" with a session\'s id, not 1',
        'c.toml:1:9: not valid TOML: invalid value',
        'd.toml:3:1: log.level: must be "error", "warning", "info", "debug" or "trace", not "loud"',
        'd.toml:4:1: log.levels: unknown key; did you mean log.level?',
      ].join('\n'),
    );
  });
});

describe('a mistake', () => {
  it('of each kind is told with file, line, column and key', () => {
    const text = [
      'polcy = "active"',
      '[clipboard]',
      'direction = "host-to-gest"',
      '[host-to-guest]',
      'types = [',
      '  "text",',
      '  "UTF8_STRING", # an X11 target',
      ']',
      'max_size = "64MB"',
      'max-size = "64MB"',
      '[text]',
      'normalise-vnc = "yes"',
      '[timeouts]',
      'host-answer = 8',
      '[limts]',
      'connections = 0',
      '[log.level]',
    ].join('\n');
    expect(messageOf(text).split('\n')).toEqual([
      `${PATH}:1:1: polcy: unknown key; did you mean policy?`,
      `${PATH}:3:1: clipboard.direction: must be "automatic", "both", "host-to-guest", "guest-to-host" or "off", not "host-to-gest"`,
      `${PATH}:7:3: host-to-guest.types[1]: must be "text", "image", a MIME type such as "image/png" or a kind of them such as "image/*", not "UTF8_STRING"`,
      `${PATH}:9:1: host-to-guest.max_size: unknown key; did you mean host-to-guest.max-size?`,
      `${PATH}:10:1: host-to-guest.max-size: must be a size (B, KiB, MiB, GiB) or a number of bytes, from "1B" to "2GiB" (to let nothing through, set direction), not "64MB"`,
      `${PATH}:12:1: text.normalise-vnc: must be true or false, not "yes"`,
      `${PATH}:14:1: timeouts.host-answer: must be a duration (ms, s, min, h) from "100ms" to "10min", not 8`,
      `${PATH}:15:2: limts: unknown table; did you mean [limits]?`,
      `${PATH}:17:6: log.level: must be "error", "warning", "info", "debug" or "trace", not a table`,
    ]);
  });

  it('in the syntax is told with its line', () => {
    expect(messageOf('[log]\n\nlevel = \n')).toBe(`${PATH}:3:9: not valid TOML: invalid value`);
    expect(messageOf('[log]\nlevel = "info\n')).toBe(
      `${PATH}:2:14: not valid TOML: control characters are not allowed in strings`,
    );
    expect(messageOf('[log]\nlevel "info"')).toBe(`${PATH}:2:7: not valid TOML: illegal character in key`);
  });

  it('of leaving the quotes out is told with them', () => {
    expect(messageOf('[clipboard]\ndirection = both # ways\n')).toBe(
      `${PATH}:2:13: not valid TOML: invalid value: write "both"`,
    );
    expect(messageOf('timeouts.host-answer = 8s')).toBe(
      `${PATH}:1:25: not valid TOML: illegal character in numeric literal: write "8s"`,
    );
  });

  it.each([
    ['direction = "off"', 'unknown key; did you mean clipboard.direction or primary.direction?'],
    ['max-size = 1', 'unknown key; did you mean host-to-guest.max-size or guest-to-host.max-size?'],
    ['colour = 1', 'unknown key; before the first table there are policy, port'],
    ['[log]\npolicy = "off"', 'unknown key; did you mean policy, before the first table?'],
    ['[log]\ncolour = 1', 'unknown key; [log] has level'],
    ['[primary]\ndirectoin = "off"', 'unknown key; did you mean primary.direction?'],
    ['[clipboard]\nmaxsize = 1', 'unknown key; did you mean host-to-guest.max-size or guest-to-host.max-size?'],
    ['[clipboards]', 'unknown table; did you mean [clipboard]?'],
    ['"clipboard.direction" = "off"', 'unknown key; before the first table there are policy, port'],
    [
      '[whatever]',
      'unknown table; there are [clipboard], [primary], [host-to-guest], [guest-to-host], [access], [privacy], [text], [timeouts], [limits], [log], [sockets], [notifications], [relay], [guest-agent], [host-calls]',
    ],
    ['clipboard = "off"', 'must be a table: write [clipboard] and its keys below it'],
    ['[[clipboard]]\ndirection = "off"', 'must be a table: write [clipboard] and its keys below it'],
    ['__proto__ = 1', 'unknown key; before the first table there are policy, port'],
    ['log.toString = 1', 'unknown key; [log] has level'],
  ])('in the name of %j is told with what was meant', (text, complaint) => {
    expect(complaintOf(text)).toBe(complaint);
  });

  it('in a key that is not bare is told with quotes, and not at any length', () => {
    expect(messageOf('[log]\n"a b" = 1')).toMatch(`${PATH}:2:1: log."a b": unknown key`);
    expect(messageOf(`${'k'.repeat(10_000)} = 1`).length).toBeLessThan(200);
  });

  const POLICY = 'must be "active", "off" or "pinned:ID" with a session\'s id, not';
  const CONTENT =
    'must be a size (B, KiB, MiB, GiB) or a number of bytes, from "1B" to "2GiB" (to let nothing through, set direction), not';
  const TYPES =
    'must be "all" or a list of 1 to 64, each "text", "image", a MIME type such as "image/png" or a kind of them such as "image/*" (to let nothing through, set direction), not';
  const TYPE = 'must be "text", "image", a MIME type such as "image/png" or a kind of them such as "image/*", not';
  const USER = "must be a user's name or a uid (a number from 0 to 4294967294), not";
  const WIPE = 'must be "off" or a duration (ms, s, min, h) from "1s" to "24h", not';
  const CONNECTIONS = 'must be a whole number from 1 to 10000, not';
  const SOCKET = "must be a socket's absolute path of at most 107 bytes, not";

  it.each([
    ['policy = "pinned"', `${POLICY} "pinned"`],
    ['policy = "pinned:0"', `${POLICY} "pinned:0"`],
    ['policy = "pinned:9007199254740993"', `${POLICY} "pinned:9007199254740993"`],
    ['policy = "Active"', `${POLICY} "Active"`],
    ['policy = [1, 2]', `${POLICY} a list of 2`],
    ['policy = 2026-01-01', `${POLICY} a date`],
    ['port = "spice.0"', 'must be a device\'s absolute path or "unix:PATH", not "spice.0"'],
    ['port = "unix:"', 'must be a device\'s absolute path or "unix:PATH", not "unix:"'],
    ['host-to-guest.max-size = 0', `${CONTENT} 0`],
    ['host-to-guest.max-size = "0MiB"', `${CONTENT} "0MiB"`],
    ['host-to-guest.max-size = "3GiB"', `${CONTENT} "3GiB"`],
    ['host-to-guest.max-size = -1', `${CONTENT} -1`],
    ['host-to-guest.max-size = 1.5', `${CONTENT} 1.5`],
    ['host-to-guest.max-size = inf', `${CONTENT} Infinity`],
    ['host-to-guest.max-size = "512"', `${CONTENT} "512"`],
    ['relay.socket = "none"', 'must be "off" or a socket\'s absolute path of at most 107 bytes, not "none"'],
    ['guest-agent.ports = ["vport0p1"]', 'must be a device\'s absolute path or "unix:PATH", not "vport0p1"'],
    [
      'guest-agent.upstream = "/run/qga"',
      'must be "none" or "unix:PATH" with a socket\'s absolute path, not "/run/qga"',
    ],
    ['host-calls.allow = ["open url"]', 'must be a method of the host such as "open-url", not "open url"'],
    ['guest-agent.block = ["guest exec"]', 'must be a command such as "guest-exec", not "guest exec"'],
    ['host-to-guest.types = "text"', `${TYPES} "text"`],
    ['host-to-guest.types = []', `${TYPES} an empty list`],
    [`host-to-guest.types = [${'"text",'.repeat(65)}]`, `${TYPES} a list of 65`],
    ['host-to-guest.types = ["*/*"]', `${TYPE} "*/*"`],
    ['host-to-guest.types = ["image/png;q=1"]', `${TYPE} "image/png;q=1"`],
    ['host-to-guest.types = [5]', `${TYPE} 5`],
    ['access.users = "alice"', `must be "all" or a list of at most 1000, each ${USER.slice(8, -5)}, not "alice"`],
    ['access.users = ["1000"]', `${USER} "1000"`],
    ['access.users = [4294967295]', `${USER} 4294967295`],
    ['access.users = [-1]', `${USER} -1`],
    ['access.users = ["a:b"]', `${USER} "a:b"`],
    ['access.users = [""]', `${USER} ""`],
    ['access.users = [" alice"]', `${USER} " alice"`],
    ['access.users = ["\\u0007"]', `${USER} "\\u0007"`],
    ['privacy.wipe-after = "soon"', `${WIPE} "soon"`],
    ['privacy.wipe-after = "1h30min"', `${WIPE} "1h30min"`],
    ['privacy.wipe-after = "500ms"', `${WIPE} "500ms"`],
    ['privacy.wipe-after = "25h"', `${WIPE} "25h"`],
    ['privacy.wipe-after = 30', `${WIPE} 30`],
    ['privacy.wipe-after = false', `${WIPE} false`],
    ['limits.connections = 0', `${CONNECTIONS} 0`],
    ['limits.connections = 10001', `${CONNECTIONS} 10001`],
    ['limits.connections = "512"', `${CONNECTIONS} "512"`],
    ['limits.connections = nan', `${CONNECTIONS} NaN`],
    ['sockets.session = "session.sock"', `${SOCKET} "session.sock"`],
    ['sockets.session = "/run/clipmux/"', `${SOCKET} "/run/clipmux/"`],
    [`sockets.session = "/${'a'.repeat(107)}"`, `${SOCKET} "/${'a'.repeat(59)}…"`],
    ['sockets.session = "/a\\nb"', `${SOCKET} "/a\\nb"`],
  ])('in the value of %j is told with what is right', (text, complaint) => {
    expect(complaintOf(text)).toBe(complaint);
  });

  it('is one of a number that the error holds in full while its message stays short', () => {
    const text = Array.from({ length: 1000 }, (_, index) => `x${index} = 1`).join('\n');
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const { problems, message, code } = error as ConfigError;
      expect(code).toBe('invalid-configuration');
      expect(problems).toHaveLength(1000);
      expect(problems[999]).toEqual({
        file: PATH,
        position: { line: 1000, column: 1 },
        key: 'x999',
        message: 'unknown key; before the first table there are policy, port',
      });
      expect(message.split('\n')).toHaveLength(21);
      expect(message).toMatch(/\nand 980 more$/);
    }
  });
});
