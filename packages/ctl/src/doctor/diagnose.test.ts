import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS, diagnose, isHealthy } from './diagnose.ts';
import { ACTIVE, HEALTHY, SESSION, STATUS, withStatus } from './facts.fixture.ts';
import type { Facts } from './facts.ts';
import { formatReport } from './report.ts';

/** Codes with their severity. */
function found(facts: Facts): string[] {
  return diagnose(facts).flatMap(({ findings }) => findings.map(({ code, severity }) => `${code} ${severity}`));
}

function remedyOf(facts: Facts, code: string): string {
  const finding = diagnose(facts)
    .flatMap(({ findings }) => findings)
    .find((each) => each.code === code);
  return (finding?.remedies ?? []).flatMap(({ lines }) => lines).join('\n');
}

/** clipmuxd could not be asked. */
function alone(state: Facts['control']['state'], changes: Partial<Facts> = {}): Facts {
  const control = { path: '/run/clipmux/control.sock', state, message: 'why not' };
  return { ...HEALTHY, control, daemon: null, processes: HEALTHY.processes.slice(1), ...changes };
}

function port(code: string, changes: Partial<Facts['port']> = {}): Facts {
  const lastError = { code, message: 'the message', at: 0 };
  const facts = withStatus({
    port: { ...STATUS.port, state: 'waiting', lastError },
    host: { ...STATUS.host, attached: false },
  });
  return { ...facts, port: { ...HEALTHY.port, problem: { code, message: 'the message' }, ...changes } };
}

const settings = (changes: Partial<typeof STATUS.settings>) =>
  withStatus({ settings: { ...STATUS.settings, ...changes } });
const wayland = { ...ACTIVE, type: 'wayland' };

describe('the doctor', () => {
  it('finds nothing where nothing is wrong, and has looked at everything', () => {
    const examined = diagnose(HEALTHY);
    expect(examined.map(({ outcome }) => outcome)).toEqual(CHECKS.map(() => 'ok'));
    expect(isHealthy(examined)).toBe(true);
    expect(formatReport(examined)).toMatch(/^(ok {7}.*\n)+\nNothing is wrong\.\n$/);
  });

  const cases: readonly (readonly [string, string[], Facts])[] = [
    // clipmuxd
    ['clipmuxd has no socket', ['daemon-not-running error'], alone('missing')],
    ['nobody listens on the socket', ['daemon-not-running error'], alone('refused')],
    [
      'clipmuxd runs with another socket',
      ['control-socket-elsewhere error'],
      alone('missing', { processes: HEALTHY.processes }),
    ],
    ['the user may not control clipmuxd', ['control-denied error'], alone('denied')],
    ['clipmuxd hangs', ['daemon-silent error'], alone('silent')],
    ['clipmuxd is not understood', ['control-failed error'], alone('failed')],
    // the port
    ['the machine has no port', ['port-missing error'], port('missing')],
    ['the port was unplugged', ['port-missing error'], port('gone')],
    ['the socket that is the port is missing', ['port-missing error'], port('missing', { name: 'unix:/run/x' })],
    [
      'a SPICE host has no stock agent to speak to',
      ['stock-agent-missing warning'],
      withStatus({ host: { ...STATUS.host, kind: 'spice' } }),
    ],
    ['somebody holds the port', ['port-held error'], port('busy')],
    [
      'spice-vdagentd holds the port',
      ['port-held error'],
      port('busy', { holder: { pid: 7, name: 'spice-vdagentd' } }),
    ],
    ['clipmuxd may not open the port', ['port-denied error'], port('denied')],
    ["nobody is at the host's end", ['host-closed error'], port('host-absent')],
    ['nobody listens on the socket that is the port', ['host-closed error'], port('refused')],
    ['the port fails', ['port-failed error'], port('failed')],
    [
      'the port is missing and clipmuxd does not run',
      ['daemon-not-running error', 'port-missing error'],
      alone('missing', { port: { name: '/dev/x', problem: { code: 'missing', message: '' }, holder: null } }),
    ],
    // the host
    ['the host says nothing', ['host-silent error'], withStatus({ host: { ...STATUS.host, attached: false } })],
    [
      'the host shares no clipboard',
      ['host-no-clipboard error'],
      withStatus({ host: { ...STATUS.host, clipboard: false } }),
    ],
    // the agent
    [
      'the active session has no agent',
      ['agent-missing error'],
      { ...withStatus({ eligible: { session: null, reason: 'active-without-agent' } }, []), processes: [] },
    ],
    [
      "the active session's agent runs but is not connected",
      ['agent-not-connected error'],
      withStatus({ eligible: { session: null, reason: 'active-without-agent' } }, []),
    ],
    [
      'nobody has an agent',
      ['no-sessions warning'],
      withStatus({ eligible: { session: null, reason: 'nobody' }, logind: { ...STATUS.logind, active: null } }, []),
    ],
    [
      'this session has no agent, and clipmuxd does not run',
      ['daemon-not-running error', 'agent-missing error'],
      alone('missing', { processes: [] }),
    ],
    // Wayland and X
    [
      'the active session is Wayland without XWayland',
      ['wayland-without-xwayland error'],
      { ...withStatus({ logind: { ...STATUS.logind, active: wayland } }, []), displays: [{ name: ':1', uid: 1001 }] },
    ],
    [
      'this session is Wayland without XWayland',
      ['daemon-not-running error', 'wayland-without-xwayland error'],
      alone('missing', {
        desktop: { sessionType: 'wayland', display: '', waylandDisplay: 'wayland-0', problem: null },
      }),
    ],
    ['DISPLAY is not set', ['display-unset error'], { ...HEALTHY, desktop: { ...HEALTHY.desktop, display: '' } }],
    ...(['display-invalid', 'display-unreachable', 'display-refused', 'xfixes-missing'].map(
      (code) =>
        [
          `the display cannot be used (${code})`,
          [`${code} error`],
          { ...HEALTHY, desktop: { ...HEALTHY.desktop, problem: { code, message: 'why' } } },
        ] as const,
    ) as [string, string[], Facts][]),
    // policy
    [
      'the policy is off',
      ['policy-off warning'],
      withStatus({ policy: 'off', eligible: { session: null, reason: 'policy-off' } }),
    ],
    [
      'the pinned session is not there',
      ['policy-pinned-absent warning'],
      withStatus({ policy: 'pinned:9', eligible: { session: null, reason: 'pinned-absent' } }),
    ],
    ['the session is locked', ['session-locked note'], withStatus({ eligible: { session: null, reason: 'locked' } })],
    [
      'another session than the active one is pinned',
      ['policy-pinned note'],
      withStatus({ policy: 'pinned:2', eligible: { session: 2, reason: 'pinned' } }, [
        SESSION,
        { ...SESSION, id: 2, logind: { ...ACTIVE, id: '5' } },
      ]),
    ],
    // settings
    ['the clipboard is off', ['direction-off warning'], settings({ direction: { clipboard: 'off', primary: 'both' } })],
    [
      'the clipboard crosses one way',
      ['direction-one-way note'],
      settings({ direction: { clipboard: 'guest-to-host', primary: 'both' } }),
    ],
    ['PRIMARY is off', ['direction-off note'], settings({ direction: { clipboard: 'both', primary: 'off' } })],
    [
      'no text may cross',
      ['types-without-text note'],
      settings({ types: { hostToGuest: null, guestToHost: ['image/*'] } }),
    ],
    // lockers
    [
      'a locker does not tell logind',
      ['locker-without-hint warning'],
      { ...HEALTHY, processes: [...HEALTHY.processes, { pid: 30, uid: 1000, name: 'i3lock' }] },
    ],
    // calls to the host
    [
      'the port for calls cannot be opened',
      ['host-calls-closed warning'],
      withStatus({
        hostCalls: {
          port: {
            name: '/dev/virtio-ports/org.clipmux.host.0',
            state: 'waiting',
            since: 1,
            lastError: { code: 'missing', message: 'there is no such device', at: 2 },
          },
          open: 0,
          allowed: ['open-url'],
        },
      }),
    ],
    // versions
    ['clipmuxctl is of another version', ['version-ctl warning'], { ...HEALTHY, version: '1.2.4' }],
    [
      'an agent is of another version',
      ['version-agent warning'],
      withStatus({}, [{ ...SESSION, agent: { name: 'clipmux-session', version: '1.2.2' } }]),
    ],
    // what clipmuxd says
    ['clipmuxd warns', ['daemon-warning note'], withStatus({ warnings: ['logind is gone'] })],
    [
      'something failed a moment ago',
      ['recent-error warning'],
      withStatus({ errors: [{ at: 1_000_000 - 5000, message: 'it failed' }] }),
    ],
  ];

  it.each(cases)('sees that %s', (_what, codes, facts) => {
    expect(found(facts)).toEqual(codes);
    expect(isHealthy(diagnose(facts))).toBe(codes.every((code) => code.endsWith('note')));
  });

  it('finds what docs/troubleshooting.md lists, with that severity', () => {
    const document = readFileSync(new URL('../../../../docs/troubleshooting.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| ((?:error|warning|note)(?:, \w+)*) \|/gm)];
    const listed = rows.flatMap(([, codes = '', severities = '']) =>
      [...codes.matchAll(/`([a-z-]+)`/g)].flatMap(([, code]) =>
        severities.split(', ').map((each) => `${code} ${each}`),
      ),
    );
    expect(listed.sort()).toEqual([...new Set(cases.flatMap(([, codes]) => codes))].sort());
  });

  it('makes the checks that the sample in docs/install.md shows, in that order', () => {
    const document = readFileSync(new URL('../../../../docs/install.md', import.meta.url), 'utf8');
    const shown = [...document.matchAll(/^ok {7}(.*)$/gm)].map(([, title]) => title);
    expect(shown).toEqual(diagnose(HEALTHY).map(({ title }) => title));
  });

  it('gives a remedy for each error', () => {
    for (const [, , facts] of cases) {
      for (const { findings } of diagnose(facts)) {
        for (const { severity, code, remedies } of findings) {
          if (severity === 'error') expect([code, remedies.length > 0]).toEqual([code, true]);
          for (const { lines } of remedies) expect(lines.length).toBeGreaterThan(0);
        }
      }
    }
  });

  it.each([
    ['a locker that told logind', { processes: [...HEALTHY.processes, { pid: 30, uid: 1000, name: 'i3lock' }] }, true],
    ["another user's locker", { processes: [...HEALTHY.processes, { pid: 30, uid: 1001, name: 'i3lock' }] }, false],
  ])('does not take %s for one that hides it', (_what, changes, locked) => {
    const facts = { ...withStatus({}, [{ ...SESSION, logind: { ...ACTIVE, locked } }]), ...changes };
    expect(found(facts)).toEqual([]);
  });

  it('lets an error rest once it is old', () => {
    expect(found(withStatus({ errors: [{ at: 1_000_000 - 700_000, message: 'it failed' }] }))).toEqual([]);
  });

  it('gives the host a moment to announce itself', () => {
    const facts = withStatus({ host: { ...STATUS.host, attached: false }, port: { ...STATUS.port, since: 998_000 } });
    expect(found(facts)).toEqual([]);
  });

  it('judges no port that it could not look at', () => {
    expect(diagnose(alone('denied')).find(({ title }) => title.includes('port'))?.outcome).toBe('unknown');
  });
});

describe('the remedies', () => {
  it('hold the lines for QEMU and libvirt that add the port', () => {
    const lines = remedyOf(port('missing'), 'port-missing');
    expect(lines).toContain('-chardev qemu-vdagent,id=vdagent,name=vdagent,clipboard=on');
    expect(lines).toContain('-device virtserialport,chardev=vdagent,name=com.redhat.spice.0');
    expect(lines).toContain("<channel type='qemu-vdagent'>");
    expect(lines).toContain("<clipboard copypaste='yes'/>");
  });

  it('name the process that holds the port, and stop the stock agent by its units', () => {
    const spice = port('busy', { holder: { pid: 7, name: 'spice-vdagentd' } });
    expect(remedyOf(spice, 'port-held')).toContain('systemctl restart spice-vdagentd.service');
    const report = formatReport(diagnose(port('busy', { holder: { pid: 99, name: 'socat' } })));
    expect(report).toContain('socat (pid 99) has /dev/virtio-ports/com.redhat.spice.0 open');
    expect(report).toContain('kill 99');
  });

  it("switch the host's clipboard on", () => {
    const lines = remedyOf(withStatus({ host: { ...STATUS.host, clipboard: false } }), 'host-no-clipboard');
    expect(lines).toContain('clipboard=on');
    expect(lines).toContain("<clipboard copypaste='yes'/>");
  });

  it('start the agent by its user unit', () => {
    const facts = alone('missing', { processes: [] });
    expect(remedyOf(facts, 'agent-missing')).toContain('systemctl --user start clipmux-session');
  });

  it('are harmless to a terminal, whatever a user is called', () => {
    const evil = { ...SESSION, user: 'a\u001b[31m\nok', agent: { name: 'x', version: '\u001b]0;y' } };
    const report = formatReport(diagnose(withStatus({}, [evil])));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
    expect(report).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
