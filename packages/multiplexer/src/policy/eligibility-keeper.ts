import type { Selection, SessionId } from '../arbiter/index.ts';
import { type Candidate, type Choice, choose, type Policy, type SeatActive } from './eligibility.ts';

/** Whether login sessions are known: yes, not any more (logind is being restarted), or nobody is there to know them. */
export type LoginKnowledge = 'known' | 'lost' | 'none';

/** What the choice is made from, asked for at each choice. */
export interface EligibilityFacts {
  candidates(): readonly Candidate[];
  seatActive(): SeatActive | null;
  knowledge(): LoginKnowledge;
}

/** Keeps the choice of the session that takes part up to date, and tells when it changes. Owns the policy. */
export class EligibilityKeeper {
  readonly #facts: EligibilityFacts;
  readonly #changed: (choice: Choice, copied?: Selection) => void;
  #policy: Policy;
  #choice: Choice = { session: null, reason: 'nobody' };

  constructor(facts: EligibilityFacts, policy: Policy, changed: (choice: Choice, copied?: Selection) => void) {
    this.#facts = facts;
    this.#policy = policy;
    this.#changed = changed;
  }

  get choice(): Choice {
    return this.#choice;
  }

  get policy(): Policy {
    return this.#policy;
  }

  set policy(policy: Policy) {
    this.#policy = policy;
    this.refresh();
  }

  /** Something that the choice depends on has changed. `copied`: somebody copied on that selection. */
  refresh(copied?: Selection): void {
    const before = this.#choice;
    this.#choice = this.#next();
    if (this.#choice.session !== before.session || this.#choice.reason !== before.reason)
      this.#changed(this.#choice, copied);
  }

  #next(): Choice {
    const candidates = this.#facts.candidates();
    const knowledge = this.#facts.knowledge();
    if (knowledge !== 'lost') return choose(candidates, this.#policy, this.#facts.seatActive(), knowledge === 'known');
    // While logind restarts nobody can tell who is active or locked. Whoever took part goes on, nobody else comes in their place.
    const present = this.#choice.session;
    return { session: this.#stays(candidates, present) ? present : null, reason: 'logind-lost' };
  }

  #stays(candidates: readonly Candidate[], session: SessionId | null): boolean {
    return this.#policy.kind !== 'off' && candidates.some(({ id }) => id === session);
  }
}
