import protobuf from "protobufjs/light.js";

/** An encoder of its own: fields by number and type, as an edge node writes them. */
const { Writer } = protobuf;
export type Point = {
  name?: string;
  alias?: number;
  at?: number;
  type?: number;
  historical?: boolean;
  isNull?: boolean;
  unit?: string;
  int?: number;
  long?: number;
  float?: number;
  double?: number;
  bool?: boolean;
  text?: string;
};

function pointBytes(p: Point): Uint8Array {
  const w = Writer.create();
  if (p.name !== undefined) w.uint32(10).string(p.name);
  if (p.alias !== undefined) w.uint32(16).uint64(p.alias);
  if (p.at !== undefined) w.uint32(24).uint64(p.at);
  if (p.type !== undefined) w.uint32(32).uint32(p.type);
  if (p.historical === true) w.uint32(40).bool(true);
  if (p.isNull === true) w.uint32(56).bool(true);
  if (p.unit !== undefined) {
    w.uint32(74).fork().uint32(10).string("engUnit");
    w.uint32(18).fork().uint32(8).uint32(12).uint32(66).string(p.unit).ldelim().ldelim();
  }
  if (p.int !== undefined) w.uint32(80).uint32(p.int);
  if (p.long !== undefined) w.uint32(88).uint64(p.long);
  if (p.float !== undefined) w.uint32(101).float(p.float);
  if (p.double !== undefined) w.uint32(105).double(p.double);
  if (p.bool !== undefined) w.uint32(112).bool(p.bool);
  if (p.text !== undefined) w.uint32(122).string(p.text);
  return w.finish();
}

export function sparkplugBytes(seq: number | null, points: readonly Point[], at?: number): Buffer {
  const w = Writer.create();
  if (at !== undefined) w.uint32(8).uint64(at);
  for (const p of points) w.uint32(18).bytes(pointBytes(p));
  if (seq !== null) w.uint32(24).uint64(seq);
  return Buffer.from(w.finish());
}
