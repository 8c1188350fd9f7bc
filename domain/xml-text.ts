// oxlint-disable-next-line no-control-regex
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Control characters cannot stand in XML 1.0, not even written as entities. */
export const printable = (text: string): string => text.replace(NOT_IN_XML, "�");
