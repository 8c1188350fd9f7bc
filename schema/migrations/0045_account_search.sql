-- Accounts found as one types: by what a name, number, phone, flat or meter begins with, and by what stands anywhere in them. The service's
-- own role looks through row-level security, where no `like` may choose an index; these functions name the operator themselves.

-- All threes of neighbouring characters of a text, and all twos with a character beyond ASCII: a Chinese first name has two. Of a text without
-- any, an empty array.
create function sanbiao.search_grams(said text) returns text[] language sql immutable strict parallel safe
  return (select coalesce(array_agg(distinct g), '{}') from (
    select substr(said, i, 3) as g from generate_series(1, length(said) - 2) i
    union all
    select substr(said, i, 2) from generate_series(1, length(said) - 1) i where octet_length(substr(said, i, 2)) > 2) grams);

-- Nothing waits in a list that each search would read through: an account is found as soon as it is written.
create index account_by_number on sanbiao.account (operator_id, lower(number) text_pattern_ops);
create index account_by_name on sanbiao.account (operator_id, lower(name) text_pattern_ops);
create index account_by_phone on sanbiao.account (operator_id, phone text_pattern_ops);
create index account_by_grams on sanbiao.account using gin (sanbiao.search_grams(lower(number || ' ' || name || ' ' || phone))) with (fastupdate = off);
create index usage_point_by_room on sanbiao.usage_point (operator_id, lower(room) text_pattern_ops);
create index usage_point_by_flat on sanbiao.usage_point (operator_id, lower(building || '-' || room) text_pattern_ops);
create index usage_point_by_grams on sanbiao.usage_point using gin (sanbiao.search_grams(lower(building || '-' || room))) with (fastupdate = off);
create index meter_by_serial on sanbiao.meter (operator_id, lower(serial) text_pattern_ops);
create index meter_by_grams on sanbiao.meter using gin (sanbiao.search_grams(lower(serial))) with (fastupdate = off);

-- Accounts in which a word stands anywhere: in number, name, phone, flat, or a meter that hangs there. At most so many of each; null = all.
create function sanbiao.accounts_with(word text, at_most integer) returns setof bigint
  language plpgsql stable security definer set search_path = sanbiao, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  own bigint := sanbiao.operator_id();
  grams text[] := search_grams(lower(word));
  pattern text := '%' || regexp_replace(lower(word), '([\\%_])', '\\\1', 'g') || '%';
begin
  if grams = '{}' then
    return query
      select f.id from account f where f.operator_id = own and (lower(f.number) like pattern or lower(f.name) like pattern or f.phone like pattern)
      union select g.account_id from usage_point u join agreement g on g.operator_id = u.operator_id and g.usage_point_id = u.id
             where u.operator_id = own and lower(u.building || '-' || u.room) like pattern
      union select g.account_id from meter m
              join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
              join agreement g on g.operator_id = i.operator_id and g.usage_point_id = i.usage_point_id
             where m.operator_id = own and lower(m.serial) like pattern;
    return;
  end if;
  return query
    (select f.id from account f where f.operator_id = own and search_grams(lower(f.number || ' ' || f.name || ' ' || f.phone)) @> grams
        and (lower(f.number) like pattern or lower(f.name) like pattern or f.phone like pattern) limit at_most)
    union (select g.account_id from usage_point u join agreement g on g.operator_id = u.operator_id and g.usage_point_id = u.id
            where u.operator_id = own and search_grams(lower(u.building || '-' || u.room)) @> grams
              and lower(u.building || '-' || u.room) like pattern limit at_most)
    union (select g.account_id from meter m
             join installation i on i.operator_id = m.operator_id and i.meter_id = m.id and i.removed_at is null
             join agreement g on g.operator_id = i.operator_id and g.usage_point_id = i.usage_point_id
            where m.operator_id = own and search_grams(lower(m.serial)) @> grams and lower(m.serial) like pattern limit at_most);
end $$;
revoke execute on function sanbiao.accounts_with from public;
grant execute on function sanbiao.accounts_with to sanbiao_service;

-- Accounts that begin with a word in any of the same, at most so many of each.
create function sanbiao.accounts_beginning(word text, at_most integer) returns setof bigint
  language plpgsql stable security definer set search_path = sanbiao, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  own bigint := sanbiao.operator_id();
  pattern text := regexp_replace(lower(word), '([\\%_])', '\\\1', 'g') || '%';
begin
  return query
    (select f.id from account f where f.operator_id = own and lower(f.number) like pattern order by lower(f.number) using ~<~ limit at_most)
    union (select f.id from account f where f.operator_id = own and lower(f.name) like pattern order by lower(f.name) using ~<~ limit at_most)
    union (select f.id from account f where f.operator_id = own and f.phone like pattern order by f.phone using ~<~ limit at_most)
    union select g.account_id from (select u.id from usage_point u where u.operator_id = own and lower(u.room) like pattern
                                     order by lower(u.room) using ~<~ limit at_most) u
            join agreement g on g.operator_id = own and g.usage_point_id = u.id
    union select g.account_id from (select u.id from usage_point u where u.operator_id = own and lower(u.building || '-' || u.room) like pattern
                                     order by lower(u.building || '-' || u.room) using ~<~ limit at_most) u
            join agreement g on g.operator_id = own and g.usage_point_id = u.id
    union select g.account_id from (select m.id from meter m where m.operator_id = own and lower(m.serial) like pattern
                                     order by lower(m.serial) using ~<~ limit at_most) m
            join installation i on i.operator_id = own and i.meter_id = m.id and i.removed_at is null
            join agreement g on g.operator_id = own and g.usage_point_id = i.usage_point_id;
end $$;
revoke execute on function sanbiao.accounts_beginning from public;
grant execute on function sanbiao.accounts_beginning to sanbiao_service;

-- For a counter, as one types: what is this word itself, then what begins with it, then what has it anywhere; of several words the one
-- that fewest accounts should have leads, and the others must stand there too.
create function sanbiao.find_accounts(words text[], at_most integer) returns table (account_id bigint, place bigint)
  language plpgsql stable security definer set search_path = sanbiao, pg_temp as $$
declare
  own bigint := sanbiao.operator_id();
  lead_word text;
  others text[];
  wide boolean;
  begun bigint[];
begin
  select w.word, cardinality(search_grams(lower(w.word))) > 0 into lead_word, wide
    from unnest(words) with ordinality w (word, no)
   order by cardinality(search_grams(lower(w.word))) > 0 desc, octet_length(w.word) desc, w.no limit 1;
  others := array_remove(words, lead_word);
  select coalesce(array_agg(b), '{}') into begun
    from accounts_beginning(lead_word, case when others = '{}' then at_most else 2000 end) b;
  return query
    with found as (
      select b as id, true as begins from unnest(begun) b
      union all
      select w, false from accounts_with(lead_word, case when others = '{}' then 200 else 5000 end) w
       where wide and (others <> '{}' or cardinality(begun) < at_most) and w <> all (begun)
    ), ranked as (
      select f.id, row_number() over (
               order by (a.number = lead_word or a.name = lead_word or a.phone = lead_word) desc, f.begins desc, a.closed_on is not null, a.number) as n
        from found f join account a on a.operator_id = own and a.id = f.id
       where not exists (
         select from unnest(others) o
          where position(lower(o) in lower(a.number || chr(10) || a.name || chr(10) || a.phone)) = 0
            and not exists (
              select from agreement g join usage_point u on u.operator_id = g.operator_id and u.id = g.usage_point_id
                left join installation i on i.operator_id = u.operator_id and i.usage_point_id = u.id and i.removed_at is null
                left join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
               where g.operator_id = own and g.account_id = f.id
                 and position(lower(o) in lower(u.building || '-' || u.room || chr(10) || coalesce(m.serial, ''))) > 0))
    )
    select r.id, r.n from ranked r where r.n <= at_most order by r.n;
end $$;
revoke execute on function sanbiao.find_accounts from public;
grant execute on function sanbiao.find_accounts to sanbiao_service;
