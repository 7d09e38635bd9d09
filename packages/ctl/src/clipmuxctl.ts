import { main } from './main.ts';

void main(process.argv.slice(2)).then((status) => {
  // Everything has been written; only an unread standard input could keep the process.
  process.exit(status);
});
