/** Which session takes part, decided without I/O. */
export { type Candidate, type Choice, type ChoiceReason, choose, type Policy, type SeatActive } from './eligibility.ts';
export { type EligibilityFacts, EligibilityKeeper, type LoginKnowledge } from './eligibility-keeper.ts';
export { formatPolicy, parsePolicy } from './policy-text.ts';
