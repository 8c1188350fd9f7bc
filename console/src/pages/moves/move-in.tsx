import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Form } from "antd";
import { useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router-dom";
import type { MoveInBody, MoveInDoneJson, MoveInShownJson } from "../../../../api/schemas/move.ts";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import { ask } from "../../api/client.ts";
import { newKey } from "../../api/key.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";
import "../move-out/move-out.css";
import { CustomerFields, HouseholdFields, type MoveInFields, PointsFields } from "./move-in-fields.tsx";
import { MoveInShown } from "./move-in-shown.tsx";
import "./moves.css";
import { useVacantHome, type VacantPoint } from "./queries.ts";

/** The next customer of a vacant home: who, since when, from which dials; shown, then entered. */
export default function MoveIn() {
  const [params] = useSearchParams();
  const home = { building: params.get("building") ?? "", room: params.get("room") ?? "" };
  const { t } = useSpeech();
  const place = usePlace();
  const vacant = useVacantHome(home);
  return (
    <>
      <PageTitle title={t("moveIn.title")} note={place(home)}>
        <Link to="/moves?tab=vacant">
          <Button>{t("moveIn.back")}</Button>
        </Link>
      </PageTitle>
      <Loaded query={vacant} rows={8} isEmpty={(items) => items.length === 0} empty={t("moveIn.notVacant")}>
        {(points) => <Steps points={points} />}
      </Loaded>
    </>
  );
}

const filled = (text: string | undefined): text is string => (text ?? "").trim() !== "";

/** What is asked of the service: only what was filled in. */
function bodyOf(fields: MoveInFields, points: readonly VacantPoint[], currency: MoneyJson["currency"]): MoveInBody {
  const { fromDay, number, name, phone = "", address = "", paymentMode, policyId, charges = {} } = fields;
  const taken = points.filter(({ pointId }) => fields.points[pointId]?.taken === true);
  const readings = taken.flatMap(({ pointId, meter }) => {
    const { value, confirmed = false } = fields.points[pointId] ?? {};
    return meter === null || !filled(value) ? [] : [{ meterId: meter.id, value: value.trim(), confirmed }];
  });
  const { persons, areaM2, customerClass, deposit } = fields;
  return {
    fromDay,
    customer: { number, name, phone, address, paymentMode },
    ...(paymentMode === "prepaid" && policyId !== undefined ? { policyId } : {}),
    points: taken.map(({ pointId }) => {
      const tariffId = fields.points[pointId]?.tariffId;
      return { usagePointId: pointId, ...(tariffId === undefined ? {} : { tariffId }) };
    }),
    readings,
    facts: {
      ...(persons == null ? {} : { persons }),
      ...(filled(areaM2) ? { areaM2: areaM2.trim() } : {}),
      ...(customerClass === undefined ? {} : { customerClass }),
    },
    charges: Object.entries(charges).flatMap(([code, quantity]) =>
      filled(quantity) && Number(quantity) > 0 ? [{ code, quantity: quantity.trim() }] : [],
    ),
    ...(filled(deposit) ? { depositAsked: { amount: deposit.trim(), currency } } : {}),
  };
}

function Steps({ points }: { points: readonly VacantPoint[] }) {
  const { t } = useSpeech();
  const { currency } = useUser().operator;
  const { message } = App.useApp();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<MoveInBody | null>(null);
  const key = useRef(newKey("move-in"));
  const look = useMutation({
    mutationFn: (body: MoveInBody) => ask<MoveInShownJson>("/move-ins/preview", { method: "POST", body }),
  });
  const enter = useMutation({
    mutationFn: (body: MoveInBody) => ask<MoveInDoneJson>("/move-ins", { method: "POST", body, key: key.current }),
    onSuccess: async ({ accountId }) => {
      void message.success(t("moveIn.done"));
      await Promise.all(["vacant", "accounts"].map((name) => client.invalidateQueries({ queryKey: [name] })));
      await navigate(`/accounts/${accountId}`);
    },
  });
  const shown = look.data;
  const preview = (fields: MoveInFields) => {
    const body = bodyOf(fields, points, currency);
    setAsked(body);
    enter.reset();
    // Another wish is another deed; the same one again is found by its key.
    key.current = newKey("move-in");
    look.mutate(body);
  };
  const days = points.flatMap(({ last }) => last?.endedOn ?? []).toSorted();
  const initial = {
    fromDay: days.at(-1) ?? "",
    paymentMode: "postpaid" as const,
    points: Object.fromEntries(
      points.map(({ pointId, tariffId, meter }) => [
        pointId,
        { taken: meter !== null, ...(tariffId === null ? {} : { tariffId }) },
      ]),
    ),
  };
  return (
    <div className="stack">
      <Card size="small">
        <Form<MoveInFields>
          layout="vertical"
          initialValues={initial}
          onFinish={preview}
          onValuesChange={() => setAsked(null)}
        >
          <CustomerFields />
          <PointsFields points={points} />
          <HouseholdFields />
          <Button htmlType="submit" loading={look.isPending} data-testid="move-in-look">
            {t("moveIn.look")}
          </Button>
        </Form>
        {look.error === null ? null : <ProblemNote error={look.error} />}
      </Card>
      {shown === undefined || look.isPending ? null : (
        <Card size="small" title={t("moveIn.shown")}>
          <MoveInShown shown={shown} />
          {enter.error === null ? null : <ProblemNote error={enter.error} />}
          {shown.refused.length > 0 ? null : (
            <Button
              type="primary"
              disabled={asked === null}
              loading={enter.isPending}
              onClick={() => asked !== null && enter.mutate(asked)}
              data-testid="move-in-go"
            >
              {t("moveIn.go")}
            </Button>
          )}
        </Card>
      )}
    </div>
  );
}
