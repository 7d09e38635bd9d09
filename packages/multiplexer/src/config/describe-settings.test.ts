import { describe, expect, it } from 'vitest';
import { changedSettings, DEFAULT_SETTINGS, describeSettings, parseSettings, settingsInForce } from './index.ts';

const DEFAULTS_AS_TOML = `policy = "active"
port = "/dev/virtio-ports/com.redhat.spice.0"

[clipboard]
direction = "automatic"

[primary]
direction = "automatic"

[host-to-guest]
types = "all"
max-size = "512MiB"

[guest-to-host]
types = "all"
max-size = "512MiB"

[access]
users = "all"

[privacy]
password-hint = "withhold"
wipe-after = "off"

[text]
normalise-vnc = true

[timeouts]
host-answer = "8s"
session-answer = "10s"
session-stall = "5s"
settle = "200ms"

[limits]
connections = 512
connections-per-user = 32
pending-connections = 64
pending-connections-per-user = 8
control-connections = 32
host-requests = 64

[log]
level = "info"

[sockets]
session = "/run/clipmux/session.sock"
control = "/run/clipmux/control.sock"

[notifications]
paste-cut-short = true

[relay]
socket = "/run/clipmux/vdagent.sock"

[guest-agent]
ports = []
upstream = "none"
allow = "all"
block = []
privileged = false
session-methods = "all"
upstream-answer = "1min"

[host-calls]
port = "none"
allow = []
answer = "1min"
`;

const parse = (text: string) => parseSettings([{ path: 'test.toml', text }]);

describe('describing settings', () => {
  it('writes every key of the defaults', () => {
    expect(describeSettings(DEFAULT_SETTINGS)).toBe(DEFAULTS_AS_TOML);
  });

  it('writes lists, words and units as a person would', () => {
    const text = describeSettings(
      parse(
        'policy = "pinned:3"\nhost-to-guest.types = ["text", "image/png"]\naccess.users = ["al\\"ice", 1000]\nprivacy.wipe-after = "90s"\nguest-to-host.max-size = 1000',
      ),
    );
    expect(text).toContain('policy = "pinned:3"\n');
    expect(text).toContain('types = [ "text/*", "image/png" ]\n');
    expect(text).toContain('users = [ "al\\"ice", 1000 ]\n');
    expect(text).toContain('wipe-after = "90s"\n');
    expect(text).toContain('max-size = "1000B"\n');
  });
});

describe('changed settings', () => {
  it('are named, with whether clipmuxd must start again', () => {
    const after = parse('port = "unix:/tmp/port"\n[limits]\nconnections = 512\n[access]\nusers = ["alice"]\n');
    expect(changedSettings(DEFAULT_SETTINGS, after)).toEqual([
      { name: 'port', needsRestart: true },
      { name: 'access.users', needsRestart: false },
    ]);
  });

  it('do not include what is only written in another way', () => {
    const [before, after] = [
      'privacy.wipe-after = "60s"\nhost-to-guest.types = ["text"]',
      'privacy.wipe-after = "1 min"\nhost-to-guest.types = ["TEXT/*"]',
    ].map(parse);
    expect(changedSettings(before!, after!)).toEqual([]);
  });
});

describe('settings in force', () => {
  it('are those read last, but for keys that need a restart', () => {
    const atStart = parse('relay.socket = "/a"\nclipboard.direction = "off"');
    const read = parse('relay.socket = "/b"\nclipboard.direction = "both"\nhost-calls.port = "/dev/virtio-ports/x"');
    const inForce = settingsInForce(atStart, read);
    expect(inForce).toEqual(parse('relay.socket = "/a"\nclipboard.direction = "both"'));
  });
});
