import { newId, type KeptPhoto } from "./store.ts";

/** Enough to read every digit of a dial that fills a third of the picture, and some 200 KB. Our choice. */
const SIDE_MAX = 1_600;
const QUALITY = 0.82;
const BYTES_MAX = 1_048_576;

/** A camera's picture, shrunk to what the service takes; `null` when it is none that this phone can open. */
export async function shrunk(file: Blob, owner: string): Promise<KeptPhoto | null> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
  for (let side = SIDE_MAX; side >= SIDE_MAX / 8; side /= 2) {
    const blob = await drawn(picture, side);
    if (blob === null || blob.size > BYTES_MAX) continue;
    const bytes = await blob.arrayBuffer();
    return { id: newId(), owner, bytes, mime: blob.type, takenAt: new Date().toISOString(), photo: null };
  }
  return null;
}

function drawn(picture: ImageBitmap, side: number): Promise<Blob | null> {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
