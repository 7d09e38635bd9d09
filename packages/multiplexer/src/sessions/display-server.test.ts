import { expect, it } from 'vitest';
import { displayServer } from './display-server.ts';

it.each([
  [':7', ':7'],
  [':7.0', ':7'],
  [':7.1', ':7'],
  [':07', ':7'],
  ['unix:7', ':7'],
  ['unix:7.0', ':7'],
  ['Box:10.0', 'box:10'],
  ['[::1]:3', '[::1]:3'],
  [':8', ':8'],
  ['', ''],
  ['wayland-0', 'wayland-0'],
])('%j names the server %j', (display, server) => {
  expect(displayServer(display)).toBe(server);
});
