/** What a bill charges besides supply, and its statement. */
export const chargesEn = {
  "charge.section": "Property and parking",
  "charge.classNote": "A debt of its own: supply is never cut for it",
  "charge.days": "{n} of {of} days",
  "charge.per.m2": "m² and month",
  "charge.per.lot": "lot and month",
  "charge.per.home": "month",
  "charge.unit.m2": "m²",
  "charge.unit.lot": "lots",
  "charge.unit.home": "home",
} as const;
