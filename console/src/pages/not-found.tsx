import { Button, Result } from "antd";
import { Link } from "react-router-dom";
import { useSpeech } from "../i18n/language.tsx";

export function NotFound() {
  const { t } = useSpeech();
  return (
    <Result
      status="404"
      title={t("notFound.title")}
      subTitle={t("notFound.hint")}
      extra={
        <Link to="/">
          <Button type="primary">{t("notFound.home")}</Button>
        </Link>
      }
    />
  );
}
