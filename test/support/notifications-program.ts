import { NotificationsMock } from './notifications-mock.ts';

/** A notification service as a program, for a bus to start: `notifications-program.ts ADDRESS`. It ends with the bus. */
const mock = await NotificationsMock.start(process.argv[2] as string);
await mock.next();
