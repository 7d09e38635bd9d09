import { keepYoungGenerationSmall } from '@clipmux/posix';
import { main } from './cli.ts';

keepYoungGenerationSmall();
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
