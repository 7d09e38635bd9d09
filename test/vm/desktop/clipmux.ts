/** What all tests of the package in the desktop guest do alike. */
import { until } from '../../support/wait.ts';
import { packagePath } from '../image/clipmux-package.ts';
import type { RunningDesktop } from './desktop.ts';
import type { JournalEntry } from './journal.ts';
import type { User } from './recipe.ts';

/** The user ids that useradd gives the first two users. */
export const USER_IDS: Readonly<Record<User, number>> = { alice: 1000, bob: 1001 };

/** Installs clipmux in the running guest and logs alice in anew, so that her session starts with it. Returns when her agent was ready. */
export async function installClipmux(desktop: RunningDesktop): Promise<JournalEntry> {
  // Whoever is logged in already gets no agent before the next login: autostart entries are read then.
  await desktop.shell.succeed('systemctl stop lightdm');
  await desktop.install(packagePath());
  const from = desktop.journal.now;
  await desktop.shell.succeed('systemctl start lightdm');
  return agentReady(desktop, 'alice', from);
}

/** Takes clipmux out of the guest, with its configuration. */
export async function removeClipmux(desktop: RunningDesktop): Promise<void> {
  await desktop.shell.succeed('DEBIAN_FRONTEND=noninteractive apt-get purge --yes --quiet clipmux');
}

/** Starts Debian's spice-vdagent, behind clipmux or where that is not, and logs alice in anew with it. */
export async function startStockAgent(desktop: RunningDesktop): Promise<void> {
  await desktop.shell.succeed(
    'systemctl unmask spice-vdagentd.socket spice-vdagentd.service; systemctl start spice-vdagentd.socket; systemctl restart lightdm',
  );
  // The session's agent starts the daemon, where it does not run yet.
  const both = 'pgrep --euid alice spice-vdagent && systemctl is-active spice-vdagentd.service';
  await until(async () => (await desktop.shell.run(both)).code === 0, "alice's spice-vdagent and its daemon", 120_000);
}

/** Waits until clipmuxd has taken the agent of a user's session. */
export function agentReady(desktop: RunningDesktop, user: User, from = 0): Promise<JournalEntry> {
  return desktop.journal.said(new RegExp(`a session connected .*uid=${USER_IDS[user]}\\b`), from);
}

/** Waits until clipmuxd has let the agent of a user's session go. */
export function agentGone(desktop: RunningDesktop, from: number): Promise<JournalEntry> {
  return desktop.journal.said(/a session disconnected/, from);
}

/** Logs bob in on a terminal of his own, which comes to the foreground; his session is started by his systemd. */
export async function logBobIn(desktop: RunningDesktop): Promise<void> {
  const from = desktop.journal.now;
  await desktop.shell.succeed('systemctl start bob-session');
  await agentReady(desktop, 'bob', from);
  await desktop.journal.said(/who takes part session=\d+ reason=active-on-seat/, from);
}

/** logind's id of a user's graphical session. */
export async function sessionId(desktop: RunningDesktop, user: User): Promise<string> {
  const list = await desktop.shell.succeed(
    `for id in $(loginctl list-sessions --no-legend | awk '$3 == "${user}" {print $1}'); do
       [ "$(loginctl show-session -p Type --value $id)" = x11 ] && echo $id; done; true`,
  );
  const id = list.trim().split('\n')[0];
  if (!id) throw new Error(`${user} has no graphical session:\n${await desktop.shell.succeed('loginctl')}`);
  return id;
}

/** Brings a user's session to the foreground, and waits until it takes part. */
export async function switchTo(desktop: RunningDesktop, user: User): Promise<void> {
  const id = await sessionId(desktop, user);
  const from = desktop.journal.now;
  const active = await desktop.shell.succeed(`loginctl show-session -p Active --value ${id}; loginctl activate ${id}`);
  if (!active.startsWith('yes')) await desktop.journal.said(/who takes part session=\d+ reason=active-on-seat/, from);
  const uid = await takesPart(desktop);
  if (uid !== USER_IDS[user]) throw new Error(`after the switch to ${user} user ${uid ?? 'nobody'} takes part`);
}

interface SessionEntry {
  readonly uid: number;
  readonly eligible: boolean;
}

/** The user id of the session that has the host's clipboard; undefined for nobody. */
export async function takesPart(desktop: RunningDesktop): Promise<number | undefined> {
  const entries = JSON.parse(await desktop.shell.succeed('clipmuxctl --json sessions')) as readonly SessionEntry[];
  return entries.find(({ eligible }) => eligible)?.uid;
}

/** Resident memory of each of clipmux's processes, in MiB. */
export async function memory(desktop: RunningDesktop): Promise<Readonly<Record<string, number>>> {
  const lines = await desktop.shell.succeed(
    'ps -C node,clipmuxd,clipmux-session -o rss=,user:20=,args= --no-headers || true',
  );
  const entries = lines
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+.*?(clipmuxd|clipmux-session)\b/.exec(line))
    .filter((match) => match !== null)
    .map(([, kibibytes, user, name]) => [`${name} (${user})`, Math.round(Number(kibibytes) / 102.4) / 10] as const);
  return Object.fromEntries(entries);
}
