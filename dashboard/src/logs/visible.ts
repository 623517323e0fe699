// Between which times the lines on the screen are. It changes at every step of scrolling, so it
// is beside React's state: only who shows it draws again.

export interface Times {
  from: number;
  to: number;
}

export class VisibleTimes {
  private times: Times | undefined;
  private readonly listeners = new Set<() => void>();

  get = (): Times | undefined => this.times;

  set(from: number, to: number): void {
    if (this.times?.from === from && this.times.to === to) return;
    this.times = { from, to };
    this.listeners.forEach((callback) => callback());
  }

  subscribe = (callback: () => void): (() => void) => {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  };
}
