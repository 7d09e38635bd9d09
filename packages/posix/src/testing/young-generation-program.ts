/** Run by young-generation.test.ts. Allocates many short-lived objects and prints the bytes of V8's space for new objects. */
import { getHeapSpaceStatistics } from 'node:v8';
import { keepYoungGenerationSmall } from '../young-generation.ts';

if (process.argv[2] === 'small') keepYoungGenerationSmall();
const alive: object[] = [];
for (let index = 0; index < 3_000_000; index += 1) alive[index % 20_000] = { index };
const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
process.stdout.write(String(space?.space_size));
