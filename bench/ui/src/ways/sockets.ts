import { io } from 'socket.io-client';

import type { Update, Way } from '../update';

/** Each message is an update, shown as it comes. */
export const webSocket: Way = {
  start(take, show) {
    const socket = new WebSocket(new URL('/socket', location.href));
    socket.onmessage = ({ data }) => {
      take(JSON.parse(data) as Update);
      show();
    };
  },
};

/** The same over Socket.IO. */
export const socketIo: Way = {
  start(take, show) {
    io({ transports: ['websocket'] }).on('update', (update: Update) => {
      take(update);
      show();
    });
  },
};
