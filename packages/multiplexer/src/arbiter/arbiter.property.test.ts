import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArbiterWorld, type WorldAction } from './arbiter-world.fixture.ts';
import { SELECTIONS } from './selection.ts';

const session = fc.integer({ min: 0, max: 2 });
const selection = fc.constantFrom(...SELECTIONS);
const type = fc.constantFrom('text/plain;charset=utf-8', 'image/png');
const types = fc.subarray(['text/plain;charset=utf-8', 'image/png']);

const directionRule = fc.record({
  allowed: fc.boolean(),
  types: fc.constantFrom(null, ['image/*'], ['text/plain;charset=utf-8']),
});
const bothSelections = fc.record({ clipboard: directionRule, primary: directionRule });
const rules = fc.record({
  toHost: bothSelections,
  toSession: bothSelections,
  withholdSecrets: fc.boolean(),
  maxBytesToHost: fc.constantFrom(0, 100),
});

const action: fc.Arbitrary<WorldAction> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('attach-host' as const), regrabRelease: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('settle-host' as const, 'detach-host' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'disconnect' as const), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('make-eligible' as const), session: fc.option(session) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('program-copies' as const),
      session,
      selection,
      types,
      secret: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('hold' as const), session, selection, types, share: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change-rules' as const), rules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire-host-content' as const), selection }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('program-exits' as const), session, selection }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('host-copies' as const), selection, types }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('host-releases' as const), selection }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('host-pastes' as const), selection, type }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('program-pastes' as const), session, selection, type }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver-to-session' as const), session }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver-to-arbiter' as const), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('host-answers' as const, 'host-fails' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('session-times-out' as const) }) },
);

/** Everything is there at the start, so that most runs reach the interesting cases; the actions may take it away again. */
const PRELUDE: readonly WorldAction[] = [
  { do: 'attach-host', regrabRelease: false },
  { do: 'settle-host' },
  { do: 'connect', session: 0 },
  { do: 'connect', session: 1 },
  { do: 'make-eligible', session: 0 },
];

describe('the arbiter under random interleavings', () => {
  it('lets host and eligible session agree once everything is delivered, answers every request once, and leaks nothing', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
        const world = new ArbiterWorld();
        for (const one of [...PRELUDE, ...actions]) world.act(one); // checks what must hold after every step
        world.drain();
        world.checkAgreement();
        world.checkEveryRequestAnswered();
      }),
      { numRuns: 2000 },
    );
  });

  it('is found out when the rule for crossing grabs is broken, so the property can fail', () => {
    expect(() => {
      const world = new ArbiterWorld({ ignoreSeen: true });
      for (const one of [
        ...PRELUDE,
        { do: 'program-copies', session: 0, selection: 'clipboard', types: ['image/png'] },
        { do: 'host-copies', selection: 'clipboard', types: ['image/png'] },
      ] satisfies WorldAction[])
        world.act(one);
      world.drain();
      world.checkAgreement();
    }).toThrow();
  });
});
