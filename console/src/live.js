// The one WebSocket of the tab, which brings the figures of the overview.
import { useEffect, useState } from 'preact/hooks';

const SAMPLES = 300;
const state = { samples: [], commands: [], overview: null, connected: false, failure: '' };
const listeners = new Set();
let socket = null;
let wanted = false;
let pause = 1000;

const changed = () => listeners.forEach(listener => listener({ ...state }));

export function connect() {
  wanted = true;
  if (socket) {
    return;
  }
  const address = new URL('console/api/live', document.baseURI);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  socket = new WebSocket(address);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    state.connected = true;
    state.failure = '';
    pause = 1000;
    if (message.type === 'history') {
      state.samples = message.samples;
    } else if (message.type === 'failure') {
      state.failure = message.detail;
    } else {
      if (message.sample) {
        state.samples = [...state.samples.slice(1 - SAMPLES), message.sample];
        state.commands = message.commands;
      }
      state.overview = message.overview ?? state.overview;
    }
    changed();
  };
  socket.onclose = () => {
    socket = null;
    state.connected = false;
    changed();
    if (wanted) {
      setTimeout(() => wanted && connect(), pause);
      pause = Math.min(pause * 2, 30_000);
    }
  };
}

export function disconnect() {
  wanted = false;
  socket?.close();
  state.samples = [];
  state.overview = null;
}

export function useLive() {
  const [value, setValue] = useState({ ...state });
  useEffect(() => {
    listeners.add(setValue);
    return () => listeners.delete(setValue);
  }, []);
  return value;
}
