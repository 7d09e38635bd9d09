/** What the desktop guest is made of: a Debian 12 with a display manager and two users. */
import { createHash } from 'node:crypto';

/** Debian packages, beside what is essential. clipmux is not among them: a test installs it in the running guest. */
export const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'dbus-user-session', 'libpam-systemd', 'ca-certificates', 'procps'],
  ...['linux-image-amd64', 'initramfs-tools', 'openssh-server', 'nodejs'],
  ...['lightdm', 'openbox', 'python3-xdg', 'xserver-xorg-core', 'xserver-xorg-input-libinput', 'xserver-xorg-legacy'],
  ...['xinit', 'x11-xserver-utils', 'x11-utils', 'xauth', 'xclip', 'xterm', 'xdotool'],
  // The stock agent, to compare with. Its daemon is masked until a test wants it.
  'spice-vdagent',
  // The real guest agent, which starts where its port is.
  'qemu-guest-agent',
];

/** Those who log in: alice by the display manager, bob by the unit `bob-session`. */
export const USERS = ['alice', 'bob'] as const;
export type User = (typeof USERS)[number];

/** Left out of every package. */
const EXCLUDED = ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/icons/*/cursors/*'];

/** The address that QEMU's user network gives the first guest. */
const NETWORK = `[Match]
Name=e*
[Network]
Address=10.0.2.15/24
`;

/** The greeter is for who logs out; alice is logged in at once. */
const LIGHTDM = `[Seat:*]
autologin-user=alice
autologin-user-timeout=0
autologin-session=openbox
user-session=openbox
`;

/** Drawing by the processor: an emulated one has no time for Mesa's emulation of a graphics card. */
const XORG = `Section "Device"
  Identifier "card"
  Driver "modesetting"
  Option "AccelMethod" "none"
EndSection
Section "ServerFlags"
  Option "BlankTime" "0"
  Option "StandbyTime" "0"
  Option "OffTime" "0"
EndSection
`;

/**
 * A second graphical login on the same seat, as a display manager makes one: through PAM, on a terminal of its own. The session starts what a
 * desktop with systemd starts, by the user's own systemd.
 */
const BOB_UNIT = `[Unit]
Description=Graphical session of bob
After=systemd-user-sessions.service systemd-logind.service
[Service]
User=bob
PAMName=login
TTYPath=/dev/tty8
TTYReset=yes
TTYVHangup=yes
StandardInput=tty-force
StandardOutput=journal
UtmpIdentifier=tty8
UtmpMode=user
WorkingDirectory=/home/bob
Environment=XDG_SESSION_TYPE=x11 XDG_SESSION_CLASS=user XDG_SEAT=seat0 XDG_VTNR=8
ExecStart=/usr/bin/startx /usr/local/bin/systemd-desktop -- :8 vt8 -nolisten tcp
`;

const SYSTEMD_DESKTOP = `#!/bin/sh
# What GNOME and Plasma do: the environment for the user's systemd, then the target on which session services hang.
systemctl --user import-environment DISPLAY XAUTHORITY XDG_SESSION_ID XDG_SESSION_TYPE
systemctl --user start test-desktop.target
trap 'systemctl --user stop test-desktop.target' EXIT
openbox
`;

const TEST_DESKTOP_TARGET = `[Unit]
Description=A desktop that is started by systemd
BindsTo=graphical-session.target
`;

const SSHD = `UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
MaxSessions 100
`;

const FILES: Readonly<Record<string, string>> = {
  '/etc/systemd/network/10-qemu.network': NETWORK,
  '/etc/lightdm/lightdm.conf.d/10-test.conf': LIGHTDM,
  '/etc/X11/xorg.conf.d/10-test.conf': XORG,
  '/etc/X11/Xwrapper.config': 'allowed_users=anybody\nneeds_root_rights=yes\n',
  '/etc/systemd/system/bob-session.service': BOB_UNIT,
  '/etc/systemd/user/test-desktop.target': TEST_DESKTOP_TARGET,
  '/usr/local/bin/systemd-desktop': SYSTEMD_DESKTOP,
  '/etc/ssh/sshd_config.d/10-test.conf': SSHD,
  '/etc/fstab': '/dev/vda / ext4 defaults 0 0\n',
  '/etc/hostname': 'guest\n',
  '/etc/hosts': '127.0.0.1 localhost guest\n',
};

/** Units that have no work here and cost an emulated processor seconds. */
const MASKED = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer'],
  ...[
    'e2scrub_reap.service',
    'spice-vdagentd.socket',
    'spice-vdagentd.service',
    'systemd-timesyncd.service',
    'systemd-networkd-wait-online.service',
    'man-db.timer',
  ],
];

/** Before the kernel is installed: only what the disk needs goes into its initramfs. */
const ESSENTIAL_HOOK = `mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
echo MODULES=list >"$1/etc/initramfs-tools/conf.d/test"
printf "virtio_pci\\nvirtio_blk\\next4\\n" >"$1/usr/share/initramfs-tools/modules.d/test"`;

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** After all packages are installed. `KEY` is the public key that may log in as root. */
const CUSTOMIZE_HOOK = [
  ...Object.entries(FILES).map(
    ([path, text]) =>
      `mkdir -p "$(dirname "$1${path}")"; rm -f "$1${path}"; printf %s ${quoted(text)} >"$1${path}"; chmod ${path.includes('/bin/') ? 755 : 644} "$1${path}"`,
  ),
  'mkdir -p -m 700 "$1/root/.ssh"; cp "$KEY" "$1/root/.ssh/authorized_keys"',
  ...USERS.map((user) => `chroot "$1" useradd --create-home --shell /bin/bash ${user}`),
  `chroot "$1" systemctl --quiet mask ${MASKED.join(' ')}`,
  'chroot "$1" systemctl --quiet enable systemd-networkd.service',
  'chroot "$1" systemctl --quiet set-default graphical.target',
].join('\n');

/** mmdebstrap's options; `key` is the path of the public key. */
export function mmdebstrapOptions(): string[] {
  return [
    '--quiet',
    '--variant=minbase',
    `--include=${PACKAGES.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...EXCLUDED.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--essential-hook=${ESSENTIAL_HOOK}`,
    `--customize-hook=${CUSTOMIZE_HOOK}`,
  ];
}

/** Changes whenever the recipe does. */
export const recipeHash = () =>
  createHash('sha256').update(JSON.stringify(mmdebstrapOptions())).digest('hex').slice(0, 12);
