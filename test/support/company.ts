/** Invented; the number's check digit fits. */
export const company = {
  name: "宁波示例物业有限公司",
  taxId: "91330200MA28XXXX07",
  country: "CN",
  address: "示例路 1 号",
  city: "宁波",
  postCode: "315000",
  phone: "0574-00000000",
  bankName: "示例银行",
  bankAccount: "3900001",
};
