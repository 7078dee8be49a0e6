import { TidewireError } from './errors.ts';

const PATH = '/v1/connect';

/**
 * The WebSocket address that a url means: http becomes ws, a mere origin gets the protocol's path, and what is
 * relative starts from the page.
 */
export function endpoint(url: string | URL): string {
  let address: URL;
  try {
    address = new URL(url, globalThis.location?.href);
  } catch (cause) {
    throw new TidewireError('bad_url', `"${url}" is no address; a relative one needs a page to start from`, {
      cause,
    });
  }
  address.protocol = address.protocol.replace(/^http/, 'ws');
  if (!/^wss?:$/.test(address.protocol)) {
    throw new TidewireError('bad_url', `"${url}" is neither a ws: nor an http: address`);
  }
  if (address.pathname === '/') address.pathname = PATH;
  address.hash = '';
  return address.href;
}
