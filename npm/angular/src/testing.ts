export { TestServer, type TestPublication } from '@tidewire/client/testing';
export { provideTidewireTesting } from './testing/provide-tidewire-testing.ts';
