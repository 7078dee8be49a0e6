export { TestServer, type TestPublication } from './testing/test-server.ts';
