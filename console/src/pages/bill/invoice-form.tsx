import { Form, Input, Modal } from "antd";
import { useState } from "react";
import { askFile } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useTaxIdentity } from "../tax/tax-card.tsx";
import { ProblemNote } from "../../parts/problem.tsx";

/** `xml`: EN 16931 in UBL; `json`: 数电发票. */
export type InvoiceFormat = "xml" | "json";

/** The browser keeps what was said last: one seller per console. */
const KEPT = "sanbiao.seller";
type Seller = { taxId: string; country: string };
const kept = (): Seller => {
  try {
    return { taxId: "", country: "", ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Seller>) };
  } catch {
    return { taxId: "", country: "" };
  }
};

/** The bill as data for whoever issues the tax invoice: a refusal is told here and not by a file. */
export function InvoiceForm({
  billId,
  number,
  format,
  close,
}: {
  billId: string;
  number: string;
  format: InvoiceFormat;
  close: () => void;
}) {
  const { t } = useSpeech();
  const [form] = Form.useForm<Seller>();
  const books = useTaxIdentity("/tax-identity").data?.current ?? null;
  const isKnown = books !== null && books.taxId !== "";
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isXml = format === "xml";

  async function fetchIt({ taxId = "", country = "" }: Partial<Seller>): Promise<void> {
    const said = { taxId: taxId.trim().toUpperCase(), country: country.trim().toUpperCase() };
    const query = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ""));
    const path = `/bills/${billId}/invoice.${format}`;
    setIsBusy(true);
    setError(null);
    try {
      const file = URL.createObjectURL(await askFile(path, query));
      if (!isKnown) localStorage.setItem(KEPT, JSON.stringify(said));
      const link = document.createElement("a");
      link.href = file;
      link.download = `invoice-${number}.${format}`;
      link.click();
      URL.revokeObjectURL(file);
      close();
    } catch (problem) {
      setError(problem);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Modal
      open
      title={t(isXml ? "invoice.ubl" : "invoice.shudian")}
      okText={t("invoice.make")}
      cancelText={t("cycle.mailClose")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form<Seller>
        key={isKnown ? "books" : "typed"}
        form={form}
        layout="vertical"
        initialValues={isKnown ? { taxId: "", country: "" } : kept()}
        onFinish={(said) => void fetchIt(said)}
      >
        <p className="quiet">
          {isKnown ? t("invoice.fromBooks", { taxId: books.taxId, country: books.country }) : t("invoice.note")}
        </p>
        <Form.Item
          name="taxId"
          label={t("invoice.taxId")}
          rules={[
            { required: isXml && !isKnown, message: t("invoice.taxIdForm") },
            { pattern: /^\s*[0-9A-Za-z]{5,20}\s*$/, message: t("invoice.taxIdForm") },
          ]}
        >
          <Input maxLength={20} autoComplete="off" />
        </Form.Item>
        {isXml && (
          <Form.Item
            name="country"
            label={t("invoice.country")}
            rules={[{ pattern: /^\s*[A-Za-z]{2}\s*$/, message: t("invoice.countryForm") }]}
          >
            <Input maxLength={2} autoComplete="off" />
          </Form.Item>
        )}
      </Form>
      {error !== null && <ProblemNote error={error} />}
    </Modal>
  );
}
