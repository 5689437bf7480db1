// SPDX-License-Identifier: MIT
/** Wheel, drag and pinch on an element, as factors and distances. */
export interface GestureTarget {
  /** Zoom by a factor about a point, CSS pixels in the element. */
  zoom(factor: number, x: number, y: number): void;
  /** Move the content by so many CSS pixels. */
  move(dx: number, dy: number): void;
  /** A press that was neither: at a point. */
  press?(x: number, y: number, event: PointerEvent): void;
  /** Whether the wheel zooms now; otherwise the page scrolls. */
  wheelZooms(event: WheelEvent): boolean;
  /** Whether a drag with one finger or button moves now. */
  dragMoves(): boolean;
}

/** Pixels a press may wander. */
const STILL = 4;
const LINE = 16;
const PAGE = 400;

/** How much a turn of the wheel zooms: as much as it was turned, and never by more than 2. */
export function wheelFactor({
  deltaY,
  deltaMode,
}: Pick<WheelEvent, 'deltaY' | 'deltaMode'>): number {
  const pixels = deltaY * [1, LINE, PAGE][deltaMode]!;
  return Math.min(2, Math.max(0.5, Math.exp(-pixels / 300)));
}

export function addGestures(element: HTMLElement, target: GestureTarget): void {
  const pointers = new Map<number, { x: number; y: number }>();
  let wandered = 0;
  const point = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = element.getBoundingClientRect();
    return {
      x: event.clientX - left - element.clientLeft,
      y: event.clientY - top - element.clientTop,
    };
  };
  element.addEventListener('pointerdown', (event) => {
    if (pointers.size === 0) wandered = 0;
    pointers.set(event.pointerId, point(event));
    if (pointers.size > 1 || target.dragMoves()) element.setPointerCapture(event.pointerId);
  });
  element.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = point(event);
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    pointers.set(event.pointerId, now);
    wandered += Math.hypot(now.x - before.x, now.y - before.y);
    if (other !== undefined) {
      const apart = (a: { x: number; y: number }): number =>
        Math.hypot(a.x - other.x, a.y - other.y);
      const factor = apart(before) > 0 ? apart(now) / apart(before) : 1;
      target.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
      target.move((now.x - before.x) / 2, (now.y - before.y) / 2);
    } else if (target.dragMoves() && wandered > STILL) {
      target.move(now.x - before.x, now.y - before.y);
    }
  });
  const up = (event: PointerEvent): void => {
    const at = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    if (at && event.type === 'pointerup' && pointers.size === 0 && wandered <= STILL) {
      target.press?.(at.x, at.y, event);
    }
  };
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener(
    'wheel',
    (event) => {
      if (!target.wheelZooms(event)) return;
      event.preventDefault();
      const { x, y } = point(event);
      // A wheel turned sideways moves sideways.
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) target.move(-event.deltaX, 0);
      else target.zoom(wheelFactor(event), x, y);
    },
    { passive: false },
  );
}
