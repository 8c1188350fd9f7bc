import { CURRENCIES } from "../../domain/money.ts";
import { REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import type { Invariant } from "./check.ts";

/** Of the currency of an event, as SQL. */
const MINORS_OF_A_UNIT = `(case e.detail ->> 'currency' ${Object.entries(CURRENCIES)
  .map(([name, places]) => `when '${name}' then ${10 ** places}`)
  .join(" ")} end)`;

export const SUPPLY_INVARIANTS: readonly Invariant[] = [
  {
    name: "controls-proven",
    title: "Every confirmed control has a booked position of its meter, measured after the sending, that proves it",
    counted: "select count(*) from control where state = 'confirmed'",
    broken: `
      select format('operator %s control %s (%s)', c.operator_id, c.id, c.action) as example from control c
       where c.state = 'confirmed' and (c.sent_at is null or c.closed_at is null or c.read_back_at is null or c.read_back_at <= c.sent_at
          or not exists (select 1 from reading r where r.operator_id = c.operator_id and r.meter_id = c.meter_id
               and r.measured_at = c.read_back_at and r.register in (${REGISTERS.relay_state.code}, ${REGISTERS.valve_state.code})
               and case c.action when 'connect' then r.value = ${SUPPLY_STATES.connected}
                     else r.value = ${SUPPLY_STATES.disconnected} or r.value = ${SUPPLY_STATES.limited} and c.reason ->> 'cut' = 'trickle' end))`,
  },
  {
    name: "commands-numbered",
    title: "Every signed command has a number not above its meter's last one, and a key that was there",
    counted: "select count(*) from device_command",
    broken: `
      select format('operator %s meter %s command %s', c.operator_id, c.meter_id, c.sequence) as example from device_command c
       where not exists (select 1 from device_sequence s where s.operator_id = c.operator_id and s.meter_id = c.meter_id and s.last >= c.sequence)
          or not exists (select 1 from device_key k where k.operator_id = c.operator_id and k.meter_id = c.meter_id and k.version = c.key_version)`,
  },
  {
    name: "controls-single",
    title: "A meter has at most one open control",
    counted: "select count(*) from control where state in ('queued', 'sent')",
    broken: `
      select format('operator %s meter %s: %s open', operator_id, meter_id, count(*)) as example
        from control where state in ('queued', 'sent') group by operator_id, meter_id having count(*) > 1`,
  },
  {
    name: "controls-times",
    title: "A control was sent when it says so, is closed when it says so, and belongs to a known meter",
    counted: "select count(*) from control",
    broken: `
      select format('operator %s control %s (%s)', operator_id, id, state) as example from control c
       where (state in ('sent', 'unknown', 'confirmed')) and (sent_at is null or attempts < 1)
          or (state = 'queued') and sent_at is not null
          or (state in ('queued', 'sent')) <> (closed_at is null)
          or not exists (select 1 from meter m where m.operator_id = c.operator_id and m.id = c.meter_id)`,
  },
  {
    name: "supply-desired",
    title: "What is wanted of a supply agrees with its stage and its open control",
    counted: "select count(*) from supply",
    broken: `
      select format('operator %s account %s: %s in stage %s with %s', s.operator_id, s.account_id, s.desired, s.state, coalesce(c.action, 'no order')) as example
        from supply s left join control c on c.operator_id = s.operator_id and c.account_id = s.account_id and c.state in ('queued', 'sent')
       where (c.action = 'connect' and s.desired <> 'connected') or (c.action = 'disconnect' and s.desired <> 'disconnected')
          or (s.state in ('normal', 'warned_1', 'warned_2', 'notice_served', 'reconnect_due', 'reconnect_sent', 'close_permitted') and s.desired <> 'connected')
          or (s.state in ('cut', 'cut_sent') and s.desired <> 'disconnected')`,
  },
  {
    name: "supply-watched",
    title: "A balance that lets payments pass by its supply has none that a payment would change",
    counted: "select count(*) from customer_balance",
    broken: `
      select format('operator %s account %s', b.operator_id, b.account_id) as example from customer_balance b
        join supply s on s.operator_id = b.operator_id and s.account_id = b.account_id
       where not b.is_watched and not is_quiet(b.operator_id, b.account_id)`,
  },
  {
    name: "supply-known",
    title: "Every prepaid supply has a prepaid account and a known meter, and every event a known account",
    counted: "select (select count(*) from supply) + (select count(*) from supply_event)",
    broken: `
      select format('operator %s supply of account %s', s.operator_id, s.account_id) as example from supply s
       where not exists (select 1 from account a where a.operator_id = s.operator_id and a.id = s.account_id and a.payment_mode = 'prepaid')
          or not exists (select 1 from meter m where m.operator_id = s.operator_id and m.id = s.meter_id)
      union all
      select format('operator %s event %s', e.operator_id, e.id) from supply_event e
       where not exists (select 1 from account a where a.operator_id = e.operator_id and a.id = e.account_id)`,
  },
  {
    name: "cuts-warned",
    title: "Before every order to cut that left, its account was given the second warning",
    counted:
      "select count(*) from control where action = 'disconnect' and sent_at is not null and account_id is not null",
    broken: `
      select format('operator %s control %s account %s', c.operator_id, c.id, c.account_id) as example from control c
       where c.action = 'disconnect' and c.sent_at is not null and c.account_id is not null
         and not exists (select 1 from supply_event e where e.operator_id = c.operator_id and e.account_id = c.account_id
                           and e.kind = 'warned_2' and e.at <= c.sent_at)`,
  },
  {
    name: "cuts-certified",
    title:
      "Every sending of an order to cut has its certificate, every guard of which passed, written when it was sent",
    counted:
      "select count(*) from control where action = 'disconnect' and sent_at is not null and expires_at is not null",
    // Orders without an expiry were sent before there were certificates.
    broken: `
      select format('operator %s control %s sending %s', c.operator_id, c.id, n) as example from control c
       cross join lateral generate_series(1, greatest(c.attempts, 1)) as n
       where c.action = 'disconnect' and c.sent_at is not null and c.expires_at is not null
         and not exists (select from cut_certificate z where z.operator_id = c.operator_id and z.control_id = c.id
               and z.attempt = n and z.account_id = c.account_id and (n < c.attempts or z.written_at = c.sent_at)
               and z.body::jsonb #>> '{order,control}' = c.id::text and z.body::jsonb #>> '{order,attempt}' = n::text
               and z.body::jsonb -> 'guards' @> '[{"passes": true}]' and not z.body::jsonb -> 'guards' @> '[{"passes": false}]')`,
  },
  {
    name: "certificates-chained",
    title:
      "Certificates are numbered without a gap per operator; each names the hash of the one before and is hashed as it stands",
    counted: "select count(*) from cut_certificate",
    broken: `
      select format('operator %s certificate %s', operator_id, number) as example
        from (select *, row_number() over w as n, coalesce(lag(hash) over w, repeat('0', 64)) as before from cut_certificate
              window w as (partition by operator_id order by number)) z
       where number <> n or previous_hash <> before or hash <> encode(sha256(convert_to(body, 'UTF8')), 'hex')
          or body::jsonb ->> 'number' is distinct from number::text or body::jsonb ->> 'previous' is distinct from before
          or body::jsonb ->> 'kind' is distinct from kind`,
  },
  {
    name: "cuts-evidenced",
    title:
      "Every proven cut that has a certificate has the evidence that proved it in the same chain, and no other evidence",
    counted: "select count(*) from cut_certificate where kind = 'evidence'",
    broken: `
      select format('operator %s control %s', c.operator_id, c.id) as example from control c
       where c.action = 'disconnect' and c.state = 'confirmed' and c.expires_at is not null
         and not exists (select from cut_certificate z where z.operator_id = c.operator_id and z.control_id = c.id and z.kind = 'evidence'
               and (z.body::jsonb #>> '{readBack,measuredAt}')::timestamptz = c.read_back_at)
      union all
      select format('operator %s evidence %s', z.operator_id, z.number) from cut_certificate z
       where z.kind = 'evidence' and not exists (select from control c where c.operator_id = z.operator_id and c.id = z.control_id and c.state = 'confirmed')`,
  },
  {
    name: "unknown-looked-at",
    title: "Every order that ended without proof has a work order, open or closed by a later position or by a person",
    counted: "select count(*) from control where state = 'unknown'",
    broken: `
      select format('operator %s control %s meter %s', c.operator_id, c.id, c.meter_id) as example from control c
       where c.state = 'unknown' and not exists (select from work_order w where w.operator_id = c.operator_id and w.meter_id = c.meter_id
               and w.opened_at <= c.closed_at and (w.closed_at is null or w.closed_at >= c.closed_at))
      union all
      select format('operator %s work order %s', w.operator_id, w.id) from work_order w
       where w.closed_at is not null and w.closed_by is null and not exists (select from reading r where r.operator_id = w.operator_id
               and r.meter_id = w.meter_id and r.register in (${REGISTERS.relay_state.code}, ${REGISTERS.valve_state.code}) and r.measured_at = w.proof_at)`,
  },
  {
    name: "emergency-repaid",
    title: "What is kept of a payment that came while emergency credit was open adds up to its supply part",
    counted: "select count(*) from supply_event where kind = 'emergency_repaid'",
    broken: `
      select format('operator %s account %s payment %s', e.operator_id, e.account_id, e.detail ->> 'payment') as example from supply_event e
       where e.kind = 'emergency_repaid' and not exists (
         select from journal j where j.operator_id = e.operator_id and j.id = (e.detail ->> 'payment')::bigint and j.kind = 'payment'
            and (select -sum(p.amount_minor) from posting p where p.operator_id = j.operator_id and p.journal_id = j.id
                    and p.account_id = e.account_id and p.ledger_account = 'customer')
                = ((e.detail ->> 'debt')::numeric + (e.detail ->> 'emergency')::numeric + (e.detail ->> 'overdraft')::numeric
                    + (e.detail ->> 'credit')::numeric) * ${MINORS_OF_A_UNIT})`,
  },
];
