import { expect, test } from "vitest";
import { taxIdProblem, tidyTaxId, usccCheck } from "../../domain/tax-identity.ts";

const USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY";

test.each([
  // GB 32100-2015, the standard's own example
  ["91350100M000100Y43", null],
  ["91350100M000100Y44", "check_digit"],
  ["91350100M000100Y34", "check_digit"],
  ["9135O100M000100Y43", "form"],
  ["91350100M000100Y4", "form"],
  ["91350100m000100y43", "form"],
  ["CN1350100M000100Y4", "check_digit"],
  // GB 11643-1999: a resident
  ["11010519491231002X", null],
  ["110105194912310021", "check_digit"],
  ["", null],
])("%s is a Chinese tax number: %s", (taxId, problem) => {
  expect(taxIdProblem(taxId, "CN", "buyer")).toBe(problem);
});

test("every slip of one character and every two that changed places are seen by the check digit", () => {
  const code = "91350100M000100Y43";
  for (let i = 0; i < 17; i++) {
    for (const c of USCC) {
      if (c === code[i]) continue;
      const slipped = code.slice(0, i) + c + code.slice(i + 1, 17);
      expect(usccCheck(slipped), slipped).not.toBe(code[17]);
    }
    const [a, b] = [code[i] ?? "", code[i + 1] ?? ""];
    if (i < 16 && a !== b) expect(usccCheck(code.slice(0, i) + b + a + code.slice(i + 2, 17))).not.toBe(code[17]);
  }
});

test.each([
  ["DE123456789", "DE", "buyer", null],
  ["DE12345678", "DE", "buyer", "form"],
  ["DE12345678", "DE", "seller", "form"],
  ["12345678901", "DE", "seller", null],
  ["12345678901", "DE", "buyer", "form"],
  ["ATU12345678", "AT", "buyer", null],
  ["AT12345678", "AT", "buyer", "form"],
  ["EL123456789", "GR", "buyer", null],
  ["GR123456789", "GR", "buyer", "form"],
  ["FRXX123456789", "FR", "buyer", null],
  ["NL123456789B01", "NL", "buyer", null],
  ["ESX1234567R", "ES", "buyer", null],
  ["IE1234567WA", "IE", "buyer", null],
  ["12-3456789", "US", "seller", "form"],
  ["123456789", "US", "seller", null],
  ["DE123456789", "D", "seller", "country"],
] as const)("%s of %s as %s: %s", (taxId, country, party, problem) => {
  expect(taxIdProblem(taxId, country, party)).toBe(problem);
});

test("blanks, dots and dashes are how people write a number", () => {
  expect(tidyTaxId(" de 123.456-789 ")).toBe("DE123456789");
});
