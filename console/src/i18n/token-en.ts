/** Texts of offline tokens. */
export const tokenEn = {
  "token.open": "Offline token",
  "token.title": "Offline token",
  "token.what":
    "For a meter whose line is down: credit goes to it as a number that the customer types in. It is taken from the account now and comes back when the meter is read again.",
  "token.meter": "Meter",
  "token.amount": "Amount",
  "token.amount.wrong": "An amount like 20 or 20.50",
  "token.quantity": "Quantity",
  "token.quantity.byPrice": "by the last bill's average price",
  "token.quantity.wrong": "A number like 12.5",
  "token.go": "Make the number",
  "token.read": "Read aloud, four digits at a time:",
  "token.copy": "Copy",
  "token.again": "Another token",
  "token.before": "Tokens so far",
  "token.none": "No token was made yet",
  "token.returned": "came back",
  "token.holds": "with the meter",
  "token.testMode": "STS test mode",
  "token.testMode.why":
    "Made under a test key. Meters of a real supply group need keys of the STS Association and do not take it.",
  "token.lastHeard": "last heard",
  "scheme.openpaygo": "OpenPAYGO",
  "scheme.sts": "STS (test mode)",
};
