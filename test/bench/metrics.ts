import type { Metric } from './measurements.ts';
import type { PayloadKind } from './payload.ts';

export type Direction = 'host→guest' | 'guest→host';
export const DIRECTIONS: readonly Direction[] = ['host→guest', 'guest→host'];

/** The processes of a contender. */
export type Role = 'daemon' | 'agent';
export const ROLES: readonly Role[] = ['daemon', 'agent'];

const KIB = 1024;
const MIB = 1024 * KIB;

export function sizeName(bytes: number): string {
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`;
}

/** The names and units of all that is measured, in one place, so that targets and table can't differ. */
export const METRICS = {
  /** Small transfer: `first` is when the other side knows that something was copied, `whole` when it has pasted it. */
  latency: (direction: Direction, step: 'first' | 'whole'): Metric => ({
    name: `latency ${direction}, ${LATENCY_STEPS[direction][step]}`,
    unit: 'ms',
    statistics: ['p50', 'p99'],
  }),
  throughput: (direction: Direction, kind: PayloadKind, size: number): Metric => ({
    name: `throughput ${direction}, ${kind} ${sizeName(size)}`,
    unit: 'MiB/s',
    statistics: ['p50'],
  }),
  cpu: (direction: Direction, kind: PayloadKind, size: number): Metric => ({
    name: `CPU ${direction}, ${kind} ${sizeName(size)}`,
    unit: 'ms',
    statistics: ['p50'],
  }),
  memory: (role: Role, when: MemoryMoment, kind: 'RSS' | 'private' | 'peak'): Metric => ({
    name: `memory of the ${role}, ${kind} ${when}`,
    unit: 'MiB',
    statistics: ['max'],
  }),
  growth: (role: Role): Metric => ({
    name: `memory of the ${role}, RSS kept 5 s after 64 MiB`,
    unit: 'MiB',
    statistics: ['max'],
  }),
  wakeUps: (role: Role): Metric => ({ name: `idle wake-ups of the ${role}, a minute`, unit: '', statistics: ['max'] }),
  large: (direction: Direction): Metric => ({
    name: `throughput ${direction}, 256 MiB`,
    unit: 'MiB/s',
    statistics: ['p50'],
  }),
  sessions: (count: number, what: keyof typeof SESSION_UNITS): Metric => ({
    name: `sessions: ${count}, ${what}`,
    unit: SESSION_UNITS[what],
    statistics: what === 'switch → pasted' ? ['p50', 'p99'] : ['max'],
  }),
} as const;

/** What is measured of clipmuxd with many sessions; CPU is milliseconds a second. */
const SESSION_UNITS = {
  RSS: 'MiB',
  'private memory': 'MiB',
  'wake-ups a minute': '',
  CPU: 'ms/s',
  'switch → pasted': 'ms',
} as const;

export type MemoryMoment = 'after start' | '5 s after 64 MiB' | 'during 64 MiB' | `during 256 MiB ${Direction}`;

const LATENCY_STEPS: Readonly<Record<Direction, Readonly<Record<'first' | 'whole', string>>>> = {
  'host→guest': { first: 'grab → owner changed', whole: 'grab → pasted' },
  'guest→host': { first: 'copy → grab seen', whole: 'copy → data at the host' },
};
