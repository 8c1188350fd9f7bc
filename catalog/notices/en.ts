import type { NoticeTemplates } from "./template.ts";

export const noticesEn: NoticeTemplates = {
  supply_warning_1: {
    subject: "Your balance is getting low: {available} left",
    sentences: [
      "Account {account} had {available} left at {readAt}.",
      "At your recent use that lasts about {daysLeft}.",
      "Please top up in time.",
    ],
  },
  supply_warning_2: {
    subject: "Your balance is nearly used up: {available} left",
    sentences: [
      "Account {account} had only {available} left at {readAt}.",
      "At your recent use that lasts about {daysLeft}.",
      "Supply is stopped by the rules when less than {cutBelow} is left.",
      "Please top up soon.",
    ],
  },
  supply_cut_notice: {
    subject: "Notice: supply may be cut from {cutNotBefore}",
    sentences: [
      "Account {account} ({address}) is overdrawn: its available balance is {available}.",
      "Unless it is paid, supply will be cut, not before {cutNotBefore}.",
      "A payment of at least {payAtLeast} prevents it.",
      "A payment cancels the cut by itself. If you disagree or cannot pay, talk to {operator} before then.",
    ],
  },
  supply_cut_second_notice: {
    subject: "Second notice: supply may be cut from {cutNotBefore}",
    sentences: [
      "This is the second notice: account {account} ({address}) is still overdrawn, its available balance is {available}.",
      "Unless it is paid, supply will be cut, not before {cutNotBefore}.",
      "A payment of at least {payAtLeast} prevents it.",
      "A payment cancels the cut by itself. If you disagree or cannot pay, talk to {operator} now.",
    ],
  },
  supply_cut_done: {
    subject: "Supply was cut: account {account}",
    sentences: [
      "Supply of account {account} ({address}) was cut at {cutAt} for unpaid use; its available balance is {available}.",
      "A payment of at least {payAtLeast} brings it back by itself.",
      "The order to restore leaves as soon as a payment arrives. If you cannot pay, talk to {operator}.",
    ],
  },
  supply_restored: {
    subject: "Supply is back: account {account}",
    sentences: [
      "Supply of account {account} ({address}) was restored at {restoredAt}.",
      "Available balance: {available}.",
    ],
  },
  payment_received: {
    subject: "We received {amount}",
    sentences: [
      "A payment of {amount} for account {account} was booked at {paidAt}.",
      "Available balance: {available}.",
      "Receipt {receipt}.",
    ],
  },
  payment_reversed: {
    subject: "A payment of {amount} was taken back",
    sentences: [
      "The payment of {amount} for account {account}, made at {paidAt}, was taken back: it does not count any more.",
      "Available balance: {available}.",
      "If you have a question about it, talk to {operator}.",
    ],
  },
  bill_issued: {
    subject: "Bill {number} for {period}: {amount}",
    sentences: [
      "Bill {number} of account {account} for {period} asks for {amount}, due by {dueOn}.",
      "If you have a question about it, talk to {operator}.",
    ],
  },
  correction_issued: {
    subject: "Correction {number}: {difference}",
    sentences: [
      "Bill {corrects} of account {account} was corrected by {number}; the difference is {difference} (below zero: in your favour).",
      "It is booked to your account. If you have a question about it, talk to {operator}.",
    ],
  },
  token_issued: {
    subject: "Token for meter {meter}",
    sentences: ["Token for meter {meter} ({amount}): {token}.", "Type it on the meter's keypad."],
  },
  sign_in_code: {
    subject: "Your sign-in code",
    sentences: [
      "Your code is {code}. It works for {minutes} minutes.",
      "Tell it to nobody: our staff never ask for it.",
    ],
  },
};
