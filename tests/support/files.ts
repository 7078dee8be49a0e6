import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * A web server for folders of files: the paths that begin with a key of `folders` come from its folder. Every answer
 * carries `headers`.
 */
export class Files {
  readonly origin: string;
  readonly close: () => Promise<void>;

  private constructor(origin: string, close: () => Promise<void>) {
    this.origin = origin;
    this.close = close;
  }

  static async serve(folders: Record<string, string>, headers: Record<string, string> = {}): Promise<Files> {
    const server = createServer(async (request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://any').pathname);
      const mount = Object.keys(folders)
        .filter(prefix => path.startsWith(prefix))
        .sort((a, b) => b.length - a.length)[0];
      try {
        if (mount === undefined) throw new Error('no folder');
        let file = join(folders[mount] ?? '', normalize(`/${path.slice(mount.length)}`));
        if ((await stat(file)).isDirectory()) file = join(file, 'index.html');
        const body = await readFile(file);
        response
          .writeHead(200, {
            'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
            ...headers,
          })
          .end(body);
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the page has no port');
    return new Files(`http://127.0.0.1:${address.port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
  }
}
