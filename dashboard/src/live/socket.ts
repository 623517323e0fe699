// One WebSocket for everything live on the page. It comes back by itself, waiting longer each
// time, and then subscribes again to all that the page still shows.

import type { Labels, LogRecord, Problem } from "../api/types";

export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

export type Subscription =
  | { kind: "metrics"; query: string; interval: string; limit?: number; order?: "max" | "last" | "avg" | "name" }
  | { kind: "logs"; query: string };

export interface MetricsMessage {
  type: "metrics";
  id: string;
  time: number;
  series: { labels: Labels; value: number | string }[] | null;
  /** How many series there are, when the subscription has a limit. */
  total_series?: number;
}

export interface LogsMessage {
  type: "logs";
  id: string;
  logs: LogRecord[] | null;
  missed?: number;
}

export interface ErrorMessage {
  type: "error";
  id?: string;
  error: Problem;
}

export type DataMessage = MetricsMessage | LogsMessage | ErrorMessage;
type ServerMessage = DataMessage | { type: "subscribed" | "pong"; id?: string };

interface Options {
  url: () => string;
  /** Called before another try, to renew a session that may have run out. */
  beforeRetry?: () => Promise<unknown>;
  createSocket?: (url: string) => WebSocket;
  random?: () => number;
}

const firstDelay = 500;
const longestDelay = 15_000;
const pingEvery = 15_000;
const pongWithin = 10_000;
/** The server closes so when the session's token has run out; it is renewed and goes on at once. */
const tokenEnded = 4401;

/** backoff is the wait before the n-th try in a row, spread so that pages don't come in step. */
export function backoff(attempt: number, random: number): number {
  return Math.min(longestDelay, firstDelay * 2 ** attempt) * (0.75 + random / 2);
}

export class LiveSocket {
  state: ConnectionState = "closed";

  private readonly options: Options;
  private socket: WebSocket | undefined;
  private attempt = 0;
  private nextID = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private pongTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly subscriptions = new Map<string, { request: Subscription; receive: (message: DataMessage) => void }>();
  private readonly stateListeners = new Set<() => void>();
  private readonly reopenListeners = new Set<() => void>();
  private opened = false;

  constructor(options: Options) {
    this.options = options;
  }

  /** start connects, and stays connected until stop. */
  start(): void {
    if (this.state !== "closed") return;
    globalThis.addEventListener("online", this.retryNow);
    this.connect();
  }

  stop(): void {
    globalThis.removeEventListener("online", this.retryNow);
    clearTimeout(this.retryTimer);
    this.drop();
    this.attempt = 0;
    this.opened = false;
    this.setState("closed");
  }

  /** subscribe asks for data until the returned function is called. */
  subscribe(request: Subscription, receive: (message: DataMessage) => void): () => void {
    this.nextID += 1;
    const id = `s${this.nextID}`;
    this.subscriptions.set(id, { request, receive });
    this.send({ type: "subscribe", id, ...request });
    return () => {
      if (this.subscriptions.delete(id)) this.send({ type: "unsubscribe", id });
    };
  }

  /** onState calls back when the state changes. */
  onState = (callback: () => void): (() => void) => {
    this.stateListeners.add(callback);
    return () => this.stateListeners.delete(callback);
  };

  /** onReopen calls back when the connection is there again after it was lost: data is missing. */
  onReopen = (callback: () => void): (() => void) => {
    this.reopenListeners.add(callback);
    return () => this.reopenListeners.delete(callback);
  };

  retryNow = (): void => {
    if (this.state !== "waiting") return;
    clearTimeout(this.retryTimer);
    this.connect();
  };

  private connect(): void {
    this.setState("connecting");
    const socket = (this.options.createSocket ?? ((url: string) => new WebSocket(url)))(this.options.url());
    this.socket = socket;
    socket.onopen = () => this.handleOpen();
    socket.onmessage = (event: MessageEvent<string>) => this.handleMessage(event.data);
    socket.onclose = (event?: CloseEvent) => this.handleClose(socket, event?.code);
  }

  private handleOpen(): void {
    const again = this.opened;
    this.opened = true;
    this.setState("open");
    for (const [id, { request }] of this.subscriptions) this.send({ type: "subscribe", id, ...request });
    this.pingTimer = setInterval(() => this.ping(), pingEvery);
    if (again) this.reopenListeners.forEach((callback) => callback());
  }

  private handleMessage(text: string): void {
    // Whatever comes proves that the connection lives.
    clearTimeout(this.pongTimer);
    this.pongTimer = undefined;
    this.attempt = 0;
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === "metrics" || message.type === "logs" || message.type === "error") {
      if (message.id !== undefined) this.subscriptions.get(message.id)?.receive(message);
    }
  }

  private handleClose(socket: WebSocket, code?: number): void {
    if (socket !== this.socket) return;
    this.drop();
    const atOnce = code === tokenEnded && this.attempt === 0;
    const delay = atOnce ? 0 : backoff(this.attempt, (this.options.random ?? Math.random)());
    this.attempt += 1;
    this.setState("waiting");
    this.retryTimer = setTimeout(() => void this.retry(), delay);
  }

  private async retry(): Promise<void> {
    try {
      await this.options.beforeRetry?.();
    } catch {
      // The server is away, or the session is over; connecting shows which.
    }
    if (this.state === "waiting") this.connect();
  }

  private ping(): void {
    this.send({ type: "ping" });
    const socket = this.socket;
    this.pongTimer ??= setTimeout(() => {
      if (socket) this.handleClose(socket);
    }, pongWithin);
  }

  private drop(): void {
    clearInterval(this.pingTimer);
    clearTimeout(this.pongTimer);
    this.pongTimer = undefined;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Closing a socket that is still connecting makes browsers write an error to the console.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  private send(message: object): void {
    if (this.state === "open") this.socket?.send(JSON.stringify(message));
  }

  private setState(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.stateListeners.forEach((callback) => callback());
  }
}
