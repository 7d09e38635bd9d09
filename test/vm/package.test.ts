/** The Debian package: what lintian says, and what it does to a Debian 12 when it is installed, removed and purged. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';
import { Chroot } from './chroot.ts';
import { packagePath } from './image/clipmux-package.ts';

/** debhelper and lintian together. */
const BUILD_TIMEOUT_MS = 300_000;

const PROGRAMS = ['clipmuxd', 'clipmux-session', 'clipmuxctl', 'clipmux-host'];
const UNITS = ['clipmuxd.service', 'clipmuxd.socket', 'clipmuxd-control.socket'];

let chroot: Chroot;
let deb: string;

/** All paths, without those that apt and dpkg keep for themselves, and without what ends with the machine. */
const listing = async () =>
  new Set(
    (
      await chroot.succeed(
        'find / -xdev \\( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \\) -prune -o -print',
      )
    ).split('\n'),
  );

beforeAll(async () => {
  deb = packagePath();
  chroot = Chroot.create();
  chroot.copyIn(deb, 'tmp/clipmux.deb');
}, BUILD_TIMEOUT_MS);

afterAll(() => chroot?.remove());

it('has no errors and no warnings for lintian', async () => {
  const { code, stdout } = await run('lintian', ['--fail-on', 'error,warning', '--no-tag-display-limit', deb], {
    timeoutMs: BUILD_TIMEOUT_MS,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect(stdout.toString()).toBe('');
  expect(code).toBe(0);
});

it('contains nothing for another C library, and is small', () => {
  const files = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' });
  expect(files).not.toContain('musl');
  const kibibytes = Number(execFileSync('dpkg-deb', ['--field', deb, 'Installed-Size'], { encoding: 'utf8' }));
  expect(kibibytes).toBeLessThan(8 * 1024);
});

describe('in a Debian 12', () => {
  let before: Set<string>;

  it('is installed by apt with Debian’s own Node, and configures itself', async () => {
    await chroot.succeed('apt-get install --yes --no-install-recommends nodejs');
    before = await listing();
    await chroot.succeed('apt-get install --yes --no-install-recommends /tmp/clipmux.deb');
    expect(await chroot.succeed('dpkg -s clipmux')).toContain('\nStatus: install ok installed\n');
    expect(await chroot.succeed('dpkg --verify clipmux')).toBe('');
  });

  it('makes the user and the group, without a shell and a password', async () => {
    const [, password, , , , home, shell] = (await chroot.succeed('getent passwd clipmux')).trim().split(':');
    expect({ password, home, shell }).toEqual({ password: 'x', home: '/run/clipmux', shell: '/usr/sbin/nologin' });
    expect(await chroot.succeed('id -gn clipmux')).toBe('clipmux\n');
    expect(await chroot.succeed('getent shadow clipmux')).toMatch(/^clipmux:!\*?:/);
  });

  it.each(UNITS)('enables %s', async (unit) => {
    expect(await chroot.succeed(`systemctl is-enabled ${unit}`)).toBe('enabled\n');
  });

  it('enables the agent’s unit for all users', async () => {
    expect(await chroot.succeed('systemctl --global is-enabled clipmux-session.service')).toBe('enabled\n');
  });

  it('has units that systemd finds no fault with', async () => {
    const { code, stderr } = await chroot.run(`systemd-analyze verify --man=no ${UNITS.join(' ')}`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it.each(PROGRAMS)('%s runs on Debian’s Node', async (program) => {
    expect(await chroot.succeed(`${program} --version`)).toMatch(/\d+\.\d+\.\d+/);
    expect(await chroot.succeed('/usr/bin/node --version')).toMatch(/^v18\./);
  });

  it('clipmuxd starts as its own user and answers clipmuxctl', async () => {
    const output = await chroot.succeed(`
      install -d -o clipmux -g clipmux /run/clipmux
      setpriv --reuid clipmux --regid clipmux --clear-groups clipmuxd --no-logind 2>/tmp/log &
      i=0
      until clipmuxctl --json status 2>/dev/null || [ $i = 300 ]; do sleep 0.1; i=$((i + 1)); done
      kill $! && wait $! || { cat /tmp/log; exit 1; }`);
    expect(JSON.parse(output)).toMatchObject({ port: { name: '/dev/virtio-ports/com.redhat.spice.0' } });
  });

  it('brings the licences of what its programs hold of others', async () => {
    const notices = await chroot.succeed('zcat /usr/share/doc/clipmux/THIRD-PARTY-NOTICES.txt.gz');
    for (const name of ['x11', 'dbus-next', 'json-rpc-2.0', 'valibot', 'smol-toml', 'koffi'])
      expect(notices).toMatch(new RegExp(`^${name.replaceAll('.', '\\.')} \\d`, 'm'));
  });

  it('ends agents when it is removed, of a Node that names its threads and of one that was upgraded since, and nobody else', async () => {
    // Neither is called clipmux-session by the kernel, and the second one's program file is gone.
    const output = await chroot.succeed(`
      cd /tmp && mkdir old && cp /usr/bin/node old/node
      echo 'setInterval(() => {}, 1000)' >clipmux-session
      bash -c 'exec -a /usr/bin/node /usr/bin/node /tmp/clipmux-session' & present=$!
      bash -c 'exec -a /usr/bin/node old/node /tmp/clipmux-session' & upgraded=$!
      sleep 1000 & other=$!
      until grep -q clipmux-session /proc/$upgraded/cmdline && grep -q clipmux-session /proc/$present/cmdline; do sleep 0.1; done
      rm -r old
      apt-get remove --yes clipmux >&2
      for child in $present $upgraded; do wait $child || echo $?; done
      kill $other && wait $other || echo "other: $?"`);
    expect(output).toBe('143\n143\nother: 143\n');
  });

  it('leaves its configuration when it is removed, and nothing when it is purged, what was put beside it included', async () => {
    expect(await chroot.succeed('ls /etc/clipmux/clipmux.toml')).toBe('/etc/clipmux/clipmux.toml\n');
    await chroot.succeed('mkdir -p /etc/clipmux/clipmux.toml.d && echo >/etc/clipmux/clipmux.toml.d/site.toml');
    await chroot.succeed('apt-get purge --yes clipmux');
    const left = [...(await listing())].filter((path) => !before.has(path));
    expect(left).toEqual([]);
  });
});
