import type { Invariant } from "./check.ts";

export const NOTICE_INVARIANTS: readonly Invariant[] = [
  {
    name: "notices-told",
    title: "A delivery stands where its last event says, and one without events was never sent",
    counted: "select count(*) from notice_delivery",
    broken: `
      select format('operator %s delivery %s: %s, last told %s', d.operator_id, d.id, d.state, coalesce(e.state, 'nothing')) as example
        from notice_delivery d
        left join lateral (select state from notice_event e where e.operator_id = d.operator_id and e.delivery_id = d.id
                            order by e.id desc limit 1) e on true
       where d.state <> coalesce(e.state, 'queued') or e.state is null and d.attempts > 0`,
  },
  {
    name: "notices-served",
    title: "What counts as delivered was sent before, with its text kept, or a person vouches for it by name",
    counted: "select count(*) from notice_event where state = 'delivered'",
    broken: `
      select format('operator %s delivery %s', e.operator_id, e.delivery_id) as example
        from notice_event e join notice_delivery d on d.operator_id = e.operator_id and d.id = e.delivery_id
       where e.state = 'delivered'
         and case d.channel when 'hand' then e.user_id is null or e.detail = ''
             else not exists (select 1 from notice_event s where s.operator_id = e.operator_id and s.delivery_id = e.delivery_id
                               and s.state = 'sending' and s.id < e.id and s.body is not null) end`,
  },
];
