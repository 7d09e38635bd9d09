import { type ControlHappening, SELECTIONS } from '@clipmux/rpc';
import type { Owner, Selection } from '../arbiter/index.ts';
import type { Choice } from '../policy/index.ts';
import type { SessionRegistry } from '../sessions/index.ts';
import { toWire } from './happenings.ts';

/** What is so now, told as if it had just come to be so: for whoever begins to listen. */
export function presentState(
  registry: SessionRegistry,
  choice: Choice,
  ledger: Readonly<Record<Selection, Owner>>,
): readonly ControlHappening[] {
  const added = registry.connected().map(([session, registered]): ControlHappening => {
    const { credentials, display } = registered.session.info;
    return { kind: 'session-added', session, uid: credentials.uid, display };
  });
  const owners = SELECTIONS.map((selection): ControlHappening => {
    return { kind: 'owner', selection, owner: toWire(ledger[selection]) };
  });
  return [...added, { kind: 'eligible', ...choice }, ...owners];
}
