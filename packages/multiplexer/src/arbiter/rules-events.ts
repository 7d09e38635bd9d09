import { failSessionRequests } from './request-events.ts';
import { permitted, type Rules } from './rules.ts';
import { SELECTIONS } from './selection.ts';
import { reconsiderOffer } from './session-events.ts';
import type { Step } from './step.ts';

/** The administrator allows something else: what stands is brought in line with it, both ways. */
export function changeRules(step: Step, rules: Rules): void {
  const before = step.rules;
  step.setRules(rules);
  failSessionRequests(step, 'denied', ({ selection, type }) => {
    const owner = step.owner(selection);
    return owner.kind !== 'host' || !permitted(rules.toSession[selection], owner.types).includes(type);
  });
  const session = step.eligible;
  if (session === null) return;
  for (const selection of SELECTIONS) {
    const owner = step.owner(selection);
    if (owner.kind !== 'host') {
      if (
        !same(before.toHost[selection], rules.toHost[selection]) ||
        before.withholdSecrets !== rules.withholdSecrets
      ) {
        reconsiderOffer(step, selection);
      }
      continue;
    }
    // What a program of the session owns since is left to it: the host's offer was not for it when it was made.
    const untouched = step.session(session, selection)?.offer === null;
    if (untouched && !same(before.toSession[selection], rules.toSession[selection])) {
      step.giveToSession(session, selection, owner.types);
    }
  }
}

function same(one: Rules['toHost']['clipboard'], other: Rules['toHost']['clipboard']): boolean {
  return one.allowed === other.allowed && one.types?.join() === other.types?.join();
}
