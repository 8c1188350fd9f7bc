/** Tables of migration 0017: what bills rest on. */
export type TariffDocumentTable = {
  operator_id: bigint;
  sha256: string;
  tariff_id: string;
  version: string;
  document: string;
};
export type BillBasisTable = {
  operator_id: bigint;
  bill_id: bigint;
  sha256: string;
  document: string;
};
