import type { Call } from "../lib/manifest";
import { mapShape } from "../lib/tensor";

export const TILE = 44;
export const GAP = 6;
export const HEADER = 104;
/** Vectors of up to this many numbers have a tile for each; longer ones are a strip. */
export const TILED_VECTOR = 24;
export const SMALL_TILE = 24;
/** Calls of more channels than this show the most active ones first, and no others until they are asked for. */
export const ALL_TILES = 16;
export const FIRST_TILES = 12;
const STRIP_HEIGHT = 480;
const BARS_WIDTH = 152;
const LEAST_LINK = 29;
const MOST_LINK = 64;

export type Look = "tiles" | "strip" | "bars";

/** Where one call stands in the overview, in pixels. */
export interface Column {
  readonly call: Call;
  readonly look: Look;
  readonly x: number;
  readonly width: number;
  readonly tile: number;
  /** The channels that have a tile, from the top. */
  readonly channels: readonly number[];
  /** How many channels there are beside these. */
  readonly hidden: number;
  readonly height: number;
}

export interface Strip {
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
}

/** A long vector as a block of small cells, at most about as high as the other columns. */
export function stripOf(count: number): Strip {
  const columns = Math.ceil(count / 120);
  const rows = Math.ceil(count / columns);
  const cell = Math.min(10, STRIP_HEIGHT / rows);
  return { columns, rows, width: Math.max(16, Math.round(columns * cell)), height: Math.round(rows * cell) };
}

/** What a call looks like: maps and short vectors have tiles, long vectors a strip, the labeled answer bars. */
export function lookOf(call: Call, isAnswer: boolean): Look {
  if (call.shape.length === 3) return "tiles";
  if (isAnswer) return "bars";
  return mapShape(call.shape)[0] <= TILED_VECTOR ? "tiles" : "strip";
}

/**
 * Place all calls beside each other. `order` gives the channels of a call, the most active first; `open` says which
 * calls show all of them. The links between get the room that is left of `room`.
 */
export function layOut(
  calls: readonly Call[],
  labeled: boolean,
  room: number,
  open: ReadonlySet<number>,
  order: (call: Call) => readonly number[],
): Column[] {
  const looks = calls.map((call) => lookOf(call, labeled && call.id === calls.length - 1));
  const widths = calls.map((call, i) =>
    looks[i] === "tiles" ? TILE : looks[i] === "bars" ? BARS_WIDTH : Math.max(TILE, stripOf(call.shape[0]).width),
  );
  const taken = widths.reduce((sum, width) => sum + width, 0);
  const link = Math.min(
    MOST_LINK,
    Math.max(LEAST_LINK, Math.floor((room - taken - 40) / Math.max(1, calls.length - 1))),
  );
  let x = 20;
  return calls.map((call, i) => {
    const column = placeColumn(call, looks[i], x, widths[i], open.has(call.id), order);
    x += widths[i] + link;
    return column;
  });
}

function placeColumn(
  call: Call,
  look: Look,
  x: number,
  width: number,
  open: boolean,
  order: (call: Call) => readonly number[],
): Column {
  const count = mapShape(call.shape)[0];
  const tile = call.shape.length === 3 ? TILE : SMALL_TILE;
  if (look !== "tiles") {
    return {
      call,
      look,
      x,
      width,
      tile,
      channels: [],
      hidden: 0,
      height: look === "strip" ? stripOf(count).height : 0,
    };
  }
  const all = open || count <= ALL_TILES || call.shape.length === 1;
  const channels = all ? Array.from({ length: count }, (_, c) => c) : order(call).slice(0, FIRST_TILES);
  return {
    call,
    look,
    x,
    width,
    tile,
    channels,
    hidden: count - channels.length,
    height: channels.length * (tile + GAP) - GAP,
  };
}

/** The middle of a tile's left or right edge, below the headers; null where the channel is not shown. */
export function anchor(
  column: Column,
  channel: number,
  side: "left" | "right",
  bars: (channel: number) => number,
): [number, number] | null {
  const x = side === "left" ? column.x : column.x + column.width;
  if (column.look === "strip") {
    const { rows, columns, height, width } = stripOf(column.call.shape[0]);
    const inset = (column.width - width) / 2;
    return [side === "left" ? x + inset : x - inset, ((Math.floor(channel / columns) + 0.5) / rows) * height];
  }
  if (column.look === "bars") return [x, bars(channel)];
  const at = column.channels.indexOf(channel);
  return at < 0 ? null : [x, at * (column.tile + GAP) + column.tile / 2];
}
