/** What a file of master data may say: usage points, meters and accounts, each with its columns, in both languages. */
export const KINDS = ["points", "meters", "accounts"] as const;
export type Kind = (typeof KINDS)[number];

export type Column = {
  readonly name: string;
  readonly zh: string;
  /** Other headings that are understood, lower case. */
  readonly also: readonly string[];
  readonly required?: true;
  readonly helpEn: string;
  readonly helpZh: string;
  /** As the template's example line has it. */
  readonly example: string;
};

const UTILITY = {
  name: "utility",
  zh: "能源类型",
  also: ["能源", "表类型", "类别"],
  required: true,
  helpEn: "electricity, gas, water or heat",
  helpZh: "电、燃气、水 或 热",
  example: "水 water",
} as const;
const BUILDING = {
  name: "building",
  zh: "楼栋",
  also: ["楼号", "栋", "幢", "block"],
  helpEn: "building, as on the door",
  helpZh: "楼栋号",
  example: "3",
} as const;
const ROOM = {
  name: "room",
  zh: "房号",
  also: ["房间", "室", "门牌", "flat"],
  helpEn: "flat or room; empty for a whole building",
  helpZh: "房号；整栋总表留空",
  example: "301",
} as const;

export const COLUMNS: Readonly<Record<Kind, readonly Column[]>> = {
  points: [
    { ...BUILDING, required: true },
    ROOM,
    { ...UTILITY },
    {
      name: "role",
      zh: "用途",
      also: ["性质"],
      helpEn: "customer (usual) or master (meter of a whole building, not billed)",
      helpZh: "住户（默认）或 总表（计量整栋，不计费）",
      example: "住户 customer",
    },
  ],
  meters: [
    {
      name: "serial",
      zh: "表号",
      also: ["表计编号", "资产编号", "meter", "meter number"],
      required: true,
      helpEn: "serial number on the meter; keep the cell as text, so that leading zeros stay",
      helpZh: "表计上的出厂编号；单元格请设为文本，以保留前导零",
      example: "000123456789",
    },
    { ...UTILITY },
    {
      name: "profile",
      zh: "表型",
      also: ["型号", "协议", "profile id"],
      required: true,
      helpEn: "how the meter speaks: an id of `sanbiao decode --list`",
      helpZh: "表计协议档案，见 sanbiao decode --list",
      example: "sanbiao-json",
    },
    {
      name: "bus",
      zh: "总线",
      also: ["网关", "串口"],
      helpEn: "name of the Modbus bus it hangs on",
      helpZh: "所在 Modbus 总线名称",
      example: "",
    },
    {
      name: "unit_id",
      zh: "站号",
      also: ["从站地址", "地址码", "modbus 地址", "unit"],
      helpEn: "its number on the bus, 1 to 247",
      helpZh: "总线上的从站号，1 至 247",
      example: "",
    },
    {
      name: "client",
      zh: "MQTT 用户",
      also: ["mqtt用户", "mqtt", "mqtt client"],
      helpEn: "user name of the MQTT client through which it speaks",
      helpZh: "上报所用的 MQTT 用户名",
      example: "",
    },
    {
      name: "device_key",
      zh: "设备标识",
      also: ["设备号", "deveui", "device"],
      helpEn: "key by which its messages name it; the serial number where empty",
      helpZh: "报文中的设备标识；留空则用表号",
      example: "",
    },
    { ...BUILDING, helpEn: "where it hangs; empty: registered only", helpZh: "安装位置；留空则只登记不安装" },
    ROOM,
    {
      name: "installed_at",
      zh: "安装日期",
      also: ["安装时间", "装表日期", "installed_on", "installed on"],
      helpEn: "day, 2026-03-01, or day and time, 2026-03-01 14:30, in the operator's zone",
      helpZh: "日期 2026-03-01，或日期时间 2026-03-01 14:30（本地时间）",
      example: "2026-03-01",
    },
    {
      name: "ratio",
      zh: "倍率",
      also: ["变比", "ct ratio", "multiplier"],
      helpEn: "CT × VT, or units per pulse; 1 where empty",
      helpZh: "互感器变比或脉冲当量；留空为 1",
      example: "1",
    },
    {
      name: "capacity_per_hour",
      zh: "每小时最大用量",
      also: ["额定容量", "capacity"],
      helpEn: "greatest possible use per hour in kWh or m³; 15 kWh, 6 m³ gas, 5 m³ water where empty",
      helpZh: "每小时最大可能用量（kWh 或 m³）；留空：电 15、燃气 6、水 5",
      example: "5",
    },
    {
      name: "initial",
      zh: "初始示数",
      also: ["底数", "起始读数", "initial reading"],
      helpEn: "what its dial showed when it was hung, before any ratio",
      helpZh: "装表时表盘示数（未乘倍率）",
      example: "0",
    },
  ],
  accounts: [
    {
      name: "number",
      zh: "户号",
      also: ["客户编号", "account", "account number"],
      required: true,
      helpEn: "account number, unique",
      helpZh: "户号，不可重复",
      example: "3-301",
    },
    {
      name: "name",
      zh: "户名",
      also: ["姓名", "业主", "customer"],
      required: true,
      helpEn: "name of the customer",
      helpZh: "户主姓名或单位名称",
      example: "示例 Example",
    },
    {
      name: "phone",
      zh: "电话",
      also: ["手机", "手机号", "联系电话"],
      helpEn: "telephone",
      helpZh: "联系电话",
      example: "",
    },
    {
      name: "email",
      zh: "邮箱",
      also: ["电子邮箱", "邮件", "mail", "e-mail"],
      helpEn: "bills and notices are sent there; the customer has agreed",
      helpZh: "账单与通知发往此邮箱（须经用户同意）",
      example: "",
    },
    {
      name: "message_to",
      zh: "短信号码",
      also: ["短信", "短信手机", "sms"],
      helpEn: "number or name by which the message bridge (SMS, WeChat) reaches the customer, who has agreed",
      helpZh: "短信或微信网关通知该用户的号码（须经用户同意）",
      example: "",
    },
    {
      name: "address",
      zh: "地址",
      also: ["住址", "用水地址", "用电地址"],
      helpEn: "as it stands on the bill",
      helpZh: "账单上的地址",
      example: "",
    },
    {
      name: "invoice_title",
      zh: "发票抬头",
      also: ["抬头", "invoice title"],
      helpEn: "name on tax invoices; the account's where empty",
      helpZh: "发票抬头；留空则用户名",
      example: "",
    },
    {
      name: "tax_id",
      zh: "税号",
      also: ["纳税人识别号", "统一社会信用代码", "tax number", "vat", "vat id"],
      helpEn: "统一社会信用代码, VAT identifier with its country, or national number; its check digit is looked at",
      helpZh: "统一社会信用代码或纳税人识别号（核对校验码）",
      example: "",
    },
    {
      name: "tax_country",
      zh: "税务国家",
      also: ["国家", "country"],
      helpEn: "two letters, as DE; else told by the VAT identifier, else CN",
      helpZh: "两位国家代码，默认 CN",
      example: "",
    },
    {
      name: "tax_address",
      zh: "注册地址",
      also: ["开票地址"],
      helpEn: "registered address",
      helpZh: "开票用注册地址",
      example: "",
    },
    {
      name: "tax_city",
      zh: "注册城市",
      also: ["城市"],
      helpEn: "its city",
      helpZh: "注册地址所在城市",
      example: "",
    },
    {
      name: "tax_post_code",
      zh: "邮编",
      also: ["邮政编码", "post code"],
      helpEn: "its post code",
      helpZh: "邮政编码",
      example: "",
    },
    {
      name: "tax_phone",
      zh: "注册电话",
      also: ["开票电话"],
      helpEn: "registered telephone",
      helpZh: "开票用注册电话",
      example: "",
    },
    {
      name: "bank_name",
      zh: "开户银行",
      also: ["开户行"],
      helpEn: "bank",
      helpZh: "开户银行",
      example: "",
    },
    {
      name: "bank_account",
      zh: "银行账号",
      also: ["银行帐号", "账号", "iban"],
      helpEn: "account number or IBAN; keep the cell as text",
      helpZh: "银行账号；单元格请设为文本",
      example: "",
    },
    {
      name: "payment_mode",
      zh: "缴费方式",
      also: ["付费方式", "mode"],
      helpEn: "postpaid (usual) or prepaid",
      helpZh: "后付费（默认）或 预付费",
      example: "后付费 postpaid",
    },
    {
      name: "policy",
      zh: "预付费策略",
      also: ["策略"],
      helpEn: "for prepaid: the policy by which supply is cut and restored",
      helpZh: "预付费户必填：停送电策略",
      example: "",
    },
    {
      name: "opened_on",
      zh: "开户日期",
      also: ["起始日期", "入住日期", "opened"],
      required: true,
      helpEn: "first day that is billed, 2026-03-01",
      helpZh: "计费起始日 2026-03-01",
      example: "2026-03-01",
    },
    {
      name: "persons",
      zh: "人数",
      also: ["人口", "家庭人数", "household"],
      helpEn: "persons in the household, for the ladder",
      helpZh: "家庭人口数（用于阶梯）",
      example: "3",
    },
    {
      name: "protected_reason",
      zh: "保护原因",
      also: ["不停供原因", "protected"],
      helpEn: "why supply is never cut; empty for most",
      helpZh: "不得停供的原因；一般留空",
      example: "",
    },
    { ...BUILDING, helpEn: "whose usage points the account takes", helpZh: "该户使用的楼栋" },
    ROOM,
    ...(["electricity", "gas", "water", "heat"] as const).map((utility) => ({
      name: `tariff_${utility}`,
      zh: { electricity: "电价", gas: "气价", water: "水价", heat: "热价" }[utility],
      also: [],
      helpEn: `tariff of the ${utility} in that flat; empty: it takes none`,
      helpZh: "该能源的价格方案；留空则不建立用能关系",
      example: utility === "water" ? "ningbo.water.residential" : "",
    })),
  ],
};

/** Heading of the column that says what each row is, in a file that mixes them. */
export const KIND_COLUMN = { name: "kind", zh: "行类型", also: ["记录类型"] } as const;
export const KIND_WORDS: Readonly<Record<string, Kind>> = {
  points: "points",
  point: "points",
  "usage point": "points",
  "usage points": "points",
  计量点: "points",
  用能点: "points",
  meters: "meters",
  meter: "meters",
  表计: "meters",
  表: "meters",
  accounts: "accounts",
  account: "accounts",
  用户: "accounts",
  户: "accounts",
  账户: "accounts",
};

/** `Unit_ID `, `unit id` and `站号*` are one heading. */
export const headingOf = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/[*＊:：()（）]/g, " ")
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");

/** Column name by heading, for one kind. A heading with both languages (`表号 serial`) is understood, too. */
export function columnOf(kind: Kind, text: string): string | null {
  const heading = headingOf(text);
  for (const column of COLUMNS[kind]) if (namesOf(column).includes(heading)) return column.name;
  for (const column of COLUMNS[kind])
    if (`${headingOf(column.zh)} ${headingOf(column.name)}` === heading) return column.name;
  return null;
}

export const isKindColumn = (text: string): boolean => {
  const heading = headingOf(text);
  return [...namesOf(KIND_COLUMN), `${KIND_COLUMN.zh} ${KIND_COLUMN.name}`].includes(heading);
};

const namesOf = ({ name, zh, also }: Pick<Column, "name" | "zh" | "also">): string[] =>
  [name, zh, ...also].map(headingOf);

/** A column's heading in Chinese; what is no column stays as it is. */
export function columnZh(kind: Kind | null, name: string): string {
  if (name === KIND_COLUMN.name) return KIND_COLUMN.zh;
  return (kind === null ? [] : COLUMNS[kind]).find((column) => column.name === name)?.zh ?? name;
}
