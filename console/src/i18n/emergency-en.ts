/** Emergency credit, on the resident's page and at the counter. */
export const emergencyEn = {
  "emergency.title": "Emergency credit",
  "emergency.offer": "{amount} may be taken once, while the credit is low.",
  "emergency.what": "It is borrowed, not given: the next top-up repays it first. Then it is offered again.",
  "emergency.take": "Take {amount}",
  "emergency.ask": "Take {amount} as emergency credit? The next top-up repays it first.",
  "emergency.confirm": "Yes, take it",
  "emergency.taken": "{amount} taken {at}, to be repaid",
  "emergency.used": "{amount} of it is used now",
  "emergency.open": "Emergency credit: {used} of {amount} used",
  "emergency.repaid": "The emergency credit taken before was repaid {at}.",
  "emergency.done": "Taken. Supply that is off is ordered back.",
  "emergency.why.too_little": "Not offered: supply would be off with it all the same. A top-up is needed.",
} as const;
