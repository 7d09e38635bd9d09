import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SimulatedDisplay } from './simulated-display.fixture.ts';

type Step =
  | 'tick'
  | 'reckon'
  | 'reckon ahead'
  | 'program takes'
  | 'program dies'
  | 'own'
  | 'disown'
  | 'process'
  | 'deliver'
  | 'deliver all'
  | 'turn';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Step>('process', 'deliver', 'deliver all') },
  { weight: 3, arbitrary: fc.constantFrom<Step>('program takes', 'own', 'turn') },
  { weight: 1, arbitrary: fc.constantFrom<Step>('tick', 'reckon', 'reckon ahead', 'program dies', 'disown') },
  { weight: 2, arbitrary: fc.constant<Step>('turn') },
);

const turn = () => new Promise(setImmediate);

async function play(steps: readonly Step[]): Promise<SimulatedDisplay> {
  const display = new SimulatedDisplay();
  const calls: Promise<void>[] = [];
  for (const next of steps) {
    if (next === 'tick') display.tick();
    else if (next === 'reckon') display.reckon(0);
    else if (next === 'reckon ahead') display.reckon(1);
    else if (next === 'program takes') display.programTakes();
    else if (next === 'program dies') display.programDies();
    else if (next === 'own') calls.push(display.own());
    else if (next === 'disown') calls.push(display.disown());
    else if (next === 'process') display.processRequest();
    else if (next === 'deliver') display.deliverMessage();
    else if (next === 'deliver all') while (display.hasMessages) display.deliverMessage();
    else await turn();
  }
  do {
    while (!display.isIdle) {
      display.processRequest();
      display.deliverMessage();
    }
    await turn();
  } while (!display.isIdle);
  await turn();
  await Promise.all(calls);
  return display;
}

it('agrees with the display at the end and tells nothing that an own has superseded, whatever the order of events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const display = await play(steps);
      expect(display.violations).toEqual([]);
      if (display.owner === 0) expect(['nothing', 'nobody']).toContain(display.belief);
      else if (display.owner === 1) expect(display.belief).toBe('ours');
      else expect(display.belief).toEqual({ program: display.owner });
    }),
    { numRuns: 3000 },
  );
});
