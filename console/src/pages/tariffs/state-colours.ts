export const STATE_COLOURS = { draft: "default", proposed: "gold", published: "green", withdrawn: "red" } as const;

/** Of the deeds in the history of a version. */
export const DEED_COLOURS = {
  made: "gray",
  changed: "gray",
  proposed: "orange",
  returned: "red",
  published: "green",
  withdrawn: "red",
} as const;
