import { useSpeech } from "../../i18n/language.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { Vacant } from "./vacant.tsx";

/** Customers that come and go. */
export default function Moves() {
  const { t } = useSpeech();
  return (
    <>
      <PageTitle title={t("nav.moves")} note={t("moves.vacant")} />
      <Vacant />
    </>
  );
}
