// What Socket.IO needs to pass publications on: rooms by number, and its Redis adapter where a URL is given.
//
// node server.js PORT [REDIS_URL]
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const [port, redis] = process.argv.slice(2);
const http = createServer();
// Nobody answers pings in the bench.
const io = new Server(http, { transports: ['websocket'], pingInterval: 1_800_000, serveClient: false });

if (redis) {
  const publishing = createClient({ url: redis });
  const subscribing = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribing.connect()]);
  io.adapter(createAdapter(publishing, subscribing));
}

io.on('connection', socket => {
  socket.on('join', async (room, joined) => {
    await socket.join(`${room}`);
    joined();
  });
  socket.on('publish', (room, payload) => io.to(`${room}`).emit('m', payload));
});

http.listen(Number(port), '127.0.0.1');
