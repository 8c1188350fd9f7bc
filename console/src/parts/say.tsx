import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { ProblemNote } from "./problem.tsx";

export const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * A button and a window in which a person says something: its fields, what went wrong, and one way to send it. What it makes old is
 * asked anew.
 */
export function Say<Fields extends object>({
  open: text,
  title,
  initial,
  note,
  send,
  stale,
  after,
  children,
  testId,
}: {
  open: string;
  title: string;
  initial: Partial<Fields>;
  note?: ReactNode;
  send: (fields: Fields) => Promise<unknown>;
  /** First parts of the keys of questions whose answers it changes. */
  stale: readonly string[];
  /** What is told afterwards; default that it is noted. */
  after?: (answer: unknown) => string;
  children: ReactNode;
  testId?: string;
}) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const say = useMutation({
    mutationFn: send,
    onSuccess: async (answer) => {
      setOpen(false);
      void message.success(after?.(answer) ?? t("say.noted"), 6);
      await Promise.all(stale.map((name) => client.invalidateQueries({ queryKey: [name] })));
    },
  });
  const show = () => {
    say.reset();
    setOpen(true);
  };
  return (
    <>
      <Button size="small" onClick={show} data-testid={testId}>
        {text}
      </Button>
      <Modal open={isOpen} title={title} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
        {note === undefined ? null : <p className="quiet">{note}</p>}
        <Form<Fields> layout="vertical" initialValues={initial} onFinish={(fields) => say.mutate(fields)}>
          {children}
          {say.error === null ? null : <ProblemNote error={say.error} />}
          <Button type="primary" htmlType="submit" loading={say.isPending} data-testid="say-go">
            {t("say.go")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
