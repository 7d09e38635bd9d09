import { agent } from './checks/agent.ts';
import { daemon } from './checks/daemon.ts';
import { direction } from './checks/direction.ts';
import { display } from './checks/display.ts';
import { host } from './checks/host.ts';
import { hostCalls } from './checks/host-calls.ts';
import { locker } from './checks/locker.ts';
import { policy } from './checks/policy.ts';
import { port } from './checks/port.ts';
import { stockAgent } from './checks/stock-agent.ts';
import { told } from './checks/told.ts';
import { versions } from './checks/versions.ts';
import { wayland } from './checks/wayland.ts';
import type { Facts } from './facts.ts';
import type { Check, Finding } from './finding.ts';

/** In the order in which a user would follow the way from the host to the session. */
export const CHECKS: readonly Check[] = [
  daemon,
  port,
  host,
  stockAgent,
  agent,
  wayland,
  display,
  policy,
  direction,
  locker,
  hostCalls,
  versions,
  told,
];

/** What one check came to. */
export interface Examined {
  readonly title: string;
  readonly outcome: 'ok' | 'found' | 'unknown';
  readonly findings: readonly Finding[];
}

/** All checks over the facts. */
export function diagnose(facts: Facts): readonly Examined[] {
  return CHECKS.map(({ title, examine }) => {
    const findings = examine(facts);
    if (findings === null) return { title, outcome: 'unknown', findings: [] };
    return { title, outcome: findings.length === 0 ? 'ok' : 'found', findings };
  });
}

/** Whether nothing is wrong: notes are not. */
export function isHealthy(examined: readonly Examined[]): boolean {
  return examined.every(({ findings }) => findings.every(({ severity }) => severity === 'note'));
}
