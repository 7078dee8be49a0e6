export { provideServerHistory, type ServerHistoryOptions } from './server/provide-server-history.ts';
