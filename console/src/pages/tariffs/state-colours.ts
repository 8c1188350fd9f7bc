export const STATE_COLOURS = { draft: "default", proposed: "gold", published: "green", withdrawn: "red" } as const;
