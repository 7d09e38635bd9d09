import { WireAgent } from './wire-agent.ts';
import type { World } from './world.ts';

/** Uids that no machine gives to anybody: each session of a crowd is another user's. */
const FIRST_UID = 1_900_000_000;

/** How many come at once: fewer than may be connected without having said hello. */
const BATCH = 50;

/** So many users log in at the seat, and their agents connect. The first is the active one; the rest are behind it. */
export async function connectCrowd(world: World, count: number): Promise<WireAgent[]> {
  const agents: WireAgent[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => from + index);
    for (const number of batch) {
      const login = { id: loginOf(number), uid: FIRST_UID + number, user: `user${number}`, active: number === 0 };
      world.mock.addSession(login);
    }
    agents.push(
      ...(await Promise.all(
        batch.map((number) =>
          WireAgent.connect(world.sessionSocket, {
            uid: FIRST_UID + number,
            named: loginOf(number),
            display: `:${number}`,
          }),
        ),
      )),
    );
  }
  const [first] = agents;
  if (first) await world.chosen(first.id);
  return agents;
}

/** logind's id of one of the crowd. */
export function loginOf(number: number): string {
  return `c${number + 1}`;
}
