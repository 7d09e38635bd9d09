/** Who owns each selection and who answers whom, decided without I/O. */
export { arbitrate } from './arbiter.ts';
export type { ArbiterEffect, ArbiterEvent, ArbiterResult, EmptyReason, Refusal, SessionFailure } from './events.ts';
export { type DirectionRule, NO_RULES, permitted, type Rules } from './rules.ts';
export { SELECTIONS, type Selection } from './selection.ts';
export {
  type ArbiterState,
  type HostFeatures,
  INITIAL_STATE,
  type Owner,
  type RequestId,
  type SessionId,
  type SessionSelection,
} from './state.ts';
