import { type FormEvent, useRef, useState } from "react";
import { SKIPS, type StopJson } from "./stop-parts.tsx";
import type { Format } from "../format.ts";
import { unitText } from "../format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { dialValue, isExpected } from "./dial.ts";
import { usePhone } from "./phone.tsx";
import { shrunk } from "./photo.ts";
import { Entered, Face, StopHead } from "./stop-parts.tsx";
import { dropPhoto, type KeptEntry, newId, putPhoto } from "./store.ts";

/** One meter: what it showed, what is expected, and the value that is read now. */
export function Stop({
  stop,
  routeId,
  owner,
  waiting,
  format,
  next,
}: {
  stop: StopJson;
  routeId: string;
  owner: string;
  /** What is still on the phone of this meter. */
  waiting: KeptEntry | null;
  format: Format;
  next: () => void;
}) {
  const { t, term } = useSpeech();
  const { save, discard } = usePhone();
  const toMend = waiting?.state === "stuck" ? waiting : null;
  const [typed, setTyped] = useState(toMend?.value ?? "");
  const [note, setNote] = useState(toMend?.note ?? "");
  const [asked, setAsked] = useState<string | null>(toMend?.answer?.outcome === "outside" ? toMend.value : null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [photoId, setPhotoId] = useState<string | null>(toMend?.photoId ?? null);
  const [skipping, setSkipping] = useState(false);
  const camera = useRef<HTMLInputElement>(null);
  const { meter } = stop;
  if (meter === null) return <StopHead stop={stop} format={format} />;
  const expected = toMend?.answer?.expected ?? stop.expected;

  /** On the phone's disk first: what was typed is never lost. Mended, it takes the place of what was refused. */
  const put = async (more: Pick<KeptEntry, "value" | "skip" | "confirmed">) => {
    const sameAgain = toMend !== null && toMend.answer?.outcome !== "different";
    const before = waiting !== null && waiting.state !== "conflict" ? waiting : null;
    await save({
      ...more,
      id: sameAgain ? toMend.id : newId(),
      owner,
      routeId,
      meterId: meter.id,
      building: stop.building,
      room: stop.room,
      serial: meter.serial,
      unit: stop.unit,
      measuredAt: new Date().toISOString(),
      note: note.trim(),
      photoId,
      state: "waiting",
      answer: null,
    });
    if (before !== null && !sameAgain)
      await discard({ ...before, photoId: before.photoId === photoId ? null : before.photoId });
    next();
  };

  const keep = async (event: FormEvent) => {
    event.preventDefault();
    const value = dialValue(typed);
    if (value === null) return setWrong(t("phone.notAValue"));
    setWrong(null);
    if (!isExpected(expected, value) && asked !== value) {
      setAsked(value);
      return;
    }
    const outside = asked === value;
    if (outside && note.trim() === "") return setWrong(t("phone.noteWanted"));
    await put({ value, skip: null, confirmed: outside });
  };

  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const photo = await shrunk(file, owner);
    if (photo === null) return setWrong(t("phone.noPicture"));
    await putPhoto(photo);
    if (photoId !== null) await dropPhoto(photoId);
    setPhotoId(photo.id);
  };

  const isAsked = asked !== null && asked === dialValue(typed);
  return (
    <>
      <StopHead stop={stop} format={format} />
      <form className="card entry" onSubmit={(event) => void keep(event)}>
        <Entered stop={stop} waiting={waiting} format={format} />
        <label className="dial">
          <input
            data-testid="value"
            inputMode="decimal"
            enterKeyHint="done"
            autoComplete="off"
            aria-label={t("phone.value")}
            aria-invalid={wrong !== null}
            placeholder={
              stop.digits === null
                ? "0"
                : `${"0".repeat(stop.digits.whole)}${stop.digits.decimals > 0 ? `.${"0".repeat(stop.digits.decimals)}` : ""}`
            }
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
          />
          <span>{unitText(stop.unit)}</span>
        </label>
        <Face digits={stop.digits} />
        {isAsked ? (
          <p className="note warn" role="alert" data-testid="outside">
            {t("phone.outside", { low: expected?.low ?? "–", high: expected?.high ?? "–" })}
          </p>
        ) : null}
        {wrong === null ? null : (
          <p className="note bad" role="alert">
            {wrong}
          </p>
        )}
        <textarea
          data-testid="note"
          rows={isAsked ? 2 : 1}
          placeholder={isAsked ? t("phone.noteWanted") : t("phone.note")}
          aria-label={t("phone.note")}
          maxLength={500}
          value={note}
          onChange={(e) => setNote(e.target.value)}
        />
        <input
          ref={camera}
          hidden
          type="file"
          accept="image/*"
          capture="environment"
          data-testid="camera"
          onChange={(e) => void take(e.target.files?.[0])}
        />
        <div className="pair">
          <button
            type="button"
            data-testid="photo"
            data-taken={photoId !== null}
            onClick={() => camera.current?.click()}
          >
            {photoId === null ? t("phone.photo") : t("phone.photoTaken")}
          </button>
          <button type="button" data-testid="skip" onClick={() => setSkipping(!skipping)}>
            {t("phone.skip")}
          </button>
        </div>
        {skipping ? (
          <div className="pair">
            {SKIPS.map((reason) => (
              <button
                key={reason}
                type="button"
                data-testid={`skip-${reason}`}
                onClick={() => void put({ value: null, skip: reason, confirmed: false })}
              >
                {term("skip", reason)}
              </button>
            ))}
          </div>
        ) : null}
        <button type="submit" className="main" data-testid="keep">
          {isAsked ? t("phone.keepOutside") : t("phone.keep")}
        </button>
      </form>
    </>
  );
}
