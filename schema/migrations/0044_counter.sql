-- The counter: drawers with an account of their own in the money book, shifts with a float and a blind count, how money was handed
-- over, cheques on their way, and receipts without a gap. A drawer's account is `cash.<drawer>`, a part of `cash`; like every
-- account of the house it has no balance row, so that clerks never wait for each other.

alter table sanbiao.journal drop constraint journal_kind_check;
alter table sanbiao.journal add constraint journal_kind_check
  check (kind in ('bill', 'payment', 'reversal', 'adjustment', 'opening', 'refund', 'deposit', 'transfer'));

create table sanbiao.cash_drawer (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  code text not null,
  name text not null default '',
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  unique (operator_id, code)
);
select sanbiao.protect('sanbiao.cash_drawer', 'select, insert');
select sanbiao.append_only('sanbiao.cash_drawer');

-- How an operator wants his counters run; the latest row counts.
create table sanbiao.counter_terms (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  -- no cash without an open shift
  shift_required boolean not null,
  -- a larger variance is confirmed by a second person; null = never
  variance_limit_minor bigint check (variance_limit_minor >= 0),
  -- a larger payment is reversed by somebody else than who took it; null = never
  reversal_limit_minor bigint check (reversal_limit_minor >= 0),
  -- when a cheque counts as paid
  cheque_counts text not null check (cheque_counts in ('received', 'cleared')),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.counter_terms', 'select, insert');
select sanbiao.append_only('sanbiao.counter_terms');

-- A clerk at a drawer. It goes on over midnight and over a lost browser until it is counted.
create table sanbiao.counter_shift (
  operator_id bigint not null,
  id bigint generated always as identity,
  drawer_id bigint not null,
  clerk_id bigint not null,
  -- idempotency key of the opening
  client_key text not null,
  currency text not null,
  float_minor bigint not null check (float_minor >= 0),
  opened_at timestamptz not null,
  -- the float's way into the drawer; null = no float
  open_journal_id bigint,
  -- counted: the variance waits for a second person
  state text not null check (state in ('open', 'counted', 'closed')),
  closed_at timestamptz,
  -- the drawer emptied, with what was over or short; null = there was nothing in it
  close_journal_id bigint,
  confirmed_by bigint,
  confirm_note text,
  primary key (operator_id, id),
  unique (operator_id, client_key),
  check ((state = 'closed') = (closed_at is not null)),
  check (confirmed_by <> clerk_id),
  foreign key (operator_id, drawer_id) references sanbiao.cash_drawer (operator_id, id),
  foreign key (operator_id, clerk_id) references sanbiao.app_user (operator_id, id)
);
create unique index counter_shift_of_drawer on sanbiao.counter_shift (operator_id, drawer_id) where state = 'open';
create unique index counter_shift_of_clerk on sanbiao.counter_shift (operator_id, clerk_id) where state = 'open';
select sanbiao.protect('sanbiao.counter_shift', 'select, insert, update (state, open_journal_id, closed_at, close_journal_id, confirmed_by, confirm_note)');

-- What a clerk counted, before anybody told what should be there. A count again is a further row.
create table sanbiao.shift_count (
  operator_id bigint not null,
  shift_id bigint not null,
  no smallint not null,
  counted_minor bigint not null check (counted_minor >= 0),
  -- [{"face":"100.00","pieces":3}] where notes and coins were entered
  pieces jsonb,
  -- what the book had then
  expected_minor bigint not null,
  counted_at timestamptz not null,
  counted_by bigint not null,
  primary key (operator_id, shift_id, no),
  foreign key (operator_id, shift_id) references sanbiao.counter_shift (operator_id, id)
);
select sanbiao.protect('sanbiao.shift_count', 'select, insert');
select sanbiao.append_only('sanbiao.shift_count');

-- How the money of an entry changed hands at a counter; negative = given back.
create table sanbiao.tender (
  operator_id bigint not null,
  journal_id bigint not null,
  -- of whoever took it; null = no shift was open
  shift_id bigint,
  kind text not null check (kind in ('cash', 'card', 'wallet', 'bank', 'cheque')),
  amount_minor bigint not null check (amount_minor <> 0),
  -- notes and coins handed over; the rest is change
  given_minor bigint check (given_minor >= amount_minor),
  -- of the terminal's slip, the transfer, the cheque
  reference text,
  primary key (operator_id, journal_id),
  check (given_minor is null or kind = 'cash'),
  foreign key (operator_id, shift_id) references sanbiao.counter_shift (operator_id, id)
);
create index tender_of_shift on sanbiao.tender (operator_id, shift_id, journal_id) where shift_id is not null;
select sanbiao.protect('sanbiao.tender', 'select, insert');
select sanbiao.append_only('sanbiao.tender');

-- A cheque as it was handed over. It stands in `cheque` until it is cleared or comes back.
create table sanbiao.cheque (
  operator_id bigint not null,
  id bigint generated always as identity,
  -- the entry of its receipt: a payment, or a transfer while it does not count yet
  journal_id bigint not null,
  account_id bigint not null,
  number text not null,
  bank text not null,
  currency text not null,
  amount_minor bigint not null check (amount_minor > 0),
  pays text not null check (pays in ('supply', 'property', 'split')),
  counts text not null check (counts in ('received', 'cleared')),
  primary key (operator_id, id),
  unique (operator_id, journal_id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.cheque (operator_id, account_id);
select sanbiao.protect('sanbiao.cheque', 'select, insert');
select sanbiao.append_only('sanbiao.cheque');

-- How it ended: once.
create table sanbiao.cheque_ending (
  operator_id bigint not null,
  cheque_id bigint not null,
  outcome text not null check (outcome in ('cleared', 'returned')),
  -- cleared: to the bank; returned: what takes the receipt back
  journal_id bigint not null,
  -- the payment of a cheque that counts when it is cleared
  payment_id bigint,
  reason text not null default '',
  ended_at timestamptz not null,
  ended_by bigint,
  primary key (operator_id, cheque_id),
  check (outcome = 'cleared' or reason <> ''),
  foreign key (operator_id, cheque_id) references sanbiao.cheque (operator_id, id)
);
select sanbiao.protect('sanbiao.cheque_ending', 'select, insert');
select sanbiao.append_only('sanbiao.cheque_ending');

-- A receipt's number, and what was true when it was made out: a copy says the same for ever.
create table sanbiao.receipt_sequence (
  operator_id bigint not null,
  year smallint not null,
  last integer not null,
  primary key (operator_id, year)
);
select sanbiao.protect('sanbiao.receipt_sequence', 'select');

create table sanbiao.receipt (
  operator_id bigint not null,
  journal_id bigint not null,
  year smallint not null,
  number integer not null,
  account_id bigint not null,
  payer_name text not null,
  payer_number text not null,
  payer_place text not null,
  -- after it, per class; negative = credit
  supply_owed_minor bigint not null,
  property_owed_minor bigint not null,
  issued_at timestamptz not null,
  issued_by bigint,
  primary key (operator_id, journal_id),
  unique (operator_id, year, number)
);
select sanbiao.protect('sanbiao.receipt', 'select');
select sanbiao.append_only('sanbiao.receipt');

-- Each time it was put on paper: 1 is the original, all others are copies.
create table sanbiao.receipt_print (
  operator_id bigint not null,
  journal_id bigint not null,
  no smallint not null,
  format text not null check (format in ('80mm', 'a5')),
  printed_at timestamptz not null,
  printed_by bigint,
  primary key (operator_id, journal_id, no),
  foreign key (operator_id, journal_id) references sanbiao.receipt (operator_id, journal_id)
);
select sanbiao.protect('sanbiao.receipt_print', 'select');
select sanbiao.append_only('sanbiao.receipt_print');

-- The receipt of an entry, once. The year's counter stays locked until the transaction ends: ask for it last.
-- Answers nothing for an entry that gave no customer anything and is no cheque.
create function sanbiao.issue_receipt(operator bigint, entry bigint, at timestamptz, by_user bigint) returns sanbiao.receipt
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  made receipt;
  payer bigint;
  of_year smallint;
  money text;
begin
  perform set_config('sanbiao.operator_id', operator::text, true);
  select * into made from receipt r where r.operator_id = operator and r.journal_id = entry;
  if found then return made; end if;
  select coalesce((select p.account_id from posting p where p.operator_id = operator and p.journal_id = entry and p.account_id is not null
                     and p.amount_minor < 0 limit 1),
                  (select c.account_id from cheque c where c.operator_id = operator and c.journal_id = entry)) into payer
    from journal j where j.operator_id = operator and j.id = entry and j.kind in ('payment', 'transfer', 'deposit');
  if payer is null then return null; end if;
  select extract(year from at at time zone o.zone), o.currency into of_year, money from operator o where o.operator_id = operator;
  insert into receipt_sequence as s (operator_id, year, last) values (operator, of_year, 1)
    on conflict (operator_id, year) do update set last = s.last + 1 returning s.last into made.number;
  insert into receipt (operator_id, journal_id, year, number, account_id, payer_name, payer_number, payer_place, supply_owed_minor, property_owed_minor, issued_at, issued_by)
    select operator, entry, of_year, made.number, a.id, a.name, a.number, coalesce(p.place, ''),
           owed.supply, owed.property, at, by_user
      from account a
      left join lateral (select case when u.building = '' then u.room else u.building || '-' || u.room end as place
                           from agreement g join usage_point u on u.operator_id = g.operator_id and u.id = g.usage_point_id
                          where g.operator_id = operator and g.account_id = payer order by g.id limit 1) p on true
      -- A receipt that is asked for later says what was true then.
      cross join lateral (select coalesce(sum(q.amount_minor) filter (where q.ledger_account = 'customer'), 0) as supply,
                                 coalesce(sum(q.amount_minor) filter (where q.ledger_account = 'customer_property'), 0) as property
                            from posting q where q.operator_id = operator and q.account_id = payer and q.currency = money and q.journal_id <= entry) owed
     where a.operator_id = operator and a.id = payer
    on conflict (operator_id, journal_id) do nothing returning * into made;
  -- Two asked at once: the other's number stands, and ours goes back.
  if not found then
    update receipt_sequence s set last = s.last - 1 where s.operator_id = operator and s.year = of_year;
    select * into made from receipt r where r.operator_id = operator and r.journal_id = entry;
  end if;
  return made;
end $$;
revoke execute on function sanbiao.issue_receipt from public;
grant execute on function sanbiao.issue_receipt to sanbiao_service;

-- The next print of a receipt, in turn: its number says whether it is the original.
create function sanbiao.print_receipt(entry bigint, print_format text, at timestamptz, by_user bigint) returns smallint
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
declare
  own bigint := sanbiao.operator_id();
  next_no smallint;
begin
  perform 1 from receipt where operator_id = own and journal_id = entry for update;
  if not found then return null; end if;
  select coalesce(max(no), 0) + 1 into next_no from receipt_print where operator_id = own and journal_id = entry;
  insert into receipt_print (operator_id, journal_id, no, format, printed_at, printed_by) values (own, entry, next_no, print_format, at, by_user);
  return next_no;
end $$;
revoke execute on function sanbiao.print_receipt from public;
grant execute on function sanbiao.print_receipt to sanbiao_service;

-- A payment over the counter, all or nothing: the clerk's shift is held open meanwhile, cash stands in his drawer, and the receipt
-- has its number. Beside the answers of take_payment: 'no_shift' where cash needs one. The key of an earlier payment is answered
-- without a shift, so that a lost answer can be asked for again.
create function sanbiao.take_counter_payment(
    operator bigint, payer bigint, payment_key text, channel text, pays text, paid_currency text, amount bigint,
    paid_at timestamptz, by_user bigint, given bigint, of_reference text,
    out outcome text, out detail text, out entry_id bigint, out supply_part bigint, out property_part bigint,
    out supply_owed bigint, out property_owed bigint, out withdrawn bigint[], out reconnect bigint)
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  of_shift counter_shift;
begin
  perform set_config('sanbiao.operator_id', operator::text, true);
  select * into of_shift from counter_shift s where s.operator_id = operator and s.clerk_id = by_user and s.state = 'open' for share;
  if of_shift.id is null and channel = 'cash'
     and (select t.shift_required from counter_terms t where t.operator_id = operator order by t.id desc limit 1)
     and not exists (select from journal j where j.operator_id = operator and j.idempotency_key = 'payment/' || payment_key) then
    outcome := 'no_shift';
    return;
  end if;
  select t.* into outcome, detail, entry_id, supply_part, property_part, supply_owed, property_owed, withdrawn, reconnect
    from sanbiao.take_payment(operator, payer, payment_key,
           case when channel = 'cash' and of_shift.id is not null then 'cash.' || of_shift.drawer_id else channel end,
           pays, paid_currency, amount, paid_at, by_user) t;
  if outcome <> 'posted' then return; end if;
  insert into tender (operator_id, journal_id, shift_id, kind, amount_minor, given_minor, reference)
    values (operator, entry_id, of_shift.id, split_part(channel, '.', 1), amount, given, of_reference);
  perform sanbiao.issue_receipt(operator, entry_id, paid_at, by_user);
end $$;
revoke execute on function sanbiao.take_counter_payment from public;
grant execute on function sanbiao.take_counter_payment to sanbiao_service;

grant usage on all sequences in schema sanbiao to sanbiao_service;
