import type { ControlOwner, EligibleReason, SessionEntry, Status } from '@clipmux/rpc';
import { duration, fields, size, table, time } from './text.ts';

/** `clipmuxctl status` for people. */
export function formatStatus(status: Status, now: number): string {
  const { port, host, logind, settings, owners } = status;
  const lines: [string, string][] = [
    ['clipmuxd', `${status.version}, pid ${status.pid}, running for ${duration(now - status.since)}`],
    ['port', `${port.name}: ${port.state} for ${duration(now - port.since)}`],
  ];
  if (port.lastError) lines.push(['', `last error at ${time(port.lastError.at)}: ${port.lastError.message}`]);
  lines.push(
    ['host', hostText(host)],
    ['stock agent', relayText(status, now)],
    ['calls', hostCallsText(status.hostCalls, now)],
    ['policy', status.policy],
    ['takes part', eligibleText(status.eligible)],
    ['clipboard', `${ownerText(owners.clipboard)}; direction: ${settings.direction.clipboard}`],
    ['primary', `${ownerText(owners.primary)}; direction: ${settings.direction.primary}`],
    ['sessions', String(status.sessions)],
    ['logind', logind.available ? 'available' : `not available: ${logind.reason ?? 'unknown reason'}`],
    [
      'limits',
      `${size(settings.maxBytes.hostToGuest)} from the host, ${size(settings.maxBytes.guestToHost)} to the host`,
    ],
    ['passwords', settings.withholdSecrets ? 'are kept from the host' : 'are offered to the host'],
    ['log level', settings.logLevel],
    ['configuration', settings.files.length > 0 ? settings.files.join(', ') : 'no files: all defaults'],
  );
  lines.push(...listed('warnings', status.warnings));
  lines.push(
    ...listed(
      'last errors',
      status.errors.map(({ at, message }) => `${time(at)}: ${message}`),
    ),
  );
  return fields(lines);
}

/** Several values under one name. */
function listed(name: string, values: readonly string[]): [string, string][] {
  return values.map((value, index) => [index === 0 ? name : '', value]);
}

function hostText(host: Status['host']): string {
  if (!host.attached) return 'not there';
  const parts = [host.kind === 'qemu' ? 'QEMU vdagent' : 'SPICE client'];
  parts.push(host.clipboard ? 'shares its clipboard' : 'does not share its clipboard');
  if (host.maxClipboard !== null) parts.push(`takes at most ${size(host.maxClipboard)}`);
  return `${parts.join(', ')} (${host.capabilities.join(' ')})`;
}

function relayText({ relay, host }: Status, now: number): string {
  const { socket, problem, connected, since, capabilities } = relay;
  const lost =
    host.kind === 'spice'
      ? ': the pointer (in client mouse mode), resizing, audio volume and file drop do not work'
      : '';
  if (socket === null) return 'is not taken: switched off';
  if (problem !== null) return `cannot connect: ${problem}`;
  if (!connected) return `not connected to ${socket}${lost}`;
  return `connected for ${duration(now - since)} (${capabilities.join(' ')})`;
}

function hostCallsText(calls: Status['hostCalls'], now: number): string {
  if (calls === null) return 'no port for calls to the host';
  const { port, open, allowed } = calls;
  const error = port.state === 'open' || port.lastError === null ? '' : `, last error: ${port.lastError.message}`;
  const may = allowed.length === 0 ? 'none is allowed' : `allowed: ${allowed.join(' ')}`;
  return `${port.name}: ${port.state} for ${duration(now - port.since)}${error}; ${open} under way, ${may}`;
}

const REASONS: Readonly<Record<EligibleReason, string>> = {
  'policy-off': 'the policy is off',
  pinned: 'the policy pins it',
  'pinned-absent': 'the session that the policy pins is not connected',
  locked: 'it is locked',
  'active-on-seat': 'it is active on its seat',
  'active-without-agent': 'the active session has no agent',
  'newest-without-seat': 'it is the newest one without a seat, and no seat has an active one',
  newest: 'it is the newest',
  'logind-lost': 'logind is gone, and until it is back nobody can tell which session is active',
  nobody: 'no session is connected',
};

/** Who takes part, and why. */
export function eligibleText({ session, reason }: Status['eligible']): string {
  return session === null ? `no session: ${REASONS[reason]}` : `session ${session}: ${REASONS[reason]}`;
}

/** Who owns a selection, with its types. */
export function ownerText({ kind, session, types }: ControlOwner): string {
  switch (kind) {
    case 'nobody':
      return 'nobody';
    case 'host':
      return `host (${typesText(types)})`;
    case 'session':
      return `session ${session} (${typesText(types)})`;
    case 'held':
      return `set by an administrator for session ${session} (${typesText(types)})`;
    default:
      return kind satisfies never;
  }
}

/** A list of types. */
export function typesText(types: readonly string[]): string {
  return types.length === 0 ? 'no types' : types.join(' ');
}

/** `clipmuxctl sessions` for people. The session that takes part is marked. */
export function formatSessions(sessions: readonly SessionEntry[], now: number): string {
  if (sessions.length === 0) return 'No session is connected.\n';
  const head = ['', 'ID', 'USER', 'DISPLAY', 'LOGIND', 'SEAT', 'TYPE', 'STATE', 'AGENT', 'SINCE', 'CLIPBOARD'];
  const rows = sessions.map((session) => [
    session.eligible ? '*' : '',
    String(session.id),
    session.user,
    session.display,
    session.logind?.id ?? '-',
    session.logind?.seat || '-',
    session.logind?.type || '-',
    stateText(session),
    `${session.agent.version} (${session.pid})`,
    duration(now - session.since),
    session.offers.clipboard === null ? '-' : typesText(session.offers.clipboard),
  ]);
  return table([head, ...rows]);
}

function stateText({ logind }: SessionEntry): string {
  if (logind === null) return '-';
  const state = logind.active ? 'active' : 'inactive';
  return logind.locked ? `${state}, locked` : state;
}
