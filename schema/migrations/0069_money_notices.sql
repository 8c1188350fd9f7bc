-- Customers are told of their payments and corrections: whether an operator does, and up to where the money book was looked at.

alter table sanbiao.notice_policy
  add column payments boolean not null default true,
  add column corrections boolean not null default true;

-- Entries up to done_id were looked at, and none below it can still come: entries commit in another order than they are numbered.
-- mark_id is the next candidate: the highest number seen at marked_at. Once every transaction that was under way a while later
-- (before mark_xid) has ended, no entry at or below it is still to come.
create table sanbiao.told_entry (
  operator_id bigint primary key references sanbiao.operator,
  done_id bigint not null,
  mark_id bigint,
  marked_at timestamptz,
  mark_xid xid8
);
select sanbiao.protect('sanbiao.told_entry', 'select, insert, update');

-- What was paid before is not told now.
insert into sanbiao.told_entry (operator_id, done_id)
  select operator_id, max(id) from sanbiao.journal group by operator_id;

-- In whose book there is something to look at.
create function sanbiao.operators_with_untold_entries() returns setof bigint
  language sql stable security definer set search_path = sanbiao
  begin atomic
    select o.operator_id from sanbiao.operator o
      left join sanbiao.told_entry t on t.operator_id = o.operator_id
     cross join lateral (select j.id from sanbiao.journal j where j.operator_id = o.operator_id order by j.id desc limit 1) last
     where last.id > coalesce(t.done_id, 0);
  end;
revoke execute on function sanbiao.operators_with_untold_entries from public;
grant execute on function sanbiao.operators_with_untold_entries to sanbiao_service;
