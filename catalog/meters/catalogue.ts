import { CodedError } from "../../domain/errors.ts";
import type { ModbusProfile, MqttProfile, Profile } from "../../domain/profile.ts";
import { abbB23 } from "./abb-b23.ts";
import { acrelAdw300 } from "./acrel-adw300.ts";
import { acrelDdsy1352 } from "./acrel-ddsy1352.ts";
import { advantechAdam6050GasPulse } from "./advantech-adam6050-gas-pulse.ts";
import { berneckerMpm3pm } from "./bernecker-mpm3pm.ts";
import { bgetechDs100 } from "./bgetech-ds100.ts";
import { bgetechWs100 } from "./bgetech-ws100.ts";
import { carloGavazziEm111 } from "./carlo-gavazzi-em111.ts";
import { carloGavazziEm24E1 } from "./carlo-gavazzi-em24-e1.ts";
import { carloGavazziEm24 } from "./carlo-gavazzi-em24.ts";
import { carloGavazziEm340 } from "./carlo-gavazzi-em340.ts";
import { cetPmc512D } from "./cet-pmc-512-d.ts";
import { chintDdsu666 } from "./chint-ddsu666.ts";
import { chintDtsu666 } from "./chint-dtsu666.ts";
import { chirpstackV3 } from "./chirpstack-v3.ts";
import { chirpstackV4 } from "./chirpstack-v4.ts";
import { ddm18sd } from "./ddm18sd.ts";
import { demoFreezeMeter } from "./demo-freeze-meter.ts";
import { dsmrReader } from "./dsmr-reader.ts";
import { dzgDvh4013 } from "./dzg-dvh4013.ts";
import { eastronSdm120 } from "./eastron-sdm120.ts";
import { eastronSdm220 } from "./eastron-sdm220.ts";
import { eastronSdm230 } from "./eastron-sdm230.ts";
import { eastronSdm54 } from "./eastron-sdm54.ts";
import { eastronSdm630 } from "./eastron-sdm630.ts";
import { eastronSdm72V2 } from "./eastron-sdm72-v2.ts";
import { eastronSdm72 } from "./eastron-sdm72.ts";
import { eastronSmartX961a } from "./eastron-smart-x96-1a.ts";
import { eltakoDsz15dzmod } from "./eltako-dsz15dzmod.ts";
import { eltakoDsz16 } from "./eltako-dsz16.ts";
import { esphome } from "./esphome.ts";
import { finder7m24 } from "./finder-7m24.ts";
import { finder7m38 } from "./finder-7m38.ts";
import { ineproPro380 } from "./inepro-pro380.ts";
import { janitzaBSeries } from "./janitza-b-series.ts";
import { homie4, homie5 } from "./homie.ts";
import { kaifengXintaiUltrasonic } from "./kaifeng-xintai-ultrasonic.ts";
import { lovatoDmg610 } from "./lovato-dmg610.ts";
import { mypvWifiMeter } from "./mypv-wifi-meter.ts";
import { ornoWe504 } from "./orno-we504.ts";
import { ornoWe514 } from "./orno-we514.ts";
import { ornoWe516 } from "./orno-we516.ts";
import { ornoWe525 } from "./orno-we525.ts";
import { rtlamr } from "./rtlamr.ts";
import { sanbiaoClockDemo } from "./sanbiao-clock-demo.ts";
import { sanbiaoRelayDemo } from "./sanbiao-relay-demo.ts";
import { sanbiaoValveDemo } from "./sanbiao-valve-demo.ts";
import { sanbiaoJson } from "./sanbiao-json.ts";
import { schneiderIem3155 } from "./schneider-iem3155.ts";
import { shellyGen1 } from "./shelly-gen1.ts";
import { shellyGen2 } from "./shelly-gen2.ts";
import { siemens7kt1665 } from "./siemens-7kt1665.ts";
import { siemensPac2200 } from "./siemens-pac2200.ts";
import { smaHomeManager2 } from "./sma-home-manager-2.ts";
import { solaredgeSeMtr3y } from "./solaredge-se-mtr-3y.ts";
import { sparkplugB } from "./sparkplug-b.ts";
import { tasmota } from "./tasmota.ts";
import { ttsV3 } from "./tts-v3.ts";
import { wago87930xx } from "./wago-879-30xx.ts";
import { wmbusmeters } from "./wmbusmeters.ts";
import { zigbee2mqtt } from "./zigbee2mqtt.ts";

const ALL: readonly Profile[] = [
  eastronSdm120,
  eastronSdm630,
  eastronSdm220,
  eastronSdm230,
  eastronSdm54,
  eastronSdm72,
  eastronSdm72V2,
  eastronSmartX961a,
  cetPmc512D,
  chintDdsu666,
  chintDtsu666,
  schneiderIem3155,
  abbB23,
  berneckerMpm3pm,
  bgetechDs100,
  bgetechWs100,
  carloGavazziEm111,
  carloGavazziEm24E1,
  carloGavazziEm24,
  carloGavazziEm340,
  ddm18sd,
  demoFreezeMeter,
  dzgDvh4013,
  eltakoDsz15dzmod,
  eltakoDsz16,
  finder7m24,
  finder7m38,
  ineproPro380,
  janitzaBSeries,
  lovatoDmg610,
  mypvWifiMeter,
  ornoWe504,
  ornoWe514,
  ornoWe516,
  ornoWe525,
  siemens7kt1665,
  siemensPac2200,
  smaHomeManager2,
  solaredgeSeMtr3y,
  wago87930xx,
  acrelDdsy1352,
  acrelAdw300,
  kaifengXintaiUltrasonic,
  advantechAdam6050GasPulse,
  sanbiaoClockDemo,
  sanbiaoRelayDemo,
  sanbiaoValveDemo,
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

/** Profiles whose meters close only when their customer presses the button. */
export const CLOSED_BY_PRESS: readonly string[] = ALL.filter(({ control }) => control?.customerPresses === true).map(
  ({ id }) => id,
);
