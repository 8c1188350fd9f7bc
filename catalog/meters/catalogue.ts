import { CodedError } from "../../domain/errors.ts";
import type { ModbusProfile, MqttProfile, Profile } from "../../domain/profile.ts";
import { sanbiaoJson } from "./sanbiao-json.ts";

const ALL: readonly Profile[] = [sanbiaoJson];

/** Every profile by its id, in the order in which people look for them. */
export const PROFILES: ReadonlyMap<string, Profile> = new Map(ALL.map((profile) => [profile.id, profile]));

/** @throws CodedError profile.unknown */
export function profileOf(id: string): Profile {
  const profile = PROFILES.get(id);
  if (profile === undefined) throw new CodedError("profile.unknown", `no profile is called ${id}`);
  return profile;
}

export function modbusProfileOf(id: string): ModbusProfile {
  const profile = profileOf(id);
  if (profile.kind !== "modbus") throw new CodedError("profile.unknown", `${id} does not speak Modbus`);
  return profile;
}

export function mqttProfileOf(id: string): MqttProfile {
  const profile = profileOf(id);
  if (profile.kind !== "mqtt") throw new CodedError("profile.unknown", `${id} does not speak MQTT`);
  return profile;
}
