import { deflateRawSync, crc32 } from "node:zlib";
import writeWorkbook from "write-excel-file/node";
import { KNOWN } from "../../catalog/known.ts";
import { instantOfIso, type Instant } from "../../domain/instant.ts";
import type { Kind } from "../../interchange/register/columns.ts";
import { importRegister, type RegisterReport } from "../../interchange/register/import.ts";
import type { Database } from "../../schema/database.ts";

export const NOW = instantOfIso("2026-06-15T12:00:00+08:00") ?? (0 as Instant);

type How = { kind?: Kind; dryRun?: boolean; update?: boolean; name?: string };

export const bring = (
  db: Database,
  operatorId: bigint,
  file: string | Uint8Array,
  how: How = {},
): Promise<RegisterReport> =>
  importRegister({
    db,
    operatorId,
    zone: "Asia/Shanghai",
    now: NOW,
    by: null,
    file: { name: how.name ?? "register.csv", bytes: typeof file === "string" ? Buffer.from(file) : file },
    kind: how.kind ?? null,
    dryRun: how.dryRun ?? false,
    update: how.update ?? false,
    catalogue: KNOWN,
  });

/** `line column code` of everything that is wrong, in the order of the file. */
export const wrong = (report: RegisterReport): string[] =>
  report.rows.flatMap(({ row, errors }) => errors.map(({ column, code }) => `${row.line} ${column ?? "row"} ${code}`));

type Cell = string | number | Date | null;
export const workbook = (sheets: Readonly<Record<string, readonly (readonly Cell[])[]>>): Promise<Buffer> =>
  writeWorkbook(
    Object.entries(sheets).map(([sheet, rows]) => ({
      sheet,
      data: rows.map((row) =>
        row.map((value) =>
          value === null
            ? null
            : value instanceof Date
              ? { value, type: Date, format: "yyyy-mm-dd" }
              : typeof value === "number"
                ? { value, type: Number }
                : { value, type: String },
        ),
      ),
    })),
  ).toBuffer();

/** A zip file of one deflated part, whose directory says what it is told to say. */
export function zipOf(name: string, content: Buffer, statedBytes = content.length): Buffer {
  const packed = deflateRawSync(content, { level: 9 });
  const file = Buffer.from(name);
  const head = (signature: number, extra: number) => {
    const bytes = Buffer.alloc(extra);
    bytes.writeUInt32LE(signature, 0);
    return bytes;
  };
  const local = head(0x04034b50, 30);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(crc32(content), 14);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(statedBytes, 22);
  local.writeUInt16LE(file.length, 26);
  const entry = head(0x02014b50, 46);
  entry.writeUInt16LE(20, 6);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(crc32(content), 16);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(statedBytes, 24);
  entry.writeUInt16LE(file.length, 28);
  const end = head(0x06054b50, 22);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + file.length, 12);
  end.writeUInt32LE(local.length + file.length + packed.length, 16);
  return Buffer.concat([local, file, packed, entry, file, end]);
}
