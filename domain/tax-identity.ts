/** Who a customer or the operator is to the tax office, from a day on. Texts that nobody said are empty. */
export type TaxIdentity = {
  /** As registered: the invoice's title (发票抬头). */
  readonly name: string;
  /** 统一社会信用代码, a resident's identity number, a VAT identifier with its country, or a national tax number; empty = none. */
  readonly taxId: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly address: string;
  readonly city: string;
  readonly postCode: string;
  readonly phone: string;
  readonly bankName: string;
  /** IBAN or another account number. */
  readonly bankAccount: string;
};

/** Nothing is said of any of it. */
export const NO_TAX_IDENTITY: TaxIdentity = {
  name: "",
  taxId: "",
  country: "",
  address: "",
  city: "",
  postCode: "",
  phone: "",
  bankName: "",
  bankAccount: "",
};

/** Whose it is: a seller may have a national number beside VAT (BT-32), a buyer's is a VAT identifier (BT-48) where there is VAT. */
export type TaxParty = "seller" | "buyer";
export const TAX_ID_PROBLEMS = ["form", "check_digit", "country"] as const;
export type TaxIdProblem = (typeof TAX_ID_PROBLEMS)[number];

/** GB 32100-2015, 5: digits and capitals without I, O, S, V and Z, each by its place here. */
const USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/** GB 11643-1999, 4: the check characters by remainder. */
const RESIDENT_CHECKS = "10X98765432";

/** VAT identifiers of the member states and Northern Ireland, without their two letters, as VIES reads them. */
const VAT: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^(?=.*\d{7})[A-Z0-9]\d{7}[A-Z0-9]$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])$/,
  IT: /^\d{11}$/,
  LT: /^(\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{12}$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
};

/** The letters before a country's VAT identifiers: its own, but Greece's (BR-CO-09). */
export const vatPrefixOf = (country: string): string => (country === "GR" ? "EL" : country);

/** The country whose VAT identifier it is; `null` = no member state's. */
export function countryOfVat(taxId: string): string | null {
  const prefix = taxId.slice(0, 2);
  const isVat = VAT[prefix]?.test(taxId.slice(2)) ?? false;
  return isVat ? (prefix === "EL" ? "GR" : prefix) : null;
}

/** As people type it: without blanks, in capitals. */
export const tidyTaxId = (text: string): string => text.replaceAll(/[\s.-]/g, "").toUpperCase();

/** What is wrong with a tax number; `null` = nothing that can be seen. Empty is none, and right. */
export function taxIdProblem(taxId: string, country: string, party: TaxParty): TaxIdProblem | null {
  if (!/^[A-Z]{2}$/.test(country)) return "country";
  if (taxId === "") return null;
  if (country === "CN") return chineseProblem(taxId);
  const prefix = vatPrefixOf(country);
  const pattern = VAT[prefix];
  if (pattern === undefined) return /^[0-9A-Z]{5,20}$/.test(taxId) ? null : "form";
  if (taxId.startsWith(prefix) && pattern.test(taxId.slice(2))) return null;
  // A national number of a seller, which is not one of VAT; a number of VAT with a slip of the pen is neither.
  return party === "seller" && !taxId.startsWith(prefix) && /^[0-9A-Z]{5,20}$/.test(taxId) ? null : "form";
}

function chineseProblem(taxId: string): TaxIdProblem | null {
  if (!/^[0-9A-Z]{18}$/.test(taxId)) return "form";
  if (isResident(taxId)) return null;
  const places = taxId.split("").map((c) => USCC.indexOf(c));
  if (places.includes(-1) || !/^\d{6}$/.test(taxId.slice(2, 8))) return "form";
  return usccCheck(taxId) === taxId[17] ? null : "check_digit";
}

/** The eighteenth character of a 统一社会信用代码: GB 32100-2015, 5.5: 31 − Σ cᵢ·3ⁱ⁻¹ mod 31. */
export function usccCheck(code: string): string {
  let [sum, weight] = [0, 1];
  for (const c of code.slice(0, 17)) {
    sum += USCC.indexOf(c) * weight;
    weight = (weight * 3) % 31;
  }
  return USCC[(31 - (sum % 31)) % 31] ?? "";
}

/** A resident's identity number (GB 11643-1999): region, a day of birth, a sequence and its check character. */
function isResident(taxId: string): boolean {
  if (!/^[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]$/.test(taxId)) return false;
  // 2¹⁷⁻ⁱ mod 11, from the left
  let [sum, weight] = [0, 1];
  for (const c of taxId.slice(0, 17).split("").reverse()) {
    weight = (weight * 2) % 11;
    sum += Number(c) * weight;
  }
  return RESIDENT_CHECKS[sum % 11] === taxId[17];
}
