// Makes the page's socket known to its components.

import { createContext, use, useEffect, useSyncExternalStore, type ReactNode } from "react";

import { request } from "../api/client";
import { LiveSocket, type ConnectionState } from "./socket";

const SocketContext = createContext<LiveSocket | undefined>(undefined);

function socketURL(): string {
  const url = new URL("/v1/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** createSocket returns the socket of this origin. A handshake can't tell a 401, so ask first. */
export function createSocket(): LiveSocket {
  return new LiveSocket({ url: socketURL, beforeRetry: () => request("/v1/auth/me") });
}

export function SocketProvider({ socket, children }: { socket: LiveSocket; children: ReactNode }) {
  useEffect(() => {
    socket.start();
    return () => socket.stop();
  }, [socket]);
  return <SocketContext value={socket}>{children}</SocketContext>;
}

export function useSocket(): LiveSocket {
  const socket = use(SocketContext);
  if (!socket) throw new Error("useSocket needs a SocketProvider above it");
  return socket;
}

export function useConnectionState(): ConnectionState {
  const socket = useSocket();
  return useSyncExternalStore(socket.onState, () => socket.state);
}

