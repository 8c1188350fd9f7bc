/** Whether credit of one class of debt may pay another's at a move-out: never; with the customer's word each time; or as every contract says. */
export const SET_OFF_RULES = ["off", "on_consent", "agreed"] as const;
export type SetOffRule = (typeof SET_OFF_RULES)[number];
