import { CodedError } from "../../domain/errors.ts";
import type { ModbusProfile, MqttProfile, Profile } from "../../domain/profile.ts";
import { abbB23 } from "./abb-b23.ts";
import { acrelDdsy1352 } from "./acrel-ddsy1352.ts";
import { advantechAdam6050GasPulse } from "./advantech-adam6050-gas-pulse.ts";
import { chintDdsu666 } from "./chint-ddsu666.ts";
import { chintDtsu666 } from "./chint-dtsu666.ts";
import { chirpstackV3 } from "./chirpstack-v3.ts";
import { chirpstackV4 } from "./chirpstack-v4.ts";
import { dsmrReader } from "./dsmr-reader.ts";
import { eastronSdm120 } from "./eastron-sdm120.ts";
import { eastronSdm630 } from "./eastron-sdm630.ts";
import { esphome } from "./esphome.ts";
import { homie4, homie5 } from "./homie.ts";
import { kaifengXintaiUltrasonic } from "./kaifeng-xintai-ultrasonic.ts";
import { rtlamr } from "./rtlamr.ts";
import { sanbiaoJson } from "./sanbiao-json.ts";
import { schneiderIem3155 } from "./schneider-iem3155.ts";
import { shellyGen1 } from "./shelly-gen1.ts";
import { shellyGen2 } from "./shelly-gen2.ts";
import { sparkplugB } from "./sparkplug-b.ts";
import { tasmota } from "./tasmota.ts";
import { ttsV3 } from "./tts-v3.ts";
import { wmbusmeters } from "./wmbusmeters.ts";
import { zigbee2mqtt } from "./zigbee2mqtt.ts";

const ALL: readonly Profile[] = [
  eastronSdm120,
  eastronSdm630,
  chintDdsu666,
  chintDtsu666,
  schneiderIem3155,
  abbB23,
  acrelDdsy1352,
  kaifengXintaiUltrasonic,
  advantechAdam6050GasPulse,
  wmbusmeters,
  chirpstackV4,
  chirpstackV3,
  ttsV3,
  tasmota,
  shellyGen2,
  shellyGen1,
  zigbee2mqtt,
  esphome,
  dsmrReader,
  rtlamr,
  sparkplugB,
  homie5,
  homie4,
  sanbiaoJson,
];

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
